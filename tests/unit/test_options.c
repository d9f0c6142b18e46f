/* A client's options: structs of other sizes than ours, defaults, ranges. */
#include "unit/profiles.h"

#include <limits.h>
#include <stddef.h>

#include "base/limits.h"
#include "engine/options.h"

static enum fetch_error read_options(struct fetch_options *out, const struct fetch_options *in,
                                     struct fetch_failure *failure)
{
    struct pf_profile *profile = NULL;
    enum fetch_error e;

    memset(failure, 0, sizeof *failure);
    memset(out, 0xaa, sizeof *out);
    e = pf_options_read(out, in, &profile, failure);
    ck_assert_int_eq(failure->error, e);
    ck_assert_msg((e == FETCH_OK) == (failure->message[0] == '\0'), "\"%s\"", failure->message);
    ck_assert_int_eq(profile != NULL, e == FETCH_OK);
    pf_profile_free(profile);
    return e;
}

static void check_defaults(const struct fetch_options *o)
{
    ck_assert_uint_eq(o->concurrency, 0); /* found by itself */
    ck_assert_uint_eq(o->connections, 20000);
    ck_assert_uint_eq(o->timeout_ms, 120000);
    ck_assert_uint_eq(o->connect_timeout_ms, 10000);
    ck_assert_uint_eq(o->deadline_ms, 0);
    ck_assert_int_eq(o->retries, 3);
    ck_assert_uint_eq(o->max_body, 64u << 20);
    ck_assert_int_eq(o->redirects, 5);
    ck_assert_ptr_null(o->key);
    ck_assert_ptr_null(o->endpoint);
}

START_TEST(defaults)
{
    struct fetch_options in = FETCH_OPTIONS_INIT, out;
    struct fetch_failure failure;

    ck_assert_int_eq(read_options(&out, NULL, &failure), FETCH_OK);
    check_defaults(&out);
    ck_assert_int_eq(read_options(&out, &in, &failure), FETCH_OK);
    check_defaults(&out);
    in.profile = "proxiesapi";
    ck_assert_int_eq(read_options(&out, &in, &failure), FETCH_OK);
}
END_TEST

START_TEST(values_are_taken)
{
    static const char *const resolve[] = {"example.com:80:127.0.0.1"};
    struct fetch_options in = FETCH_OPTIONS_INIT, out;
    struct fetch_failure failure;

    in.key = "demo";
    in.concurrency = 1;
    in.connections = 2;
    in.timeout_ms = 3;
    in.connect_timeout_ms = 4;
    in.deadline_ms = 5;
    in.retries = 0;
    in.max_body = 7;
    in.redirects = 0;
    in.render = 1;
    in.resolve = resolve;
    in.resolve_count = 1;
    ck_assert_int_eq(read_options(&out, &in, &failure), FETCH_OK);
    ck_assert_ptr_eq(out.key, in.key);
    ck_assert_uint_eq(out.concurrency, 1);
    ck_assert_uint_eq(out.connections, 2);
    ck_assert_uint_eq(out.timeout_ms, 3);
    ck_assert_uint_eq(out.connect_timeout_ms, 4);
    ck_assert_uint_eq(out.deadline_ms, 5);
    ck_assert_int_eq(out.retries, 0);
    ck_assert_uint_eq(out.max_body, 7);
    ck_assert_int_eq(out.redirects, 0);
    ck_assert_int_eq(out.render, 1);
    ck_assert_ptr_eq(out.resolve, resolve);
}
END_TEST

static void check_refused(const struct fetch_options *in, const char *part)
{
    struct fetch_failure failure;
    struct fetch_options out;

    ck_assert_msg(read_options(&out, in, &failure) == FETCH_E_INVALID, "%s", part);
    ck_assert_msg(strstr(failure.message, part) != NULL, "\"%s\" without \"%s\"", failure.message,
                  part);
}

static void check_taken(const struct fetch_options *in)
{
    struct fetch_failure failure;
    struct fetch_options out;

    ck_assert_msg(read_options(&out, in, &failure) == FETCH_OK, "%s", failure.message);
}

/* Sets one field to the greatest value, then to one more. */
#define CHECK_RANGE(field, most, beyond)                                                           \
    do {                                                                                           \
        struct fetch_options in = FETCH_OPTIONS_INIT;                                              \
        in.field = (most);                                                                         \
        check_taken(&in);                                                                          \
        in.field = (beyond);                                                                       \
        check_refused(&in, #field);                                                                \
    } while (0)

START_TEST(ranges)
{
    CHECK_RANGE(concurrency, 1000000, 1000001);
    CHECK_RANGE(concurrency, 1, UINT_MAX);
    CHECK_RANGE(connections, 20000, 20001);
    CHECK_RANGE(timeout_ms, PF_MAX_TIMEOUT_MS, PF_MAX_TIMEOUT_MS + 1);
    CHECK_RANGE(connect_timeout_ms, PF_MAX_TIMEOUT_MS, PF_MAX_TIMEOUT_MS + 1);
    CHECK_RANGE(deadline_ms, PF_MAX_TIMEOUT_MS, PF_MAX_TIMEOUT_MS + 1);
    CHECK_RANGE(retries, 100, 101);
    CHECK_RANGE(retries, 0, -2);
    CHECK_RANGE(redirects, 20, 21);
    CHECK_RANGE(redirects, 0, INT_MIN);
    CHECK_RANGE(max_body, SIZE_MAX / 8, SIZE_MAX);
}
END_TEST

START_TEST(overrides_are_checked)
{
    static const char *const good[] = {"example.com:80:127.0.0.1", "example.com:443:[::1]"};
    static const char *const bad[] = {"example.com",
                                      "example.com:80",
                                      "example.com:0:127.0.0.1",
                                      "example.com:80:no-address",
                                      "example.com:65536:127.0.0.1",
                                      ":80:127.0.0.1",
                                      ""};
    struct fetch_options in = FETCH_OPTIONS_INIT;
    const char *list[2];

    in.resolve = good;
    in.resolve_count = 2;
    check_taken(&in);
    in.resolve = list;
    list[0] = good[0];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        list[1] = bad[i];
        check_refused(&in, "HOST:PORT:ADDRESS");
    }
    list[1] = NULL;
    check_refused(&in, "HOST:PORT:ADDRESS");
}
END_TEST

