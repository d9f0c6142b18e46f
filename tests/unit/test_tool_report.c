#include "unit/unit.h"

#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "pfetch/chart.h"
#include "pfetch/html.h"
#include "pfetch/report.h"
#include "pfetch/sink.h"
#include "pfetch/warc_files.h"

#define BEGIN_MS 1764140000000 /* 2025-11-26T06:53:20Z */
#define PAGES 40u

static char error[SINK_ERROR], place[32];
static struct bytes out;

/* Each test works in a directory of its own. */
static void begin(void)
{
    snprintf(place, sizeof(place), "report-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(place));
    ck_assert_int_eq(chdir(place), 0);
    bytes_init(&out, REPORT_MAX);
}

static void end(void)
{
    char command[64];

    bytes_fini(&out);
    ck_assert_int_eq(chdir(".."), 0);
    snprintf(command, sizeof(command), "rm -rf %s", place);
    ck_assert_int_eq(system(command), 0);
}

/* ------------------------------------------------------------- text -- */

static const char *html(const char *text, size_t n)
{
    bytes_cut(&out, 0);
    html_text(&out, text, n);
    return bytes_string(&out);
}

START_TEST(text_stays_text)
{
    begin();
    ck_assert_str_eq(html(UNIT_STR("<b a=\"x\" c='y'>&amp;")),
                     "&lt;b a=&quot;x&quot; c=&#39;y&#39;&gt;&amp;amp;");
    ck_assert_str_eq(html(UNIT_STR("a\0b\x1b\x7f\n")), "a\ufffd"
                                                       "b\ufffd\ufffd\ufffd");
    ck_assert_str_eq(html(UNIT_STR("\u202eabc\u2066\u200f")), "\ufffdabc\ufffd\ufffd");
    ck_assert_str_eq(html(UNIT_STR("\xff\xc3\xed\xa0\x80")), "\ufffd\ufffd\ufffd\ufffd\ufffd");
    ck_assert_str_eq(html(UNIT_STR("\u4e2d\U0001f600")), "\u4e2d\U0001f600");
    end();
}
END_TEST

START_TEST(axes_are_round)
{
    char text[CHART_TEXT];

    ck_assert_double_eq(chart_round(0), 1);
    ck_assert_double_eq(chart_round(1), 1);
    ck_assert_double_eq(chart_round(1.01), 2);
    ck_assert_double_eq(chart_round(21), 25);
    ck_assert_double_eq(chart_round(26), 50);
    ck_assert_double_eq(chart_round(99999), 100000);
    ck_assert_double_eq_tol(chart_round(0.0123), 0.02, 1e-12);
    chart_time(text, BEGIN_MS + 250, 250);
    ck_assert_str_eq(text, "06:53:20.25");
    chart_time(text, BEGIN_MS, 4000);
    ck_assert_str_eq(text, "06:53:20");
    chart_time(text, BEGIN_MS, 64000);
    ck_assert_str_eq(text, "06:53");
    chart_time(text, BEGIN_MS, 7200000);
    ck_assert_str_eq(text, "26 Nov 06:53");
}
END_TEST

/* ------------------------------------------------------------- records -- */

/* A page of a run, with every figure its own. */
static struct fetch_page page_of(unsigned i, char url[64])
{
    snprintf(url, 64, "https://h%u.example.com/%u", i % 3, i);
    return (struct fetch_page){.url = url,
                               .outcome = i % 4 == 3 ? FETCH_OUTCOME_BLOCKED : FETCH_OUTCOME_OK,
                               .status = i % 4 == 3 ? 403 : 200,
                               .api_status = 200,
                               .body = "body\n",
                               .body_len = 5,
                               .attempts = 1 + i % 2,
                               .cost_micro = i % 5 == 0 ? -1 : (int64_t)i * 1000001,
                               .queued_ms = i,
                               .elapsed_ms = 100 * (i + 1),
                               .fetched_at_ms = BEGIN_MS + i * 777,
                               .protocol = "h2"};
}

static void ignore(void *arg)
{
    (void)arg;
}

static void write_output(const char *path)
{
    struct redact secrets = {0};
    struct event_base *base = event_base_new();
    struct recorder *recorder = recorder_new(&secrets);
    const struct sink_setup setup = {.path = path,
                                     .base = base,
                                     .recorder = recorder,
                                     .events = {.on_room = ignore, .on_fail = ignore},
                                     .roll_size = 20000, /* an archive of this is several files */
                                     .run = "{\"version\":1}"};
    struct sink *s = sink_open(&setup, error, sizeof(error));

    ck_assert_msg(s != NULL, "%s", error);
    for (unsigned i = 0; i < PAGES; i++) {
        char url[64];
        const struct fetch_page page = page_of(i, url);
        const struct record record = {.page = &page, .index = i, .again = i == 7};

        ck_assert(sink_put(s, &record));
    }
    while (outfile_pending(s->out) > 0) {
        ck_assert(outfile_flush(s->out));
        event_base_loop(base, EVLOOP_ONCE);
    }
    ck_assert(sink_close(s, true, error));
    recorder_free(recorder);
    event_base_free(base);
}

static struct tally *new_tally(void)
{
    struct tally *t = calloc(1, sizeof(*t));

    ck_assert_ptr_nonnull(t);
    t->figures = figures_new(true);
    ck_assert_ptr_nonnull(t->figures);
    return t;
}

static void free_tally(struct tally *t)
{
    figures_free(t->figures);
    free(t);
}

/* As the run itself counts them. */
static struct tally *expected(void)
{
    struct tally *t = new_tally();

    for (unsigned i = 0; i < PAGES; i++) {
        char url[64];
        const struct fetch_page page = page_of(i, url);

        tally_add(t, &page);
    }
    return t;
}

static void check_same(const struct tally *got, const struct tally *wanted)
{
    struct figures *g = got->figures, *w = wanted->figures;

    ck_assert_int_eq(memcmp(got->pages, wanted->pages, sizeof(got->pages)), 0);
    ck_assert_uint_eq(got->recorded, wanted->recorded);
    ck_assert_uint_eq(got->bytes, wanted->bytes);
    ck_assert_uint_eq(got->attempts, wanted->attempts);
    ck_assert_uint_eq(got->costed, wanted->costed);
    ck_assert_int_eq(got->cost_micro, wanted->cost_micro);
    ck_assert_int_eq(memcmp(&got->elapsed_ms, &wanted->elapsed_ms, sizeof(got->elapsed_ms)), 0);
    ck_assert_int_eq(memcmp(&got->queued_ms, &wanted->queued_ms, sizeof(got->queued_ms)), 0);
    ck_assert_int_eq(memcmp(g->status, w->status, sizeof(g->status)), 0);
    ck_assert_int_eq(memcmp(g->slowest, w->slowest, sizeof(g->slowest)), 0);
    ck_assert_int_eq(g->series.first_ms, w->series.first_ms);
    ck_assert_int_eq(g->series.last_ms, w->series.last_ms);
    ck_assert_int_eq(
        memcmp(g->series.step, w->series.step, SERIES_STEPS * sizeof(struct series_step)), 0);
}

/* What is read from an output is what the run counted, to the last figure. */
START_TEST(files_of_an_archive_know_their_first)
{
    static const char *const none[] = {
        "a.warc",       "-00001.warc",  "a-0001.warc",   "a-00000.warc",
        "a-0000x.warc", "a_00001.warc", "a-000001.warc", ""};
    char *first = warc_files_first("d/a-00012.warc.gz");

    ck_assert_str_eq(first, "d/a.warc.gz");
    free(first);
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        ck_assert_ptr_null(warc_files_first(none[i]));
}
END_TEST

START_TEST(records_come_back_as_they_were_counted)
{
    static const char *const outputs[] = {"a.jsonl", "a.jsonl.gz", "a.jsonl.zst",
                                          "pages/",  "a.warc",     "b.warc.gz"};
    struct tally *wanted = expected();

    begin();
    for (unsigned i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
        struct report_seen seen = {0};
        struct tally *t = new_tally();

        write_output(outputs[i]);
        ck_assert_msg(report_read(outputs[i], t, &seen, error, sizeof(error)), "%s", error);
        check_same(t, wanted);
        ck_assert_uint_eq(seen.again, 1);
        ck_assert_uint_eq(seen.broken, 0);
        ck_assert(!seen.torn);
        free_tally(t);
    }
    ck_assert_int_eq(access("a-00001.warc", F_OK), 0);
    ck_assert_int_eq(access("b-00001.warc.gz", F_OK), 0);
    free_tally(wanted);
    end();
}
END_TEST

static void write_file(const char *path, const char *data, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, data, n), (ssize_t)n);
    close(fd);
}

