/*
 * Batches that wait to be written, first in, first out.
 *
 * Whoever writes takes one of a bounded size at a time: its pages are on record sooner than if all
 * that gathers meanwhile were one, and the memory of one serves the next.
 */
#ifndef PFETCH_TOOL_BACKLOG_H
#define PFETCH_TOOL_BACKLOG_H

#include "batch.h"

struct backlog_entry;

/* All zero is an empty one. */
struct backlog {
    struct backlog_entry *first, *last;
    struct backlog_entry *spare; /* with their memory */
    unsigned spares;
    size_t bytes; /* of all that wait */
    size_t pages;
};

/* Drops what waits. */
void backlog_fini(struct backlog *b);

/* Takes what is in `batch`, which is an empty one afterwards.  Without memory it stays as it is. */
void backlog_put(struct backlog *b, struct batch *batch);
/* Gives the first one in exchange for `batch`, an empty one.  False: none waits. */
bool backlog_take(struct backlog *b, struct batch *batch);

#endif
