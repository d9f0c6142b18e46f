/*
 * One open addressing table with linear probing, of which 69 to 78 in a hundred slots are in use:
 * 16 / 0.69 = 23.1 bytes a page at worst.  A table that doubles would need 32 on average and 48
 * while it is copied, so this one grows by an eighth and in place.
 *
 * In place, because a slot's first choice is high * size / 2^64, which keeps the order of the
 * hashes: when size grows no first choice moves down.  So the runs of slots in use are taken out one
 * by one from the table's end and put back where they now belong, always behind all that is still
 * to be moved.  What would have to go around the end, or has gone, waits until that is done.
 * realloc() of this size moves page tables and no bytes.
 *
 * 112 bits of the identity are kept; the rest of the 16 bytes counts.  At ten thousand million
 * pages the chance that any two of them are taken for one is below one in 10^13.
 */
#include "seen.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 1024u
#define FILL_PERCENT 78u
#define TIMES 0x3fffu
#define STATE_SHIFT 14u
#define COUNT 0xffffu

__extension__ typedef unsigned __int128 wide; /* for one product */

/* Slots taken out of the table. */
struct pile {
    struct seen_slot *slot;
    size_t count;
    size_t room;
};

void seen_fini(struct seen *s)
{
    free(s->slot);
    *s = (struct seen){0};
}

static bool is_free(const struct seen_slot *slot)
{
    return slot->high == 0 && slot->low == 0;
}

static size_t home(const struct seen *s, uint64_t high)
{
    return (size_t)((wide)high * s->size >> 64);
}

/* As it is kept: without the count's bits, and never that of a free slot. */
static struct seen_slot key_of(const struct identity *id)
{
    struct seen_slot key = {.high = id->high, .low = id->low & ~(uint64_t)COUNT};

    if (is_free(&key))
        key.high = 1;
    return key;
}

/* Its slot, or the free one where it belongs. */
static struct seen_slot *find(const struct seen *s, const struct seen_slot *key)
{
    size_t at = home(s, key->high);

    while (!is_free(&s->slot[at]) &&
           (s->slot[at].high != key->high || (s->slot[at].low & ~(uint64_t)COUNT) != key->low)) {
        if (++at == s->size)
            at = 0;
    }
    return &s->slot[at];
}

/* -------------------------------------------------------------- growth -- */

static bool pile_up(struct pile *p, const struct seen_slot *slot)
{
    if (p->count == p->room) {
        size_t room = p->room ? 2 * p->room : 256;
        struct seen_slot *more = realloc(p->slot, room * sizeof(*more));

        if (!more)
            return false;
        p->slot = more;
        p->room = room;
    }
    p->slot[p->count++] = *slot;
    return true;
}

/* Into the first free slot at or behind its home; false where that is behind the end. */
static bool settle(struct seen *s, const struct seen_slot *slot)
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
static bool take_run(struct seen *s, size_t end, size_t *first, struct pile *run)
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
static bool spread(struct seen *s, size_t old, struct pile *run, struct pile *late)
{
    struct seen before = {.size = old};
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
            const struct seen_slot *slot = &run->slot[i];
            bool went_around = home(&before, slot->high) >= end;

            if ((went_around || !settle(s, slot)) && !pile_up(late, slot))
                return false;
        }
        end = first;
    }
    for (size_t i = 0; i < late->count; i++)
        *find(s, &(struct seen_slot){.high = late->slot[i].high,
                                     .low = late->slot[i].low & ~(uint64_t)COUNT}) = late->slot[i];
    return true;
}

static bool grow(struct seen *s)
{
    size_t old = s->size, size = old ? old + old / 8 : FIRST_SIZE;
    struct seen_slot *slot = realloc(s->slot, size * sizeof(*slot));
    struct pile run = {0}, late = {0};
    bool done;

    if (!slot)
        return false;
    memset(slot + old, 0, (size - old) * sizeof(*slot));
    s->slot = slot;
    s->size = size;
    done = spread(s, old, &run, &late);
    free(run.slot);
    free(late.slot);
    return done;
}

/* ------------------------------------------------------------ together -- */

static bool has_room(const struct seen *s)
{
    return (s->used + 1) * 100 <= s->size * FILL_PERCENT;
}

/* Its slot, made if need be with a count of 0; NULL: memory. */
static struct seen_slot *slot_of(struct seen *s, const struct identity *id, bool *was_there)
{
    struct seen_slot key = key_of(id), *slot;

    if (!has_room(s) && !grow(s))
        return NULL;
    slot = find(s, &key);
    *was_there = !is_free(slot);
    if (!*was_there) {
        *slot = key;
        s->used++;
    }
    return slot;
}

static void set_state(struct seen_slot *slot, enum seen_result what)
{
    slot->low = (slot->low & ~((uint64_t)COUNT & ~TIMES)) | (uint64_t)what << STATE_SHIFT;
}

void seen_expect(const struct seen *s, const struct identity *id)
{
    if (s->size > 0)
        __builtin_prefetch(&s->slot[home(s, id->high)]);
}

bool seen_add(struct seen *s, const struct identity *id, enum seen_result what)
{
    bool was_there;
    struct seen_slot *slot = slot_of(s, id, &was_there);

    if (!slot)
        return false;
    if ((slot->low & TIMES) < TIMES)
        slot->low++;
    set_state(slot, what);
    return true;
}

bool seen_mark(struct seen *s, const struct identity *id, enum seen_result what)
{
    bool was_there;
    struct seen_slot *slot = slot_of(s, id, &was_there);

    if (!slot)
        return false;
    if (!was_there)
        slot->low++;
    set_state(slot, what);
    return true;
}

static enum seen_result result_of(const struct seen_slot *slot)
{
    return (enum seen_result)((slot->low & COUNT) >> STATE_SHIFT);
}

enum seen_result seen_state(const struct seen *s, const struct identity *id)
{
    struct seen_slot key = key_of(id), *slot = s->used > 0 ? find(s, &key) : NULL;

    return slot && (slot->low & TIMES) > 0 ? result_of(slot) : SEEN_NOT;
}

enum seen_result seen_take(struct seen *s, const struct identity *id)
{
    struct seen_slot key = key_of(id), *slot;

    if (s->used == 0)
        return SEEN_NOT;
    slot = find(s, &key);
    if ((slot->low & TIMES) == 0)
        return SEEN_NOT;
    if ((slot->low & TIMES) < TIMES)
        slot->low--;
    return result_of(slot);
}

enum seen_result seen_once(struct seen *s, const struct identity *id)
{
    bool was_there;
    struct seen_slot *slot = slot_of(s, id, &was_there);

    if (!slot)
        return SEEN_NOMEM;
    return was_there ? result_of(slot) : SEEN_NOT;
}
