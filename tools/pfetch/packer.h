/*
 * Packing what is appended to a file, so that what has been packed so far can be unpacked whatever
 * happens next.
 *
 * A member is a gzip member (RFC 1952) or a zstd frame (RFC 8878).  A flush makes all that was put
 * decodable and keeps the member open; its window goes on, so that flushing often costs a few
 * bytes and no ratio to speak of.  A member that was flushed last and then left behind, by a kill
 * or a full disk, is given a proper end by packer_seal(), which needs no state of the packer.
 */
#ifndef PFETCH_TOOL_PACKER_H
#define PFETCH_TOOL_PACKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"

enum packing { PACKING_NONE, PACKING_GZIP, PACKING_ZSTD };

struct packer;

/* NULL: memory.  Not for PACKING_NONE. */
struct packer *packer_new(enum packing packing);
void packer_free(struct packer *p);

enum packer_end {
    PACKER_FLUSH, /* the member stays open                */
    PACKER_FINISH /* the member ends, the next put begins one */
};

/* Appends `n` bytes, packed; out->failed or false where memory ran out. */
bool packer_put(struct packer *p, const void *data, size_t n, enum packer_end end,
                struct bytes *out);

/* Bytes put into the member that is open; 0: none is. */
uint64_t packer_member(const struct packer *p);
/* CRC-32 of them; only of gzip. */
uint32_t packer_check(const struct packer *p);
/* Forgets the open member: the next put begins one. */
void packer_reset(struct packer *p);

/*
 * What, written behind a flush, ends a member of which `len` bytes with CRC-32 `check` came out:
 * its bytes in `end` (PACKER_SEAL), their number returned.
 */
#define PACKER_SEAL 10u
size_t packer_seal(enum packing packing, uint32_t check, uint64_t len,
                   unsigned char end[PACKER_SEAL]);

#endif
