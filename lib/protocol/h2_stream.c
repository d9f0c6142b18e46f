/*
 * What nghttp2 tells of a connection's streams: an answer's head and body as they come, into the
 * memory of its page; what the end of a stream, or of all, means to those that are on it.
 */
#include "protocol/h2_request.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"

/* Frames that bring nothing, between two that do: more are a flood.  h2.c counts bytes too. */
#define IDLE_FRAMES_MAX 2000u

/* ------------------------------------------------------------- streams -- */

static struct pf_stream *stream_of(struct pf_h2 *h2, int32_t id)
{
    return id > 0 ? nghttp2_session_get_stream_user_data(h2->session, id) : NULL;
}

void pf_h2_stream_end(struct pf_h2 *h2, struct pf_stream *s, enum fetch_error error)
{
    if (s->id > 0)
        (void)nghttp2_session_set_stream_user_data(h2->session, s->id, NULL);
    s->id = 0;
    s->error = error;
    h2->active--;
    pf_list_remove(&s->link);
    pf_list_append(&h2->ended, &s->link);
}

static void brought_something(struct pf_h2 *h2)
{
    h2->idle_frames = 0;
    h2->idle_bytes = 0;
}

/* Gives up on a stream from our side. */
static void fail_stream(struct pf_h2 *h2, struct pf_stream *s, enum fetch_error error)
{
    (void)nghttp2_submit_rst_stream(h2->session, NGHTTP2_FLAG_NONE, s->id, NGHTTP2_CANCEL);
    pf_h2_stream_end(h2, s, error);
}

/* --------------------------------------------------------------- heads -- */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    struct pf_stream *s = stream_of(arg, frame->hd.stream_id);

    (void)session;
    if (s && s->response->progress == PF_PROGRESS_NONE)
        s->response->progress = PF_PROGRESS_HEAD;
    return 0;
}

/* A field stands in mem as HTTP/1.1 would have it, so that what comes after sees no difference. */
static enum fetch_error add_field(struct pf_response *r, const nghttp2_vec *name,
                                  const nghttp2_vec *value)
{
    size_t at = r->mem.len, value_at = at + name->len + 2;
    enum fetch_error e;

    if (at == 0)
        e = pf_buf_reserve_exact(&r->mem, r->guess_bytes);
    else
        e = pf_buf_reserve(&r->mem, name->len + value->len + 4);
    if (e == FETCH_OK)
        e = pf_buf_append(&r->mem, name->base, name->len);
    if (e == FETCH_OK)
        e = pf_buf_append(&r->mem, ": ", 2);
    if (e == FETCH_OK)
        e = pf_buf_append(&r->mem, value->base, value->len);
    if (e == FETCH_OK)
        e = pf_buf_append(&r->mem, "\r\n", 2);
    return e == FETCH_OK ? pf_response_add_field(r, at, name->len, value_at, value->len) : e;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *arg)
{
    const nghttp2_vec n = {(uint8_t *)(uintptr_t)name, name_len};
    const nghttp2_vec v = {(uint8_t *)(uintptr_t)value, value_len};
    struct pf_stream *s = stream_of(arg, frame->hd.stream_id);
    enum fetch_error e;
    uint64_t status;

    (void)session;
    (void)flags;
    if (!s || s->response->progress >= PF_PROGRESS_BODY)
        return 0; /* trailers are dropped */
    s->bytes += name_len + value_len + 32;
    if (s->bytes > PF_MAX_HEAD) {
        s->response->detail = "its head is larger than 96 KiB";
        fail_stream(arg, s, FETCH_E_TOO_LARGE);
        return 0;
    }
    if (name_len == 7 && memcmp(name, ":status", 7) == 0) {
        /* nghttp2 has seen to it that these are three digits. */
        s->response->status =
            pf_text_u64((const char *)value, value_len, &status) ? (int)status : 0;
        return 0;
    }
    e = add_field(s->response, &n, &v);
    if (e != FETCH_OK)
        fail_stream(arg, s, e);
    return 0;
}

