/*
 * A table of what many pages are known by, at most 24 bytes for each entry whatever their number: see
 * slots.c.
 *
 * An entry is 16 bytes: its key, which is a hash nobody can choose, and in the bits of `low` that are
 * no part of the key whatever the owner likes.  Which bits these are is the same in all calls for
 * one table: `mask` has the key's.
 */
#ifndef PFETCH_TOOL_SLOTS_H
#define PFETCH_TOOL_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slot {
    uint64_t high; /* both zero: free */
    uint64_t low;
};

/* All zero is an empty one that holds no memory. */
struct slots {
    struct slot *slot;
    size_t size; /* slots      */
    size_t used; /* entries    */
};

void slots_fini(struct slots *s);

/* It is asked for soon: a table of gigabytes is read from memory that has to be fetched. */
void slots_expect(const struct slots *s, const struct slot *key);

/* The entry with that key; NULL: there is none.  Lent until the next slots_make(). */
struct slot *slots_find(const struct slots *s, const struct slot *key, uint64_t mask);

/*
 * Likewise, made from *key if need be, which is not all zero and has the owner's bits of a new entry.
 * NULL: memory.
 */
struct slot *slots_make(struct slots *s, const struct slot *key, uint64_t mask, bool *was_there);

#endif
