/* The RateLimit header fields, in the forms of the drafts, read strictly. */
#include "unit/unit.h"

#include "engine/ratelimit.h"

static struct pf_ratelimit r;

static bool field(const char *name, const char *value)
{
    struct unit_guard g = {0}, h = {0};
    /* Parts of the value are lent to `r`: the guards stay until the test's process ends. */
    const char *n = unit_guard_put(&g, name, strlen(name));
    const char *v = unit_guard_put(&h, value, strlen(value));

    return pf_ratelimit_field(&r, n, strlen(name), v, strlen(value));
}

static void check_quota(uint64_t remaining, uint64_t reset_ms, uint64_t quota, uint64_t window_ms)
{
    struct pf_ratelimit_quota q;

    ck_assert(pf_ratelimit_tightest(&r, &q));
    ck_assert_uint_eq(q.remaining, remaining);
    ck_assert_uint_eq(q.reset_ms, reset_ms);
    ck_assert_uint_eq(q.quota, quota);
    ck_assert_uint_eq(q.window_ms, window_ms);
}

START_TEST(of_the_newest_draft)
{
    pf_ratelimit_init(&r);
    ck_assert(field("RateLimit", "\"default\";r=50;t=30"));
    check_quota(50, 30000, 0, 0);
    ck_assert(field("ratelimit-policy", "\"default\";q=100;w=60"));
    check_quota(50, 30000, 100, 60000);
}
END_TEST

START_TEST(of_draft_7)
{
    pf_ratelimit_init(&r);
    ck_assert(field("RateLimit", "limit=100, remaining=40, reset=20"));
    ck_assert(field("RateLimit-Policy", "100;w=60"));
    check_quota(40, 20000, 100, 60000);
}
END_TEST

START_TEST(of_draft_6)
{
    pf_ratelimit_init(&r);
    ck_assert(field("RateLimit-Limit", "100, 100;w=60"));
    ck_assert(field("RateLimit-Remaining", "7"));
    ck_assert(field("RateLimit-Reset", "9"));
    check_quota(7, 9000, 100, 60000);
}
END_TEST

START_TEST(the_tightest_counts)
{
    pf_ratelimit_init(&r);
    ck_assert(field("RateLimit", "\"hour\";r=900;t=3000, \"burst\";r=1;t=10"));
    check_quota(1, 10000, 0, 0);
}
END_TEST

START_TEST(calls_at_once_are_the_limiters)
{
    uint64_t limit;
    int64_t remaining;
    struct pf_ratelimit_quota q;

    pf_ratelimit_init(&r);
    ck_assert(!pf_ratelimit_concurrency(&r, &limit, &remaining));
    ck_assert(field("RateLimit-Policy", "\"c\";q=20;qu=\"concurrent-requests\""));
    ck_assert(field("RateLimit", "\"c\";r=5"));
    ck_assert(pf_ratelimit_concurrency(&r, &limit, &remaining));
    ck_assert_uint_eq(limit, 20);
    ck_assert_int_eq(remaining, 5);
    ck_assert(!pf_ratelimit_tightest(&r, &q));
}
END_TEST

START_TEST(what_cannot_be_read_is_as_if_not_sent)
{
    static const char *const values[] = {"",
                                         "\"default",
                                         "\"default\";r",
                                         "\"default\";r=-1;t=1",
                                         "\"default\";r=1;t=x",
                                         "r=1;t=1;",
                                         "\"a\";r=1;t=1,",
                                         "limit=100, remaining=",
                                         "\"a\";r=99999999999999999999;t=1",
                                         "\x01",
                                         "limit = 1"};
    struct pf_ratelimit_quota q;

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        pf_ratelimit_init(&r);
        (void)field("RateLimit", values[i]);
        ck_assert_msg(!pf_ratelimit_tightest(&r, &q), "%s", values[i]);
    }
}
END_TEST

START_TEST(other_fields_are_none)
{
    pf_ratelimit_init(&r);
    ck_assert(!field("X-RateLimit-Remaining", "1"));
    ck_assert(!field("RateLimits", "\"a\";r=1;t=1"));
    ck_assert(!field("Retry-After", "1"));
    ck_assert_uint_eq(r.count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ratelimit");
    TCase *tc = unit_case(suite, "fields");

    tcase_add_test(tc, of_the_newest_draft);
    tcase_add_test(tc, of_draft_7);
    tcase_add_test(tc, of_draft_6);
    tcase_add_test(tc, the_tightest_counts);
    tcase_add_test(tc, calls_at_once_are_the_limiters);
    tcase_add_test(tc, what_cannot_be_read_is_as_if_not_sent);
    tcase_add_test(tc, other_fields_are_none);
    return unit_run(suite);
}
