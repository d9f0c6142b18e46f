/*
 * Bodies in content codings, made by the libraries' own encoders, for tests of
 * the decoder.
 */
#ifndef PF_TESTS_CODED_H
#define PF_TESTS_CODED_H

#include <brotli/encode.h>
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "unit/unit.h"

/* Bytes of the test; coded_free(). */
struct coded {
    unsigned char *data;
    size_t n;
};

/* zlib's window bits: 31 gzip, 15 zlib, -15 bare deflate data. */
#define CODED_GZIP 31
#define CODED_ZLIB 15
#define CODED_RAW (-15)

static inline struct coded coded_new(size_t n)
{
    struct coded c = {malloc(n ? n : 1), n};

    ck_assert_ptr_nonnull(c.data);
    return c;
}

static inline void coded_free(struct coded *c)
{
    free(c->data);
    *c = (struct coded){0};
}

static inline struct coded coded_copy(const void *bytes, size_t n)
{
    struct coded c = coded_new(n);

    if (n > 0)
        memcpy(c.data, bytes, n);
    return c;
}

/* Appends to `c` and frees `more`. */
static inline void coded_join(struct coded *c, struct coded more)
{
    unsigned char *data = realloc(c->data, c->n + more.n + 1);

    ck_assert_ptr_nonnull(data);
    memcpy(data + c->n, more.data, more.n);
    c->data = data;
    c->n += more.n;
    free(more.data);
}

static inline struct coded coded_zlib(const void *plain, size_t n, int window_bits)
{
    z_stream z = {0};
    struct coded c;

    ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, window_bits, 9, Z_DEFAULT_STRATEGY), Z_OK);
    c = coded_new(deflateBound(&z, (uLong)n));
    z.next_in = (Bytef *)(uintptr_t)plain;
    z.avail_in = (uInt)n;
    z.next_out = c.data;
    z.avail_out = (uInt)c.n;
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    c.n = z.total_out;
    deflateEnd(&z);
    return c;
}

/* Quality 5, or 3 with BROTLI_PARAM_LARGE_WINDOW where `large_window` is set. */
static inline struct coded coded_br(const void *plain, size_t n, int large_window)
{
    BrotliEncoderState *s = BrotliEncoderCreateInstance(NULL, NULL, NULL);
    const uint8_t *in = plain;
    struct coded c = coded_new(n + n / 8 + 1024);
    size_t in_n = n, out_n = c.n;
    uint8_t *out = c.data;

    ck_assert_ptr_nonnull(s);
    BrotliEncoderSetParameter(s, BROTLI_PARAM_QUALITY, large_window ? 3 : 5);
    BrotliEncoderSetParameter(s, BROTLI_PARAM_LARGE_WINDOW, large_window ? 1 : 0);
    BrotliEncoderSetParameter(s, BROTLI_PARAM_LGWIN, large_window ? 26 : 22);
    ck_assert(
        BrotliEncoderCompressStream(s, BROTLI_OPERATION_FINISH, &in_n, &in, &out_n, &out, NULL));
    ck_assert(BrotliEncoderIsFinished(s));
    BrotliEncoderDestroyInstance(s);
    c.n -= out_n;
    return c;
}

/* With a checksum, and without the content's size: a stream as servers send it. */
static inline struct coded coded_zstd(const void *plain, size_t n, int window_log)
{
    ZSTD_CCtx *z = ZSTD_createCCtx();
    struct coded c = coded_new(ZSTD_compressBound(n) + 64);
    ZSTD_inBuffer in = {plain, n, 0};
    ZSTD_outBuffer out = {c.data, c.n, 0};

    ck_assert_ptr_nonnull(z);
    ck_assert(!ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1)));
    ck_assert(!ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog, window_log)));
    /* Flushing first keeps the encoder from knowing the size when it writes the header. */
    ck_assert(!ZSTD_isError(ZSTD_compressStream2(z, &out, &in, ZSTD_e_flush)));
    ck_assert_uint_eq(ZSTD_compressStream2(z, &out, &in, ZSTD_e_end), 0);
    ZSTD_freeCCtx(z);
    c.n = out.pos;
    return c;
}

/* A body as sent, and what it means. */
struct sample {
    const char *name;
    const char *encoding;
    struct coded body;
    struct coded plain;
    /* Cut to a length from here on, and below that, it is complete all the same; else it is
     * only as a whole. */
    size_t complete_from, complete_below;
};

/* Text that compresses, but not to nothing; the same each time. */
static inline struct coded coded_text(size_t n, unsigned seed)
{
    struct coded c = coded_new(n);
    unsigned x = seed;

    for (size_t i = 0; i < n; i++) {
        x = x * 1103515245u + 12345u;
        c.data[i] = (unsigned char)("eee aattoinsh\n"[(x >> 16) % 14]);
    }
    return c;
}

static inline struct coded coded_zeros(size_t n)
{
    struct coded c = coded_new(n);

    memset(c.data, 0, n);
    return c;
}

enum sample_kind {
    GZIP,
    GZIP_FIELDS,
    GZIP_MEMBERS,
    GZIP_GARBAGE,
    DEFLATE_ZLIB,
    DEFLATE_RAW,
    DEFLATE_GARBAGE,
    BR,
    BR_GARBAGE,
    ZSTD,
    ZSTD_FRAMES,
    ZSTD_SKIPPABLE,
    ZSTD_GARBAGE,
    GZIP_OF_NOTHING,
    BR_OF_NOTHING,
    ZSTD_OF_NOTHING,
    STACK_GZIP_BR,
    STACK_ALL,
    KINDS
};

