/*
 * Raw deflate (RFC 1951) of a stream that can be flushed, and the CRC-32 that gzip (RFC 1952) wants
 * beside it.  ISA-L does it where configure finds it, zlib where not: one of deflate_isal.c and
 * deflate_zlib.c is compiled, and either can read what the other wrote.
 */
#ifndef PFETCH_TOOL_DEFLATE_H
#define PFETCH_TOOL_DEFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"

struct deflate_stream;

/* NULL: memory. */
struct deflate_stream *deflate_new(void);
void deflate_free(struct deflate_stream *d);

enum deflate_end {
    DEFLATE_MORE,  /* the library may keep the bytes back                       */
    DEFLATE_FLUSH, /* all that was put can be decoded; ends in a whole byte     */
    DEFLATE_FINISH /* likewise, and nothing follows; deflate_reset() before more */
};

/* Appends what `n` bytes, at most DEFLATE_PIECE, deflate to.  False: memory. */
#define DEFLATE_PIECE (1u << 20)
bool deflate_put(struct deflate_stream *d, const void *data, size_t n, enum deflate_end end,
                 struct bytes *out);
/* Forgets the stream: the next put begins one. */
void deflate_reset(struct deflate_stream *d);

/* The CRC-32 of what had `crc` (0: nothing) with `n` bytes behind it. */
uint32_t deflate_crc(uint32_t crc, const void *data, size_t n);

#endif
