/* HTTP/2 without a socket: what a peer can do wrong, and what it costs: a stream, or the connection
 * with an error, and bounded memory whatever comes. */
#include "unit/h2_wire.h"

#include <nghttp2/nghttp2.h>
#include <stdio.h>

#define MAX_BODY ((size_t)1 << 20)

static void begin(struct pf_buf *b)
{
    wire_buf(b);
    wire_settings(b, WIRE_MAX_STREAMS, 100);
}

/* The connection stands and serves a further stream `id`. */
static void goes_on(struct wire *w, uint32_t id)
{
    struct wire_ask *ask = wire_ask(w);
    struct pf_buf b;

    wire_buf(&b);
    wire_hello(&b, id);
    ck_assert_int_eq(wire_feed_buf(w, &b), FETCH_OK);
    wire_check_hello(ask);
    ck_assert(!pf_h2_is_closing(w->h2));
    pf_buf_fini(&b);
}

/* ------------------------------------------------------- faulty answers -- */

static void is_bad_and_goes_on(struct wire *w)
{
    wire_check_failed(&w->ask[0], FETCH_E_PROTOCOL);
    ck_assert(!w->ask[0].stream.unprocessed);
    ck_assert_ptr_nonnull(w->ask[0].response.detail);
    goes_on(w, 3);
}

START_TEST(a_length_that_is_not_kept)
{
    struct pf_buf b;

    begin(&b);
    if (_i == 0) {
        wire_head(&b, 1, 0, ":status", "200", "content-length", "6", NULL);
        wire_data(&b, 1, WIRE_END_STREAM, "hello", 5);
    } else if (_i == 1) {
        wire_head(&b, 1, 0, ":status", "200", "content-length", "4", NULL);
        wire_data(&b, 1, WIRE_END_STREAM, "hello", 5);
    } else if (_i == 2) {
        wire_head(&b, 1, WIRE_END_STREAM, ":status", "200", "content-length", "4", NULL);
    } else {
        wire_head(&b, 1, 0, ":status", "204", NULL);
        wire_data(&b, 1, WIRE_END_STREAM, "hello", 5);
    }
    wire_every_cut(&b, MAX_BODY, 1, is_bad_and_goes_on);
    pf_buf_fini(&b);
}
END_TEST

/* Malformed answers (RFC 9113 section 8.1.1) cost their stream. */
START_TEST(a_malformed_head)
{
    struct pf_buf b;

    begin(&b);
    switch (_i) {
    case 0:
        wire_head(&b, 1, 0, "a", "b", NULL);
        break;
    case 1:
        wire_head(&b, 1, 0, ":status", "abc", NULL);
        break;
    case 2:
        wire_head(&b, 1, 0, "a", "b", ":status", "200", NULL);
        break;
    case 3:
        wire_head(&b, 1, 0, ":status", "200", ":status", "200", NULL);
        break;
    case 4:
        wire_head(&b, 1, 0, ":status", "200", "connection", "close", NULL);
        break;
    case 5:
        wire_head(&b, 1, 0, ":status", "101", NULL);
        break;
    case 6:
        wire_head(&b, 1, 0, ":status", "200", "content-length", "1", "content-length", "2", NULL);
        break;
    default:
        wire_head(&b, 1, WIRE_END_STREAM, ":status", "100", NULL);
        break;
    }
    wire_every_cut(&b, MAX_BODY, 1, is_bad_and_goes_on);
    pf_buf_fini(&b);
}
END_TEST

/* Upper case, CR, LF and NUL never reach a page. */
START_TEST(no_field_that_http_forbids_reaches_a_page)
{
    static const char *const bad[][2] = {{"X-Up", "v"}, {"a b", "v"}, {"a", "b\r\nc: d"}};
    struct pf_buf b;
    struct wire w;

    begin(&b);
    wire_init(&w, MAX_BODY);
    wire_ask(&w);
    wire_head(&b, 1, 0, ":status", "200", bad[_i][0], bad[_i][1], NULL);
    wire_data(&b, 1, WIRE_END_STREAM, "hello", 5);
    (void)wire_feed_buf(&w, &b);
    ck_assert(w.ask[0].ended);
    if (w.ask[0].stream.error == FETCH_OK)
        ck_assert_uint_eq(w.ask[0].response.field_count, 0);
    else
        wire_check_failed(&w.ask[0], FETCH_E_PROTOCOL);
    pf_buf_fini(&b);
    wire_fini(&w);
}
END_TEST

/* ------------------------------------------------------------ the limits -- */

static const char *filler(size_t n)
{
    static char text[65536];

    memset(text, 'x', n);
    text[n] = '\0';
    return text;
}

