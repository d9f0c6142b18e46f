/*
 * Profiles for tests.  What is loaded stays until the test's process ends.
 */
#ifndef PF_TESTS_PROFILES_H
#define PF_TESTS_PROFILES_H

#include "unit/unit.h"

#include "endpoint/profile.h"
#include "endpoint/profile_text.h"

/* The built-in profile of that name; NULL: the default. */
static inline struct pf_profile *profile_named(const char *name)
{
    struct fetch_failure failure = {FETCH_OK, ""};
    struct pf_profile *p = NULL;

    ck_assert_msg(pf_profile_load(&p, name, NULL, &failure) == FETCH_OK, "%s", failure.message);
    return p;
}

/* A profile of this text, or NULL with *failure filled in. */
static inline struct pf_profile *profile_of(const char *text, struct fetch_failure *failure)
{
    struct pf_profile *p = NULL;
    enum fetch_error e = pf_profile_parse(&p, text, strlen(text), "test.profile", failure);

    ck_assert_int_eq(e == FETCH_OK, p != NULL);
    if (!p) {
        ck_assert_int_eq(failure->error, e);
        ck_assert_uint_gt(strlen(failure->message), 0);
    }
    return p;
}

#endif
