/*
 * Chance without state: every draw is a function of what it is drawn for.
 *
 * Whether a call fails, how long it takes and how long its page is depends on the seed, the
 * target and how often the target was called, never on the order in which calls arrive.  So a
 * run with a thousand calls in flight sees the same faults as one that calls one by one.
 */
#ifndef SANDBOX_DRAW_H
#define SANDBOX_DRAW_H

#include <stddef.h>
#include <stdint.h>

/* 64 well-mixed bits of `len` bytes; the same on every machine. */
uint64_t sandbox_hash(const char *bytes, size_t len);

/* The next number of the stream whose state is *state (splitmix64). */
uint64_t sandbox_random_next(uint64_t *state);

/* What is drawn for one call; each is independent of the others. */
enum sandbox_question {
    SANDBOX_DRAW_LATENCY,
    SANDBOX_DRAW_LATENCY_2, /* the second number a lognormal sample takes */
    SANDBOX_DRAW_SIZE,
    SANDBOX_DRAW_SIZE_2,
    SANDBOX_DRAW_ANSWER,
    SANDBOX_DRAW_NOT_FOUND,
    SANDBOX_DRAW_BINARY,
    SANDBOX_DRAW_SLOW,
    SANDBOX_DRAW_CHUNKED,
    SANDBOX_DRAW_CLOSE,
    SANDBOX_DRAW_HANGUP,
    SANDBOX_DRAW_CODING
};

/* A number in [0, 1) for attempt `n` at the target with this hash. */
double sandbox_draw(uint64_t seed, uint64_t target, uint64_t n, enum sandbox_question question);

enum sandbox_shape { SANDBOX_FIXED, SANDBOX_UNIFORM, SANDBOX_LOGNORMAL };

/* A distribution over non-negative numbers; the unit is the owner's (milliseconds, bytes). */
struct sandbox_dist {
    enum sandbox_shape shape;
    double a; /* the value; the smallest; the median        */
    double b; /* unused; the greatest; sigma of the logarithm */
};

/* The sample that belongs to two draws in [0, 1); never below 0 nor over `max`. */
double sandbox_dist_sample(const struct sandbox_dist *dist, double u, double v, double max);

#endif