/* The head, interim ones included, is at most 96 KiB and 512 fields. */
START_TEST(a_head_over_its_limit)
{
    struct pf_buf b, block;
    struct wire w;

    begin(&b);
    wire_buf(&block);
    wire_init(&w, MAX_BODY);
    wire_ask(&w);
    wire_field(&block, ":status", "200");
    for (int i = 0; i < (_i == 0 ? 4 : (int)PF_MAX_FIELDS + 1); i++)
        wire_field(&block, "a", filler(_i == 0 ? 30000 : 1));
    wire_block(&b, 1, 0, &block);
    ck_assert_int_eq(wire_feed_buf(&w, &b), FETCH_OK);
    wire_check_failed(&w.ask[0], FETCH_E_TOO_LARGE);
    ck_assert_uint_le(w.ask[0].response.mem.cap, 2 * PF_MAX_HEAD);
    wire_data(&b, 1, WIRE_END_STREAM, "late", 4); /* of the stream that was given up */
    ck_assert_int_eq(wire_feed_buf(&w, &b), FETCH_OK);
    goes_on(&w, 3);
    pf_buf_fini(&block);
    pf_buf_fini(&b);
    wire_fini(&w);
}
END_TEST

START_TEST(a_head_within_its_limit)
{
    struct pf_buf b, block;
    struct wire w;

    begin(&b);
    wire_buf(&block);
    wire_init(&w, MAX_BODY);
    wire_ask(&w);
    wire_field(&block, ":status", "200");
    for (int i = 0; i < (_i == 0 ? 3 : (int)PF_MAX_FIELDS); i++)
        wire_field(&block, "a", filler(_i == 0 ? 32000 : 1));
    wire_block(&b, 1, 0, &block);
    wire_data(&b, 1, WIRE_END_STREAM, "hello", 5);
    ck_assert_int_eq(wire_feed_buf(&w, &b), FETCH_OK);
    wire_check_hello(&w.ask[0]);
    pf_buf_fini(&block);
    pf_buf_fini(&b);
    wire_fini(&w);
}
END_TEST

START_TEST(interim_answers_without_end)
{
    struct pf_buf b;
    struct wire w;

    begin(&b);
    wire_init(&w, MAX_BODY);
    wire_ask(&w);
    for (int i = 0; i < 5000 && !w.ask[0].ended; i++) {
        wire_head(&b, 1, 0, ":status", "103", "link", filler(100), NULL);
        ck_assert_int_eq(wire_feed_buf(&w, &b), FETCH_OK);
        ck_assert_uint_le(w.ask[0].response.mem.cap, 2 * PF_MAX_HEAD);
    }
    wire_check_failed(&w.ask[0], FETCH_E_TOO_LARGE);
    goes_on(&w, 3);
    pf_buf_fini(&b);
    wire_fini(&w);
}
END_TEST

/* ---------------------------------------------------------- RST_STREAM -- */

static const struct {
    uint32_t code;
    enum fetch_error before, within; /* the answer */
    bool unprocessed, wants_h1, calm;
} reset[] = {
    {NGHTTP2_NO_ERROR, FETCH_E_LOST, FETCH_E_TRUNCATED, false, false, false},
    {NGHTTP2_PROTOCOL_ERROR, FETCH_E_PROTOCOL, FETCH_E_PROTOCOL, false, false, false},
    {NGHTTP2_INTERNAL_ERROR, FETCH_E_LOST, FETCH_E_TRUNCATED, false, false, false},
    {NGHTTP2_FLOW_CONTROL_ERROR, FETCH_E_PROTOCOL, FETCH_E_PROTOCOL, false, false, false},
    {NGHTTP2_STREAM_CLOSED, FETCH_E_LOST, FETCH_E_TRUNCATED, false, false, false},
    {NGHTTP2_REFUSED_STREAM, FETCH_E_LOST, FETCH_E_TRUNCATED, true, false, false},
    {NGHTTP2_CANCEL, FETCH_E_LOST, FETCH_E_TRUNCATED, false, false, false},
    {NGHTTP2_ENHANCE_YOUR_CALM, FETCH_E_LOST, FETCH_E_TRUNCATED, false, false, true},
    {NGHTTP2_INADEQUATE_SECURITY, FETCH_E_LOST, FETCH_E_TRUNCATED, false, false, false},
    {NGHTTP2_HTTP_1_1_REQUIRED, FETCH_E_LOST, FETCH_E_TRUNCATED, true, true, false},
    {0xfffffff0, FETCH_E_LOST, FETCH_E_TRUNCATED, false, false, false},
};
#define RESETS ((int)(sizeof reset / sizeof *reset))

static int which;

static void is_reset(struct wire *w, bool within)
{
    const struct wire_ask *ask = &w->ask[0];

    ck_assert_int_eq(w->error, FETCH_OK);
    wire_check_failed(ask, within ? reset[which].within : reset[which].before);
    ck_assert_int_eq(ask->stream.unprocessed, !within && reset[which].unprocessed);
    ck_assert_int_eq(ask->stream.wants_h1, !within && reset[which].wants_h1);
    ck_assert_int_eq(ask->stream.calm, reset[which].calm);
    goes_on(w, 3);
}

static void is_reset_before(struct wire *w)
{
    is_reset(w, false);
}

static void is_reset_within(struct wire *w)
{
    is_reset(w, true);
}

START_TEST(a_reset_before_the_answer)
{
    struct pf_buf b;

    which = _i;
    begin(&b);
    wire_reset(&b, 1, reset[_i].code);
    wire_every_cut(&b, MAX_BODY, 1, is_reset_before);
    pf_buf_fini(&b);
}
END_TEST

