/*
 * Each host is in exactly one of four places, and moves when something changes what it may do:
 *
 *   ready     has a line and may send        the ring that turns are taken from
 *   full      has a line and may not         at its limit, or its trial is under way
 *   busy      has no line                    all of its turns fly or are away, or nobody asks for it
 *   resting   by the length of its rest      a line waits with it
 *
 * Rests last one of six times, and there is a list for each: what joins at the end is due last, so
 * the lists stay in order by themselves and neither a heap nor timers are needed.
 *
 * `epoch` tells the results that count from those that do not: it changes when a host is rested,
 * and each turn notes it as it takes off.
 */
#include "engine/domains.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"

#define NEVER UINT64_MAX

enum place { BUSY, READY, FULL, RESTING };
enum health { WELL, ILL, TRIAL };

struct pf_domain {
    struct pf_host host;  /* first */
    struct pf_link link;  /* in the list of its place */
    struct pf_link aside; /* in `idle` while no turn is of it; in `given_up` while its line is */
    struct pf_link line;  /* struct pf_turn */
    uint64_t due_ms;      /* the end of its rest */
    size_t turns, queued;
    unsigned flying;
    unsigned failures; /* bad ends in a row */
    unsigned rests;    /* in a row; up to PF_HOST_RESTS */
    uint32_t epoch;
    enum place place;
    enum health health;
    enum pf_host_said fault;
    bool tried; /* TRIAL: its one call is under way */
    char name[];
};

static struct pf_domain *domain_of(struct pf_link *link)
{
    return PF_LIST_ENTRY(link, struct pf_domain, link);
}

static struct pf_domain *domain_aside(struct pf_link *aside)
{
    return PF_LIST_ENTRY(aside, struct pf_domain, aside);
}

static struct pf_turn *turn_of(struct pf_link *link)
{
    return PF_LIST_ENTRY(link, struct pf_turn, link);
}

/* -------------------------------------------------------------- places -- */

static struct pf_link *list_of(struct pf_domains *d, const struct pf_domain *h)
{
    switch (h->place) {
    case READY:
        return &d->ready;
    case FULL:
        return &d->full;
    case RESTING:
        return &d->resting[h->rests - 1];
    case BUSY:
        break;
    }
    return &d->busy;
}

/* `n` calls join (or leave: minus) what is counted where the host is. */
static void count_at(struct pf_domains *d, const struct pf_domain *h, size_t n)
{
    if (h->place == READY)
        d->ready_queued += n;
    else if (h->place == RESTING)
        d->resting_queued += n;
}

static void count_line(struct pf_domains *d, struct pf_domain *h, size_t n)
{
    h->queued += n;
    d->queued += n;
    count_at(d, h, n);
}

static enum place place_for(const struct pf_domains *d, const struct pf_domain *h)
{
    if (h->health == ILL)
        return RESTING;
    if (h->queued == 0)
        return BUSY;
    if (h->health == TRIAL && h->tried)
        return FULL;
    return d->limit && h->flying >= d->limit ? FULL : READY;
}

/* Puts a host where it belongs now; one that stays keeps its place in the ring. */
static void settle(struct pf_domains *d, struct pf_domain *h)
{
    enum place place = place_for(d, h);

    if (place != h->place) {
        pf_list_remove(&h->link);
        count_at(d, h, 0 - h->queued);
        h->place = place;
        count_at(d, h, h->queued);
        pf_list_append(list_of(d, h), &h->link);
    }
    if (h->turns == 0)
        return; /* `aside` is in `idle`, or soon will be */
    if (place == RESTING && h->rests == PF_HOST_RESTS && h->queued > 0) {
        if (pf_list_empty(&h->aside))
            pf_list_append(&d->given_up, &h->aside);
    } else {
        pf_list_remove(&h->aside);
    }
}

/* --------------------------------------------------------------- hosts -- */

