/*
 * Each connection is a bufferevent.  A script's step ends when the socket has taken its bytes, and
 * only then the next begins: so a close never overtakes what was sent, and bytes of PEER_DRIP go
 * out in segments of their own.
 */
#include "unit/peer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <event2/util.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/buf.h"
#include "base/url.h"
#include "transport/loop.h"
#include "unit/unit.h"

#define ANSWER(status, body) PEER_SENDS("HTTP/1.1 " status "\r\ncontent-length: " body)

const struct peer_step peer_ok[] = {ANSWER("200 OK", "5\r\n\r\nhello"), PEER_DO(PEER_END)};
const struct peer_step peer_ok_later[] = {PEER_DO(PEER_HOLD), ANSWER("200 OK", "5\r\n\r\nhello"),
                                          PEER_DO(PEER_END)};
const struct peer_step peer_silent[] = {PEER_DO(PEER_HOLD), PEER_DO(PEER_END)};
const struct peer_step peer_401[] = {ANSWER("401 Unauthorized", "2\r\n\r\nno"), PEER_DO(PEER_END)};
const struct peer_step peer_404[] = {ANSWER("404 Not Found", "2\r\n\r\nno"), PEER_DO(PEER_END)};
const struct peer_step peer_429[] = {ANSWER("429 Too Many Requests", "2\r\n\r\nno"),
                                     PEER_DO(PEER_END)};
const struct peer_step peer_500[] = {ANSWER("500 Broken", "2\r\n\r\nno"), PEER_DO(PEER_END)};
const struct peer_step peer_close[] = {PEER_DO(PEER_CLOSE), PEER_DO(PEER_END)};
const struct peer_step peer_reset[] = {PEER_DO(PEER_RESET), PEER_DO(PEER_END)};

struct peer_conn {
    struct pf_link link;
    struct peer *peer;
    struct bufferevent *bev;
    SSL *ssl; /* the bufferevent's; NULL: plain */
    struct event *timer;
    const struct peer_step *step; /* NULL: no script runs */
    size_t dripped;
    bool sending, held;
    unsigned number, request_count;
    unsigned request; /* number of the one whose script runs */
};

static void run_script(struct peer_conn *conn);

static void conn_free(struct peer_conn *conn)
{
    struct peer *peer = conn->peer;

    pf_list_remove(&conn->link);
    peer->open--;
    if (conn->step)
        peer->in_progress--;
    if (conn->held)
        peer->held--;
    event_free(conn->timer);
    bufferevent_free(conn->bev);
    free(conn);
}

static void conn_close(struct peer_conn *conn)
{
    if (conn->ssl) {
        (void)SSL_shutdown(conn->ssl);
        ERR_clear_error();
    }
    conn_free(conn);
}

static void conn_reset(struct peer_conn *conn)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    ck_assert_int_eq(
        setsockopt(bufferevent_getfd(conn->bev), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once),
        0);
    conn_free(conn);
}

/* -------------------------------------------------------------- scripts -- */

static const struct peer_step *next_script(struct peer *peer, const struct peer_request *request)
{
    unsigned i = peer->request_count - 1;

    if (peer->choose)
        return peer->choose(peer, request);
    ck_assert_msg(peer->script_count > 0, "the peer got a request and has no script");
    return peer->script[i < peer->script_count ? i : peer->script_count - 1];
}

static void note_request(struct peer_conn *conn, const char *head, size_t n)
{
    struct peer *peer = conn->peer;
    struct peer_request *r;

    if (peer->request_count == peer->request_room) {
        peer->request_room = peer->request_room ? 2 * peer->request_room : 64;
        peer->request = realloc(peer->request, peer->request_room * sizeof *peer->request);
        ck_assert_ptr_nonnull(peer->request);
    }
    r = &peer->request[peer->request_count];
    r->head = strndup(head, n);
    ck_assert_ptr_nonnull(r->head);
    r->conn = conn->number;
    r->of_conn = conn->request_count++;
    r->since_ms = pf_loop_now_ms() - peer->began_ms;
    conn->request = peer->request_count++;
    if (++peer->in_progress > peer->most_progress)
        peer->most_progress = peer->in_progress;
    conn->step = next_script(peer, r);
}

/* Takes the next request from what was read.  False: there is no whole one. */
static bool take_request(struct peer_conn *conn)
{
    struct evbuffer *in = bufferevent_get_input(conn->bev);
    struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
    size_t n = conn->peer->hasty ? evbuffer_get_length(in) : (size_t)end.pos + 4;

    if (conn->peer->hasty ? n == 0 : end.pos < 0)
        return false;
    if (conn->peer->hasty)
        bufferevent_disable(conn->bev, EV_READ);
    note_request(conn, (const char *)evbuffer_pullup(in, (ev_ssize_t)n), n);
    evbuffer_drain(in, n);
    return true;
}

