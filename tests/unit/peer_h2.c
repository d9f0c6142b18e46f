#include "unit/peer_h2.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/listener.h>

#include <openssl/ssl.h>

#include "unit/unit.h"

struct conn {
    struct pf_link link;
    struct peer_h2 *peer;
    struct bufferevent *bev;
    SSL *ssl;
    nghttp2_session *session; /* NULL: HTTP/1.1 */
    unsigned number, request_count;
    bool greeted, told, doomed, floods;
    unsigned char record[64]; /* of which half is sent */
    size_t record_len;
    bool leaving; /* GOAWAY is under way: what comes now is not looked at */
    struct pf_link streams;
};

struct stream {
    struct pf_link link;
    struct conn *conn;
    int32_t id;
    bool held, half;
    size_t sent; /* of "hello" */
    char *path;
};

static void conn_free(struct conn *c)
{
    while (!pf_list_empty(&c->streams)) {
        struct stream *s = PF_LIST_ENTRY(c->streams.next, struct stream, link);

        pf_list_remove(&s->link);
        c->peer->held -= s->held;
        c->peer->in_progress--;
        free(s->path);
        free(s);
    }
    c->peer->open--;
    pf_list_remove(&c->link);
    if (c->session)
        nghttp2_session_del(c->session);
    bufferevent_free(c->bev);
    free(c);
}

/* More than anybody takes for an accident: 3,000 frames. */
static void flood(struct conn *c)
{
    static const uint8_t frame[] = {0, 0, 4, 0xfe, 0, 0, 0, 0, 0, 'n', 'o', 'n', 'e'};

    for (int i = 0; i < 3000; i++)
        bufferevent_write(c->bev, frame, sizeof frame);
    c->floods = false;
}

/* Sends what there is to send.  False: the connection is gone. */
static bool conn_flush(struct conn *c)
{
    const uint8_t *bytes;
    ssize_t n;

    if (!c->told)
        return true; /* SETTINGS must be the first that it says */
    while ((n = nghttp2_session_mem_send(c->session, &bytes)) > 0)
        bufferevent_write(c->bev, bytes, (size_t)n);
    ck_assert_int_eq(n, 0);
    if (c->floods)
        flood(c);
    if (c->doomed ||
        (!nghttp2_session_want_read(c->session) && !nghttp2_session_want_write(c->session) &&
         evbuffer_get_length(bufferevent_get_output(c->bev)) == 0)) {
        conn_free(c);
        return false;
    }
    return true;
}

/* --------------------------------------------------------------- answers -- */

static ssize_t read_body(nghttp2_session *session, int32_t id, uint8_t *to, size_t n,
                         uint32_t *flags, nghttp2_data_source *source, void *arg)
{
    struct stream *s = source->ptr;
    size_t until = s->half && s->held ? 3 : 5, count = until - s->sent;

    (void)session;
    (void)id;
    (void)arg;
    if (count == 0 && until < 5)
        return NGHTTP2_ERR_DEFERRED;
    ck_assert_uint_ge(n, count);
    memcpy(to, "hello" + s->sent, count);
    s->sent += count;
    if (s->sent == 5)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)count;
}

static void answer(struct stream *s)
{
    static const nghttp2_nv nv[] = {{(uint8_t *)(uintptr_t) ":status", (uint8_t *)(uintptr_t) "200",
                                     7, 3, NGHTTP2_NV_FLAG_NONE}};
    const nghttp2_data_provider body = {{.ptr = s}, read_body};

    ck_assert_int_eq(nghttp2_submit_response(s->conn->session, s->id, nv, 1, &body), 0);
}

static void release(struct stream *s)
{
    s->held = false;
    s->conn->peer->held--;
    if (s->half)
        ck_assert_int_eq(nghttp2_session_resume_data(s->conn->session, s->id), 0);
    else
        answer(s);
}

static const struct peer_h2_request *note_request(struct conn *c, char *path)
{
    struct peer_h2 *peer = c->peer;
    struct peer_h2_request *r;

    if (peer->request_count == peer->request_room) {
        peer->request_room = peer->request_room ? 2 * peer->request_room : 64;
        peer->request = realloc(peer->request, peer->request_room * sizeof *peer->request);
        ck_assert_ptr_nonnull(peer->request);
    }
    r = &peer->request[peer->request_count++];
    *r = (struct peer_h2_request){path, c->number, c->request_count++, c->session == NULL};
    return r;
}

