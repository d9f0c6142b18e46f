#include "unit/unit.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "pfetch/record_read.h"
#include "pfetch/record_scan.h"
#include "pfetch/sink.h"

#define PAGES 9u

static struct event_base *base;
static struct redact secrets;
static struct recorder *recorder;
static char error[SINK_ERROR], place[32];
static const char *const names[] = {"a.jsonl", "a.jsonl.gz", "a.jsonl.zst"};

static void ignore(void *arg)
{
    (void)arg;
}

static const struct outfile_events events = {.on_room = ignore, .on_fail = ignore};

static void begin(void)
{
    snprintf(place, sizeof(place), "resume-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(place));
    ck_assert_int_eq(chdir(place), 0);
    base = event_base_new();
    recorder = recorder_new(&secrets);
    ck_assert(base && recorder);
}

static void end(void)
{
    char command[64];

    recorder_free(recorder);
    event_base_free(base);
    ck_assert_int_eq(chdir(".."), 0);
    snprintf(command, sizeof(command), "rm -rf %s", place);
    ck_assert_int_eq(system(command), 0);
}

static struct sink *open_sink(const char *path)
{
    const struct sink_setup setup = {
        .path = path, .base = base, .recorder = recorder, .events = events, .resume = true};
    struct sink *s = sink_open(&setup, error, sizeof(error));

    ck_assert_msg(s != NULL, "%s", error);
    return s;
}

static void put(struct sink *s, unsigned index)
{
    char url[64];
    const struct fetch_page page = {
        .url = url, .outcome = FETCH_OUTCOME_OK, .body = "body\n", .body_len = 5, .protocol = ""};
    const struct record record = {.page = &page, .index = index};

    snprintf(url, sizeof(url), "https://example.com/%u", index);
    ck_assert(sink_put(s, &record));
}

/* Until it is written, as a turn of the loop would. */
static void settle(struct sink *s)
{
    while (outfile_pending(s->out) > 0) {
        ck_assert(outfile_flush(s->out));
        event_base_loop(base, EVLOOP_ONCE);
    }
}

static size_t slurp(const char *path, char *to, size_t room)
{
    int fd = open(path, O_RDONLY);
    ssize_t n;

    ck_assert_int_ge(fd, 0);
    n = read(fd, to, room);
    ck_assert(n >= 0 && (size_t)n < room);
    close(fd);
    return (size_t)n;
}

static void spill(const char *path, const char *data, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, data, n), (ssize_t)n);
    close(fd);
}

struct found {
    unsigned count;
    bool in_order;
};

static bool on_record(const struct record_head *head, void *arg)
{
    struct found *f = arg;

    f->in_order &= head->index == f->count && head->outcome == FETCH_OUTCOME_OK &&
                   strncmp(head->url, "https://example.com/", 20) == 0 &&
                   (unsigned)atoi(head->url + 20) == f->count;
    f->count++;
    return true;
}

static struct found scan(struct sink *s, struct sink_scanned *scanned)
{
    struct found found = {.in_order = true};

    ck_assert_msg(sink_scan(s, on_record, &found, scanned), "%s", s->error);
    return found;
}

/* Cut off at every byte, it is gone on with; what came out is what a reader would have found. */
START_TEST(goes_on_from_any_cut)
{
    static char whole[1u << 16];
    const char *path = names[_i];
    struct sink_scanned scanned;
    struct found found;
    unsigned before = 0;
    struct sink *s;
    size_t n;

    begin();
    s = open_sink(path);
    for (unsigned i = 0; i < PAGES; i++) {
        put(s, i);
        settle(s);
    }
    ck_assert(sink_close(s, true, error));
    n = slurp(path, whole, sizeof(whole));
    for (size_t cut = 0; cut <= n; cut++) {
        spill(path, whole, cut);
        s = open_sink(path);
        found = scan(s, &scanned);
        ck_assert(found.in_order);
        ck_assert_uint_eq(found.count, scanned.records);
        ck_assert_uint_eq(scanned.damaged, 0);
        ck_assert_uint_ge(found.count, before);
        ck_assert_uint_le(found.count, before + 1);
        before = found.count;
        for (unsigned i = found.count; i < PAGES; i++)
            put(s, i);
        settle(s);
        ck_assert(sink_close(s, true, error));
        s = open_sink(path);
        found = scan(s, &scanned);
        ck_assert_uint_eq(found.count, PAGES);
        ck_assert(found.in_order);
        ck_assert_uint_eq(scanned.cut, 0);
        ck_assert(sink_close(s, true, error));
    }
    ck_assert_uint_eq(before, PAGES);
    end();
}
END_TEST

/* A loss of power may leave zeros where the file had grown. */
START_TEST(cuts_zeros_off)
{
    static char whole[1u << 16];
    struct sink_scanned scanned;
    struct sink *s;
    size_t n;

    begin();
    s = open_sink(names[_i]);
    put(s, 0);
    settle(s);
    ck_assert(sink_close(s, true, error));
    n = slurp(names[_i], whole, sizeof(whole));
    memset(whole + n, 0, 5000);
    spill(names[_i], whole, n + 5000);
    s = open_sink(names[_i]);
    ck_assert_uint_eq(scan(s, &scanned).count, 1);
    ck_assert_uint_eq(scanned.cut, 5000);
    ck_assert(sink_close(s, true, error));
    end();
}
END_TEST

