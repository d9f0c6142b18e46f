#include "coding.h"

#include <brotli/encode.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "text.h"

#define BR_QUALITY 1
#define BR_WINDOW_BITS 18 /* 256 KiB: most pages fit in, and it costs a small encoder only */
#define ZSTD_LEVEL 1

struct sandbox_coder {
    z_stream gzip;
    int gzip_ready;
    ZSTD_CCtx *zstd;
};

struct sandbox_coder *sandbox_coder_new(void)
{
    return calloc(1, sizeof(struct sandbox_coder));
}

void sandbox_coder_free(struct sandbox_coder *coder)
{
    if (coder == NULL)
        return;
    if (coder->gzip_ready)
        deflateEnd(&coder->gzip);
    ZSTD_freeCCtx(coder->zstd);
    free(coder);
}

/* zlib counts in unsigned int; SANDBOX_SIZE_MAX is far below. */
static char *encode_gzip(struct sandbox_coder *coder, const char *bytes, size_t len,
                         size_t *encoded_len)
{
    z_stream *gzip = &coder->gzip;
    union {
        const char *in;
        Bytef *zlib; /* zlib does not write there, but has no const to say so */
    } source = {bytes};
    size_t room;
    char *out;

    if (len > UINT_MAX / 2)
        return NULL;
    if (!coder->gzip_ready) {
        if (deflateInit2(gzip, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
            return NULL;
        coder->gzip_ready = 1;
    } else {
        deflateReset(gzip);
    }
    room = deflateBound(gzip, len);
    out = malloc(room);
    if (out == NULL)
        return NULL;
    gzip->next_in = source.zlib;
    gzip->avail_in = (uInt)len;
    gzip->next_out = (Bytef *)out;
    gzip->avail_out = (uInt)room;
    if (deflate(gzip, Z_FINISH) != Z_STREAM_END) {
        free(out);
        return NULL;
    }
    *encoded_len = room - gzip->avail_out;
    return out;
}

static char *encode_br(const char *bytes, size_t len, size_t *encoded_len)
{
    size_t room = BrotliEncoderMaxCompressedSize(len);
    char *out = malloc(room);

    *encoded_len = room;
    if (out == NULL)
        return NULL;
    if (!BrotliEncoderCompress(BR_QUALITY, BR_WINDOW_BITS, BROTLI_MODE_GENERIC, len,
                               (const uint8_t *)bytes, encoded_len, (uint8_t *)out)) {
        free(out);
        return NULL;
    }
    return out;
}

static char *encode_zstd(struct sandbox_coder *coder, const char *bytes, size_t len,
                         size_t *encoded_len)
{
    size_t room = ZSTD_compressBound(len);
    char *out;

    if (coder->zstd == NULL)
        coder->zstd = ZSTD_createCCtx();
    if (coder->zstd == NULL)
        return NULL;
    out = malloc(room);
    if (out == NULL)
        return NULL;
    *encoded_len = ZSTD_compressCCtx(coder->zstd, out, room, bytes, len, ZSTD_LEVEL);
    if (ZSTD_isError(*encoded_len)) {
        free(out);
        return NULL;
    }
    return out;
}

char *sandbox_coder_encode(struct sandbox_coder *coder, enum sandbox_coding coding,
                           const char *bytes, size_t len, size_t *encoded_len)
{
    switch (coding) {
    case SANDBOX_CODING_GZIP:
        return encode_gzip(coder, bytes, len, encoded_len);
    case SANDBOX_CODING_BR:
        return encode_br(bytes, len, encoded_len);
    case SANDBOX_CODING_ZSTD:
        return encode_zstd(coder, bytes, len, encoded_len);
    case SANDBOX_CODING_NONE:
    case SANDBOX_CODING_MIX:
        break;
    }
    return NULL;
}

const char *sandbox_coding_name(enum sandbox_coding coding)
{
    switch (coding) {
    case SANDBOX_CODING_GZIP:
        return "gzip";
    case SANDBOX_CODING_BR:
        return "br";
    case SANDBOX_CODING_ZSTD:
        return "zstd";
    case SANDBOX_CODING_NONE:
    case SANDBOX_CODING_MIX:
        break;
    }
    return NULL;
}

/* 1 where the parameters behind a coding's name give it a weight above zero, or none at all. */
static int has_weight(struct sandbox_text parameters)
{
    while (parameters.at != NULL) {
        struct sandbox_text value = sandbox_text_trim(sandbox_text_take(&parameters, ';'));
        struct sandbox_text name = sandbox_text_trim(sandbox_text_take(&value, '='));
        double weight;

        if (value.at != NULL && sandbox_text_is_anycase(name, "q"))
            return sandbox_text_decimal(sandbox_text_trim(value), 1, &weight) == 0 && weight > 0;
    }
    return 1;
}

int sandbox_coding_accepted(enum sandbox_coding coding, const char *accept_encoding)
{
    const char *name = sandbox_coding_name(coding);
    struct sandbox_text rest;
    int by_star = 0;

    if (name == NULL || accept_encoding == NULL)
        return 0;
    rest = sandbox_text_of(accept_encoding);
    while (rest.at != NULL) {
        struct sandbox_text parameters = sandbox_text_take(&rest, ',');
        struct sandbox_text word = sandbox_text_trim(sandbox_text_take(&parameters, ';'));

        if (sandbox_text_is_anycase(word, name))
            return has_weight(parameters);
        if (sandbox_text_is(word, "*"))
            by_star = has_weight(parameters);
    }
    return by_star;
}
