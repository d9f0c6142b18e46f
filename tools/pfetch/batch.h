/*
 * What is appended to a file in one go: bytes, and where the pages in it end.
 *
 * A page is written whole or not at all: a file that is cut is cut behind one.
 *
 * A page may be in parts, where somebody has to know where each came to stand or each is packed for
 * itself.  Then all pages of the batch are, and a part ends with every page.
 */
#ifndef PFETCH_TOOL_BATCH_H
#define PFETCH_TOOL_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"

struct batch_part {
    size_t end;      /* its offset in the data behind it                   */
    uint64_t offset; /* once written: where it is in the file, … */
    uint64_t length; /* … and its bytes there                    */
};

struct batch {
    struct bytes data;
    size_t *end; /* of each page: its offset in the data behind it */
    size_t count;
    size_t cap;
    size_t written; /* pages that are in the file                      */
    struct batch_part *part;
    size_t part_count;
    size_t part_cap;
};

/* Empty, with a ceiling of bytes for the data. */
void batch_init(struct batch *b, size_t max);
void batch_fini(struct batch *b);
/* Each is what the other was. */
void batch_swap(struct batch *a, struct batch *b);

/* What stands in the data behind the last page becomes one.  False: memory, or the data failed. */
bool batch_end_page(struct batch *b);
/* What stands in the data behind the last part becomes one.  False: memory. */
bool batch_end_part(struct batch *b);
/* Forgets all pages from number `count` on, and their bytes, and a failure of the data. */
void batch_cut(struct batch *b, size_t count);
/* Forgets everything, and gives memory back beyond `keep` bytes. */
void batch_empty(struct batch *b, size_t keep);
/* Forgets the pages within the first `bytes`; gives how many bytes went. */
size_t batch_drop(struct batch *b, size_t bytes);

/* Where page `i` begins in the data. */
size_t batch_start(const struct batch *b, size_t i);
/* Likewise part `i`. */
size_t batch_part_start(const struct batch *b, size_t i);
/* How many parts the pages that are written have. */
size_t batch_written_parts(const struct batch *b);
/* How many pages end within the first `bytes` of the data. */
size_t batch_whole(const struct batch *b, size_t bytes);

#endif