static uint64_t told_length(const struct pf_response *r)
{
    size_t n, cursor = 0;
    const char *value = pf_response_next(r, "content-length", &cursor, &n);
    uint64_t length;

    return value && pf_text_u64(value, n, &length) ? length : PF_LENGTH_UNKNOWN;
}

static void on_head(struct pf_h2 *h2, struct pf_stream *s)
{
    struct pf_response *r = s->response;
    enum fetch_error e;

    if (r->progress >= PF_PROGRESS_BODY)
        return;            /* trailers */
    if (r->status < 200) { /* nghttp2 refuses 101 */
        pf_response_drop_fields(r);
        r->mem.len = 0;
        return;
    }
    r->protocol = "h2";
    e = pf_response_head_end(r, r->status, r->mem.len, told_length(r));
    if (e != FETCH_OK)
        fail_stream(h2, s, e);
}

/* --------------------------------------------------------------- bodies -- */

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes,
                   size_t n, void *arg)
{
    struct pf_stream *s = stream_of(arg, id);
    struct pf_h2 *h2 = arg;
    enum fetch_error e;

    (void)session;
    (void)flags;
    brought_something(h2);
    if (!s)
        return 0;
    s->body_bytes += n;
    e = pf_response_append(s->response, (const char *)bytes, n);
    if (e != FETCH_OK)
        fail_stream(h2, s, e);
    return 0;
}

/* ----------------------------------------------------------------- ends -- */

/* Where an answer has begun the peer has looked at the request, whatever it says. */
static enum fetch_error error_of_code(struct pf_stream *s, uint32_t code)
{
    bool began = s->response->progress > PF_PROGRESS_NONE;

    switch (code) {
    case NGHTTP2_REFUSED_STREAM:
        s->unprocessed = !began;
        break;
    case NGHTTP2_HTTP_1_1_REQUIRED:
        s->unprocessed = s->wants_h1 = !began;
        break;
    case NGHTTP2_ENHANCE_YOUR_CALM:
        s->calm = true;
        break;
    case NGHTTP2_PROTOCOL_ERROR:
    case NGHTTP2_COMPRESSION_ERROR:
    case NGHTTP2_FLOW_CONTROL_ERROR:
    case NGHTTP2_FRAME_SIZE_ERROR:
        return FETCH_E_PROTOCOL;
    default:
        break;
    }
    return began ? FETCH_E_TRUNCATED : FETCH_E_LOST;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *arg)
{
    struct pf_stream *s = stream_of(arg, id);
    struct pf_response *r;
    enum fetch_error e;

    (void)session;
    pf_h2_request_drop_body(arg, id);
    if (!s)
        return 0;
    r = s->response;
    /* RST_STREAM may say NO_ERROR too. */
    if (code == NGHTTP2_NO_ERROR && s->whole && r->progress == PF_PROGRESS_BODY) {
        e = pf_response_end(r);
    } else {
        e = error_of_code(s, code == NGHTTP2_NO_ERROR ? NGHTTP2_CANCEL : code);
        r->detail = nghttp2_http2_strerror(code);
    }
    pf_h2_stream_end(arg, s, e);
    return 0;
}

/* A request that never went out, since the peer is going away.  Rare: a walk will do. */
static int on_frame_not_sent(nghttp2_session *session, const nghttp2_frame *frame, int error,
                             void *arg)
{
    struct pf_h2 *h2 = arg;

    (void)session;
    if (frame->hd.type != NGHTTP2_HEADERS)
        return 0;
    pf_h2_request_drop_body(h2, frame->hd.stream_id);
    for (struct pf_link *l = h2->active_list.next; l != &h2->active_list; l = l->next) {
        struct pf_stream *s = PF_LIST_ENTRY(l, struct pf_stream, link);

        if (s->id == frame->hd.stream_id) {
            s->unprocessed = error != NGHTTP2_ERR_FRAME_SIZE_ERROR;
            pf_h2_stream_end(h2, s, s->unprocessed ? FETCH_E_LOST : FETCH_E_TOO_LARGE);
            break;
        }
    }
    return 0;
}

