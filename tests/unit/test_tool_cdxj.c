#include "unit/unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "pfetch/cdxj.h"

static char place[32];

static void begin(void)
{
    snprintf(place, sizeof(place), "cdxj-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(place));
    ck_assert_int_eq(chdir(place), 0);
}

static void end(void)
{
    char command[64];

    ck_assert_int_eq(chdir(".."), 0);
    snprintf(command, sizeof(command), "rm -rf %s", place);
    ck_assert_int_eq(system(command), 0);
}

static char *read_all(const char *path)
{
    FILE *f = fopen(path, "r");
    struct stat st;
    char *text;

    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(fstat(fileno(f), &st), 0);
    text = malloc((size_t)st.st_size + 1);
    ck_assert_uint_eq(fread(text, 1, (size_t)st.st_size, f), (size_t)st.st_size);
    text[st.st_size] = '\0';
    fclose(f);
    return text;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Lines of all lengths, put in disorder: out of memory of the least size and of more than enough. */
START_TEST(sorts_whatever_fits_into_memory)
{
    static const size_t memories[] = {1, 200, 5000, 100000, 0};
    enum { LINES = 3000 };
    static char *line[LINES];
    struct cdxj *c = cdxj_new("x.cdxj", memories[_i]);
    uint32_t random = 7;
    char *text, *at;

    begin();
    for (unsigned i = 0; i < LINES; i++) {
        size_t n;

        random = random * 1103515245 + 12345;
        n = i == 1500 ? 300000 : 20 + (random >> 16) % 90;
        line[i] = malloc(n + 2);
        memset(line[i], 'a', n);
        snprintf(line[i], 20, "%03u\xc3%u", (random >> 20) % 1000, i);
        line[i][strlen(line[i])] = (char)(' ' + random % 64);
        line[i][n] = '\n';
        line[i][n + 1] = '\0';
        ck_assert_int_eq(cdxj_add(c, line[i], strlen(line[i])), 0);
    }
    ck_assert_int_eq(access("x.cdxj", F_OK), -1);
    ck_assert_int_eq(cdxj_finish(c, true), 0);
    cdxj_free(c);
    qsort(line, LINES, sizeof(line[0]), compare);
    text = at = read_all("x.cdxj");
    for (unsigned i = 0; i < LINES; i++) {
        ck_assert_int_eq(strncmp(at, line[i], strlen(line[i])), 0);
        at += strlen(line[i]);
        free(line[i]);
    }
    ck_assert_int_eq(*at, '\0');
    free(text);
    ck_assert_int_eq(system("test \"$(ls -A)\" = x.cdxj"), 0);
    end();
}
END_TEST

START_TEST(replaces_what_was_there)
{
    struct cdxj *c;
    char *text;

    begin();
    ck_assert_int_eq(system("echo old >x.cdxj; echo cut >x.cdxj.part"), 0);
    c = cdxj_new("x.cdxj", 0);
    ck_assert_int_eq(cdxj_add(c, "a\n", 2), 0);
    cdxj_free(c);
    text = read_all("x.cdxj");
    ck_assert_str_eq(text, "old\n");
    free(text);
    c = cdxj_new("x.cdxj", 0);
    ck_assert_int_eq(cdxj_finish(c, false), 0);
    cdxj_free(c);
    text = read_all("x.cdxj");
    ck_assert_str_eq(text, "");
    free(text);
    ck_assert_int_eq(system("test \"$(ls -A)\" = x.cdxj"), 0);
    end();
}
END_TEST

/* A disk that is full leaves no index, and not half of one. */
START_TEST(leaves_nothing_of_a_failure)
{
    struct rlimit limit;
    rlim_t before;
    struct cdxj *c;
    int error;

    begin();
    signal(SIGXFSZ, SIG_IGN);
    c = cdxj_new("x.cdxj", 0);
    for (unsigned i = 0; i < 1000; i++)
        ck_assert_int_eq(cdxj_add(c, "0123456789\n", 11), 0);
    getrlimit(RLIMIT_FSIZE, &limit);
    before = limit.rlim_cur;
    limit.rlim_cur = 5000;
    setrlimit(RLIMIT_FSIZE, &limit);
    error = cdxj_finish(c, false);
    limit.rlim_cur = before;
    setrlimit(RLIMIT_FSIZE, &limit);
    ck_assert_int_eq(error, EFBIG);
    cdxj_free(c);
    ck_assert_int_eq(system("test -z \"$(ls -A)\""), 0);
    c = cdxj_new("no/x.cdxj", 1);
    ck_assert_int_eq(cdxj_add(c, "a\n", 2), 0);
    ck_assert_int_eq(cdxj_add(c, "b\n", 2), ENOENT);
    ck_assert_int_eq(cdxj_finish(c, false), ENOENT);
    cdxj_free(c);
    end();
}
END_TEST

START_TEST(lines_are_those_of_the_indexers)
{
    struct cdxj_capture c = {.uri = "https://example.com/a?b=\"",
                             .uri_len = strlen("https://example.com/a?b=1"),
                             .date = "2026-01-02T03:04:05.678Z",
                             .mime = "text/html; charset=utf-8",
                             .mime_len = strlen("text/html; charset=utf-8"),
                             .status = 404,
                             .digest = "sha256:00"};
    struct surt surt;
    struct bytes out;

    surt_init(&surt);
    bytes_init(&out, 1u << 20);
    cdxj_put_capture(&out, &surt, &c);
    cdxj_put_place(&out, 1234, 5678901234, "x\"\xc3\xa9.warc");
    ck_assert_str_eq(
        bytes_string(&out),
        "com,example)/a?b=\" 20260102030405 {\"url\": "
        "\"https://example.com/a?b=\\\"\", \"mime\": \"text/html\", \"status\": \"404\", "
        "\"digest\": \"sha256:00\", \"length\": \"1234\", \"offset\": \"5678901234\", "
        "\"filename\": \"x\\\"\xc3\xa9.warc\"}\n");
    bytes_cut(&out, 0);
    c.mime = NULL;
    c.status = 0;
    cdxj_put_capture(&out, &surt, &c);
    ck_assert_ptr_null(strstr(bytes_string(&out), "mime"));
    ck_assert_ptr_null(strstr(bytes_string(&out), "status"));
    surt_fini(&surt);
    bytes_fini(&out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tool cdxj");
    TCase *tc = unit_case(suite, "cdxj");

    tcase_add_loop_test(tc, sorts_whatever_fits_into_memory, 0, 5);
    tcase_add_test(tc, replaces_what_was_there);
    tcase_add_test(tc, leaves_nothing_of_a_failure);
    tcase_add_test(tc, lines_are_those_of_the_indexers);
    return unit_run(suite);
}