/* The same text in two members or frames. */
static inline void sample_double_up(struct sample *s, size_t magic_bytes)
{
    s->complete_from = s->body.n;
    s->complete_below = s->body.n + magic_bytes;
    coded_join(&s->body, coded_copy(s->body.data, s->body.n));
    coded_join(&s->plain, coded_copy(s->plain.data, s->plain.n));
}

static inline void sample_add_garbage(struct sample *s, const char *garbage, size_t n)
{
    s->complete_from = s->body.n;
    s->complete_below = s->body.n + n;
    coded_join(&s->body, coded_copy(garbage, n));
}

static inline void sample_make_zlib(struct sample *s, enum sample_kind kind)
{
    int bits = kind == DEFLATE_RAW ? CODED_RAW : kind >= DEFLATE_ZLIB ? CODED_ZLIB : CODED_GZIP;
    /* FEXTRA, FNAME, FCOMMENT and FHCRC, as RFC 1952 has them. */
    static const char fields[] = "\x1f\x8b\x08\x1e\0\0\0\0\0\3\4\0abcdname\0comment\0";
    struct coded head;
    uLong crc;

    s->encoding = bits == CODED_GZIP ? "gzip" : "deflate";
    s->body = coded_zlib(s->plain.data, s->plain.n, bits);
    if (kind == GZIP_FIELDS) {
        head = coded_copy(fields, sizeof fields - 1);
        crc = crc32(0, head.data, (uInt)head.n);
        coded_join(&head, coded_copy((const char[]){(char)crc, (char)(crc >> 8)}, 2));
        coded_join(&head, coded_copy(s->body.data + 10, s->body.n - 10));
        free(s->body.data);
        s->body = head;
    }
    if (kind == GZIP_MEMBERS)
        sample_double_up(s, 2);
    if (kind == GZIP_GARBAGE || kind == DEFLATE_GARBAGE)
        sample_add_garbage(s, UNIT_STR("\0\0\0\x1f\x8b trailing\r\n"));
}

static inline void sample_make_zstd(struct sample *s, enum sample_kind kind)
{
    s->encoding = "zstd";
    s->body = coded_zstd(s->plain.data, s->plain.n, 17);
    if (kind == ZSTD_FRAMES)
        sample_double_up(s, 4);
    if (kind == ZSTD_SKIPPABLE) {
        struct coded head = coded_copy(UNIT_STR("\x5f\x2a\x4d\x18\x05\0\0\0skips"));

        s->complete_from = head.n;
        s->complete_below = head.n + 4;
        coded_join(&head, s->body);
        s->body = head;
    }
    if (kind == ZSTD_GARBAGE)
        sample_add_garbage(s, UNIT_STR("\0\0\0\0\x28\xb5\x2f\xfd trailing\r\n"));
}

/* Codes `s->body` once more and frees what it was. */
static inline void sample_stack(struct sample *s, struct coded again)
{
    free(s->body.data);
    s->body = again;
}

static inline struct sample sample_make(enum sample_kind kind, size_t plain_bytes)
{
    static const char *const names[KINDS] = {"gzip",
                                             "gzip with all fields",
                                             "gzip members",
                                             "gzip and garbage",
                                             "zlib",
                                             "bare deflate",
                                             "zlib and garbage",
                                             "br",
                                             "br and garbage",
                                             "zstd",
                                             "zstd frames",
                                             "zstd skippable",
                                             "zstd, garbage",
                                             "gzip of nothing",
                                             "br of nothing",
                                             "zstd of nothing",
                                             "gzip, br",
                                             "all stacked"};
    struct sample s = {.name = names[kind], .plain = coded_text(plain_bytes, 1)};

    if (kind == GZIP_OF_NOTHING || kind == BR_OF_NOTHING || kind == ZSTD_OF_NOTHING)
        s.plain.n = 0;
    if (kind <= DEFLATE_GARBAGE || kind == GZIP_OF_NOTHING) {
        sample_make_zlib(&s, kind == GZIP_OF_NOTHING ? GZIP : kind);
    } else if (kind == BR || kind == BR_GARBAGE || kind == BR_OF_NOTHING) {
        s.encoding = "br";
        s.body = coded_br(s.plain.data, s.plain.n, 0);
        if (kind == BR_GARBAGE)
            sample_add_garbage(&s, UNIT_STR("\0trailing"));
    } else if (kind <= ZSTD_GARBAGE || kind == ZSTD_OF_NOTHING) {
        sample_make_zstd(&s, kind);
    } else {
        s.encoding = kind == STACK_ALL ? " , x-gzip,identity,\tBR;q=1 ,deflate,,ZSTD" : "gzip, br";
        s.body = coded_zlib(s.plain.data, s.plain.n, CODED_GZIP);
        sample_stack(&s, coded_br(s.body.data, s.body.n, 0));
        if (kind == STACK_ALL) {
            sample_stack(&s, coded_zlib(s.body.data, s.body.n, CODED_RAW));
            sample_stack(&s, coded_zstd(s.body.data, s.body.n, 17));
        }
    }
    return s;
}

static inline void sample_fini(struct sample *s)
{
    coded_free(&s->body);
    coded_free(&s->plain);
}

#endif
