/*
 * One open addressing table with linear probing, of which 69 to 78 in a hundred slots are in use:
 * 16 / 0.69 = 23.1 bytes an entry at worst.  A table that doubles would need 32 on average and 48
 * while it is copied, so this one grows by an eighth and in place.
 *
 * In place, because a slot's first choice is high * size / 2^64, which keeps the order of the
 * hashes: when size grows no first choice moves down.  So the runs of slots in use are taken out one
 * by one from the table's end and put back where they now belong, always behind all that is still
 * to be moved.  What would have to go around the end, or has gone, waits until that is done.
 * realloc() of this size moves page tables and no bytes.
 */
#include "slots.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 1024u
#define FILL_PERCENT 78u

__extension__ typedef unsigned __int128 wide; /* for one product */

/* Slots taken out of the table. */
struct pile {
    struct slot *slot;
    size_t count;
    size_t room;
};

void slots_fini(struct slots *s)
{
    free(s->slot);
    *s = (struct slots){0};
}

static bool is_free(const struct slot *slot)
{
    return slot->high == 0 && slot->low == 0;
}

static size_t home(const struct slots *s, uint64_t high)
{
    return (size_t)((wide)high * s->size >> 64);
}

/* Its slot, or the free one where it belongs. */
static struct slot *find(const struct slots *s, const struct slot *key, uint64_t mask)
{
    size_t at = home(s, key->high);

    while (!is_free(&s->slot[at]) &&
           (s->slot[at].high != key->high || ((s->slot[at].low ^ key->low) & mask) != 0)) {
        if (++at == s->size)
            at = 0;
    }
    return &s->slot[at];
}

/* -------------------------------------------------------------- growth -- */

static bool pile_up(struct pile *p, const struct slot *slot)
{
    if (p->count == p->room) {
        size_t room = p->room ? 2 * p->room : 256;
        struct slot *more = realloc(p->slot, room * sizeof(*more));

        if (!more)
            return false;
        p->slot = more;
        p->room = room;
    }
    p->slot[p->count++] = *slot;
    return true;
}

/* Into the first free slot at or behind its home; false where that is behind the end. */
static bool settle(struct slots *s, const struct slot *slot)
{
    for (size_t at = home(s, slot->high); at < s->size; at++) {
        if (is_free(&s->slot[at])) {
            s->slot[at] = *slot;
            return true;
        }
    }
    return false;
}

/* Takes the run that ends before `end` out of the table; *first is where it began. */
static bool take_run(struct slots *s, size_t end, size_t *first, struct pile *run)
{
    size_t at = end;

    run->count = 0;
    while (at > 0 && !is_free(&s->slot[at - 1])) {
        if (!pile_up(run, &s->slot[at - 1]))
            return false;
        at--;
    }
    memset(&s->slot[at], 0, (end - at) * sizeof(*s->slot));
    *first = at;
    return true;
}

/*
 * Puts all of the first `old` slots where they belong now that there are more.  A run that went
 * around the end is in two parts, and the homes of the first part are near the end: a slot there
 * that is before its home, as it was with the old size, waits with those of the end.
 */
static bool spread(struct slots *s, size_t old, uint64_t mask, struct pile *run, struct pile *late)
{
    struct slots before = {.size = old};
    size_t end = old;

    while (end > 0) {
        size_t first;

        if (is_free(&s->slot[end - 1])) {
            end--;
            continue;
        }
        if (!take_run(s, end, &first, run))
            return false;
        for (size_t i = run->count; i-- > 0;) {
            const struct slot *slot = &run->slot[i];
            bool went_around = home(&before, slot->high) >= end;

            if ((went_around || !settle(s, slot)) && !pile_up(late, slot))
                return false;
        }
        end = first;
    }
    for (size_t i = 0; i < late->count; i++)
        *find(s, &late->slot[i], mask) = late->slot[i];
    return true;
}

static bool grow(struct slots *s, uint64_t mask)
{
    size_t old = s->size, size = old ? old + old / 8 : FIRST_SIZE;
    struct slot *slot = realloc(s->slot, size * sizeof(*slot));
    struct pile run = {0}, late = {0};
    bool done;

    if (!slot)
        return false;
    memset(slot + old, 0, (size - old) * sizeof(*slot));
    s->slot = slot;
    s->size = size;
    done = spread(s, old, mask, &run, &late);
    free(run.slot);
    free(late.slot);
    return done;
}

static bool has_room(const struct slots *s)
{
    return (s->used + 1) * 100 <= s->size * FILL_PERCENT;
}

void slots_expect(const struct slots *s, const struct slot *key)
{
    if (s->size > 0)
        __builtin_prefetch(&s->slot[home(s, key->high)]);
}

struct slot *slots_find(const struct slots *s, const struct slot *key, uint64_t mask)
{
    struct slot *slot = s->used ? find(s, key, mask) : NULL;

    return slot && !is_free(slot) ? slot : NULL;
}

struct slot *slots_make(struct slots *s, const struct slot *key, uint64_t mask, bool *was_there)
{
    struct slot *slot;

    if (!has_room(s) && !grow(s, mask))
        return NULL;
    slot = find(s, key, mask);
    *was_there = !is_free(slot);
    if (!*was_there) {
        *slot = *key;
        s->used++;
    }
    return slot;
}
