/*
 * Templates of the default profile for tests, with the key "demo" and nothing from the
 * environment.
 */
#ifndef PF_TESTS_TEMPLATES_H
#define PF_TESTS_TEMPLATES_H

#include "unit/profiles.h"

#include "endpoint/template.h"

#define TARGET "https://example.com/"
#define ENCODED "https%3A%2F%2Fexample.com%2F"

static const struct pf_extras none = {.params = NULL};

/* Loaded once, and kept until the process ends. */
static inline struct pf_profile *default_profile(void)
{
    static struct pf_profile *profile;

    if (!profile)
        profile = profile_named(NULL);
    return profile;
}

static inline void forget_environment(void)
{
    unsetenv("PROXIESAPI_KEY");
    unsetenv("PFETCH_KEY");
    unsetenv("PFETCH_ENDPOINT");
}

static inline struct fetch_options with_key(void)
{
    struct fetch_options o = FETCH_OPTIONS_INIT;

    forget_environment();
    o.key = "demo";
    return o;
}

static inline struct pf_template *made(const struct fetch_options *o)
{
    struct fetch_failure failure = {FETCH_OK, ""};
    struct pf_template *t = NULL;

    ck_assert_msg(pf_template_new(&t, default_profile(), o, &failure) == FETCH_OK, "%s",
                  failure.message);
    ck_assert_ptr_nonnull(t);
    return t;
}

static inline void check_refused_by(const struct pf_profile *profile, const struct fetch_options *o,
                                    enum fetch_error error, const char *part)
{
    struct fetch_failure failure = {FETCH_OK, ""};
    struct pf_template *t = (struct pf_template *)&failure;

    ck_assert_msg(pf_template_new(&t, profile, o, &failure) == error, "%s", part);
    ck_assert_ptr_null(t);
    ck_assert_int_eq(failure.error, error);
    ck_assert_msg(strstr(failure.message, part) != NULL, "\"%s\" without \"%s\"", failure.message,
                  part);
    ck_assert_ptr_null(strstr(failure.message, "demo")); /* the key is told to nobody */
}

static inline void check_refused(const struct fetch_options *o, enum fetch_error error,
                                 const char *part)
{
    check_refused_by(default_profile(), o, error, part);
}

static inline void check_path(struct pf_template *t, const struct pf_extras *extras,
                              const char *url, const char *expected)
{
    struct pf_request r;

    memset(&r, 0xaa, sizeof r);
    ck_assert_int_eq(pf_template_request(t, url, strlen(url), extras, &r), FETCH_OK);
    ck_assert_msg(r.path_len == strlen(expected) && memcmp(r.path, expected, r.path_len) == 0,
                  "\"%.*s\" not \"%s\"", (int)r.path_len, r.path, expected);
    ck_assert_str_eq(r.method, "GET");
}

static inline void check_path_of(const struct fetch_options *o, const char *expected)
{
    struct pf_template *t = made(o);

    check_path(t, &none, TARGET, expected);
    pf_template_free(t);
}

#endif