static void drop(struct pf_domains *d, struct pf_domain *h)
{
    if (h->health == ILL)
        d->resting_now--;
    if (d->last == h)
        d->last = NULL;
    pf_list_remove(&h->link);
    pf_list_remove(&h->aside);
    pf_hosts_remove(&d->hosts, &h->host);
    free(h);
}

/* The host's last turn has left. */
static void idle(struct pf_domains *d, struct pf_domain *h)
{
    if (h->health == WELL && h->failures == 0) {
        drop(d, h);
        return;
    }
    pf_list_remove(&h->aside);
    pf_list_append(&d->idle, &h->aside);
    if (++d->idle_count > PF_HOSTS_REMEMBERED) {
        d->idle_count--;
        drop(d, domain_aside(d->idle.next));
    }
}

static bool is_named(const struct pf_domain *h, const char *name, size_t n)
{
    return h && pf_text_eq_nocase(h->name, h->host.name_len, name, n);
}

static struct pf_domain *domain_new(struct pf_domains *d, const char *name, size_t n, uint64_t hash)
{
    struct pf_domain *h = malloc(sizeof *h + n);

    if (!h)
        return NULL;
    *h = (struct pf_domain){.host = {.hash = hash, .name = h->name, .name_len = n}};
    if (n > 0)
        memcpy(h->name, name, n);
    if (pf_hosts_add(&d->hosts, &h->host) != FETCH_OK) {
        free(h);
        return NULL;
    }
    pf_list_init(&h->link);
    pf_list_init(&h->aside);
    pf_list_init(&h->line);
    pf_list_append(&d->busy, &h->link);
    return h;
}

/* The host of that name, made if need be; NULL: no memory. */
static struct pf_domain *domain_named(struct pf_domains *d, const char *name, size_t n)
{
    struct pf_host *found;
    uint64_t hash;

    if (is_named(d->last, name, n))
        return d->last;
    hash = pf_hosts_hash(&d->hosts, name, n);
    found = pf_hosts_find(&d->hosts, name, n, hash);
    return found ? PF_LIST_ENTRY(found, struct pf_domain, host) : domain_new(d, name, n, hash);
}

/* --------------------------------------------------------------- rests -- */

static void rest(struct pf_domains *d, struct pf_domain *h)
{
    uint64_t ms;

    if (h->rests < PF_HOST_RESTS)
        h->rests++;
    ms = (uint64_t)PF_HOST_REST_MS << (h->rests - 1);
    h->due_ms = d->now_ms + (ms < PF_HOST_REST_MAX_MS ? ms : PF_HOST_REST_MAX_MS);
    h->health = ILL;
    h->failures = 0;
    h->tried = false;
    h->epoch++;
    d->resting_now++;
    if (h->due_ms < d->due_ms)
        d->due_ms = h->due_ms;
}

/* Time goes on; hosts whose rest is over have their trial. */
static void advance(struct pf_domains *d, uint64_t now_ms)
{
    if (now_ms > d->now_ms)
        d->now_ms = now_ms;
    if (d->due_ms > d->now_ms)
        return;
    d->due_ms = NEVER;
    for (unsigned i = 0; i < PF_HOST_RESTS; i++) {
        struct pf_link *list = &d->resting[i];

        while (!pf_list_empty(list) && domain_of(list->next)->due_ms <= d->now_ms) {
            struct pf_domain *h = domain_of(list->next);

            h->health = TRIAL;
            d->resting_now--;
            settle(d, h);
        }
        if (!pf_list_empty(list) && domain_of(list->next)->due_ms < d->due_ms)
            d->due_ms = domain_of(list->next)->due_ms;
    }
}

/* A host with many calls in flight meets trouble with all of them at once. */
static unsigned failures_that_rest(const struct pf_domain *h)
{
    unsigned n = h->flying + 1; /* and the one that has just landed */

    if (n > PF_HOST_FAILURES_MAX)
        n = PF_HOST_FAILURES_MAX;
    return n > PF_HOST_FAILURES ? n : PF_HOST_FAILURES;
}

