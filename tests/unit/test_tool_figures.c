#include "unit/unit.h"

#include <stdio.h>

#include "pfetch/figures.h"
#include "pfetch/histogram.h"

#define BEGIN_MS 1764140000000 /* a moment of 2025 */

static uint64_t state = 1;

static uint64_t draw(uint64_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
}

/* ------------------------------------------------------------- hosts -- */

static const char *host_of(const char *url)
{
    struct hosts *hosts = hosts_new();
    static char name[HOST_BYTES];

    ck_assert_ptr_nonnull(hosts);
    strcpy(name, hosts_touch(hosts, url, strlen(url))->name);
    hosts_free(hosts);
    return name;
}

START_TEST(hosts_are_named_as_dns_does)
{
    char url[2000] = "https://";

    ck_assert_str_eq(host_of("https://Example.COM/a?b=://c"), "example.com");
    ck_assert_str_eq(host_of("https://example.com:8443/"), "example.com");
    ck_assert_str_eq(host_of("https://user:p@ss@example.com/"), "example.com");
    ck_assert_str_eq(host_of("https://example.com?@example.org/"), "example.com");
    ck_assert_str_eq(host_of("https://example.com#@example.org"), "example.com");
    ck_assert_str_eq(host_of("https://example.com\\@example.org"), "example.com");
    ck_assert_str_eq(host_of("http://[2001:DB8::1]:80/"), "[2001:db8::1]");
    ck_assert_str_eq(host_of("https://"), "");
    ck_assert_str_eq(host_of(""), "");
    memset(url + 8, 'a', sizeof(url) - 9);
    ck_assert_uint_eq(strlen(host_of(url)), HOST_BYTES - 1);
}
END_TEST

START_TEST(few_hosts_are_counted_exactly)
{
    struct hosts *hosts = hosts_new();
    const struct host *top[8];
    unsigned n;

    for (unsigned i = 0; i < HOSTS_ROOM; i++) {
        for (unsigned k = 0; k <= i % 7 * 3; k++) {
            char url[64];
            struct host *h;

            snprintf(url, sizeof(url), "https://h%u.example.com/%u", i, k);
            h = hosts_touch(hosts, url, strlen(url));
            h->pages++;
            h->sent++;
            h->elapsed_ms += i;
        }
    }
    ck_assert_uint_eq(hosts_count(hosts), HOSTS_ROOM);
    ck_assert(!hosts_is_full(hosts));
    n = hosts_first(hosts, hosts_by_pages, top, 8);
    ck_assert_uint_eq(n, 8);
    for (unsigned i = 0; i < n; i++)
        ck_assert_uint_eq(top[i]->pages, 19);
    /* Equal ones in the order of their names. */
    ck_assert_str_eq(top[0]->name, "h1000.example.com");
    hosts_first(hosts, hosts_by_latency, top, 8);
    ck_assert_str_eq(top[0]->name, "h1021.example.com"); /* of those with 10 pages or more */
    ck_assert_str_eq(top[1]->name, "h1020.example.com");
    hosts_free(hosts);
}
END_TEST

/* Many hosts seen once, in between a few that have more than a thousandth of everything. */
START_TEST(hosts_that_count_are_found_among_many)
{
    struct hosts *hosts = hosts_new();
    const struct host *top[10];
    uint64_t told = 0;

    for (unsigned i = 0; i < 200000; i++) {
        char url[64];

        if (i % 50 == 0)
            snprintf(url, sizeof(url), "https://often%u.example.com/", i / 50 % 10);
        else
            snprintf(url, sizeof(url), "https://once%u.example.org/", i);
        hosts_touch(hosts, url, strlen(url))->pages++;
    }
    ck_assert_uint_eq(hosts_count(hosts), HOSTS_ROOM);
    ck_assert(hosts_is_full(hosts));
    ck_assert_uint_eq(hosts_first(hosts, hosts_by_pages, top, 10), 10);
    for (unsigned i = 0; i < 10; i++) {
        ck_assert_msg(strncmp(top[i]->name, "often", 5) == 0, "%s", top[i]->name);
        ck_assert_uint_le(top[i]->pages, 400); /* never too high … */
        ck_assert_uint_ge(top[i]->weight, 400);
        told += top[i]->pages;
    }
    ck_assert_uint_ge(told, 10 * 350); /* … and hardly too low */
    hosts_free(hosts);
}
END_TEST

/* ------------------------------------------------------------- series -- */