START_TEST(profiles_are_named)
{
    struct fetch_options in = FETCH_OPTIONS_INIT;
    char name[1000];

    in.profile = "nobody";
    check_refused(&in, "\"nobody\"");
    check_refused(&in, "proxiesapi"); /* what there is */
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    in.profile = name;
    check_refused(&in, "xxx");
}
END_TEST

/* A program that was compiled with fewer fields: what it does not have is zero, and not read. */
START_TEST(a_smaller_struct)
{
    size_t n = offsetof(struct fetch_options, max_body);
    struct fetch_options full = FETCH_OPTIONS_INIT, out;
    struct unit_guard g = {0};
    struct fetch_failure failure;
    struct fetch_options *in;

    full.size = n;
    full.concurrency = 7;
    full.deadline_ms = 8;
    full.max_body = 99;
    in = (struct fetch_options *)(void *)unit_guard_room(&g, n);
    memcpy(in, &full, n);
    ck_assert_int_eq(read_options(&out, in, &failure), FETCH_OK);
    ck_assert_uint_eq(out.concurrency, 7);
    ck_assert_uint_eq(out.deadline_ms, 8);
    ck_assert_uint_eq(out.max_body, PF_DEFAULT_MAX_BODY);
    ck_assert_ptr_null(out.ca_file);
    ck_assert_uint_eq(out.resolve_count, 0);
    ck_assert(out.on_log == NULL);
    unit_guard_fini(&g);
}
END_TEST

/* One with more: what we do not know is not looked at. */
START_TEST(a_larger_struct)
{
    struct {
        struct fetch_options known;
        char more[200];
    } in = {.known = FETCH_OPTIONS_INIT};
    struct fetch_failure failure;
    struct fetch_options out;

    memset(in.more, 0xff, sizeof in.more);
    in.known.size = sizeof in;
    in.known.concurrency = 7;
    in.known.log_arg = &in;
    ck_assert_int_eq(read_options(&out, &in.known, &failure), FETCH_OK);
    ck_assert_uint_eq(out.concurrency, 7);
    ck_assert_ptr_eq(out.log_arg, &in);
}
END_TEST

START_TEST(a_size_that_cannot_be)
{
    static const size_t sizes[] = {0, 1, sizeof(size_t) - 1, 65537, SIZE_MAX};
    struct fetch_options in = FETCH_OPTIONS_INIT;

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        in.size = sizes[i];
        check_refused(&in, "FETCH_OPTIONS_INIT");
    }
}
END_TEST

START_TEST(adopts_any_struct)
{
    struct small {
        size_t size;
        int a;
    } small = {sizeof small, 1};
    struct large {
        size_t size;
        int a, b;
        void *c;
    } large, more = {sizeof more, 2, 3, &large};
    struct small back;

    memset(&large, 0xff, sizeof large);
    ck_assert(pf_options_adopt(&large, sizeof large, &small, offsetof(struct small, a) + 4));
    ck_assert_int_eq(large.a, 1);
    ck_assert_int_eq(large.b, 0);
    ck_assert_ptr_null(large.c);
    ck_assert(pf_options_adopt(&back, sizeof back, &more, sizeof more));
    ck_assert_int_eq(back.a, 2);
    ck_assert(!pf_options_adopt(&back, sizeof back, &more, sizeof(size_t) - 1));
}
END_TEST

START_TEST(the_variable_of_the_key)
{
    char name[FETCH_VARIABLE_BYTES] = "before";
    struct fetch_options o = FETCH_OPTIONS_INIT;
    struct fetch_failure failure;

    ck_assert_int_eq(fetch_key_variable(name, NULL, &failure), FETCH_OK);
    ck_assert_str_eq(name, "PROXIESAPI_KEY");
    o.profile = "zyte";
    ck_assert_int_eq(fetch_key_variable(name, &o, NULL), FETCH_OK);
    ck_assert_str_eq(name, "ZYTE_KEY");
    o.profile = "generic";
    ck_assert_int_eq(fetch_key_variable(name, &o, &failure), FETCH_OK);
    ck_assert_str_eq(name, "");
    o.profile = "none";
    strcpy(name, "before");
    ck_assert_int_eq(fetch_key_variable(name, &o, &failure), FETCH_E_INVALID);
    ck_assert_str_eq(name, "");
    ck_assert_ptr_nonnull(strstr(failure.message, "none"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("options");
    TCase *tc = unit_case(suite, "values");

    tcase_add_test(tc, defaults);
    tcase_add_test(tc, values_are_taken);
    tcase_add_test(tc, ranges);
    tcase_add_test(tc, overrides_are_checked);
    tcase_add_test(tc, profiles_are_named);
    tcase_add_test(tc, the_variable_of_the_key);
    tc = unit_case(suite, "sizes");
    tcase_add_test(tc, a_smaller_struct);
    tcase_add_test(tc, a_larger_struct);
    tcase_add_test(tc, a_size_that_cannot_be);
    tcase_add_test(tc, adopts_any_struct);
    return unit_run(suite);
}
