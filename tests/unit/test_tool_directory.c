#include "unit/unit.h"

#include <ctype.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "pfetch/page_name.h"
#include "pfetch/sink.h"

#define RANDOM_NAMES 100000u

static struct event_base *base;
static struct redact secrets;
static struct recorder *recorder;
static struct identifier *identifier;
static char error[SINK_ERROR], place[32];

static void ignore(void *arg)
{
    (void)arg;
}

static const struct outfile_events events = {.on_room = ignore, .on_fail = ignore};

/* ---------------------------------------------------------------- names -- */

static struct page_name name_of(const char *url, const char *type)
{
    struct page_name name;
    struct identity id;

    if (!identifier)
        identifier = identifier_new();
    ck_assert(identity_of_url(identifier, url, strlen(url), &id));
    page_name_make(&name, &id, url, type);
    return name;
}

/* What must hold of every name, whatever the URL was. */
static void check_form(const struct page_name *name)
{
    static const char *const devices[] = {"con", "prn", "aux", "nul"};
    const char *leaf = page_name_leaf(name);
    size_t n = strlen(leaf), first = strcspn(leaf, ".");

    ck_assert_uint_eq(strlen(name->first), 1);
    ck_assert_uint_eq(strlen(name->second), 2);
    ck_assert_int_eq(strncmp(name->path, name->first, 1), 0);
    ck_assert_int_eq(strncmp(name->path + 2, name->second, 2), 0);
    ck_assert(name->path[1] == '/' && name->path[4] == '/');
    ck_assert_uint_gt(n, 26);
    ck_assert_uint_le(n, 255);
    ck_assert_uint_lt(strlen(name->path), PAGE_NAME_MAX - 1);
    ck_assert_uint_eq(strspn(leaf, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789-._"),
                      n);
    ck_assert(*leaf != '.' && *leaf != '-' && leaf[n - 1] != '.');
    for (size_t i = 0; i < 4; i++)
        ck_assert(first != 3 || strncasecmp(leaf, devices[i], 3) != 0);
    ck_assert(first != 4 || !isdigit((unsigned char)leaf[3]) ||
              (strncasecmp(leaf, "com", 3) != 0 && strncasecmp(leaf, "lpt", 3) != 0));
}

static const struct {
    const char *url, *legible;
} hostile[] = {
    {"https://example.com/a/b.html", "example.com_a_b.html"},
    {"https://example.com/..", "example.com"},
    {"https://example.com/../../../etc/passwd", "example.com_.._.._.._etc_passwd"},
    {"https://example.com/%2e%2e%2f%2e%2e%2fx", "example.com_.._.._x"},
    {"https://example.com/..\\..\\x", "example.com_.._.._x"},
    {"https://example.com/C:\\x", "example.com_C_x"},
    {"/etc/passwd", "_etc_passwd"},
    {"https://../..", "page"},
    {"https://.hidden.example.com/", "_hidden.example.com"},
    {"https://-rf.example.com/", "_rf.example.com"},
    {"https://con.example.com/", "_con.example.com"},
    {"https://AUX", "_AUX"},
    {"https://com1.example.com/", "_com1.example.com"},
    {"https://lpt9", "_lpt9"},
    {"https://console.example.com/", "console.example.com"},
    {"https://example.com/a%00b%0ac", "example.com_a_b_c"},
    {"https://example.com/\x01\x1b[31m\x7f", "example.com_31m"},
    {"https://example.com/\xe2\x80\xaetxt.exe", "example.com_txt.exe"},
    {"https://example.com/\xef\xbc\x8e\xef\xbc\x8e\xef\xbc\x8fx", "example.com_x"},
    {"https://example.com/%E6%97%A5%E6%9C%AC", "example.com"},
    {"https://example.com/x...", "example.com_x"},
    {"https://example.com/x ", "example.com_x"},
    {"https://example.com/%", "example.com"},
    {"https://example.com/%4", "example.com_4"},
    {"https://user:word@example.com/", "example.com"},
    {"https://user:w@rd@example.com/@x", "example.com_x"},
    {"", "page"},
    {"://", "page"},
    {"\xff\xfe", "page"},
};

START_TEST(hostile_urls_have_plain_names)
{
    struct page_name name;
    const char *leaf;
    size_t n;

    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        name = name_of(hostile[i].url, NULL);
        check_form(&name);
        leaf = page_name_leaf(&name);
        n = strlen(leaf) - 26 - 1 - 4;
        ck_assert_msg(n == strlen(hostile[i].legible) && strncmp(leaf, hostile[i].legible, n) == 0,
                      "%s: %s", hostile[i].legible, leaf);
    }
}
END_TEST

