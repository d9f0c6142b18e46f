/*
 * What fair turns among hosts cost: a million targets that wait, on a hundred thousand hosts, in the
 * library's line and in a plain one.
 */
#ifndef PF_BENCH_POLICY_HOSTS_H
#define PF_BENCH_POLICY_HOSTS_H

/* Nanoseconds of CPU time for a page on its way through, queued, next and ended; the median of
 * `rounds` (1 to 9). */
struct hosts_cost {
    double fair_ns;
    double plain_ns; /* one line for all */
};

struct hosts_cost hosts_measure(unsigned targets, unsigned hosts, unsigned in_flight,
                                unsigned rounds);

#endif
