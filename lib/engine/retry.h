/*
 * Whether to try again, and when.
 *
 * Each cause has a budget of its own in each call, so that a burst of one never eats another's:
 *
 *   throttled   any number, for PF_THROTTLE_TOTAL_MS from the first of them in a row
 *   network     options.retries: not reached, cut off, timed out
 *   provider    options.retries: the endpoint failed, or answered nonsense
 *   blocked     options.retries, at most PF_RETRIES_BLOCKED: ban pages are often billed
 *
 * And the run has a budget for each cause but throttling (that has the brake), after Finagle's: what
 * goes well pays for retries, and so does a share of what is asked at all.  So an endpoint that
 * fails every third call, or every other, never feels it, and one that is broken is asked hardly
 * more often than there are targets.  Where it is empty a retry is not failed but held back: it
 * waits some seconds and asks again, and PF_RETRY_FLOOR a second go in any case.  An outage of
 * minutes so costs time and no pages: what is held fills the window, so that no first attempts are
 * burnt either, and the floor's attempts find out when it is over.  A call ends only when its own
 * budget or its deadline does.  (Finagle fails at once; its callers have somebody to tell.)
 *
 * A call's way:
 *
 *   first attempt starts   pf_retry_note_first()
 *   attempt ended          pf_retry_cause(): PF_CAUSE_FINAL: it is final; pf_retry_note_good() where
 *                          it went well
 *   otherwise              pf_retry_next(): no, or rest for so long
 *   rested                 pf_retry_go(): 0: to the queue; or rest for so long and ask again
 *
 * Pure: randomness and time come from the caller; milliseconds of one clock that does not run
 * backwards.
 */
#ifndef PF_ENGINE_RETRY_H
#define PF_ENGINE_RETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/random.h"
#include "endpoint/verdict.h"

#define PF_RETRY_CAUSES (PF_CAUSE_BLOCKED + 1)

enum pf_retry_answer {
    PF_RETRY_AGAIN,   /* after the delay                                             */
    PF_RETRY_FINAL,   /* no: another attempt would end alike, or be paid for twice   */
    PF_RETRY_USED_UP, /* no: the cause's attempts are used up                        */
    PF_RETRY_TOO_LONG /* no: throttled for too long                                  */
};

/* A call's; begins as zeros. */
struct pf_retry_state {
    uint64_t throttled_since_ms;    /* the first of those in a row; 0: none */
    uint8_t tries[PF_RETRY_CAUSES]; /* retries granted, saturating; throttling's are of the row */
    uint8_t cause;                  /* of the retry that it rests for */
};

/* The run's. */
struct pf_retry_run {
    unsigned limit[PF_RETRY_CAUSES]; /* of each call */
    struct pf_retry_purse {
        double milli; /* thousandths of a retry that are paid for */
        double floor_milli;
    } purse[PF_RETRY_CAUSES];
    uint64_t faded_ms; /* the purses are as of this time */
};

/* `retries` as options.retries, 0 to PF_MAX_RETRIES. */
void pf_retry_run_init(struct pf_retry_run *run, unsigned retries, uint64_t now_ms);

/* A call's first attempt starts. */
void pf_retry_note_first(struct pf_retry_run *run, uint64_t now_ms);

/* An attempt went well: a page, or an error that is the target's own answer. */
void pf_retry_note_good(struct pf_retry_run *run, uint64_t now_ms);

/* Why an attempt may be repeated, if at all: what is known to be billed is not, but for a ban page. */
enum pf_cause pf_retry_cause(enum pf_cause cause, enum fetch_billed billed);

/*
 * An attempt has failed from `cause`: PF_RETRY_AGAIN and *delay_ms, with full jitter and not before
 * `retry_after_ms` (pf_retry_after_ms(), 0: nothing was said), or why not.  `max_tries` is the
 * rule's own number of retries for the call's cause, where that is fewer; 0: none of its own.
 */
enum pf_retry_answer pf_retry_next(struct pf_retry_state *state, const struct pf_retry_run *run,
                                   enum pf_cause cause, uint32_t retry_after_ms, unsigned max_tries,
                                   struct pf_random *random, uint64_t now_ms, uint32_t *delay_ms);

/*
 * A call has rested: 0 if it goes now, which the run's budget pays; otherwise milliseconds
 * after which it asks again.
 */
uint32_t pf_retry_go(const struct pf_retry_state *state, struct pf_retry_run *run,
                     struct pf_random *random, uint64_t now_ms);

/*
 * Milliseconds before retry number `n` (from 0): anything up to a ceiling that doubles
 * with each ("full jitter"), so that many that failed together do not come back together.
 */
uint32_t pf_retry_backoff_ms(struct pf_random *random, unsigned n);

/*
 * What a Retry-After field asks for (RFC 9110 section 10.2.3: seconds, or a date, seen from
 * `now_s`, Unix time), between PF_RETRY_AFTER_MIN_MS and PF_RETRY_AFTER_MAX_MS; 0 if it cannot be
 * read.
 */
uint32_t pf_retry_after_ms(const char *value, size_t n, int64_t now_s);

#endif
