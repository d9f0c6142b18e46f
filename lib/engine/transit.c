#include "engine/transit.h"

void pf_transit_on_start(struct pf_transit *t)
{
    t->unsent++;
}

uint32_t pf_transit_on_sent(struct pf_transit *t, uint32_t number)
{
    if (number == 0)
        t->unsent--;
    if (++t->sent == 0)
        t->sent = 1;
    return t->sent;
}

void pf_transit_on_end(struct pf_transit *t, uint32_t number)
{
    if (number == 0)
        t->unsent--;
}

unsigned pf_transit_before(const struct pf_transit *t, unsigned in_flight, uint32_t number)
{
    uint32_t since = t->sent - number + 1; /* itself included */
    uint64_t others = (uint64_t)since + t->unsent;

    return others < in_flight ? in_flight - (unsigned)others : 0;
}