static struct fetch_page *read_one(const char *line)
{
    static struct fetch_page page;
    struct record_reader *reader = record_reader_new();
    struct record_head head;

    record_reader_want_rest(reader);
    ck_assert_msg(record_read(reader, line, strlen(line), true, &head), "%s", line);
    page = (struct fetch_page){.body_len = head.rest.bytes,
                               .attempts = head.rest.attempts,
                               .cost_micro = head.rest.cost_micro,
                               .elapsed_ms = head.rest.elapsed_ms,
                               .fetched_at_ms = head.rest.fetched_at_ms};
    record_reader_free(reader);
    return &page;
}

#define HEAD "{\"index\":0,\"url\":\"https://example.com/\",\"outcome\":\"ok\",\"status\":200,"

/* Other programs may have touched a record; what is none of ours says nothing. */
START_TEST(other_forms_of_a_value_are_taken_or_left)
{
    static const char *const moments[] = {"\"2025-11-26\"",
                                          "\"2025-11-26T06:53:20Z\"",
                                          "\"2025-11-26 06:53:20.250Z\"",
                                          "\"1969-11-26T06:53:20.250Z\"",
                                          "\"2025-11-26T06:53:20.250+\"",
                                          "null",
                                          "7",
                                          "\"\""};
    struct fetch_page *p;
    char line[400];

    p = read_one(HEAD "\"cost\":1e-06,\"attempts\":2,\"bytes\":7,"
                      "\"fetched_at\":\"2025-11-26T06:53:20.250Z\"}");
    ck_assert_int_eq(p->cost_micro, 1);
    ck_assert_uint_eq(p->attempts, 2);
    ck_assert_uint_eq(p->body_len, 7);
    ck_assert_int_eq(p->fetched_at_ms, BEGIN_MS + 250);
    p = read_one("{\"status\": 200 , \"outcome\": \"ok\", \"url\": \"https://example.com/\", "
                 "\"index\": 0, \"attempts\": 2 , \"cost\": 2.5 }");
    ck_assert_uint_eq(p->attempts, 2);
    ck_assert_int_eq(p->cost_micro, 2500000);
    p = read_one(HEAD "\"cost\":null,\"attempts\":-1,\"bytes\":1.5,\"elapsed_ms\":4294967296}");
    ck_assert_int_eq(p->cost_micro, -1);
    ck_assert_uint_eq(p->attempts, 0);
    ck_assert_uint_eq(p->body_len, 0);
    ck_assert_uint_eq(p->elapsed_ms, 0);
    p = read_one(HEAD "\"cost\":1e300,\"attempts\":99999999999999999999}");
    ck_assert_int_eq(p->cost_micro, -1);
    ck_assert_uint_eq(p->attempts, 0);
    for (unsigned i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        snprintf(line, sizeof(line), HEAD "\"fetched_at\":%s,\"attempts\":3}", moments[i]);
        p = read_one(line);
        ck_assert_int_eq(p->fetched_at_ms, 0);
        ck_assert_uint_eq(p->attempts, 3);
    }
}
END_TEST

