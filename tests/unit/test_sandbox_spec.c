#include "unit/unit.h"

#include <stdio.h>

#include "sandbox/attempts.h"
#include "sandbox/plan.h"
#include "sandbox/spec.h"
#include "sandbox/text.h"

static struct sandbox_spec good(const char *text)
{
    struct sandbox_spec spec;
    char error[256] = "";

    ck_assert_msg(sandbox_spec_read(&spec, text, error, sizeof(error)) == 0, "%s: %s", text, error);
    return spec;
}

static void bad(const char *text, const char *says)
{
    struct sandbox_spec spec;
    char error[512] = "";

    ck_assert_msg(sandbox_spec_read(&spec, text, error, sizeof(error)) == -1, "%s passed", text);
    ck_assert_msg(strstr(error, says) != NULL, "%s: \"%s\" lacks \"%s\"", text, error, says);
}

static void same_number(double is, double should)
{
    ck_assert_double_eq_tol(is, should, 1e-9);
}

START_TEST(behaves_by_default)
{
    static const char *const empty[] = {NULL, ""};

    for (size_t i = 0; i < 2; i++) {
        struct sandbox_spec spec = good(empty[i]);

        ck_assert_str_eq(spec.key, "demo");
        ck_assert_uint_eq(spec.limit, 0);
        ck_assert_int_eq(spec.retry_after_s, 1);
        ck_assert_int_eq(spec.coding, SANDBOX_CODING_NONE);
        ck_assert_int_eq(spec.latency_ms.shape, SANDBOX_FIXED);
        same_number(spec.latency_ms.a, 0);
        same_number(spec.size_bytes.a, SANDBOX_PAGE_BYTES_DEFAULT);
        same_number(spec.error + spec.empty + spec.captcha + spec.cut + spec.drop, 0);
        same_number(spec.slow + spec.chunked + spec.close + spec.hangup + spec.binary, 0);
    }
}
END_TEST

START_TEST(reads_durations)
{
    static const struct {
        const char *text;
        enum sandbox_shape shape;
        double a, b;
    } cases[] = {
        {"latency=0ms", SANDBOX_FIXED, 0, 0},
        {"latency=200ms", SANDBOX_FIXED, 200, 0},
        {"latency=1.5s", SANDBOX_FIXED, 1500, 0},
        {"latency=.25s", SANDBOX_FIXED, 250, 0},
        {"latency=3600s", SANDBOX_FIXED, 3600000, 0},
        {"latency=100ms..900ms", SANDBOX_UNIFORM, 100, 900},
        {"latency=0.5s..0.5s", SANDBOX_UNIFORM, 500, 500},
        {"latency=100ms..2s", SANDBOX_UNIFORM, 100, 2000},
        {"latency=lognormal:800ms:0.5", SANDBOX_LOGNORMAL, 800, 0.5},
        {"latency=lognormal:2s:4", SANDBOX_LOGNORMAL, 2000, 4},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sandbox_spec spec = good(cases[i].text);

        ck_assert_int_eq(spec.latency_ms.shape, cases[i].shape);
        same_number(spec.latency_ms.a, cases[i].a);
        same_number(spec.latency_ms.b, cases[i].b);
    }
}
END_TEST

START_TEST(reads_sizes)
{
    same_number(good("size=0").size_bytes.a, 0);
    same_number(good("size=500").size_bytes.a, 500);
    same_number(good("size=10k").size_bytes.a, 10240);
    same_number(good("size=128m").size_bytes.a, SANDBOX_SIZE_MAX);
    same_number(good("size=1k..50K").size_bytes.b, 51200);
    same_number(good("size=lognormal:20k:1").size_bytes.a, 20480);
    same_number(good("size=lognormal:20k:1").size_bytes.b, 1);
}
END_TEST

