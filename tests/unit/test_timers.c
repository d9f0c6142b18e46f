#include "unit/unit.h"

#include "base/random.h"
#include "base/timers.h"

/* A timer that remembers what became of it. */
struct probe {
    struct pf_timer timer;
    struct pf_timers *wheel;
    uint64_t expected_ms; /* when it is to be called; PF_TIMERS_NEVER while it is not */
    unsigned calls;
    void (*then)(struct probe *p); /* what its callback does, or NULL */
    struct probe *other;
    uint64_t delay_ms;
};

static struct probe *probe_of(struct pf_timer *timer)
{
    return PF_LIST_ENTRY(&timer->link, struct probe, timer.link);
}

static void on_due(struct pf_timer *timer)
{
    struct probe *p = probe_of(timer);

    ck_assert(!pf_timer_running(timer));
    p->calls++;
    p->expected_ms = PF_TIMERS_NEVER;
    if (p->then)
        p->then(p);
}

static void probe_init(struct probe *p, struct pf_timers *wheel)
{
    *p = (struct probe){.wheel = wheel, .expected_ms = PF_TIMERS_NEVER};
    pf_timer_init(&p->timer, on_due);
}

static void probe_start(struct probe *p, uint64_t due_ms)
{
    p->expected_ms = due_ms;
    pf_timer_start(p->wheel, &p->timer, due_ms);
    ck_assert(pf_timer_running(&p->timer));
}

START_TEST(an_empty_wheel_never_wants_to_turn)
{
    struct pf_timers t;

    pf_timers_init(&t, 12345);
    ck_assert_uint_eq(pf_timers_next(&t), PF_TIMERS_NEVER);
    pf_timers_advance(&t, 99999999);
    ck_assert_uint_eq(pf_timers_next(&t), PF_TIMERS_NEVER);
}
END_TEST

/* Starts of the wheel's clock: the beginning, ordinary, before digits of every level carry. */
static const uint64_t starts[] = {0,
                                  1,
                                  1700000000123,
                                  (UINT64_C(1) << 6) - 1,
                                  (UINT64_C(1) << 12) - 1,
                                  (UINT64_C(1) << 30) - 1,
                                  (UINT64_C(1) << 36) - 1,
                                  (UINT64_C(1) << 36) * 5 - 3,
                                  (UINT64_C(1) << 45) + 77};
#define STARTS ((int)(sizeof starts / sizeof starts[0]))

/* One timer of each of many durations: not before its time, at its time, few turns to get there. */
START_TEST(is_called_on_time)
{
    static const uint64_t delays[] = {0,
                                      1,
                                      2,
                                      63,
                                      64,
                                      65,
                                      127,
                                      128,
                                      4095,
                                      4096,
                                      4097,
                                      30000,
                                      262143,
                                      262144,
                                      60000,
                                      3600000,
                                      16777215,
                                      16777216,
                                      86400000,
                                      UINT64_C(1073741824),
                                      UINT64_C(31536000000)};

    for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
        uint64_t now = starts[_i], due = now + delays[i], next;
        unsigned turns = 0;
        struct pf_timers t;
        struct probe p;

        pf_timers_init(&t, now);
        probe_init(&p, &t);
        probe_start(&p, due);
        while ((next = pf_timers_next(&t)) < due) {
            pf_timers_advance(&t, next);
            ck_assert_uint_eq(p.calls, 0);
            turns++;
        }
        ck_assert_uint_eq(next, due);
        ck_assert_uint_lt(turns, PF_TIMERS_LEVELS);
        if (due > now) {
            pf_timers_advance(&t, due - 1);
            ck_assert_uint_eq(p.calls, 0);
        }
        pf_timers_advance(&t, due);
        ck_assert_uint_eq(p.calls, 1);
        pf_timers_advance(&t, due + 100000);
        ck_assert_uint_eq(p.calls, 1);
        ck_assert_uint_eq(pf_timers_next(&t), PF_TIMERS_NEVER);
    }
}
END_TEST

START_TEST(cancelled_timers_are_not_called)
{
    struct pf_timers t;
    struct probe p;

    pf_timers_init(&t, 1000);
    probe_init(&p, &t);
    pf_timer_cancel(&p.timer);
    probe_start(&p, 2000);
    pf_timer_cancel(&p.timer);
    pf_timer_cancel(&p.timer);
    ck_assert(!pf_timer_running(&p.timer));
    ck_assert_uint_eq(pf_timers_next(&t), PF_TIMERS_NEVER);
    pf_timers_advance(&t, 5000);
    ck_assert_uint_eq(p.calls, 0);
    probe_start(&p, 6000);
    probe_start(&p, 7000); /* again: the first start is forgotten */
    pf_timers_advance(&t, 6999);
    ck_assert_uint_eq(p.calls, 0);
    pf_timers_advance(&t, 7000);
    ck_assert_uint_eq(p.calls, 1);
}
END_TEST

START_TEST(the_past_and_the_far_future_are_cut)
{
    const uint64_t year_ms = UINT64_C(365) * 86400000;
    struct pf_timers t;
    struct probe p;

    pf_timers_init(&t, 1000000);
    probe_init(&p, &t);
    pf_timer_start(&t, &p.timer, 0);
    ck_assert_uint_eq(pf_timers_next(&t), 1000000);
    pf_timers_advance(&t, 1000000);
    ck_assert_uint_eq(p.calls, 1);
    pf_timer_start(&t, &p.timer, PF_TIMERS_NEVER - 1);
    pf_timers_advance(&t, 1000000 + year_ms);
    ck_assert_uint_eq(p.calls, 1);
    pf_timers_advance(&t, 1000000 + 2 * year_ms);
    ck_assert_uint_eq(p.calls, 2);
    pf_timers_advance(&t, 5); /* a clock that goes back does nothing */
    ck_assert_uint_eq(pf_timers_next(&t), PF_TIMERS_NEVER);
}
END_TEST