/* Half a page is never taken for a whole one, and never for one that was not looked at. */
START_TEST(a_reset_within_the_answer)
{
    struct pf_buf b;

    which = _i;
    begin(&b);
    wire_head(&b, 1, 0, ":status", "200", NULL);
    wire_data(&b, 1, 0, "hel", 3);
    wire_reset(&b, 1, reset[_i].code);
    wire_every_cut(&b, MAX_BODY, 1, is_reset_within);
    pf_buf_fini(&b);
}
END_TEST

/* -------------------------------------------------------------- GOAWAY -- */

static void the_first_finishes(struct wire *w)
{
    ck_assert_int_eq(w->error, FETCH_OK);
    wire_check_hello(&w->ask[0]);
    for (int i = 1; i < 3; i++) {
        wire_check_failed(&w->ask[i], FETCH_E_LOST);
        ck_assert(w->ask[i].stream.unprocessed);
    }
    ck_assert(pf_h2_is_closing(w->h2));
    ck_assert_uint_eq(pf_h2_room(w->h2), 0);
    ck_assert_int_eq(wire_try_ask(w), FETCH_E_CLOSED);
}

START_TEST(goaway_sends_streams_above_its_last_away)
{
    struct pf_buf b;

    begin(&b);
    if (_i == 1) /* a warning first (RFC 9113 section 6.8) */
        wire_goaway(&b, INT32_MAX, NGHTTP2_NO_ERROR);
    wire_goaway(&b, 1, NGHTTP2_NO_ERROR);
    wire_hello(&b, 1);
    wire_every_cut(&b, MAX_BODY, 3, the_first_finishes);
    pf_buf_fini(&b);
}
END_TEST

/* What is still in line when the peer goes away was not looked at either. */
START_TEST(goaway_sends_those_in_line_away)
{
    struct pf_buf b;
    struct wire w;

    wire_buf(&b);
    wire_init(&w, MAX_BODY);
    wire_settings(&b, WIRE_MAX_STREAMS, 1);
    ck_assert_int_eq(wire_feed_buf(&w, &b), FETCH_OK);
    wire_ask(&w);
    ck_assert_int_eq(wire_try_ask(&w), FETCH_OK);
    wire_goaway(&b, INT32_MAX, NGHTTP2_NO_ERROR);
    ck_assert_int_eq(wire_feed_buf(&w, &b), FETCH_OK);
    ck_assert(!w.ask[0].ended);
    wire_hello(&b, 1);
    ck_assert_int_eq(wire_feed_buf(&w, &b), FETCH_OK);
    wire_check_hello(&w.ask[0]);
    wire_check_failed(&w.ask[1], FETCH_E_LOST);
    ck_assert(w.ask[1].stream.unprocessed);
    pf_buf_fini(&b);
    wire_fini(&w);
}
END_TEST

/* An answer that has begun was looked at, whatever the peer says. */
START_TEST(goaway_cannot_unsay_an_answer)
{
    struct pf_buf b;
    struct wire w;

    begin(&b);
    wire_init(&w, MAX_BODY);
    wire_ask(&w);
    wire_head(&b, 1, 0, ":status", "200", NULL);
    wire_data(&b, 1, 0, "hel", 3);
    wire_goaway(&b, 0, NGHTTP2_NO_ERROR);
    ck_assert_int_eq(wire_feed_buf(&w, &b), FETCH_OK);
    wire_check_failed(&w.ask[0], FETCH_E_TRUNCATED);
    ck_assert(!w.ask[0].stream.unprocessed);
    pf_buf_fini(&b);
    wire_fini(&w);
}
END_TEST

/* ------------------------------------------------- concurrent streams -- */

static unsigned heads_sent(struct wire *w)
{
    struct wire_frame f;
    unsigned n = 0;

    while (wire_find(w, WIRE_HEADERS, &f))
        n++;
    return n;
}

static void tell_limit(struct wire *w, uint32_t limit)
{
    struct pf_buf b;

    wire_buf(&b);
    wire_settings(&b, WIRE_MAX_STREAMS, limit);
    ck_assert_int_eq(wire_feed_buf(w, &b), FETCH_OK);
    ck_assert(pf_h2_was_told(w->h2));
    ck_assert_uint_eq(pf_h2_limit(w->h2), limit);
    pf_buf_fini(&b);
}

START_TEST(the_peer_s_limit_is_room)
{
    struct pf_buf b;
    struct wire w;

    wire_buf(&b);
    wire_init(&w, MAX_BODY);
    tell_limit(&w, 1);
    ck_assert_uint_eq(pf_h2_room(w.h2), 1);
    wire_ask(&w);
    ck_assert_uint_eq(pf_h2_room(w.h2), 0);
    ck_assert_uint_eq(heads_sent(&w), 1);
    tell_limit(&w, 3); /* raised */
    ck_assert_uint_eq(pf_h2_room(w.h2), 2);
    wire_ask(&w);
    wire_ask(&w);
    ck_assert_uint_eq(heads_sent(&w), 2);
    tell_limit(&w, 0); /* lowered under what is there, which goes on */
    ck_assert_uint_eq(pf_h2_room(w.h2), 0);
    for (uint32_t id = 1; id <= 5; id += 2)
        wire_hello(&b, id);
    ck_assert_int_eq(wire_feed_buf(&w, &b), FETCH_OK);
    for (int i = 0; i < 3; i++)
        wire_check_hello(&w.ask[i]);
    ck_assert_uint_eq(pf_h2_room(w.h2), 0);
    ck_assert(!pf_h2_is_closing(w.h2));
    tell_limit(&w, 2);
    ck_assert_uint_eq(pf_h2_room(w.h2), 2);
    goes_on(&w, 7);
    pf_buf_fini(&b);
    wire_fini(&w);
}
END_TEST

