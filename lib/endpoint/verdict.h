/*
 * The verdict on one attempt: what it means for the target, and what may follow.  Pure.
 *
 * The profile's rules decide, the first that fits.  They look at the target's status first (a
 * header field or a member of the envelope: where it is there the target was reached), at the
 * provider's own code second, at the endpoint's status last.  A page is then held against the ban
 * pages.
 */
#ifndef PF_ENDPOINT_VERDICT_H
#define PF_ENDPOINT_VERDICT_H

#include <stdint.h>

#include "endpoint/banpage.h"
#include "endpoint/envelope.h"
#include "endpoint/profile.h"
#include "protocol/response.h"

#define PF_REASON_BYTES 64u

/* Which budget another attempt is taken from. */
enum pf_cause {
    PF_CAUSE_FINAL = 0, /* none: another attempt would end alike                        */
    PF_CAUSE_THROTTLED, /* the key pauses; bounded by time, not counted                 */
    PF_CAUSE_NETWORK,   /* the endpoint was not reached, or was not heard to the end    */
    PF_CAUSE_PROVIDER,  /* the provider failed this time                                */
    PF_CAUSE_BLOCKED    /* a ban page                                                   */
};

struct pf_verdict {
    enum fetch_outcome outcome;
    enum fetch_error error;
    int status;          /* the target's, 0 if unknown                                     */
    enum pf_cause cause; /* what another attempt counts as                                 */
    unsigned max_tries;  /* attempts that may follow this answer's rule in all; 0: no own ceiling */
    bool redirect;       /* the endpoint names another place                               */
    bool confirm;        /* PF_ACCOUNT: may be passing; ask once more before the run is stopped */
    enum pf_account account; /* of FETCH_OUTCOME_ACCOUNT                              */
    char reason
        [PF_REASON_BYTES]; /* the provider's code, the ban page's maker; "": none; printable */
    enum fetch_billed billed;
    int64_t cost_micro;         /* of this answer, millionths of a credit; -1: not told  */
    int64_t credits_left_micro; /* -1: not told                                          */
    int64_t concurrency_limit;  /* calls that the account carries; -1: not told          */
    int64_t concurrency_in_use; /* under way, as the provider counts; -1: not told       */
    const char *final_url;      /* lent by the answer or by what was unwrapped; NULL: not told */
    size_t final_url_len;
    const char *request_id; /* likewise, the provider's                              */
    size_t request_id_len;
};

/* An exchange that did not end as one: `error` is not FETCH_OK.  `calm`: the endpoint asked for
 * less (RFC 9113, ENHANCE_YOUR_CALM). */
struct pf_verdict pf_verdict_of_error(enum fetch_error error, bool calm);

/*
 * A complete answer, not yet sealed (pf_response_seal() comes after).  `bans` may be NULL: no page
 * is doubted.  Where the profile has an envelope, `unwrapped` (initialised, see envelope.h) has
 * the page's own bytes and header fields afterwards; it is left empty otherwise.
 */
struct pf_verdict pf_verdict_of_answer(const struct pf_profile *profile, const struct pf_bans *bans,
                                       struct pf_response *response,
                                       struct pf_unwrapped *unwrapped);

#endif