/* Puts the step's bytes, or the next of them, on their way.  False: there are none left. */
static bool send_step(struct peer_conn *conn)
{
    const struct peer_step *s = conn->step;
    bool drips = s->act == PEER_DRIP;

    if (conn->dripped >= s->len)
        return false;
    conn->sending = true;
    bufferevent_write(conn->bev, s->bytes + conn->dripped, drips ? 1 : s->len);
    conn->dripped += drips ? 1 : s->len;
    return true;
}

static void next_step(struct peer_conn *conn)
{
    conn->dripped = 0;
    conn->step++;
}

/* True: the connection is there and its next step can begin. */
static bool run_step(struct peer_conn *conn)
{
    struct timeval delay = {conn->step->ms / 1000, (suseconds_t)(conn->step->ms % 1000) * 1000};

    switch (conn->step->act) {
    case PEER_END:
        conn->step = NULL;
        conn->peer->in_progress--;
        return !conn->peer->hasty && take_request(conn);
    case PEER_SEND:
    case PEER_DRIP:
        if (send_step(conn))
            return false;
        next_step(conn);
        return true;
    case PEER_WAIT:
        evtimer_add(conn->timer, &delay);
        return false;
    case PEER_HOLD:
        conn->held = true;
        conn->peer->held++;
        return false;
    case PEER_CLOSE:
        conn_close(conn);
        return false;
    case PEER_CUT:
        conn_free(conn);
        return false;
    case PEER_RESET:
        conn_reset(conn);
        return false;
    }
    ck_abort_msg("no such step");
    return false;
}

static void run_script(struct peer_conn *conn)
{
    while (run_step(conn))
        ;
}

static void conn_release(struct peer_conn *conn)
{
    conn->held = false;
    conn->peer->held--;
    next_step(conn);
    run_script(conn);
}

/* --------------------------------------------------------------- events -- */

static void on_readable(struct bufferevent *bev, void *arg)
{
    struct peer_conn *conn = arg;

    (void)bev;
    if (!conn->step && take_request(conn))
        run_script(conn);
}

static void on_written(struct bufferevent *bev, void *arg)
{
    struct peer_conn *conn = arg;

    (void)bev;
    if (!conn->sending)
        return;
    conn->sending = false;
    run_script(conn);
}

static void on_waited(evutil_socket_t fd, short what, void *arg)
{
    struct peer_conn *conn = arg;

    (void)fd;
    (void)what;
    next_step(conn);
    run_script(conn);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    struct peer_conn *conn = arg;

    (void)bev;
    if (what & BEV_EVENT_CONNECTED) {
        conn->peer->handshakes++;
        conn->peer->resumed += SSL_session_reused(conn->ssl) ? 1 : 0;
    } else {
        ERR_clear_error();
        conn_free(conn);
    }
}

