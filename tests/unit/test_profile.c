/* Profiles: the built-in ones, and a user's own. */
#include "unit/profiles.h"

#include <stdio.h>

START_TEST(profiles_are_found_by_name)
{
    static const char *const wrong[] = {"ProxiesAPI", "proxiesapi2", "no such"};
    struct fetch_failure failure;
    struct pf_profile *p = profile_named(NULL);

    ck_assert_str_eq(p->name, "proxiesapi"); /* the default */
    pf_profile_free(p);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ck_assert_int_eq(pf_profile_load(&p, wrong[i], NULL, &failure), FETCH_E_INVALID);
        ck_assert_ptr_null(p);
        ck_assert_ptr_nonnull(strstr(failure.message, "scraperapi"));
    }
    ck_assert_ptr_null(fetch_profile_text("no such"));
    ck_assert_ptr_null(fetch_profile_text(NULL));
}
END_TEST

/* What every one of them must have; and its text is what a user's file may be. */
START_TEST(every_built_in_profile_is_sound)
{
    static const char *const wanted[] = {
        "proxiesapi",  "scraperapi",  "scrapingbee", "scrapingant", "crawlbase",
        "zenrows",     "scrapingdog", "scrapedo",    "scrapfly",    "webscrapingapi",
        "scrapestack", "zyte",        "generic",
    };
    const char *const *names = fetch_profile_names();
    struct fetch_failure failure;
    size_t n = 0;

    for (; names[n]; n++) {
        struct pf_profile *p = profile_named(names[n]);
        struct pf_profile *again = profile_of(fetch_profile_text(names[n]), &failure);

        ck_assert_str_eq(p->name, names[n]);
        ck_assert_ptr_nonnull(p->target);
        ck_assert_uint_ge(p->timeout_ms, 60000); /* it outlasts the provider's own retries */
        ck_assert_int_eq(p->endpoint == NULL, strcmp(names[n], "generic") == 0);
        ck_assert_uint_gt(p->rule_count, 4);
        ck_assert_int_eq(p->rule[p->rule_count - 1].status.from, 0); /* nothing is left open */
        ck_assert_uint_eq(again->rule_count, p->rule_count);
        pf_profile_free(p);
        pf_profile_free(again);
    }
    ck_assert_uint_eq(n, sizeof wanted / sizeof *wanted);
    for (size_t i = 0; i < n; i++)
        ck_assert_ptr_nonnull(fetch_profile_text(wanted[i]));
}
END_TEST

#define SOUND                                                                                      \
    "name = mine\nendpoint = https://api.example.com/\nkey = query k\ntarget = query u\n"          \
    "timeout = 60\nrule = 200-299 -> page\nrule = * -> transient\n"

START_TEST(a_profile_of_one_s_own)
{
    struct fetch_failure failure;
    struct pf_profile *p = profile_of("\n# mine\n" SOUND, &failure);

    ck_assert_msg(p != NULL, "%s", failure.message);
    ck_assert_str_eq(p->name, "mine");
    ck_assert_str_eq(p->key_name, "k");
    ck_assert_str_eq(p->target, "u");
    ck_assert_uint_eq(p->timeout_ms, 60000);
    ck_assert_uint_eq(p->rule_count, 2);
    pf_profile_free(p);
}
END_TEST

START_TEST(files_are_read)
{
    char path[] = "/tmp/pfetch-profile-XXXXXX";
    int fd = mkstemp(path);
    struct fetch_failure failure;
    struct pf_profile *p;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, SOUND, sizeof SOUND - 1), (int)(sizeof SOUND - 1));
    ck_assert_int_eq(pf_profile_load(&p, NULL, path, &failure), FETCH_OK);
    pf_profile_free(p);
    ck_assert_int_eq(pf_profile_load(&p, "mine", path, &failure), FETCH_OK);
    pf_profile_free(p);
    ck_assert_int_eq(pf_profile_load(&p, "zyte", path, &failure), FETCH_E_INVALID);
    ck_assert_ptr_nonnull(strstr(failure.message, "mine"));
    ck_assert_int_eq(ftruncate(fd, 1 << 24), 0);
    ck_assert_int_eq(pf_profile_load(&p, NULL, path, &failure), FETCH_E_PROFILE);
    ck_assert_int_eq(close(fd), 0);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(pf_profile_load(&p, NULL, path, &failure), FETCH_E_PROFILE);
    ck_assert_ptr_nonnull(strstr(failure.message, path));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("profile");
    TCase *tc = unit_case(suite, "profile");

    tcase_add_test(tc, profiles_are_found_by_name);
    tcase_add_test(tc, every_built_in_profile_is_sound);
    tcase_add_test(tc, a_profile_of_one_s_own);
    tcase_add_test(tc, files_are_read);
    return unit_run(suite);
}
