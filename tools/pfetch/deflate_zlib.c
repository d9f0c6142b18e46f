/*
 * What is packed is mostly HTML of some 10 KiB; with zlib's default of 6 a page takes about twice as
 * long as with 3 and comes out a tenth smaller.  The disk is the cheaper of the two for whoever
 * waits for pages, and a finished output can be packed again.
 */
#include <stdlib.h>
#include <zlib.h>

#include "deflate.h"

#define LEVEL 3

struct deflate_stream {
    z_stream z;
};

struct deflate_stream *deflate_new(void)
{
    struct deflate_stream *d = calloc(1, sizeof(*d));

    if (d && deflateInit2(&d->z, LEVEL, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK)
        return d;
    free(d);
    return NULL;
}

void deflate_free(struct deflate_stream *d)
{
    if (!d)
        return;
    deflateEnd(&d->z);
    free(d);
}

bool deflate_put(struct deflate_stream *d, const void *data, size_t n, enum deflate_end end,
                 struct bytes *out)
{
    static const int flush[] = {[DEFLATE_MORE] = Z_NO_FLUSH,
                                [DEFLATE_FLUSH] = Z_SYNC_FLUSH,
                                [DEFLATE_FINISH] = Z_FINISH};
    int r;

    d->z.next_in = (unsigned char *)(uintptr_t)data;
    d->z.avail_in = (uInt)n;
    do {
        size_t room = d->z.avail_in / 2 + 4096;
        char *to = bytes_room(out, room);

        if (!to)
            return false;
        d->z.next_out = (unsigned char *)to;
        d->z.avail_out = (uInt)room;
        r = deflate(&d->z, flush[end]);
        if (r == Z_STREAM_ERROR)
            return false;
        out->len += room - d->z.avail_out;
    } while (d->z.avail_out == 0 || (end == DEFLATE_FINISH && r != Z_STREAM_END));
    return true;
}

void deflate_reset(struct deflate_stream *d)
{
    deflateReset(&d->z);
}

uint32_t deflate_crc(uint32_t crc, const void *data, size_t n)
{
    return (uint32_t)crc32(crc, data, (uInt)n);
}
