/*
 * zlib tells of the end of each deflate block (Z_BLOCK), and in which bit; a flush ends in a whole
 * byte.  zstd does not tell, so its frames are walked block by block here (RFC 8878 section 3.1.1)
 * and each whole block is handed to the library alone.
 *
 * A kill leaves a file cut off, never one with wrong bytes; a loss of power may leave zeros at its
 * end.  Anything else is damage from elsewhere, and not to be cut away as if it were a tail.
 */
#include "unpack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define IN_BYTES (512u << 10)
#define OUT_BYTES (512u << 10)
#define ZSTD_MAGIC 0xfd2fb528u
#define ZSTD_SKIP 0x184d2a50u
#define ZSTD_BLOCK_MAX (128u << 10)

struct unpack {
    int fd;
    enum packing packing;
    bool eof;
    uint64_t read_at; /* where in the file the input's end is   */
    size_t in_at, in_len;
    bool inside; /* a member is open                         */
    bool at_point;
    uint32_t check;
    uint64_t len; /* out of the open member */
    z_stream z;
    bool zlib_ready;
    ZSTD_DCtx *zstd;
    bool last_block, checksum, sealable; /* zstd: of the frame */
    unsigned char in[IN_BYTES];
    char out[OUT_BYTES];
};

struct unpack *unpack_new(int fd, enum packing packing)
{
    struct unpack *u = malloc(sizeof(*u));

    if (!u)
        return NULL;
    memset(u, 0, offsetof(struct unpack, in));
    u->fd = fd;
    u->packing = packing;
    if (packing == PACKING_GZIP)
        u->zlib_ready = inflateInit2(&u->z, MAX_WBITS + 16) == Z_OK;
    else if (packing == PACKING_ZSTD)
        u->zstd = ZSTD_createDCtx();
    if (packing == PACKING_NONE || u->zlib_ready || u->zstd)
        return u;
    unpack_free(u);
    return NULL;
}

void unpack_free(struct unpack *u)
{
    if (!u)
        return;
    if (u->zlib_ready)
        inflateEnd(&u->z);
    ZSTD_freeDCtx(u->zstd);
    free(u);
}

bool unpack_point(const struct unpack *u, struct unpack_point *point)
{
    *point = (struct unpack_point){.offset = u->read_at - (u->in_len - u->in_at),
                                   .open = u->inside,
                                   .check = u->check,
                                   .len = u->len};
    return u->at_point;
}

/* At least `n` bytes of input, or all that is left.  False: errno. */
static bool fill(struct unpack *u, size_t n)
{
    while (u->in_len - u->in_at < n && !u->eof) {
        ssize_t r;

        if (u->in_at > 0) {
            memmove(u->in, u->in + u->in_at, u->in_len - u->in_at);
            u->in_len -= u->in_at;
            u->in_at = 0;
        }
        r = pread(u->fd, u->in + u->in_len, IN_BYTES - u->in_len, (off_t)u->read_at);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return false;
        u->eof = r == 0;
        u->in_len += (size_t)r;
        u->read_at += (uint64_t)r;
    }
    return true;
}

/* Wrong bytes: nothing but zeros up to the end is a torn tail as well. */
static enum unpack_result damaged(struct unpack *u)
{
    for (;;) {
        while (u->in_at < u->in_len) {
            if (u->in[u->in_at++] != 0)
                return UNPACK_DAMAGED;
        }
        if (u->eof)
            return UNPACK_TORN;
        if (!fill(u, 1))
            return UNPACK_ERROR;
    }
}

static enum unpack_result next_plain(struct unpack *u, const char **data, size_t *n)
{
    u->in_at = u->in_len;
    if (!fill(u, 1))
        return UNPACK_ERROR;
    if (u->in_len == u->in_at)
        return UNPACK_END;
    *data = (const char *)u->in + u->in_at;
    *n = u->in_len - u->in_at;
    u->in_at = u->in_len;
    u->at_point = true;
    return UNPACK_BYTES;
}

static enum unpack_result inflate_some(struct unpack *u, const char **data, size_t *n)
{
    int r;

    u->z.next_in = u->in + u->in_at;
    u->z.avail_in = (uInt)(u->in_len - u->in_at);
    u->z.next_out = (unsigned char *)u->out;
    u->z.avail_out = OUT_BYTES;
    r = inflate(&u->z, Z_BLOCK);
    u->in_at = u->in_len - u->z.avail_in;
    *data = u->out;
    *n = OUT_BYTES - u->z.avail_out;
    u->len += *n;
    u->check = (uint32_t)u->z.adler;
    if (r == Z_STREAM_END) {
        inflateReset(&u->z);
        u->inside = false;
        u->at_point = true;
        u->len = 0;
        return UNPACK_BYTES;
    }
    if (r == Z_MEM_ERROR) {
        errno = ENOMEM;
        return UNPACK_ERROR;
    }
    if (r != Z_OK && r != Z_BUF_ERROR)
        return damaged(u);
    /* Behind a block that is not the last, in no byte's middle. */
    u->at_point = u->len > 0 && (u->z.data_type & (128 | 64 | 7)) == 128;
    return UNPACK_BYTES;
}

static enum unpack_result next_gzip(struct unpack *u, const char **data, size_t *n)
{
    u->at_point = false;
    for (;;) {
        enum unpack_result r;

        if (!fill(u, 1))
            return UNPACK_ERROR;
        if (u->in_len == u->in_at)
            return u->inside ? UNPACK_TORN : UNPACK_END;
        u->inside = true;
        r = inflate_some(u, data, n);
        if (r != UNPACK_BYTES || *n > 0 || u->at_point)
            return r;
    }
}

