#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pfetch/due.h"
#include "pfetch/lock.h"
#include "pfetch/recipe.h"

static struct due *due;

static void begin(const struct due_setup *setup)
{
    due = due_new(setup);
    ck_assert_ptr_nonnull(due);
}

static void on_record(const char *url, enum fetch_outcome outcome, int status, bool again)
{
    const struct record_head head = {
        .url = url, .url_len = strlen(url), .outcome = outcome, .status = status, .again = again};

    ck_assert(due_on_record(&head, due));
}

static enum due_answer ask(const char *url)
{
    struct fetch_target target = FETCH_TARGET_INIT;
    struct due_said said;

    target.url = url;
    return due_target(due, &target, &said);
}

static uint64_t failed(void)
{
    uint64_t count;

    ck_assert(due_count_failed(due, &count));
    return count;
}

#define A "https://example.com/a"
#define B "https://example.com/b"

START_TEST(a_fresh_run_is_due_whole)
{
    begin(&(struct due_setup){.unique = false});
    ck_assert_int_eq(ask(A), DUE_YES);
    ck_assert_int_eq(ask(A), DUE_YES);
    ck_assert_ptr_null(due_run(due));
    due_free(due);
}
END_TEST

/* However the list was shuffled: each record stands for one target. */
START_TEST(what_is_there_is_not_due)
{
    begin(&(struct due_setup){.unique = false});
    on_record(A, FETCH_OUTCOME_OK, 200, false);
    on_record(B, FETCH_OUTCOME_TIMEOUT, 0, false);
    ck_assert_int_eq(ask(B), DUE_THERE);
    ck_assert_int_eq(ask(A), DUE_THERE);
    ck_assert_int_eq(ask(A), DUE_YES);
    ck_assert_int_eq(ask("https://example.com/A"), DUE_YES);
    ck_assert_uint_eq(failed(), 1);
    due_free(due);
}
END_TEST

/* A record that says "again" stands for the target that had failed before, not for another. */
START_TEST(what_failed_is_due_again)
{
    begin(&(struct due_setup){.retry_failed = true});
    on_record(A, FETCH_OUTCOME_TIMEOUT, 0, false);
    on_record(B, FETCH_OUTCOME_BLOCKED, 200, false);
    on_record(A, FETCH_OUTCOME_OK, 200, true);
    ck_assert_uint_eq(failed(), 1);
    ck_assert_int_eq(ask(A), DUE_THERE);
    ck_assert_int_eq(ask(A), DUE_YES);
    ck_assert_int_eq(ask(B), DUE_AGAIN);
    ck_assert_int_eq(ask(B), DUE_YES);
    due_free(due);
}
END_TEST

/* The account stood in the way, not the page: nobody has to ask for it. */
START_TEST(what_the_account_refused_is_due)
{
    begin(&(struct due_setup){.unique = false});
    on_record(A, FETCH_OUTCOME_ACCOUNT, 0, false);
    on_record(B, FETCH_OUTCOME_ACCOUNT, 0, false);
    on_record(B, FETCH_OUTCOME_TIMEOUT, 0, true);
    ck_assert_uint_eq(failed(), 1);
    ck_assert_int_eq(ask(A), DUE_AGAIN);
    ck_assert_int_eq(ask(A), DUE_YES);
    ck_assert_int_eq(ask(B), DUE_THERE);
    due_free(due);
}
END_TEST

START_TEST(what_is_final_is_not_due_again)
{
    begin(&(struct due_setup){.retry_failed = true});
    on_record(A, FETCH_OUTCOME_TARGET_ERROR, 404, false);
    on_record(B, FETCH_OUTCOME_TARGET_ERROR, 503, false);
    on_record("x", FETCH_OUTCOME_BAD_URL, 0, false);
    ck_assert_int_eq(ask(A), DUE_THERE);
    ck_assert_int_eq(ask(B), DUE_AGAIN);
    ck_assert_int_eq(ask("x"), DUE_THERE);
    ck_assert_uint_eq(failed(), 3);
    due_free(due);
}
END_TEST