static uint64_t pages_of(const struct series *s, uint64_t *under_way_ms)
{
    unsigned from, used = series_used(s, &from);
    uint64_t sum = 0;

    *under_way_ms = 0;
    for (unsigned i = from; i < from + used; i++) {
        sum += series_pages(&s->step[i]);
        *under_way_ms += s->step[i].under_way_ms;
    }
    return sum;
}

/* Whatever the order in which moments come, nothing is lost and nothing moves to another step. */
START_TEST(series_keep_everything)
{
    static const int64_t spans[] = {1, 1000, 60000, 3600000, (int64_t)86400000 * 400};

    for (unsigned k = 0; k < sizeof(spans) / sizeof(spans[0]); k++) {
        struct figures *f = figures_new(true);
        uint64_t all = 0, under_way = 0, got;
        int64_t first = INT64_MAX, last = 0;

        for (unsigned i = 0; i < 5000; i++) {
            struct fetch_page page = {.url = "https://example.com/",
                                      .outcome = (enum fetch_outcome)draw(FETCH_OUTCOME_COUNT),
                                      .attempts = 1,
                                      .cost_micro = -1,
                                      .elapsed_ms = (uint32_t)draw(5000)};

            page.fetched_at_ms = BEGIN_MS + (int64_t)draw((uint64_t)spans[k]);
            figures_add(f, &page);
            all++;
            under_way += page.elapsed_ms;
            if (page.fetched_at_ms - page.elapsed_ms < first)
                first = page.fetched_at_ms - page.elapsed_ms;
            if (page.fetched_at_ms > last)
                last = page.fetched_at_ms;
        }
        ck_assert_int_eq(f->series.first_ms, first);
        ck_assert_int_eq(f->series.last_ms, last);
        ck_assert_uint_eq(pages_of(&f->series, &got), all);
        ck_assert_uint_eq(got, under_way);
        series_coarsen(&f->series, 10);
        ck_assert_uint_eq(pages_of(&f->series, &got), all);
        ck_assert_uint_eq(got, under_way);
        figures_free(f);
    }
}
END_TEST

START_TEST(series_widen_as_they_grow)
{
    struct series s;
    unsigned from;

    ck_assert(series_init(&s));
    ck_assert_uint_eq(series_used(&s, &from), 0);
    series_at(&s, BEGIN_MS)->bytes = 1;
    ck_assert_uint_eq(series_used(&s, &from), 1);
    for (int64_t ms = 0; ms < 100000000; ms += 997) {
        series_at(&s, BEGIN_MS + ms)->bytes++;
        ck_assert_uint_le(series_used(&s, &from), SERIES_STEPS);
    }
    ck_assert_uint_gt(series_used(&s, &from), SERIES_STEPS / 2);
    /* A record may claim any time. */
    series_at(&s, 0);
    series_at(&s, INT64_MAX);
    series_at(&s, INT64_MIN);
    ck_assert_uint_le(series_used(&s, &from), SERIES_STEPS);
    series_fini(&s);
}
END_TEST

START_TEST(series_are_coarse_where_little_happened)
{
    struct series s;
    unsigned from;

    ck_assert(series_init(&s));
    for (unsigned i = 0; i < 200; i++)
        series_at(&s, BEGIN_MS + i * SERIES_FIRST_MS);
    series_coarsen(&s, 100000);
    ck_assert_uint_ge(series_used(&s, &from), 200);
    series_coarsen(&s, 240);
    ck_assert_uint_le(series_used(&s, &from), 61);
    series_coarsen(&s, 1);
    ck_assert_uint_le(series_used(&s, &from), 24);
    ck_assert_uint_ge(series_used(&s, &from), 12);
    series_fini(&s);
}
END_TEST

START_TEST(latencies_of_a_step_are_close)
{
    struct series s;
    struct series_step *step;
    unsigned from;

    ck_assert(series_init(&s));
    step = series_at(&s, BEGIN_MS);
    series_latency_add(&s, step, 300);
    series_used(&s, &from);
    ck_assert_double_eq(series_latency(&s, from, 50), 300);
    for (uint32_t ms = 1; ms <= 10000; ms++)
        series_latency_add(&s, step, ms);
    for (unsigned percent = 5; percent <= 95; percent += 5) {
        double wanted = 100.0 * percent, got = series_latency(&s, from, percent);

        ck_assert_msg(got > wanted * 0.9 && got < wanted * 1.1, "%u: %f", percent, got);
    }
    ck_assert_double_le(series_latency(&s, from, 100), 10000);
    series_latency_add(&s, step, UINT32_MAX);
    ck_assert_double_le(series_latency(&s, from, 100), UINT32_MAX);
    series_fini(&s);
}
END_TEST

