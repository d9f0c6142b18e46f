/* The request for a target, byte for byte, and where key and endpoint come from. */
#include "unit/templates.h"

#include <stdio.h>

#include "base/limits.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* ------------------------------------------------------------- targets -- */

START_TEST(targets_are_encoded_once)
{
    static const struct {
        const char *url, *encoded;
    } cases[] = {
        {TARGET, ENCODED},
        {"http://example.com/a?b=c&d=e#f", "http%3A%2F%2Fexample.com%2Fa%3Fb%3Dc%26d%3De%23f"},
        {"http://example.com/+%20%2B%2f%zz%",
         "http%3A%2F%2Fexample.com%2F%2B%2520%252B%252f%25zz%25"},
        {"http://b\xc3\xbc"
         "cher.test/\xe2\x82\xac",
         "http%3A%2F%2Fb%C3%BCcher.test%2F%E2%82%AC"},
        {"http://example.com/\xff\xfe", "http%3A%2F%2Fexample.com%2F%FF%FE"},
        {"http://a-b.test/~c_d.e", "http%3A%2F%2Fa-b.test%2F~c_d.e"},
        {"http://example.com:8080/;,=@!$'()*[]|\\^`{}\"<>",
         "http%3A%2F%2Fexample.com%3A8080%2F%3B%2C%3D%40%21%24%27%28%29%2A%5B%5D%7C%5C%5E%60%7B"
         "%7D%22%3C%3E"},
        {"http://example.com/?url=x&auth_key=y",
         "http%3A%2F%2Fexample.com%2F%3Furl%3Dx%26auth_key%3Dy"},
    };
    struct fetch_options o = with_key();
    struct pf_template *t = made(&o);

    for (size_t i = 0; i < COUNT(cases); i++) {
        char expected[400];

        (void)snprintf(expected, sizeof expected, "/?auth_key=demo&url=%s", cases[i].encoded);
        check_path(t, &none, cases[i].url, expected);
    }
    pf_template_free(t);
}
END_TEST

static size_t decode(char *to, const char *from, size_t n)
{
    char *start = to;

    for (size_t i = 0; i < n; i++) {
        if (from[i] == '%') {
            char digits[3] = {from[i + 1], from[i + 2], '\0'};

            *to++ = (char)strtoul(digits, NULL, 16);
            i += 2;
        } else {
            *to++ = from[i];
        }
    }
    return (size_t)(to - start);
}

START_TEST(every_byte_comes_back)
{
    static const char before[] = "/?auth_key=demo&url=";
    struct fetch_options o = with_key();
    struct pf_template *t = made(&o);
    char url[256], back[256];
    struct pf_request r;

    for (int i = 0; i < 255; i++)
        url[i] = (char)(i + 1);
    ck_assert_int_eq(pf_template_request(t, url, 255, &none, &r), FETCH_OK);
    ck_assert_int_eq(memcmp(r.path, before, sizeof before - 1), 0);
    for (size_t i = sizeof before - 1; i < r.path_len; i++)
        ck_assert_ptr_nonnull(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789-._~%",
                                     r.path[i]));
    ck_assert_uint_eq(decode(back, r.path + sizeof before - 1, r.path_len - sizeof before + 1),
                      255);
    ck_assert_int_eq(memcmp(back, url, 255), 0);
    pf_template_free(t);
}
END_TEST

START_TEST(long_and_short_in_turn)
{
    struct fetch_options o = with_key();
    struct pf_template *t = made(&o);
    char *url = malloc(PF_MAX_URL);
    struct pf_request r;

    memset(url, '/', PF_MAX_URL);
    ck_assert_int_eq(pf_template_request(t, url, PF_MAX_URL, &none, &r), FETCH_OK);
    ck_assert_uint_eq(r.path_len, 20 + 3 * PF_MAX_URL);
    check_path(t, &none, TARGET, "/?auth_key=demo&url=" ENCODED);
    pf_template_free(t);
    free(url);
}
END_TEST

/* ---------------------------------------------------------- parameters -- */

START_TEST(options_are_spelled)
{
    struct fetch_options o = with_key();

    o.render = 1;
    check_path_of(&o, "/?auth_key=demo&render=true&url=" ENCODED);
    o.session = "a b&c";
    check_path_of(&o, "/?auth_key=demo&render=true&session=a%20b%26c&url=" ENCODED);
    o.render = 0;
    o.key_param = "key";
    check_path_of(&o, "/?key=demo&session=a%20b%26c&url=" ENCODED);
    o.session = NULL;
    o.key = "d&e=m%o+";
    check_path_of(&o, "/?key=d%26e%3Dm%25o%2B&url=" ENCODED);
}
END_TEST

