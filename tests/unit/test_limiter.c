/* How many calls may be in flight: found from how calls fare, on a clock of the test's own. */
#include "unit/unit.h"

#include "engine/limiter.h"

#define T0 1000000u
#define STEP_MS 10u
#define MOST 1000u /* calls that a test has in flight */

static struct pf_random rnd;
static struct pf_limiter l;

/* A provider that carries so many at once and refuses what is over that, and its client. */
static struct {
    uint64_t now, latency_ms;
    uint64_t way_ms; /* of a request, and of an answer; in latency_ms */
    unsigned carries, in_flight, busy, refused, answered, highest;
    bool has_targets;
    bool brakes; /* a refusal stops it, until has_targets is set again */
    struct {
        bool there, refused;
        enum { AWAY, CARRIED, BACK } at;
        uint64_t started, arrives, leaves, ends;
        struct pf_limiter_mark mark;
    } call[MOST];
} sim;

static void begin(unsigned fixed, unsigned start, unsigned carries)
{
    pf_random_init_seed(&rnd, 5);
    memset(&sim, 0, sizeof sim);
    sim.now = T0;
    sim.latency_ms = 1000;
    sim.way_ms = 20;
    sim.carries = carries;
    sim.has_targets = true;
    pf_limiter_init(&l, T0, fixed, start, MOST, &rnd);
}

static void start_call(void)
{
    unsigned i = 0;

    while (sim.call[i].there)
        ck_assert_uint_lt(++i, MOST);
    sim.in_flight++;
    sim.call[i].there = true;
    sim.call[i].at = AWAY;
    sim.call[i].refused = false;
    sim.call[i].started = sim.now;
    sim.call[i].arrives = sim.now + sim.way_ms;
    sim.call[i].ends = sim.now + sim.latency_ms * (80 + pf_random_up_to(&rnd, 40)) / 100;
    sim.call[i].leaves = sim.call[i].ends - sim.way_ms;
    sim.call[i].mark = pf_limiter_on_start(&l, sim.now, sim.in_flight);
    pf_limiter_on_sent(&l, sim.now, &sim.call[i].mark);
    if (sim.in_flight > sim.highest)
        sim.highest = sim.in_flight;
}

static void end_call(unsigned i)
{
    const struct pf_limiter_ended ended = {
        sim.call[i].mark, sim.call[i].started,
        sim.call[i].refused ? PF_LIMITER_THROTTLED : PF_LIMITER_OK, sim.in_flight};

    pf_limiter_on_end(&l, sim.now, &ended);
    sim.in_flight--;
    sim.refused += sim.call[i].refused;
    sim.answered += !sim.call[i].refused;
    sim.has_targets &= !(sim.call[i].refused && sim.brakes);
    sim.call[i].there = false;
}

/* A call comes to the provider, or its answer leaves. */
static void move(unsigned i)
{
    if (sim.call[i].at == AWAY && sim.call[i].arrives <= sim.now) {
        sim.call[i].refused = sim.busy >= sim.carries;
        sim.call[i].at = sim.call[i].refused ? BACK : CARRIED;
        if (sim.call[i].refused)
            sim.call[i].ends = sim.now + sim.way_ms;
        sim.busy += !sim.call[i].refused;
    } else if (sim.call[i].at == CARRIED && sim.call[i].leaves <= sim.now) {
        sim.call[i].at = BACK;
        sim.busy--;
    }
}

/* Lets so much time pass, step by step. */
static void pass(uint64_t ms)
{
    for (uint64_t end = sim.now + ms; sim.now < end; sim.now += STEP_MS) {
        for (unsigned i = 0; i < MOST; i++)
            if (sim.call[i].there)
                move(i);
        for (unsigned i = 0; i < MOST; i++)
            if (sim.call[i].there && sim.call[i].ends <= sim.now)
                end_call(i);
        while (pf_limiter_when(&l, sim.now, sim.in_flight) <= sim.now && sim.has_targets)
            start_call();
    }
}

static void forget_counts(void)
{
    sim.refused = sim.answered = sim.highest = 0;
}

START_TEST(a_fixed_number_stays)
{
    begin(7, 0, 3);
    pass(20000);
    ck_assert_uint_eq(pf_limiter_limit(&l), 7);
    ck_assert_uint_eq(sim.highest, 7);
    ck_assert_uint_gt(sim.refused, 0);
    ck_assert_uint_eq(pf_limiter_learned(&l), 0);
    ck_assert_uint_eq(pf_limiter_when(&l, sim.now, 7), PF_WHEN_NEVER);
    ck_assert_uint_eq(pf_limiter_when(&l, sim.now, 6), sim.now);
}
END_TEST