/* ------------------------------------------------------------- figures -- */

START_TEST(the_slowest_are_kept)
{
    struct figures *f = figures_new(false);
    char url[2000];

    for (unsigned i = 0; i < 1000; i++) {
        struct fetch_page page = {.url = url, .attempts = 1, .elapsed_ms = i * 7919 % 1000};

        snprintf(url, sizeof(url), "https://example.com/%u", page.elapsed_ms);
        figures_add(f, &page);
    }
    ck_assert_uint_eq(f->slow_count, FIGURES_SLOWEST);
    for (unsigned i = 0; i < FIGURES_SLOWEST; i++) {
        ck_assert_uint_eq(f->slowest[i].elapsed_ms, 999 - i);
        ck_assert_uint_eq((unsigned)atoi(f->slowest[i].url + 20), 999 - i);
        ck_assert(!f->slowest[i].cut);
    }
    /* A long URL is cut between characters. */
    for (unsigned shift = 0; shift < 4; shift++) {
        struct fetch_page page = {.url = url, .attempts = 1, .elapsed_ms = 5000 + shift};
        size_t n =
            (size_t)snprintf(url, sizeof(url), "https://example.com/%.*s", (int)shift, "aaa");

        while (n < 900)
            n += (size_t)snprintf(url + n, sizeof(url) - n, "\U0001f600");
        figures_add(f, &page);
        n = strlen(f->slowest[0].url);
        ck_assert(f->slowest[0].cut);
        ck_assert_uint_ge(n, FIGURES_URL_BYTES - 5);
        ck_assert_uint_eq((n - 20 - shift) % 4, 0);
        ck_assert_int_eq(memcmp(f->slowest[0].url, url, n), 0);
    }
    figures_free(f);
}
END_TEST

START_TEST(what_was_never_sent_has_no_host_and_no_latency)
{
    struct figures *f = figures_new(true);
    const struct fetch_page bad = {.url = "nothing",
                                   .outcome = FETCH_OUTCOME_BAD_URL,
                                   .cost_micro = -1,
                                   .fetched_at_ms = BEGIN_MS};
    const struct fetch_page timeless = {
        .url = "https://example.com/", .outcome = FETCH_OUTCOME_TIMEOUT, .attempts = 3};
    unsigned from;

    figures_add(f, &bad);
    ck_assert_uint_eq(hosts_count(f->hosts), 0);
    ck_assert_uint_eq(hosts_count(f->failing), 0);
    ck_assert_uint_eq(f->slow_count, 0);
    ck_assert_uint_eq(series_used(&f->series, &from), 1);
    figures_add(f, &timeless);
    ck_assert_uint_eq(hosts_count(f->failing), 1);
    ck_assert_uint_eq(series_used(&f->series, &from), 1);
    figures_free(f);
}
END_TEST

START_TEST(a_histogram_tells_what_is_below)
{
    static struct histogram h;

    for (uint32_t v = 0; v < 100000; v++)
        histogram_add(&h, v);
    ck_assert_double_eq(histogram_below(&h, 0), 0);
    for (double v = 1; v < 100000; v *= 1.7)
        ck_assert_msg(histogram_below(&h, v) > v * 0.97 - 1 &&
                          histogram_below(&h, v) < v * 1.03 + 1,
                      "%f: %f", v, histogram_below(&h, v));
    ck_assert_double_eq(histogram_below(&h, 1e10), 100000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tool figures");
    TCase *hosts = unit_case(suite, "hosts"), *series = unit_case(suite, "series");
    TCase *figures = unit_case(suite, "figures");

    tcase_add_test(hosts, hosts_are_named_as_dns_does);
    tcase_add_test(hosts, few_hosts_are_counted_exactly);
    tcase_add_test(hosts, hosts_that_count_are_found_among_many);
    tcase_add_test(series, series_keep_everything);
    tcase_add_test(series, series_widen_as_they_grow);
    tcase_add_test(series, series_are_coarse_where_little_happened);
    tcase_add_test(series, latencies_of_a_step_are_close);
    tcase_add_test(figures, the_slowest_are_kept);
    tcase_add_test(figures, what_was_never_sent_has_no_host_and_no_latency);
    tcase_add_test(figures, a_histogram_tells_what_is_below);
    return unit_run(suite);
}
