/* Each coding whole, in pieces, cut off, damaged, and as a bomb. */
#include "unit/unit.h"

#include <stdbool.h>

#include "base/limits.h"
#include "protocol/decode.h"
#include "unit/coded.h"

#define PLAIN_BYTES 700u
#define LARGE_BYTES 300000u
#define MIB ((size_t)1 << 20)

static struct pf_decoder *decoder(const char *encoding, size_t max_body)
{
    struct unit_guard g = {0};
    size_t n = strlen(encoding);
    struct pf_decoder *d = NULL;

    ck_assert_int_eq(pf_decoder_new(&d, unit_guard_put(&g, encoding, n), n, max_body), FETCH_OK);
    ck_assert_ptr_nonnull(d);
    unit_guard_fini(&g);
    return d;
}

/* Decodes the body in pieces of `piece` bytes, each at the end of its page, and ends. */
static enum fetch_error decode(const char *encoding, const struct coded *body, size_t piece,
                               size_t max_body, struct pf_buf *out)
{
    struct pf_decoder *d = decoder(encoding, max_body);
    struct unit_guard g = {0};
    enum fetch_error e = FETCH_OK, end;

    for (size_t at = 0; at < body->n && e == FETCH_OK; at += piece) {
        size_t n = body->n - at < piece ? body->n - at : piece;

        e = pf_decoder_push(d, unit_guard_put(&g, body->data + at, n), n, out);
    }
    end = pf_decoder_end(d);
    if (e != FETCH_OK) {
        /* For good, whatever comes. */
        ck_assert_int_eq(end, e);
        ck_assert_int_eq(pf_decoder_push(d, "x", 1, out), e);
    }
    pf_decoder_free(d);
    unit_guard_fini(&g);
    return end;
}

static void check_plain(const struct sample *s, const struct pf_buf *out)
{
    ck_assert_msg(out->len == s->plain.n, "%s: %zu bytes, not %zu", s->name, out->len, s->plain.n);
    if (out->len > 0)
        ck_assert_mem_eq(out->data, s->plain.data, out->len);
}

static void check_pieces(const struct sample *s, size_t piece)
{
    struct pf_buf out;

    pf_buf_init(&out, s->plain.n);
    ck_assert_msg(decode(s->encoding, &s->body, piece, s->plain.n, &out) == FETCH_OK,
                  "%s in pieces of %zu", s->name, piece);
    check_plain(s, &out);
    pf_buf_fini(&out);
}

START_TEST(decodes_whole_and_byte_by_byte)
{
    struct sample s = sample_make((enum sample_kind)_i, PLAIN_BYTES);

    check_pieces(&s, s.body.n);
    check_pieces(&s, 1);
    check_pieces(&s, 2);
    check_pieces(&s, 7);
    sample_fini(&s);
}
END_TEST

START_TEST(decodes_what_is_larger_than_any_window)
{
    struct sample s = sample_make((enum sample_kind)_i, LARGE_BYTES);

    check_pieces(&s, s.body.n);
    check_pieces(&s, 16384);
    check_pieces(&s, 1000);
    sample_fini(&s);
}
END_TEST

START_TEST(decodes_split_at_every_byte)
{
    struct sample s = sample_make((enum sample_kind)_i, PLAIN_BYTES);

    for (size_t split = 0; split <= s.body.n; split++) {
        struct pf_decoder *d = decoder(s.encoding, s.plain.n);
        struct unit_guard first = {0}, second = {0};
        struct pf_buf out;

        pf_buf_init(&out, s.plain.n);
        ck_assert_int_eq(
            pf_decoder_push(d, unit_guard_put(&first, s.body.data, split), split, &out), FETCH_OK);
        ck_assert_int_eq(pf_decoder_push(d, NULL, 0, &out), FETCH_OK);
        ck_assert_int_eq(
            pf_decoder_push(d, unit_guard_put(&second, s.body.data + split, s.body.n - split),
                            s.body.n - split, &out),
            FETCH_OK);
        ck_assert_int_eq(pf_decoder_end(d), FETCH_OK);
        check_plain(&s, &out);
        pf_decoder_free(d);
        pf_buf_fini(&out);
        unit_guard_fini(&first);
        unit_guard_fini(&second);
    }
    sample_fini(&s);
}
END_TEST

