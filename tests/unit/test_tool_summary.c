#include "unit/unit.h"

#include <jansson.h>
#include <stdio.h>

#include "pfetch/advice.h"
#include "pfetch/summary.h"
#include "pfetch/units.h"

static struct tally tally;
static struct bytes out;

static void add(const char *url, enum fetch_outcome outcome, int status, uint32_t elapsed_ms)
{
    const struct fetch_page page = {.url = url,
                                    .outcome = outcome,
                                    .status = status,
                                    .attempts = outcome == FETCH_OUTCOME_BAD_URL ? 0 : 1,
                                    .body_len = 1000,
                                    .cost_micro = outcome == FETCH_OUTCOME_OK ? 2500000 : -1,
                                    .queued_ms = 5,
                                    .elapsed_ms = elapsed_ms};

    tally_add(&tally, &page);
    tally.targets++;
}

/* Six pages of a list of eight. */
static struct summary begin(void)
{
    figures_free(tally.figures);
    tally = (struct tally){.total = 8, .total_known = true, .figures = figures_new(false)};
    ck_assert_ptr_nonnull(tally.figures);
    bytes_init(&out, 1u << 20);
    add("https://example.com/1", FETCH_OUTCOME_OK, 200, 100);
    add("https://example.com/2", FETCH_OUTCOME_OK, 200, 200);
    add("https://example.org/3", FETCH_OUTCOME_BLOCKED, 403, 300);
    add("https://example.org/4", FETCH_OUTCOME_TIMEOUT, 0, 60000);
    add("https://example.net/5", FETCH_OUTCOME_TARGET_ERROR, 404, 100);
    add("nothing", FETCH_OUTCOME_BAD_URL, 0, 0);
    return (struct summary){.tally = &tally,
                            .stats = {.attempts = 8,
                                      .retries = 3,
                                      .throttled = 1,
                                      .cost_micro = 6000000,
                                      .credits_left_micro = -1},
                            .elapsed_ms = 4000,
                            .exit_code = 5,
                            .stopped_by = "time",
                            .output = "pages.jsonl",
                            .resumable = true};
}

static void end(void)
{
    bytes_fini(&out);
    figures_free(tally.figures);
    tally.figures = NULL;
}

static const char *text_of(const struct summary *s)
{
    bytes_cut(&out, 0);
    summary_text(&out, s);
    return bytes_string(&out);
}

static json_t *json_of(const struct summary *s)
{
    json_t *object;

    bytes_cut(&out, 0);
    summary_json(&out, s);
    object = json_loads(bytes_string(&out), JSON_REJECT_DUPLICATES, NULL);
    ck_assert_msg(object != NULL, "%s", bytes_string(&out));
    return object;
}

START_TEST(people_are_told_what_to_do)
{
    struct summary s = begin();

    ck_assert_str_eq(
        text_of(&s),
        "pfetch: 6 pages in 4.00 s (1.50/s), 5.9 KiB: ok 2, target_error 1, blocked 1, timeout 1, "
        "bad_url 1\n"
        "pfetch: 8 calls (3 retried, 1 throttled, 12.5 %), latency 203 ms median, 60.0 s 90 %, "
        "60.0 s longest, queued 5 ms median, 5 ms 90 %\n"
        "pfetch: 6 credits spent (5,400/h), 3 for each page that is ok, about 8 for the whole "
        "list\n"
        "pfetch: 2 of the list not fetched\n"
        "pfetch: the pages are in pages.jsonl\n"
        "pfetch: 1 target_error: the site itself answered so; asking again rarely helps\n"
        "pfetch: 1 blocked: the site saw through it; try --render, --premium or another --country\n"
        "pfetch: 1 timeout: no whole answer came in time; raise --timeout or --deadline\n"
        "pfetch: 1 bad_url: never sent; correct them in the list\n"
        "pfetch: see them with: jq -c 'select(.outcome != \"ok\") | {url, error}' pages.jsonl\n"
        "pfetch: most failures: example.org 2, example.net 1\n"
        "pfetch: go on with the same command and --resume\n"
        "pfetch: fetch 2 that failed once more with the same command and --resume --retry-failed");
    tally.there = 1;
    tally.twice = 1234;
    ck_assert_ptr_nonnull(strstr(text_of(&s), "\npfetch: 1 of the list was there already\n"
                                              "pfetch: 1,234 of the list equal to an earlier one"
                                              "\n"));
    s.output = "pages.jsonl.gz";
    ck_assert_ptr_nonnull(strstr(text_of(&s), "see them with: zcat pages.jsonl.gz | jq -c "));
    s.output = "pages.jsonl.zst";
    ck_assert_ptr_nonnull(strstr(text_of(&s), "see them with: zstdcat pages.jsonl.zst | jq -c "));
    s.output = "pages";
    s.directory = true;
    ck_assert_ptr_nonnull(strstr(text_of(&s), "{url, error}' pages/index.jsonl"));
    s.output = "-";
    s.directory = s.resumable = false;
    ck_assert_ptr_null(strstr(text_of(&s), "see them with"));
    ck_assert_ptr_null(strstr(text_of(&s), "--resume"));
    end();
}
END_TEST

