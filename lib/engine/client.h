/*
 * The client's inside, for the engine's own files and the gather.
 *
 * A call is in exactly one of the places domains, flying and resting until it
 * ends; then it leaves its table first and is posted as a task.  Tasks run from
 * one place, pf_client_pump(), which is also where attempts are dispatched.
 */
#ifndef PF_ENGINE_CLIENT_H
#define PF_ENGINE_CLIENT_H

#include "endpoint/banpage.h"
#include "endpoint/template.h"
#include "engine/brake.h"
#include "engine/budget.h"
#include "engine/call.h"
#include "engine/domains.h"
#include "engine/limiter.h"
#include "engine/pacer.h"
#include "engine/trust.h"
#include "transport/loop.h"
#include "transport/pool.h"

/* Origins of one endpoint: its own, and where it redirected to on its own host. */
#define PF_MAX_POOLS 4

/* Somebody above the engine who must know when a client closes. */
struct pf_watcher {
    struct pf_link link;
    void (*on_close)(struct pf_watcher *watcher); /* no user code; posting tasks is fine */
};

struct fetch_client {
    struct pf_loop loop;
    struct pf_profile *profile;
    struct pf_template *template;
    struct pf_bans *bans;
    struct pf_tls tls; /* context is NULL until an https origin is used */
    char *ca_file;
    bool insecure;
    char **resolve; /* copies; NULL-terminated */
    size_t resolve_count;
    struct pf_pool *pool[PF_MAX_POOLS];
    struct pf_origin {
        bool https;
        uint16_t port;
    } origin[PF_MAX_POOLS];
    unsigned pool_count;

    unsigned connections, timeout_ms, connect_timeout_ms, deadline_ms;
    unsigned max_redirects;
    enum fetch_http http;
    size_t max_body;
    size_t guess_bytes; /* how large the next answer is likely to be, head included */

    struct event pump;
    struct pf_link tasks; /* struct pf_task */
    bool pump_due, draining, closing;
    struct pf_domains domains;      /* who waits for dispatch, by host */
    struct pf_link flying, resting; /* struct fetch_call */
    struct pf_link watchers;
    unsigned in_flight;
    struct pf_limiter limiter; /* these five are asked before each dispatch, in pump.c */
    struct pf_brake brake;
    struct pf_pacer pacer;
    struct pf_trust trust;
    struct pf_budget budget;
    struct pf_retry_run retry;
    int64_t credits_left_micro; /* as the provider said last; -1: it does not */
    enum fetch_error refusal;   /* FETCH_OK, or why nothing is sent any more: FETCH_E_ACCOUNT,
                                    FETCH_E_BUDGET */
    bool paused;                /* by the program */
    struct pf_timer look_again; /* for what lets the next call go with time */
    struct fetch_stats stats;
};

/* pump.c: sets the pump up for the client's loop, which is there.  False: the base takes no event. */
bool pf_client_pump_init(struct fetch_client *client, struct event_base *base);
/* pump.c: runs the tasks, then dispatches.  Destroys a client that is closing. */
void pf_client_pump(struct fetch_client *client);
/* pump.c: has the pump run from the loop, soon. */
void pf_client_pump_later(struct fetch_client *client);
/* pump.c: every call ends with this error, wherever it is. */
void pf_client_abort_all(struct fetch_client *client, enum fetch_error error);
/* Frees a client that has no calls and no tasks any more. */
void pf_client_destroy(struct fetch_client *client);

/* Targets that are worth having at hand, so that a place that comes free never waits for one. */
unsigned pf_client_window(const struct fetch_client *client);

/* Sends nothing more: every call that is not under way ends with this error, as do all that come. */
void pf_client_refuse(struct fetch_client *client, enum fetch_error error);

/* The pool for an origin on the endpoint's host, made if need be; NULL and *error otherwise. */
struct pf_pool *pf_client_pool(struct fetch_client *client, const struct pf_url *origin,
                               enum fetch_error *error);

/*
 * fetch_client_submit() for a target struct of this version that has a URL: whatever else is
 * wrong with it becomes the page's error.  Sets the page's index.  FETCH_E_NOMEM, FETCH_E_CLOSED.
 */
enum fetch_error pf_client_submit(struct fetch_client *client, const struct fetch_target *target,
                                  size_t index, fetch_page_cb on_page, void *arg,
                                  struct fetch_call **call);

/* attempt.c: begins an attempt for a call whose turn it is, now. */
void pf_attempt_start(struct fetch_call *call, uint64_t now);
/* attempt.c: sets a new call's exchange and timers up. */
void pf_attempt_init(struct fetch_call *call);
/* attempt.c: ends a call unsent whose host has only failed for so long that it is given up. */
void pf_attempt_give_up(struct fetch_call *call);
/* attempt.c: ends a call, wherever it is, with an error that came from here. */
void pf_attempt_abort(struct fetch_call *call, enum fetch_error error, const char *why);

#endif
