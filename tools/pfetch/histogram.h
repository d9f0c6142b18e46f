/*
 * Percentiles of any number of durations in constant memory.
 *
 * Values below 64 are counted one by one; above, each power of two is cut into 32 equal steps, so
 * a percentile is at most 3.2 % too high and never too low.
 */
#ifndef PFETCH_TOOL_HISTOGRAM_H
#define PFETCH_TOOL_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_EXACT 64u
#define HISTOGRAM_STEPS 32u
#define HISTOGRAM_SLOTS (HISTOGRAM_EXACT + (32u - 6u) * HISTOGRAM_STEPS)

/* All zero is an empty one. */
struct histogram {
    uint64_t slot[HISTOGRAM_SLOTS];
    uint64_t count;
    uint64_t sum;
    uint32_t min; /* exact; 0 while empty */
    uint32_t max; /* exact */
};

void histogram_add(struct histogram *h, uint32_t value);

/* The value that `percent` (0 to 100) of all are at most; 0 while empty. */
uint32_t histogram_percentile(const struct histogram *h, double percent);

/* About how many of all are below `value`: within a step they count as spread evenly. */
double histogram_below(const struct histogram *h, double value);

#endif
