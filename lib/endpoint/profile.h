/*
 * A profile: one provider's way of saying things, as data.
 *
 * NULL stands for what a provider has no spelling for; asking for it is an error before anything
 * is sent.
 */
#ifndef PF_ENDPOINT_PROFILE_H
#define PF_ENDPOINT_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "pfetch/fetch.h"

/* What an endpoint's status means. */
enum pf_meaning {
    PF_MEANS_PAGE,      /* the page is here                                            */
    PF_MEANS_TARGET,    /* the target's own answer: final                              */
    PF_MEANS_TRANSIENT, /* the provider failed this time: worth another attempt        */
    PF_MEANS_REFUSED,   /* our request is wrong: final                                 */
    PF_MEANS_THROTTLED, /* too many at once: the whole key waits                       */
    PF_MEANS_ACCOUNT,   /* bad key or no credits: every further call fails alike       */
    PF_MEANS_REDIRECT   /* the endpoint itself is elsewhere                            */
};

struct pf_status_rule {
    int from, to; /* statuses, both included */
    enum pf_meaning meaning;
};

struct pf_profile {
    const char *name;
    const char *endpoint;     /* absolute URL */
    const char *key_variable; /* environment */
    const char *key_param;    /* query parameter */
    const char *url_param;    /* query parameter, always the last */
    struct fetch_pair render; /* parameter and its value */
    struct fetch_pair premium;
    struct fetch_pair forward_headers; /* asks for our header fields to go on to the target */
    const char *country_param;
    const char *session_param;
    unsigned timeout_ms;                /* outlasts the provider's own retries */
    bool doubts_empty;                  /* a success without a byte is no page */
    const struct pf_status_rule *rules; /* the first that fits; ends with from == 0 */
};

/* The profile of that name (NULL: the default), or NULL.  Static. */
const struct pf_profile *pf_profile_find(const char *name);

/* What the status means; PF_MEANS_TRANSIENT where no rule fits. */
enum pf_meaning pf_profile_meaning(const struct pf_profile *profile, int api_status);

#endif
