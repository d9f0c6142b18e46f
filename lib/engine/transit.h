/*
 * Transit: which calls had reached the provider when one was refused there.
 *
 * A call is carried from when its request comes to the provider until its answer leaves, but
 * from here it is seen half a round trip earlier and later.  Yet at the moment that a refusal is
 * heard the two are the same: a call that was sent before the refused one and was still carried
 * when that came to the provider has not been answered here, and one that was not carried any more
 * has.  So how many there are is what the provider carried, whatever the length of the way.
 *
 * Pure.  Each event is O(1), nothing is allocated, there is nothing to free.
 */
#ifndef PF_ENGINE_TRANSIT_H
#define PF_ENGINE_TRANSIT_H

#include <stdint.h>

/* All zero is how it begins. */
struct pf_transit {
    uint32_t sent;   /* requests so far: the number of the last, never 0 when asked for */
    unsigned unsent; /* calls in flight that wait for a connection */
};

/* A call is in flight, its request is not sent yet. */
void pf_transit_on_start(struct pf_transit *t);

/* Its request goes out.  `number` is what this gave for the call before, 0: nothing.  Returns the
 * request's number, which is not 0. */
uint32_t pf_transit_on_sent(struct pf_transit *t, uint32_t number);

/* A call is in flight no more.  `number` as above. */
void pf_transit_on_end(struct pf_transit *t, uint32_t number);

/* Of `in_flight` calls, those that were sent before request `number`, which is one of them. */
unsigned pf_transit_before(const struct pf_transit *t, unsigned in_flight, uint32_t number);

#endif
