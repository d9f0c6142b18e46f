/*
 * Reading a file of records from its start, packed or not, with a sharp eye on where it could be
 * cut: the way back of packer.h.
 *
 * A point is a place where the file can end: anywhere in a plain file; in a packed one where a
 * member ended, or where one was flushed and can be sealed.
 */
#ifndef PFETCH_TOOL_UNPACK_H
#define PFETCH_TOOL_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packer.h"

struct unpack;

enum unpack_result {
    UNPACK_BYTES,   /* *data and *n are lent until the next call; may be none          */
    UNPACK_END,     /* the file ends as a whole                                        */
    UNPACK_TORN,    /* it ends in the middle of a member, or in nothing but zero bytes */
    UNPACK_DAMAGED, /* what follows is not what packer.h makes; the file goes on       */
    UNPACK_ERROR    /* errno: it cannot be read; or ENOMEM                             */
};

/* Reads `fd` (kept, not closed) from its start.  NULL: memory. */
struct unpack *unpack_new(int fd, enum packing packing);
void unpack_free(struct unpack *u);

enum unpack_result unpack_next(struct unpack *u, const char **data, size_t *n);

struct unpack_point {
    uint64_t offset; /* in the file                                                  */
    bool open;       /* a member was flushed here: to be sealed with … */
    uint32_t check;  /* … the CRC-32 and                             */
    uint64_t len;    /* … the length of what has come out of it      */
};
/* Whether the bytes handed out last end at a point, and which. */
bool unpack_point(const struct unpack *u, struct unpack_point *point);

/* Makes `fd` end there: cut, sealed, and positioned behind it.  0 or an errno value. */
int unpack_cut(int fd, enum packing packing, const struct unpack_point *point);

#endif