START_TEST(notices_every_truncation)
{
    struct sample s = sample_make((enum sample_kind)_i, PLAIN_BYTES);

    for (size_t n = 1; n < s.body.n; n++) {
        bool complete = n >= s.complete_from && n < s.complete_below;
        struct coded cut = {s.body.data, n};
        struct pf_buf out;
        enum fetch_error e;

        pf_buf_init(&out, s.plain.n);
        e = decode(s.encoding, &cut, n, s.plain.n, &out);
        ck_assert_msg(e == (complete ? FETCH_OK : FETCH_E_TRUNCATED), "%s cut to %zu of %zu: %d",
                      s.name, n, s.body.n, (int)e);
        ck_assert_uint_le(out.len, s.plain.n);
        if (out.len > 0)
            ck_assert_mem_eq(out.data, s.plain.data, out.len);
        pf_buf_fini(&out);
    }
    sample_fini(&s);
}
END_TEST

/* Every bit of every byte flipped in turn: never a crash, and no wrong bytes where a checksum is. */
START_TEST(survives_damage)
{
    struct sample s = sample_make((enum sample_kind)_i, PLAIN_BYTES / 4);
    bool checked = _i != DEFLATE_RAW && _i != BR && _i != BR_GARBAGE && _i != BR_OF_NOTHING;

    for (size_t bit = 0; bit < s.body.n * 8; bit++) {
        unsigned char mask = (unsigned char)(1u << bit % 8);
        struct pf_buf out;
        enum fetch_error e;

        s.body.data[bit / 8] ^= mask;
        pf_buf_init(&out, MIB);
        e = decode(s.encoding, &s.body, s.body.n, MIB, &out);
        if (e == FETCH_OK && checked && s.complete_below == 0)
            check_plain(&s, &out);
        else if (e != FETCH_OK)
            ck_assert(e == FETCH_E_ENCODING || e == FETCH_E_TRUNCATED || e == FETCH_E_TOO_LARGE);
        s.body.data[bit / 8] ^= mask;
        pf_buf_fini(&out);
    }
    sample_fini(&s);
}
END_TEST

/* A body may be exactly as large as the ceiling, and not a byte larger. */
START_TEST(the_ceiling_is_exact)
{
    struct sample s = sample_make((enum sample_kind)_i, PLAIN_BYTES);

    for (size_t less = 1; less < 4 && s.plain.n > 0; less++)
        for (size_t piece = 1; piece <= s.body.n; piece += s.body.n - 1) {
            size_t max = less == 3 ? 0 : s.plain.n - less;
            struct pf_buf out;

            pf_buf_init(&out, MIB); /* the decoder's ceiling */
            ck_assert_int_eq(decode(s.encoding, &s.body, piece, max, &out), FETCH_E_TOO_LARGE);
            ck_assert_uint_le(out.len, max);
            pf_buf_fini(&out);
            pf_buf_init(&out, max); /* the buffer's */
            ck_assert_int_eq(decode(s.encoding, &s.body, piece, MIB, &out), FETCH_E_TOO_LARGE);
            ck_assert_uint_le(out.len, max);
            pf_buf_fini(&out);
        }
    sample_fini(&s);
}
END_TEST

START_TEST(appends_to_what_is_there)
{
    struct sample s = sample_make(GZIP, PLAIN_BYTES);
    struct pf_buf out;

    pf_buf_init(&out, 5 + PLAIN_BYTES);
    ck_assert_int_eq(pf_buf_append(&out, "first", 5), FETCH_OK);
    ck_assert_int_eq(decode("GZIP", &s.body, 100, PLAIN_BYTES, &out), FETCH_OK);
    ck_assert_uint_eq(out.len, 5 + PLAIN_BYTES);
    ck_assert_mem_eq(out.data, "first", 5);
    ck_assert_mem_eq(out.data + 5, s.plain.data, PLAIN_BYTES);
    pf_buf_fini(&out);
    sample_fini(&s);
}
END_TEST

START_TEST(an_empty_body_is_complete)
{
    static const char *const encodings[] = {"gzip", "deflate", "br", "zstd", "gzip, br"};

    for (size_t i = 0; i < 5; i++) {
        struct pf_decoder *d = decoder(encodings[i], 0);
        struct pf_buf out;

        pf_buf_init(&out, 0);
        ck_assert_int_eq(pf_decoder_push(d, NULL, 0, &out), FETCH_OK);
        ck_assert_int_eq(pf_decoder_end(d), FETCH_OK);
        ck_assert_uint_eq(out.len, 0);
        pf_decoder_free(d);
    }
    pf_decoder_free(NULL);
}
END_TEST

