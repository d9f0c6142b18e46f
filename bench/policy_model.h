/*
 * A provider and its clients on a fake clock: events in a heap, no waiting, the same result for
 * the same seed.  The clients are the library's own limiter, brake and pacer, asked as the engine
 * asks them, or a model of what people use instead.
 *
 * The provider carries `carries` calls at once.  A call reaches it half a round trip after it was
 * sent and its answer takes another half.  Beyond what it carries it refuses at once, or lets
 * calls wait in line.  Latencies are lognormal, seen from the client.
 */
#ifndef PF_BENCH_POLICY_MODEL_H
#define PF_BENCH_POLICY_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "engine/brake.h"
#include "engine/limiter.h"

#define MODEL_CLIENTS_MAX 4
#define MODEL_BAN 25u            /* refusals in MODEL_BAN_MS that are still forgiven */
#define MODEL_BAN_MS (300 * 1e3) /* five minutes */

enum model_kind {
    MODEL_POLICY,    /* the library */
    MODEL_SEMAPHORE, /* a fixed number of workers, each of which tries its page until it has it */
    MODEL_CURL       /* curl -Z --parallel-max N --retry: a retry waits outside the number */
};

struct model_options {
    uint64_t seed;
    unsigned carries;        /* at once */
    bool queues;             /* beyond that: waits in line instead of being refused */
    double mean_ms;          /* latency */
    double sigma;            /* of its logarithm */
    double rtt_ms;           /* the network's part of it, and all of a refusal */
    uint32_t retry_after_ms; /* that a refusal asks for; 0: nothing */
    double failures;         /* share of calls that fail */
    unsigned clients;        /* 1 to MODEL_CLIENTS_MAX */
    enum model_kind kind;
    unsigned workers; /* of a model with a fixed number; 0: the library's search */
    bool tells;       /* its limit and what remains, with every answer */
};

/* Counts over the time between two marks. */
struct model_counts {
    uint64_t started, ok, refused;
    uint64_t ok_of[MODEL_CLIENTS_MAX];
    double latency_ms; /* sum over the answered, waiting in line included */
};

struct model;

struct model *model_new(const struct model_options *o);
void model_free(struct model *m);
double model_now(const struct model *m);
/* Runs until then. */
void model_run(struct model *m, double until_ms);
void model_set_carries(struct model *m, unsigned carries);
void model_set_mean(struct model *m, double mean_ms);
/* A client has targets only while this is on, as it is from the start. */
void model_set_list(struct model *m, unsigned client, bool has_targets);
/* Gives what was counted since the last time. */
void model_take(struct model *m, struct model_counts *out);
/* The most refusals that came in any MODEL_BAN_MS so far. */
unsigned model_worst(const struct model *m);
unsigned model_in_flight(const struct model *m, unsigned client);
const struct pf_limiter *model_limiter(const struct model *m, unsigned client);

#endif
