#include "unit/unit.h"

#include <jansson.h>
#include <locale.h>
#include <wchar.h>

#include "pfetch/progress.h"

#define WIDTHS 1000u

static struct tally tally;
static char text[PROGRESS_TEXT];

static struct progress_moment begin(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
    setlocale(LC_CTYPE, "C.UTF-8");
    tally = (struct tally){.total = 123456, .total_known = true, .recorded = 61728};
    tally.pages[FETCH_OUTCOME_OK] = 61000;
    tally.bytes = (uint64_t)7 << 30;
    tally.costed = 61000;
    return (struct progress_moment){.tally = &tally,
                                    .stats = {.in_flight = 64,
                                              .limit = 80,
                                              .waiting = 12,
                                              .retries = 1234,
                                              .brake_ms = 1500,
                                              .resting_hosts = 2,
                                              .cost_micro = 61000000000,
                                              .credits_left_micro = -1},
                                    .rate = 123.4,
                                    .now = 1764140000,
                                    .elapsed_ms = 500000};
}

/* Columns on a terminal. */
static unsigned columns(const char *s)
{
    unsigned sum = 0;
    wchar_t c;
    int n;

    for (; *s; s += n) {
        n = mbtowc(&c, s, MB_CUR_MAX);
        ck_assert_int_gt(n, 0);
        ck_assert_int_ge(wcwidth(c), 0);
        sum += (unsigned)wcwidth(c);
    }
    return sum;
}

/* Whether every piece of `shorter` is one of `longer`. */
static bool has_whole_pieces(const char *shorter, const char *longer)
{
    char copy[PROGRESS_TEXT], *piece, *rest = copy;

    strcpy(copy, shorter);
    if (*copy == '[') {
        rest = strchr(copy, ']');
        ck_assert_ptr_nonnull(rest);
        rest += 2;
    }
    while ((piece = rest) && *piece) {
        rest = strstr(piece, "  ");
        if (rest) {
            *rest = '\0';
            rest += 2;
        }
        if (!strstr(longer, piece))
            return false;
    }
    return true;
}

START_TEST(bar_fits_any_width)
{
    static const char *const notes[] = {NULL, "stopping, at most 60 s", "\u4e2d\u6587\uff01"};
    struct progress_moment m = begin();
    char whole[PROGRESS_TEXT];

    for (unsigned known = 0; known < 2; known++) {
        tally.total_known = known;
        for (unsigned i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
            m.note = notes[i];
            progress_bar(whole, &m, WIDTHS);
            for (unsigned width = 0; width <= WIDTHS; width++) {
                progress_bar(text, &m, width);
                ck_assert_uint_le(columns(text), width);
                ck_assert_msg(has_whole_pieces(text, whole), "%u: %s", width, text);
            }
            ck_assert_str_eq(text, whole);
        }
    }
}
END_TEST

START_TEST(bar_says_most_where_there_is_room)
{
    struct progress_moment m = begin();

    m.stats.cost_hourly_micro = 439200000000;
    progress_bar(text, &m, 300);
    ck_assert_str_eq(text, "[===============>              ] 61,728/123,456  pausing 2 s, until "
                           "06:53:22  123/s  64/80 in flight  12 waiting  ETA 8:20  ok 61,000  "
                           "failed 728  spent 61,000 of about 122,000, 439,200/h  retried 1,234  "
                           "2 hosts rest  7.0 GiB");
    m.stats.paused = 1; /* which nothing ends by itself */
    progress_bar(text, &m, 60);
    ck_assert_str_eq(text, "61,728/123,456  paused by --control  123/s  64/80 in flight");
    m.stats.paused = 0;
    m.stats.brake_ms = 0;
    progress_bar(text, &m, 40);
    ck_assert_str_eq(text, "61,728/123,456  123/s  64/80 in flight");
    progress_bar(text, &m, 14);
    ck_assert_str_eq(text, "61,728/123,456");
    progress_bar(text, &m, 13);
    ck_assert_str_eq(text, "61,728  123/s");
    progress_bar(text, &m, 5);
    ck_assert_str_eq(text, "123/s");
    tally.total_known = false;
    m.note = "stopping";
    progress_bar(text, &m, 50);
    ck_assert_str_eq(text, "61,728 pages  stopping  123/s  64/80 in flight");
}
END_TEST