static void reset(struct stream *s, uint32_t code)
{
    nghttp2_submit_rst_stream(s->conn->session, NGHTTP2_FLAG_NONE, s->id, code);
}

static void act(struct stream *s, enum peer_h2_act what)
{
    switch (what) {
    case PEER_H2_ANSWER:
        answer(s);
        break;
    case PEER_H2_HALF:
        s->half = true;
        answer(s);
        /* fall through */
    case PEER_H2_HOLD:
        s->held = true;
        s->conn->peer->held++;
        break;
    case PEER_H2_REFUSE:
        reset(s, NGHTTP2_REFUSED_STREAM);
        break;
    case PEER_H2_CALM:
        reset(s, NGHTTP2_ENHANCE_YOUR_CALM);
        break;
    case PEER_H2_WANT_H1:
        reset(s, NGHTTP2_HTTP_1_1_REQUIRED);
        break;
    case PEER_H2_FLOOD:
        s->conn->floods = true;
        break;
    case PEER_H2_CUT:
        s->conn->doomed = true;
        break;
    }
}

/* -------------------------------------------------------------- sessions -- */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    struct conn *c = arg;
    struct stream *s;

    if (c->leaving)
        return 0;
    s = calloc(1, sizeof *s);
    ck_assert_ptr_nonnull(s);
    s->conn = c;
    s->id = frame->hd.stream_id;
    pf_list_init(&s->link);
    pf_list_append(&c->streams, &s->link);
    if (++c->peer->in_progress > c->peer->most_progress)
        c->peer->most_progress = c->peer->in_progress;
    return nghttp2_session_set_stream_user_data(session, s->id, s);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *arg)
{
    struct stream *s = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

    (void)flags;
    (void)arg;
    if (s && name_len == 5 && memcmp(name, ":path", 5) == 0)
        s->path = strndup((const char *)value, value_len);
    return 0;
}

static void go_away(struct conn *c, int32_t last)
{
    c->leaving = true;
    ck_assert_int_eq(nghttp2_submit_goaway(c->session, NGHTTP2_FLAG_NONE, last, 0, NULL, 0), 0);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    struct conn *c = arg;
    struct peer_h2 *peer = c->peer;
    const struct peer_h2_request *r;
    struct stream *s;

    peer->resets += frame->hd.type == NGHTTP2_RST_STREAM;
    peer->pings += frame->hd.type == NGHTTP2_PING && !(frame->hd.flags & NGHTTP2_FLAG_ACK);
    if (frame->hd.type != NGHTTP2_HEADERS)
        return 0;
    s = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (!s)
        return 0;
    ck_assert_ptr_nonnull(s->path);
    r = note_request(c, s->path);
    s->path = NULL;
    act(s, peer->act ? peer->act(peer, r) : PEER_H2_ANSWER);
    if (peer->goaway_every && c->request_count == peer->goaway_every)
        go_away(c, s->id);
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *arg)
{
    struct stream *s = nghttp2_session_get_stream_user_data(session, id);

    (void)code;
    (void)arg;
    if (!s)
        return 0;
    s->conn->peer->in_progress--;
    s->conn->peer->held -= s->held;
    pf_list_remove(&s->link);
    free(s->path);
    free(s);
    return 0;
}

static void tell(struct conn *c, uint32_t max_streams)
{
    const nghttp2_settings_entry entry = {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, max_streams};

    ck_assert_int_eq(nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, &entry,
                                             max_streams == UINT32_MAX ? 0 : 1),
                     0);
}

static void open_session(struct conn *c)
{
    nghttp2_session_callbacks *callbacks;

    ck_assert_int_eq(nghttp2_session_callbacks_new(&callbacks), 0);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    ck_assert_int_eq(nghttp2_session_server_new(&c->session, callbacks, c), 0);
    nghttp2_session_callbacks_del(callbacks);
    tell(c, c->peer->max_streams);
    c->told = !c->peer->holds_settings;
}

/* ---------------------------------------------------------------- events -- */

