/*
 * HTTP/2 without a socket: a client's side of a connection (protocol/h2.h), and frames made by hand
 * for it to take, good and bad.  What it sends is taken apart into frames again.
 *
 *   wire_init(&w, max_body);
 *   wire_ask(&w);                       stream 1
 *   wire_settings(&b, 0, 0);
 *   wire_head(&b, 1, 0, ":status", "200", NULL);
 *   wire_data(&b, 1, WIRE_END_STREAM, "hello", 5);
 *   wire_feed_buf(&w, &b);
 *   w.ask[0].ended, .stream.error, .response
 */
#ifndef PF_TESTS_H2_WIRE_H
#define PF_TESTS_H2_WIRE_H

#include <stdarg.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/limits.h"
#include "protocol/h2.h"
#include "unit/unit.h"

enum wire_type {
    WIRE_DATA = 0,
    WIRE_HEADERS = 1,
    WIRE_PRIORITY = 2,
    WIRE_RST_STREAM = 3,
    WIRE_SETTINGS = 4,
    WIRE_PUSH_PROMISE = 5,
    WIRE_PING = 6,
    WIRE_GOAWAY = 7,
    WIRE_WINDOW_UPDATE = 8,
    WIRE_CONTINUATION = 9
};
#define WIRE_END_STREAM 1u
#define WIRE_ACK 1u
#define WIRE_END_HEADERS 4u
#define WIRE_PADDED 8u

/* Of SETTINGS. */
#define WIRE_MAX_STREAMS 3
#define WIRE_INITIAL_WINDOW 4

#define WIRE_PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define WIRE_ASKS 128

struct wire_frame {
    uint8_t type, flags;
    uint32_t id;
    size_t len;
    const uint8_t *payload; /* in wire.sent */
};

struct wire_ask {
    struct pf_stream stream;
    struct pf_response response;
    bool ended;
};

struct wire {
    struct pf_h2 *h2;
    struct pf_request request; /* of every ask */
    size_t max_body;
    struct wire_ask ask[WIRE_ASKS];
    unsigned asks, ended;
    struct pf_buf sent;     /* by the client, preface included */
    size_t parsed;          /* of it */
    enum fetch_error error; /* of the last wire_feed() */
};

static inline void wire_buf(struct pf_buf *b)
{
    pf_buf_init(b, (size_t)1 << 28);
}

static inline uint32_t wire_u32(const void *at)
{
    const uint8_t *p = at;

    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* ------------------------------------------------------- making frames -- */

static inline void wire_put(struct pf_buf *b, const void *bytes, size_t n)
{
    ck_assert_int_eq(pf_buf_append(b, bytes, n), FETCH_OK);
}

static inline void wire_put_u32(struct pf_buf *b, uint32_t n)
{
    const uint8_t bytes[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8),
                              (uint8_t)n};

    wire_put(b, bytes, 4);
}

