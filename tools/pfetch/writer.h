/*
 * The far end of an outfile that is a regular file: writes batches, packed or not, so that after
 * any failure the file ends behind a whole page.  Knows no loop; one thread at a time uses it.
 */
#ifndef PFETCH_TOOL_WRITER_H
#define PFETCH_TOOL_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "batch.h"
#include "packer.h"

#define WRITER_MEMBER                                                                              \
    ((uint64_t)4 << 20) /* unpacked bytes after which a gzip member or zstd frame \
                                             ends: what one damaged byte costs                     */

struct writer;

struct writer_setup {
    int fd; /* lent; written from its position on                               */
    enum packing packing;
    bool sync;    /* each batch is durable when it is said to be written                   */
    int files;    /* with sync: a directory whose file system is made durable before each batch,
                  since that speaks of files there; lent.  0: none                      */
    bool cut;     /* whole pages only: a part is cut off again                             */
    bool by_part; /* what is packed is packed part by part, a member each               */
};

/* NULL: memory. */
struct writer *writer_new(const struct writer_setup *setup);
void writer_free(struct writer *w);

/*
 * Appends a batch (borrowed).  b->written says how many of its pages are in the file: all of
 * them unless an errno value is returned.  After that nothing more is taken.  The parts of pages
 * that are written have their offset and length afterwards.
 */
int writer_put(struct writer *w, struct batch *b);

/* Ends the member that is open, also after a failure.  0 or an errno value. */
int writer_end(struct writer *w);

/* All bytes of `data` to `fd`; *wrote, if not NULL, says how many it were.  0 or errno. */
int writer_write_all(int fd, const char *data, size_t n, size_t *wrote);

#endif