static void serve_h1(struct conn *c)
{
    static const char hello[] = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
    struct evbuffer *in = bufferevent_get_input(c->bev);
    struct evbuffer_ptr end;

    while ((end = evbuffer_search(in, "\r\n\r\n", 4, NULL)).pos >= 0) {
        const char *head = (const char *)evbuffer_pullup(in, end.pos + 4);

        (void)note_request(c, strndup(head + 4, strcspn(head + 4, " ")));
        evbuffer_drain(in, (size_t)end.pos + 4);
        bufferevent_write(c->bev, hello, sizeof hello - 1);
    }
}

static bool chose_h2(const struct conn *c)
{
    const unsigned char *name;
    unsigned n;

    if (!c->ssl)
        return true;
    SSL_get0_alpn_selected(c->ssl, &name, &n);
    return n == 2;
}

static void on_readable(struct bufferevent *bev, void *arg)
{
    struct conn *c = arg;
    struct evbuffer *in = bufferevent_get_input(bev);
    size_t n;

    if (!c->greeted && chose_h2(c))
        open_session(c);
    c->greeted = true;
    if (!c->session) {
        serve_h1(c);
        return;
    }
    while ((n = evbuffer_get_contiguous_space(in)) > 0) {
        ssize_t used = nghttp2_session_mem_recv(c->session, evbuffer_pullup(in, (ev_ssize_t)n), n);

        ck_assert_int_eq(used, (ssize_t)n);
        evbuffer_drain(in, n);
    }
    (void)conn_flush(c);
}

