/*
 * gzip (RFC 1952) and deflate (RFC 1950, RFC 1951) by zlib.
 *
 * A gzip body is a sequence of members (RFC 1952 section 2.2), and zlib's
 * inflate() stops behind each.  What follows a member is another one if it
 * begins with a member's two magic bytes; anything else ends the body.  The two may
 * come in two pushes, hence the phase between members.
 *
 * "deflate" means a zlib stream, but some servers send the bare deflate data,
 * and browsers take both.  The first byte tells: in a zlib stream its low four
 * bits are 8 (and its high ones at most 7), which at the head of bare deflate data
 * would be a stored block with padding other than the zeros that every encoder writes.
 */
#define ZLIB_CONST
#include "protocol/coding.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#define GZIP_BITS (MAX_WBITS + 16)
#define RAW_BITS (-MAX_WBITS)

enum phase {
    PHASE_START,  /* before a stream: gzip's magic, deflate's first byte */
    PHASE_STREAM, /* inflate() has the word */
    PHASE_IGNORE  /* the body is complete, the rest is of no interest */
};

struct inflater {
    z_stream z;
    enum phase phase;
    unsigned magic_seen; /* bytes of the next member's magic that came, 0 or 1 */
    bool any;            /* a whole member came */
};

static const unsigned char gzip_magic[2] = {0x1f, 0x8b};

static void *start(int window_bits)
{
    struct inflater *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    if (inflateInit2(&s->z, window_bits) != Z_OK) {
        free(s);
        return NULL;
    }
    return s;
}

static void inflater_free(void *state)
{
    struct inflater *s = state;

    inflateEnd(&s->z);
    free(s);
}

/* One call of inflate(); `after` is the phase behind the stream's end. */
static enum fetch_error run(struct inflater *s, struct pf_coding_io *io, enum phase after)
{
    uInt in_n = io->in_n > UINT_MAX ? UINT_MAX : (uInt)io->in_n;
    uInt out_n = io->out_n > UINT_MAX ? UINT_MAX : (uInt)io->out_n;
    int result;

    s->z.next_in = io->in;
    s->z.avail_in = in_n;
    s->z.next_out = io->out;
    s->z.avail_out = out_n;
    result = inflate(&s->z, Z_NO_FLUSH);
    io->in += in_n - s->z.avail_in;
    io->in_n -= in_n - s->z.avail_in;
    io->out += out_n - s->z.avail_out;
    io->out_n -= out_n - s->z.avail_out;
    switch (result) {
    case Z_STREAM_END:
        s->any = true;
        s->phase = after;
        return FETCH_OK;
    case Z_OK:
    case Z_BUF_ERROR: /* nothing to take or no room: no error */
        return FETCH_OK;
    case Z_MEM_ERROR:
        return FETCH_E_NOMEM;
    default:
        return FETCH_E_ENCODING;
    }
}

/* Looks at one byte of a member's magic. */
static enum fetch_error gzip_magic_step(struct inflater *s, struct pf_coding_io *io)
{
    unsigned char nowhere;
    struct pf_coding_io header = {gzip_magic, sizeof gzip_magic, &nowhere, 1};

    if (io->in[0] != gzip_magic[s->magic_seen]) {
        s->phase = PHASE_IGNORE;
        return s->any ? FETCH_OK : FETCH_E_ENCODING;
    }
    io->in++;
    io->in_n--;
    if (++s->magic_seen < sizeof gzip_magic)
        return FETCH_OK;
    s->magic_seen = 0;
    s->phase = PHASE_STREAM;
    if (s->any && inflateReset(&s->z) != Z_OK)
        return FETCH_E_ENCODING;
    return run(s, &header, PHASE_START);
}

static enum fetch_error gzip_step(void *state, struct pf_coding_io *io)
{
    struct inflater *s = state;
    enum fetch_error e = FETCH_OK;

    do {
        switch (s->phase) {
        case PHASE_START:
            if (io->in_n > 0)
                e = gzip_magic_step(s, io);
            break;
        case PHASE_STREAM:
            e = run(s, io, PHASE_START);
            break;
        case PHASE_IGNORE:
            io->in_n = 0;
            break;
        }
    } while (e == FETCH_OK && io->in_n > 0 && io->out_n > 0);
    return e;
}

static enum fetch_error deflate_step(void *state, struct pf_coding_io *io)
{
    struct inflater *s = state;
    enum fetch_error e = FETCH_OK;

    do {
        switch (s->phase) {
        case PHASE_START:
            if (io->in_n > 0) {
                bool zlib = (io->in[0] & 0x0f) == Z_DEFLATED && io->in[0] >> 4 <= 7;

                if (inflateReset2(&s->z, zlib ? MAX_WBITS : RAW_BITS) != Z_OK)
                    return FETCH_E_ENCODING;
                s->phase = PHASE_STREAM;
            }
            break;
        case PHASE_STREAM:
            e = run(s, io, PHASE_IGNORE);
            break;
        case PHASE_IGNORE:
            io->in_n = 0;
            break;
        }
    } while (e == FETCH_OK && io->in_n > 0 && io->out_n > 0);
    return e;
}

static bool inflater_is_complete(const void *state)
{
    const struct inflater *s = state;

    return s->any && s->phase != PHASE_STREAM;
}

static void *gzip_start(void)
{
    return start(GZIP_BITS);
}

static void *deflate_start(void)
{
    return start(MAX_WBITS);
}

const struct pf_coding pf_coding_gzip = {gzip_start, gzip_step, inflater_is_complete,
                                         inflater_free};
const struct pf_coding pf_coding_deflate = {deflate_start, deflate_step, inflater_is_complete,
                                            inflater_free};
