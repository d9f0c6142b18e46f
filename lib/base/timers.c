/*
 * The wheel has six levels of 64 slots.  A slot of level n spans 64^n ms; a
 * timer goes to the level of the highest six-bit digit in which its due time
 * differs from now, into the slot of that digit.  When time reaches a slot of
 * a higher level, its timers are put in again and land lower: each timer moves
 * at most five times in its life, and one that is cancelled before (nearly all
 * of them: attempt timeouts) moves never.
 *
 * Chosen over a heap, which costs log(n) cache misses to cancel in the middle
 * with 100,000 timeouts waiting, and over one list for each distinct duration
 * (libevent's common timeouts), which has no answer to randomised backoffs.
 *
 * A slot's bit in `used` may outlive its timers, since a cancelled timer does
 * not know its slot; such a bit costs one early look and is cleared then.
 */
#include "base/timers.h"

#define BITS 6
#define MASK (PF_TIMERS_SLOTS - 1u)
/* Half a turn of the top level, so that no timer lands in the slot that now is in: a year. */
#define SPAN_MS ((uint64_t)1 << (BITS * PF_TIMERS_LEVELS - 1))

void pf_timers_init(struct pf_timers *t, uint64_t now_ms)
{
    t->now_ms = now_ms;
    for (unsigned l = 0; l < PF_TIMERS_LEVELS; l++) {
        t->used[l] = 0;
        for (unsigned s = 0; s < PF_TIMERS_SLOTS; s++)
            pf_list_init(&t->slot[l][s]);
    }
}

void pf_timer_init(struct pf_timer *timer, void (*on_due)(struct pf_timer *timer))
{
    pf_list_init(&timer->link);
    timer->due_ms = PF_TIMERS_NEVER;
    timer->on_due = on_due;
}

static unsigned level_of(uint64_t now_ms, uint64_t due_ms)
{
    uint64_t differing = (now_ms ^ due_ms) | MASK;
    unsigned level = (63u - (unsigned)__builtin_clzll(differing)) / BITS;

    return level < PF_TIMERS_LEVELS ? level : PF_TIMERS_LEVELS - 1u;
}

static void put(struct pf_timers *t, struct pf_timer *timer)
{
    unsigned level = level_of(t->now_ms, timer->due_ms);
    unsigned slot = (unsigned)(timer->due_ms >> (BITS * level)) & MASK;

    pf_list_append(&t->slot[level][slot], &timer->link);
    t->used[level] |= (uint64_t)1 << slot;
}

void pf_timer_start(struct pf_timers *t, struct pf_timer *timer, uint64_t due_ms)
{
    pf_list_remove(&timer->link);
    if (due_ms < t->now_ms)
        due_ms = t->now_ms;
    if (due_ms - t->now_ms >= SPAN_MS)
        due_ms = t->now_ms + SPAN_MS - 1;
    timer->due_ms = due_ms;
    put(t, timer);
}

void pf_timer_cancel(struct pf_timer *timer)
{
    pf_list_remove(&timer->link);
    timer->due_ms = PF_TIMERS_NEVER;
}

/* When level `l`'s first slot with timers begins, seen from now; clears stale bits on its way. */
static uint64_t level_next(struct pf_timers *t, unsigned l)
{
    unsigned here = (unsigned)(t->now_ms >> (BITS * l)) & MASK;

    while (t->used[l]) {
        uint64_t turned = t->used[l] >> here | (here ? t->used[l] << (PF_TIMERS_SLOTS - here) : 0);
        unsigned ahead = (unsigned)__builtin_ctzll(turned);
        unsigned slot = (here + ahead) & MASK;

        if (!pf_list_empty(&t->slot[l][slot])) {
            uint64_t begins = ((t->now_ms >> (BITS * l)) + ahead) << (BITS * l);

            return begins > t->now_ms ? begins : t->now_ms;
        }
        t->used[l] &= ~((uint64_t)1 << slot);
    }
    return PF_TIMERS_NEVER;
}

uint64_t pf_timers_next(struct pf_timers *t)
{
    uint64_t next = PF_TIMERS_NEVER;

    for (unsigned l = 0; l < PF_TIMERS_LEVELS; l++) {
        uint64_t n = level_next(t, l);

        if (n < next)
            next = n;
    }
    return next;
}

/* Takes up the slot of each level that begins at now: lower levels receive, level 0 is due. */
static void take_due(struct pf_timers *t, struct pf_link *due)
{
    for (unsigned l = PF_TIMERS_LEVELS; l-- > 0;) {
        unsigned slot = (unsigned)(t->now_ms >> (BITS * l)) & MASK;
        struct pf_link *head = &t->slot[l][slot], moving, *link;

        if (!(t->used[l] & (uint64_t)1 << slot))
            continue;
        t->used[l] &= ~((uint64_t)1 << slot);
        pf_list_init(&moving);
        pf_list_move(&moving, head);
        while ((link = pf_list_shift(&moving))) {
            struct pf_timer *timer = PF_LIST_ENTRY(link, struct pf_timer, link);

            if (timer->due_ms <= t->now_ms)
                pf_list_append(due, link);
            else
                put(t, timer);
        }
    }
}

void pf_timers_advance(struct pf_timers *t, uint64_t now_ms)
{
    struct pf_link due, *link;
    uint64_t next;

    pf_list_init(&due);
    while ((next = pf_timers_next(t)) <= now_ms) {
        t->now_ms = next;
        take_due(t, &due);
        while ((link = pf_list_shift(&due))) {
            struct pf_timer *timer = PF_LIST_ENTRY(link, struct pf_timer, link);

            timer->due_ms = PF_TIMERS_NEVER;
            timer->on_due(timer);
        }
    }
    if (now_ms > t->now_ms)
        t->now_ms = now_ms;
}
