/*
 * The line in front of dispatching: whose call goes next, by the host of its target.
 *
 * Hosts take turns, one call a turn, so that a site with 500,000 targets does not starve one with
 * 50; within a host the order is the order of coming.  With a single host that is a plain queue.
 * A host may have `limit` calls in flight.  One whose pages fail in a row is rested (a circuit
 * breaker):
 *
 *   well     its calls take their turns; PF_HOST_FAILURES bad ends in a row (or, if it has more
 *            calls in flight than that, as many as those, up to PF_HOST_FAILURES_MAX) rest it
 *   resting  none of its calls goes, for PF_HOST_REST_MS the first time and twice as long each
 *            further time, up to PF_HOST_REST_MAX_MS
 *   trial    one call goes; a good end makes the host well again, a bad one rests it again
 *
 * What was in flight when the host was rested does not count any more, however it ends.
 *
 * A host that rests for its longest time has failed every trial of a quarter of an hour: its calls
 * are not held any longer, pf_domains_given_up() hands them out to be ended unsent.  After that
 * rest it has a trial again, if calls have come by then.
 *
 * Pure: no clock, no loop; times are milliseconds of one clock that does not run backwards.
 * Each operation is O(1), whatever the numbers of hosts and calls; pf_domains_set_limit() and
 * pf_domains_fini() are O(hosts).  Memory: about 200 bytes for each host that a turn is of, and for
 * up to PF_HOSTS_REMEMBERED others whose failures are worth remembering.
 */
#ifndef PF_ENGINE_DOMAINS_H
#define PF_ENGINE_DOMAINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "engine/hosts.h"

struct pf_domain; /* what is known of one host */

enum pf_turn_state {
    PF_TURN_NONE,   /* of no host: new, or left */
    PF_TURN_QUEUED, /* in its host's line */
    PF_TURN_FLYING, /* under way */
    PF_TURN_AWAY    /* between two attempts, or taken out of its line to be ended */
};

/* A call's place, embedded in the call. */
struct pf_turn {
    struct pf_link link; /* in its host's line */
    struct pf_domain *domain;
    enum pf_turn_state state;
    uint32_t epoch; /* the host's, when it took off */
};

/* How an attempt ended, as far as that tells of its target's host. */
enum pf_host_said {
    PF_HOST_NEUTRAL =
        0,           /* nothing: cancelled, throttled, the provider's or the network's failure */
    PF_HOST_FINE,    /* a page, or an error that is an answer (404)                            */
    PF_HOST_BLOCKED, /* a ban page: a bad end                                                  */
    PF_HOST_FAILED   /* the target's own 5xx or 429: a bad end                                 */
};

/* Why there is no next call. */
enum pf_domains_state {
    PF_DOMAINS_READY = 0, /* there is one                                                  */
    PF_DOMAINS_EMPTY,     /* no call waits                                                 */
    PF_DOMAINS_FULL,      /* the hosts of all that wait have all in flight that they may   */
    PF_DOMAINS_RESTING    /* as above, or rest: see pf_domains_next_due()                  */
};

#define PF_HOST_RESTS 6 /* PF_HOST_REST_MS doubled so often reaches PF_HOST_REST_MAX_MS */

/* For this module alone, but for what the comments say. */
struct pf_domains {
    struct pf_hosts hosts;
    struct pf_domain *last; /* found last; NULL: none. Lists are often sorted by host */
    unsigned limit;         /* in flight for one host; 0: none                        */
    uint64_t now_ms;        /* the latest time that was told                          */
    uint64_t due_ms;        /* the first rest ends; UINT64_MAX: no host rests         */
    struct pf_link ready;   /* hosts with a line that may send: the ring of turns     */
    struct pf_link full;    /* hosts with a line and all in flight that they may      */
    struct pf_link busy;    /* hosts without a line                                   */
    struct pf_link resting[PF_HOST_RESTS]; /* by the length of their rest, first due first     */
    struct pf_link given_up;               /* those of the longest rest that have a line        */
    struct pf_link idle;                   /* hosts that no turn is of, the oldest first        */
    size_t idle_count;
    size_t queued;       /* read: calls in lines                                    */
    size_t ready_queued; /* read: of those, in lines of hosts that may send         */
    size_t resting_queued;
    unsigned flying;      /* read: calls under way                                   */
    unsigned resting_now; /* read: hosts that rest                                   */
};

/* `random` (borrowed) gives the key of the table.  `limit`: in flight for one host; 0: no limit. */
void pf_domains_init(struct pf_domains *d, struct pf_random *random, unsigned limit);

/* Frees all hosts.  Turns that are still of one are as new afterwards, except in their memory:
 * they must not be used again without pf_turn_init(). */
void pf_domains_fini(struct pf_domains *d);

void pf_turn_init(struct pf_turn *turn);

/*
 * A new call, at the end of the line of its target's host (borrowed; any case, pf_url_target_host()).
 * FETCH_E_NOMEM: nothing is changed.
 */
enum fetch_error pf_domains_push(struct pf_domains *d, struct pf_turn *turn, const char *host,
                                 size_t n);

/*
 * The call whose turn it is, which is PF_TURN_FLYING from now on; NULL: none may go, *why says why
 * (never NULL).
 */
struct pf_turn *pf_domains_next(struct pf_domains *d, uint64_t now_ms, enum pf_domains_state *why);

/*
 * A flying attempt is over: the turn is PF_TURN_AWAY, to come again or to leave.  No memory is needed
 * for either.
 */
void pf_domains_end(struct pf_domains *d, struct pf_turn *turn, enum pf_host_said said,
                    uint64_t now_ms);

/* A turn that was away comes again, at the head of its host's line: it has waited its turn already. */
void pf_domains_again(struct pf_domains *d, struct pf_turn *turn);

/* A turn leaves, from whatever state; one that flew has ended PF_HOST_NEUTRAL. */
void pf_domains_remove(struct pf_domains *d, struct pf_turn *turn);

/*
 * A call that waits for a host that is given up, PF_TURN_AWAY now: end it unsent, and remove it.
 * NULL: none.  To be called until NULL wherever pf_domains_next() is.
 */
struct pf_turn *pf_domains_given_up(struct pf_domains *d, uint64_t now_ms);

/* How the host of a turn failed last: PF_HOST_BLOCKED or PF_HOST_FAILED; PF_HOST_NEUTRAL: never. */
enum pf_host_said pf_domains_fault(const struct pf_turn *turn);

/* When the next rest ends and pf_domains_next() may have more to say; UINT64_MAX: no host rests. */
uint64_t pf_domains_next_due(const struct pf_domains *d);

/*
 * Calls that wait for a host that may not send now.  A window that is full of them is worth
 * widening: the next targets may be of another host.
 */
size_t pf_domains_held(const struct pf_domains *d);

/* Another limit, from now on; calls in flight over it land. */
void pf_domains_set_limit(struct pf_domains *d, unsigned limit);

/* Takes every call out of its line, for the end: appends their links to `out`, PF_TURN_AWAY. */
void pf_domains_drain(struct pf_domains *d, struct pf_link *out);

/* What an attempt's verdict tells of the host; `status` is the target's, 0 if unknown. */
enum pf_host_said pf_domains_said(enum fetch_outcome outcome, int status);

#endif