/* Those that were begun before the peer spoke, and are too many, go elsewhere unless they are on
 * their way. */
START_TEST(a_limit_that_comes_late_is_kept)
{
    unsigned limit = _i == 0 ? 0 : 10, sent = _i == 2 ? 40 : 0, left = sent > limit ? sent : limit;
    struct pf_buf b;
    struct wire w;

    wire_buf(&b);
    wire_init(&w, MAX_BODY);
    for (unsigned i = 0; i < 100; i++) {
        ck_assert_int_eq(wire_try_ask(&w), FETCH_OK);
        if (i + 1 == sent)
            wire_flush(&w);
    }
    ck_assert_uint_eq(pf_h2_room(w.h2), 0);
    tell_limit(&w, limit);
    ck_assert_uint_eq(heads_sent(&w), left);
    ck_assert_uint_eq(w.ended, 100 - left);
    ck_assert_uint_eq(pf_h2_active(w.h2), left);
    for (unsigned i = left; i < 100; i++) {
        wire_check_failed(&w.ask[i], FETCH_E_LOST);
        ck_assert(w.ask[i].stream.unprocessed);
    }
    for (uint32_t i = 0; i < left; i++)
        wire_hello(&b, 2 * i + 1);
    if (left > 0)
        ck_assert_int_eq(wire_feed_buf(&w, &b), FETCH_OK);
    for (unsigned i = 0; i < left; i++)
        wire_check_hello(&w.ask[i]);
    tell_limit(&w, 100);
    ck_assert_uint_eq(heads_sent(&w), 0); /* those that left are not sent later */
    ck_assert_uint_eq(pf_h2_room(w.h2), 100);
    pf_buf_fini(&b);
    wire_fini(&w);
}
END_TEST

START_TEST(no_limit_is_still_one)
{
    struct pf_buf b;
    struct wire w;

    wire_buf(&b);
    wire_init(&w, MAX_BODY);
    wire_settings(&b, 0, 0);
    ck_assert_int_eq(wire_feed_buf(&w, &b), FETCH_OK);
    ck_assert(pf_h2_was_told(w.h2));
    ck_assert_uint_ge(pf_h2_limit(w.h2), 100);
    ck_assert_uint_le(pf_h2_limit(w.h2), PF_MAX_STREAMS);
    wire_settings(&b, WIRE_MAX_STREAMS, 0x7fffffff);
    ck_assert_int_eq(wire_feed_buf(&w, &b), FETCH_OK);
    ck_assert_uint_eq(pf_h2_limit(w.h2), PF_MAX_STREAMS);
    pf_buf_fini(&b);
    wire_fini(&w);
}
END_TEST

/* ----------------------------------------------------------- bad frames -- */

static void is_a_bad_connection(struct wire *w)
{
    struct wire_frame f;

    ck_assert_int_eq(w->error, FETCH_E_PROTOCOL);
    for (int i = 0; i < 2; i++)
        wire_check_failed(&w->ask[i], FETCH_E_PROTOCOL);
    ck_assert(pf_h2_is_closing(w->h2));
    ck_assert_uint_eq(pf_h2_active(w->h2), 0);
    ck_assert_uint_eq(pf_h2_room(w->h2), 0);
    ck_assert_int_eq(wire_try_ask(w), FETCH_E_CLOSED);
    ck_assert(wire_find(w, WIRE_GOAWAY, &f));
    ck_assert_uint_ne(wire_u32(f.payload + 4), NGHTTP2_NO_ERROR);
}

