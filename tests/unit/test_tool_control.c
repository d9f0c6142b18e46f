/* What may change during a run, and what one run tells the next. */
#include "unit/unit.h"

#include <stdio.h>
#include <sys/stat.h>

#include "pfetch/control.h"
#include "pfetch/found.h"

/* ------------------------------------------------------------- control -- */

static char error[256];

static bool parse(struct control_settings *s, const char *text)
{
    *s = (struct control_settings){0};
    return control_parse(s, text, strlen(text), error, sizeof error);
}

START_TEST(a_file_names_what_it_changes)
{
    struct control_settings s;

    ck_assert(parse(&s, "# a comment\n\n concurrency = 20 \r\nrate=30/m\nper-domain =\t4\n"
                        "pause = yes"));
    ck_assert(s.has_concurrency && s.concurrency == 20);
    ck_assert(s.has_rate && s.rate == 0.5);
    ck_assert(s.has_per_domain && s.per_domain == 4);
    ck_assert(s.has_pause && s.pause);
    ck_assert(parse(&s, "concurrency = auto\nrate = none\nper-domain = none\npause = no\n"));
    ck_assert(s.has_concurrency && s.concurrency == 0);
    ck_assert(s.has_rate && s.rate == 0);
    ck_assert(s.has_per_domain && s.per_domain == 0);
    ck_assert(s.has_pause && !s.pause);
    ck_assert(parse(&s, ""));
    ck_assert(!s.has_concurrency && !s.has_rate && !s.has_per_domain && !s.has_pause);
}
END_TEST

static const struct {
    const char *text, *says;
} faults[] = {
    {"concurrency = 0", "line 1: concurrency is auto"},
    {"\n\nconcurrency = 1000001\n", "line 3: concurrency"},
    {"rate = 0", "line 1: rate is none"},
    {"rate = -1", "rate is none"},
    {"per-domain = some", "per-domain is none"},
    {"pause = maybe", "pause is yes or no"},
    {"pause", "name = value"},
    {"speed = 5", "there are concurrency"},
};

START_TEST(a_fault_is_named_with_its_line)
{
    struct control_settings s;
    char text[600];

    ck_assert(!parse(&s, faults[_i].text));
    ck_assert_msg(strstr(error, faults[_i].says), "%s: %s", faults[_i].text, error);
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    ck_assert(!parse(&s, text));
    ck_assert(!control_parse(&s, "pause\0=no", 9, error, sizeof error));
}
END_TEST

/* --------------------------------------------------------------- found -- */

static char home[sizeof "/tmp/pfetch-found-XXXXXX"];

static void at_home(void)
{
    /* Told anew each time: under CK_FORK=no one process runs all the tests. */
    strcpy(home, "/tmp/pfetch-found-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(home));
    ck_assert_int_eq(setenv("XDG_STATE_HOME", home, 1), 0);
}

static void leave_home(void)
{
    char path[128];

    snprintf(path, sizeof path, "%s/pfetch/concurrency", home);
    (void)unlink(path);
    snprintf(path, sizeof path, "%s/pfetch", home);
    (void)rmdir(path);
    ck_assert_int_eq(rmdir(home), 0); /* and nothing else was left there */
}

START_TEST(a_number_is_kept_by_account)
{
    char one[FOUND_MARK], two[FOUND_MARK], three[FOUND_MARK];

    at_home();
    found_mark(one, "http://127.0.0.1:1/", "demo");
    found_mark(two, "http://127.0.0.1:1/", "demo2");
    found_mark(three, "http://127.0.0.1:2/", "demo");
    ck_assert_str_ne(one, two);
    ck_assert_str_ne(one, three);
    ck_assert_uint_eq(strlen(one), FOUND_MARK - 1);
    ck_assert_ptr_null(strstr(one, "demo"));
    ck_assert_uint_eq(found_read(one), 0);
    ck_assert(found_write(one, 20));
    ck_assert(found_write(two, 5));
    ck_assert_uint_eq(found_read(one), 20);
    ck_assert_uint_eq(found_read(two), 5);
    ck_assert_uint_eq(found_read(three), 0);
    ck_assert(found_write(one, 40));
    ck_assert_uint_eq(found_read(one), 40);
    ck_assert_uint_eq(found_read(two), 5);
    leave_home();
}
END_TEST

START_TEST(the_newest_accounts_are_kept)
{
    char mark[FOUND_MARK], key[16];
    unsigned kept = 0;

    at_home();
    for (unsigned i = 1; i <= 100; i++) {
        snprintf(key, sizeof key, "demo%u", i);
        found_mark(mark, "proxiesapi", key);
        ck_assert(found_write(mark, i));
    }
    for (unsigned i = 1; i <= 100; i++) {
        snprintf(key, sizeof key, "demo%u", i);
        found_mark(mark, "proxiesapi", key);
        if (found_read(mark) > 0) {
            ck_assert_uint_eq(found_read(mark), i);
            kept++;
        }
    }
    ck_assert_uint_eq(kept, 64);
    ck_assert_uint_eq(found_read(mark), 100);
    leave_home();
}
END_TEST

START_TEST(a_broken_file_is_no_memory)
{
    char mark[FOUND_MARK], path[128];
    FILE *f;

    at_home();
    found_mark(mark, "proxiesapi", "demo");
    ck_assert(found_write(mark, 9));
    snprintf(path, sizeof path, "%s/pfetch/concurrency", home);
    f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fprintf(f, "\n%s\n%s 0 1\n%s 12x 1\n%s 7\nnonsense 1 1\n", mark, mark, mark, mark);
    for (int i = 0; i < 500; i++)
        fputc('x', f);
    ck_assert_int_eq(fclose(f), 0);
    ck_assert_uint_eq(found_read(mark), 0);
    ck_assert(found_write(mark, 3));
    ck_assert_uint_eq(found_read(mark), 3);
    ck_assert_int_eq(setenv("XDG_STATE_HOME", "", 1), 0);
    ck_assert_int_eq(unsetenv("HOME"), 0);
    ck_assert_uint_eq(found_read(mark), 0);
    ck_assert(!found_write(mark, 3));
    leave_home();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tool_control");
    TCase *tc = unit_case(suite, "control");

    tcase_add_test(tc, a_file_names_what_it_changes);
    tcase_add_loop_test(tc, a_fault_is_named_with_its_line, 0,
                        (int)(sizeof faults / sizeof *faults));
    tc = unit_case(suite, "found");
    tcase_add_test(tc, a_number_is_kept_by_account);
    tcase_add_test(tc, the_newest_accounts_are_kept);
    tcase_add_test(tc, a_broken_file_is_no_memory);
    return unit_run(suite);
}
