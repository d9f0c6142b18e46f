/*
 * What a record says about the page beyond its head: what it took.
 */
#ifndef PFETCH_TOOL_RECORD_REST_H
#define PFETCH_TOOL_RECORD_REST_H

#include <stddef.h>
#include <stdint.h>

struct record_rest {
    uint64_t bytes;     /* of the body                                */
    unsigned attempts;  /* 0: never sent                              */
    int64_t cost_micro; /* millionths of a credit; -1: not known      */
    uint32_t queued_ms;
    uint32_t elapsed_ms;
    int64_t fetched_at_ms; /* since 1970-01-01T00:00:00Z; 0: not known */
};

#define RECORD_REST_NONE ((struct record_rest){.cost_micro = -1})

/*
 * Takes one member of a record: its name, and its value as it stands there, `n` bytes of JSON
 * (all borrowed).  A member that is none of these, or whose value is not of its form, changes
 * nothing.
 */
void record_rest_take(struct record_rest *rest, const char *name, const char *value, size_t n);

#endif