START_TEST(unique_is_due_once)
{
    begin(&(struct due_setup){.unique = true});
    on_record(A, FETCH_OUTCOME_OK, 200, false);
    ck_assert_int_eq(ask(A), DUE_THERE);
    ck_assert_int_eq(ask(A), DUE_TWICE);
    ck_assert_int_eq(ask(B), DUE_YES);
    ck_assert_int_eq(ask(B), DUE_TWICE);
    due_free(due);
}
END_TEST

/* What stands under a name that was never put on record may be replaced, once. */
START_TEST(fresh_is_told_once)
{
    struct fetch_target target = FETCH_TARGET_INIT;
    struct due_said said;

    begin(&(struct due_setup){.fresh = true});
    on_record(A, FETCH_OUTCOME_OK, 200, false);
    target.url = A;
    ck_assert_int_eq(due_target(due, &target, &said), DUE_THERE);
    ck_assert_int_eq(due_target(due, &target, &said), DUE_YES);
    ck_assert(!said.fresh);
    target.url = B;
    ck_assert_int_eq(due_target(due, &target, &said), DUE_YES);
    ck_assert(said.fresh);
    ck_assert_int_eq(due_target(due, &target, &said), DUE_YES);
    ck_assert(!said.fresh);
    due_free(due);
}
END_TEST

/* The URL alone does not tell it: the identity is given, and known again. */
START_TEST(a_request_of_its_own_is_known_by_its_identity)
{
    const struct fetch_pair pair = {.name = "page", .value = "2"};
    struct fetch_target target = FETCH_TARGET_INIT;
    struct record_head head = {.url = A, .url_len = strlen(A)};
    struct due_said said, plain;

    begin(&(struct due_setup){.unique = false});
    target.url = A;
    ck_assert_int_eq(due_target(due, &target, &plain), DUE_YES);
    ck_assert_str_eq(plain.request, "");
    target.params = &pair;
    target.param_count = 1;
    ck_assert_int_eq(due_target(due, &target, &said), DUE_YES);
    ck_assert_uint_eq(strlen(said.request), IDENTITY_HEX - 1);
    head.request = said.request;
    ck_assert(due_on_record(&head, due));
    ck_assert_int_eq(ask(A), DUE_YES);
    ck_assert_int_eq(due_target(due, &target, &said), DUE_THERE);
    ck_assert_int_eq(due_broken(due, "no URL", 6, &said), DUE_YES);
    ck_assert_uint_eq(strlen(said.request), IDENTITY_HEX - 1);
    head = (struct record_head){
        .url = "no URL", .url_len = 6, .request = said.request, .outcome = FETCH_OUTCOME_BAD_URL};
    ck_assert(due_on_record(&head, due));
    ck_assert_int_eq(due_broken(due, "no URL", 6, &said), DUE_THERE);
    due_free(due);
}
END_TEST

START_TEST(the_last_run_counts)
{
    struct record_head head = {.url = A, .url_len = strlen(A), .run = "{\"a\":1}", .run_len = 7};

    begin(&(struct due_setup){.unique = false});
    ck_assert(due_on_record(&head, due));
    head.run = NULL;
    ck_assert(due_on_record(&head, due));
    ck_assert_str_eq(due_run(due), "{\"a\":1}");
    head.run = "{\"b\":22}";
    head.run_len = 8;
    ck_assert(due_on_record(&head, due));
    ck_assert_str_eq(due_run(due), "{\"b\":22}");
    due_free(due);
}
END_TEST

/* ---------------------------------------------------------------- recipe -- */

static char *recipe(int argc, const char *const *args)
{
    char *argv[16], error[OPTIONS_ERROR], *text;
    struct options o;

    for (int i = 0; i < argc; i++)
        argv[i] = strdup(args[i]);
    ck_assert_int_eq(options_parse(&o, argc, argv, error), OPTIONS_RUN);
    text = recipe_new(&o);
    ck_assert_ptr_nonnull(text);
    options_fini(&o);
    for (int i = 0; i < argc; i++)
        free(argv[i]);
    return text;
}
#define RECIPE(...)                                                                                \
    recipe(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *),                            \
           (const char *const[]){__VA_ARGS__})

