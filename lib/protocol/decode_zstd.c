/*
 * zstd (RFC 8878) by libzstd.
 *
 * A body is a sequence of frames, skippable ones among them.  Each frame's four
 * magic bytes are read here and then handed to the library, for three reasons:
 * what follows a frame and is none ends the body, as with gzip; the
 * library may be built to read the formats of its early versions, which are not
 * "zstd"; and a frame that comes in one piece is decoded as one that comes in
 * several, without the library's short cut past the window's limit.
 *
 * The window is 8 MiB at most (RFC 9659), so that is what one answer can hold.
 */
#include "protocol/coding.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#define WINDOW_LOG_MAX 23
#define MAGIC_BYTES 4u

enum phase {
    PHASE_MAGIC, /* before a frame */
    PHASE_FRAME, /* the library has the word */
    PHASE_IGNORE /* the body is complete, the rest is of no interest */
};

struct unzstd {
    ZSTD_DCtx *zstd;
    enum phase phase;
    unsigned char magic[MAGIC_BYTES];
    unsigned magic_n; /* bytes of it that came */
    bool any;         /* a whole frame came */
};

static void *zstd_start(void)
{
    struct unzstd *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    s->zstd = ZSTD_createDCtx();
    if (!s->zstd ||
        ZSTD_isError(ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
        ZSTD_freeDCtx(s->zstd);
        free(s);
        return NULL;
    }
    return s;
}

static void zstd_free(void *state)
{
    struct unzstd *s = state;

    ZSTD_freeDCtx(s->zstd);
    free(s);
}

/* One call of the library; a frame's end leads back to PHASE_MAGIC. */
static enum fetch_error run(struct unzstd *s, struct pf_coding_io *io)
{
    ZSTD_inBuffer in = {io->in, io->in_n, 0};
    ZSTD_outBuffer out = {io->out, io->out_n, 0};
    size_t result = ZSTD_decompressStream(s->zstd, &out, &in);

    io->in += in.pos;
    io->in_n -= in.pos;
    io->out += out.pos;
    io->out_n -= out.pos;
    if (ZSTD_isError(result))
        return ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation ? FETCH_E_NOMEM
                                                                         : FETCH_E_ENCODING;
    if (result == 0) {
        s->any = true;
        s->phase = PHASE_MAGIC;
    }
    return FETCH_OK;
}

static bool is_magic(const unsigned char m[MAGIC_BYTES])
{
    static const unsigned char frame[] = {0x28, 0xb5, 0x2f, 0xfd};
    static const unsigned char skippable[] = {0x2a, 0x4d, 0x18};

    return memcmp(m, frame, sizeof frame) == 0 ||
           ((m[0] & 0xf0) == 0x50 && memcmp(m + 1, skippable, sizeof skippable) == 0);
}

static enum fetch_error magic_step(struct unzstd *s, struct pf_coding_io *io)
{
    unsigned char nowhere;
    struct pf_coding_io magic = {s->magic, MAGIC_BYTES, &nowhere, 1};

    while (s->magic_n < MAGIC_BYTES && io->in_n > 0) {
        s->magic[s->magic_n++] = *io->in++;
        io->in_n--;
    }
    if (s->magic_n < MAGIC_BYTES)
        return FETCH_OK;
    s->magic_n = 0;
    if (!is_magic(s->magic)) {
        s->phase = PHASE_IGNORE;
        return s->any ? FETCH_OK : FETCH_E_ENCODING;
    }
    s->phase = PHASE_FRAME;
    return run(s, &magic);
}

static enum fetch_error zstd_step(void *state, struct pf_coding_io *io)
{
    struct unzstd *s = state;
    enum fetch_error e = FETCH_OK;

    do {
        switch (s->phase) {
        case PHASE_MAGIC:
            e = magic_step(s, io);
            break;
        case PHASE_FRAME:
            e = run(s, io);
            break;
        case PHASE_IGNORE:
            io->in_n = 0;
            break;
        }
    } while (e == FETCH_OK && io->in_n > 0 && io->out_n > 0);
    return e;
}

static bool zstd_is_complete(const void *state)
{
    const struct unzstd *s = state;

    return s->any && s->phase != PHASE_FRAME;
}

const struct pf_coding pf_coding_zstd = {zstd_start, zstd_step, zstd_is_complete, zstd_free};
