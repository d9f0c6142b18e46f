/*
 * gzip is written with a raw deflate stream between a header and a trailer of our own: zlib would
 * write the same bytes, but does not tell the CRC that a member has reached when it is flushed,
 * and packer_seal() needs it.
 *
 * Levels.  What is packed is mostly HTML of some 10 KiB; with zlib's default of 6 a page takes about
 * three times as long as with 3 and comes out a tenth smaller.  The disk is the cheaper of the two
 * for whoever waits for pages, and a finished output can be packed again.  zstd's own default of 3
 * packs tighter than either in half the time.
 *
 * zstd frames have no checksum: it could not be sealed without knowing XXH64, and each record has
 * a digest of its page.
 */
#include "packer.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define GZIP_LEVEL 3
#define ZSTD_LEVEL 3
#define PIECE (1u << 20) /* bytes handed to zlib at once, which counts in 32 bits */

struct packer {
    enum packing packing;
    bool open; /* a member has begun */
    uint64_t len;
    uint32_t check;
    bool zlib_ready;
    z_stream z;
    ZSTD_CCtx *zstd;
};

struct packer *packer_new(enum packing packing)
{
    struct packer *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    p->packing = packing;
    if (packing == PACKING_GZIP)
        p->zlib_ready =
            deflateInit2(&p->z, GZIP_LEVEL, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK;
    else
        p->zstd = ZSTD_createCCtx();
    if (p->zlib_ready || (p->zstd && !ZSTD_isError(ZSTD_CCtx_setParameter(
                                         p->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL))))
        return p;
    packer_free(p);
    return NULL;
}

void packer_free(struct packer *p)
{
    if (!p)
        return;
    if (p->zlib_ready)
        deflateEnd(&p->z);
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
        deflateReset(&p->z);
    else
        ZSTD_CCtx_reset(p->zstd, ZSTD_reset_session_only);
}

static void put_le32(unsigned char *to, uint32_t n)
{
    for (unsigned i = 0; i < 4; i++)
        to[i] = (unsigned char)(n >> 8 * i);
}

/* Runs deflate() over what is in z until it has no more to say. */
static bool deflate_all(struct packer *p, int flush, struct bytes *out)
{
    int r;

    do {
        size_t room = p->z.avail_in / 2 + 4096;
        char *to = bytes_room(out, room);

        if (!to)
            return false;
        p->z.next_out = (unsigned char *)to;
        p->z.avail_out = (uInt)room;
        r = deflate(&p->z, flush);
        if (r == Z_STREAM_ERROR)
            return false;
        out->len += room - p->z.avail_out;
    } while (p->z.avail_out == 0 || (flush == Z_FINISH && r != Z_STREAM_END));
    return true;
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
        size_t piece = n < PIECE ? n : PIECE;
        bool last = piece == n;

        p->z.next_in = (unsigned char *)(uintptr_t)data;
        p->z.avail_in = (uInt)piece;
        p->check = (uint32_t)crc32(p->check, data, (uInt)piece);
        p->len += piece;
        if (!deflate_all(p,
                         !last                  ? Z_NO_FLUSH
                         : end == PACKER_FINISH ? Z_FINISH
                                                : Z_SYNC_FLUSH,
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
