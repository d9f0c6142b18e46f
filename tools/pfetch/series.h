/*
 * What happened when: a run of any length in constant memory.
 *
 * Time is cut into at most SERIES_STEPS equal steps.  They begin with a quarter of a second; where
 * the time seen does not fit any more, their width doubles and pairs become one, so a long run
 * has between half and all of the steps, and a page costs the same whenever it comes.  Pages come
 * as they finish, not quite in the order of their beginnings: an earlier one moves the origin.
 *
 * How many pages were under way in a step is exact: each adds the milliseconds that it spent in
 * it, and their sum divided by the step's width is the mean.
 */
#ifndef PFETCH_TOOL_SERIES_H
#define PFETCH_TOOL_SERIES_H

#include <stdbool.h>
#include <stdint.h>

#include <pfetch/fetch.h>

#define SERIES_STEPS 240u
#define SERIES_FIRST_MS 250 /* width of a step at the beginning             */
#define SERIES_SLOTS 96u    /* of latencies, each 19 % above the one before */

struct series_step {
    uint64_t pages[FETCH_OUTCOME_COUNT]; /* that ended in it                             */
    uint64_t under_way_ms;               /* spent in it by all pages together            */
    uint64_t bytes;                      /* of the bodies that ended in it               */
    uint64_t throttled;                  /* answers that said so, where that was sampled */
    uint64_t in_flight;                  /* calls, sum of the samples                    */
    unsigned samples;
    int64_t cost_micro;
    unsigned limit; /* on calls in flight, sampled last */
    uint32_t latency[SERIES_SLOTS];
};

struct series {
    struct series_step *step;  /* SERIES_STEPS of them                      */
    struct series_step *spare; /* as many, empty: where the next order goes */
    int64_t origin_ms;         /* where step[0] begins, since 1970           */
    int64_t width_ms;          /* of a step                                  */
    bool begun;                /* a time was seen                            */
    int64_t first_ms;          /* the earliest and the latest time seen      */
    int64_t last_ms;
    uint32_t shortest_ms; /* latency of all; 0: none yet */
    uint32_t longest_ms;
};

/* False: memory. */
bool series_init(struct series *s);
void series_fini(struct series *s);

/* The step of a moment, which becomes part of the time seen; lent until the next call. */
struct series_step *series_at(struct series *s, int64_t at_ms);

/* Something was under way from one moment to another (both are seen; `to_ms` not before). */
void series_span(struct series *s, int64_t from_ms, int64_t to_ms);

/* A page that ended in `step` (of s) took so long. */
void series_latency_add(struct series *s, struct series_step *step, uint32_t ms);

/* The latency in milliseconds that `percent` (0 to 100) of the pages of step[i] are at most, 9 %
 * more or less; 0 where it has none. */
double series_latency(const struct series *s, unsigned i, double percent);

/*
 * Makes the steps wider until there are few enough for so many pages in all: a step in which next
 * to nothing ended says nothing.
 */
void series_coarsen(struct series *s, uint64_t pages);

/* The steps that the time seen has, from step[*from] on. */
unsigned series_used(const struct series *s, unsigned *from);

/* Milliseconds of step[i] that lie within the time seen, at least half of its width. */
int64_t series_seen_ms(const struct series *s, unsigned i);

/* All pages of a step, and those of them that are not ok. */
uint64_t series_pages(const struct series_step *step);
uint64_t series_failed(const struct series_step *step);

#endif