static void open_bufferevent(struct peer_conn *conn, evutil_socket_t fd)
{
    struct peer *peer = conn->peer;

    if (peer->tls) {
        conn->ssl = SSL_new(peer->tls);
        ck_assert_ptr_nonnull(conn->ssl);
        conn->bev = bufferevent_openssl_socket_new(
            peer->base, fd, conn->ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
    } else {
        conn->bev = bufferevent_socket_new(peer->base, fd, BEV_OPT_CLOSE_ON_FREE);
    }
    ck_assert_ptr_nonnull(conn->bev);
    bufferevent_setcb(conn->bev, on_readable, on_written, on_event, conn);
    bufferevent_enable(conn->bev, EV_READ | EV_WRITE);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa,
                      int len, void *arg)
{
    struct peer *peer = arg;
    struct peer_conn *conn = calloc(1, sizeof *conn);
    int on = 1;

    (void)listener;
    (void)sa;
    (void)len;
    ck_assert_ptr_nonnull(conn);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    conn->peer = peer;
    conn->number = peer->accepted++;
    peer->open++;
    pf_list_append(&peer->conns, &conn->link);
    conn->timer = evtimer_new(peer->base, on_waited, conn);
    ck_assert_ptr_nonnull(conn->timer);
    open_bufferevent(conn, fd);
}

/* -------------------------------------------------------------- the API -- */

static in_port_t *port_of(struct sockaddr_storage *sa)
{
    void *any = sa;

    return sa->ss_family == AF_INET6 ? &((struct sockaddr_in6 *)any)->sin6_port
                                     : &((struct sockaddr_in *)any)->sin_port;
}

void peer_init_at(struct peer *peer, struct event_base *base, const char *address, unsigned port)
{
    struct sockaddr_storage sa;
    int len = sizeof sa;
    socklen_t bound = sizeof sa;
    bool v6 = strchr(address, ':') != NULL;

    memset(peer, 0, sizeof *peer);
    peer->base = base;
    peer->began_ms = pf_loop_now_ms();
    pf_list_init(&peer->conns);
    ck_assert_int_eq(evutil_parse_sockaddr_port(address, (struct sockaddr *)&sa, &len), 0);
    *port_of(&sa) = htons((in_port_t)port);
    peer->listener =
        evconnlistener_new_bind(base, on_accept, peer, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE,
                                1024, (struct sockaddr *)&sa, len);
    ck_assert_ptr_nonnull(peer->listener);
    ck_assert_int_eq(
        getsockname(evconnlistener_get_fd(peer->listener), (struct sockaddr *)&sa, &bound), 0);
    peer->port = ntohs(*port_of(&sa));
    (void)snprintf(peer->address, sizeof peer->address, "%s%s%s:%u", v6 ? "[" : "", address,
                   v6 ? "]" : "", peer->port);
    (void)snprintf(peer->url, sizeof peer->url, "http://%s/", peer->address);
}

void peer_init(struct peer *peer, struct event_base *base)
{
    peer_init_at(peer, base, "127.0.0.1", 0);
}

void peer_fini(struct peer *peer)
{
    if (!peer->listener)
        return;
    evconnlistener_free(peer->listener);
    peer->listener = NULL;
    while (!pf_list_empty(&peer->conns))
        conn_free(PF_LIST_ENTRY(peer->conns.next, struct peer_conn, link));
    for (unsigned i = 0; i < peer->request_count; i++)
        free(peer->request[i].head);
    free(peer->request);
    for (size_t i = 0; i < sizeof peer->filler / sizeof *peer->filler; i++)
        if (peer->filler[i] > 0)
            close(peer->filler[i]);
}

void peer_use_tls(struct peer *peer, struct ssl_ctx_st *context)
{
    peer->tls = context;
    (void)snprintf(peer->url, sizeof peer->url, "https://%s/", peer->address);
}

void peer_narrow(struct peer *peer)
{
    int fd = evconnlistener_get_fd(peer->listener), segment = 536, room = 2048;

    ck_assert_int_eq(setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment), 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room), 0);
}

/* Linux drops what comes to a full backlog, and 0 has room for one. */
void peer_deafen(struct peer *peer)
{
    int fd = evconnlistener_get_fd(peer->listener);
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;

    evconnlistener_disable(peer->listener);
    ck_assert_int_eq(listen(fd, 0), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
    for (size_t i = 0; i < sizeof peer->filler / sizeof *peer->filler; i++) {
        peer->filler[i] = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
        ck_assert_int_gt(peer->filler[i], 0);
        (void)connect(peer->filler[i], (struct sockaddr *)&sa, len);
    }
}

void peer_then(struct peer *peer, const struct peer_step *script)
{
    ck_assert_uint_lt(peer->script_count, PEER_SCRIPTS);
    peer->script[peer->script_count++] = script;
}

static void release_if(struct peer *peer, bool all, unsigned request)
{
    struct pf_link *l = peer->conns.next;

    while (l != &peer->conns) {
        struct peer_conn *conn = PF_LIST_ENTRY(l, struct peer_conn, link);

        l = l->next;
        if (conn->held && (all || conn->request == request))
            conn_release(conn);
    }
}

void peer_release(struct peer *peer)
{
    release_if(peer, true, 0);
}

void peer_release_request(struct peer *peer, unsigned i)
{
    release_if(peer, false, i);
}

void peer_say(struct peer *peer, const char *bytes)
{
    for (struct pf_link *l = peer->conns.next; l != &peer->conns; l = l->next)
        bufferevent_write(PF_LIST_ENTRY(l, struct peer_conn, link)->bev, bytes, strlen(bytes));
}

void peer_hang_up(struct peer *peer)
{
    while (!pf_list_empty(&peer->conns))
        conn_close(PF_LIST_ENTRY(peer->conns.next, struct peer_conn, link));
}

bool peer_asked_for(const struct peer *peer, unsigned i, const char *target)
{
    struct pf_buf b;
    bool found;

    ck_assert_uint_lt(i, peer->request_count);
    pf_buf_init(&b, 1 << 20);
    ck_assert_int_eq(pf_buf_append_str(&b, "&url="), FETCH_OK);
    ck_assert_int_eq(pf_url_encode(&b, target, strlen(target)), FETCH_OK);
    ck_assert_int_eq(pf_buf_append_str(&b, " HTTP/1.1\r\n"), FETCH_OK);
    ck_assert_int_eq(pf_buf_terminate(&b), FETCH_OK);
    found = strstr(peer->request[i].head, b.data) != NULL;
    pf_buf_fini(&b);
    return found;
}
