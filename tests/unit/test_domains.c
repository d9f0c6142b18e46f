/* Fair turns among hosts, limits of one, and rest for those whose pages only fail. */
#include "unit/unit.h"

#include <stdio.h>

#include "base/limits.h"
#include "engine/domains.h"

#define T0 1000000u
#define TURNS 400

static struct pf_random rnd;
static struct pf_domains d;
static struct pf_turn turn[TURNS];
static unsigned pushed;

static void begin(unsigned limit)
{
    pf_random_init_seed(&rnd, 1);
    pf_domains_init(&d, &rnd, limit);
    pushed = 0;
}

/* So many more calls for a host; the first one's index. */
static unsigned push(const char *host, unsigned count)
{
    unsigned first = pushed;

    for (unsigned i = 0; i < count; i++) {
        ck_assert_uint_lt(pushed, TURNS);
        pf_turn_init(&turn[pushed]);
        ck_assert_int_eq(pf_domains_push(&d, &turn[pushed++], host, strlen(host)), FETCH_OK);
    }
    return first;
}

/* The next call's index, or -1. */
static int next_at(uint64_t now, enum pf_domains_state *why)
{
    struct pf_turn *t = pf_domains_next(&d, now, why);

    return t ? (int)(t - turn) : -1;
}

static int next(void)
{
    enum pf_domains_state why;

    return next_at(T0, &why);
}

static void end(int i, enum pf_host_said said, uint64_t now)
{
    pf_domains_end(&d, &turn[i], said, now);
    pf_domains_remove(&d, &turn[i]);
}

START_TEST(one_host_is_a_queue)
{
    begin(0);
    push("example.com", 5);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(next(), i);
    ck_assert_int_eq(next(), -1);
    pf_domains_fini(&d);
}
END_TEST

/* 200 of one must not starve 3 of another. */
START_TEST(hosts_take_turns)
{
    unsigned last = 0;

    begin(0);
    push("big.example.com", 200);
    push("small.example.com", 3);
    push("other.example.com", 3);
    for (unsigned i = 1; i <= 9; i++)
        if (next() >= 200)
            last = i;
    ck_assert_uint_eq(d.flying, 9);
    ck_assert_uint_le(last, 9);
    for (unsigned i = 0; i < 194 + 3; i++)
        ck_assert_int_lt(next(), 200); /* the small ones are through */
    pf_domains_fini(&d);
}
END_TEST

START_TEST(names_have_no_case)
{
    begin(1);
    push("Example.COM", 1);
    push("example.com", 1);
    ck_assert_int_eq(next(), 0);
    ck_assert_int_eq(next(), -1);
    pf_domains_fini(&d);
}
END_TEST

START_TEST(a_limit_is_kept)
{
    enum pf_domains_state why;

    begin(2);
    push("a.example.com", 5);
    push("b.example.com", 1);
    ck_assert_int_eq(next(), 0);
    ck_assert_int_eq(next(), 5);
    ck_assert_int_eq(next(), 1);
    ck_assert_int_eq(next_at(T0, &why), -1);
    ck_assert_int_eq(why, PF_DOMAINS_FULL);
    ck_assert_uint_eq(pf_domains_held(&d), 3);
    end(0, PF_HOST_FINE, T0);
    ck_assert_int_eq(next(), 2);
    ck_assert_int_eq(next(), -1);
    pf_domains_set_limit(&d, 3);
    ck_assert_int_eq(next(), 3);
    ck_assert_int_eq(next(), -1);
    pf_domains_set_limit(&d, 0);
    ck_assert_int_eq(next(), 4);
    ck_assert_int_eq(next_at(T0, &why), -1);
    ck_assert_int_eq(why, PF_DOMAINS_EMPTY);
    pf_domains_fini(&d);
}
END_TEST

START_TEST(a_retry_goes_first)
{
    begin(0);
    push("example.com", 3);
    ck_assert_int_eq(next(), 0);
    pf_domains_end(&d, &turn[0], PF_HOST_NEUTRAL, T0);
    pf_domains_again(&d, &turn[0]);
    ck_assert_int_eq(next(), 0);
    ck_assert_int_eq(next(), 1);
    pf_domains_fini(&d);
}
END_TEST