START_TEST(reads_the_rest)
{
    struct sandbox_spec spec = good("limit=5,key=a b=c,seed=18446744073709551615,retry-after=none,"
                                    "error=0.1,empty=0.2,captcha=0.3,cut=.25,drop=0.15,slow=1,"
                                    "slow-ms=750,chunked=0.5,close=0,hangup=0.01,binary=0.02,"
                                    "target-404=1.0,encoding=mix");

    ck_assert_uint_eq(spec.limit, 5);
    ck_assert_str_eq(spec.key, "a b=c");
    ck_assert_uint_eq(spec.seed, UINT64_MAX);
    ck_assert_int_eq(spec.retry_after_s, -1);
    same_number(spec.error, 0.1);
    same_number(spec.empty, 0.2);
    same_number(spec.captcha, 0.3);
    same_number(spec.cut, 0.25);
    same_number(spec.drop, 0.15);
    same_number(spec.slow, 1);
    ck_assert_uint_eq(spec.slow_ms, 750);
    same_number(spec.chunked, 0.5);
    same_number(spec.hangup, 0.01);
    same_number(spec.binary, 0.02);
    same_number(spec.not_found, 1);
    ck_assert_int_eq(spec.coding, SANDBOX_CODING_MIX);
    ck_assert_int_eq(good("encoding=zstd").coding, SANDBOX_CODING_ZSTD);
    same_number(good("slow-body=0.5").slow, 0.5);
}
END_TEST

START_TEST(takes_the_last_of_two)
{
    ck_assert_uint_eq(good("limit=5,latency=1s,limit=7").limit, 7);
    same_number(good("latency=1ms..2ms,latency=9ms").latency_ms.b, 0);
}
END_TEST

