#include "policy_hosts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/domains.h"

#define ROUNDS_MAX 9

/* Both kinds of line touch a call's memory; a real one is this large, at least. */
struct call {
    struct pf_turn turn;
    char host[32];
    size_t host_len;
    char rest[256];
};

static double cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static struct call *make_calls(unsigned targets, unsigned hosts, struct pf_random *random)
{
    struct call *calls = calloc(targets, sizeof *calls);

    for (unsigned i = 0; calls && i < targets; i++) {
        unsigned host = (unsigned)pf_random_up_to(random, hosts - 1);

        pf_turn_init(&calls[i].turn);
        calls[i].host_len =
            (size_t)snprintf(calls[i].host, sizeof calls[i].host, "host%u.example.com", host);
    }
    return calls;
}

static double fair(struct call *calls, unsigned targets, unsigned in_flight,
                   struct pf_random *random)
{
    struct pf_turn **flying = calloc(in_flight, sizeof *flying), *turn;
    enum pf_domains_state why;
    struct pf_domains d;
    double start, took;
    unsigned ended = 0, at = 0;

    if (!flying)
        abort();
    pf_domains_init(&d, random, 2);
    start = cpu_ns();
    for (unsigned i = 0; i < targets; i++)
        if (pf_domains_push(&d, &calls[i].turn, calls[i].host, calls[i].host_len) != FETCH_OK)
            abort();
    while (ended < targets) {
        if (flying[at]) {
            pf_domains_end(&d, flying[at], PF_HOST_FINE, ended);
            pf_domains_remove(&d, flying[at]);
            ended++;
        }
        turn = pf_domains_next(&d, ended, &why);
        flying[at] = turn;
        at = (at + 1) % in_flight;
    }
    took = cpu_ns() - start;
    pf_domains_fini(&d);
    free(flying);
    return took / targets;
}

static double plain(struct call *calls, unsigned targets, unsigned in_flight)
{
    struct pf_link line, *l, **flying = calloc(in_flight, sizeof *flying);
    double start = cpu_ns(), took;
    unsigned ended = 0, at = 0;

    if (!flying)
        abort();
    pf_list_init(&line);
    for (unsigned i = 0; i < targets; i++)
        pf_list_append(&line, &calls[i].turn.link);
    while (ended < targets) {
        if (flying[at])
            ended++;
        l = line.next;
        flying[at] = NULL;
        if (l != &line) {
            pf_list_remove(l);
            flying[at] = l;
        }
        at = (at + 1) % in_flight;
    }
    took = cpu_ns() - start;
    free(flying);
    return took / targets;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *value, unsigned n)
{
    qsort(value, n, sizeof *value, compare);
    return value[n / 2];
}

struct hosts_cost hosts_measure(unsigned targets, unsigned hosts, unsigned in_flight,
                                unsigned rounds)
{
    double fair_ns[ROUNDS_MAX], plain_ns[ROUNDS_MAX];
    struct pf_random random;

    if (rounds > ROUNDS_MAX)
        rounds = ROUNDS_MAX;
    pf_random_init_seed(&random, 1);
    for (unsigned i = 0; i < rounds; i++) {
        struct call *calls = make_calls(targets, hosts, &random);

        if (!calls)
            abort();
        plain_ns[i] = plain(calls, targets, in_flight);
        free(calls);
        calls = make_calls(targets, hosts, &random);
        if (!calls)
            abort();
        fair_ns[i] = fair(calls, targets, in_flight, &random);
        free(calls);
    }
    return (struct hosts_cost){median(fair_ns, rounds), median(plain_ns, rounds)};
}
