/*
 * A profile: one provider's way of saying things, as data.
 *
 * Built-in ones and a user's own are the same text (see pfetch-profile(5)), read by profile_text.c
 * into this struct.  NULL, 0 and false stand for what a provider has no spelling for; asking for it
 * is an error before anything is sent.  All strings belong to the profile and live as long.
 */
#ifndef PF_ENDPOINT_PROFILE_H
#define PF_ENDPOINT_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "pfetch/fetch.h"

#define PF_PROFILE_NAMES 4u /* header fields or members that may say the same thing */

/* What an answer means. */
enum pf_meaning {
    PF_MEANS_PAGE,      /* the page is here                                            */
    PF_MEANS_TARGET,    /* the target's own answer: final, unless the rule says again  */
    PF_MEANS_TRANSIENT, /* the provider failed this time: worth another attempt        */
    PF_MEANS_BLOCKED,   /* the target has told the provider from a person              */
    PF_MEANS_REFUSED,   /* our request is wrong: final                                 */
    PF_MEANS_THROTTLED, /* too many at once: the whole key waits                       */
    PF_MEANS_ACCOUNT,   /* bad key or no credits: every further call fails alike       */
    PF_MEANS_REDIRECT   /* the endpoint itself is elsewhere                            */
};

/* What is wrong with the account, where that is told. */
enum pf_account { PF_ACCOUNT_UNKNOWN = 0, PF_ACCOUNT_KEY, PF_ACCOUNT_CREDITS };

/* Something that is there, is not there, or does not matter. */
enum pf_needs { PF_NEEDS_NOTHING = 0, PF_NEEDS_PRESENT, PF_NEEDS_ABSENT };

/* Numbers, both included; the status of an answer is never 0. */
struct pf_range {
    int from, to;
};

/* "If all of this holds, the answer means that." */
struct pf_rule {
    struct pf_range status;     /* the endpoint's; 0 to 999: any                              */
    enum pf_needs needs_target; /* the target's status                                        */
    struct pf_range target;     /* ... where present; from 0: any                             */
    enum pf_needs needs_crawl;  /* the second status that some providers have                 */
    struct pf_range crawl;      /* ... where present; from 0: any                             */
    enum pf_needs retryable;    /* what the provider says of it: PRESENT is yes, ABSENT is no */
    const char *code;           /* the provider's code, "*" at either end for anything; NULL  */
    const char *says;           /* words within the first 4 KiB of the body, any case; NULL   */

    enum pf_meaning meaning;
    enum pf_account account; /* of PF_MEANS_ACCOUNT                                          */
    bool confirm;            /* ... which may be passing: asked once more before it is taken so */
    bool again;              /* of PF_MEANS_TARGET: may end better, and is not paid for      */
    bool no_status;          /* of PF_MEANS_TARGET: the endpoint's status is not the target's */
    enum fetch_billed billed;
    unsigned max_tries; /* further attempts because of this rule, at most; 0: no own ceiling */
};

/* A parameter or member, and its value, in which "{}" stands for the option's. */
struct pf_spelling {
    const char *name;
    const char *value;
};

/* How one option is said, possibly with several parameters. */
struct pf_spellings {
    struct pf_spelling *item;
    size_t count;
};

enum pf_key_place { PF_KEY_QUERY, PF_KEY_HEADER, PF_KEY_BASIC };

/* How header fields for the target go on. */
enum pf_headers_way {
    PF_HEADERS_NONE = 0, /* they do not                                           */
    PF_HEADERS_PLAIN,    /* as fields of our request                              */
    PF_HEADERS_PREFIX,   /* as fields whose names begin with headers_name         */
    PF_HEADERS_QUERY,    /* as parameters; "{}" in headers_name is the field's name */
    PF_HEADERS_JSON      /* in the member headers_name, a list of {name, value}   */
};

/* How a method and a body for the target go on. */
enum pf_method_way {
    PF_METHOD_NONE = 0, /* GET is all there is                                          */
    PF_METHOD_PASS,     /* as those of our request; `methods` are those that do         */
    PF_METHOD_JSON      /* in members of our JSON, the body in base64                   */
};

/* Names of header fields (lower case), the first that is there counts; ends with NULL. */
struct pf_names {
    const char *name[PF_PROFILE_NAMES + 1];
};

/* Where in the JSON around a page its parts are; dots between members. */
struct pf_envelope {
    const char *body[PF_PROFILE_NAMES]; /* the first that is there; [0] is NULL: no envelope  */
    bool base64[PF_PROFILE_NAMES];      /* ... and how, unless `form` says                    */
    const char *form[PF_PROFILE_NAMES]; /* member that says how; NULL: base64[] does          */
    const char *form_text[PF_PROFILE_NAMES], *form_base64[PF_PROFILE_NAMES]; /* its values    */
    const char *status, *final_url, *headers, *retryable;
};

struct pf_profile {
    const char *name;
    const char *endpoint;     /* absolute URL; NULL: the user names one                     */
    const char *key_variable; /* environment; NULL: PFETCH_KEY alone                        */

    bool json; /* requests are POSTs of a JSON object: spellings are its members            */
    enum pf_key_place key_place;
    const char *key_name;  /* parameter or header field                                    */
    const char *key_value; /* of the header field, with "{}" for the key                   */
    const char *target;    /* parameter, always the last, or member                        */
    struct pf_spellings fixed;
    struct pf_spellings render, render_off;
    struct pf_spellings premium, premium_off;
    struct pf_spellings country, session, device;
    bool country_needs_premium;
    bool session_is_number; /* from session_min to session_max                              */
    unsigned long session_min, session_max;
    enum pf_headers_way headers_way;
    const char *headers_name;
    struct pf_spellings headers_on; /* said beside the header fields                        */
    enum pf_method_way method_way;
    const char *methods;     /* PASS: those that are passed on beside GET, a space between  */
    const char *method_name; /* JSON: members                                               */
    const char *body_name;

    unsigned timeout_ms; /* outlasts the provider's own retries */
    bool doubts_empty;   /* a success without a byte is no page */

    struct pf_names target_status, crawl_status, final_url, cost, credits_left, request_id;
    struct pf_names limit, in_use, remaining; /* calls: allowed, under way, free           */
    struct pf_names code, retryable;          /* of a failure                              */
    const char *error_code[PF_PROFILE_NAMES]; /* members of a JSON error body              */
    bool error_in_success;                    /* ... which may come under a 200            */
    struct pf_envelope envelope;

    struct pf_rule *rule; /* the first that fits */
    size_t rule_count;

    char *text; /* that all strings above point into */
};

/*
 * The profile that the options ask for: `file` (path) where it is not NULL, else the built-in
 * `name` (NULL: proxiesapi).  With a file `name` is NULL or the name in it.  Gives it in *profile
 * (pf_profile_free()).  FETCH_E_INVALID (no such name), FETCH_E_PROFILE (the file cannot be read,
 * or is no profile: path, line and what would be right are told), FETCH_E_NOMEM; a sentence in
 * *failure.
 */
enum fetch_error pf_profile_load(struct pf_profile **profile, const char *name, const char *file,
                                 struct fetch_failure *failure);

/* NULL is ignored. */
void pf_profile_free(struct pf_profile *profile);

#endif
