/*
 * The bufferevent dials, shakes hands and holds what the socket does not take at
 * once.  Reading goes past it: libevent 2.1's evbuffer_read() takes 4,096 bytes
 * and an FIONREAD a call into memory that is then copied.  Here an event of our
 * own drains the socket straight into the page, and a request goes out with one
 * send() if nothing is queued, which saves the two epoll_ctl() of a queued write.
 *
 * A failed write is not an error yet: the answer may already be on its way, and
 * what really happened is read from the same socket a moment later.
 *
 * Nothing here calls an exchange's owner: on_exchange_end() is the last thing
 * any path does, and the connection may be gone when it returns.
 */
#include "transport/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "transport/dial.h"

/* Reads at one readiness, so that one fast page does not keep the others waiting. */
#define READS_A_TURN 32

enum read_end { READ_CLOSED = 0, READ_AGAIN = -1, READ_BROKEN = -2 };

static long read_some(struct pf_conn *conn, char *to, size_t n)
{
    ssize_t got;

    if (conn->ssl)
        return pf_tls_read(conn->ssl, to, n); /* its codes are those of read_end */
    got = recv(conn->fd, to, n, 0);
    if (got >= 0)
        return got;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? READ_AGAIN : READ_BROKEN;
}

/* OpenSSL may hold bytes that the descriptor does not announce any more. */
static void look_again_if_pending(struct pf_conn *conn)
{
    if (conn->ssl && SSL_has_pending(conn->ssl))
        event_active(&conn->readable, EV_READ, 0);
}

static void end_exchange(struct pf_conn *conn, enum fetch_error error)
{
    struct pf_exchange *x = conn->x;
    bool reusable = error == FETCH_OK && conn->h1.keep_alive &&
                    evbuffer_get_length(bufferevent_get_output(conn->bev)) == 0;

    conn->x = NULL;
    x->conn = NULL;
    pf_exchange_note(x, error, pf_exchange_phase(x), error ? x->response.detail : NULL);
    if (reusable)
        look_again_if_pending(conn);
    conn->owner->on_exchange_end(conn, x, reusable);
}

/* The connection's end, in order or not.  True: the exchange, and perhaps the connection, is gone. */
static void end_of_stream(struct pf_conn *conn, bool clean)
{
    if (!conn->x) {
        conn->owner->on_idle_end(conn);
        return;
    }
    if (pf_h1_eof(&conn->h1, clean) == PF_H1_DONE)
        end_exchange(conn, FETCH_OK);
    else
        end_exchange(conn, conn->h1.error);
}

/* One read for an exchange.  True: go on reading. */
static bool read_answer(struct pf_conn *conn)
{
    struct pf_response *r = &conn->x->response;
    enum pf_h1_step step;
    enum fetch_error e;
    size_t room;
    long got;
    char *at;

    e = pf_response_room(r, &at, &room);
    if (e != FETCH_OK) {
        end_exchange(conn, e);
        return false;
    }
    got = read_some(conn, at, room);
    if (got == READ_AGAIN)
        return false;
    if (got <= 0) {
        end_of_stream(conn, got == READ_CLOSED);
        return false;
    }
    *conn->owner->bytes_in += (size_t)got;
    step = pf_h1_receive(&conn->h1, (size_t)got);
    if (step != PF_H1_MORE) {
        end_exchange(conn, step == PF_H1_DONE ? FETCH_OK : conn->h1.error);
        return false;
    }
    return conn->ssl || (size_t)got == room; /* a short read has drained a socket */
}

/* An idle connection has nothing to say: it is closed for any byte, and at its end. */
static void read_idle(struct pf_conn *conn)
{
    char byte;

    if (read_some(conn, &byte, 1) != READ_AGAIN)
        conn->owner->on_idle_end(conn);
}

static void read_all(struct pf_conn *conn)
{
    if (!conn->x) {
        read_idle(conn);
        return;
    }
    for (int i = 0; i < READS_A_TURN; i++)
        if (!read_answer(conn))
            return;
    look_again_if_pending(conn);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct pf_conn *conn = arg;
    struct pf_loop *loop = conn->owner->loop;

    (void)fd;
    (void)what;
    pf_loop_enter(loop);
    read_all(conn);
    pf_loop_leave(loop); /* the connection, and the loop itself, may be gone */
}

struct pf_conn *pf_conn_new(const struct pf_conn_owner *owner, struct pf_dial *dial)
{
    struct pf_conn *conn = calloc(1, sizeof *conn);

    if (!conn)
        return NULL;
    conn->fd = bufferevent_getfd(dial->bev);
    if (event_assign(&conn->readable, owner->loop->base, conn->fd, EV_READ | EV_PERSIST,
                     on_readable, conn) != 0 ||
        event_add(&conn->readable, NULL) != 0) {
        free(conn);
        return NULL;
    }
    pf_list_init(&conn->link);
    conn->owner = owner;
    conn->bev = dial->bev;
    conn->ssl = dial->ssl;
    dial->bev = NULL;
    dial->ssl = NULL;
    look_again_if_pending(conn);
    return conn;
}

void pf_conn_free(struct pf_conn *conn)
{
    if (!conn)
        return;
    pf_list_remove(&conn->link);
    if (conn->x)
        conn->x->conn = NULL;
    event_del(&conn->readable);
    if (conn->ssl) /* otherwise OpenSSL takes the session for a bad one */
        SSL_set_shutdown(conn->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    bufferevent_free(conn->bev);
    free(conn);
}

/* Sends at once what the socket takes; the bufferevent sees to the rest. */
static enum fetch_error send_request(struct pf_conn *conn, const char *bytes, size_t n)
{
    size_t sent = 0;

    if (conn->ssl) {
        sent = pf_tls_write(conn->ssl, bytes, n);
    } else {
        ssize_t put = send(conn->fd, bytes, n, MSG_NOSIGNAL);

        sent = put > 0 ? (size_t)put : 0;
    }
    if (sent == n)
        return FETCH_OK;
    return bufferevent_write(conn->bev, bytes + sent, n - sent) == 0 ? FETCH_OK : FETCH_E_NOMEM;
}

enum fetch_error pf_conn_start(struct pf_conn *conn, struct pf_exchange *x)
{
    struct pf_buf *out = conn->owner->scratch;
    struct pf_request request;
    enum fetch_error e = x->describe(x, &request);

    out->len = 0;
    if (e == FETCH_OK)
        e = pf_h1_write(out, &request);
    if (e == FETCH_OK)
        e = send_request(conn, out->data, out->len);
    if (e != FETCH_OK)
        return e;
    conn->served++;
    conn->x = x;
    x->conn = conn;
    pf_h1_begin(&conn->h1, &x->response);
    return FETCH_OK;
}