START_TEST(programs_are_told_the_same)
{
    struct summary s = begin();
    json_t *o, *hosts;
    int n, exact;
    const char *again, *most, *failing;
    double cost, page, hourly, whole, share;

    tally.there = 7;
    o = json_of(&s);
    ck_assert_int_eq(json_unpack(o, "{s:i,s:i,s:s,s:f,s:f,s:f,s:f,s:f}", "failed", &n,
                                 "failed_mendable", &exact, "again_with", &again, "cost", &cost,
                                 "cost_per_page", &page, "cost_hourly", &hourly, "cost_projected",
                                 &whole, "throttled_share", &share),
                     0);
    ck_assert_int_eq(n, 4);
    ck_assert_int_eq(exact, 2);
    ck_assert_str_eq(again, "--resume --retry-failed");
    ck_assert_double_eq(cost, 6);
    ck_assert_double_eq(page, 3);
    ck_assert_double_eq(hourly, 5400);
    ck_assert_double_eq(whole, 8);
    ck_assert_double_eq(share, 0.125);
    ck_assert_ptr_null(json_object_get(o, "credits_left"));
    ck_assert_int_eq(json_integer_value(json_object_get(o, "there")), 7);
    hosts = json_object_get(o, "hosts");
    ck_assert_int_eq(json_unpack(hosts, "{s:i,s:b,s:[{s:s}*],s:[{s:s,s:i}*]}", "count", &n, "exact",
                                 &exact, "most_pages", "host", &most, "most_failures", "host",
                                 &failing, "failed", &n),
                     0);
    ck_assert_str_eq(most, "example.com");
    ck_assert_str_eq(failing, "example.org");
    ck_assert_int_eq(n, 2);
    ck_assert(exact);
    json_decref(o);
    end();
}
END_TEST

static const char *again_with(const struct summary *s)
{
    static char copy[64];
    json_t *o = json_of(s), *value = json_object_get(o, "again_with");

    ck_assert_ptr_nonnull(value);
    snprintf(copy, sizeof(copy), "%s", json_is_null(value) ? "" : json_string_value(value));
    json_decref(o);
    return copy;
}

START_TEST(says_how_to_go_on_only_where_something_comes_of_it)
{
    struct summary s = begin();

    tally.total = 6;
    tally.mendable = 0;
    s.stopped_by = NULL;
    ck_assert(!summary_is_incomplete(&s));
    ck_assert_str_eq(again_with(&s), ""); /* a 404 and a bad line stay what they are */
    tally.owed = 1;
    ck_assert_str_eq(again_with(&s), "--resume");
    tally.owed = 0;
    tally.cancelled = 1;
    ck_assert_str_eq(again_with(&s), "--resume");
    tally.mendable = 1;
    ck_assert_str_eq(again_with(&s), "--resume --retry-failed");
    s.resumable = false;
    ck_assert_str_eq(again_with(&s), "");
    end();
}
END_TEST

START_TEST(nobody_guesses_a_cost)
{
    struct summary s = begin();
    json_t *o;

    tally.costed = 0;
    tally.cost_micro = 0;
    s.stats.cost_micro = 0;
    ck_assert_ptr_null(strstr(text_of(&s), "credits"));
    o = json_of(&s);
    ck_assert_ptr_null(json_object_get(o, "cost"));
    ck_assert_ptr_null(json_object_get(o, "cost_projected"));
    json_decref(o);
    ck_assert_int_eq(tally_projected(&tally, 0), -1);
    tally.costed = 1;
    ck_assert_int_eq(tally_projected(&tally, 6000000), 8000000);
    tally.total = 6;
    ck_assert_int_eq(tally_projected(&tally, 6000000), 6000000);
    tally.total_known = false;
    ck_assert_int_eq(tally_projected(&tally, 6000000), -1);
    tally.total_known = true;
    tally.total = UINT64_MAX;
    ck_assert_int_eq(tally_projected(&tally, INT64_MAX), -1);
    end();
}
END_TEST

START_TEST(figures_in_their_units)
{
    char to[UNITS_MAX];

    ck_assert_str_eq(units_span(to, 850), "850 ms");
    ck_assert_str_eq(units_span(to, 99999), "100.0 s");
    ck_assert_str_eq(units_span(to, 260000), "4 min 20 s");
    ck_assert_str_eq(units_span(to, 3599700), "1 h 0 min");
    ck_assert_str_eq(units_span(to, 1079964500), "12 d 11 h");
    ck_assert_str_eq(units_pace(to, 1234), "1,234/s");
    ck_assert_str_eq(units_pace(to, 0.5), "0.50/s");
    ck_assert_str_eq(units_pace(to, 0.25), "15/min");
    ck_assert_str_eq(units_pace(to, 0.001), "3.6/h");
    ck_assert_str_eq(units_pace(to, 0), "0.00/s");
    ck_assert_str_eq(units_credits(to, 0), "0");
    ck_assert_str_eq(units_credits(to, 12), "0.000012");
    ck_assert_str_eq(units_credits(to, 1234567), "1.235");
    ck_assert_str_eq(units_credits(to, 1999999), "2");
    ck_assert_str_eq(units_credits(to, 1234500000), "1,234.5");
    ck_assert_uint_lt(strlen(units_credits(to, INT64_MAX)), UNITS_MAX);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tool summary");
    TCase *tc = unit_case(suite, "words");

    tcase_add_test(tc, people_are_told_what_to_do);
    tcase_add_test(tc, programs_are_told_the_same);
    tcase_add_test(tc, says_how_to_go_on_only_where_something_comes_of_it);
    tcase_add_test(tc, nobody_guesses_a_cost);
    tcase_add_test(tc, figures_in_their_units);
    return unit_run(suite);
}