/* nghttp2 would end them too, but in no order: whoever was first is to stay so. */
static void on_goaway(struct pf_h2 *h2, int32_t last)
{
    struct pf_link *l = h2->active_list.next;

    h2->closing = true;
    while (l != &h2->active_list) {
        struct pf_stream *s = PF_LIST_ENTRY(l, struct pf_stream, link);

        l = l->next;
        if (s->id > last) {
            s->response->detail = nghttp2_http2_strerror(NGHTTP2_REFUSED_STREAM);
            pf_h2_stream_end(h2, s, error_of_code(s, NGHTTP2_REFUSED_STREAM));
        }
    }
}

/* The peer allows fewer streams than were begun: those that it has not seen need not wait for it.
 * They are the last in the list. */
static void on_limit(struct pf_h2 *h2)
{
    unsigned limit = pf_h2_limit(h2), beyond = h2->active > limit ? h2->active - limit : 0;
    struct pf_link *l = &h2->active_list;

    while (beyond-- > 0 && PF_LIST_ENTRY(l->prev, struct pf_stream, link)->id > h2->last_sent)
        l = l->prev;
    while (l != &h2->active_list) {
        struct pf_stream *s = PF_LIST_ENTRY(l, struct pf_stream, link);

        l = l->next;
        s->unprocessed = true;
        s->response->detail = "the server takes no more for now";
        fail_stream(h2, s, FETCH_E_LOST);
    }
}

static bool ends_stream(const nghttp2_frame *frame)
{
    return (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS) &&
           (frame->hd.flags & NGHTTP2_FLAG_END_STREAM);
}

static bool brings_something(const nghttp2_frame *frame)
{
    return frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_GOAWAY ||
           (frame->hd.type == NGHTTP2_DATA &&
            (frame->hd.length > frame->data.padlen || ends_stream(frame)));
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    struct pf_h2 *h2 = arg;
    struct pf_stream *s = stream_of(h2, frame->hd.stream_id);

    (void)session;
    if (brings_something(frame))
        brought_something(h2);
    else if (++h2->idle_frames > IDLE_FRAMES_MAX)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    if (s && ends_stream(frame))
        s->whole = true;
    if (frame->hd.type == NGHTTP2_SETTINGS && !(frame->hd.flags & NGHTTP2_FLAG_ACK)) {
        h2->told = true;
        on_limit(h2);
    } else if (frame->hd.type == NGHTTP2_HEADERS && s) {
        on_head(h2, s);
    } else if (frame->hd.type == NGHTTP2_GOAWAY) {
        on_goaway(h2, frame->goaway.last_stream_id);
    }
    return 0;
}

/* A frame of a kind that is not known is dropped (RFC 9113 section 4.1), but counted: on_frame(). */
static int on_strange_frame(nghttp2_session *session, void **payload, const nghttp2_frame_hd *head,
                            void *arg)
{
    (void)session;
    (void)head;
    (void)arg;
    *payload = NULL;
    return 0;
}

/* A GOAWAY is sent where nghttp2 has found a fault of the connection's: it looks at nothing that
 * comes now. */
static int on_frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    struct pf_h2 *h2 = arg;

    (void)session;
    if (frame->hd.type == NGHTTP2_HEADERS)
        h2->last_sent = frame->hd.stream_id;
    else if (frame->hd.type == NGHTTP2_GOAWAY)
        pf_h2_eof(h2, FETCH_E_PROTOCOL);
    return 0;
}

void pf_h2_stream_callbacks(nghttp2_session_callbacks *callbacks)
{
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_unpack_extension_callback(callbacks, on_strange_frame);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, on_frame_not_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
}