START_TEST(params_of_client_and_target)
{
    static const struct fetch_pair client[] = {{"a", "1"}, {"b c", "2&3"}, {"empty", ""}};
    static const struct fetch_pair own[] = {{"d", "4"}, {"a", "5"}};
    static const struct fetch_pair other_case[] = {{"A", "6"}};
    struct pf_extras extras = {.params = own, .param_count = 2};
    struct fetch_options o = with_key();
    struct pf_template *t;

    o.params = client;
    o.param_count = 3;
    t = made(&o);
    check_path(t, &none, TARGET, "/?auth_key=demo&a=1&b%20c=2%263&empty=&url=" ENCODED);
    check_path(t, &extras, TARGET, "/?auth_key=demo&b%20c=2%263&empty=&d=4&a=5&url=" ENCODED);
    extras = (struct pf_extras){.params = other_case, .param_count = 1};
    check_path(t, &extras, TARGET, "/?auth_key=demo&a=1&b%20c=2%263&empty=&A=6&url=" ENCODED);
    check_path(t, &none, TARGET, "/?auth_key=demo&a=1&b%20c=2%263&empty=&url=" ENCODED);
    pf_template_free(t);
}
END_TEST

/* Everything is copied: the client's options may go once it is made. */
START_TEST(options_are_only_borrowed)
{
    char key[] = "demo", name[] = "a", value[] = "1", field[] = "x-a", text[] = "b";
    char endpoint[] = "http://example.net/api", key_param[] = "k";
    static const struct fetch_pair with_key_name = {"k", "1"};
    const struct pf_extras other = {.params = &with_key_name, .param_count = 1};
    struct fetch_pair param = {name, value}, header = {field, text};
    struct fetch_options o = with_key();
    struct pf_template *t;
    struct pf_request r;
    const char *fault;

    o.key = key;
    o.endpoint = endpoint;
    o.key_param = key_param;
    o.params = &param;
    o.param_count = 1;
    o.headers = &header;
    o.header_count = 1;
    t = made(&o);
    memset(key, '!', sizeof key);
    memset(endpoint, '!', sizeof endpoint);
    memset(key_param, '!', sizeof key_param);
    name[0] = value[0] = field[0] = text[0] = '!';
    memset(&o, 0, sizeof o);
    check_path(t, &none, TARGET, "/api?k=demo&use_headers=true&a=1&url=" ENCODED);
    ck_assert_int_eq(pf_template_check(t, &other, &fault), FETCH_E_INVALID);
    ck_assert_int_eq(pf_template_request(t, TARGET, 20, &none, &r), FETCH_OK);
    ck_assert_int_eq(memcmp(r.authority, "example.net", 11), 0);
    ck_assert_int_eq(memcmp(r.field[r.field_count - 1].name, "x-a", 3), 0);
    ck_assert_int_eq(memcmp(r.field[r.field_count - 1].value, "b", 1), 0);
    pf_template_free(t);
}
END_TEST

/* ----------------------------------------------------------- endpoints -- */

START_TEST(endpoints_are_taken_apart)
{
    static const struct {
        const char *endpoint, *path, *authority, *host;
        unsigned port;
        bool https;
    } cases[] = {
        {"http://example.com", "/?auth_key=demo&url=", "example.com", "example.com", 80, false},
        {"https://example.com/", "/?auth_key=demo&url=", "example.com", "example.com", 443, true},
        {"http://127.0.0.1:8080/v1/api", "/v1/api?auth_key=demo&url=", "127.0.0.1:8080",
         "127.0.0.1", 8080, false},
        {"http://example.com/api?a=b", "/api?a=b&auth_key=demo&url=", "example.com", "example.com",
         80, false},
        {"http://example.com?a=b", "/?a=b&auth_key=demo&url=", "example.com", "example.com", 80,
         false},
        {"http://example.com/api#part", "/api?auth_key=demo&url=", "example.com", "example.com", 80,
         false},
        {"https://[::1]:8443/%20", "/%20?auth_key=demo&url=", "[::1]:8443", "::1", 8443, true},
    };
    struct fetch_options o = with_key();

    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct pf_url *u;
        struct pf_template *t;
        struct pf_request r;
        char expected[100];

        o.endpoint = cases[i].endpoint;
        t = made(&o);
        u = pf_template_endpoint(t);
        ck_assert_int_eq(u->https, cases[i].https);
        ck_assert_uint_eq(u->port, cases[i].port);
        ck_assert_uint_eq(u->host_len, strlen(cases[i].host));
        ck_assert_int_eq(memcmp(u->host, cases[i].host, u->host_len), 0);
        (void)snprintf(expected, sizeof expected, "%s%s", cases[i].path, ENCODED);
        check_path(t, &none, TARGET, expected);
        ck_assert_int_eq(pf_template_request(t, TARGET, 20, &none, &r), FETCH_OK);
        ck_assert_int_eq(r.https, cases[i].https);
        ck_assert_uint_eq(r.authority_len, strlen(cases[i].authority));
        ck_assert_int_eq(memcmp(r.authority, cases[i].authority, r.authority_len), 0);
        pf_template_free(t);
    }
}
END_TEST