START_TEST(names_differ_where_urls_do)
{
    static const char *const others[] = {"https://example.com/A", "https://example.com/a/",
                                         "http://example.com/a", "https://example.com/%61"};
    struct page_name first = name_of("https://example.com/a", NULL), name;
    static char long_url[70000];

    name = name_of("https://example.com/a", NULL);
    ck_assert_str_eq(first.path, name.path);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        name = name_of(others[i], NULL);
        ck_assert_int_ne(strcasecmp(first.path, name.path), 0);
    }
    memset(long_url, 'a', sizeof(long_url) - 1);
    name = name_of(long_url, NULL);
    check_form(&name);
}
END_TEST

static int by_case(const void *a, const void *b)
{
    return strcasecmp(a, b);
}

START_TEST(random_bytes_have_names_of_their_own)
{
    char(*names)[PAGE_NAME_MAX] = calloc(RANDOM_NAMES, sizeof(*names));
    unsigned per_folder[32] = {0};
    uint64_t state = 88172645463325252u;
    char url[400];

    ck_assert_ptr_nonnull(names);
    for (unsigned i = 0; i < RANDOM_NAMES; i++) {
        struct page_name name;
        size_t n = (size_t)snprintf(url, sizeof(url), "%x", i);

        for (size_t more = i % 300; more > 0; more--) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            url[n++] = (char)(1 + state % 255);
        }
        url[n] = '\0';
        name = name_of(url, url + n / 2);
        check_form(&name);
        memcpy(names[i], name.path, sizeof(names[i]));
        per_folder[strchr("abcdefghijklmnopqrstuvwxyz234567", *name.first) -
                   "abcdefghijklmnopqrstuvwxyz234567"]++;
        page_name_mark(&name, UINT64_MAX);
        check_form(&name);
    }
    qsort(names, RANDOM_NAMES, sizeof(*names), by_case);
    for (unsigned i = 1; i < RANDOM_NAMES; i++)
        ck_assert_msg(strcasecmp(names[i - 1], names[i]) != 0, "%s", names[i]);
    for (unsigned i = 0; i < 32; i++)
        ck_assert(per_folder[i] > RANDOM_NAMES / 64 && per_folder[i] < RANDOM_NAMES / 16);
    free(names);
}
END_TEST

static void check_extension(const char *type, const char *extension)
{
    struct page_name name = name_of("https://example.com/", type);

    check_form(&name);
    ck_assert_str_eq(name.path + strlen(name.path) - strlen(extension), extension);
    page_name_mark(&name, 7);
    ck_assert_str_eq(name.path + strlen(name.path) - strlen(extension), extension);
    ck_assert_ptr_nonnull(strstr(name.path, "-7."));
}

START_TEST(extensions_are_by_content_type)
{
    check_extension(NULL, ".bin");
    check_extension("", ".bin");
    check_extension(";", ".bin");
    check_extension("text/html", ".html");
    check_extension("TEXT/HTML;charset=utf-8", ".html");
    check_extension("text/html, text/plain", ".html");
    check_extension("application/problem+json", ".json");
    check_extension("application/x+XML ; a=b", ".xml");
    check_extension("text/x-odd", ".txt");
    check_extension("text/", ".bin");
    check_extension("image/png", ".png");
    check_extension("../../etc/passwd", ".bin");
    check_extension("application/x-\xff", ".bin");
}
END_TEST