START_TEST(begins_with_a_few)
{
    begin(0, 0, MOST);
    pass(500);
    ck_assert_uint_le(sim.highest, 8);
    ck_assert_uint_ge(sim.highest, 1);
}
END_TEST

static const unsigned plans[] = {1, 2, 5, 20, 100, 400};

START_TEST(finds_the_plan)
{
    unsigned plan = plans[_i];

    begin(0, 0, plan);
    pass(40000);
    forget_counts();
    pass(60000);
    ck_assert_msg(sim.answered >= 60 * plan * 9 / 10, "plan %u: %u in 60 s", plan, sim.answered);
    ck_assert_msg(sim.refused <= sim.answered / 50 + 3, "plan %u: %u refused", plan, sim.refused);
    ck_assert_uint_ge(pf_limiter_learned(&l), plan - plan / 5);
    ck_assert_uint_le(pf_limiter_learned(&l), plan + plan / 5 + 1);
}
END_TEST

/* A fifth of the calls are always on their way and fill no place, so that more are in flight when
 * the first is refused than the plan carries.  The first refusal tells how many it does. */
START_TEST(counts_what_was_carried_when_one_is_refused)
{
    begin(0, 0, 50);
    sim.latency_ms = 500;
    sim.way_ms = 50;
    while (pf_limiter_learned(&l) == 0)
        pass(STEP_MS);
    ck_assert_uint_gt(sim.highest, 53);
    ck_assert_uint_ge(pf_limiter_learned(&l), 49);
    ck_assert_uint_le(pf_limiter_learned(&l), 51);
}
END_TEST

START_TEST(follows_a_plan_that_falls_and_rises)
{
    begin(0, 0, 50);
    sim.latency_ms = 5000;
    pass(200000);
    sim.carries = 10;
    pass(100000);
    forget_counts();
    pass(200000);
    ck_assert_uint_le(sim.highest, 15);
    ck_assert_uint_ge(sim.answered, 10 * 40 * 8 / 10);
    sim.carries = 50;
    pass(200000);
    forget_counts();
    pass(100000);
    ck_assert_uint_ge(sim.answered, 50 * 20 * 8 / 10);
}
END_TEST

/* Every target takes ten times as long: the account carries no more for that. */
START_TEST(a_slow_target_does_not_raise_it)
{
    unsigned before;

    begin(0, 0, 50);
    pass(60000);
    before = pf_limiter_limit(&l);
    sim.carries = MOST; /* nobody refuses: only latency could mislead it */
    sim.latency_ms = 10000;
    forget_counts();
    pass(20000);
    ck_assert_uint_le(sim.highest, before + before / 8 + 1);
}
END_TEST

START_TEST(an_empty_list_does_not_lower_it)
{
    unsigned before;

    begin(0, 0, 50);
    pass(60000);
    before = pf_limiter_limit(&l);
    sim.has_targets = false;
    pass(120000);
    ck_assert_uint_eq(sim.in_flight, 0);
    ck_assert_uint_ge(pf_limiter_limit(&l), before - 1);
    ck_assert_uint_le(pf_limiter_limit(&l), before + 1); /* nor raise it */
}
END_TEST

/* One call in flight at a time says nothing of what more would bring. */
START_TEST(a_limit_that_is_not_used_does_not_rise)
{
    unsigned limit;

    begin(0, 0, 500);
    limit = pf_limiter_limit(&l);
    for (unsigned i = 0; i < 1000; i++) {
        struct pf_limiter_ended ended;

        ended.mark = pf_limiter_on_start(&l, sim.now, 1);
        ended.started_ms = sim.now;
        ended.end = PF_LIMITER_OK;
        ended.in_flight = 1;
        sim.now += 1000;
        pf_limiter_on_end(&l, sim.now, &ended);
    }
    ck_assert_uint_le(pf_limiter_limit(&l), limit);
}
END_TEST

START_TEST(failures_say_nothing)
{
    unsigned limit;

    begin(0, 0, 500);
    limit = pf_limiter_limit(&l);
    for (unsigned i = 0; i < 1000; i++) {
        struct pf_limiter_ended ended;

        ended.mark = pf_limiter_on_start(&l, sim.now, limit);
        ended.started_ms = sim.now;
        ended.end = PF_LIMITER_FAILED;
        ended.in_flight = limit;
        sim.now += 100;
        pf_limiter_on_end(&l, sim.now, &ended);
    }
    ck_assert_uint_eq(pf_limiter_limit(&l), limit);
}
END_TEST