/* One of the host's calls has landed. */
static void land(struct pf_domains *d, struct pf_domain *h, uint32_t epoch, enum pf_host_said said)
{
    h->flying--;
    if (epoch != h->epoch)
        return;
    h->tried = false; /* of this epoch a trial is the only one in flight */
    if (said == PF_HOST_NEUTRAL)
        return;
    if (said == PF_HOST_FINE) {
        h->health = WELL;
        h->failures = h->rests = 0;
        return;
    }
    h->fault = said;
    h->failures++;
    if (h->health == TRIAL || h->failures >= failures_that_rest(h))
        rest(d, h);
}

/* ------------------------------------------------------------ interface -- */

void pf_domains_init(struct pf_domains *d, struct pf_random *random, unsigned limit)
{
    *d = (struct pf_domains){.limit = limit, .due_ms = NEVER};
    pf_hosts_init(&d->hosts, random);
    pf_list_init(&d->ready);
    pf_list_init(&d->full);
    pf_list_init(&d->busy);
    pf_list_init(&d->given_up);
    pf_list_init(&d->idle);
    for (unsigned i = 0; i < PF_HOST_RESTS; i++)
        pf_list_init(&d->resting[i]);
}

static void free_list(struct pf_link *list)
{
    struct pf_link *l;

    while ((l = pf_list_shift(list)))
        free(domain_of(l));
}

void pf_domains_fini(struct pf_domains *d)
{
    free_list(&d->ready);
    free_list(&d->full);
    free_list(&d->busy);
    for (unsigned i = 0; i < PF_HOST_RESTS; i++)
        free_list(&d->resting[i]);
    pf_hosts_fini(&d->hosts);
}

void pf_turn_init(struct pf_turn *turn)
{
    pf_list_init(&turn->link);
    turn->domain = NULL;
    turn->state = PF_TURN_NONE;
    turn->epoch = 0;
}

enum fetch_error pf_domains_push(struct pf_domains *d, struct pf_turn *turn, const char *host,
                                 size_t n)
{
    struct pf_domain *h = domain_named(d, host, n);

    if (!h)
        return FETCH_E_NOMEM;
    d->last = h;
    if (h->turns++ == 0 && !pf_list_empty(&h->aside)) {
        pf_list_remove(&h->aside);
        d->idle_count--;
    }
    turn->domain = h;
    turn->state = PF_TURN_QUEUED;
    pf_list_append(&h->line, &turn->link);
    count_line(d, h, 1);
    settle(d, h);
    return FETCH_OK;
}

/* The first of a host's line, out of it. */
static struct pf_turn *shift(struct pf_domains *d, struct pf_domain *h, enum pf_turn_state state)
{
    struct pf_turn *turn = turn_of(pf_list_shift(&h->line));

    turn->state = state;
    count_line(d, h, (size_t)-1);
    return turn;
}

static enum pf_domains_state state_of(const struct pf_domains *d)
{
    if (d->queued == 0)
        return PF_DOMAINS_EMPTY;
    if (d->ready_queued > 0)
        return PF_DOMAINS_READY;
    return d->resting_queued > 0 ? PF_DOMAINS_RESTING : PF_DOMAINS_FULL;
}

struct pf_turn *pf_domains_next(struct pf_domains *d, uint64_t now_ms, enum pf_domains_state *why)
{
    struct pf_domain *h;
    struct pf_turn *turn;

    advance(d, now_ms);
    *why = state_of(d);
    if (*why != PF_DOMAINS_READY)
        return NULL;
    h = domain_of(d->ready.next);
    turn = shift(d, h, PF_TURN_FLYING);
    turn->epoch = h->epoch;
    h->flying++;
    d->flying++;
    h->tried = h->health == TRIAL;
    pf_list_remove(&h->link);
    pf_list_append(&d->ready, &h->link);
    settle(d, h);
    return turn;
}

