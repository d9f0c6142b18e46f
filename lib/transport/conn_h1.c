/*
 * HTTP/1.1 on a connection: one exchange at a time, read straight into its page.
 */
#include "transport/conn.h"

/* The exchange is over; so is the connection unless it was told to be kept and is in order. */
static void end(struct pf_conn *conn, enum fetch_error error)
{
    struct pf_exchange *x = conn->h1.x;

    conn->h1.x = NULL;
    if (error != FETCH_OK || !conn->h1.parser.keep_alive || pf_conn_unwritten(conn) > 0)
        conn->over = true;
    else
        pf_conn_look_again_if_pending(conn);
    pf_conn_end_exchange(conn, x, error);
    conn->owner->on_turn_end(conn);
}

/* The connection's end, in order or not. */
static void end_of_stream(struct pf_conn *conn, bool clean)
{
    if (pf_h1_eof(&conn->h1.parser, clean) == PF_H1_DONE)
        end(conn, FETCH_OK);
    else
        end(conn, conn->h1.parser.error);
}

/* One read for an exchange.  True: go on reading; false: the connection may be gone. */
static bool read_answer(struct pf_conn *conn)
{
    struct pf_response *r = &conn->h1.x->response;
    enum pf_h1_step step;
    enum fetch_error e;
    size_t room;
    long got;
    char *at;

    e = pf_response_room(r, &at, &room);
    if (e != FETCH_OK) {
        end(conn, e);
        return false;
    }
    got = pf_conn_read_some(conn, at, room);
    if (got == PF_TLS_AGAIN)
        return false;
    if (got <= 0) {
        end_of_stream(conn, got == PF_TLS_CLOSED);
        return false;
    }
    step = pf_h1_receive(&conn->h1.parser, (size_t)got);
    if (step != PF_H1_MORE) {
        end(conn, step == PF_H1_DONE ? FETCH_OK : conn->h1.parser.error);
        return false;
    }
    return pf_conn_has_more(conn, got, room);
}

/* An idle connection has nothing to say: it is over for any byte, and at its end. */
static void read_idle(struct pf_conn *conn)
{
    char byte;

    if (pf_conn_read_some(conn, &byte, 1) != PF_TLS_AGAIN) {
        conn->over = true;
        conn->owner->on_turn_end(conn);
    }
}

static void read_h1(struct pf_conn *conn)
{
    if (!conn->h1.x) {
        read_idle(conn);
        return;
    }
    for (int i = 0; i < PF_CONN_READS_A_TURN; i++)
        if (!read_answer(conn))
            return;
    pf_conn_look_again_if_pending(conn);
}

static enum fetch_error start_h1(struct pf_conn *conn, struct pf_exchange *x)
{
    struct pf_buf *out = conn->owner->scratch;
    struct pf_request request;
    enum fetch_error e = x->describe(x, &request);

    out->len = 0;
    if (e == FETCH_OK)
        e = pf_h1_write(out, &request);
    if (e == FETCH_OK)
        e = pf_conn_write(conn, out->data, out->len);
    if (e != FETCH_OK)
        return e;
    conn->h1.x = x;
    pf_h1_begin(&conn->h1.parser, &x->response);
    return FETCH_OK;
}

/* What was sent cannot be taken back, and what comes belongs to nobody. */
static void cancel_h1(struct pf_conn *conn, struct pf_exchange *x)
{
    (void)x;
    conn->h1.x = NULL;
    conn->over = true;
}

static unsigned room_h1(const struct pf_conn *conn)
{
    return conn->h1.x ? 0 : 1;
}

static unsigned streams_h1(const struct pf_conn *conn)
{
    (void)conn;
    return 1;
}

static void fini_h1(struct pf_conn *conn)
{
    if (conn->h1.x)
        conn->h1.x->conn = NULL;
}

const struct pf_conn_ops pf_conn_h1 = {.start = start_h1,
                                       .cancel = cancel_h1,
                                       .read = read_h1,
                                       .room = room_h1,
                                       .streams = streams_h1,
                                       .fini = fini_h1};
