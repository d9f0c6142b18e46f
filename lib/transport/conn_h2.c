/*
 * HTTP/2 on a connection: many exchanges, their frames sent together.
 *
 * Starting an exchange only makes frames; they go out at the end of the loop's pass, with those of
 * all others that were started in it, in as few writes as they fit in.  While the bufferevent
 * holds unwritten bytes nothing more is taken from the session.
 *
 * A connection that says nothing while streams wait is asked for a sign of life, and given up where
 * none comes: a target that takes long looks the same as a line that is cut.
 */
#include "transport/conn.h"

#include <event2/bufferevent.h>

#include "base/limits.h"

#define INPUT_BYTES 65536u

static struct pf_conn *conn_of_late(struct pf_late *late)
{
    return PF_LIST_ENTRY(late, struct pf_conn, h2.flush);
}

static void hand_back_ended(struct pf_conn *conn)
{
    struct pf_stream *s;

    while ((s = pf_h2_ended(conn->h2.session))) {
        struct pf_exchange *x = PF_LIST_ENTRY(s, struct pf_exchange, stream);

        x->calm = s->calm;
        pf_conn_end_exchange(conn, x, s->error);
    }
}

/* Says goodbye as far as the socket takes it at once: the connection may go any moment now. */
static void last_words(struct pf_conn *conn)
{
    struct pf_buf *out = conn->owner->scratch;

    out->len = 0;
    if (pf_conn_unwritten(conn) == 0 && pf_h2_output(conn->h2.session, out) == FETCH_OK &&
        out->len > 0)
        (void)pf_conn_write(conn, out->data, out->len);
}

/* The end of a turn, or of the connection. */
static void settle(struct pf_conn *conn)
{
    if (pf_h2_is_closing(conn->h2.session))
        conn->over = true;
    hand_back_ended(conn);
    if (conn->over && conn->active == 0)
        last_words(conn);
    else if (pf_h2_wants_output(conn->h2.session))
        pf_loop_run_late(conn->owner->loop, &conn->h2.flush);
    conn->owner->on_turn_end(conn);
}

static void break_off(struct pf_conn *conn, enum fetch_error error)
{
    conn->over = true;
    pf_h2_eof(conn->h2.session, error);
    settle(conn);
}

/* -------------------------------------------------------------- writing -- */

static void flush(struct pf_late *late)
{
    struct pf_conn *conn = conn_of_late(late);
    struct pf_buf *out = conn->owner->scratch;

    while (pf_conn_unwritten(conn) == 0) { /* on_drained() goes on */
        enum fetch_error e;

        out->len = 0;
        e = pf_h2_output(conn->h2.session, out);
        if (e == FETCH_OK && out->len > 0)
            e = pf_conn_write(conn, out->data, out->len);
        if (e != FETCH_OK) {
            break_off(conn, e);
            return;
        }
        if (out->len == 0)
            break;
    }
    /* Most faults of the peer are answered by nghttp2 with a GOAWAY, without a word to us. */
    if (pf_h2_is_over(conn->h2.session))
        break_off(conn, FETCH_E_PROTOCOL);
    else if (pf_h2_has_ended(conn->h2.session))
        settle(conn);
}

static void on_drained(struct bufferevent *bev, void *arg)
{
    struct pf_conn *conn = arg;

    (void)bev;
    pf_loop_run_late(conn->owner->loop, &conn->h2.flush);
}

/* -------------------------------------------------------------- silence -- */

static void watch_silence(struct pf_conn *conn, uint64_t delay_ms)
{
    pf_loop_start_timer(conn->owner->loop, &conn->h2.silence, delay_ms);
}

static void on_silence(struct pf_timer *timer)
{
    struct pf_conn *conn = PF_LIST_ENTRY(timer, struct pf_conn, h2.silence);
    uint64_t quiet_ms = pf_loop_now_ms() - conn->h2.heard_ms;

    if (conn->active == 0) {
        conn->h2.probing = false;
        return;
    }
    if (quiet_ms < PF_SILENCE_MS) {
        conn->h2.probing = false;
        watch_silence(conn, PF_SILENCE_MS - quiet_ms);
    } else if (!conn->h2.probing) {
        conn->h2.probing = true;
        pf_h2_ping(conn->h2.session);
        pf_loop_run_late(conn->owner->loop, &conn->h2.flush);
        watch_silence(conn, PF_PROBE_MS);
    } else {
        break_off(conn, FETCH_E_LOST);
    }
}

