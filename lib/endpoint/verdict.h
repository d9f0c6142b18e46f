/*
 * The verdict on one attempt: what it means for the target, and whether another
 * attempt makes sense.  Pure.
 */
#ifndef PF_ENDPOINT_VERDICT_H
#define PF_ENDPOINT_VERDICT_H

#include "endpoint/profile.h"

struct pf_verdict {
    enum fetch_outcome outcome;
    enum fetch_error error;
    int status;    /* the target's, 0 if unknown */
    bool retry;    /* another attempt may end better */
    bool redirect; /* the endpoint names another place */
};

/* An exchange that did not end as one: `error` is not FETCH_OK.  `calm`: the endpoint asked for less
 * (RFC 9113, ENHANCE_YOUR_CALM). */
struct pf_verdict pf_verdict_of_error(enum fetch_error error, bool calm);

/* A complete answer. */
struct pf_verdict pf_verdict_of_answer(const struct pf_profile *profile, int api_status,
                                       bool empty);

#endif
