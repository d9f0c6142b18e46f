/* Options in a profile's words: pairs, placeholders, and what is refused. */
#include "unit/profiles.h"

#include <stdio.h>

#include "endpoint/spell.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* A profile with these lines more. */
static struct pf_profile *own(bool json, const char *lines)
{
    struct fetch_failure failure = {FETCH_OK, ""};
    struct pf_profile *p;
    char text[1000];

    (void)snprintf(text, sizeof text,
                   "name = own\nkey = basic\ntarget = %s url\ntimeout = 9\nrule = * -> page\n%s",
                   json ? "json" : "query", lines);
    p = profile_of(text, &failure);
    ck_assert_msg(p != NULL, "%s", failure.message);
    return p;
}

/* Pairs as "name=value name=value". */
static void check_pairs(const struct pf_buf *pairs, const char *expected)
{
    char text[1000] = "";
    struct fetch_pair pair;
    size_t at = 0, n = 0;

    while (pf_pairs_next(pairs, &at, &pair))
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s=%s", n ? " " : "", pair.name,
                              pair.value);
    ck_assert_str_eq(text, expected);
    ck_assert_uint_eq(at, pairs->len);
}

static void check_spelled(const struct pf_profile *p, const struct fetch_options *o,
                          const char *expected)
{
    struct fetch_failure failure = {FETCH_OK, ""};
    struct pf_buf pairs;

    pf_buf_init(&pairs, 1000);
    ck_assert_msg(pf_spell_options(&pairs, p, o, &failure) == FETCH_OK, "%s", failure.message);
    check_pairs(&pairs, expected);
    pf_buf_fini(&pairs);
}

static void check_refused(const struct pf_profile *p, const struct fetch_options *o,
                          enum fetch_error error, const char *part)
{
    struct fetch_failure failure = {FETCH_OK, ""};
    struct pf_buf pairs;

    pf_buf_init(&pairs, 1000);
    ck_assert_msg(pf_spell_options(&pairs, p, o, &failure) == error, "%s", part);
    ck_assert_int_eq(failure.error, error);
    ck_assert_msg(strstr(failure.message, part) != NULL, "\"%s\" without \"%s\"", failure.message,
                  part);
    pf_buf_fini(&pairs);
}

/* ----------------------------------------------------------------- pairs -- */

START_TEST(pairs_come_back)
{
    struct pf_buf pairs;

    pf_buf_init(&pairs, 1000);
    check_pairs(&pairs, "");
    ck_assert(!pf_pairs_have(&pairs, "a"));
    ck_assert_int_eq(pf_pairs_add(&pairs, "a", "1"), FETCH_OK);
    ck_assert_int_eq(pf_pairs_add(&pairs, "b", ""), FETCH_OK);
    ck_assert_int_eq(pf_pairs_add(&pairs, "", ""), FETCH_OK);
    ck_assert_int_eq(pf_pairs_add(&pairs, "a", "2"), FETCH_OK);
    check_pairs(&pairs, "a=1 b= = a=2");
    ck_assert(pf_pairs_have(&pairs, "a") && pf_pairs_have(&pairs, "b"));
    ck_assert(!pf_pairs_have(&pairs, "1") && !pf_pairs_have(&pairs, "A"));
    pf_buf_fini(&pairs);
    pf_buf_init(&pairs, 4);
    ck_assert_int_eq(pf_pairs_add(&pairs, "name", "value"), FETCH_E_TOO_LARGE);
    pf_buf_fini(&pairs);
}
END_TEST

