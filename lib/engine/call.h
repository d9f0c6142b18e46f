/*
 * One target on its way to being a page, in one piece of memory: the public page
 * is its first member, so handing the page over hands over everything that
 * its strings and its body live in.
 */
#ifndef PF_ENGINE_CALL_H
#define PF_ENGINE_CALL_H

#include "base/timers.h"
#include "endpoint/template.h"
#include "endpoint/verdict.h"
#include "engine/domains.h"
#include "engine/limiter.h"
#include "engine/retry.h"
#include "engine/task.h"
#include "transport/exchange.h"

enum pf_call_state {
    PF_CALL_QUEUED,  /* waits in its host's line: holds nothing                  */
    PF_CALL_FLYING,  /* an attempt is under way                                  */
    PF_CALL_RESTING, /* waits for the time of its next attempt: holds nothing    */
    PF_CALL_ENDED    /* in no table any more; its callback is due, or was called */
};

struct fetch_call {
    struct fetch_page page; /* first: see above */
    enum pf_call_state state;
    struct fetch_client *client;
    fetch_page_cb on_page;
    void *arg;
    struct pf_task task;    /* delivery, once ended */
    struct pf_turn turn;    /* its place among the hosts of targets */
    struct pf_link link;    /* in the client's table of those that fly or rest */
    struct pf_link sibling; /* the gather's */
    struct pf_exchange x;
    struct pf_timer timer; /* the attempt's timeout while flying, the next attempt while resting */
    struct pf_timer deadline;             /* the target's */
    uint64_t submitted_ms, dispatched_ms; /* monotonic; the first dispatch, 0 before */
    uint64_t started_ms;                  /* of the attempt */
    struct pf_limiter_mark mark;          /* of the attempt's start, for the limiter */
    uint32_t pace;                        /* likewise, for the pacer */
    enum pf_limiter_end fared;            /* how the attempt ends, for the limiter */
    struct pf_retry_state retry;
    enum pf_host_said of_host; /* what the attempt tells of its target's host */
    enum fetch_billed billed;  /* the attempt, as far as is known when it ends */
    int64_t cost_micro;        /* likewise; -1: not told */
    bool last_attempt;         /* however this one ends, it is the last */
    unsigned redirects;
    bool as_get; /* a redirect has made a GET of it */
    char *notes; /* page.final_url and page.reason, owned; NULL: neither is known */
    struct pf_unwrapped *unwrapped; /* what the page was wrapped in, owned; NULL: nothing */
    char *location;           /* absolute URL that the endpoint redirected to, owned; or NULL */
    struct pf_extras *extras; /* owned, NULL: none */
    char *message;            /* page.message's memory */
    size_t url_len;
    char text[]; /* url NUL id NUL */
};

/* A copy of the target.  Gives (pf_call_free()); NULL: out of memory. */
struct fetch_call *pf_call_new(const struct fetch_target *target);
void pf_call_free(struct fetch_call *call);

/* The pairs of a target without any are an empty list. */
const struct pf_extras *pf_call_extras(const struct fetch_call *call);

/* page.message becomes "URL: what", printable.  Without memory there is a general one. */
void pf_call_say(struct fetch_call *call, const char *what);

/* Notes what the answer says beside the page, and takes what it was wrapped in, before it is
 * sealed.  Without memory the notes are left out; FETCH_E_NOMEM where the page itself is. */
enum fetch_error pf_call_note(struct fetch_call *call, const struct pf_verdict *verdict,
                              struct pf_unwrapped *unwrapped);

/* Makes the page of what the exchange has left. */
void pf_call_seal(struct fetch_call *call);

#endif
