/*
 * What a run has come to so far: what the bar, the summary and the exit status are made from.
 */
#ifndef PFETCH_TOOL_TALLY_H
#define PFETCH_TOOL_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include <pfetch/fetch.h>

#include "histogram.h"

/* All zero but `total_known` at the beginning. */
struct tally {
    uint64_t total; /* targets that are due in all, if known                         */
    bool total_known;
    uint64_t targets;      /* taken from the input, but for those that were not due         */
    uint64_t there;        /* not due: the output has them                                  */
    uint64_t there_failed; /* pages that it has and that are not ok                    */
    uint64_t twice;        /* not due: equal to an earlier one                         */
    uint64_t pages[FETCH_OUTCOME_COUNT]; /* handed to the output, by outcome */
    uint64_t recorded;                   /* their sum                                  */
    uint64_t dropped;                    /* of these, never written: the output failed first */
    uint64_t lost;                       /* ended when the output had failed already */
    uint64_t cancelled;          /* taken, but given up before they were sent or had landed     */
    uint64_t bytes;              /* of bodies on record                                           */
    int64_t cost_micro;          /* of all pages whose cost is known                            */
    bool cost_known;             /* of one page at least                                        */
    struct histogram elapsed_ms; /* of pages that were sent                            */
    struct histogram queued_ms;  /* likewise                                           */
    uint64_t start_ms;           /* tally_now_ms() when the run began                  */
};

/* A page that the output has taken. */
void tally_add(struct tally *t, const struct fetch_page *page);

/* Pages that are on record. */
uint64_t tally_on_record(const struct tally *t);

/* Pages handed to the output that are not ok. */
uint64_t tally_failed(const struct tally *t);

/* Milliseconds of a clock that never jumps. */
uint64_t tally_now_ms(void);

#endif