/* -------------------------------------------------------------- reading -- */

/* True: go on reading. */
static bool read_frames(struct pf_conn *conn, enum fetch_error *error)
{
    struct pf_buf *in = conn->owner->input;
    long got;

    *error = pf_buf_reserve_exact(in, INPUT_BYTES);
    if (*error != FETCH_OK)
        return false;
    got = pf_conn_read_some(conn, in->data, in->cap);
    if (got == PF_TLS_AGAIN)
        return false;
    if (got <= 0) {
        *error = FETCH_E_LOST;
        return false;
    }
    conn->h2.heard_ms = pf_loop_now_ms();
    *error = pf_h2_receive(conn->h2.session, in->data, (size_t)got);
    return *error == FETCH_OK && pf_conn_has_more(conn, got, in->cap);
}

static void read_h2(struct pf_conn *conn)
{
    enum fetch_error error = FETCH_OK;
    int i = 0;

    while (i < PF_CONN_READS_A_TURN && read_frames(conn, &error))
        i++;
    if (error != FETCH_OK) {
        break_off(conn, error);
        return;
    }
    /* Not else: what is pending then is part of a record, whose rest the descriptor announces. */
    if (i == PF_CONN_READS_A_TURN)
        pf_conn_look_again_if_pending(conn);
    settle(conn);
}

/* ------------------------------------------------------------ exchanges -- */

static enum fetch_error start_h2(struct pf_conn *conn, struct pf_exchange *x)
{
    struct pf_request request;
    enum fetch_error e = x->describe(x, &request);

    if (e == FETCH_OK)
        e = pf_h2_start(conn->h2.session, &x->stream, &request, &x->response);
    if (e == FETCH_E_CLOSED)
        conn->over = true;
    if (e != FETCH_OK)
        return e;
    pf_loop_run_late(conn->owner->loop, &conn->h2.flush);
    if (!pf_timer_running(&conn->h2.silence)) {
        conn->h2.heard_ms = pf_loop_now_ms();
        watch_silence(conn, PF_SILENCE_MS);
    }
    return FETCH_OK;
}

static void cancel_h2(struct pf_conn *conn, struct pf_exchange *x)
{
    pf_h2_cancel(conn->h2.session, &x->stream);
    pf_loop_run_late(conn->owner->loop, &conn->h2.flush);
}

static unsigned room_h2(const struct pf_conn *conn)
{
    return pf_h2_room(conn->h2.session);
}

static unsigned streams_h2(const struct pf_conn *conn)
{
    return pf_h2_was_told(conn->h2.session) ? pf_h2_limit(conn->h2.session) : 0;
}

static void fini_h2(struct pf_conn *conn)
{
    if (!conn->h2.session)
        return;
    pf_late_cancel(&conn->h2.flush);
    pf_timer_cancel(&conn->h2.silence);
    pf_h2_free(conn->h2.session);
    conn->h2.session = NULL;
}

bool pf_conn_init_h2(struct pf_conn *conn, struct bufferevent *bev)
{
    conn->h2.session = pf_h2_new(conn->owner->max_body);
    if (!conn->h2.session)
        return false;
    pf_late_init(&conn->h2.flush, flush);
    pf_timer_init(&conn->h2.silence, on_silence);
    conn->h2.heard_ms = pf_loop_now_ms();
    bufferevent_setcb(bev, NULL, on_drained, NULL, conn);
    pf_loop_run_late(conn->owner->loop, &conn->h2.flush); /* the preface and SETTINGS */
    return true;
}

const struct pf_conn_ops pf_conn_h2 = {.start = start_h2,
                                       .cancel = cancel_h2,
                                       .read = read_h2,
                                       .room = room_h2,
                                       .streams = streams_h2,
                                       .fini = fini_h2};