/* Wrong bytes with more behind them are no torn tail: nothing is cut. */
START_TEST(leaves_damage_alone)
{
    static char whole[1u << 16];
    struct found found = {.in_order = true};
    struct sink_scanned scanned;
    struct stat st;
    struct sink *s;
    size_t n;

    begin();
    s = open_sink(names[_i]);
    for (unsigned i = 0; i < PAGES; i++)
        put(s, i);
    settle(s);
    ck_assert(sink_close(s, true, error));
    n = slurp(names[_i], whole, sizeof(whole));
    memset(whole, 'x', 20);
    spill(names[_i], whole, n);
    s = open_sink(names[_i]);
    if (_i == 0) {
        /* A line that is no record is as if it were not there. */
        ck_assert(sink_scan(s, on_record, &found, &scanned));
        ck_assert_uint_eq(scanned.damaged, 1);
        ck_assert_uint_eq(scanned.records, PAGES - 1);
    } else {
        ck_assert(!sink_scan(s, on_record, &found, &scanned));
        ck_assert_ptr_nonnull(strstr(s->error, "damaged"));
    }
    ck_assert_int_eq(stat(names[_i], &st), 0);
    ck_assert_uint_eq((size_t)st.st_size, n);
    sink_close(s, true, error);
    end();
}
END_TEST

/* Every few MiB a member ends, and so does what damage can cost. */
START_TEST(members_end)
{
    static char body[64u << 10];
    struct sink_scanned scanned;
    struct found found;
    struct sink *s;

    begin();
    memset(body, 'b', sizeof(body) - 1);
    s = open_sink(names[_i]);
    for (unsigned i = 0; i < 200; i++) {
        char url[64];
        const struct fetch_page page = {
            .url = url, .body = body, .body_len = sizeof(body) - 1, .protocol = ""};
        const struct record record = {.page = &page, .index = i};

        snprintf(url, sizeof(url), "https://example.com/%u", i);
        ck_assert(sink_put(s, &record));
        if (i % 7 == 0)
            settle(s);
    }
    settle(s);
    ck_assert(sink_close(s, true, error));
    s = open_sink(names[_i]);
    found = scan(s, &scanned);
    ck_assert_uint_eq(found.count, 200);
    ck_assert(found.in_order);
    ck_assert(sink_close(s, true, error));
    end();
}
END_TEST

static bool reads(const char *line, struct record_head *head)
{
    static struct record_reader *r;
    bool read;

    record_reader_free(r);
    r = record_reader_new();
    ck_assert_ptr_nonnull(r);
    read = record_read(r, line, strlen(line), true, head);
    return read;
}

START_TEST(reads_heads)
{
    struct record_head h;

    ck_assert(
        reads("{\"index\":7,\"id\":\"a\\u00e9\\ud83d\\ude00\\n\",\"url\":\"http://x.test/\\\\\","
              "\"request\":\"00\",\"run\":{\"a\":\"}\"},\"outcome\":\"blocked\",\"status\":0}",
              &h));
    ck_assert_uint_eq(h.index, 7);
    ck_assert_str_eq(h.id, "a\xc3\xa9\xf0\x9f\x98\x80\n");
    ck_assert_str_eq(h.url, "http://x.test/\\");
    ck_assert_str_eq(h.request, "00");
    ck_assert_str_eq(h.run, "{\"a\":\"}\"}");
    ck_assert_int_eq(h.outcome, FETCH_OUTCOME_BLOCKED);
    /* Another order, other members, blanks. */
    ck_assert(
        reads("{ \"body\": \"\\\"outcome\\\":\", \"outcome\": \"ok\", \"x\": [1, {\"y\": 2}], "
              "\"url\": \"u\", \"url_base64\": \"AAE=\", \"index\": 1}",
              &h));
    ck_assert_uint_eq(h.url_len, 2);
    ck_assert_int_eq(memcmp(h.url, "\0\1", 2), 0);
    ck_assert_ptr_null(h.id);
}
END_TEST

START_TEST(refuses_what_is_no_record)
{
    static const char *const lines[] = {
        "",
        "{",
        "{}",
        "[]",
        "null",
        "{\"index\":1}",
        "{\"index\":1,\"url\":\"u\"}",
        "{\"index\":1,\"url\":\"u\",\"outcome\":\"splendid\"}",
        "{\"index\":-1,\"url\":\"u\",\"outcome\":\"ok\"}",
        "{\"index\":1,\"url\":\"\\ud800\",\"outcome\":\"ok\"}",
        "{\"index\":1,\"url\":\"\\x\",\"outcome\":\"ok\"}",
        "{\"index\":99999999999999999999,\"url\":\"u\",\"outcome\":\"ok\"}",
        "{\"index\":1,\"url\":\"u\",\"url_base64\":\"!\",\"outcome\":\"ok\"}",
        "{\"index\":1,\"url\":\"u\",\"outcome\":\"ok\"",
    };
    struct record_head h;

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        ck_assert_msg(!reads(lines[i], &h), "%s", lines[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tool resume");
    TCase *sinks = unit_case(suite, "sinks"), *heads = unit_case(suite, "heads");

    tcase_add_loop_test(sinks, goes_on_from_any_cut, 0, 3);
    tcase_add_loop_test(sinks, cuts_zeros_off, 0, 3);
    tcase_add_loop_test(sinks, leaves_damage_alone, 0, 3);
    tcase_add_loop_test(sinks, members_end, 0, 3);
    tcase_add_test(heads, reads_heads);
    tcase_add_test(heads, refuses_what_is_no_record);
    return unit_run(suite);
}
