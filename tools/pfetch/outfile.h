/*
 * A file or pipe that records are appended to in large batches, on the program's loop.
 *
 * A regular file is written when a batch is full or a moment has passed.  A pipe, a socket or a
 * terminal gets what there is at the end of each turn of the loop, and is never waited for: what
 * it does not take stays in memory, and outfile_is_busy() tells the source to wait.
 */
#ifndef PFETCH_TOOL_OUTFILE_H
#define PFETCH_TOOL_OUTFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"

#define OUTFILE_BATCH (256u << 10) /* bytes that make a write worth while              */
#define OUTFILE_BUSY (4u << 20)    /* bytes that a slow reader may leave untaken       */
#define OUTFILE_MOMENT_MS 200      /* a record waits no longer for a batch to be full  */
#define OUTFILE_MAX                                                                                \
    ((size_t)2 << 30) /* bytes of all that is pending; one page of 64 MiB of
                                         control characters escapes to 384 MiB         */

struct event_base;
struct outfile;

/* How it tells, from the loop only: `arg` of outfile_new(). */
struct outfile_events {
    void (*on_room)(void *arg); /* a slow reader took something                      */
    void (*on_fail)(void *arg); /* a write failed: outfile_error()                   */
    void *arg;
};

/*
 * Takes `fd` on success.  `lines` says that records are lines, so that after a failure a record
 * that was written in part is cut off a regular file again.  NULL: memory.
 */
struct outfile *outfile_new(struct event_base *base, int fd, bool lines,
                            const struct outfile_events *events);

/* Where to append one record, followed by outfile_commit() in any case. */
struct bytes *outfile_begin(struct outfile *f);
/* False where the record is not taken: memory ran out, or a write failed, now or before. */
bool outfile_commit(struct outfile *f);

/* Bytes not yet written. */
size_t outfile_pending(const struct outfile *f);
/* A reader is slow: better to make no more records until on_room. */
bool outfile_is_busy(const struct outfile *f);
/* Writes what can be written at once. */
bool outfile_flush(struct outfile *f);
/* An errno value, or 0. */
int outfile_error(const struct outfile *f);
/* How many lines were taken and are not on record, because of a failure or as yet. */
size_t outfile_dropped(const struct outfile *f);
/* Whether anything has been written. */
bool outfile_is_empty(const struct outfile *f);

/*
 * Closes the descriptor and frees; what is pending is dropped.  Returns 0 or the errno value of a
 * failure known now for the first time.  NULL is ignored.
 */
int outfile_close(struct outfile *f);

#endif
