/*
 * gzip is written as raw deflate between a header and a trailer of our own: a library would write
 * the same bytes, but does not tell the CRC that a member has reached when it is flushed, and
 * packer_seal() needs it.
 *
 * zstd's level is its own default.  Its frames have no checksum: one could not be sealed without
 * knowing XXH64, and each record has a digest of its page.
 */
#include "packer.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "deflate.h"

#define ZSTD_LEVEL 3

struct packer {
    enum packing packing;
    bool open; /* a member has begun */
    uint64_t len;
    uint32_t check;
    struct deflate_stream *deflate;
    ZSTD_CCtx *zstd;
};

struct packer *packer_new(enum packing packing)
{
    struct packer *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    p->packing = packing;
    if (packing == PACKING_GZIP)
        p->deflate = deflate_new();
    else
        p->zstd = ZSTD_createCCtx();
    if (p->deflate || (p->zstd && !ZSTD_isError(ZSTD_CCtx_setParameter(
                                      p->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL))))
        return p;
    packer_free(p);
    return NULL;
}

void packer_free(struct packer *p)
{
    if (!p)
        return;
    deflate_free(p->deflate);
    ZSTD_freeCCtx(p->zstd);
    free(p);
}

uint64_t packer_member(const struct packer *p)
{
    return p->open ? p->len : 0;
}

uint32_t packer_check(const struct packer *p)
{
    return p->check;
}

void packer_reset(struct packer *p)
{
    p->open = false;
    p->len = 0;
    p->check = 0;
    if (p->packing == PACKING_GZIP)
        deflate_reset(p->deflate);
    else
        ZSTD_CCtx_reset(p->zstd, ZSTD_reset_session_only);
}

static void put_le32(unsigned char *to, uint32_t n)
{
    for (unsigned i = 0; i < 4; i++)
        to[i] = (unsigned char)(n >> 8 * i);
}

static bool put_gzip(struct packer *p, const unsigned char *data, size_t n, enum packer_end end,
                     struct bytes *out)
{
    /* No name, no time, as for a stream; 255: unknown system. */
    static const unsigned char head[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
    unsigned char tail[8];

    if (!p->open)
        bytes_add(out, head, sizeof(head));
    p->open = true;
    do {
        size_t piece = n < DEFLATE_PIECE ? n : DEFLATE_PIECE;

        p->check = deflate_crc(p->check, data, piece);
        p->len += piece;
        if (!deflate_put(p->deflate, data, piece,
                         piece < n              ? DEFLATE_MORE
                         : end == PACKER_FINISH ? DEFLATE_FINISH
                                                : DEFLATE_FLUSH,
                         out))
            return false;
        data += piece;
        n -= piece;
    } while (n > 0);
    if (end == PACKER_FLUSH)
        return true;
    put_le32(tail, p->check);
    put_le32(tail + 4, (uint32_t)p->len);
    bytes_add(out, tail, sizeof(tail));
    packer_reset(p);
    return true;
}

static bool put_zstd(struct packer *p, const void *data, size_t n, enum packer_end end,
                     struct bytes *out)
{
    ZSTD_inBuffer in = {.src = data, .size = n};
    size_t left;

    p->open = true;
    p->len += n;
    do {
        ZSTD_outBuffer to = {.size = ZSTD_CStreamOutSize()};

        to.dst = bytes_room(out, to.size);
        if (!to.dst)
            return false;
        left = ZSTD_compressStream2(p->zstd, &to, &in,
                                    end == PACKER_FINISH ? ZSTD_e_end : ZSTD_e_flush);
        if (ZSTD_isError(left))
            return false;
        out->len += to.pos;
    } while (left > 0 || in.pos < in.size);
    if (end == PACKER_FINISH)
        packer_reset(p);
    return true;
}

bool packer_put(struct packer *p, const void *data, size_t n, enum packer_end end,
                struct bytes *out)
{
    bool put = p->packing == PACKING_GZIP ? put_gzip(p, data, n, end, out)
                                          : put_zstd(p, data, n, end, out);

    return put && !out->failed;
}

size_t packer_seal(enum packing packing, uint32_t check, uint64_t len,
                   unsigned char end[PACKER_SEAL])
{
    if (packing == PACKING_ZSTD) {
        /* An empty raw block that is the last one. */
        end[0] = 1;
        end[1] = end[2] = 0;
        return 3;
    }
    /* An empty block of fixed codes that is the last one, then what ends the member. */
    end[0] = 3;
    end[1] = 0;
    put_le32(end + 2, check);
    put_le32(end + 6, (uint32_t)len);
    return 10;
}