START_TEST(keeps_what_is_not_coded_or_not_known)
{
    static const char *const encodings[] = {
        "",
        " ",
        ",",
        "identity",
        "Identity, identity",
        "none",
        "utf-8",
        "gzip, unknown",
        "unknown, gzip",
        "compress",
        "gzi",
        "gzipp",
        "br, gzip, br, gzip, br, unknown",
    };

    for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++) {
        struct pf_decoder *d = (struct pf_decoder *)&d;

        ck_assert_int_eq(pf_decoder_new(&d, encodings[i], strlen(encodings[i]), MIB), FETCH_OK);
        ck_assert_ptr_null(d);
    }
}
END_TEST

START_TEST(counts_codings)
{
    struct pf_decoder *d = (struct pf_decoder *)&d;

    ck_assert_int_eq(pf_decoder_new(&d, NULL, 0, MIB), FETCH_OK);
    ck_assert_ptr_null(d);
    d = (struct pf_decoder *)&d;
    ck_assert_int_eq(pf_decoder_new(&d, UNIT_STR("gzip,gzip,gzip,br,zstd"), MIB), FETCH_E_ENCODING);
    ck_assert_ptr_null(d);
    ck_assert_int_eq(pf_decoder_new(&d, UNIT_STR("gzip,identity,gzip,br,zstd"), MIB), FETCH_OK);
    ck_assert_ptr_nonnull(d);
    pf_decoder_free(d);
    ck_assert_str_eq(pf_decoder_accepted(), "gzip, br, zstd");
}
END_TEST

static void check_refused(const char *encoding, struct coded body, enum fetch_error expected)
{
    size_t pieces[] = {body.n, 1000, 1};

    for (size_t i = 0; i < 3; i++) {
        struct pf_buf out;

        if (body.n / pieces[i] > 1000)
            continue;
        pf_buf_init(&out, 64 * MIB);
        ck_assert_int_eq(decode(encoding, &body, pieces[i], 64 * MIB, &out), expected);
        pf_buf_fini(&out);
    }
    coded_free(&body);
}

START_TEST(refuses_what_is_something_else)
{
    struct coded plain = coded_text(9 * MIB, 7);

    check_refused("gzip", coded_copy(UNIT_STR("<!doctype html>")), FETCH_E_ENCODING);
    check_refused("gzip", coded_copy(UNIT_STR("\x1f\x8c\x08")), FETCH_E_ENCODING);
    check_refused("gzip", coded_copy(UNIT_STR("\x1f\x8b\x09\0")), FETCH_E_ENCODING);
    check_refused("deflate", coded_copy(UNIT_STR("<!doctype html>")), FETCH_E_ENCODING);
    check_refused("deflate", coded_copy(UNIT_STR("\x78\x9d")), FETCH_E_ENCODING);
    check_refused("deflate", coded_copy(UNIT_STR("\x78\xbb\1\2\3\4")),
                  FETCH_E_ENCODING); /* FDICT */
    check_refused("br", coded_copy(UNIT_STR("<!doctype html>")), FETCH_E_ENCODING);
    check_refused("zstd", coded_copy(UNIT_STR("<!doctype html>")), FETCH_E_ENCODING);
    /* The format of zstd 0.7, which some builds of the library still read. */
    check_refused("zstd", coded_copy(UNIT_STR("\x27\xb5\x2f\xfd\0\0\0\0\0\0\0\0")),
                  FETCH_E_ENCODING);
    /* Windows beyond RFC 8878's 8 MiB and RFC 7932's 16 MiB. */
    check_refused("zstd", coded_zstd(plain.data, plain.n, 24), FETCH_E_ENCODING);
    check_refused("br", coded_br(plain.data, plain.n, 1), FETCH_E_ENCODING);
    coded_free(&plain);
}
END_TEST

START_TEST(accepts_the_largest_window)
{
    struct sample s = {.name = "8 MiB window", .encoding = "zstd", .plain = coded_text(9 * MIB, 7)};

    s.body = coded_zstd(s.plain.data, s.plain.n, 23);
    check_pieces(&s, s.body.n);
    check_pieces(&s, 100000);
    sample_fini(&s);
}
END_TEST

/* Frees `body`; no more than `most` bytes may be there when it is refused. */
static void check_bomb(const char *encoding, struct coded body, size_t max_body, size_t most)
{
    size_t pieces[] = {body.n, 4096};

    for (size_t i = 0; i < 2; i++) {
        struct pf_buf out;

        pf_buf_init(&out, max_body);
        ck_assert_int_eq(decode(encoding, &body, pieces[i], max_body, &out), FETCH_E_TOO_LARGE);
        ck_assert_uint_le(out.len, most);
        ck_assert_uint_le(out.cap, max_body);
        pf_buf_fini(&out);
    }
    coded_free(&body);
}