static inline void wire_frame(struct pf_buf *b, unsigned type, unsigned flags, uint32_t id,
                              const void *payload, size_t n)
{
    const uint8_t head[5] = {(uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, (uint8_t)type,
                             (uint8_t)flags};

    wire_put(b, head, 5);
    wire_put_u32(b, id);
    if (n > 0)
        wire_put(b, payload, n);
}

/* A SETTINGS frame with one entry; `id` 0: none. */
static inline void wire_settings(struct pf_buf *b, unsigned id, uint32_t value)
{
    const uint8_t entry[6] = {(uint8_t)(id >> 8),     (uint8_t)id,           (uint8_t)(value >> 24),
                              (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};

    wire_frame(b, WIRE_SETTINGS, 0, 0, entry, id ? 6 : 0);
}

/* A frame whose payload is one number, or two. */
static inline void wire_numbers(struct pf_buf *b, unsigned type, uint32_t id, unsigned count,
                                uint32_t first, uint32_t second)
{
    struct pf_buf payload;

    wire_buf(&payload);
    wire_put_u32(&payload, first);
    if (count > 1)
        wire_put_u32(&payload, second);
    wire_frame(b, type, 0, id, payload.data, payload.len);
    pf_buf_fini(&payload);
}

static inline void wire_reset(struct pf_buf *b, uint32_t id, uint32_t code)
{
    wire_numbers(b, WIRE_RST_STREAM, id, 1, code, 0);
}

static inline void wire_goaway(struct pf_buf *b, uint32_t last, uint32_t code)
{
    wire_numbers(b, WIRE_GOAWAY, 0, 2, last, code);
}

static inline void wire_data(struct pf_buf *b, uint32_t id, unsigned flags, const void *bytes,
                             size_t n)
{
    wire_frame(b, WIRE_DATA, flags, id, bytes, n);
}

/* A string of HPACK (RFC 7541 section 5.2), not Huffman-coded. */
static inline void wire_string(struct pf_buf *b, const char *s, size_t n)
{
    uint8_t byte = (uint8_t)(n < 127 ? n : 127);

    wire_put(b, &byte, 1);
    if (n >= 127) {
        size_t left = n - 127;

        for (; left >= 128; left >>= 7) {
            byte = (uint8_t)((left & 127) | 128);
            wire_put(b, &byte, 1);
        }
        byte = (uint8_t)left;
        wire_put(b, &byte, 1);
    }
    wire_put(b, s, n);
}

/* A field that is indexed nowhere. */
static inline void wire_field(struct pf_buf *b, const char *name, const char *value)
{
    wire_put(b, "", 1);
    wire_string(b, name, strlen(name));
    wire_string(b, value, strlen(value));
}

/* A header block in as many frames as it needs. */
static inline void wire_block(struct pf_buf *b, uint32_t id, unsigned flags,
                              const struct pf_buf *block)
{
    size_t at = 0;

    do {
        size_t n = block->len - at < 16384 ? block->len - at : 16384;
        unsigned end = at + n == block->len ? WIRE_END_HEADERS : 0;

        wire_frame(b, at == 0 ? WIRE_HEADERS : WIRE_CONTINUATION, (at == 0 ? flags : 0) | end, id,
                   block->data + at, n);
        at += n;
    } while (at < block->len);
}

/* Names and values up to a NULL. */
__attribute__((sentinel)) static inline void wire_head(struct pf_buf *b, uint32_t id,
                                                       unsigned flags, ...)
{
    struct pf_buf block;
    const char *name;
    va_list ap;

    wire_buf(&block);
    va_start(ap, flags);
    while ((name = va_arg(ap, const char *)))
        wire_field(&block, name, va_arg(ap, const char *));
    va_end(ap);
    wire_block(b, id, flags, &block);
    pf_buf_fini(&block);
}

/* A whole small answer: 200, "hello". */
static inline void wire_hello(struct pf_buf *b, uint32_t id)
{
    wire_head(b, id, 0, ":status", "200", "content-length", "5", NULL);
    wire_data(b, id, WIRE_END_STREAM, "hello", 5);
}

/* ---------------------------------------------------------- the client -- */

static inline void wire_init(struct wire *w, size_t max_body)
{
    static const struct pf_field field[] = {{"User-Agent", 10, "test", 4, false},
                                            {"accept-encoding", 15, "gzip", 4, false}};
    static const char path[] = "/?auth_key=demo&url=http%3A%2F%2Fexample.com%2F";

    memset(w, 0, sizeof *w);
    w->max_body = max_body;
    w->h2 = pf_h2_new(max_body);
    ck_assert_ptr_nonnull(w->h2);
    w->request = (struct pf_request){
        .method = "GET",
        .authority = "api.endpoint.test",
        .authority_len = 17,
        .path = path,
        .path_len = sizeof path - 1,
        .field = field,
        .field_count = 2,
    };
    wire_buf(&w->sent);
}

static inline void wire_fini(struct wire *w)
{
    pf_h2_free(w->h2);
    for (unsigned i = 0; i < w->asks; i++)
        pf_response_fini(&w->ask[i].response);
    pf_buf_fini(&w->sent);
}

/* What the client has to say goes to `sent`. */
static inline void wire_flush(struct wire *w)
{
    struct pf_buf out;

    wire_buf(&out);
    do {
        out.len = 0;
        ck_assert_int_eq(pf_h2_output(w->h2, &out), FETCH_OK);
        if (out.len > 0)
            wire_put(&w->sent, out.data, out.len);
    } while (out.len > 0);
    pf_buf_fini(&out);
}

/* Notes what has ended. */
static inline void wire_collect(struct wire *w)
{
    struct pf_stream *s;

    while ((s = pf_h2_ended(w->h2))) {
        struct wire_ask *ask = PF_LIST_ENTRY(s, struct wire_ask, stream);

        ck_assert_msg(!ask->ended, "ended twice");
        ck_assert_int_eq(s->id, 0);
        ck_assert_int_eq(s->error == FETCH_OK, ask->response.progress == PF_PROGRESS_DONE);
        ask->ended = true;
        w->ended++;
    }
}

static inline enum fetch_error wire_try_ask(struct wire *w)
{
    struct wire_ask *ask = &w->ask[w->asks];
    enum fetch_error e;

    ck_assert_uint_lt(w->asks, WIRE_ASKS);
    pf_response_init(&ask->response, w->max_body, 256);
    ask->ended = false;
    e = pf_h2_start(w->h2, &ask->stream, &w->request, &ask->response);
    if (e == FETCH_OK)
        w->asks++;
    return e;
}

/* A stream, and its HEADERS on their way. */
static inline struct wire_ask *wire_ask(struct wire *w)
{
    ck_assert_int_eq(wire_try_ask(w), FETCH_OK);
    wire_flush(w);
    return &w->ask[w->asks - 1];
}

static inline enum fetch_error wire_feed(struct wire *w, const void *bytes, size_t n)
{
    w->error = pf_h2_receive(w->h2, bytes, n);
    wire_collect(w);
    wire_flush(w);
    wire_collect(w);
    return w->error;
}

/* Empties the buffer. */
static inline enum fetch_error wire_feed_buf(struct wire *w, struct pf_buf *b)
{
    enum fetch_error e = wire_feed(w, b->data, b->len);

    b->len = 0;
    return e;
}

static inline void wire_eof(struct wire *w, enum fetch_error error)
{
    pf_h2_eof(w->h2, error);
    wire_collect(w);
}

/* The next frame that the client has sent; false: there is none. */
static inline bool wire_next(struct wire *w, struct wire_frame *f)
{
    const uint8_t *at;

    if (w->parsed == 0) {
        ck_assert_uint_ge(w->sent.len, sizeof WIRE_PREFACE - 1);
        ck_assert_mem_eq(w->sent.data, WIRE_PREFACE, sizeof WIRE_PREFACE - 1);
        w->parsed = sizeof WIRE_PREFACE - 1;
    }
    if (w->parsed == w->sent.len)
        return false;
    ck_assert_uint_ge(w->sent.len - w->parsed, 9);
    at = (const uint8_t *)w->sent.data + w->parsed;
    f->len = wire_u32(at) >> 8;
    f->type = at[3];
    f->flags = at[4];
    f->id = wire_u32(at + 5);
    f->payload = at + 9;
    w->parsed += 9 + f->len;
    ck_assert_uint_le(w->parsed, w->sent.len);
    return true;
}

/* The next of a type, those before it dropped; false: there is none. */
static inline bool wire_find(struct wire *w, unsigned type, struct wire_frame *f)
{
    while (wire_next(w, f))
        if (f->type == type)
            return true;
    return false;
}

static inline void wire_check_hello(const struct wire_ask *ask)
{
    const struct pf_response *r = &ask->response;

    ck_assert(ask->ended);
    ck_assert_msg(ask->stream.error == FETCH_OK, "%s", r->detail ? r->detail : "no reason");
    ck_assert_int_eq(r->status, 200);
    ck_assert_str_eq(r->protocol, "h2");
    ck_assert_uint_eq(r->body_len, 5);
    ck_assert_mem_eq(r->mem.data + r->body_at, "hello", 5);
}

static inline void wire_check_failed(const struct wire_ask *ask, enum fetch_error error)
{
    ck_assert(ask->ended);
    ck_assert_msg(ask->stream.error == error, "%s: %s", fetch_strerror(ask->stream.error),
                  ask->response.detail ? ask->response.detail : "no reason");
}

/*
 * `streams` asks, then the script cut in two at every byte, the client heard between both; `check`
 * looks at the result of each.
 */
static inline void wire_every_cut(const struct pf_buf *script, size_t max_body, unsigned streams,
                                  void (*check)(struct wire *w))
{
    struct unit_guard guard = {0};

    for (size_t cut = 0; cut < script->len; cut++) {
        size_t rest = script->len - cut;
        struct wire w;

        wire_init(&w, max_body);
        for (unsigned i = 0; i < streams; i++)
            wire_ask(&w);
        if (cut == 0 || wire_feed(&w, unit_guard_put(&guard, script->data, cut), cut) == FETCH_OK)
            (void)wire_feed(&w, unit_guard_put(&guard, script->data + cut, rest), rest);
        check(&w);
        wire_fini(&w);
    }
    unit_guard_fini(&guard);
}

#endif