static const struct {
    unsigned type, flags;
    uint32_t id;
    const char *payload;
    size_t n;
} bad_frame[] = {
    {WIRE_DATA, 0, 0, "x", 1},                                  /* on no stream                  */
    {WIRE_DATA, 0, 99, "x", 1},                                 /* that nobody opened            */
    {WIRE_DATA, WIRE_PADDED, 1, "\7x", 2},                      /* more padding than there is    */
    {WIRE_HEADERS, WIRE_END_HEADERS, 0, "\x88", 1},             /* on no stream                  */
    {WIRE_HEADERS, WIRE_END_HEADERS, 99, "\x88", 1},            /* that nobody opened            */
    {WIRE_HEADERS, WIRE_END_HEADERS, 2, "\x88", 1},             /* that it may not open          */
    {WIRE_HEADERS, WIRE_END_HEADERS, 1, "\xff\xff\x7f", 3},     /* an index that is not there   */
    {WIRE_HEADERS, WIRE_END_HEADERS, 1, "\x3f\xff\xff\x7f", 4}, /* a table that is too large */
    {WIRE_RST_STREAM, 0, 0, "\0\0\0\1", 4},
    {WIRE_RST_STREAM, 0, 99, "\0\0\0\1", 4},
    {WIRE_RST_STREAM, 0, 1, "\0\0\1", 3},
    {WIRE_SETTINGS, 0, 1, "", 0},
    {WIRE_SETTINGS, 0, 0, "\0\3\0\0", 4},
    {WIRE_SETTINGS, WIRE_ACK, 0, "\0\3\0\0\0\1", 6},
    {WIRE_SETTINGS, 0, 0, "\0\2\0\0\0\2", 6},                    /* ENABLE_PUSH 2          */
    {WIRE_SETTINGS, 0, 0, "\0\4\xff\xff\xff\xff", 6},            /* a window over 2^31 - 1 */
    {WIRE_SETTINGS, 0, 0, "\0\5\0\0\0\1", 6},                    /* frames of 1 byte       */
    {WIRE_PUSH_PROMISE, WIRE_END_HEADERS, 1, "\0\0\0\2\x82", 5}, /* was refused         */
    {WIRE_PING, 0, 1, "12345678", 8},
    {WIRE_PING, 0, 0, "1234567", 7},
    {WIRE_GOAWAY, 0, 1, "\0\0\0\0\0\0\0\0", 8},
    {WIRE_GOAWAY, 0, 0, "\0\0\0\0", 4},
    {WIRE_WINDOW_UPDATE, 0, 0, "\0\0\0\0", 4},
    {WIRE_WINDOW_UPDATE, 0, 0, "\x7f\xff\xff\xff", 4}, /* over 2^31 - 1 in all */
    {WIRE_WINDOW_UPDATE, 0, 0, "\0\0\0", 3},
    {WIRE_CONTINUATION, WIRE_END_HEADERS, 1, "\x88", 1}, /* of nothing          */
};
#define BAD_FRAMES ((int)(sizeof bad_frame / sizeof *bad_frame))

START_TEST(a_bad_frame_ends_the_connection)
{
    struct pf_buf b;

    begin(&b);
    wire_frame(&b, WIRE_SETTINGS, WIRE_ACK, 0, "", 0);
    wire_frame(&b, bad_frame[_i].type, bad_frame[_i].flags, bad_frame[_i].id, bad_frame[_i].payload,
               bad_frame[_i].n);
    wire_every_cut(&b, MAX_BODY, 2, is_a_bad_connection);
    pf_buf_fini(&b);
}
END_TEST

/* It may have been sent before the peer heard that it is not wanted. */
START_TEST(an_early_push_is_refused)
{
    struct wire_frame f;
    struct pf_buf b, block;
    struct wire w;

    begin(&b);
    wire_buf(&block);
    wire_init(&w, MAX_BODY);
    wire_ask(&w);
    wire_put_u32(&block, 2);
    wire_field(&block, ":method", "GET");
    wire_field(&block, ":scheme", "http");
    wire_field(&block, ":authority", "example.com");
    wire_field(&block, ":path", "/pushed");
    wire_frame(&b, WIRE_PUSH_PROMISE, WIRE_END_HEADERS, 1, block.data, block.len);
    ck_assert_int_eq(wire_feed_buf(&w, &b), FETCH_OK);
    ck_assert(wire_find(&w, WIRE_RST_STREAM, &f));
    ck_assert_uint_eq(f.id, 2);
    wire_hello(&b, 2); /* was on its way */
    wire_hello(&b, 1);
    ck_assert_int_eq(wire_feed_buf(&w, &b), FETCH_OK);
    wire_check_hello(&w.ask[0]);
    pf_buf_fini(&block);
    pf_buf_fini(&b);
    wire_fini(&w);
}
END_TEST

START_TEST(what_is_no_http2_ends_the_connection)
{
    static const char h1[] = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n";
    struct pf_buf b;

    wire_buf(&b);
    switch (_i) {
    case 0: /* an HTTP/1.1 server */
        wire_put(&b, h1, sizeof h1 - 1);
        break;
    case 1: /* no SETTINGS first */
        wire_hello(&b, 1);
        break;
    case 2: /* a frame that is too large */
        wire_settings(&b, 0, 0);
        wire_put(&b, "\0\x40\1\0\0\0\0\0\1", 9);
        wire_put(&b, filler(64), 64);
        break;
    default: /* a head that another frame comes into */
        wire_settings(&b, 0, 0);
        wire_frame(&b, WIRE_HEADERS, 0, 1, "\x88", 1);
        wire_frame(&b, WIRE_PING, 0, 0, "12345678", 8);
        break;
    }
    wire_every_cut(&b, MAX_BODY, 2, is_a_bad_connection);
    pf_buf_fini(&b);
}
END_TEST

/* Going away in order is no excuse for what comes after. */
START_TEST(a_bad_frame_after_goaway)
{
    struct pf_buf b;
    struct wire w;

    begin(&b);
    wire_init(&w, MAX_BODY);
    wire_ask(&w);
    wire_goaway(&b, 1, NGHTTP2_NO_ERROR);
    ck_assert_int_eq(wire_feed_buf(&w, &b), FETCH_OK);
    wire_data(&b, 0, 0, "x", 1);
    (void)wire_feed_buf(&w, &b);
    wire_data(&b, 0, 0, "x", 1);
    (void)wire_feed_buf(&w, &b);
    wire_check_failed(&w.ask[0], FETCH_E_PROTOCOL);
    pf_buf_fini(&b);
    wire_fini(&w);
}
END_TEST

