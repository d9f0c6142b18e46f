#include "attempts.h"

#include <stdlib.h>
#include <string.h>

/*
 * A set-associative cache: the hash's low bits choose a set of 16 slots, 40 of its upper bits
 * tell targets of one set apart.  A set is kept in the order of use, the most recent first, and
 * forgets from its end.
 *
 * 16 slots, since sets fill unevenly: 50,000 targets are three to a set on average, and the chance
 * that one of the 16,384 sets has more than 16 of them is about 1 in 2,000.  With eight slots
 * 70 sets would.
 *
 * A plain array of counters indexed by the hash would be half the code, but two targets that
 * meet in one counter then disturb each other's faults: with 1,000 targets in a million
 * counters that happens in four runs of ten.  Here it takes equal bits in 54 places.
 */
#define SET_BITS 14
#define SETS ((size_t)1 << SET_BITS)
#define WAYS 16
#define COUNT_BITS 24
#define COUNT_MAX ((UINT64_C(1) << COUNT_BITS) - 1)

struct sandbox_attempts {
    uint64_t targets;
    uint64_t slot[SETS][WAYS]; /* tag << COUNT_BITS | count; a count of 0 is an empty slot */
};

struct sandbox_attempts *sandbox_attempts_new(void)
{
    return calloc(1, sizeof(struct sandbox_attempts));
}

void sandbox_attempts_free(struct sandbox_attempts *attempts)
{
    free(attempts);
}

uint32_t sandbox_attempts_next(struct sandbox_attempts *attempts, uint64_t target)
{
    uint64_t *set = attempts->slot[target & (SETS - 1)];
    uint64_t tag = target >> COUNT_BITS;
    uint64_t count = 0;
    size_t way = 0;

    while (way < WAYS - 1 && set[way] != 0 && set[way] >> COUNT_BITS != tag)
        way++;
    if (set[way] != 0 && set[way] >> COUNT_BITS == tag)
        count = set[way] & COUNT_MAX;
    else
        attempts->targets++;
    if (count < COUNT_MAX)
        count++;
    memmove(set + 1, set, way * sizeof(set[0]));
    set[0] = tag << COUNT_BITS | count;
    return (uint32_t)count;
}

uint64_t sandbox_attempts_targets(const struct sandbox_attempts *attempts)
{
    return attempts->targets;
}