START_TEST(bombs_end_at_the_ceiling)
{
    struct coded plain = coded_zeros(32 * MIB), gzip, stacked;

    gzip = coded_zlib(plain.data, plain.n, CODED_GZIP);
    stacked = coded_zlib(gzip.data, gzip.n, CODED_GZIP);
    check_bomb("gzip, gzip", coded_copy(stacked.data, stacked.n), 2 * MIB, 2 * MIB);
    check_bomb("gzip", coded_copy(gzip.data, gzip.n), 2 * MIB, 2 * MIB);
    check_bomb("deflate", coded_zlib(plain.data, plain.n, CODED_RAW), 2 * MIB, 2 * MIB);
    check_bomb("br", coded_br(plain.data, plain.n, 0), 2 * MIB, 2 * MIB);
    check_bomb("zstd", coded_zstd(plain.data, plain.n, 23), 2 * MIB, 2 * MIB);
    coded_free(&plain);
    coded_free(&gzip);
    coded_free(&stacked);
}
END_TEST

START_TEST(bombs_end_at_the_ratio)
{
    struct coded plain = coded_zeros(32 * MIB), gzip = coded_zlib(plain.data, plain.n, CODED_GZIP);
    struct coded br = coded_br(plain.data, plain.n, 0), zstd = coded_zstd(plain.data, plain.n, 23);
    struct coded stacked = coded_zlib(gzip.data, gzip.n, CODED_GZIP);
    struct sample honest = {.name = "gzip of zeros", .encoding = "gzip"};

    check_bomb("br", br, 64 * MIB, MIB + PF_MAX_RATIO * br.n);
    check_bomb("zstd", zstd, 64 * MIB, MIB + PF_MAX_RATIO * zstd.n);
    check_bomb("gzip, gzip", stacked, 64 * MIB, MIB + PF_MAX_RATIO * stacked.n);
    honest.body = gzip; /* the best that deflate can do is no reason to refuse */
    honest.plain = plain;
    check_pieces(&honest, gzip.n);
    sample_fini(&honest);
    /* Within the grace a page of one byte repeated is fine as well. */
    honest = (struct sample){.name = "br of zeros", .encoding = "br", .plain = coded_zeros(MIB)};
    honest.body = coded_br(honest.plain.data, honest.plain.n, 0);
    check_pieces(&honest, honest.body.n);
    sample_fini(&honest);
}
END_TEST

/* Bytes that decode to nothing only cost time; so they have a ceiling too. */
START_TEST(bombs_of_nothing_end)
{
    struct coded one = coded_zlib("", 0, CODED_GZIP), members = coded_new(0);
    struct coded skipped = coded_new(0);

    for (size_t i = 0; i < 5000; i++) {
        coded_join(&members, coded_copy(one.data, one.n));
        coded_join(&skipped, coded_copy(UNIT_STR("\x50\x2a\x4d\x18\x08\0\0\0skipping")));
    }
    check_bomb("gzip, br", coded_br(members.data, members.n, 0), 1000, 0);
    check_bomb("gzip", members, 1000, 0);
    check_bomb("zstd", skipped, 1000, 0);
    coded_free(&one);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decode");
    TCase *tc = unit_case(suite, "codings");

    tcase_add_loop_test(tc, decodes_whole_and_byte_by_byte, 0, KINDS);
    tcase_add_loop_test(tc, decodes_what_is_larger_than_any_window, 0, KINDS);
    tcase_add_loop_test(tc, decodes_split_at_every_byte, 0, KINDS);
    tcase_add_loop_test(tc, notices_every_truncation, 0, KINDS);
    tcase_add_loop_test(tc, survives_damage, 0, KINDS);
    tcase_add_loop_test(tc, the_ceiling_is_exact, 0, KINDS);
    tc = unit_case(suite, "bodies");
    tcase_add_test(tc, appends_to_what_is_there);
    tcase_add_test(tc, an_empty_body_is_complete);
    tcase_add_test(tc, keeps_what_is_not_coded_or_not_known);
    tcase_add_test(tc, counts_codings);
    tcase_add_test(tc, refuses_what_is_something_else);
    tcase_add_test(tc, accepts_the_largest_window);
    tc = unit_case(suite, "bombs");
    tcase_add_test(tc, bombs_end_at_the_ceiling);
    tcase_add_test(tc, bombs_end_at_the_ratio);
    tcase_add_test(tc, bombs_of_nothing_end);
    return unit_run(suite);
}
