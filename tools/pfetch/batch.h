/*
 * What is appended to a file in one go: bytes, and where the pages in it end.
 *
 * A page is written whole or not at all: a file that is cut is cut behind one.
 */
#ifndef PFETCH_TOOL_BATCH_H
#define PFETCH_TOOL_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"

struct batch {
    struct bytes data;
    size_t *end; /* of each page: its offset in the data behind it */
    size_t count;
    size_t cap;
    size_t written; /* pages that are in the file                      */
};

/* Empty, with a ceiling of bytes for the data. */
void batch_init(struct batch *b, size_t max);
void batch_fini(struct batch *b);

/* What stands in the data behind the last page becomes one.  False: memory, or the data failed. */
bool batch_end_page(struct batch *b);
/* Forgets all pages from number `count` on, and their bytes, and a failure of the data. */
void batch_cut(struct batch *b, size_t count);
/* Forgets everything, and gives memory back beyond `keep` bytes. */
void batch_empty(struct batch *b, size_t keep);
/* Forgets the pages within the first `bytes`; gives how many bytes went. */
size_t batch_drop(struct batch *b, size_t bytes);

/* Where page `i` begins in the data. */
size_t batch_start(const struct batch *b, size_t i);
/* How many pages end within the first `bytes` of the data. */
size_t batch_whole(const struct batch *b, size_t bytes);

#endif