static void cancel_other(struct probe *p)
{
    pf_timer_cancel(&p->other->timer);
}

static void start_self(struct probe *p)
{
    if (p->calls < 10)
        pf_timer_start(p->wheel, &p->timer, p->wheel->now_ms + p->delay_ms);
}

static void start_other(struct probe *p)
{
    pf_timer_start(p->wheel, &p->other->timer, p->wheel->now_ms + p->delay_ms);
}

START_TEST(callbacks_cancel_each_other)
{
    struct pf_timers t;
    struct probe p[2];

    pf_timers_init(&t, 0);
    for (int i = 0; i < 2; i++) {
        probe_init(&p[i], &t);
        p[i].then = cancel_other;
        p[i].other = &p[1 - i];
        pf_timer_start(&t, &p[i].timer, 500);
    }
    pf_timers_advance(&t, 1000);
    ck_assert_uint_eq(p[0].calls + p[1].calls, 1);
}
END_TEST

START_TEST(callbacks_start_timers)
{
    static const uint64_t delays[] = {0, 1, 63, 64, 65, 5000};

    for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
        struct pf_timers t;
        struct probe p, other, starter;

        pf_timers_init(&t, 60);
        probe_init(&p, &t);
        p.then = start_self;
        p.delay_ms = delays[i];
        pf_timer_start(&t, &p.timer, 63);
        pf_timers_advance(&t, 63 + 9 * delays[i]); /* all ten in one advance */
        ck_assert_uint_eq(p.calls, 10);

        probe_init(&other, &t);
        probe_init(&starter, &t);
        starter.then = start_other;
        starter.other = &other;
        starter.delay_ms = delays[i];
        pf_timer_start(&t, &starter.timer, t.now_ms + 1);
        pf_timers_advance(&t, t.now_ms + 1 + delays[i]);
        ck_assert_uint_eq(other.calls, 1);
    }
}
END_TEST

static uint64_t random_delay(struct pf_random *r)
{
    return pf_random_u64(r) >> (29 + pf_random_up_to(r, 34)); /* up to 2^35, all sizes alike */
}

/* A hundred timers, started, cancelled and called at random, beside a table that is searched. */
START_TEST(agrees_with_a_plain_table)
{
    enum { TIMERS = 100, ROUNDS = 1500 };
    static struct probe p[TIMERS];
    struct pf_timers t;
    struct pf_random r;
    uint64_t now = starts[_i];
    unsigned wrong = 0;

    pf_random_init_seed(&r, (uint64_t)_i);
    pf_timers_init(&t, now);
    for (int i = 0; i < TIMERS; i++)
        probe_init(&p[i], &t);
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t first = PF_TIMERS_NEVER, next;

        for (int i = 0; i < 3; i++) {
            struct probe *any = &p[pf_random_up_to(&r, TIMERS - 1)];

            if (pf_random_up_to(&r, 3) == 0) {
                pf_timer_cancel(&any->timer);
                any->expected_ms = PF_TIMERS_NEVER;
            } else {
                probe_start(any, now + random_delay(&r));
            }
        }
        for (int i = 0; i < TIMERS; i++)
            first = p[i].expected_ms < first ? p[i].expected_ms : first;
        next = pf_timers_next(&t);
        ck_assert_uint_le(next, first);
        ck_assert_int_eq(next == PF_TIMERS_NEVER, first == PF_TIMERS_NEVER);
        if (pf_random_up_to(&r, 1) && next != PF_TIMERS_NEVER)
            now = next > now ? next : now;
        else
            now += random_delay(&r) >> 8;
        pf_timers_advance(&t, now);
        for (int i = 0; i < TIMERS; i++)
            if (pf_timer_running(&p[i].timer) != (p[i].expected_ms != PF_TIMERS_NEVER) ||
                p[i].expected_ms <= now)
                wrong++;
        ck_assert_uint_eq(wrong, 0);
    }
}
END_TEST

static uint64_t last_called_ms;

static void check_order(struct pf_timer *timer)
{
    struct probe *p = probe_of(timer);

    ck_assert_uint_ge(p->expected_ms, last_called_ms);
    last_called_ms = p->expected_ms;
    p->calls++;
}

START_TEST(one_advance_calls_in_order_of_time)
{
    enum { TIMERS = 5000 };
    static struct probe p[TIMERS];
    struct pf_timers t;
    struct pf_random r;

    last_called_ms = 0;
    pf_random_init_seed(&r, 3);
    pf_timers_init(&t, 1000);
    for (int i = 0; i < TIMERS; i++) {
        probe_init(&p[i], &t);
        pf_timer_init(&p[i].timer, check_order);
        probe_start(&p[i], 1000 + random_delay(&r));
    }
    pf_timers_advance(&t, 1000 + (UINT64_C(1) << 36));
    for (int i = 0; i < TIMERS; i++)
        ck_assert_uint_eq(p[i].calls, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("timers");
    TCase *tc = unit_case(suite, "wheel");

    tcase_add_test(tc, an_empty_wheel_never_wants_to_turn);
    tcase_add_loop_test(tc, is_called_on_time, 0, STARTS);
    tcase_add_test(tc, cancelled_timers_are_not_called);
    tcase_add_test(tc, the_past_and_the_far_future_are_cut);
    tcase_add_loop_test(tc, agrees_with_a_plain_table, 0, STARTS);
    tcase_add_test(tc, one_advance_calls_in_order_of_time);
    tc = unit_case(suite, "callbacks");
    tcase_add_test(tc, callbacks_cancel_each_other);
    tcase_add_test(tc, callbacks_start_timers);
    return unit_run(suite);
}
