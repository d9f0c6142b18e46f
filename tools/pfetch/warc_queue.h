/*
 * Captures that are handed over and not yet on record: what is said of each in the index once its
 * place is known, and what a revisit would say of it.
 */
#ifndef PFETCH_TOOL_WARC_QUEUE_H
#define PFETCH_TOOL_WARC_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "warc.h"

/* One of them; strings are lent until the queue is next changed. */
struct warc_waiting {
    uint64_t part;    /* the record's number among all that this run writes            */
    const char *line; /* of the index, up to its place                                 */
    size_t line_len;
    const char *uri;
    size_t uri_len;
    char date[RECORD_TIME];
    char id[WARC_ID];
    char digest[RECORDER_SHA256]; /* of the payload; "" for what no revisit may refer to */
};

struct warc_queue {
    struct bytes text;
    struct warc_slot *slot;
    size_t first, count, cap; /* slots first to first + count - 1 */
};

void warc_queue_init(struct warc_queue *q);
void warc_queue_fini(struct warc_queue *q);

/* Adds one (copied) at the end, its part greater than all before.  False: memory. */
bool warc_queue_add(struct warc_queue *q, const struct warc_waiting *w);
/* The first; false: there is none. */
bool warc_queue_first(const struct warc_queue *q, struct warc_waiting *w);
/* The one with that part; false: it is not here. */
bool warc_queue_find(const struct warc_queue *q, uint64_t part, struct warc_waiting *w);
/* Takes the first one away. */
void warc_queue_take(struct warc_queue *q);

#endif