START_TEST(says_what_is_wrong)
{
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        {"latency", "write latency=VALUE"},
        {"latency=", "200ms"},
        {"latency=200", "not \"200\""},
        {"latency=-1ms", "not \"-1ms\""},
        {"latency=1e3ms", "1e3ms"},
        {"latency=1.2.3s", "1.2.3s"},
        {"latency=.s", ".s"},
        {"latency=3601s", "hour"},
        {"latency=900ms..100ms", "900ms..100ms"},
        {"latency=100..900ms", "100..900ms"},
        {"latency=100ms..", "100ms.."},
        {"latency=lognormal:800ms", "lognormal"},
        {"latency=lognormal:800ms:5", "lognormal"},
        {"latency=nan", "nan"},
        {"size=10kb", "10kb"},
        {"size=129m", "128m"},
        {"size=99999999999999999999999", "128m"},
        {"size= 5", "\" 5\""},
        {"limit=0", "from 1"},
        {"limit=1000001", "1000000"},
        {"error=1.1", "from 0 to 1"},
        {"error=-0.1", "from 0 to 1"},
        {"error=5%", "from 0 to 1"},
        {"error=0.1,", "has no \"\""},
        {",", "has no \"\""},
        {"Error=0.1", "latency, size, limit"},
        {"profile=x", "scrapestack or zyte, not \"x\""},
        {"colour=x", "has no \"colour\""},
        {"ban=25", "25/300"},
        {"ban=0/300", "25/300"},
        {"ban=1001/1", "up to 1000/86400"},
        {"ban=1/86401", "up to 1000/86400"},
        {"credits=0", "from 1"},
        {"cost=1000001", "1000000"},
        {"key=", "128 bytes"},
        {"encoding=deflate", "gzip, br, zstd, mix or none"},
        {"retry-after=86401", "86400"},
        {"slow-ms=600001", "600000"},
        {"seed=18446744073709551616", "a number"},
        {"error=0.5,cut=0.5,empty=0.01", "more than 1"},
        {"error=0.5,target-503=0.51", "more than 1"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        bad(cases[i].text, cases[i].says);
    good("error=0.2,empty=0.2,captcha=0.2,cut=0.2,drop=0.2");
}
END_TEST

START_TEST(keeps_sentences_clean_and_short)
{
    struct sandbox_spec spec;
    char long_name[400], error[300];

    memset(long_name, 'x', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    long_name[3] = '\x1b';
    long_name[4] = '\n';
    long_name[5] = '\xe9';
    for (size_t room = 1; room <= sizeof(error); room++) {
        memset(error, '#', sizeof(error));
        ck_assert_int_eq(sandbox_spec_read(&spec, long_name, error, room), -1);
        ck_assert_ptr_nonnull(memchr(error, '\0', room));
        ck_assert(room == sizeof(error) || error[room] == '#');
    }
    ck_assert_ptr_nonnull(strstr(error, "\"xxx???xxx"));
    ck_assert_ptr_nonnull(strstr(error, "x...\""));
}
END_TEST

START_TEST(reads_text_by_its_length)
{
    static const char list[] = "a,,bc";
    struct sandbox_text rest = sandbox_text_of(list);
    struct unit_guard guard = {0};
    uint64_t number = 7;
    double decimal;

    ck_assert(sandbox_text_is(sandbox_text_take(&rest, ','), "a"));
    ck_assert(sandbox_text_is(sandbox_text_take(&rest, ','), ""));
    ck_assert_ptr_nonnull(rest.at);
    ck_assert(sandbox_text_is(sandbox_text_take(&rest, ','), "bc"));
    ck_assert_ptr_null(rest.at);

    for (size_t len = 0; len <= 20; len++) {
        static const char digits[] = "18446744073709551615";
        struct sandbox_text text = {unit_guard_put(&guard, digits, len), len};
        int is_number = sandbox_text_number(text, UINT64_MAX, &number) == 0;

        ck_assert_int_eq(is_number, len > 0);
        ck_assert_int_eq(sandbox_text_decimal(text, 1e30, &decimal) == 0, len > 0 && len <= 18);
    }
    ck_assert_uint_eq(number, UINT64_MAX);
    unit_guard_fini(&guard);

    ck_assert_int_eq(
        sandbox_text_number(sandbox_text_of("18446744073709551616"), UINT64_MAX, &number), -1);
    ck_assert_int_eq(sandbox_text_number(sandbox_text_of("5"), 4, &number), -1);
    ck_assert_int_eq(sandbox_text_number(sandbox_text_of("0"), 0, &number), 0);
    ck_assert_int_eq(sandbox_text_number(sandbox_text_of("1"), 0, &number), -1);
    ck_assert_int_eq(sandbox_text_bytes(sandbox_text_of("2k"), 2047, &number), -1);
    ck_assert_int_eq(sandbox_text_bytes(sandbox_text_of("2k"), 2048, &number), 0);
    ck_assert_uint_eq(number, 2048);
}
END_TEST

/* How many of `count` first attempts end in each answer. */
static void tally(const char *text, unsigned count, unsigned n, unsigned answers[10])
{
    struct sandbox_spec spec = good(text);

    memset(answers, 0, 10 * sizeof(answers[0]));
    for (unsigned i = 0; i < count; i++) {
        struct sandbox_plan plan;
        char url[64];

        snprintf(url, sizeof(url), "https://example.com/%u", i);
        sandbox_plan_make(&plan, &spec, url, n);
        answers[plan.answer]++;
    }
}

static void near(unsigned is, double should)
{
    ck_assert_double_ge(is, should * 0.9);
    ck_assert_double_le(is, should * 1.1);
}

START_TEST(gives_each_answer_its_share)
{
    unsigned answers[10];

    tally("error=0.2,empty=0.1,captcha=0.1,cut=0.1,drop=0.1,target-404=0.5", 20000, 1, answers);
    near(answers[SANDBOX_ANSWER_ERROR], 4000);
    near(answers[SANDBOX_ANSWER_EMPTY], 2000);
    near(answers[SANDBOX_ANSWER_CAPTCHA], 2000);
    near(answers[SANDBOX_ANSWER_CUT], 2000);
    near(answers[SANDBOX_ANSWER_DROP], 2000);
    near(answers[SANDBOX_ANSWER_NOT_FOUND], 4000);
    near(answers[SANDBOX_ANSWER_OK], 4000);
    tally("error=1", 1000, 1, answers);
    ck_assert_uint_eq(answers[SANDBOX_ANSWER_ERROR], 1000);
    tally("", 1000, 1, answers);
    ck_assert_uint_eq(answers[SANDBOX_ANSWER_OK], 1000);
}
END_TEST

START_TEST(plans_by_seed_target_and_attempt)
{
    const char *text = "error=0.5,latency=0ms..1000ms,size=1k..50k,encoding=mix,binary=0.5,"
                       "target-404=0.5,chunked=0.5";
    struct sandbox_spec spec = good(text), other = good(text);
    unsigned differ_by_n = 0, differ_by_seed = 0;

    other.seed = 1;
    for (unsigned i = 0; i < 200; i++) {
        struct sandbox_plan first, again, second, reseeded;
        char url[64];

        snprintf(url, sizeof(url), "https://example.org/%u", i);
        sandbox_plan_make(&first, &spec, url, 1);
        sandbox_plan_make(&again, &spec, url, 1);
        sandbox_plan_make(&second, &spec, url, 2);
        sandbox_plan_make(&reseeded, &other, url, 1);
        ck_assert_mem_eq(&first, &again, sizeof(first));
        ck_assert_uint_eq(first.page_bytes, second.page_bytes);
        ck_assert_uint_eq(first.page_bytes, reseeded.page_bytes);
        ck_assert_int_eq(first.coding, second.coding);
        ck_assert_int_eq(first.binary, second.binary);
        differ_by_n += first.answer != second.answer;
        differ_by_seed += first.answer != reseeded.answer;
        if (first.answer != SANDBOX_ANSWER_ERROR && second.answer != SANDBOX_ANSWER_ERROR)
            ck_assert_int_eq(first.answer, second.answer);
    }
    ck_assert_uint_gt(differ_by_n, 50);
    ck_assert_uint_gt(differ_by_seed, 50);
}
END_TEST

START_TEST(draws_latencies)
{
    struct sandbox_spec uniform = good("latency=100ms..900ms");
    struct sandbox_spec lognormal = good("latency=lognormal:800ms:0.5");
    double sum = 0;
    unsigned below_median = 0;

    for (uint32_t n = 1; n <= 10000; n++) {
        struct sandbox_plan plan;

        sandbox_plan_make(&plan, &uniform, "https://example.com/", n);
        ck_assert_uint_ge(plan.latency_ms, 100);
        ck_assert_uint_lt(plan.latency_ms, 900);
        sum += plan.latency_ms;
        sandbox_plan_make(&plan, &lognormal, "https://example.com/", n);
        below_median += plan.latency_ms < 800;
    }
    ck_assert_double_eq_tol(sum / 10000, 500, 10);
    near(below_median, 5000);
}
END_TEST

static struct sandbox_plan controlled(const char *query, uint32_t n)
{
    struct sandbox_spec spec = good("retry-after=3,slow-ms=777,encoding=br");
    struct sandbox_plan plan;
    char url[200];

    snprintf(url, sizeof(url), "https://example.com/a%s", query);
    sandbox_plan_make(&plan, &spec, url, n);
    return plan;
}

START_TEST(obeys_a_target)
{
    struct sandbox_plan plan = controlled("?x=1&sandbox=status-503,retry-after-2,latency-50#z", 1);

    ck_assert_int_eq(plan.answer, SANDBOX_ANSWER_STATUS);
    ck_assert_int_eq(plan.status, 503);
    ck_assert_int_eq(plan.retry_after_s, 2);
    ck_assert_uint_eq(plan.latency_ms, 50);
    plan = controlled("?sandbox=cut,slow,size-2k,encoding-zstd,binary,chunked,close,hangup", 1);
    ck_assert_int_eq(plan.answer, SANDBOX_ANSWER_CUT);
    ck_assert_int_eq(plan.status, 200);
    ck_assert_uint_eq(plan.slow_ms, 777);
    ck_assert_uint_eq(plan.page_bytes, 2048);
    ck_assert_int_eq(plan.coding, SANDBOX_CODING_ZSTD);
    ck_assert(plan.binary && plan.chunked && plan.close && plan.hangup);
    ck_assert_int_eq(controlled("?sandbox=target-404", 1).status, 404);
    ck_assert_int_eq(controlled("?sandbox=drop", 1).answer, SANDBOX_ANSWER_DROP);
    ck_assert_int_eq(controlled("?sandbox=empty", 1).answer, SANDBOX_ANSWER_EMPTY);
    ck_assert_int_eq(controlled("?sandbox=captcha", 1).answer, SANDBOX_ANSWER_CAPTCHA);
    ck_assert_int_eq(controlled("?sandbox=status-429", 1).retry_after_s, 3);
    ck_assert_int_eq(controlled("?sandbox=status-500", 1).retry_after_s, -1);
    ck_assert_int_eq(controlled("?sandbox=encoding-none", 1).coding, SANDBOX_CODING_NONE);
}
END_TEST

START_TEST(obeys_a_target_so_many_times)
{
    ck_assert_int_eq(controlled("?sandbox=error,times-2", 1).answer, SANDBOX_ANSWER_ERROR);
    ck_assert_int_eq(controlled("?sandbox=error,times-2", 2).answer, SANDBOX_ANSWER_ERROR);
    ck_assert_int_eq(controlled("?sandbox=error,times-2", 3).answer, SANDBOX_ANSWER_OK);
}
END_TEST

START_TEST(leaves_other_targets_alone)
{
    static const char *const queries[] = {
        "",
        "?",
        "?sandbox",
        "?sandbox=",
        "?sandbox=true",
        "?sandbox=error,",
        "?sandbox=error,true",
        "?sandbox=status-199",
        "?sandbox=status-600",
        "?sandbox=status-",
        "?sandbox=times-1x",
        "?mysandbox=error",
        "#?sandbox=error",
        "?x#&sandbox=error",
        "/sandbox=error",
        "?sandbox=Error",
        "?sandbox=latency-3600001",
    };

    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        struct sandbox_plan plan = controlled(queries[i], 1);

        ck_assert_msg(plan.answer == SANDBOX_ANSWER_OK, "%s", queries[i]);
        ck_assert_uint_eq(plan.latency_ms, 0);
    }
}
END_TEST

START_TEST(counts_attempts_by_target)
{
    struct sandbox_attempts *attempts = sandbox_attempts_new();
    uint64_t state = 5;

    ck_assert_ptr_nonnull(attempts);
    for (uint32_t n = 1; n <= 3; n++) {
        state = 5;
        for (unsigned i = 0; i < 20000; i++)
            ck_assert_uint_eq(sandbox_attempts_next(attempts, sandbox_random_next(&state)), n);
    }
    ck_assert_uint_eq(sandbox_attempts_targets(attempts), 20000);
    ck_assert_uint_eq(sandbox_attempts_next(attempts, 0), 1);
    ck_assert_uint_eq(sandbox_attempts_next(attempts, 0), 2);
    sandbox_attempts_free(attempts);
}
END_TEST

START_TEST(forgets_the_oldest_only)
{
    struct sandbox_attempts *attempts = sandbox_attempts_new();
    uint64_t state = 9;

    for (unsigned i = 0; i < 1000000; i++) {
        uint64_t target = sandbox_random_next(&state);

        ck_assert_uint_eq(sandbox_attempts_next(attempts, target), 1);
        ck_assert_uint_eq(sandbox_attempts_next(attempts, target), 2);
    }
    state = 9;
    ck_assert_uint_eq(sandbox_attempts_next(attempts, sandbox_random_next(&state)), 1);
    sandbox_attempts_free(attempts);
    sandbox_attempts_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sandbox spec");
    TCase *spec = unit_case(suite, "spec"), *plan = unit_case(suite, "plan");

    tcase_add_test(spec, behaves_by_default);
    tcase_add_test(spec, reads_durations);
    tcase_add_test(spec, reads_sizes);
    tcase_add_test(spec, reads_the_rest);
    tcase_add_test(spec, takes_the_last_of_two);
    tcase_add_test(spec, says_what_is_wrong);
    tcase_add_test(spec, keeps_sentences_clean_and_short);
    tcase_add_test(spec, reads_text_by_its_length);
    tcase_add_test(plan, gives_each_answer_its_share);
    tcase_add_test(plan, plans_by_seed_target_and_attempt);
    tcase_add_test(plan, draws_latencies);
    tcase_add_test(plan, obeys_a_target);
    tcase_add_test(plan, obeys_a_target_so_many_times);
    tcase_add_test(plan, leaves_other_targets_alone);
    tcase_add_test(plan, counts_attempts_by_target);
    tcase_add_test(plan, forgets_the_oldest_only);
    return unit_run(suite);
}
