/*
 * Goodput: whether more calls in flight bring more answers.
 *
 * Pure: it is told of answers, how long each took and how many calls were in flight when it
 * started.  Each event is O(1), nothing is allocated, there is nothing to free.
 */
#ifndef PF_ENGINE_GOODPUT_H
#define PF_ENGINE_GOODPUT_H

#include <stdbool.h>

/* Answers that came while the level was about the same. */
struct pf_goodput_window {
    double need;       /* answers that make it full */
    double done;       /* answers */
    double latency_ms; /* ... and the sums of how long they took */
    double level;      /* ... and of how many were in flight when they started */
};

/* All zero is how it begins; pf_goodput_begin() comes before the first answer. */
struct pf_goodput {
    double latency_ms, n; /* mean of answers, and of how many */
    struct pf_goodput_window base, window;
};

enum pf_goodput_verdict {
    PF_GOODPUT_EARLY,    /* the window is not full yet                                      */
    PF_GOODPUT_FULL,     /* it is, and says nothing against the level: to be begun again    */
    PF_GOODPUT_FRUITLESS /* more were in flight than in the window before, to no good       */
};

/* Mean latency of the answers so far, at least 1 ms; a guess before the first. */
double pf_goodput_latency_ms(const struct pf_goodput *g);

/* An answer took that long.  `of`, above 0: how many answers the mean looks back on. */
void pf_goodput_learn(struct pf_goodput *g, double took_ms, double of);

/* A window begins, with up to `level` calls in flight; `still`: which is not to be raised. */
void pf_goodput_begin(struct pf_goodput *g, unsigned level, bool still);

/*
 * An answer for the window, of a call that had `level` in flight when it started, itself
 * included.  `still`: the level is not being raised, so that the window is compared with none.
 */
enum pf_goodput_verdict pf_goodput_add(struct pf_goodput *g, double took_ms, unsigned level,
                                       bool still);

/* After PF_GOODPUT_FRUITLESS, before the next begins: the level to go back to. */
double pf_goodput_enough(const struct pf_goodput *g);

#endif