static void differ(char *a, char *b, const char *wanted)
{
    char what[256];

    ck_assert_int_eq(recipe_equal(a, b, what, sizeof(what)), *wanted == '\0');
    ck_assert_str_eq(what, wanted);
    free(a);
    free(b);
}

START_TEST(what_changes_pages_is_named)
{
    differ(RECIPE("pfetch", A), RECIPE("pfetch", "-p", "proxiesapi", "-c", "7", B), "");
    differ(RECIPE("pfetch", "--timeout", "9", A), RECIPE("pfetch", "--min-bytes", "5", A), "");
    differ(RECIPE("pfetch", "--country", "de", A), RECIPE("pfetch", "--country", "fr", A),
           "--country");
    differ(RECIPE("pfetch", A), RECIPE("pfetch", "--render", "-p", "scrapingbee", A),
           "--profile, --render");
    differ(RECIPE("pfetch", "--sandbox", A), RECIPE("pfetch", A), "--sandbox");
    differ(RECIPE("pfetch", "--param", "a=1", "--param", "b=2", A),
           RECIPE("pfetch", "--param", "b=2", "--param", "a=1", A), "");
    differ(RECIPE("pfetch", "-H", "Cookie: a=1", A), RECIPE("pfetch", "-H", "cookie: a=2", A),
           "--header");
}
END_TEST

START_TEST(no_secret_is_in_it)
{
    char *text = RECIPE("pfetch", "--key", "s3cr3t-key", "--param", "token=s3cr3t", "-H",
                        "Authorization: s3cr3t", A);

    ck_assert_ptr_null(strstr(text, "s3cr3t"));
    free(text);
}
END_TEST

START_TEST(a_missing_profile_file_has_none)
{
    struct options o = {.fetch = FETCH_OPTIONS_INIT};

    o.fetch.profile_file = "there-is-no-such.profile";
    ck_assert_ptr_null(recipe_new(&o));
}
END_TEST

/* ------------------------------------------------------------------ lock -- */

/* In a child, since a process never refuses a lock to itself. */
START_TEST(one_process_holds_it)
{
    char name[] = "lock-XXXXXX", error[256];
    int fd = mkstemp(name), status;
    long holder = (long)getpid();
    pid_t child;

    ck_assert_int_ge(fd, 0);
    ck_assert(lock_take(fd, "pages", error, sizeof(error)));
    ck_assert(lock_take(fd, "pages", error, sizeof(error)));
    child = fork();
    if (child == 0) {
        char wanted[32];
        bool taken = lock_take(fd, "pages", error, sizeof(error));

        snprintf(wanted, sizeof(wanted), "process %ld:", holder);
        _exit(!taken && strstr(error, "pages") && strstr(error, wanted) ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    close(fd);
    unlink(name);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tool due");
    TCase *list = unit_case(suite, "due"), *recipes = unit_case(suite, "recipe");
    TCase *locks = unit_case(suite, "lock");

    tcase_add_test(list, a_fresh_run_is_due_whole);
    tcase_add_test(list, what_is_there_is_not_due);
    tcase_add_test(list, what_failed_is_due_again);
    tcase_add_test(list, what_the_account_refused_is_due);
    tcase_add_test(list, what_is_final_is_not_due_again);
    tcase_add_test(list, unique_is_due_once);
    tcase_add_test(list, fresh_is_told_once);
    tcase_add_test(list, a_request_of_its_own_is_known_by_its_identity);
    tcase_add_test(list, the_last_run_counts);
    tcase_add_test(recipes, what_changes_pages_is_named);
    tcase_add_test(recipes, no_secret_is_in_it);
    tcase_add_test(recipes, a_missing_profile_file_has_none);
    tcase_add_test(locks, one_process_holds_it);
    return unit_run(suite);
}