START_TEST(words_say_the_same)
{
    struct progress_moment m = begin();

    progress_plain(text, &m);
    ck_assert_str_eq(text, "pfetch: 61,728 of 123,456 pages in 8:20, 123/s, 64 in flight, 12 "
                           "waiting, pausing until 06:53:22, ok 61,000, failed 728, retried 1,234, "
                           "7.0 GiB, spent 61,000 of about 122,000, ETA 8:20");
    tally.total_known = false;
    tally.costed = 0;
    m.stats = (struct fetch_stats){.in_flight = 64, .credits_left_micro = -1, .paused = 1};
    m.rate = 0;
    m.note = "stopping";
    progress_plain(text, &m);
    ck_assert_str_eq(text, "pfetch: stopping: 61,728 pages in 8:20, 0.00/s, 64 in flight, "
                           "paused by --control, ok 61,000, failed 728, retried 0, 7.0 GiB");
}
END_TEST

static json_t *parse(const struct progress_moment *m)
{
    json_t *object;

    progress_json(text, m);
    object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_msg(object != NULL, "%s", text);
    return object;
}

START_TEST(json_has_the_same_members_always)
{
    struct progress_moment m = begin();
    json_t *full = parse(&m), *bare;
    const char *name;
    json_t *value;

    ck_assert_int_eq(json_integer_value(json_object_get(full, "waiting")), 12);
    ck_assert_int_eq(json_integer_value(json_object_get(full, "brake_ms")), 1500);
    ck_assert(json_is_false(json_object_get(full, "paused")));
    ck_assert_str_eq(json_string_value(json_object_get(full, "paused_until")),
                     "2025-11-26T06:53:22Z");
    ck_assert_double_eq(json_real_value(json_object_get(full, "spent")), 61000);
    ck_assert_double_eq(json_real_value(json_object_get(full, "projected")), 122000);
    ck_assert(json_object_get(full, "spent_hourly") != NULL);
    ck_assert(json_is_null(json_object_get(full, "credits_left")));
    ck_assert(json_is_null(json_object_get(full, "note")));
    tally = (struct tally){.total = 0};
    m.stats = (struct fetch_stats){.credits_left_micro = 2500000, .paused = 1};
    m.note = "stopping";
    bare = parse(&m);
    json_object_foreach(full, name, value)
        ck_assert_msg(json_object_get(bare, name) != NULL, "%s", name);
    ck_assert_uint_eq(json_object_size(bare), json_object_size(full));
    ck_assert(json_is_null(json_object_get(bare, "total")));
    ck_assert(json_is_true(json_object_get(bare, "paused")));
    ck_assert(json_is_null(json_object_get(bare, "paused_until")));
    ck_assert(json_is_null(json_object_get(bare, "spent")));
    ck_assert_double_eq(json_real_value(json_object_get(bare, "credits_left")), 2.5);
    ck_assert_str_eq(json_string_value(json_object_get(bare, "note")), "stopping");
    json_decref(full);
    json_decref(bare);
}
END_TEST

/* Whatever the counts are, nothing is cut off. */
START_TEST(great_numbers_fit)
{
    struct progress_moment m = begin();

    memset(&m.stats, 0x7f, sizeof(m.stats));
    tally.total = tally.bytes = INT64_MAX;
    tally.recorded = INT64_MAX / 2;
    tally.pages[FETCH_OUTCOME_OK] = 1;
    m.rate = 1e14;
    m.elapsed_ms = UINT64_MAX / 2000;
    m.note = "stopping, at most 4294967 s";
    json_decref(parse(&m));
    progress_plain(text, &m);
    ck_assert_uint_lt(strlen(text), sizeof(text) - 1);
    progress_bar(text, &m, WIDTHS);
    ck_assert_uint_le(columns(text), WIDTHS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tool progress");
    TCase *tc = unit_case(suite, "forms");

    tcase_add_test(tc, bar_fits_any_width);
    tcase_add_test(tc, bar_says_most_where_there_is_room);
    tcase_add_test(tc, words_say_the_same);
    tcase_add_test(tc, json_has_the_same_members_always);
    tcase_add_test(tc, great_numbers_fit);
    return unit_run(suite);
}
