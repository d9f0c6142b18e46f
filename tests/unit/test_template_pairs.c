/* What is refused before anything is sent; header fields, the client's and a target's own. */
#include "unit/templates.h"

#include <stdio.h>

#include "base/limits.h"
#include "protocol/decode.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* -------------------------------------------------------------- refusals -- */

START_TEST(bad_keys_are_refused)
{
    static const char *const keys[] = {"demo demo", "demo\r\n", "demo\t", "\x7f", " demo"};
    struct fetch_options o = with_key();
    char text[1100];

    for (size_t i = 0; i < COUNT(keys); i++) {
        o.key = keys[i];
        check_refused(&o, FETCH_E_INVALID, "the key ");
    }
    memset(text, 'x', sizeof text);
    text[1025] = '\0';
    o.key = text;
    check_refused(&o, FETCH_E_INVALID, "1,024");
    text[1024] = '\0';
    pf_template_free(made(&o));
    o.key = "demo";
    o.key_param = "";
    check_refused(&o, FETCH_E_INVALID, "parameter name");
    o.key_param = text;
    check_refused(&o, FETCH_E_INVALID, "parameter name");
}
END_TEST

START_TEST(what_a_profile_cannot_say_is_refused)
{
    static const struct fetch_pair header = {"cookie", "a=b"};
    struct pf_profile bare = *default_profile();
    struct fetch_options o = with_key();

    o.country = "de";
    check_refused(&o, FETCH_E_UNSUPPORTED, "country");
    check_refused(&o, FETCH_E_UNSUPPORTED, "proxiesapi");
    o.country = NULL;
    o.premium = 1;
    check_refused(&o, FETCH_E_UNSUPPORTED, "premium");
    o.premium = 0;
    bare.render.count = bare.session.count = 0;
    bare.headers_way = PF_HEADERS_NONE;
    bare.name = "bare";
    o.render = 1;
    check_refused_by(&bare, &o, FETCH_E_UNSUPPORTED, "bare");
    check_refused_by(&bare, &o, FETCH_E_UNSUPPORTED, "render");
    o.render = 0;
    o.session = "s";
    check_refused_by(&bare, &o, FETCH_E_UNSUPPORTED, "session");
    o.session = NULL;
    o.headers = &header;
    o.header_count = 1;
    check_refused_by(&bare, &o, FETCH_E_UNSUPPORTED, "headers");
}
END_TEST

/* A profile that has a spelling for everything. */
START_TEST(what_a_profile_can_say_is_said)
{
    struct pf_profile *rich = profile_of(
        "name = rich\nendpoint = http://api.example.com/\nkey = query auth_key\n"
        "target = query target\nrender = render=true\npremium = tier=2\ncountry = geo={}\n"
        "session = session={}\ntimeout = 60\nrule = * -> page\n",
        &(struct fetch_failure){FETCH_OK, ""});
    struct fetch_options o = with_key();
    struct fetch_failure failure;
    struct pf_template *t;

    o.premium = o.render = 1;
    o.country = "de";
    o.session = "s";
    ck_assert_int_eq(pf_template_new(&t, rich, &o, &failure), FETCH_OK);
    check_path(t, &none, TARGET,
               "/?auth_key=demo&render=true&tier=2&geo=de&session=s&target=" ENCODED);
    pf_template_free(t);
    pf_profile_free(rich);
}
END_TEST

static void check_extras(struct fetch_pair pair, enum fetch_error as_param,
                         enum fetch_error as_header)
{
    const struct pf_extras param = {.params = &pair, .param_count = 1},
                           header = {.headers = &pair, .header_count = 1};
    struct fetch_options o = with_key(), with = o;
    struct pf_template *t = made(&o);
    const char *fault = "untouched", *name = pair.name ? pair.name : "NULL";

    ck_assert_msg(pf_template_check(t, &param, &fault) == as_param, "param %s", name);
    ck_assert_msg((fault == NULL) == (as_param == FETCH_OK), "param %s", name);
    ck_assert_msg(pf_template_check(t, &header, &fault) == as_header, "header %s", name);
    ck_assert_msg((fault == NULL) == (as_header == FETCH_OK), "header %s", name);
    pf_template_free(t);
    with.params = &pair;
    with.param_count = 1;
    if (as_param != FETCH_OK)
        check_refused(&with, as_param, "the options have ");
    o.headers = &pair;
    o.header_count = 1;
    if (as_header != FETCH_OK)
        check_refused(&o, as_header, "the options have ");
}