/* They are a contract: a resumed run must come to the same. */
START_TEST(names_stay)
{
    struct page_name name = name_of("https://example.com/", "text/html");

    ck_assert_str_eq(name.path, "f/kb/example.com-fkbzpuay2cbh2lmpvzueuvbosi.html");
}
END_TEST

/* ---------------------------------------------------------------- the sink -- */

static void begin(void)
{
    snprintf(place, sizeof(place), "directory-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(place));
    ck_assert_int_eq(chdir(place), 0);
    signal(SIGXFSZ, SIG_IGN);
    base = event_base_new();
    recorder = recorder_new(&secrets);
    ck_assert(base && recorder);
}

static void end(void)
{
    char command[64];

    recorder_free(recorder);
    identifier_free(identifier);
    identifier = NULL;
    event_base_free(base);
    ck_assert_int_eq(chdir(".."), 0);
    snprintf(command, sizeof(command), "rm -rf %s", place);
    ck_assert_int_eq(system(command), 0);
}

static struct sink *try_sink(bool resume, bool sync)
{
    const struct sink_setup setup = {.path = "d/",
                                     .base = base,
                                     .recorder = recorder,
                                     .events = events,
                                     .resume = resume,
                                     .fsync = sync};

    error[0] = '\0';
    return sink_open(&setup, error, sizeof(error));
}

static struct sink *open_sink(bool resume)
{
    struct sink *s = try_sink(resume, false);

    ck_assert_msg(s != NULL, "%s", error);
    return s;
}

static bool put(struct sink *s, const char *url, uint64_t index, const char *body, bool fresh)
{
    const struct fetch_page page = {.url = url,
                                    .outcome = FETCH_OUTCOME_OK,
                                    .body = body,
                                    .body_len = strlen(body),
                                    .protocol = ""};
    const struct record record = {.page = &page, .index = index, .fresh = fresh};

    return sink_put(s, &record);
}

static void close_sink(struct sink *s)
{
    while (outfile_pending(s->out) > 0) {
        ck_assert(outfile_flush(s->out));
        event_base_loop(base, EVLOOP_ONCE | (s->error_number ? EVLOOP_NONBLOCK : 0));
    }
    ck_assert_msg(sink_close(s, true, error), "%s", error);
}

static void path_of(char path[PAGE_NAME_MAX + 8], const char *url, uint64_t mark)
{
    struct page_name name = name_of(url, NULL);

    if (mark)
        page_name_mark(&name, mark);
    snprintf(path, PAGE_NAME_MAX + 8, "d/%s", name.path);
}

static void check_file(const char *url, uint64_t mark, const char *body)
{
    char path[PAGE_NAME_MAX + 8], got[64] = "";
    FILE *f;

    path_of(path, url, mark);
    f = fopen(path, "r");
    ck_assert_msg(f != NULL, "%s", path);
    ck_assert_uint_eq(fread(got, 1, sizeof(got) - 1, f), strlen(body));
    ck_assert_str_eq(got, body);
    fclose(f);
}

static void check_files(unsigned wanted)
{
    char command[80];

    snprintf(command, sizeof(command), "test \"$(find d ! -type d | wc -l)\" = %u", wanted);
    ck_assert_msg(system(command) == 0, "%u files", wanted);
}

static bool count(const struct record_head *head, void *arg)
{
    (void)head;
    ++*(unsigned *)arg;
    return true;
}

static unsigned scan(struct sink *s, struct sink_scanned *scanned)
{
    unsigned n = 0;

    ck_assert_msg(sink_scan(s, count, &n, scanned), "%s", s->error);
    ck_assert_uint_eq(n, scanned->records);
    return n;
}

START_TEST(writes_a_file_a_page)
{
    static const char url[] = "https://example.com/";
    struct sink *s;

    begin();
    s = try_sink(false, _i == 1);
    ck_assert_msg(s != NULL, "%s", error);
    ck_assert(put(s, url, 0, "first", false));
    ck_assert(put(s, url, 1, "second", false));
    ck_assert(put(s, url, 2, "third", true));
    ck_assert(put(s, "https://example.org/", 3, "", false));
    close_sink(s);
    check_file(url, 0, "first");
    check_file(url, 2, "second");
    check_file(url, 3, "third");
    check_file("https://example.org/", 0, "");
    check_files(5);
    ck_assert_ptr_null(try_sink(false, false));
    ck_assert_ptr_nonnull(strstr(error, "--resume"));
    end();
}
END_TEST

/* Its call's place is taken by the next one at once: a kill must not take the page back. */
START_TEST(is_on_record_when_it_is_put)
{
    struct sink *s;

    begin();
    s = open_sink(false);
    ck_assert(put(s, "https://example.com/", 0, "first", false));
    ck_assert_int_eq(system("test $(wc -l <d/index.jsonl) = 1"), 0);
    ck_assert(put(s, "https://example.org/", 1, "second", false));
    ck_assert_int_eq(system("test $(wc -l <d/index.jsonl) = 2"), 0);
    close_sink(s);
    end();
}
END_TEST

START_TEST(a_request_has_a_name_of_its_own)
{
    static const char url[] = "https://example.com/";
    const struct fetch_page page = {.url = url, .body = "x", .body_len = 1, .protocol = ""};
    struct record record = {.page = &page, .index = 9};
    struct identity id = {.high = 1, .low = 2};
    struct page_name name;
    char path[PAGE_NAME_MAX + 8];
    struct sink *s;

    begin();
    identity_put(&id, record.request);
    page_name_make(&name, &id, url, NULL);
    s = open_sink(false);
    ck_assert(put(s, url, 0, "plain", false));
    ck_assert(sink_put(s, &record));
    close_sink(s);
    check_file(url, 0, "plain");
    snprintf(path, sizeof(path), "d/%s", name.path);
    ck_assert_int_eq(access(path, F_OK), 0);
    check_files(3);
    end();
}
END_TEST

/* Files without a record and temporaries are what a kill leaves. */
START_TEST(goes_on_after_a_kill)
{
    struct sink_scanned scanned;
    char path[PAGE_NAME_MAX + 8];
    struct sink *s;

    begin();
    s = open_sink(false);
    for (unsigned i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "https://example.com/%u", i);
        ck_assert(put(s, path, i, "old", false));
    }
    close_sink(s);
    ck_assert_int_eq(truncate("d/index.jsonl", 250), 0);
    ck_assert_int_eq(system("f=$(ls -d d/?/*/ | head -n1); : >$f.part; "
                            ": >$f.mine; : >d/other"),
                     0);
    s = open_sink(true);
    ck_assert_uint_lt(scan(s, &scanned), 3);
    ck_assert_uint_gt(scanned.cut, 0);
    for (unsigned i = (unsigned)scanned.records; i < 3; i++) {
        snprintf(path, sizeof(path), "https://example.com/%u", i);
        ck_assert(put(s, path, i, "newer", true));
    }
    close_sink(s);
    check_file("https://example.com/2", 0, "newer");
    check_files(3 + 1 + 2);
    s = open_sink(true);
    ck_assert_uint_eq(scan(s, &scanned), 3);
    close_sink(s);
    end();
}
END_TEST

