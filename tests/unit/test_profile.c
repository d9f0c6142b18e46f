/* The providers' ways of saying things, and what their statuses mean. */
#include "unit/unit.h"

#include "endpoint/profile.h"

START_TEST(profiles_are_found_by_name)
{
    const struct pf_profile *p = pf_profile_find("proxiesapi");

    ck_assert_ptr_nonnull(p);
    ck_assert_ptr_eq(pf_profile_find(NULL), p); /* the default */
    ck_assert_ptr_null(pf_profile_find(""));
    ck_assert_ptr_null(pf_profile_find("ProxiesAPI"));
    ck_assert_ptr_null(pf_profile_find("proxiesapi2"));
    ck_assert_ptr_null(pf_profile_find("no such"));
}
END_TEST

START_TEST(proxiesapi_in_its_own_words)
{
    const struct pf_profile *p = pf_profile_find("proxiesapi");

    ck_assert_str_eq(p->name, "proxiesapi");
    ck_assert_str_eq(p->endpoint, "http://api.proxiesapi.com/");
    ck_assert_str_eq(p->key_variable, "PROXIESAPI_KEY");
    ck_assert_str_eq(p->key_param, "auth_key");
    ck_assert_str_eq(p->url_param, "url");
    ck_assert_str_eq(p->render.name, "render");
    ck_assert_str_eq(p->render.value, "true");
    ck_assert_str_eq(p->forward_headers.name, "use_headers");
    ck_assert_str_eq(p->forward_headers.value, "true");
    ck_assert_str_eq(p->session_param, "session");
    ck_assert_ptr_null(p->country_param);
    ck_assert_ptr_null(p->premium.name);
    ck_assert_uint_ge(p->timeout_ms, 60000); /* a call may take that long */
}
END_TEST

START_TEST(every_status_means_something)
{
    static const struct pf_status_rule expected[] = {
        {100, 199, PF_MEANS_TRANSIENT}, {200, 299, PF_MEANS_PAGE},
        {300, 399, PF_MEANS_REDIRECT},  {400, 400, PF_MEANS_REFUSED},
        {401, 402, PF_MEANS_ACCOUNT},   {403, 407, PF_MEANS_TARGET},
        {408, 408, PF_MEANS_TRANSIENT}, {409, 428, PF_MEANS_TARGET},
        {429, 429, PF_MEANS_THROTTLED}, {430, 499, PF_MEANS_TARGET},
        {500, 999, PF_MEANS_TRANSIENT},
    };
    const struct pf_profile *p = pf_profile_find("proxiesapi");
    int status = 100;

    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        ck_assert_int_eq(status, expected[i].from); /* none is left out */
        for (; status <= expected[i].to; status++)
            ck_assert_msg(pf_profile_meaning(p, status) == expected[i].meaning, "%d", status);
    }
    ck_assert_int_eq(status, 1000);
}
END_TEST

START_TEST(the_first_rule_wins)
{
    static const struct pf_status_rule rules[] = {
        {200, 200, PF_MEANS_THROTTLED}, {200, 299, PF_MEANS_PAGE}, {0, 0, PF_MEANS_REFUSED}};
    static const struct pf_status_rule none[] = {{0, 0, PF_MEANS_PAGE}};
    struct pf_profile p = {.name = "other", .rules = rules};

    ck_assert_int_eq(pf_profile_meaning(&p, 200), PF_MEANS_THROTTLED);
    ck_assert_int_eq(pf_profile_meaning(&p, 201), PF_MEANS_PAGE);
    ck_assert_int_eq(pf_profile_meaning(&p, 300), PF_MEANS_TRANSIENT);
    p.rules = none;
    ck_assert_int_eq(pf_profile_meaning(&p, 200), PF_MEANS_TRANSIENT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("profile");
    TCase *tc = unit_case(suite, "profile");

    tcase_add_test(tc, profiles_are_found_by_name);
    tcase_add_test(tc, proxiesapi_in_its_own_words);
    tcase_add_test(tc, every_status_means_something);
    tcase_add_test(tc, the_first_rule_wins);
    return unit_run(suite);
}
