/*
 * The search, in a family with TCP's congestion control and yet another problem: what limits is a
 * number that somebody has set, a refusal is free and comes at once, and too many of them get the
 * key banned.  So the edge is not run into again and again: it is found, remembered, and looked at
 * now and then.
 *
 *   CLIMB   (slow start) each answer adds half a call, later a whole one, until the first refusal.
 *   HOLD    what was carried then (transit.h) is the ceiling, and nothing is risked.
 *   PROBE   after some latencies a few more calls, which must stand for a whole latency.  With each
 *           that is refused the next comes later; several in a row that hold: climb again.
 *   REFILL  a refusal far below what was proven: the plan has shrunk, or others use the key.  Down
 *           to a share of that level (multiplicative decrease), up from what is left in flight.
 *
 * A call keeps the epoch it started in: the refusals of calls that started before a cut are of the
 * same event and cut no second time.
 *
 * Where calls over the plan wait in line instead of being refused, goodput.c tells that more in
 * flight brings no more answers: back to what brought them, and that is the ceiling.
 *
 * Answers count only while the limit is nearly used; an idle list changes nothing.  Calls that were
 * given up from here fade as "ghosts": providers go on with them for a while (and ZenRows says that
 * they keep their place).  After a cut or a jump starts are spread, and slow to begin with, so that
 * a plan that has shrunk is heard of before places for all of the old one are asked for.
 *
 * The constants were set against the model of bench/policy.c, plans of 5 to 5,000 calls and
 * latencies of 0.5 s to 20 s; what each is a compromise between stands beside it.
 */
#include "engine/limiter.h"

#include <math.h>

#include "base/limits.h"

#define START_DEFAULT 4u /* the smallest plans sold carry 1 to 5; from here every answer is news */
#define CLIMB_FAST_FROM                                                                            \
    128u               /* below, an answer adds half a call, and few are refused at the edge;
                                above, and on the way back to what was carried, a whole one */
#define DEEP_CUT 0.8   /* of the level at which a refusal came as a surprise */
#define DEEPER_CUT 0.6 /* ... when even the first call after the pause was refused */
#define NEAR 0.9       /* of the peak: from here the climb back is slow, the edge being known */
#define PROBE_SHARE                                                                                \
    32u                 /* a probe's first step, a 32nd more: small against what a plan carries,
                                large enough to get anywhere */
#define PROBE_HOLD 1.0  /* latencies that a probe must stand: until its calls overlap */
#define UNPROVEN 0.95   /* of a ceiling just found: refusals down to there lower it a little */
#define PROVEN_HOLD 6.0 /* latencies after which a raise is trusted */
/* Between probes: latencies, so many times longer with each that fails.  Short, a plan that grows is
 * followed soon; long, few are refused.  At most INTERVAL_MAX, and less where time or calls are so
 * many that a probe costs nothing against them. */
#define INTERVAL_GROWTH 2.5
#define INTERVAL_MIN 5.0
#define INTERVAL_MIN_MS 5000.0
#define INTERVAL_MAX 64.0
#define INTERVAL_MAX_MS 60000.0 /* ... or this: a pause of a second is many a short latency */
#define INTERVAL_MS 120000.0
#define INTERVAL_CALLS 150.0 /* of small plans: so many answers for a refusal are below 1 % */
#define SHARED_HOLD 100.0 /* latencies after a fall in which others may have come: shares settle */
/* Where more was carried before: back within twenty latencies.  Not sooner, even after a fall that
 * was not deep: what was lost to others is theirs for a while, and shares even out. */
#define INTERVAL_FALLEN 11.0
#define FALLEN 0.7         /* of the peak: below, it is expected to come back */
#define FALLEN_MS 1800000u /* after which the peak is history */
#define NEWS 1.1 /* of the ceiling before: found higher than that, it may rise again soon */
/* Of the level of a refused call: carried at the least.  A provider that takes its time to refuse
 * makes what was carried look like less, by what it answers meanwhile. */