START_TEST(never_replaces_what_may_be_on_record)
{
    static const char url[] = "https://example.com/";
    struct sink_scanned scanned;
    struct sink *s;

    begin();
    s = open_sink(false);
    ck_assert(put(s, url, 0, "first", false));
    ck_assert(put(s, url, 1, "second", false));
    ck_assert(put(s, url, 2, "third", false));
    close_sink(s);
    s = open_sink(true);
    ck_assert_uint_eq(scan(s, &scanned), 3);
    ck_assert(put(s, url, 1, "fourth", false));
    close_sink(s);
    check_file(url, 0, "first");
    check_file(url, 2, "second");
    check_file(url, 3, "third");
    check_file(url, 5, "fourth");
    end();
}
END_TEST

/* A record whose file is gone, shorter, a link, or outside is none, now and ever after. */
START_TEST(misses_files)
{
    static const char *const harm[] = {"rm", "truncate -s 1", "ln -sf /dev/null"};
    static const char url[] = "https://example.com/";
    char path[PAGE_NAME_MAX + 8], command[PAGE_NAME_MAX + 64];
    struct sink_scanned scanned;
    struct sink *s;

    begin();
    s = open_sink(false);
    ck_assert(put(s, url, 0, "first", false));
    ck_assert(put(s, "https://example.org/", 1, "other", false));
    close_sink(s);
    path_of(path, url, 0);
    snprintf(command, sizeof(command), "%s %s", harm[_i], path);
    ck_assert_int_eq(system(command), 0);
    for (unsigned i = 0; i < 2; i++) {
        s = open_sink(true);
        ck_assert_uint_eq(scan(s, &scanned), 1 + i);
        ck_assert_uint_eq(scanned.missing, 1);
        if (i == 0)
            ck_assert(put(s, url, 0, "again", true));
        close_sink(s);
    }
    check_file(url, 1, "again");
    ck_assert_int_eq(system("sed -i 's,\"file\":\"[^\"]*org,\"file\":\"../d/x,' d/index.jsonl"), 0);
    s = open_sink(true);
    ck_assert_uint_eq(scan(s, &scanned), 1);
    ck_assert_uint_eq(scanned.missing, 2);
    close_sink(s);
    end();
}
END_TEST