START_TEST(what_is_no_output_is_refused)
{
    struct report_seen seen = {0};
    struct tally *t = new_tally();

    begin();
    ck_assert(!report_read("nothing", t, &seen, error, sizeof(error)));
    ck_assert_ptr_nonnull(strstr(error, "nothing"));
    write_file("text", UNIT_STR("a\nb\n"));
    ck_assert(!report_read("text", t, &seen, error, sizeof(error)));
    ck_assert_ptr_nonnull(strstr(error, "no records"));
    write_file("packed", UNIT_STR("\x1f\x8b\x08 nothing of the kind\n"));
    ck_assert(!report_read("packed", t, &seen, error, sizeof(error)));
    ck_assert_int_eq(mkdir("empty", 0777), 0);
    ck_assert(!report_read("empty", t, &seen, error, sizeof(error)));
    ck_assert_ptr_nonnull(strstr(error, "empty: the directory has no index.jsonl"));
    ck_assert_uint_eq(t->recorded, 0);
    /* A run that fetched nothing has an output, too; a torn line does not count. */
    write_file("none", "", 0);
    ck_assert(report_read("none", t, &seen, error, sizeof(error)));
    seen = (struct report_seen){0};
    write_file("torn", UNIT_STR(HEAD "\"attempts\":1}\nnothing\n{\"index\":1,\"url\":\"htt"));
    ck_assert(report_read("torn", t, &seen, error, sizeof(error)));
    ck_assert_uint_eq(t->recorded, 1);
    ck_assert_uint_eq(seen.broken, 1);
    free_tally(t);
    end();
}
END_TEST

/* ------------------------------------------------------------- page -- */

static const char *draw(struct tally *t, const struct report_about *about)
{
    bytes_cut(&out, 0);
    report_html(&out, t, about);
    ck_assert(!out.failed);
    return bytes_string(&out);
}

static unsigned count(const char *text, const char *what)
{
    unsigned n = 0;

    while ((text = strstr(text, what))) {
        text += strlen(what);
        n++;
    }
    return n;
}

/* Tags that are opened are closed; what a page says is never a tag. */
static void check_tags(const char *page)
{
    static const char *const names[] = {"div", "figure", "section", "table", "tr", "td", "th",
                                        "svg", "g",      "rect",    "title", "ul", "li", "p"};
    char open[16], closed[16], bare[16];

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(open, sizeof(open), "<%s ", names[i]);
        snprintf(bare, sizeof(bare), "<%s>", names[i]);
        snprintf(closed, sizeof(closed), "</%s>", names[i]);
        ck_assert_msg(count(page, open) + count(page, bare) == count(page, closed), "%s", names[i]);
    }
    ck_assert_uint_eq(count(page, "<script"), 1);
    ck_assert_uint_eq(count(page, "</html>\n"), 1);
    ck_assert_uint_eq(count(page, "nan"), 0);
    ck_assert_uint_eq(count(page, "inf%"), 0);
}