/* ---------------------------------------------------------------- floods -- */

enum { FLOODS = 13 };

static void flood(struct pf_buf *b, int kind)
{
    switch (kind) {
    case 0:
        wire_frame(b, WIRE_PING, 0, 0, "12345678", 8);
        break;
    case 1:
        wire_frame(b, WIRE_PING, WIRE_ACK, 0, "12345678", 8);
        break;
    case 2:
        wire_settings(b, WIRE_MAX_STREAMS, 100);
        break;
    case 3:
        wire_settings(b, 0, 0);
        break;
    case 4:
        wire_data(b, 1, 0, "", 0);
        break;
    case 5: /* full of padding */
        wire_data(b, 1, WIRE_PADDED, "\3\0\0\0", 4);
        break;
    case 6:
        wire_numbers(b, WIRE_WINDOW_UPDATE, 0, 1, 1, 0);
        break;
    case 7:
        wire_numbers(b, WIRE_WINDOW_UPDATE, 1, 1, 1, 0);
        break;
    case 8:
        wire_frame(b, WIRE_PRIORITY, 0, 1, "\0\0\0\0\7", 5);
        break;
    case 9: /* of no kind that there is */
        wire_frame(b, 0xfe, 0, 0, "1234", 4);
        break;
    case 10:
        wire_frame(b, 0x0a, 0xff, 1, "", 0);
        break;
    case 11:
        wire_frame(b, 0xff, 0, 7, filler(16384), 16384);
        break;
    default: /* PRIORITY_UPDATE, which is not for clients */
        wire_frame(b, 0x10, 0, 0, "\0\0\0\1", 4);
        break;
    }
}

/* It ends in an error while little has come; nothing grows with it, not what is to be sent either. */
START_TEST(a_flood_ends_the_connection)
{
    struct pf_buf b;
    struct wire w;
    int i;

    begin(&b);
    wire_init(&w, MAX_BODY);
    wire_ask(&w);
    wire_head(&b, 1, 0, ":status", "200", NULL);
    ck_assert_int_eq(wire_feed_buf(&w, &b), FETCH_OK);
    for (i = 0; i < 200000 && w.error == FETCH_OK; i++) {
        flood(&b, _i);
        w.error = pf_h2_receive(w.h2, b.data, b.len); /* and the peer does not read */
        b.len = 0;
    }
    ck_assert_int_eq(w.error, FETCH_E_PROTOCOL);
    wire_collect(&w);
    wire_flush(&w);
    wire_check_failed(&w.ask[0], FETCH_E_PROTOCOL);
    ck_assert_uint_le(w.ask[0].response.mem.cap, PF_MAX_HEAD);
    ck_assert_uint_lt(w.sent.len, 1 << 20);
    pf_buf_fini(&b);
    wire_fini(&w);
}
END_TEST

/* What comes for streams that are gone is dropped, but not without end. */
START_TEST(a_flood_for_a_stream_that_is_gone)
{
    struct pf_buf b;
    struct wire w;
    size_t fed = 0, before;

    begin(&b);
    wire_init(&w, MAX_BODY);
    wire_ask(&w);
    wire_ask(&w);
    wire_hello(&b, 1);
    ck_assert_int_eq(wire_feed_buf(&w, &b), FETCH_OK);
    wire_check_hello(&w.ask[0]);
    before = w.sent.len;
    for (int i = 0; i < 1000; i++)
        if (_i == 0)
            wire_data(&b, 1, 0, "", 0);
        else if (_i == 1)
            wire_numbers(&b, WIRE_WINDOW_UPDATE, 1, 1, 1, 0);
        else
            wire_data(&b, 1, 0, filler(1000), 1000);
    for (w.error = FETCH_OK; w.error == FETCH_OK && fed < (size_t)64 << 20; fed += b.len)
        w.error = pf_h2_receive(w.h2, b.data, b.len);
    ck_assert_int_eq(w.error, FETCH_E_PROTOCOL);
    ck_assert_uint_gt(fed, 12u << 20); /* as much may have been on its way */
    wire_collect(&w);
    wire_flush(&w);
    ck_assert_uint_lt(w.sent.len - before, 1 << 20);
    wire_check_failed(&w.ask[1], FETCH_E_PROTOCOL);
    pf_buf_fini(&b);
    wire_fini(&w);
}
END_TEST

/* Some of them now and then are none. */
START_TEST(no_flood)
{
    struct pf_buf b;
    struct wire w;

    begin(&b);
    wire_init(&w, MAX_BODY);
    wire_ask(&w);
    wire_head(&b, 1, 0, ":status", "200", NULL);
    for (int i = 0; i < 5000; i++) {
        flood(&b, _i);
        if (i % 100 == 0)
            wire_data(&b, 1, 0, "x", 1);
        ck_assert_int_eq(wire_feed_buf(&w, &b), FETCH_OK);
    }
    wire_data(&b, 1, WIRE_END_STREAM, "", 0);
    ck_assert_int_eq(wire_feed_buf(&w, &b), FETCH_OK);
    ck_assert_int_eq(w.ask[0].stream.error, FETCH_OK);
    ck_assert_uint_eq(w.ask[0].response.body_len, 50);
    pf_buf_fini(&b);
    wire_fini(&w);
}
END_TEST