#define CARRIED_MIN 0.75
#define RAISES_STEADY 4u /* probes in a row that hold: then it climbs ... */
#define RAISES 2u        /* ... where it had fallen */
/* In five minutes; with more, no probe adds to them.  Bright Data bans at 25. */
#define REFUSED_MAX 10u        /* the rest is for a plan that falls, which is heard of late */
#define REFUSED_FALLEN 23u     /* a plan that is back is worth more */
#define REFUSED_FEW_BELOW 100u /* larger plans may be refused as many as they carry */
#define LATENCY_OF 16u         /* answers that the mean latency looks back on, at least */
/* Filling takes a third of a latency.  Until then what is in flight grows by two thirds with each
 * time that a refusal takes: when the first is heard of, fewer have followed than are carried. */
#define FILL_SHARE 3.0
#define FILL_GROWTH 0.5

static unsigned umin(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned umax(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

static double latency(const struct pf_limiter *l)
{
    return pf_goodput_latency_ms(&l->goodput);
}

static unsigned bounded(const struct pf_limiter *l, double n)
{
    unsigned most = l->cap ? umin(l->cap, l->max) : l->max;

    return n >= most ? most : n < 1 ? 1 : (unsigned)n;
}

/* ---------------------------------------------------------------- states -- */

static bool is_fallen(const struct pf_limiter *l)
{
    return l->peak > 0 && l->ceiling < FALLEN * l->peak;
}

static bool may_risk(struct pf_limiter *l, uint64_t now_ms)
{
    unsigned most = umax(l->ceiling, l->peak);

    return pf_refusals_count(&l->refusals, now_ms) <
           umax(is_fallen(l) ? REFUSED_FALLEN : REFUSED_MAX, most >= REFUSED_FEW_BELOW ? most : 0);
}

static double interval_max(const struct pf_limiter *l, uint64_t now_ms)
{
    double most = fmax(INTERVAL_MS / latency(l), INTERVAL_CALLS / l->ceiling);

    if (l->fell_ms > 0 && (double)(now_ms - l->fell_ms) < SHARED_HOLD * latency(l))
        most = INTERVAL_CALLS / l->ceiling;
    return fmin(fmax(most, INTERVAL_FALLEN), fmax(INTERVAL_MAX, INTERVAL_MAX_MS / latency(l)));
}

static void schedule_probe(struct pf_limiter *l, uint64_t now_ms)
{
    double jitter = 0.9 + (double)pf_random_up_to(l->random, 1000) / 5000;

    if (l->peak > 0 && now_ms - l->fell_ms > FALLEN_MS)
        l->peak = 0;
    l->interval = fmax(l->interval, INTERVAL_MIN_MS / latency(l));
    l->interval = fmin(l->interval, is_fallen(l) ? INTERVAL_FALLEN : interval_max(l, now_ms));
    l->probe_ms = now_ms + (uint64_t)(l->interval * jitter * latency(l));
}

/* The level is not being raised, or not above what was carried before. */
static bool is_still(const struct pf_limiter *l)
{
    return l->state == PF_LIMITER_HOLD || l->state == PF_LIMITER_REFILL || l->limit < l->peak;
}

static void begin_window(struct pf_limiter *l)
{
    pf_goodput_begin(&l->goodput, l->limit, l->state == PF_LIMITER_HOLD);
}

static void hold(struct pf_limiter *l, uint64_t now_ms, unsigned ceiling)
{
    l->state = PF_LIMITER_HOLD;
    l->ceiling = bounded(l, ceiling);
    l->limit = l->held = l->ceiling;
    l->raises = 0;
    l->credit = 0;
    if (l->proven > l->ceiling)
        l->proven = l->ceiling;
    if (l->ceiling >= NEAR * l->peak)
        l->peak = 0;
    begin_window(l);
    schedule_probe(l, now_ms);
}

static void fill(struct pf_limiter *l, uint64_t now_ms)
{
    l->filling = true;
    l->tokens = 1;
    l->tokens_ms = now_ms;
}

void pf_limiter_init(struct pf_limiter *l, uint64_t now_ms, unsigned fixed, unsigned start,
                     unsigned max, struct pf_random *random)
{
    *l = (struct pf_limiter){.random = random, .max = max, .interval = INTERVAL_MIN};
    if (start == 0)
        start = START_DEFAULT;
    pf_refusals_init(&l->refusals, now_ms);
    l->limit = l->ceiling = l->proven = umin(start, max);
    l->state = PF_LIMITER_CLIMB;
    if (fixed) {
        l->state = PF_LIMITER_FIXED;
        l->limit = umin(fixed, max);
        return;
    }
    begin_window(l);
    if (start > START_DEFAULT) {
        hold(l, now_ms, start);
        fill(l, now_ms);
    }
}

/* ---------------------------------------------------------------- starts -- */

static void fade_ghosts(struct pf_limiter *l, uint64_t now_ms)
{
    if (l->ghosts > 0)
        l->ghosts *= exp(-(double)(now_ms - l->ghosts_ms) / latency(l));
    if (l->ghosts < 0.5)
        l->ghosts = 0;
    l->ghosts_ms = now_ms;
}

/* Starts a millisecond while filling: those that replace what ends, and those that are more. */
static double fill_rate(const struct pf_limiter *l, unsigned in_flight)
{
    double whole = l->limit * (1 + FILL_SHARE) / latency(l);
    double unheard = fmin(pf_refusals_mean_ms(&l->refusals), latency(l) / 2);

    if (unheard < 1)
        return whole;
    return fmin(whole, (in_flight + 1) * (1 / latency(l) + FILL_GROWTH / unheard));
}

static void add_tokens(struct pf_limiter *l, uint64_t now_ms, unsigned in_flight)
{
    double most = 1 + fmin(l->limit / 32.0, in_flight / 8.0);

    l->tokens = fmin(most, l->tokens + fill_rate(l, in_flight) * (double)(now_ms - l->tokens_ms));
    l->tokens_ms = now_ms;
}

uint64_t pf_limiter_when(struct pf_limiter *l, uint64_t now_ms, unsigned in_flight)
{
    unsigned room = l->limit;

    if (l->state == PF_LIMITER_FIXED)
        return in_flight < room ? now_ms : PF_WHEN_NEVER;
    fade_ghosts(l, now_ms);
    room = l->ghosts < room ? room - (unsigned)l->ghosts : 1;
    if (in_flight >= room) {
        if (in_flight >= l->limit && !l->landing)
            l->filling = false;
        return in_flight > 0 ? PF_WHEN_NEVER : now_ms;
    }
    if (!l->filling)
        return now_ms;
    add_tokens(l, now_ms, in_flight);
    if (l->tokens >= 1)
        return now_ms;
    return now_ms + 1 + (uint64_t)((1 - l->tokens) / fill_rate(l, in_flight));
}

struct pf_limiter_mark pf_limiter_on_start(struct pf_limiter *l, uint64_t now_ms,
                                           unsigned in_flight)
{
    const struct pf_limiter_mark mark = {
        .epoch = l->epoch, .level = in_flight, .first = l->landing, .sent_ms = now_ms};

    if (l->landing) {
        l->landing = false;
        if (l->state == PF_LIMITER_REFILL)
            l->limit = bounded(l, umin(l->ceiling, umax(in_flight, l->ceiling / 4)));
    }
    if (l->filling) {
        add_tokens(l, now_ms, in_flight);
        l->tokens -= 1;
    }
    pf_transit_on_start(&l->transit);
    return mark;
}

void pf_limiter_on_sent(struct pf_limiter *l, uint64_t now_ms, struct pf_limiter_mark *mark)
{
    mark->sent = pf_transit_on_sent(&l->transit, mark->sent);
    mark->sent_ms = now_ms;
}

/* ------------------------------------------------------------------ ends -- */

static void fall(struct pf_limiter *l, uint64_t now_ms, double ceiling)
{
    l->peak = umax(l->peak, umax(l->ceiling, l->stood));
    l->fell_ms = now_ms;
    l->interval = INTERVAL_FALLEN;
    l->ceiling = l->proven = bounded(l, ceiling);
    l->limit = umin(l->limit, l->ceiling);
    l->state = PF_LIMITER_REFILL;
    l->raises = 0;
    l->credit = 0;
    schedule_probe(l, now_ms);
}

static void found_edge(struct pf_limiter *l, uint64_t now_ms, unsigned carried)
{
    l->learned = true;
    if (carried > l->held)
        l->raised_ms = now_ms;
    hold(l, now_ms, carried);
}

/* What the provider carried when it refused a call. */
static unsigned carried_then(const struct pf_limiter *l, const struct pf_limiter_ended *ended)
{
    const struct pf_limiter_mark *mark = &ended->mark;
    unsigned carried = mark->level - 1, least = (unsigned)(CARRIED_MIN * mark->level);

    if (mark->sent != 0)
        carried = umin(carried, pf_transit_before(&l->transit, ended->in_flight, mark->sent));
    return umax(1, umax(carried, least));
}

static void set_interval(struct pf_limiter *l, bool is_news)
{
    l->interval = is_news ? INTERVAL_MIN : l->interval * INTERVAL_GROWTH;
}

static void cut(struct pf_limiter *l, uint64_t now_ms, const struct pf_limiter_mark *mark,
                unsigned carried)
{
    l->epoch++;
    l->landing = true;
    switch (l->state) {
    case PF_LIMITER_FIXED:
        break;
    case PF_LIMITER_CLIMB:
        set_interval(l, carried > NEWS * l->ceiling);
        l->proven = (unsigned)(UNPROVEN * carried);
        found_edge(l, now_ms, carried);
        break;
    case PF_LIMITER_REFILL:
    case PF_LIMITER_HOLD:
    case PF_LIMITER_PROBE:
        if (mark->first) {
            fall(l, now_ms, DEEPER_CUT * mark->level);
        } else if (l->state == PF_LIMITER_REFILL) {
            l->proven = (unsigned)(UNPROVEN * carried);
            found_edge(l, now_ms, carried);
        } else if (mark->level > l->proven) {
            carried = umax(carried, umin(l->proven, mark->level - 1));
            set_interval(l, carried > NEWS * l->proven);
            found_edge(l, now_ms, carried);
        } else {
            fall(l, now_ms, DEEP_CUT * mark->level);
        }
        break;
    }
    fill(l, now_ms);
}

static void on_refusal(struct pf_limiter *l, uint64_t now_ms, const struct pf_limiter_ended *ended)
{
    const struct pf_limiter_mark *mark = &ended->mark;
    unsigned carried = carried_then(l, ended);

    pf_refusals_add(&l->refusals, now_ms, (double)(now_ms - mark->sent_ms));
    if (l->state == PF_LIMITER_FIXED)
        return;
    if (mark->epoch == l->epoch)
        cut(l, now_ms, mark, carried);
    else if (l->state == PF_LIMITER_HOLD && l->landing && carried < l->ceiling &&
             carried >= NEAR * l->ceiling)
        hold(l, now_ms, carried);
}

static void fruitless(struct pf_limiter *l, uint64_t now_ms)
{
    l->learned = true;
    set_interval(l, false);
    l->epoch++;
    l->proven = bounded(l, pf_goodput_enough(&l->goodput));
    hold(l, now_ms, l->proven);
}

static void add_to_window(struct pf_limiter *l, uint64_t now_ms, double took, uint32_t level)
{
    switch (pf_goodput_add(&l->goodput, took, level, is_still(l))) {
    case PF_GOODPUT_EARLY:
        break;
    case PF_GOODPUT_FULL:
        begin_window(l);
        break;
    case PF_GOODPUT_FRUITLESS:
        fruitless(l, now_ms);
        break;
    }
}

static void grow(struct pf_limiter *l, double credit, unsigned most)
{
    l->credit += credit;
    if (l->credit < 1)
        return;
    l->limit = bounded(l, fmin(l->limit + floor(l->credit), most));
    l->credit -= floor(l->credit);
}

static void begin_probe(struct pf_limiter *l, uint64_t now_ms)
{
    unsigned step = umax(1, l->ceiling / PROBE_SHARE) << l->raises;

    if (bounded(l, l->ceiling + step) <= l->ceiling) {
        schedule_probe(l, now_ms);
        return;
    }
    l->state = PF_LIMITER_PROBE;
    if (l->raises == 0)
        begin_window(l);
    l->goal = bounded(l, l->ceiling + step);
    l->limit = l->ceiling + 1;
    l->credit = 0;
    l->step_ms = now_ms;
}

static void grow_probe(struct pf_limiter *l, uint64_t now_ms)
{
    if (l->limit < l->goal) {
        grow(l, (double)(l->goal - l->ceiling) / l->ceiling, l->goal);
        l->step_ms = now_ms;
        return;
    }
    if ((double)(now_ms - l->step_ms) < PROBE_HOLD * latency(l))
        return;
    l->ceiling = l->limit;
    l->raises++;
    l->step_ms = now_ms;
    if (l->raises >= (is_fallen(l) ? RAISES : RAISES_STEADY))
        l->state = PF_LIMITER_CLIMB;
    else
        begin_probe(l, now_ms);
}

static void on_answer_when_full(struct pf_limiter *l, uint64_t now_ms)
{
    bool near = l->limit >= NEAR * l->peak && l->limit < l->peak * 1.1;
    bool is_slow = l->limit < CLIMB_FAST_FROM && l->limit >= FALLEN * l->peak;

    switch (l->state) {
    case PF_LIMITER_FIXED:
        break;
    case PF_LIMITER_CLIMB:
        if (near)
            grow(l, fmax(1.0 / l->limit, 1.0 / PROBE_SHARE), l->max);
        else
            grow(l, is_slow ? 0.5 : 1, l->max);
        break;
    case PF_LIMITER_REFILL:
        grow(l, 1, l->ceiling);
        if (l->limit >= l->ceiling)
            hold(l, now_ms, l->ceiling);
        break;
    case PF_LIMITER_HOLD:
        if ((double)(now_ms - l->raised_ms) >= PROVEN_HOLD * latency(l))
            l->proven = l->stood = l->ceiling;
        if (now_ms >= l->probe_ms && may_risk(l, now_ms))
            begin_probe(l, now_ms);
        break;
    case PF_LIMITER_PROBE:
        grow_probe(l, now_ms);
        break;
    }
}

void pf_limiter_on_end(struct pf_limiter *l, uint64_t now_ms, const struct pf_limiter_ended *ended)
{
    double took = (double)(now_ms - ended->started_ms);

    pf_transit_on_end(&l->transit, ended->mark.sent);
    switch (ended->end) {
    case PF_LIMITER_OK:
        pf_goodput_learn(&l->goodput, took, umax(l->limit, LATENCY_OF));
        if (l->state == PF_LIMITER_FIXED)
            break;
        add_to_window(l, now_ms, took, ended->mark.level);
        if (ended->in_flight + 1 + l->limit / 8 >= l->limit + (l->limit < 8) && !l->landing)
            on_answer_when_full(l, now_ms);
        break;
    case PF_LIMITER_THROTTLED:
        on_refusal(l, now_ms, ended);
        break;
    case PF_LIMITER_CANCELLED:
        fade_ghosts(l, now_ms);
        l->ghosts += 1;
        break;
    case PF_LIMITER_FAILED:
        break;
    }
}

void pf_limiter_told(struct pf_limiter *l, uint64_t now_ms, unsigned limit, int64_t remaining,
                     unsigned in_flight)
{
    double cap = limit;

    if (remaining >= 0 && limit > 0) {
        double others = fmax(0, (double)limit - (double)remaining - in_flight);

        l->others += (others - l->others) / 8;
        cap -= l->others;
    }
    l->cap = cap > 0 ? bounded(l, cap) : 0;
    if (l->state == PF_LIMITER_FIXED)
        return;
    if (l->cap && l->limit > l->cap)
        hold(l, now_ms, l->cap);
}

void pf_limiter_set(struct pf_limiter *l, uint64_t now_ms, unsigned fixed)
{
    if (fixed) {
        l->state = PF_LIMITER_FIXED;
        l->limit = umin(fixed, l->max);
    } else if (l->state == PF_LIMITER_FIXED) {
        hold(l, now_ms, l->limit);
        fill(l, now_ms);
    }
}

double pf_limiter_heard_ms(const struct pf_limiter *l)
{
    return pf_refusals_heard_ms(&l->refusals);
}

unsigned pf_limiter_limit(const struct pf_limiter *l)
{
    return l->limit;
}

unsigned pf_limiter_learned(const struct pf_limiter *l)
{
    return l->learned && l->state != PF_LIMITER_FIXED ? l->ceiling : 0;
}