START_TEST(bad_endpoints_are_refused)
{
    static const char *const endpoints[] = {"example.com",
                                            "ftp://example.com/",
                                            "http://",
                                            "http://user@host/",
                                            "http://example.com:x/",
                                            "http://example.com/a b",
                                            "http://example.com/\r\n"};
    struct fetch_options o = with_key();
    char name[300] = "http://";

    for (size_t i = 0; i < COUNT(endpoints); i++) {
        o.endpoint = endpoints[i];
        check_refused(&o, FETCH_E_INVALID, "the endpoint ");
    }
    memset(name + 7, 'a', 254);
    o.endpoint = name;
    check_refused(&o, FETCH_E_INVALID, "253");
}
END_TEST

START_TEST(endpoints_leave_key_and_target_to_the_profile)
{
    static const char *const endpoints[] = {
        "http://example.com/?auth_key=a", "http://example.com/x?b=1&auth_key=a",
        "http://example.com/?auth_key&b", "http://example.com/?auth_key",
        "http://example.com/?url=b",      "http://example.com/?a=b&url="};
    struct fetch_options o = with_key();

    for (size_t i = 0; i < COUNT(endpoints); i++) {
        o.endpoint = endpoints[i];
        check_refused(&o, FETCH_E_INVALID,
                      i < 4 ? "the key's parameter" : "the target's parameter");
    }
    o.key = NULL; /* which is the more likely mistake then */
    o.endpoint = endpoints[0];
    check_refused(&o, FETCH_E_INVALID, "the key's parameter");
    o = with_key();
    o.endpoint = "http://example.com/auth_key=1?my_auth_key=2&auth_keys=3&b=url";
    check_path_of(&o, "/auth_key=1?my_auth_key=2&auth_keys=3&b=url&auth_key=demo&url=" ENCODED);
}
END_TEST

/* --------------------------------------------------------- environment -- */

START_TEST(keys_of_the_environment)
{
    struct fetch_options o = FETCH_OPTIONS_INIT;

    forget_environment();
    check_refused(&o, FETCH_E_NO_KEY, "PROXIESAPI_KEY");
    check_refused(&o, FETCH_E_NO_KEY, "PFETCH_KEY");
    o.key = "";
    check_refused(&o, FETCH_E_NO_KEY, "PROXIESAPI_KEY");
    setenv("PFETCH_KEY", "general", 1);
    check_path_of(&o, "/?auth_key=general&url=" ENCODED);
    o.key = NULL;
    setenv("PROXIESAPI_KEY", "", 1);
    check_path_of(&o, "/?auth_key=general&url=" ENCODED);
    setenv("PROXIESAPI_KEY", "special", 1);
    check_path_of(&o, "/?auth_key=special&url=" ENCODED);
    o.key = "given";
    check_path_of(&o, "/?auth_key=given&url=" ENCODED);
    forget_environment();
}
END_TEST

START_TEST(endpoints_of_the_environment)
{
    struct fetch_options o = with_key();
    struct pf_template *t = made(&o);

    ck_assert_uint_eq(pf_template_endpoint(t)->host_len, strlen("api.proxiesapi.com"));
    pf_template_free(t);
    setenv("PFETCH_ENDPOINT", "http://127.0.0.1:1/env", 1);
    check_path_of(&o, "/env?auth_key=demo&url=" ENCODED);
    o.endpoint = "";
    check_path_of(&o, "/env?auth_key=demo&url=" ENCODED);
    o.endpoint = "http://127.0.0.1:1/given";
    check_path_of(&o, "/given?auth_key=demo&url=" ENCODED);
    o.endpoint = NULL;
    setenv("PFETCH_ENDPOINT", "nonsense", 1);
    check_refused(&o, FETCH_E_INVALID, "the endpoint ");
    setenv("PFETCH_ENDPOINT", "", 1);
    check_path_of(&o, "/?auth_key=demo&url=" ENCODED);
    forget_environment();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("template");
    TCase *tc = unit_case(suite, "targets");

    tcase_add_test(tc, targets_are_encoded_once);
    tcase_add_test(tc, every_byte_comes_back);
    tcase_add_test(tc, long_and_short_in_turn);
    tc = unit_case(suite, "query");
    tcase_add_test(tc, options_are_spelled);
    tcase_add_test(tc, params_of_client_and_target);
    tcase_add_test(tc, options_are_only_borrowed);
    tc = unit_case(suite, "endpoints");
    tcase_add_test(tc, endpoints_are_taken_apart);
    tcase_add_test(tc, bad_endpoints_are_refused);
    tcase_add_test(tc, endpoints_leave_key_and_target_to_the_profile);
    tcase_add_test(tc, keys_of_the_environment);
    tcase_add_test(tc, endpoints_of_the_environment);
    return unit_run(suite);
}
