/*
 * Which requests an output holds already, and how often.
 *
 * At most 24 bytes for each different one, whatever their number.  How often counts
 * because a list may name a target twice: then two pages are due, and where one is there already,
 * the other is still missing.
 */
#ifndef PFETCH_TOOL_SEEN_H
#define PFETCH_TOOL_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "identity.h"
#include "slots.h"

#define SEEN_TIMES_MAX 32767u /* beyond that, one counts as there for ever */

/* All zero is an empty one that holds no memory. */
struct seen {
    struct slots slots; /* the 16 lower bits of an entry: 1 failed, 15 times */
};

enum seen_result {
    SEEN_NOT,    /* it is not there                              */
    SEEN_OK,     /* it is, and what was added last was no failure */
    SEEN_FAILED, /* it is, and that was one                      */
    SEEN_NOMEM
};

void seen_fini(struct seen *s);

/* One page more.  False: memory. */
bool seen_add(struct seen *s, const struct identity *id, bool failed);

/* One page less, if there is one. */
enum seen_result seen_take(struct seen *s, const struct identity *id);

/* Whether it was ever added; from now on it was. */
enum seen_result seen_once(struct seen *s, const struct identity *id);

#endif
