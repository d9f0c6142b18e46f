/*
 * Randomness for jitter and spreading: fast, seeded from the system, a state per owner.
 * Not for secrets.
 */
#ifndef PF_BASE_RANDOM_H
#define PF_BASE_RANDOM_H

#include <stdint.h>

struct pf_random {
    uint64_t state;
};

/* Seeds from getrandom(2), or from the clock and an address where that fails. */
void pf_random_init(struct pf_random *r);
/* A repeatable sequence. */
void pf_random_init_seed(struct pf_random *r, uint64_t seed);
/* 64 uniform bits. */
uint64_t pf_random_u64(struct pf_random *r);
/* Uniform in 0 to `max`, both included. */
uint64_t pf_random_up_to(struct pf_random *r, uint64_t max);

#endif