START_TEST(placeholders)
{
    static const char *const cases[][3] = {
        {"", "v", ""},
        {"plain", "v", "plain"},
        {"{}", "v", "v"},
        {"{}{}", "v", "vv"},
        {"a{}b{}", "", "ab"},
        {"{upper}-{lower}-{}", "aZ1\xc3\xa4-\xc3\x84",
         "AZ1\xc3\xa4-\xc3\x84-az1\xc3\xa4-\xc3\x84-"
         "aZ1\xc3\xa4-\xc3\x84"},
        {"{upper}", "`az{@AZ[", "`AZ{@AZ["},
        {"{lower}", "`az{@AZ[", "`az{@az["},
        {"{", "v", "{"},
        {"}{", "v", "}{"},
        {"{ }", "v", "{ }"},
        {"{Upper}{uppe}{upper", "v", "{Upper}{uppe}{upper"},
        {"{{}}", "{}", "{{}}"}, /* what was put in is not looked at again */
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct pf_buf out;

        pf_buf_init(&out, 1000);
        ck_assert_int_eq(pf_spell_value(&out, cases[i][0], cases[i][1]), FETCH_OK);
        ck_assert_int_eq(pf_buf_terminate(&out), FETCH_OK);
        ck_assert_str_eq(out.data, cases[i][2]);
        pf_buf_fini(&out);
    }
}
END_TEST

/* --------------------------------------------------------------- options -- */

#define WORDS                                                                                      \
    "fixed = f=true g=\"x y\"\nrender = r=1 rr=2\nrender_off = r=0\npremium = p=1\n"               \
    "premium_off = p=0\ncountry = c={upper} cc={lower}\nsession = s.id=n-{}\ndevice = d={}\n"      \
    "headers = %s\nheaders_on = h=1\n"

START_TEST(in_their_order)
{
    static const struct fetch_pair header = {"a", "b"};
    struct fetch_options o = FETCH_OPTIONS_INIT;
    char words[400];

    for (int json = 0; json < 2; json++) {
        struct pf_profile *p;

        (void)snprintf(words, sizeof words, WORDS, json ? "json hh" : "plain");
        p = own(json, words);
        o = (struct fetch_options)FETCH_OPTIONS_INIT;
        check_spelled(p, &o, json ? "f=true g=\"x y\" r=0 p=0" : "f=true g=x y r=0 p=0");
        o.device = "mobile";
        o.session = "7";
        o.country = "dE";
        o.premium = o.render = 1;
        o.headers = &header; /* these are the template's to spell */
        o.header_count = 1;
        check_spelled(p, &o,
                      json ? "f=true g=\"x y\" r=1 rr=2 p=1 c=\"DE\" cc=\"de\" s.id=\"n-7\" "
                             "d=\"mobile\""
                           : "f=true g=x y r=1 rr=2 p=1 c=DE cc=de s.id=n-7 d=mobile");
        pf_profile_free(p);
    }
}
END_TEST

START_TEST(what_has_no_spelling)
{
    static const char *const names[] = {"render", "premium", "country", "session", "device"};
    struct pf_profile *p = own(false, "");

    for (int i = 0; i < 5; i++) {
        struct fetch_options o = FETCH_OPTIONS_INIT;

        o.render = i == 0;
        o.premium = i == 1;
        o.country = i == 2 ? "de" : NULL;
        o.session = i == 3 ? "1" : NULL;
        o.device = i == 4 ? "mobile" : NULL;
        check_refused(p, &o, FETCH_E_UNSUPPORTED, names[i]);
        check_refused(p, &o, FETCH_E_UNSUPPORTED, "the profile own ");
    }
    pf_profile_free(p);
}
END_TEST

START_TEST(values_that_a_provider_does_not_take)
{
    static const char *const devices[] = {"", "Mobile", "tablet", "mobile "};
    static const char *const numbers[] = {"",   "4",   "101", "-5",
                                          "5x", "5.0", " 5",  "99999999999999999999"};
    struct pf_profile *p =
        own(false, "country = c={}\ncountry_needs_premium = yes\npremium = p=1\ndevice = d={}\n"
                   "session = s={}\nsession_values = number 5 100\n");
    struct fetch_options o = FETCH_OPTIONS_INIT;

    for (size_t i = 0; i < COUNT(devices); i++) {
        o.device = devices[i];
        check_refused(p, &o, FETCH_E_INVALID, "desktop or mobile");
    }
    o.device = "desktop";
    for (size_t i = 0; i < COUNT(numbers); i++) {
        o.session = numbers[i];
        check_refused(p, &o, FETCH_E_INVALID, "from 5 to 100");
    }
    o.session = "5";
    check_spelled(p, &o, "s=5 d=desktop");
    o.session = "100";
    o.device = NULL;
    check_spelled(p, &o, "s=100");
    o.session = NULL;
    o.country = "de";
    check_refused(p, &o, FETCH_E_INVALID, "ask for both");
    o.premium = 1;
    check_spelled(p, &o, "p=1 c=de");
    pf_profile_free(p);
}
END_TEST