void pf_domains_end(struct pf_domains *d, struct pf_turn *turn, enum pf_host_said said,
                    uint64_t now_ms)
{
    struct pf_domain *h = turn->domain;

    advance(d, now_ms);
    d->flying--;
    turn->state = PF_TURN_AWAY;
    land(d, h, turn->epoch, said);
    settle(d, h);
}

void pf_domains_again(struct pf_domains *d, struct pf_turn *turn)
{
    struct pf_domain *h = turn->domain;
    bool was_ready = h->place == READY;

    pf_list_remove(&turn->link);
    turn->state = PF_TURN_QUEUED;
    pf_list_prepend(&h->line, &turn->link);
    count_line(d, h, 1);
    settle(d, h);
    if (!was_ready && h->place == READY) {
        pf_list_remove(&h->link);
        pf_list_prepend(&d->ready, &h->link);
    }
}

void pf_domains_remove(struct pf_domains *d, struct pf_turn *turn)
{
    struct pf_domain *h = turn->domain;

    if (turn->state == PF_TURN_NONE)
        return;
    pf_list_remove(&turn->link);
    if (turn->state == PF_TURN_FLYING) {
        d->flying--;
        land(d, h, turn->epoch, PF_HOST_NEUTRAL);
    } else if (turn->state == PF_TURN_QUEUED) {
        count_line(d, h, (size_t)-1);
    }
    turn->domain = NULL;
    turn->state = PF_TURN_NONE;
    settle(d, h);
    if (--h->turns == 0)
        idle(d, h);
}

struct pf_turn *pf_domains_given_up(struct pf_domains *d, uint64_t now_ms)
{
    struct pf_domain *h;
    struct pf_turn *turn;

    advance(d, now_ms);
    if (pf_list_empty(&d->given_up))
        return NULL;
    h = domain_aside(d->given_up.next);
    turn = shift(d, h, PF_TURN_AWAY);
    settle(d, h);
    return turn;
}

enum pf_host_said pf_domains_fault(const struct pf_turn *turn)
{
    return turn->domain ? turn->domain->fault : PF_HOST_NEUTRAL;
}

uint64_t pf_domains_next_due(const struct pf_domains *d)
{
    return d->due_ms;
}

size_t pf_domains_held(const struct pf_domains *d)
{
    return d->queued - d->ready_queued;
}

static void settle_all(struct pf_domains *d, struct pf_link *list)
{
    struct pf_link *l = list->next;

    while (l != list) {
        struct pf_domain *h = domain_of(l);

        l = l->next;
        settle(d, h);
    }
}

void pf_domains_set_limit(struct pf_domains *d, unsigned limit)
{
    d->limit = limit;
    settle_all(d, &d->ready);
    settle_all(d, &d->full);
}

static void drain_list(struct pf_domains *d, struct pf_link *list, struct pf_link *out)
{
    struct pf_link *l = list->next;

    while (l != list) {
        struct pf_domain *h = domain_of(l);

        l = l->next;
        while (h->queued > 0)
            pf_list_append(out, &shift(d, h, PF_TURN_AWAY)->link);
        settle(d, h);
    }
}

void pf_domains_drain(struct pf_domains *d, struct pf_link *out)
{
    drain_list(d, &d->ready, out);
    drain_list(d, &d->full, out);
    for (unsigned i = 0; i < PF_HOST_RESTS; i++)
        drain_list(d, &d->resting[i], out);
}

enum pf_host_said pf_domains_said(enum fetch_outcome outcome, int status)
{
    if (outcome == FETCH_OUTCOME_OK)
        return PF_HOST_FINE;
    if (outcome == FETCH_OUTCOME_BLOCKED)
        return PF_HOST_BLOCKED;
    if (outcome != FETCH_OUTCOME_TARGET_ERROR)
        return PF_HOST_NEUTRAL;
    return status == 429 || status >= 500 ? PF_HOST_FAILED : PF_HOST_FINE;
}