static uint32_t le32(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* A skippable frame: over it. */
static enum unpack_result skip_frame(struct unpack *u)
{
    uint64_t left;

    if (!fill(u, 8))
        return UNPACK_ERROR;
    if (u->in_len - u->in_at < 8)
        return UNPACK_TORN;
    left = (uint64_t)le32(u->in + u->in_at + 4) + 8;
    while (left > 0) {
        size_t have;

        if (!fill(u, 1))
            return UNPACK_ERROR;
        have = u->in_len - u->in_at;
        if (have == 0)
            return UNPACK_TORN;
        have = have < left ? have : (size_t)left;
        u->in_at += have;
        left -= have;
    }
    u->at_point = true;
    return UNPACK_BYTES;
}

/* Bytes of the frame's header, which begins at the input; 0 where that is no frame. */
static size_t frame_header(struct unpack *u)
{
    static const unsigned char dictionary[4] = {0, 1, 2, 4}, content[4] = {0, 2, 4, 8};
    unsigned descriptor = u->in[u->in_at + 4];
    bool single = descriptor & 0x20;
    size_t sized = content[descriptor >> 6];

    if (le32(u->in + u->in_at) != ZSTD_MAGIC)
        return 0;
    if (single && sized == 0)
        sized = 1;
    u->checksum = descriptor & 4;
    u->sealable = !u->checksum && sized == 0;
    return 5 + (single ? 0 : 1) + dictionary[descriptor & 3] + sized;
}

/* Hands `n` bytes of input to the library, and its output on. */
static enum unpack_result decode(struct unpack *u, size_t n, const char **data, size_t *got)
{
    ZSTD_inBuffer in = {.src = u->in + u->in_at, .size = n};
    ZSTD_outBuffer out = {.dst = u->out, .size = OUT_BYTES};
    size_t r = ZSTD_decompressStream(u->zstd, &out, &in);

    if (ZSTD_isError(r))
        return damaged(u);
    /* A block is no larger than the room for it, so all of it has come out. */
    u->in_at += n;
    *data = u->out;
    *got = out.pos;
    u->len += out.pos;
    return UNPACK_BYTES;
}

static enum unpack_result begin_frame(struct unpack *u, const char **data, size_t *n)
{
    size_t header;

    if (!fill(u, 18))
        return UNPACK_ERROR;
    if (u->in_len == u->in_at)
        return UNPACK_END;
    if (u->in_len - u->in_at >= 4 && (le32(u->in + u->in_at) & ~15u) == ZSTD_SKIP)
        return skip_frame(u);
    if (u->in_len - u->in_at < 9)
        return UNPACK_TORN;
    header = frame_header(u);
    if (header == 0)
        return damaged(u);
    if (u->in_len - u->in_at < header)
        return UNPACK_TORN;
    u->inside = true;
    u->last_block = false;
    u->len = 0;
    return decode(u, header, data, n);
}

static enum unpack_result next_block(struct unpack *u, const char **data, size_t *n)
{
    const unsigned char *p;
    enum unpack_result r;
    uint32_t header;
    size_t size;

    if (!fill(u, 3))
        return UNPACK_ERROR;
    if (u->in_len - u->in_at < 3)
        return UNPACK_TORN;
    p = u->in + u->in_at;
    header = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
    size = (header >> 1 & 3) == 1 ? 1 : header >> 3;
    u->last_block = header & 1;
    if (size > ZSTD_BLOCK_MAX)
        return damaged(u);
    size += 3 + (u->last_block && u->checksum ? 4u : 0);
    if (!fill(u, size))
        return UNPACK_ERROR;
    if (u->in_len - u->in_at < size)
        return UNPACK_TORN;
    r = decode(u, size, data, n);
    if (r != UNPACK_BYTES)
        return r;
    u->inside = !u->last_block;
    u->at_point = u->last_block || (u->sealable && u->len > 0);
    return r;
}

static enum unpack_result next_zstd(struct unpack *u, const char **data, size_t *n)
{
    u->at_point = false;
    *n = 0;
    return u->inside ? next_block(u, data, n) : begin_frame(u, data, n);
}

enum unpack_result unpack_next(struct unpack *u, const char **data, size_t *n)
{
    *data = "";
    *n = 0;
    switch (u->packing) {
    case PACKING_NONE:
        return next_plain(u, data, n);
    case PACKING_GZIP:
        return next_gzip(u, data, n);
    case PACKING_ZSTD:
        return next_zstd(u, data, n);
    }
    return UNPACK_DAMAGED;
}

int unpack_cut(int fd, enum packing packing, const struct unpack_point *point)
{
    unsigned char end[PACKER_SEAL];
    size_t n, at = 0;

    if (ftruncate(fd, (off_t)point->offset) != 0 || lseek(fd, (off_t)point->offset, SEEK_SET) < 0)
        return errno;
    if (!point->open)
        return 0;
    n = packer_seal(packing, point->check, point->len, end);
    while (at < n) {
        ssize_t wrote = write(fd, end + at, n - at);

        if (wrote < 0 && errno != EINTR)
            return errno;
        at += wrote > 0 ? (size_t)wrote : 0;
    }
    return 0;
}