static void on_written(struct bufferevent *bev, void *arg)
{
    struct conn *c = arg;

    (void)bev;
    if (c->session)
        (void)conn_flush(c);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    (void)bev;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        conn_free(arg);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa,
                      int len, void *arg)
{
    struct peer_h2 *peer = arg;
    struct conn *c = calloc(1, sizeof *c);

    (void)listener;
    (void)sa;
    (void)len;
    ck_assert_ptr_nonnull(c);
    c->peer = peer;
    c->number = peer->accepted++;
    if (++peer->open > peer->most_open)
        peer->most_open = peer->open;
    pf_list_init(&c->streams);
    pf_list_init(&c->link);
    pf_list_append(&peer->conns, &c->link);
    /* Or a small write waits for the ACK of the one before, and a test for both. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    c->ssl = peer->tls ? SSL_new(peer->tls) : NULL;
    c->bev = peer->tls
                 ? bufferevent_openssl_socket_new(peer->base, fd, c->ssl, BUFFEREVENT_SSL_ACCEPTING,
                                                  BEV_OPT_CLOSE_ON_FREE)
                 : bufferevent_socket_new(peer->base, fd, BEV_OPT_CLOSE_ON_FREE);
    ck_assert_ptr_nonnull(c->bev);
    bufferevent_setcb(c->bev, on_readable, on_written, on_event, c);
    bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

/* -------------------------------------------------------------- the API -- */

void peer_h2_init(struct peer_h2 *peer, struct event_base *base)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof sa;

    memset(peer, 0, sizeof *peer);
    peer->base = base;
    peer->max_streams = 100;
    pf_list_init(&peer->conns);
    peer->listener =
        evconnlistener_new_bind(base, on_accept, peer, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE,
                                1024, (struct sockaddr *)&sa, sizeof sa);
    ck_assert_ptr_nonnull(peer->listener);
    ck_assert_int_eq(
        getsockname(evconnlistener_get_fd(peer->listener), (struct sockaddr *)&sa, &len), 0);
    (void)snprintf(peer->url, sizeof peer->url, "http://127.0.0.1:%u/", ntohs(sa.sin_port));
}

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                   const unsigned char *in, unsigned in_len, void *arg)
{
    static const unsigned char spoken[] = "\x02h2\x08http/1.1";
    const struct peer_h2 *peer = arg;
    unsigned skip = peer->offers_h1_only ? 3 : 0;
    unsigned char *chosen;

    (void)ssl;
    if (SSL_select_next_proto(&chosen, out_len, spoken + skip, sizeof spoken - 1 - skip, in,
                              in_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK; /* it goes on without a word */
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

void peer_h2_use_tls(struct peer_h2 *peer, struct ssl_ctx_st *context)
{
    char rest[80];

    peer->tls = context;
    SSL_CTX_set_alpn_select_cb(context, on_alpn, peer);
    (void)snprintf(rest, sizeof rest, "%s", peer->url + 7);
    (void)snprintf(peer->url, sizeof peer->url, "https://%.70s", rest);
}

void peer_h2_fini(struct peer_h2 *peer)
{
    if (!peer->listener)
        return;
    evconnlistener_free(peer->listener);
    peer->listener = NULL;
    while (!pf_list_empty(&peer->conns))
        conn_free(PF_LIST_ENTRY(peer->conns.next, struct conn, link));
    for (unsigned i = 0; i < peer->request_count; i++)
        free(peer->request[i].path);
    free(peer->request);
}

static void for_each(struct peer_h2 *peer, void (*what)(struct conn *c, uint32_t n), uint32_t n)
{
    struct pf_link *l = peer->conns.next;

    while (l != &peer->conns) {
        struct conn *c = PF_LIST_ENTRY(l, struct conn, link);

        l = l->next;
        if (!c->session)
            continue;
        what(c, n);
        (void)conn_flush(c);
    }
}

static void release_all(struct conn *c, uint32_t n)
{
    (void)n;
    for (struct pf_link *l = c->streams.next; l != &c->streams; l = l->next) {
        struct stream *s = PF_LIST_ENTRY(l, struct stream, link);

        if (s->held)
            release(s);
    }
}

void peer_h2_release(struct peer_h2 *peer)
{
    for_each(peer, release_all, 0);
}

void peer_h2_tell(struct peer_h2 *peer, uint32_t max_streams)
{
    peer->max_streams = max_streams;
    for_each(peer, tell, max_streams);
}

static void let_speak(struct conn *c, uint32_t n)
{
    (void)n;
    c->told = true;
}

void peer_h2_speak(struct peer_h2 *peer)
{
    peer->holds_settings = false;
    for_each(peer, let_speak, 0);
}

/* Past the bufferevent, which would wait for the loop. */
static void go_away_now(struct conn *c, uint32_t warns)
{
    const uint8_t *bytes;
    ssize_t count;

    go_away(c, warns ? INT32_MAX : nghttp2_session_get_last_proc_stream_id(c->session));
    while ((count = nghttp2_session_mem_send(c->session, &bytes)) > 0)
        ck_assert_int_eq(send(bufferevent_getfd(c->bev), bytes, (size_t)count, 0), count);
}

void peer_h2_go_away(struct peer_h2 *peer, bool warns)
{
    for_each(peer, go_away_now, warns);
}

/* A PING's record goes into memory instead of the socket. */
static void seal_ping(struct conn *c)
{
    static const unsigned char ping[17] = {0, 0, 8, 6}; /* RFC 9113 section 6.7 */
    BIO *socket = SSL_get_wbio(c->ssl), *memory = BIO_new(BIO_s_mem());

    ck_assert_int_eq(BIO_up_ref(socket), 1);
    SSL_set0_wbio(c->ssl, memory);
    ck_assert_int_eq(SSL_write(c->ssl, ping, sizeof ping), sizeof ping);
    c->record_len = (size_t)BIO_read(memory, c->record, sizeof c->record);
    ck_assert_int_eq(BIO_eof(memory), 1);
    SSL_set0_wbio(c->ssl, socket);
}

static void put(const struct conn *c, size_t from, size_t to)
{
    ck_assert_int_eq(send(bufferevent_getfd(c->bev), c->record + from, to - from, MSG_NOSIGNAL),
                     (ssize_t)(to - from));
}

void peer_h2_half_a_record(struct peer_h2 *peer)
{
    for (struct pf_link *l = peer->conns.next; l != &peer->conns; l = l->next) {
        struct conn *c = PF_LIST_ENTRY(l, struct conn, link);

        seal_ping(c);
        put(c, 0, c->record_len / 2);
    }
}

void peer_h2_other_half(struct peer_h2 *peer)
{
    for (struct pf_link *l = peer->conns.next; l != &peer->conns; l = l->next) {
        const struct conn *c = PF_LIST_ENTRY(l, struct conn, link);

        put(c, c->record_len / 2, c->record_len);
    }
}

void peer_h2_stop_reading(struct peer_h2 *peer, bool stopped)
{
    for (struct pf_link *l = peer->conns.next; l != &peer->conns; l = l->next) {
        struct bufferevent *bev = PF_LIST_ENTRY(l, struct conn, link)->bev;

        if (stopped)
            bufferevent_disable(bev, EV_READ);
        else
            bufferevent_enable(bev, EV_READ);
    }
}
