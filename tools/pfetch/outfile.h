/*
 * A file or pipe that records are appended to, on the program's loop.
 *
 * What a turn of the loop brought is written at its end, with one write(2) for all of it: a page is
 * on record before the next is waited for, and a page costs its share of a system call.
 *
 * A pipe, a socket or a terminal is never waited for: what it does not take stays in memory, and
 * outfile_is_busy() tells the source to wait.  So it is with a file that is packed or made durable:
 * a thread does that, a piece at a time, and the next ones gather meanwhile; what is made durable is
 * so in one go, since one sync is for all of it.
 */
#ifndef PFETCH_TOOL_OUTFILE_H
#define PFETCH_TOOL_OUTFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "batch.h"
#include "writer.h"

#define OUTFILE_BATCH (256u << 10) /* bytes that are written before the turn is over       */
#define OUTFILE_PIECE (1u << 20)   /* bytes that a thread is handed at once                  */
#define OUTFILE_BUSY (1u << 20)    /* bytes that a slow reader or disk may leave untaken   */
#define OUTFILE_MAX                                                                                \
    ((size_t)2 << 30) /* bytes of all that is pending; one page of 64 MiB of
                                         control characters escapes to 384 MiB         */

struct event_base;
struct outfile;

/* How it tells, from the loop only: `arg` of outfile_new(). */
struct outfile_events {
    void (*on_room)(void *arg); /* a slow reader or disk took something                */
    void (*on_fail)(void *arg); /* a write failed: outfile_error()                     */
    void *arg;
};

struct outfile_setup {
    struct event_base *base;
    int fd;       /* taken on success                                                        */
    bool records; /* what is committed is a record: one that was written in part is cut off
                     a regular file again                                                    */
    enum packing packing;
    bool at_once; /* no record waits for the end of the turn                                  */
    bool sync;    /* see writer_setup                                                       */
    int files;    /* likewise, where `sync`                                              */
    bool by_part; /* likewise                                                            */
    /*
     * From the loop: what b->written says is now in a regular file (lent), with the places of its
     * parts.  NULL: not told.
     */
    void (*on_written)(const struct batch *b, void *arg);
    void *written_arg;
    struct outfile_events events;
};

/* NULL: memory, no thread, or something else than a regular file that is to be packed. */
struct outfile *outfile_new(const struct outfile_setup *setup);

/* Where to append one record, followed by outfile_commit() in any case. */
struct bytes *outfile_begin(struct outfile *f);
/* What was appended since the last part is one of the record's; the last one ends with it. */
void outfile_end_part(struct outfile *f);
/* False where the record is not taken: memory ran out, or a write failed, now or before. */
bool outfile_commit(struct outfile *f);

/* Bytes not yet written. */
size_t outfile_pending(const struct outfile *f);
/* A reader or disk is slow: better to make no more records until on_room. */
bool outfile_is_busy(const struct outfile *f);
/* Writes what can be written at once. */
bool outfile_flush(struct outfile *f);
/*
 * Goes on in another regular file, `fd` (taken on success), once all that is pending is in the
 * first; waits for that.  Gives the first one's descriptor in *old.  False: outfile_error().
 */
bool outfile_go_on(struct outfile *f, int fd, int *old);
/* An errno value, or 0. */
int outfile_error(const struct outfile *f);
/* How many records were taken and are not on record, because of a failure or as yet. */
size_t outfile_dropped(const struct outfile *f);
/* Whether anything has been written. */
bool outfile_is_empty(const struct outfile *f);

/*
 * Closes the descriptor and frees; what is pending is dropped.  Returns 0 or the errno value of a
 * failure known now for the first time.  NULL is ignored.
 */
int outfile_close(struct outfile *f);

#endif