/* Somebody put links, or folders, where we would write. */
START_TEST(follows_no_planted_link)
{
    static const char url[] = "https://example.com/";
    struct page_name name = name_of(url, NULL);
    char path[PAGE_NAME_MAX + 8], command[4 * PAGE_NAME_MAX];
    struct sink *s;

    begin();
    ck_assert_int_eq(system("mkdir d outside; echo canary >outside/canary"), 0);
    if (_i == 0)
        snprintf(command, sizeof(command), "ln -s ../outside d/%s", name.first);
    else if (_i == 1)
        snprintf(command, sizeof(command), "mkdir d/%s; ln -s ../../outside d/%s/%s", name.first,
                 name.first, name.second);
    else if (_i == 2)
        snprintf(command, sizeof(command),
                 "mkdir -p d/%.4s; ln -s ../../../outside/canary d/%s; "
                 "ln -s ../../../outside/canary d/%.4s/.part",
                 name.path, name.path, name.path);
    else
        snprintf(command, sizeof(command), "mkdir -p d/%s d/%.4s/.part", name.path, name.path);
    ck_assert_int_eq(system(command), 0);
    s = open_sink(false);
    ck_assert_int_eq(put(s, url, 0, "body", true), _i >= 2);
    if (_i < 2) {
        ck_assert_ptr_nonnull(strstr(s->error, "cannot write"));
        ck_assert(!put(s, "https://example.org/", 1, "body", false));
    }
    sink_close(s, true, error);
    if (_i >= 2)
        check_file(url, 1, "body");
    path_of(path, url, 0);
    ck_assert_int_eq(system("test \"$(ls outside)\" = canary && grep -qx canary outside/canary"),
                     0);
    end();
}
END_TEST