START_TEST(pairs_are_checked)
{
    static const char *const reserved[] = {"Host",
                                           "content-length",
                                           "Transfer-Encoding",
                                           "CONNECTION",
                                           "keep-alive",
                                           "Upgrade",
                                           "TE",
                                           "trailer",
                                           "Expect",
                                           "Proxy-Connection"};
    static const char *const no_tokens[] = {"a b", "a:",  "a\r\n", "(a)", "a\x80", "\"a\"",
                                            "a/b", "{a}", "a\x7f", "a\t", "a,b",   "a;"};

    check_extras((struct fetch_pair){"a", "b"}, FETCH_OK, FETCH_OK);
    check_extras((struct fetch_pair){"a", ""}, FETCH_OK, FETCH_OK);
    check_extras((struct fetch_pair){"!#$%&'*+-.^_`|~09azAZ", "\x80 \xff"}, FETCH_OK, FETCH_OK);
    check_extras((struct fetch_pair){NULL, "b"}, FETCH_E_INVALID, FETCH_E_INVALID);
    check_extras((struct fetch_pair){"a", NULL}, FETCH_E_INVALID, FETCH_E_INVALID);
    check_extras((struct fetch_pair){"", "b"}, FETCH_E_INVALID, FETCH_E_INVALID);
    check_extras((struct fetch_pair){"url", "b"}, FETCH_E_INVALID, FETCH_OK);
    check_extras((struct fetch_pair){"auth_key", "b"}, FETCH_E_INVALID, FETCH_OK);
    check_extras((struct fetch_pair){"key", "b"}, FETCH_OK, FETCH_OK);
    for (size_t i = 0; i < COUNT(reserved); i++)
        check_extras((struct fetch_pair){reserved[i], "b"}, FETCH_OK, FETCH_E_INVALID);
    for (size_t i = 0; i < COUNT(no_tokens); i++)
        check_extras((struct fetch_pair){no_tokens[i], "b"}, FETCH_OK, FETCH_E_INVALID);
}
END_TEST

/* Nothing in a value may begin another line of the request. */
START_TEST(header_values_hold_no_control_characters)
{
    static const char *const values[] = {"b\r\nc: d", "b\n", "\r", "b\x01", "b\x7f"};
    struct fetch_options o = with_key();
    struct pf_template *t = made(&o);

    for (size_t i = 0; i < COUNT(values); i++) {
        struct fetch_pair pair = {"a", values[i]};
        const struct pf_extras extras = {.headers = &pair, .header_count = 1};
        const char *fault;

        ck_assert_int_eq(pf_template_check(t, &extras, &fault), FETCH_E_INVALID);
        ck_assert_ptr_nonnull(strstr(fault, "control character"));
    }
    pf_template_free(t);
}
END_TEST

START_TEST(pairs_have_a_number)
{
    struct fetch_pair pairs[PF_MAX_PAIRS + 1];
    struct fetch_options o = with_key();
    struct pf_template *t = made(&o);

    for (size_t i = 0; i < COUNT(pairs); i++)
        pairs[i] = (struct fetch_pair){"a", "b"};
    for (size_t over = 0; over < 2; over++) {
        const struct pf_extras params = {.params = pairs, .param_count = PF_MAX_PAIRS + over};
        const struct pf_extras headers = {.headers = pairs, .header_count = PF_MAX_PAIRS + over};
        enum fetch_error expected = over ? FETCH_E_INVALID : FETCH_OK;
        const char *fault;

        ck_assert_int_eq(pf_template_check(t, &params, &fault), expected);
        ck_assert_int_eq(pf_template_check(t, &headers, &fault), expected);
    }
    pf_template_free(t);
}
END_TEST

static void ask(struct pf_template *t, const struct pf_extras *extras, struct pf_request *r)
{
    ck_assert_int_eq(pf_template_request(t, TARGET, strlen(TARGET), extras, r), FETCH_OK);
}

START_TEST(pairs_have_a_size)
{
    struct fetch_options o = with_key();
    struct pf_template *t = made(&o);
    char *value = malloc(PF_MAX_PAIR_BYTES + 1);
    struct fetch_pair param = {"a", value}, header = {"b", ""};
    const struct pf_extras extras = {
        .params = &param, .param_count = 1, .headers = &header, .header_count = 1};
    struct pf_request r;
    const char *fault;

    ck_assert_ptr_nonnull(value);
    memset(value, '%', PF_MAX_PAIR_BYTES); /* as long as can be once encoded */
    value[PF_MAX_PAIR_BYTES - 2] = '\0';
    ck_assert_int_eq(pf_template_check(t, &extras, &fault), FETCH_OK);
    ask(t, &extras, &r);
    value[PF_MAX_PAIR_BYTES - 2] = '%';
    value[PF_MAX_PAIR_BYTES - 1] = '\0';
    ck_assert_int_eq(pf_template_check(t, &extras, &fault), FETCH_E_INVALID);
    ck_assert_str_eq(fault, "parameters and headers of more than 128 KiB");
    pf_template_free(t);
    free(value);
}
END_TEST