START_TEST(what_is_told_is_a_ceiling)
{
    begin(0, 0, 500);
    pf_limiter_told(&l, T0, 12, -1, 1);
    pass(60000);
    ck_assert_uint_le(sim.highest, 12);
    ck_assert_uint_ge(sim.highest, 11);
    ck_assert_uint_eq(sim.refused, 0);
}
END_TEST

START_TEST(others_on_the_key_have_their_share)
{
    begin(0, 0, 500);
    /* 20 are carried; 4 of ours are under way, and 6 more would be taken: others have 10. */
    for (unsigned i = 0; i < 50; i++)
        pf_limiter_told(&l, T0 + i, 20, 6, 4);
    ck_assert_uint_le(pf_limiter_limit(&l), 12);
}
END_TEST

START_TEST(begins_where_the_last_run_ended)
{
    begin(0, 40, 40);
    pass(3000);
    ck_assert_uint_ge(sim.in_flight, 30);
    forget_counts();
    pass(30000);
    ck_assert_uint_ge(sim.answered, 40 * 30 * 8 / 10);
}
END_TEST

/* A probe of ours was wrong, or several were: one refusal is one cut. */
START_TEST(refusals_of_one_event_cut_once)
{
    struct pf_limiter_mark mark[20];
    unsigned after_one;

    begin(0, 0, MOST);
    for (unsigned i = 0; i < 20; i++)
        mark[i] = pf_limiter_on_start(&l, T0, i + 1);
    for (unsigned i = 0; i < 20; i++) {
        const struct pf_limiter_ended ended = {mark[i], T0, PF_LIMITER_THROTTLED, 20 - i};

        pf_limiter_on_end(&l, T0 + 50 + i, &ended);
        if (i == 0)
            after_one = pf_limiter_limit(&l);
    }
    ck_assert_uint_eq(pf_limiter_limit(&l), after_one);
}
END_TEST

/* A plan falls to a twentieth.  The pause that follows leaves room for all that was carried before:
 * what is sent into it doubles with what refusals take, so most of it is never sent. */
START_TEST(what_shrank_is_not_filled_blindly)
{
    begin(0, 0, 400);
    pass(60000);
    sim.carries = 20;
    sim.brakes = true;
    pass(5000);
    ck_assert_uint_eq(sim.in_flight, 0);
    ck_assert_uint_ge(pf_limiter_limit(&l), 200);
    sim.has_targets = true;
    forget_counts();
    pass(2000);
    ck_assert_uint_gt(sim.refused, 0);
    ck_assert_uint_le(sim.refused, 20); /* as many as are carried */
}
END_TEST

START_TEST(may_be_set_while_it_runs)
{
    begin(0, 0, 100);
    pf_limiter_set(&l, T0, 30);
    ck_assert_uint_eq(pf_limiter_limit(&l), 30);
    pass(10000);
    ck_assert_uint_eq(sim.highest, 30);
    pf_limiter_set(&l, sim.now, 0); /* searches from there */
    pass(60000);
    forget_counts();
    pass(30000);
    ck_assert_uint_ge(sim.answered, 100 * 30 * 8 / 10);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("limiter");
    TCase *tc = unit_case(suite, "search");

    tcase_add_test(tc, a_fixed_number_stays);
    tcase_add_test(tc, begins_with_a_few);
    tcase_add_loop_test(tc, finds_the_plan, 0, (int)(sizeof plans / sizeof plans[0]));
    tcase_add_test(tc, counts_what_was_carried_when_one_is_refused);
    tcase_add_test(tc, follows_a_plan_that_falls_and_rises);
    tcase_add_test(tc, begins_where_the_last_run_ended);
    tcase_add_test(tc, refusals_of_one_event_cut_once);
    tcase_add_test(tc, what_shrank_is_not_filled_blindly);
    tcase_add_test(tc, may_be_set_while_it_runs);
    tc = unit_case(suite, "what says nothing");
    tcase_add_test(tc, a_slow_target_does_not_raise_it);
    tcase_add_test(tc, an_empty_list_does_not_lower_it);
    tcase_add_test(tc, a_limit_that_is_not_used_does_not_rise);
    tcase_add_test(tc, failures_say_nothing);
    tc = unit_case(suite, "told");
    tcase_add_test(tc, what_is_told_is_a_ceiling);
    tcase_add_test(tc, others_on_the_key_have_their_share);
    return unit_run(suite);
}