START_TEST(every_kind_of_run_has_its_page)
{
    static const unsigned sizes[] = {0, 1, 2, 3, 1000};
    const struct report_about about = {.output = "pages.jsonl"};

    begin();
    for (unsigned kind = 0; kind < 4; kind++) {
        for (unsigned k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
            struct tally *t = new_tally();

            for (unsigned i = 0; i < sizes[k]; i++) {
                char url[64];
                struct fetch_page page = page_of(i, url);

                if (kind == 1)
                    page.outcome = FETCH_OUTCOME_TIMEOUT;
                if (kind == 2) {
                    page.outcome = FETCH_OUTCOME_BAD_URL;
                    page.attempts = page.elapsed_ms = 0;
                    page.cost_micro = -1;
                }
                if (kind == 3)
                    page.fetched_at_ms = 0;
                tally_add(t, &page);
            }
            check_tags(draw(t, &about));
            ck_assert_uint_eq(count(bytes_string(&out), "\ufffd"), 0);
            free_tally(t);
        }
    }
    end();
}
END_TEST

START_TEST(hostile_words_stay_words)
{
    static const char evil[] =
        "https://<script>alert(1)<\\script>\"onload='x'/</title><img src=x onerror=alert(2)>&lt;";
    const struct report_about about = {.output = "</title><script>alert(3)</script>"};
    struct tally *t = new_tally();
    const char *page;

    begin();
    for (unsigned i = 0; i < 2000; i++) {
        struct fetch_page p = {.url = evil,
                               .outcome = FETCH_OUTCOME_BLOCKED,
                               .attempts = 1,
                               .elapsed_ms = i,
                               .fetched_at_ms = BEGIN_MS + i * 100};

        tally_add(t, &p);
    }
    page = draw(t, &about);
    check_tags(page);
    ck_assert_uint_eq(count(page, "<img"), 0);
    ck_assert_uint_eq(count(page, "alert(1)<"), 0);
    ck_assert_uint_ge(count(page, "&lt;script&gt;alert(1)"), 2);
    ck_assert_uint_ge(count(page, "&lt;/title&gt;&lt;script&gt;alert(3)"), 2);
    free_tally(t);
    end();
}
END_TEST

/* What only the run itself knows. */
START_TEST(the_limit_is_drawn_where_it_was_seen)
{
    const struct report_about live = {.output = "-", .live = true, .before = 5};
    struct tally *t = expected();
    struct fetch_stats stats = {.limit = 25, .in_flight = 12, .throttled = 3};
    const char *page;

    begin();
    page = draw(t, &live);
    ck_assert_uint_eq(count(page, "id=\"in-flight\""), 0);
    ck_assert_uint_eq(count(page, "id=\"under-way\""), 1);
    for (unsigned i = 0; i < 100; i++)
        figures_sample(t->figures, BEGIN_MS + i * 250, &stats);
    page = draw(t, &live);
    check_tags(page);
    ck_assert_uint_eq(count(page, "id=\"in-flight\""), 1);
    ck_assert_uint_ge(count(page, "12.0 calls in flight\nlimit 25\n"), 10);
    ck_assert_uint_eq(count(page, "\n3 throttled</title>"), 1);
    ck_assert_uint_eq(count(page, "<h1>standard output</h1>"), 1);
    ck_assert_uint_eq(count(page, "<li>5 that the output had before"), 1);
    free_tally(t);
    /* A run that ended before its first page. */
    t = new_tally();
    for (unsigned i = 0; i < 100; i++)
        figures_sample(t->figures, BEGIN_MS + i * 250, &stats);
    page = draw(t, &live);
    check_tags(page);
    ck_assert_uint_eq(count(page, "<figure"), 0);
    free_tally(t);
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tool report");
    TCase *text = unit_case(suite, "text"), *records = unit_case(suite, "records");
    TCase *page = unit_case(suite, "page");

    tcase_add_test(text, text_stays_text);
    tcase_add_test(text, axes_are_round);
    tcase_add_test(records, files_of_an_archive_know_their_first);
    tcase_add_test(records, records_come_back_as_they_were_counted);
    tcase_add_test(records, other_forms_of_a_value_are_taken_or_left);
    tcase_add_test(records, what_is_no_output_is_refused);
    tcase_add_test(page, every_kind_of_run_has_its_page);
    tcase_add_test(page, hostile_words_stay_words);
    tcase_add_test(page, the_limit_is_drawn_where_it_was_seen);
    return unit_run(suite);
}
