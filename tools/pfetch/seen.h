/*
 * Which requests an output holds already, and how often.
 *
 * At most 24 bytes for each different one, whatever their number: see seen.c.  How often counts
 * because a list may name a target twice: then two pages are due, and where one is there already,
 * the other is still missing.
 */
#ifndef PFETCH_TOOL_SEEN_H
#define PFETCH_TOOL_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "identity.h"

#define SEEN_TIMES_MAX 16383u /* beyond that, one counts as there for ever */

struct seen_slot {
    uint64_t high; /* both zero: free */
    uint64_t low;  /* its 16 lower bits: 2 state, 14 times */
};

/* All zero is an empty one that holds no memory. */
struct seen {
    struct seen_slot *slot;
    size_t size; /* slots                */
    size_t used; /* different requests   */
};

/* Whether it is there, and what was added last. */
enum seen_result {
    SEEN_OK,
    SEEN_FAILED, /* a page that is not ok                     */
    SEEN_OWED,   /* one that is not there for want of an account */
    SEEN_NOT,    /* nothing: it is not there                  */
    SEEN_NOMEM
};

void seen_fini(struct seen *s);

/* It is asked for soon: a table of gigabytes is read from memory that has to be fetched. */
void seen_expect(const struct seen *s, const struct identity *id);

/* One page more, of one of the first three.  False: memory. */
bool seen_add(struct seen *s, const struct identity *id, enum seen_result what);

/* What has become of a page that is there: it counts no more than before.  False: memory. */
bool seen_mark(struct seen *s, const struct identity *id, enum seen_result what);

/* What was added last, or SEEN_NOT. */
enum seen_result seen_state(const struct seen *s, const struct identity *id);

/* One page less, if there is one. */
enum seen_result seen_take(struct seen *s, const struct identity *id);

/* Whether it was ever added; from now on it was. */
enum seen_result seen_once(struct seen *s, const struct identity *id);

#endif