/* Without end, and empty or full: a head that never is whole. */
START_TEST(a_flood_of_continuations_ends_the_connection)
{
    struct pf_buf b, field;
    struct wire w;
    int i;

    begin(&b);
    wire_buf(&field);
    wire_init(&w, MAX_BODY);
    wire_ask(&w);
    wire_field(&field, "a", filler(5000));
    wire_frame(&b, WIRE_HEADERS, 0, 1, "\x88", 1);
    for (i = 0; i < 100000 && w.error == FETCH_OK; i++) {
        wire_frame(&b, WIRE_CONTINUATION, 0, 1, field.data, _i == 0 ? 0 : field.len);
        (void)wire_feed_buf(&w, &b);
    }
    ck_assert_int_eq(w.error, FETCH_E_PROTOCOL);
    ck_assert(w.ask[0].ended);
    ck_assert_uint_le(w.ask[0].response.mem.cap, 2 * PF_MAX_HEAD);
    pf_buf_fini(&field);
    pf_buf_fini(&b);
    wire_fini(&w);
}
END_TEST

/* ------------------------------------------------------ cancels and ends -- */

START_TEST(a_cancelled_stream_is_reset_alone)
{
    struct wire_frame f;
    struct pf_buf b;
    struct wire w;

    begin(&b);
    wire_init(&w, MAX_BODY);
    wire_ask(&w);
    wire_ask(&w);
    if (_i == 1) {
        wire_head(&b, 1, 0, ":status", "200", NULL);
        wire_data(&b, 1, 0, "hel", 3);
    }
    ck_assert_int_eq(wire_feed_buf(&w, &b), FETCH_OK);
    pf_h2_cancel(w.h2, &w.ask[0].stream);
    ck_assert_int_eq(w.ask[0].stream.id, 0);
    ck_assert_uint_eq(pf_h2_active(w.h2), 1);
    wire_hello(&b, 3);
    if (_i == 1) /* was on its way */
        wire_data(&b, 1, 0, "lo", 2);
    ck_assert_int_eq(wire_feed_buf(&w, &b), FETCH_OK);
    ck_assert(wire_find(&w, WIRE_RST_STREAM, &f));
    ck_assert_uint_eq(f.id, 1);
    ck_assert_uint_eq(wire_u32(f.payload), NGHTTP2_CANCEL);
    ck_assert(!w.ask[0].ended);
    wire_check_hello(&w.ask[1]);
    goes_on(&w, 5);
    pf_buf_fini(&b);
    wire_fini(&w);
}
END_TEST

/* Nobody pays for what was never sent. */
START_TEST(a_stream_cancelled_in_line_is_never_sent)
{
    struct wire_frame f;
    struct wire w;

    wire_init(&w, MAX_BODY);
    tell_limit(&w, 100);
    ck_assert_int_eq(wire_try_ask(&w), FETCH_OK);
    ck_assert_int_eq(wire_try_ask(&w), FETCH_OK);
    pf_h2_cancel(w.h2, &w.ask[0].stream);
    wire_flush(&w);
    wire_collect(&w);
    ck_assert_uint_eq(w.ended, 0);
    ck_assert(wire_find(&w, WIRE_HEADERS, &f));
    ck_assert_uint_eq(f.id, 3);
    ck_assert(!wire_find(&w, WIRE_HEADERS, &f));
    ck_assert_uint_eq(pf_h2_active(w.h2), 1);
    goes_on(&w, 5);
    wire_fini(&w);
}
END_TEST

/* It has ended, and nobody has asked yet: giving it up must not leave it in a list. */
START_TEST(a_stream_cancelled_after_its_end)
{
    struct pf_buf b;
    struct wire w;

    begin(&b);
    wire_init(&w, MAX_BODY);
    wire_ask(&w);
    wire_hello(&b, 1);
    ck_assert_int_eq(pf_h2_receive(w.h2, b.data, b.len), FETCH_OK);
    pf_h2_cancel(w.h2, &w.ask[0].stream);
    ck_assert_ptr_null(pf_h2_ended(w.h2));
    ck_assert_uint_eq(pf_h2_active(w.h2), 0);
    pf_buf_fini(&b);
    wire_fini(&w);
}
END_TEST