/* ------------------------------------------------------------------ JSON -- */

/* What a profile says is what it looks like; what a user says of an option is a string. */
START_TEST(values_in_json)
{
    struct pf_profile *p =
        own(true, "fixed = a=1 b=true c=null d=text e= f=[1,2] g=1x h=-0.5e3\n"
                  "render = r=1\nrender_off = i=[1 j=\\\nsession = s={}\ncountry = c={}\n");
    struct fetch_options o = FETCH_OPTIONS_INIT;

    o.session = "12";
    o.country = "q\"\\\x01";
    check_spelled(p, &o,
                  "a=1 b=true c=null d=\"text\" e=\"\" f=[1,2] g=\"1x\" h=-0.5e3 i=\"[1\" "
                  "j=\"\\\\\" c=\"q\\\"\\\\\\u0001\" s=\"12\"");
    o.country = "\xff";
    check_refused(p, &o, FETCH_E_INVALID, "country is not UTF-8");
    o.country = NULL;
    o.session = "a\xc3";
    check_refused(p, &o, FETCH_E_INVALID, "session is not UTF-8");
    pf_profile_free(p);
    p = own(false, "country = c={}\n");
    o.session = NULL;
    o.country = "\xff";
    check_spelled(p, &o, "c=\xff"); /* a query can carry it */
    pf_profile_free(p);
}
END_TEST

START_TEST(parameters_of_the_user_s)
{
    static const char *const cases[][3] = {
        {"5", "5", "5"},
        {"true", "true", "true"},
        {"text", "text", "\"text\""},
        {"", "", "\"\""},
        {"{\"a\": [1]}", "{\"a\": [1]}", "{\"a\": [1]}"},
        {"{\"a\"", "{\"a\"", "\"{\\\"a\\\"\""},
        {"\"5\"", "\"5\"", "\"5\""},
    };
    struct pf_profile *query = own(false, ""), *json = own(true, "");

    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct fetch_pair param = {"n", cases[i][0]};
        struct pf_buf pairs;
        char expected[100];

        for (int k = 0; k < 2; k++) {
            pf_buf_init(&pairs, 1000);
            ck_assert_int_eq(pf_spell_param(&pairs, k ? json : query, &param), FETCH_OK);
            (void)snprintf(expected, sizeof expected, "n=%s", cases[i][1 + k]);
            check_pairs(&pairs, expected);
            pf_buf_fini(&pairs);
        }
    }
    pf_profile_free(query);
    pf_profile_free(json);
}
END_TEST

/* Whatever the room, it is an error and never more than that. */
START_TEST(without_room)
{
    char words[400];
    struct fetch_options o = FETCH_OPTIONS_INIT;
    struct pf_profile *p;

    (void)snprintf(words, sizeof words, WORDS, "json hh");
    p = own(true, words);
    o.session = "7";
    o.country = "de";
    for (size_t max = 0; max < 200; max++) {
        struct fetch_failure failure = {FETCH_OK, ""};
        struct pf_buf pairs;
        enum fetch_error e;

        pf_buf_init(&pairs, max);
        e = pf_spell_options(&pairs, p, &o, &failure);
        ck_assert(e == FETCH_E_TOO_LARGE || (e == FETCH_OK && max > 50));
        ck_assert_uint_le(pairs.len, max);
        pf_buf_fini(&pairs);
    }
    pf_profile_free(p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("spell");
    TCase *tc = unit_case(suite, "pairs");

    tcase_add_test(tc, pairs_come_back);
    tcase_add_test(tc, placeholders);
    tc = unit_case(suite, "options");
    tcase_add_test(tc, in_their_order);
    tcase_add_test(tc, what_has_no_spelling);
    tcase_add_test(tc, values_that_a_provider_does_not_take);
    tcase_add_test(tc, values_in_json);
    tcase_add_test(tc, parameters_of_the_user_s);
    tcase_add_test(tc, without_room);
    return unit_run(suite);
}
