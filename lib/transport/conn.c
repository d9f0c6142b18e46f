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
 * A socket's turn calls its owner for each exchange that ended, and at the end on_turn_end(), which
 * may free the connection and is the last thing that any path here does.
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

long pf_conn_read_some(struct pf_conn *conn, char *to, size_t n)
{
    ssize_t got;

    if (conn->ssl) {
        long read = pf_tls_read(conn->ssl, to, n);

        *conn->owner->bytes_in += read > 0 ? (uint64_t)read : 0;
        return read;
    }
    got = recv(conn->fd, to, n, 0);
    if (got >= 0) {
        *conn->owner->bytes_in += (uint64_t)got;
        return got;
    }
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? PF_TLS_AGAIN : PF_TLS_BROKEN;
}

/* SSL_read() gives one record at a time: behind a full one there is usually another. */
bool pf_conn_has_more(const struct pf_conn *conn, long got, size_t room)
{
    if (!conn->ssl)
        return (size_t)got == room;
    return got >= SSL3_RT_MAX_PLAIN_LENGTH || SSL_has_pending(conn->ssl);
}

size_t pf_conn_unwritten(const struct pf_conn *conn)
{
    return evbuffer_get_length(bufferevent_get_output(conn->bev));
}

enum fetch_error pf_conn_write(struct pf_conn *conn, const char *bytes, size_t n)
{
    size_t sent = 0;

    if (pf_conn_unwritten(conn) == 0) {
        ssize_t put = conn->ssl ? (ssize_t)pf_tls_write(conn->ssl, bytes, n)
                                : send(conn->fd, bytes, n, MSG_NOSIGNAL);

        sent = put > 0 ? (size_t)put : 0;
    }
    if (sent == n)
        return FETCH_OK;
    return bufferevent_write(conn->bev, bytes + sent, n - sent) == 0 ? FETCH_OK : FETCH_E_NOMEM;
}

void pf_conn_look_again_if_pending(struct pf_conn *conn)
{
    if (conn->ssl && SSL_has_pending(conn->ssl))
        event_active(&conn->readable, EV_READ, 0);
}

void pf_conn_end_exchange(struct pf_conn *conn, struct pf_exchange *x, enum fetch_error error)
{
    conn->active--;
    x->conn = NULL;
    pf_exchange_note(x, error, pf_exchange_phase(x), error ? x->response.detail : NULL);
    conn->owner->on_exchange_end(conn, x);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct pf_conn *conn = arg;
    struct pf_loop *loop = conn->owner->loop;

    (void)fd;
    (void)what;
    pf_loop_enter(loop);
    conn->ops->read(conn);
    pf_loop_leave(loop); /* the connection, and the loop itself, may be gone */
}

struct pf_conn *pf_conn_new(const struct pf_conn_owner *owner, struct pf_dial *dial)
{
    bool h2 = dial->ssl ? pf_tls_speaks_h2(dial->ssl) : owner->h2_at_once;
    struct pf_conn *conn = calloc(1, sizeof *conn);

    if (!conn)
        return NULL;
    pf_list_init(&conn->link);
    conn->owner = owner;
    conn->ops = h2 ? &pf_conn_h2 : &pf_conn_h1;
    conn->fd = bufferevent_getfd(dial->bev);
    if ((h2 && !pf_conn_init_h2(conn, dial->bev)) ||
        event_assign(&conn->readable, owner->loop->base, conn->fd, EV_READ | EV_PERSIST,
                     on_readable, conn) != 0 ||
        event_add(&conn->readable, NULL) != 0) {
        conn->ops->fini(conn);
        bufferevent_setcb(dial->bev, NULL, NULL, NULL, NULL);
        free(conn);
        return NULL;
    }
    conn->bev = dial->bev;
    conn->ssl = dial->ssl;
    dial->bev = NULL;
    dial->ssl = NULL;
    if (h2 && conn->ssl)
        pf_tls_read_wide(conn->ssl);
    pf_conn_look_again_if_pending(conn);
    return conn;
}

void pf_conn_free(struct pf_conn *conn)
{
    if (!conn)
        return;
    pf_list_remove(&conn->link);
    conn->ops->fini(conn);
    event_del(&conn->readable);
    if (conn->ssl) /* otherwise OpenSSL takes the session for a bad one */
        SSL_set_shutdown(conn->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    bufferevent_free(conn->bev);
    free(conn);
}

enum fetch_error pf_conn_start(struct pf_conn *conn, struct pf_exchange *x)
{
    enum fetch_error e = conn->ops->start(conn, x);

    if (e != FETCH_OK)
        return e;
    conn->served++;
    conn->active++;
    x->conn = conn;
    return FETCH_OK;
}

void pf_conn_cancel(struct pf_conn *conn, struct pf_exchange *x)
{
    conn->ops->cancel(conn, x);
    conn->active--;
    x->conn = NULL;
}

unsigned pf_conn_room(const struct pf_conn *conn)
{
    return conn->over ? 0 : conn->ops->room(conn);
}

unsigned pf_conn_streams(const struct pf_conn *conn)
{
    return conn->ops->streams(conn);
}

bool pf_conn_takes_none(const struct pf_conn *conn)
{
    return conn->ops == &pf_conn_h2 && pf_h2_was_told(conn->h2.session) &&
           pf_h2_limit(conn->h2.session) == 0;
}
