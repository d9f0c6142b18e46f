#include "histogram.h"

static unsigned slot_of(uint32_t value)
{
    unsigned top, step;

    if (value < HISTOGRAM_EXACT)
        return value;
    top = 31u - (unsigned)__builtin_clz(value);
    step = value >> (top - 5) & (HISTOGRAM_STEPS - 1);
    return HISTOGRAM_EXACT + (top - 6) * HISTOGRAM_STEPS + step;
}

/* The largest value that lands in `slot`. */
static uint32_t top_of(unsigned slot)
{
    unsigned top, step;

    if (slot < HISTOGRAM_EXACT)
        return slot;
    top = (slot - HISTOGRAM_EXACT) / HISTOGRAM_STEPS + 6;
    step = (slot - HISTOGRAM_EXACT) % HISTOGRAM_STEPS;
    return (uint32_t)(((uint64_t)(HISTOGRAM_STEPS + step + 1) << (top - 5)) - 1);
}

void histogram_add(struct histogram *h, uint32_t value)
{
    if (h->count == 0 || value < h->min)
        h->min = value;
    if (value > h->max)
        h->max = value;
    h->slot[slot_of(value)]++;
    h->count++;
    h->sum += value;
}

uint32_t histogram_percentile(const struct histogram *h, double percent)
{
    double wanted = (double)h->count * percent / 100.0;
    uint64_t seen = 0;

    if (h->count == 0)
        return 0;
    for (unsigned i = 0; i < HISTOGRAM_SLOTS; i++) {
        seen += h->slot[i];
        if (seen && (double)seen >= wanted)
            return top_of(i) < h->max ? top_of(i) : h->max;
    }
    return h->max;
}

double histogram_below(const struct histogram *h, double value)
{
    double seen = 0;

    for (unsigned i = 0; i < HISTOGRAM_SLOTS; i++) {
        double low = i ? (double)top_of(i - 1) + 1 : 0, high = (double)top_of(i) + 1;

        if (value < high)
            return value <= low ? seen : seen + (double)h->slot[i] * (value - low) / (high - low);
        seen += (double)h->slot[i];
    }
    return seen;
}