START_TEST(a_turn_may_leave_from_anywhere)
{
    begin(0);
    push("example.com", 4);
    ck_assert_int_eq(next(), 0);
    pf_domains_remove(&d, &turn[0]); /* flying */
    pf_domains_remove(&d, &turn[1]); /* queued */
    ck_assert_int_eq(next(), 2);
    pf_domains_end(&d, &turn[2], PF_HOST_FINE, T0);
    pf_domains_remove(&d, &turn[2]); /* away */
    ck_assert_int_eq(next(), 3);
    ck_assert_uint_eq(d.flying, 1);
    ck_assert_uint_eq(d.queued, 0);
    pf_domains_fini(&d);
}
END_TEST

/* ---------------------------------------------------------------- rests -- */

/* That many calls fail, one after the other. */
static void fails(unsigned count, enum pf_host_said said, uint64_t now)
{
    for (unsigned i = 0; i < count; i++) {
        enum pf_domains_state why;
        int at = next_at(now, &why);

        ck_assert_int_ge(at, 0);
        end(at, said, now);
    }
}

static void check_rests(uint64_t now, uint64_t until)
{
    enum pf_domains_state why;

    ck_assert_int_eq(next_at(now, &why), -1);
    ck_assert_int_eq(why, PF_DOMAINS_RESTING);
    ck_assert_uint_eq(pf_domains_next_due(&d), until);
    ck_assert_uint_eq(d.resting_now, 1);
}

START_TEST(a_host_that_only_fails_rests)
{
    begin(0);
    push("example.com", 50);
    fails(PF_HOST_FAILURES - 1, PF_HOST_BLOCKED, T0);
    ck_assert_uint_eq(d.resting_now, 0);
    fails(1, PF_HOST_FAILED, T0);
    check_rests(T0, T0 + PF_HOST_REST_MS);
    check_rests(T0 + PF_HOST_REST_MS - 1, T0 + PF_HOST_REST_MS);
    pf_domains_fini(&d);
}
END_TEST

START_TEST(a_good_page_between_is_well)
{
    begin(0);
    push("example.com", 50);
    for (unsigned i = 0; i < 5; i++) {
        fails(PF_HOST_FAILURES - 1, PF_HOST_BLOCKED, T0);
        fails(1, PF_HOST_FINE, T0);
    }
    ck_assert_uint_eq(d.resting_now, 0);
    pf_domains_fini(&d);
}
END_TEST

START_TEST(failures_that_are_not_its_own_do_not_count)
{
    begin(0);
    push("example.com", 50);
    fails(40, PF_HOST_NEUTRAL, T0);
    ck_assert_uint_eq(d.resting_now, 0);
    pf_domains_fini(&d);
}
END_TEST

START_TEST(others_go_on_meanwhile)
{
    begin(0);
    push("bad.example.com", 20);
    fails(PF_HOST_FAILURES, PF_HOST_BLOCKED, T0);
    ck_assert_int_eq((int)push("good.example.com", 2), next());
    pf_domains_fini(&d);
}
END_TEST

START_TEST(one_trial_decides)
{
    enum pf_domains_state why;
    uint64_t now = T0 + PF_HOST_REST_MS;
    int trial;

    begin(0);
    push("example.com", 50);
    fails(PF_HOST_FAILURES, PF_HOST_BLOCKED, T0);
    trial = next_at(now, &why);
    ck_assert_int_ge(trial, 0);
    ck_assert_int_eq(next_at(now, &why), -1); /* one alone */
    end(trial, PF_HOST_FINE, now);
    ck_assert_int_ge(next_at(now, &why), 0);
    ck_assert_int_ge(next_at(now, &why), 0);
    pf_domains_fini(&d);
}
END_TEST

START_TEST(rests_double_and_end_in_giving_up)
{
    uint64_t now = T0, rest = PF_HOST_REST_MS;
    unsigned given_up = 0;
    struct pf_turn *t;

    begin(0);
    push("example.com", 50);
    fails(PF_HOST_FAILURES, PF_HOST_BLOCKED, now);
    while (rest < PF_HOST_REST_MAX_MS) {
        check_rests(now, now + rest);
        ck_assert_ptr_null(pf_domains_given_up(&d, now));
        now += rest;
        fails(1, PF_HOST_BLOCKED, now);
        rest = rest * 2 < PF_HOST_REST_MAX_MS ? rest * 2 : PF_HOST_REST_MAX_MS;
    }
    while ((t = pf_domains_given_up(&d, now))) {
        ck_assert_int_eq(t->state, PF_TURN_AWAY);
        ck_assert_int_eq(pf_domains_fault(t), PF_HOST_BLOCKED);
        pf_domains_remove(&d, t);
        given_up++;
    }
    ck_assert_uint_gt(given_up, 30);
    ck_assert_uint_eq(d.queued, 0);
    pf_domains_fini(&d);
}
END_TEST

