/*
 * Which payloads an archive holds already, and where: 24 bytes for each, whatever their number.
 *
 * A digest's first 64 bits are kept, and the place of the record they came with.  Whether that record
 * has the same payload indeed, and whose it is, is asked of the record itself.
 */
#ifndef PFETCH_TOOL_WARC_TWINS_H
#define PFETCH_TOOL_WARC_TWINS_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "packer.h"
#include "slots.h"
#include "warc.h"

/* All zero is an empty one. */
struct warc_twins {
    struct slots slots;
};

/* Where a record is: in a file, or not yet. */
struct warc_place {
    bool waits;      /* for its place: `number` is its part among all of the run */
    uint64_t number; /* else of the file                                         */
    uint64_t offset;
};

void warc_twins_fini(struct warc_twins *t);

/* Where the payload is; false: it is not there.  `digest`: hexadecimal, of 64 digits. */
bool warc_twins_find(const struct warc_twins *t, const char *digest, struct warc_place *place);
/* Notes where it is, unless it is somewhere already.  False: memory. */
bool warc_twins_add(struct warc_twins *t, const char *digest, const struct warc_place *place);
/* What waited as `part` now is at `place`. */
void warc_twins_settle(struct warc_twins *t, const char *digest, uint64_t part,
                       const struct warc_place *place);

/*
 * Reads the head of the record at `offset` of a file (lent) into `room`, which *original is lent
 * from.  False where that is no main record with that payload.
 */
bool warc_twins_read(int fd, enum packing packing, uint64_t offset, const char *digest,
                     struct bytes *room, struct warc_original *original);

#endif
