/*
 * What the tests of a whole client share: a loop, a peer (peer.h), a client whose endpoint it is,
 * and targets that check their own callbacks: once each, never from within a submission, never one
 * within another, and never with the key in a sentence or in the log.
 *
 *   rig_init(&r);
 *   r.options.retries = 0;           anything but endpoint, key and log
 *   peer_then(&r.peer, peer_ok);
 *   rig_start(&r);
 *   t = rig_submit(&r, "http://example.com/");
 *   rig_run(&r);
 *   ck_assert_int_eq(t->page->outcome, FETCH_OUTCOME_OK);
 *   rig_fini(&r);
 */
#ifndef PF_TESTS_RIG_H
#define PF_TESTS_RIG_H

#include "base/buf.h"
#include "pfetch/fetch.h"
#include "unit/peer.h"

struct event;

#define RIG_TARGETS 256
#define RIG_KEY "demo"

struct rig;

struct rig_target {
    struct rig *rig;
    struct fetch_call *call; /* NULL after its callback */
    struct fetch_page *page; /* freed by rig_fini(); NULL until it has ended */
    unsigned order;          /* of its end among all, from 0 */
    /* Called at the end of its callback, or NULL. */
    void (*then)(struct rig_target *target);
};

struct rig {
    struct event_base *base;
    struct event *watchdog;
    uint64_t give_up_ms;
    struct peer peer;
    struct fetch_options options;
    struct fetch_client *client; /* NULL before rig_start() and once freed */
    struct rig_target target[RIG_TARGETS];
    unsigned submitted, ended;
    bool submitting, calling;
    struct pf_buf log; /* NUL-terminated lines */
    void *arg;         /* the test's own */
};

/* Every test's first step: a loop and a listening peer; the environment says nothing. */
void rig_init(struct rig *r);
/* Makes the client. */
void rig_start(struct rig *r);
/* Frees the client (if there is one), checks that every target has ended, frees all. */
void rig_fini(struct rig *r);
/* Frees the client as a program would, from anywhere. */
void rig_free_client(struct rig *r);

struct rig_target *rig_submit(struct rig *r, const char *url);
struct rig_target *rig_submit_target(struct rig *r, const struct fetch_target *target);

/* One turn of the loop, which waits for something to happen; fails the test after a minute. */
void rig_turn(struct rig *r);
#define rig_until(r, condition)                                                                    \
    do {                                                                                           \
        while (!(condition))                                                                       \
            rig_turn(r);                                                                           \
    } while (0)
/* Turns until every target has ended. */
void rig_run(struct rig *r);
/* Turns without waiting, often enough for whatever is ready to be done. */
void rig_quiet(struct rig *r);

/* Submits one target, runs until all have ended, and lends its page. */
const struct fetch_page *rig_fetch(struct rig *r, const char *url);

struct fetch_stats rig_stats(const struct rig *r);

/* Fails unless the page is a success with the body "hello". */
void rig_check_hello(const struct fetch_page *page);
/* Fails unless the page has failed like this, with a sentence that names its target. */
void rig_check_failed(const struct fetch_page *page, enum fetch_outcome outcome,
                      enum fetch_error error);

#endif