/* -------------------------------------------------------------- headers -- */

static void check_field(const struct pf_request *r, size_t i, const char *name, const char *value)
{
    ck_assert_uint_lt(i, r->field_count);
    ck_assert_uint_eq(r->field[i].name_len, strlen(name));
    ck_assert_int_eq(memcmp(r->field[i].name, name, strlen(name)), 0);
    ck_assert_msg(r->field[i].value_len == strlen(value) &&
                      memcmp(r->field[i].value, value, strlen(value)) == 0,
                  "%s: %.*s", name, (int)r->field[i].value_len, r->field[i].value);
}

static void check_body(const struct pf_request *r, const char *begin, const char *end)
{
    char expected[400];
    size_t n = (size_t)snprintf(expected, sizeof expected, "%s%s", begin, end);

    ck_assert_msg(r->body_len == n && memcmp(r->body, expected, n) == 0, "%.*s not %s",
                  (int)r->body_len, (const char *)r->body, expected);
}

START_TEST(fields_of_every_request)
{
    struct fetch_options o = with_key();
    struct pf_template *t = made(&o);
    struct pf_request r;

    for (int i = 0; i < 2; i++) { /* the second time they are still there */
        ask(t, &none, &r);
        ck_assert_uint_eq(r.field_count, 3);
        check_field(&r, 0, "user-agent", "libpfetch/" FETCH_VERSION);
        check_field(&r, 1, "accept", "*/*");
        check_field(&r, 2, "accept-encoding", pf_decoder_accepted());
    }
    pf_template_free(t);
}
END_TEST

START_TEST(headers_of_client_and_target)
{
    static const struct fetch_pair client[] = {{"User-Agent", "mine"}, {"Cookie", "a=b"}};
    static const struct fetch_pair own[] = {{"cookie", "c=d"}, {"X-Own", ""}};
    const struct pf_extras extras = {.headers = own, .header_count = 2};
    struct fetch_options o = with_key();
    struct pf_template *t;
    struct pf_request r;

    o.headers = client;
    o.header_count = 2;
    t = made(&o);
    for (int i = 0; i < 2; i++) { /* a target's own do not stay for the next */
        ask(t, &none, &r);
        ck_assert_uint_eq(r.field_count, 4);
        check_field(&r, 0, "User-Agent", "mine");
        check_field(&r, 1, "accept", "*/*");
        check_field(&r, 3, "Cookie", "a=b");
        check_path(t, &none, TARGET, "/?auth_key=demo&use_headers=true&url=" ENCODED);
        ask(t, &extras, &r);
        ck_assert_uint_eq(r.field_count, 5);
        check_field(&r, 0, "User-Agent", "mine");
        check_field(&r, 3, "cookie", "c=d");
        check_field(&r, 4, "X-Own", "");
        check_path(t, &extras, TARGET, "/?auth_key=demo&use_headers=true&url=" ENCODED);
    }
    pf_template_free(t);
}
END_TEST

START_TEST(headers_of_a_target_alone)
{
    static const struct fetch_pair own = {"cookie", "c=d"}, param = {"a", "1"};
    const struct pf_extras extras = {.headers = &own, .header_count = 1},
                           both = {.params = &param,
                                   .param_count = 1,
                                   .headers = &own,
                                   .header_count = 1};
    struct fetch_options o = with_key();
    struct pf_template *t = made(&o);
    struct pf_request r;

    check_path(t, &extras, TARGET, "/?auth_key=demo&use_headers=true&url=" ENCODED);
    check_path(t, &both, TARGET, "/?auth_key=demo&use_headers=true&a=1&url=" ENCODED);
    check_path(t, &none, TARGET, "/?auth_key=demo&url=" ENCODED);
    ask(t, &extras, &r);
    ck_assert_uint_eq(r.field_count, 4);
    ask(t, &none, &r);
    ck_assert_uint_eq(r.field_count, 3);
    pf_template_free(t);
}
END_TEST