/* To go on, a link under a page's own name is replaced; an index that is a link is refused. */
START_TEST(goes_on_through_no_link)
{
    static const char url[] = "https://example.com/";
    struct page_name name = name_of(url, NULL);
    struct sink_scanned scanned;
    char command[3 * PAGE_NAME_MAX];
    struct sink *s;

    begin();
    snprintf(command, sizeof(command),
             "mkdir -p d/%.4s; echo canary >canary; : >d/index.jsonl; ln -s ../../../canary d/%s; "
             "ln -s ../../../canary d/%.4s/.part; mkdir d/7; ln -s ../.. d/7/77; : >.part",
             name.path, name.path, name.path);
    ck_assert_int_eq(system(command), 0);
    s = open_sink(true);
    ck_assert_uint_eq(scan(s, &scanned), 0);
    ck_assert(put(s, url, 0, "body", true));
    close_sink(s);
    check_file(url, 0, "body");
    check_files(3);
    ck_assert_int_eq(system("mv d/index.jsonl elsewhere; ln -s ../elsewhere d/index.jsonl"), 0);
    ck_assert_ptr_null(try_sink(true, false));
    ck_assert_ptr_nonnull(strstr(error, "link"));
    ck_assert_int_eq(system("rm d/index.jsonl; mkfifo d/index.jsonl"), 0);
    ck_assert_ptr_null(try_sink(true, false));
    ck_assert_int_eq(system("grep -qx canary canary && test -f .part && rm d/index.jsonl"), 0);
    end();
}
END_TEST

/* A disk that is full in the middle of a body. */
START_TEST(a_full_disk_leaves_nothing_torn)
{
    struct rlimit limit, before;
    struct sink_scanned scanned;
    static char large[100001];
    struct sink *s;
    bool done;

    begin();
    memset(large, 'x', sizeof(large) - 1);
    s = open_sink(false);
    ck_assert(put(s, "https://example.com/1", 0, "small", false));
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    limit.rlim_cur = 50000;
    setrlimit(RLIMIT_FSIZE, &limit);
    done = put(s, "https://example.com/2", 1, large, false);
    setrlimit(RLIMIT_FSIZE, &before);
    ck_assert(!done);
    ck_assert_int_eq(s->error_number, EFBIG);
    close_sink(s);
    check_files(2);
    s = open_sink(true);
    ck_assert_uint_eq(scan(s, &scanned), 1);
    ck_assert_uint_eq(scanned.missing, 0);
    close_sink(s);
    end();
}
END_TEST

START_TEST(leaves_no_directory_that_stayed_empty)
{
    struct sink *s;

    begin();
    s = open_sink(false);
    ck_assert(sink_close(s, false, error));
    ck_assert_int_eq(access("d", F_OK), -1);
    ck_assert_int_eq(mkdir("d", 0777), 0);
    s = open_sink(true);
    ck_assert(sink_close(s, false, error));
    ck_assert_int_eq(access("d/index.jsonl", F_OK), -1);
    ck_assert_int_eq(access("d", F_OK), 0);
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tool directory");
    TCase *names = unit_case(suite, "names"), *sinks = unit_case(suite, "sinks");

    tcase_add_test(names, hostile_urls_have_plain_names);
    tcase_add_test(names, names_differ_where_urls_do);
    tcase_add_test(names, random_bytes_have_names_of_their_own);
    tcase_add_test(names, extensions_are_by_content_type);
    tcase_add_test(names, names_stay);
    tcase_add_loop_test(sinks, writes_a_file_a_page, 0, 2);
    tcase_add_test(sinks, is_on_record_when_it_is_put);
    tcase_add_test(sinks, a_request_has_a_name_of_its_own);
    tcase_add_test(sinks, goes_on_after_a_kill);
    tcase_add_test(sinks, never_replaces_what_may_be_on_record);
    tcase_add_loop_test(sinks, misses_files, 0, 3);
    tcase_add_loop_test(sinks, follows_no_planted_link, 0, 4);
    tcase_add_test(sinks, goes_on_through_no_link);
    tcase_add_test(sinks, a_full_disk_leaves_nothing_torn);
    tcase_add_test(sinks, leaves_no_directory_that_stayed_empty);
    return unit_run(suite);
}
