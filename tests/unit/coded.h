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

/* Quality 5, or 9 with BROTLI_PARAM_LARGE_WINDOW where `large_window` is set. */
static inline struct coded coded_br(const void *plain, size_t n, int large_window)
{
    BrotliEncoderState *s = BrotliEncoderCreateInstance(NULL, NULL, NULL);
    const uint8_t *in = plain;
    struct coded c = coded_new(n + n / 8 + 1024);
    size_t in_n = n, out_n = c.n;
    uint8_t *out = c.data;

    ck_assert_ptr_nonnull(s);
    BrotliEncoderSetParameter(s, BROTLI_PARAM_QUALITY, large_window ? 9 : 5);
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

#endif