/* What is said beside header fields is said in JSON too, and a parameter wins over it. */
START_TEST(headers_are_announced_in_json)
{
    static const struct fetch_pair own = {"cookie", "c=d"}, param = {"on", "[]"};
    const struct pf_extras extras = {.headers = &own, .header_count = 1},
                           both = {.params = &param,
                                   .param_count = 1,
                                   .headers = &own,
                                   .header_count = 1};
    static const char with[] =
        "\"hh\":[{\"name\":\"cookie\",\"value\":\"c=d\"}],\"u\":\"" TARGET "\"}";
    struct pf_profile *json = profile_of(
        "name = j\nendpoint = http://api.example.com/\nkey = basic\ntarget = json u\n"
        "headers = json hh\nheaders_on = on=true as=list\ntimeout = 60\nrule = * -> page\n",
        &(struct fetch_failure){FETCH_OK, ""});

    for (int client = 0; client < 2; client++) { /* whosever they are */
        struct fetch_options o = with_key();
        struct fetch_failure failure;
        struct pf_template *t;
        struct pf_request r;

        o.headers = &own;
        o.header_count = (size_t)client;
        ck_assert_int_eq(pf_template_new(&t, json, &o, &failure), FETCH_OK);
        ask(t, &none, &r);
        check_body(&r, client ? "{\"on\":true,\"as\":\"list\"," : "{\"u\":\"" TARGET "\"}",
                   client ? with : "");
        ask(t, &extras, &r);
        check_body(&r, "{\"on\":true,\"as\":\"list\",", with);
        ask(t, &both, &r);
        check_body(&r, "{\"as\":\"list\",\"on\":[],", with);
        pf_template_free(t);
    }
    pf_profile_free(json);
}
END_TEST

START_TEST(as_many_headers_as_may_be)
{
    struct fetch_pair client[PF_MAX_PAIRS], own[PF_MAX_PAIRS];
    char name[2 * PF_MAX_PAIRS][16];
    const struct pf_extras extras = {.headers = own, .header_count = PF_MAX_PAIRS};
    struct fetch_options o = with_key();
    struct pf_template *t;
    struct pf_request r;

    for (int i = 0; i < 2 * PF_MAX_PAIRS; i++) {
        (void)snprintf(name[i], sizeof name[i], "h%d", i);
        (i < PF_MAX_PAIRS ? client : own)[i % PF_MAX_PAIRS] = (struct fetch_pair){name[i], "v"};
    }
    o.headers = client;
    o.header_count = PF_MAX_PAIRS;
    t = made(&o);
    ask(t, &extras, &r);
    ck_assert_uint_eq(r.field_count, 3 + 2 * PF_MAX_PAIRS);
    check_field(&r, 3, "h0", "v");
    check_field(&r, 2 + 2 * PF_MAX_PAIRS, "h127", "v");
    pf_template_free(t);
}
END_TEST

/* ------------------------------------------------------------ redirects -- */

START_TEST(redirects_are_followed_as_they_say)
{
    static const char url[] = "https://example.com:8443/b?c=d", bare[] = "http://example.com?e=f";
    static const struct fetch_pair own = {"cookie", "c=d"};
    const struct pf_extras extras = {.headers = &own, .header_count = 1};
    struct fetch_options o = with_key();
    struct pf_template *t = made(&o);
    struct pf_url location;
    struct pf_request r;
    const char *why;

    ck_assert(pf_url_parse(&location, url, sizeof url - 1, &why));
    ck_assert_int_eq(
        pf_template_follow(t, &location, false, TARGET, sizeof TARGET - 1, &extras, &r), FETCH_OK);
    ck_assert_str_eq(r.method, "GET");
    ck_assert(r.https);
    ck_assert_uint_eq(r.authority_len, 16);
    ck_assert_int_eq(memcmp(r.authority, "example.com:8443", 16), 0);
    ck_assert_uint_eq(r.path_len, 6); /* neither key nor target is added */
    ck_assert_int_eq(memcmp(r.path, "/b?c=d", 6), 0);
    ck_assert_uint_eq(r.field_count, 4);
    check_field(&r, 3, "cookie", "c=d");
    ck_assert(pf_url_parse(&location, bare, sizeof bare - 1, &why));
    ck_assert_int_eq(pf_template_follow(t, &location, false, TARGET, sizeof TARGET - 1, &none, &r),
                     FETCH_OK);
    ck_assert_uint_eq(r.path_len, 5);
    ck_assert_int_eq(memcmp(r.path, "/?e=f", 5), 0);
    ck_assert_uint_eq(r.field_count, 3);
    ck_assert(!r.https);
    pf_template_free(t);
    pf_template_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("template_pairs");
    TCase *tc = unit_case(suite, "refusals");

    tcase_add_test(tc, bad_keys_are_refused);
    tcase_add_test(tc, what_a_profile_cannot_say_is_refused);
    tcase_add_test(tc, what_a_profile_can_say_is_said);
    tcase_add_test(tc, pairs_are_checked);
    tcase_add_test(tc, header_values_hold_no_control_characters);
    tcase_add_test(tc, pairs_have_a_number);
    tcase_add_test(tc, pairs_have_a_size);
    tc = unit_case(suite, "headers");
    tcase_add_test(tc, fields_of_every_request);
    tcase_add_test(tc, headers_of_client_and_target);
    tcase_add_test(tc, headers_of_a_target_alone);
    tcase_add_test(tc, headers_are_announced_in_json);
    tcase_add_test(tc, as_many_headers_as_may_be);
    tcase_add_test(tc, redirects_are_followed_as_they_say);
    return unit_run(suite);
}
