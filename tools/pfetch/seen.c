/*
 * 112 bits of the identity are kept; the rest of the 16 bytes counts.  At ten thousand million
 * pages the chance that any two of them are taken for one is below one in 10^13.
 */
#include "seen.h"

#define TIMES 0x7fffu
#define FAILED 0x8000u
#define KEY (~(uint64_t)(TIMES | FAILED))

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

bool seen_add(struct seen *s, const struct identity *id, bool failed)
{
    bool was_there;
    struct slot *slot = slot_of(s, id, &was_there);

    if (!slot)
        return false;
    if ((slot->low & TIMES) < TIMES)
        slot->low++;
    slot->low = failed ? slot->low | FAILED : slot->low & ~(uint64_t)FAILED;
    return true;
}

static enum seen_result result_of(const struct slot *slot)
{
    return slot->low & FAILED ? SEEN_FAILED : SEEN_OK;
}

enum seen_result seen_take(struct seen *s, const struct identity *id)
{
    const struct slot key = key_of(id);
    struct slot *slot = slots_find(&s->slots, &key, KEY);

    if (!slot || (slot->low & TIMES) == 0)
        return SEEN_NOT;
    if ((slot->low & TIMES) < TIMES)
        slot->low--;
    return result_of(slot);
}

enum seen_result seen_once(struct seen *s, const struct identity *id)
{
    bool was_there;
    struct slot *slot = slot_of(s, id, &was_there);

    if (!slot)
        return SEEN_NOMEM;
    return was_there ? result_of(slot) : SEEN_NOT;
}
