/*
 * 112 bits of the identity are kept; the rest of the 16 bytes counts.  At ten thousand million
 * pages the chance that any two of them are taken for one is below one in 10^13.
 */
#include "seen.h"

#define TIMES 0x3fffu
#define STATE_SHIFT 14u
#define STATE ((uint64_t)3 << STATE_SHIFT)
#define KEY (~(STATE | TIMES))

void seen_fini(struct seen *s)
{
    slots_fini(&s->slots);
}

/* As it is kept: without the count's bits, and never that of a free slot. */
static struct slot key_of(const struct identity *id)
{
    struct slot key = {.high = id->high, .low = id->low & KEY};

    if (key.high == 0 && key.low == 0)
        key.high = 1;
    return key;
}

/* Its slot, made if need be with a count of 0; NULL: memory. */
static struct slot *slot_of(struct seen *s, const struct identity *id, bool *was_there)
{
    const struct slot key = key_of(id);

    return slots_make(&s->slots, &key, KEY, was_there);
}

static void set_state(struct slot *slot, enum seen_result what)
{
    slot->low = (slot->low & ~STATE) | (uint64_t)what << STATE_SHIFT;
}

static enum seen_result state_of(const struct slot *slot)
{
    return (enum seen_result)((slot->low & STATE) >> STATE_SHIFT);
}

void seen_expect(const struct seen *s, const struct identity *id)
{
    const struct slot key = key_of(id);

    slots_expect(&s->slots, &key);
}

bool seen_add(struct seen *s, const struct identity *id, enum seen_result what)
{
    bool was_there;
    struct slot *slot = slot_of(s, id, &was_there);

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
    struct slot *slot = slot_of(s, id, &was_there);

    if (!slot)
        return false;
    if (!was_there)
        slot->low++;
    set_state(slot, what);
    return true;
}

/* Its slot, if it is there at least once. */
static struct slot *there(const struct seen *s, const struct identity *id)
{
    const struct slot key = key_of(id);
    struct slot *slot = slots_find(&s->slots, &key, KEY);

    return slot && (slot->low & TIMES) > 0 ? slot : NULL;
}

enum seen_result seen_state(const struct seen *s, const struct identity *id)
{
    const struct slot *slot = there(s, id);

    return slot ? state_of(slot) : SEEN_NOT;
}

enum seen_result seen_take(struct seen *s, const struct identity *id)
{
    struct slot *slot = there(s, id);

    if (!slot)
        return SEEN_NOT;
    if ((slot->low & TIMES) < TIMES)
        slot->low--;
    return state_of(slot);
}

enum seen_result seen_once(struct seen *s, const struct identity *id)
{
    bool was_there;
    struct slot *slot = slot_of(s, id, &was_there);

    if (!slot)
        return SEEN_NOMEM;
    return was_there ? state_of(slot) : SEEN_NOT;
}
