/*
 * What becomes of one call: a pure function of the spec, the target and how often the target
 * was called.  Nothing here knows a socket or a clock.
 */
#ifndef SANDBOX_PLAN_H
#define SANDBOX_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "spec.h"

enum sandbox_answer {
    SANDBOX_ANSWER_OK = 0,    /* 200 and the page                                     */
    SANDBOX_ANSWER_ERROR,     /* what the provider says where it failed               */
    SANDBOX_ANSWER_EMPTY,     /* 200 and no byte                                      */
    SANDBOX_ANSWER_CAPTCHA,   /* 200 and a page that asks whether one is human        */
    SANDBOX_ANSWER_CUT,       /* 200, half of the page, then the connection's end     */
    SANDBOX_ANSWER_DROP,      /* the connection's end, no answer                      */
    SANDBOX_ANSWER_NOT_FOUND, /* the target's own 404                                 */
    SANDBOX_ANSWER_TARGET,    /* another status of the target's from 400 on           */
    SANDBOX_ANSWER_SAYING,    /* something that the provider says, by its name        */
    SANDBOX_ANSWER_STATUS     /* a status that the target's query asks for            */
};

struct sandbox_dialect;
struct sandbox_saying;

struct sandbox_plan {
    const struct sandbox_dialect *dialect; /* static */
    const struct sandbox_saying *saying;   /* what is said instead of a page; NULL: the page */
    enum sandbox_answer answer;
    int status;                 /* of the reply; 0 for SANDBOX_ANSWER_DROP            */
    int target;                 /* the target's status; 0: it was not reached         */
    unsigned latency_ms;        /* before the reply begins                            */
    unsigned slow_ms;           /* the body's drip; 0: at once                        */
    int64_t retry_after_s;      /* -1: no Retry-After header                          */
    size_t page_bytes;          /* size of the page before encoding                   */
    enum sandbox_coding coding; /* where the client accepts it; never _MIX            */
    int binary;                 /* the page is no text                                */
    int chunked;                /* the body goes in chunks, where the client can      */
    int close;                  /* the connection ends after the reply, announced     */
    int hangup;                 /* the same, unannounced                              */
};

/*
 * Makes the plan for attempt `n`, from 1, at the target `url` (borrowed).  latency, answer, slow,
 * chunked, close and hangup are drawn anew for each attempt; size, binary, the target's own 404
 * and the encoding belong to the target and stay.  A control in the target's query
 * (control.h) has the last word.
 */
void sandbox_plan_make(struct sandbox_plan *plan, const struct sandbox_spec *spec, const char *url,
                       uint32_t n);

/* Credits that the answer costs. */
uint64_t sandbox_plan_cost(const struct sandbox_plan *plan, const struct sandbox_spec *spec);

#endif