START_TEST(the_connection_s_end_is_its_streams_end)
{
    struct pf_buf b;
    struct wire w;

    begin(&b);
    wire_init(&w, MAX_BODY);
    for (int i = 0; i < 4; i++)
        wire_ask(&w);
    ck_assert_int_eq(wire_try_ask(&w), FETCH_OK); /* in line */
    wire_hello(&b, 1);
    wire_head(&b, 3, 0, ":status", "200", "content-length", "5", NULL);
    wire_head(&b, 5, 0, ":status", "103", NULL);
    (void)pf_h2_receive(w.h2, b.data, b.len);
    wire_eof(&w, FETCH_E_LOST);
    wire_check_hello(&w.ask[0]);
    wire_check_failed(&w.ask[1], FETCH_E_TRUNCATED);
    wire_check_failed(&w.ask[2], FETCH_E_TRUNCATED);
    wire_check_failed(&w.ask[3], FETCH_E_LOST);
    wire_check_failed(&w.ask[4], FETCH_E_LOST);
    ck_assert(!w.ask[3].stream.unprocessed);
    ck_assert(pf_h2_is_closing(w.h2));
    ck_assert_int_eq(wire_try_ask(&w), FETCH_E_CLOSED);
    pf_buf_fini(&b);
    wire_fini(&w);
}
END_TEST

/* The session is the first thing in it: nobody but this test has to know. */
START_TEST(stream_numbers_run_out)
{
    struct wire w;

    wire_init(&w, MAX_BODY);
    tell_limit(&w, 100);
    ck_assert_int_eq(
        nghttp2_session_set_next_stream_id(*(nghttp2_session **)(void *)w.h2, INT32_MAX), 0);
    wire_ask(&w);
    ck_assert_int_eq(w.ask[0].stream.id, INT32_MAX);
    ck_assert_int_eq(wire_try_ask(&w), FETCH_E_CLOSED);
    ck_assert(pf_h2_is_closing(w.h2));
    ck_assert_uint_eq(pf_h2_room(w.h2), 0);
    ck_assert_uint_eq(pf_h2_active(w.h2), 1);
    wire_fini(&w);
}
END_TEST

START_TEST(a_ping_is_sent_and_answered)
{
    struct wire_frame f;
    struct pf_buf b;
    struct wire w;

    begin(&b);
    wire_init(&w, MAX_BODY);
    wire_ask(&w);
    wire_frame(&b, WIRE_PING, 0, 0, "87654321", 8);
    ck_assert_int_eq(wire_feed_buf(&w, &b), FETCH_OK);
    ck_assert(wire_find(&w, WIRE_PING, &f));
    ck_assert_uint_eq(f.flags, WIRE_ACK);
    ck_assert_mem_eq(f.payload, "87654321", 8);
    pf_h2_ping(w.h2);
    wire_flush(&w);
    ck_assert(wire_find(&w, WIRE_PING, &f));
    ck_assert_uint_eq(f.flags, 0);
    pf_buf_fini(&b);
    wire_fini(&w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("h2_faults");
    TCase *tc = unit_case(suite, "answers");

    tcase_add_loop_test(tc, a_length_that_is_not_kept, 0, 4);
    tcase_add_loop_test(tc, a_malformed_head, 0, 8);
    tcase_add_loop_test(tc, no_field_that_http_forbids_reaches_a_page, 0, 3);
    tcase_add_loop_test(tc, a_head_over_its_limit, 0, 2);
    tcase_add_loop_test(tc, a_head_within_its_limit, 0, 2);
    tcase_add_test(tc, interim_answers_without_end);
    tc = unit_case(suite, "resets");
    tcase_add_loop_test(tc, a_reset_before_the_answer, 0, RESETS);
    tcase_add_loop_test(tc, a_reset_within_the_answer, 0, RESETS);
    tc = unit_case(suite, "going away");
    tcase_add_loop_test(tc, goaway_sends_streams_above_its_last_away, 0, 2);
    tcase_add_test(tc, goaway_sends_those_in_line_away);
    tcase_add_test(tc, goaway_cannot_unsay_an_answer);
    tc = unit_case(suite, "concurrent streams");
    tcase_add_test(tc, the_peer_s_limit_is_room);
    tcase_add_loop_test(tc, a_limit_that_comes_late_is_kept, 0, 3);
    tcase_add_test(tc, no_limit_is_still_one);
    tc = unit_case(suite, "bad frames");
    tcase_add_loop_test(tc, a_bad_frame_ends_the_connection, 0, BAD_FRAMES);
    tcase_add_test(tc, an_early_push_is_refused);
    tcase_add_loop_test(tc, what_is_no_http2_ends_the_connection, 0, 4);
    tcase_add_test(tc, a_bad_frame_after_goaway);
    tc = unit_case(suite, "floods");
    tcase_add_loop_test(tc, a_flood_ends_the_connection, 0, FLOODS);
    tcase_add_loop_test(tc, no_flood, 0, FLOODS);
    tcase_add_loop_test(tc, a_flood_for_a_stream_that_is_gone, 0, 3);
    tcase_add_loop_test(tc, a_flood_of_continuations_ends_the_connection, 0, 2);
    tc = unit_case(suite, "ends");
    tcase_add_loop_test(tc, a_cancelled_stream_is_reset_alone, 0, 2);
    tcase_add_test(tc, a_stream_cancelled_in_line_is_never_sent);
    tcase_add_test(tc, a_stream_cancelled_after_its_end);
    tcase_add_test(tc, the_connection_s_end_is_its_streams_end);
    tcase_add_test(tc, stream_numbers_run_out);
    tcase_add_test(tc, a_ping_is_sent_and_answered);
    return unit_run(suite);
}
