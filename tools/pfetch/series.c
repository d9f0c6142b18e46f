#include "series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LATEST_MS (INT64_MAX / 4) /* what a record may claim, far from any overflow */
#define FEW_STEPS 24u             /* that a chart has at least, if it has the time … */
#define FEW_PAGES 4u              /* … and the pages that are enough for a step       */
#define SLOTS_PER_OCTAVE 4.0

bool series_init(struct series *s)
{
    *s = (struct series){.width_ms = SERIES_FIRST_MS};
    s->step = calloc(SERIES_STEPS, sizeof(*s->step));
    s->spare = calloc(SERIES_STEPS, sizeof(*s->spare));
    return s->step && s->spare;
}

void series_fini(struct series *s)
{
    free(s->step);
    free(s->spare);
    s->step = s->spare = NULL;
}

static int64_t floor_to(int64_t ms, int64_t width)
{
    int64_t rest = ms % width;

    return ms - (rest < 0 ? rest + width : rest);
}

static void merge(struct series_step *into, const struct series_step *from)
{
    for (unsigned i = 0; i < FETCH_OUTCOME_COUNT; i++)
        into->pages[i] += from->pages[i];
    for (unsigned i = 0; i < SERIES_SLOTS; i++)
        into->latency[i] += from->latency[i];
    into->under_way_ms += from->under_way_ms;
    into->bytes += from->bytes;
    into->throttled += from->throttled;
    into->in_flight += from->in_flight;
    into->samples += from->samples;
    into->cost_micro += from->cost_micro;
    if (from->limit)
        into->limit = from->limit;
}

/* Steps of `width_ms`, or wider ones, in which the time from s->first_ms to s->last_ms fits. */
static void rearrange(struct series *s, int64_t width_ms)
{
    struct series_step *old = s->step;
    int64_t old_origin = s->origin_ms, old_width = s->width_ms, free_steps;

    s->width_ms = width_ms;
    while (floor_to(s->last_ms, s->width_ms) - floor_to(s->first_ms, s->width_ms) >=
           s->width_ms * (int64_t)SERIES_STEPS)
        s->width_ms *= 2;
    s->origin_ms = floor_to(s->first_ms, s->width_ms);
    /* Half of what is free is left in front, so that times running backwards move it seldom. */
    free_steps =
        SERIES_STEPS - 1 - (floor_to(s->last_ms, s->width_ms) - s->origin_ms) / s->width_ms;
    if (s->first_ms < old_origin)
        s->origin_ms -= free_steps / 2 * s->width_ms;
    for (unsigned i = 0; i < SERIES_STEPS; i++) {
        int64_t to = (old_origin + (int64_t)i * old_width - s->origin_ms) / s->width_ms;

        /* What is outside of the time seen is empty. */
        if (to >= 0 && to < (int64_t)SERIES_STEPS)
            merge(&s->spare[to], &old[i]);
    }
    memset(old, 0, SERIES_STEPS * sizeof(*old));
    s->step = s->spare;
    s->spare = old;
}

static int64_t see(struct series *s, int64_t at_ms)
{
    at_ms = at_ms < 0 ? 0 : at_ms > LATEST_MS ? LATEST_MS : at_ms;
    if (!s->begun) {
        s->begun = true;
        s->first_ms = s->last_ms = at_ms;
        s->origin_ms = floor_to(at_ms, s->width_ms);
    }
    if (at_ms < s->first_ms)
        s->first_ms = at_ms;
    if (at_ms > s->last_ms)
        s->last_ms = at_ms;
    if (at_ms < s->origin_ms || at_ms >= s->origin_ms + s->width_ms * (int64_t)SERIES_STEPS)
        rearrange(s, s->width_ms);
    return at_ms;
}

static struct series_step *step_of(struct series *s, int64_t at_ms)
{
    return &s->step[(at_ms - s->origin_ms) / s->width_ms];
}

struct series_step *series_at(struct series *s, int64_t at_ms)
{
    return step_of(s, see(s, at_ms));
}

void series_span(struct series *s, int64_t from_ms, int64_t to_ms)
{
    from_ms = see(s, from_ms);
    to_ms = see(s, to_ms);
    while (from_ms < to_ms) {
        int64_t end = floor_to(from_ms, s->width_ms) + s->width_ms;

        end = end < to_ms ? end : to_ms;
        step_of(s, from_ms)->under_way_ms += (uint64_t)(end - from_ms);
        from_ms = end;
    }
}

static unsigned slot_of(uint32_t ms)
{
    unsigned slot = (unsigned)(log2((double)ms + 1.0) * SLOTS_PER_OCTAVE);

    return slot < SERIES_SLOTS ? slot : SERIES_SLOTS - 1;
}

void series_latency_add(struct series *s, struct series_step *step, uint32_t ms)
{
    if (ms > s->longest_ms)
        s->longest_ms = ms;
    if (s->shortest_ms == 0 || ms < s->shortest_ms)
        s->shortest_ms = ms;
    step->latency[slot_of(ms)]++;
}

/* Between the ends of the slot in proportion, but never beyond what was seen at all. */
static double within(const struct series *s, double ms)
{
    return fmin(fmax(ms, s->shortest_ms), s->longest_ms);
}

double series_latency(const struct series *s, unsigned i, double percent)
{
    const struct series_step *step = &s->step[i];
    double wanted, seen = 0;
    uint64_t all = 0;

    for (unsigned k = 0; k < SERIES_SLOTS; k++)
        all += step->latency[k];
    wanted = (double)all * percent / 100.0;
    for (unsigned k = 0; k < SERIES_SLOTS; k++) {
        double here = step->latency[k];

        if (here > 0 && seen + here >= wanted)
            return within(s, exp2(((double)k + (wanted - seen) / here) / SLOTS_PER_OCTAVE) - 1.0);
        seen += here;
    }
    return 0;
}

void series_coarsen(struct series *s, uint64_t pages)
{
    unsigned from, used;

    while ((used = series_used(s, &from)) > FEW_STEPS && pages < (uint64_t)used * FEW_PAGES)
        rearrange(s, 2 * s->width_ms);
}

unsigned series_used(const struct series *s, unsigned *from)
{
    *from = 0;
    if (!s->begun)
        return 0;
    *from = (unsigned)((s->first_ms - s->origin_ms) / s->width_ms);
    return (unsigned)((s->last_ms - s->origin_ms) / s->width_ms) - *from + 1;
}

int64_t series_seen_ms(const struct series *s, unsigned i)
{
    int64_t begin = s->origin_ms + (int64_t)i * s->width_ms, end = begin + s->width_ms;
    int64_t seen;

    begin = begin < s->first_ms ? s->first_ms : begin;
    end = end > s->last_ms ? s->last_ms : end;
    seen = end - begin;
    return seen > s->width_ms / 2 ? seen : s->width_ms / 2;
}

uint64_t series_pages(const struct series_step *step)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < FETCH_OUTCOME_COUNT; i++)
        n += step->pages[i];
    return n;
}

uint64_t series_failed(const struct series_step *step)
{
    return series_pages(step) - step->pages[FETCH_OUTCOME_OK];
}