/* What was in flight when the host was rested must not rest it again. */
START_TEST(the_stragglers_do_not_count)
{
    enum pf_domains_state why;
    uint64_t now = T0 + PF_HOST_REST_MS;
    int flying[4], trial;

    begin(0);
    push("example.com", 50);
    for (unsigned i = 0; i < 4; i++)
        flying[i] = next();
    fails(PF_HOST_FAILURES, PF_HOST_BLOCKED, T0);
    ck_assert_uint_eq(d.resting_now, 1);
    trial = next_at(now, &why);
    ck_assert_int_ge(trial, 0);
    for (unsigned i = 0; i < 4; i++)
        end(flying[i], PF_HOST_BLOCKED, now);
    end(trial, PF_HOST_FINE, now);
    ck_assert_uint_eq(d.resting_now, 0);
    ck_assert_int_ge(next_at(now, &why), 0);
    pf_domains_fini(&d);
}
END_TEST

START_TEST(draining_takes_them_all)
{
    struct pf_link out, *link;
    unsigned n = 0;

    begin(0);
    push("a.example.com", 10);
    push("b.example.com", 10);
    fails(PF_HOST_FAILURES, PF_HOST_BLOCKED, T0);
    pf_list_init(&out);
    pf_domains_drain(&d, &out);
    while ((link = pf_list_shift(&out))) {
        struct pf_turn *t = PF_LIST_ENTRY(link, struct pf_turn, link);

        ck_assert_int_eq(t->state, PF_TURN_AWAY);
        pf_domains_remove(&d, t);
        n++;
    }
    ck_assert_uint_eq(n, 20 - PF_HOST_FAILURES);
    ck_assert_uint_eq(d.queued, 0);
    pf_domains_fini(&d);
}
END_TEST

START_TEST(what_verdicts_say_of_a_host)
{
    ck_assert_int_eq(pf_domains_said(FETCH_OUTCOME_OK, 200), PF_HOST_FINE);
    ck_assert_int_eq(pf_domains_said(FETCH_OUTCOME_TARGET_ERROR, 404), PF_HOST_FINE);
    ck_assert_int_eq(pf_domains_said(FETCH_OUTCOME_TARGET_ERROR, 503), PF_HOST_FAILED);
    ck_assert_int_eq(pf_domains_said(FETCH_OUTCOME_TARGET_ERROR, 429), PF_HOST_FAILED);
    ck_assert_int_eq(pf_domains_said(FETCH_OUTCOME_BLOCKED, 200), PF_HOST_BLOCKED);
    ck_assert_int_eq(pf_domains_said(FETCH_OUTCOME_THROTTLED, 0), PF_HOST_NEUTRAL);
    ck_assert_int_eq(pf_domains_said(FETCH_OUTCOME_NETWORK, 0), PF_HOST_NEUTRAL);
    ck_assert_int_eq(pf_domains_said(FETCH_OUTCOME_PROVIDER_ERROR, 0), PF_HOST_NEUTRAL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("domains");
    TCase *tc = unit_case(suite, "turns");

    tcase_add_test(tc, one_host_is_a_queue);
    tcase_add_test(tc, hosts_take_turns);
    tcase_add_test(tc, names_have_no_case);
    tcase_add_test(tc, a_limit_is_kept);
    tcase_add_test(tc, a_retry_goes_first);
    tcase_add_test(tc, a_turn_may_leave_from_anywhere);
    tcase_add_test(tc, draining_takes_them_all);
    tc = unit_case(suite, "rests");
    tcase_add_test(tc, a_host_that_only_fails_rests);
    tcase_add_test(tc, a_good_page_between_is_well);
    tcase_add_test(tc, failures_that_are_not_its_own_do_not_count);
    tcase_add_test(tc, others_go_on_meanwhile);
    tcase_add_test(tc, one_trial_decides);
    tcase_add_test(tc, rests_double_and_end_in_giving_up);
    tcase_add_test(tc, the_stragglers_do_not_count);
    tcase_add_test(tc, what_verdicts_say_of_a_host);
    return unit_run(suite);
}
