/* JSON around pages: what a sound one holds, and what is wrong with others. */
#include "unit/profiles.h"

#include <stdio.h>

#include "base/limits.h"
#include "endpoint/envelope.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define MAX_BODY ((size_t)1 << 20)

/* Opens one with nothing readable behind it. */
static enum fetch_error opened(const struct pf_profile *p, const char *json, size_t n,
                               size_t max_body, struct pf_unwrapped *u)
{
    struct unit_guard g = {0};
    enum fetch_error e;

    pf_unwrapped_init(u, max_body);
    e = pf_envelope_open(p, unit_guard_put(&g, json, n), n, u);
    unit_guard_fini(&g);
    ck_assert_int_eq(u->present, e == FETCH_OK);
    return e;
}

static struct pf_unwrapped sound(const struct pf_profile *p, const char *json)
{
    struct pf_unwrapped u;

    ck_assert_msg(opened(p, json, strlen(json), MAX_BODY, &u) == FETCH_OK, "%s", json);
    ck_assert(!u.body.data || u.body.data[u.body.len] == '\0');
    return u;
}

static void check_body(const struct pf_unwrapped *u, const char *bytes, size_t n)
{
    ck_assert_uint_eq(u->body.len, n);
    ck_assert(n == 0 || memcmp(u->body.data, bytes, n) == 0);
}

static void check_header(const struct pf_unwrapped *u, size_t i, const char *name,
                         const char *value)
{
    ck_assert_uint_gt(u->header_count, i);
    ck_assert_str_eq(u->header[i].name, name);
    ck_assert_uint_eq(u->header[i].name_len, strlen(name));
    ck_assert_str_eq(u->header[i].value, value);
    ck_assert_uint_eq(u->header[i].value_len, strlen(value));
}

/* ----------------------------------------------------------------- sound -- */

START_TEST(zyte_s)
{
    struct pf_profile *p = profile_named("zyte");
    struct pf_unwrapped u = sound(
        p, "{\"url\":\"https://example.com/a\",\"statusCode\":404,\"httpResponseBody\":"
           "\"PGh0bWw+AP8=\",\"httpResponseHeaders\":[{\"name\":\"Content-Type\",\"value\":"
           "\"text/html\"},{\"name\":\"set-cookie\",\"value\":\"a=b\"},{\"name\":\"set-cookie\","
           "\"value\":\"\"}]}");

    ck_assert_int_eq(u.status, 404);
    check_body(&u, "<html>\0\xff", 8);
    ck_assert_str_eq(u.final_url, "https://example.com/a");
    ck_assert_uint_eq(u.final_url_len, 21);
    ck_assert_uint_eq(u.header_count, 3);
    check_header(&u, 0, "Content-Type", "text/html");
    check_header(&u, 1, "set-cookie", "a=b");
    check_header(&u, 2, "set-cookie", "");
    pf_unwrapped_fini(&u);

    u = sound(p, " { \"statusCode\" : 200 , \"browserHtml\" : \"\\u20ac\\u0000<\" } \n");
    ck_assert_int_eq(u.status, 200);
    check_body(&u, "\xe2\x82\xac\0<", 5);
    ck_assert_ptr_null(u.final_url);
    ck_assert_uint_eq(u.header_count, 0);
    pf_unwrapped_fini(&u);

    u = sound(p, "{\"statusCode\":200,\"httpResponseBody\":null,\"browserHtml\":\"\"}");
    check_body(&u, "", 0);
    pf_unwrapped_fini(&u);

    u = sound(p,
              "{\"statusCode\":200,\"browserHtml\":\"second\",\"httpResponseBody\":\"Zmlyc3Q=\"}");
    check_body(&u, "first", 5);
    pf_unwrapped_fini(&u);
    pf_profile_free(p);
}
END_TEST

START_TEST(scrapfly_s)
{
    struct pf_profile *p = profile_named("scrapfly");
    struct pf_unwrapped u = sound(
        p, "{\"config\":{},\"context\":[[]],\"result\":{\"status_code\":503,\"format\":\"text\","
           "\"content\":\"<p>\",\"url\":\"https://example.com/\",\"response_headers\":{"
           "\"content-type\":\"text/html\",\"set-cookie\":[\"a=b\",\"c=d\"]},\"error\":{\"code\":"
           "\"ERR::X\",\"message\":\"m\",\"retryable\":true}}}");

    ck_assert_int_eq(u.status, 503);
    check_body(&u, "<p>", 3);
    ck_assert_str_eq(u.final_url, "https://example.com/");
    ck_assert_uint_eq(u.header_count, 3);
    check_header(&u, 0, "content-type", "text/html");
    check_header(&u, 1, "set-cookie", "a=b");
    check_header(&u, 2, "set-cookie", "c=d");
    ck_assert_str_eq(u.code, "ERR::X");
    ck_assert_int_eq(u.retryable, PF_NEEDS_PRESENT);
    pf_unwrapped_fini(&u);

    u = sound(p, "{\"result\":{\"status_code\":200,\"format\":\"binary\",\"content\":\"AAEC\"}}");
    check_body(&u, "\0\1\2", 3);
    ck_assert_str_eq(u.code, "");
    ck_assert_int_eq(u.retryable, PF_NEEDS_NOTHING);
    pf_unwrapped_fini(&u);
    pf_profile_free(p);
}
END_TEST

/* Every built-in profile that has an envelope has been in a test above. */
START_TEST(no_envelope_is_left_out)
{
    for (const char *const *name = fetch_profile_names(); *name; name++) {
        struct pf_profile *p = profile_named(*name);

        ck_assert_int_eq(p->envelope.body[0] != NULL,
                         strcmp(*name, "zyte") == 0 || strcmp(*name, "scrapfly") == 0);
        pf_profile_free(p);
    }
}
END_TEST

/* ---------------------------------------------------------------- broken -- */

#define ZYTE(rest) "{\"statusCode\":200,\"httpResponseBody\":\"QQ==\"" rest "}"

START_TEST(what_is_no_envelope)
{
    static const char *const zyte[] = {
        "",
        " ",
        "<html>",
        "null",
        "1",
        "\"text\"",
        "[]",
        "[{\"statusCode\":200,\"browserHtml\":\"\"}]",
        "{}",
        "{\"statusCode\":200}",
        "{\"browserHtml\":\"\"}",
        "{\"statusCode\":200,\"browserHtml\":\"\"",
        "{\"statusCode\":200,\"browserHtml\":\"\"}}",
        "{\"statusCode\":200,\"browserHtml\":\"\"} x",
        "{\"statusCode\":200,\"browserHtml\":\"\xff\"}",
        "{\"statusCode\":200,\"browserHtml\":\"\\ud800\"}",
        "{'statusCode':200,'browserHtml':''}",
        /* base64 */
        "{\"statusCode\":200,\"httpResponseBody\":\"QQ\\u0000=\"}",
        "{\"statusCode\":200,\"httpResponseBody\":\"Q\"}",
        "{\"statusCode\":200,\"httpResponseBody\":\"QQ==QQ==\"}",
        "{\"statusCode\":200,\"httpResponseBody\":\"Q*==\"}",
        "{\"statusCode\":200,\"httpResponseBody\":\"=\"}",
        "{\"statusCode\":200,\"httpResponseBody\":\"<p>\",\"browserHtml\":\"fine\"}",
        /* types */
        "{\"statusCode\":200,\"httpResponseBody\":1}",
        "{\"statusCode\":200,\"httpResponseBody\":[\"QQ==\"]}",
        "{\"statusCode\":200,\"httpResponseBody\":{}}",
        "{\"statusCode\":200,\"httpResponseBody\":false}",
        "{\"statusCode\":200,\"httpResponseBody\":null}",
        "{\"statusCode\":null,\"browserHtml\":\"\"}",
        "{\"statusCode\":true,\"browserHtml\":\"\"}",
        "{\"statusCode\":[200],\"browserHtml\":\"\"}",
        "{\"statusCode\":{},\"browserHtml\":\"\"}",
        "{\"statusCode\":200.0,\"browserHtml\":\"\"}",
        "{\"statusCode\":99,\"browserHtml\":\"\"}",
        "{\"statusCode\":1000,\"browserHtml\":\"\"}",
        "{\"statusCode\":-200,\"browserHtml\":\"\"}",
        "{\"statusCode\":9223372036854775807,\"browserHtml\":\"\"}",
        "{\"statusCode\":99999999999999999999,\"browserHtml\":\"\"}",
        "{\"statusCode\":\"\",\"browserHtml\":\"\"}",
        "{\"statusCode\":\"2 0\",\"browserHtml\":\"\"}",
        "{\"statusCode\":\"200\\u0000\",\"browserHtml\":\"\"}",
    };
    static const char *const scrapfly[] = {
        "{\"result\":\"text\"}",
        "{\"result\":[{\"status_code\":200,\"format\":\"text\",\"content\":\"\"}]}",
        "{\"result\":{\"status_code\":200,\"content\":\"\"}}",
        "{\"result\":{\"status_code\":200,\"format\":\"clob\",\"content\":\"\"}}",
        "{\"result\":{\"status_code\":200,\"format\":1,\"content\":\"\"}}",
        "{\"result\":{\"status_code\":200,\"format\":\"binary\",\"content\":\"<p>\"}}",
        "{\"result.status_code\":200,\"result.format\":\"text\",\"result.content\":\"\"}",
    };
    struct pf_profile *z = profile_named("zyte"), *s = profile_named("scrapfly");
    struct pf_unwrapped u;

    for (size_t i = 0; i < COUNT(zyte); i++) {
        ck_assert_msg(opened(z, zyte[i], strlen(zyte[i]), MAX_BODY, &u) == FETCH_E_ENVELOPE, "%s",
                      zyte[i]);
        ck_assert_ptr_null(u.final_url);
        pf_unwrapped_fini(&u);
    }
    for (size_t i = 0; i < COUNT(scrapfly); i++) {
        ck_assert_msg(opened(s, scrapfly[i], strlen(scrapfly[i]), MAX_BODY, &u) == FETCH_E_ENVELOPE,
                      "%s", scrapfly[i]);
        pf_unwrapped_fini(&u);
    }
    pf_profile_free(z);
    pf_profile_free(s);
}
END_TEST

/* What is not needed and not as it should be is left out. */
START_TEST(what_is_left_out)
{
    static const char *const urls[] = {ZYTE(",\"url\":1"), ZYTE(",\"url\":\"\""),
                                       ZYTE(",\"url\":null"), ZYTE(",\"url\":[\"a\"]"),
                                       ZYTE(",\"url\":\"https://a\\u0000b\"")};
    static const char *const headers[] = {
        "1",
        "null",
        "\"a: b\"",
        "[]",
        "{}",
        "[1,[],{},null,\"a\"]",
        "[{\"name\":\"a\"},{\"value\":\"b\"},{\"name\":1,\"value\":\"b\"},{\"name\":\"a\","
        "\"value\":"
        "1}]",
        "[{\"name\":\"a b\",\"value\":\"c\"},{\"name\":\"\",\"value\":\"c\"}]",
        "[{\"name\":\"a:\",\"value\":\"c\"},{\"name\":\"a\\r\\nb\",\"value\":\"c\"}]",
        "[{\"name\":\"a\",\"value\":\"b\\r\\nc: d\"},{\"name\":\"a\",\"value\":\"b\\nc\"}]",
        "[{\"name\":\"a\",\"value\":\"b\\u0000\"}]",
        "{\"a\":1,\"b\":{\"c\":\"d\"},\"c\":[1,null,[\"x\"]],\"d e\":\"f\",\"g\":[\"h\\ni\"]}",
    };
    struct pf_profile *p = profile_named("zyte");

    for (size_t i = 0; i < COUNT(urls); i++) {
        struct pf_unwrapped u = sound(p, urls[i]);

        ck_assert_msg(u.final_url == NULL, "%s", urls[i]);
        pf_unwrapped_fini(&u);
    }
    for (size_t i = 0; i < COUNT(headers); i++) {
        struct pf_unwrapped u;
        char json[400];

        (void)snprintf(json, sizeof json, ZYTE(",\"httpResponseHeaders\":%s"), headers[i]);
        u = sound(p, json);
        ck_assert_msg(u.header_count == 0, "%s", headers[i]);
        check_body(&u, "A", 1);
        pf_unwrapped_fini(&u);
    }
    pf_profile_free(p);
}
END_TEST

START_TEST(cut_off_anywhere)
{
    static const char json[] = ZYTE(",\"url\":\"https://example.com/\",\"httpResponseHeaders\":"
                                    "[{\"name\":\"a\",\"value\":\"\\u00e4\"}]");
    struct pf_profile *p = profile_named("zyte");

    for (size_t n = 0; n < sizeof json - 1; n++) {
        struct pf_unwrapped u;

        ck_assert_int_eq(opened(p, json, n, MAX_BODY, &u), FETCH_E_ENVELOPE);
        pf_unwrapped_fini(&u);
    }
    pf_profile_free(p);
}
END_TEST

/* `n` times `open`, a 1, `n` times `close`, in a member of an envelope. */
static char *nested(const char *open, const char *close, size_t n)
{
    char *json = malloc(n * (strlen(open) + strlen(close)) + 100), *at = json;

    at += sprintf(at, "{\"statusCode\":200,\"browserHtml\":\"\",\"x\":");
    for (size_t i = 0; i < n; i++)
        at += sprintf(at, "%s", open);
    at += sprintf(at, "1");
    for (size_t i = 0; i < n; i++)
        at += sprintf(at, "%s", close);
    (void)sprintf(at, "}");
    return json;
}

START_TEST(nesting_is_bounded)
{
    static const struct {
        size_t n;
        enum fetch_error e;
    } depths[] = {{100, FETCH_OK}, {1000, FETCH_OK}, {100000, FETCH_E_ENVELOPE}};
    struct pf_profile *p = profile_named("zyte");
    struct pf_unwrapped u;

    for (size_t i = 0; i < COUNT(depths); i++) {
        char *lists = nested("[", "]", depths[i].n);
        char *objects = nested("{\"a\":", "}", depths[i].n);
        char code[PF_CODE_BYTES];

        ck_assert_int_eq(opened(p, lists, strlen(lists), MAX_BODY, &u), depths[i].e);
        pf_unwrapped_fini(&u);
        ck_assert_int_eq(opened(p, objects, strlen(objects), MAX_BODY, &u), depths[i].e);
        pf_unwrapped_fini(&u);
        ck_assert(!pf_envelope_error_code(p, objects, strlen(objects), code));
        free(lists);
        free(objects);
    }
    pf_profile_free(p);
}
END_TEST

/* ---------------------------------------------------------------- limits -- */

START_TEST(bodies_have_a_limit)
{
    static const char text[] = "{\"statusCode\":200,\"browserHtml\":\"12345678\"}";
    static const char base64[] = "{\"statusCode\":200,\"httpResponseBody\":\"MTIzNDU2Nzg=\"}";
    struct pf_profile *p = profile_named("zyte");

    for (size_t max = 0; max < 12; max++) {
        struct pf_unwrapped u;

        ck_assert_int_eq(opened(p, UNIT_STR(text), max, &u),
                         max < 8 ? FETCH_E_TOO_LARGE : FETCH_OK);
        pf_unwrapped_fini(&u);
        ck_assert_int_eq(opened(p, UNIT_STR(base64), max, &u),
                         max < 8 ? FETCH_E_TOO_LARGE : FETCH_OK);
        pf_unwrapped_fini(&u);
    }
    pf_profile_free(p);
}
END_TEST

/* A sound envelope with a member of `n` times `item`, commas between, in brackets. */
static char *with_list(const char *member, const char *item, size_t n)
{
    char *json = malloc(n * (strlen(item) + 1) + 200), *at = json;

    at += sprintf(at, "{\"statusCode\":200,\"browserHtml\":\"\",\"%s\":[", member);
    for (size_t i = 0; i < n; i++)
        at += sprintf(at, "%s%s", i ? "," : "", item);
    (void)sprintf(at, "]}");
    return json;
}

START_TEST(headers_have_a_number)
{
    struct pf_profile *p = profile_named("zyte");
    char *json =
        with_list("httpResponseHeaders", "{\"name\":\"a\",\"value\":\"b\"}", PF_MAX_FIELDS + 1);
    struct pf_unwrapped u = sound(p, json);

    ck_assert_uint_eq(u.header_count, PF_MAX_FIELDS);
    check_header(&u, PF_MAX_FIELDS - 1, "a", "b");
    pf_unwrapped_fini(&u);
    free(json);
    pf_profile_free(p);
}
END_TEST

START_TEST(headers_have_a_size)
{
    struct pf_profile *p = profile_named("zyte");
    char item[3000] = "{\"name\":\"a\",\"value\":\"", *json;
    struct pf_unwrapped u;

    memset(item + strlen(item), 'b', 2000);
    (void)strcat(item, "\"}");
    json = with_list("httpResponseHeaders", item, 100);
    ck_assert_int_eq(opened(p, json, strlen(json), MAX_BODY, &u), FETCH_E_TOO_LARGE);
    ck_assert_ptr_null(u.final_url);
    pf_unwrapped_fini(&u);
    free(json);
    pf_profile_free(p);
}
END_TEST

START_TEST(addresses_have_a_size)
{
    struct pf_profile *p = profile_named("zyte");
    char *json = malloc(2 * PF_MAX_URL);

    for (size_t over = 0; over < 2; over++) {
        size_t n = (size_t)sprintf(json, "{\"statusCode\":200,\"browserHtml\":\"\",\"url\":\"");
        struct pf_unwrapped u;

        memset(json + n, 'u', PF_MAX_URL + over);
        (void)strcpy(json + n + PF_MAX_URL + over, "\"}");
        u = sound(p, json);
        if (over)
            ck_assert_ptr_null(u.final_url);
        else
            ck_assert_uint_eq(strlen(u.final_url), PF_MAX_URL);
        pf_unwrapped_fini(&u);
    }
    free(json);
    pf_profile_free(p);
}
END_TEST

/* ----------------------------------------------------------------- errors -- */

START_TEST(codes_of_errors)
{
    static const struct {
        const char *profile, *body, *code; /* NULL: there is none */
    } cases[] = {
        {"zyte", "{\"type\":\"/limits/over\",\"status\":429}", "/limits/over"},
        {"zyte", " \r\n\t{\"type\":\"a\"}", "a"},
        {"zyte", "{\"type\":\"\"}", NULL},
        {"zyte", "{\"type\":null}", NULL},
        {"zyte", "{\"type\":1.5}", NULL},
        {"zyte", "{\"type\":[\"a\"]}", NULL},
        {"zyte", "{\"type\":7}", "7"},
        {"zyte", "{\"type\":-9223372036854775808}", "-9223372036854775808"},
        {"zyte", "{\"type\":\"a\\u001b[2Jb\\u0000c\\n\"}", "a?[2Jb?c?"},
        {"zyte", "{\"type\":\"a\"", NULL},
        {"zyte", "[{\"type\":\"a\"}]", NULL},
        {"zyte", "type", NULL},
        {"zyte", "", NULL},
        {"zyte", "   ", NULL},
        {"zyte", "{", NULL},
        {"zyte",
         "{\"type\":\"1234567890123456789012345678901234567890123456789012345678901234567890\"}",
         "123456789012345678901234567890123456789012345678901234567890123"},
        {"scrapestack", "{\"error\":{\"code\":101,\"type\":\"invalid_access_key\"}}",
         "invalid_access_key"},
        {"scrapestack", "{\"error\":{\"code\":101}}", "101"},
        {"scrapestack", "{\"error\":\"text\"}", NULL},
        {"scrapfly", "{\"code\":\"B\",\"result\":{\"error\":{\"code\":\"A\"}}}", "A"},
        {"scrapfly", "{\"code\":\"B\",\"result\":null}", "B"},
        {"crawlbase", "{\"error\":\"Token is invalid\"}", "Token is invalid"},
        {"proxiesapi", "{\"error\":\"a\",\"code\":\"b\"}", NULL},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct pf_profile *p = profile_named(cases[i].profile);
        size_t n = strlen(cases[i].body);
        struct unit_guard g = {0};
        char code[PF_CODE_BYTES];
        bool there = pf_envelope_error_code(p, unit_guard_put(&g, cases[i].body, n), n, code);

        ck_assert_msg(there == (cases[i].code != NULL), "%s", cases[i].body);
        if (there)
            ck_assert_str_eq(code, cases[i].code);
        unit_guard_fini(&g);
        pf_profile_free(p);
    }
}
END_TEST

START_TEST(large_errors_are_not_looked_into)
{
    struct pf_profile *p = profile_named("zyte");
    char *body = malloc(PF_MAX_ERROR_JSON + 1), code[PF_CODE_BYTES];

    memset(body, ' ', PF_MAX_ERROR_JSON + 1);
    memcpy(body, "{\"type\":\"a\"}", 12);
    ck_assert(pf_envelope_error_code(p, body, PF_MAX_ERROR_JSON, code));
    ck_assert(!pf_envelope_error_code(p, body, PF_MAX_ERROR_JSON + 1, code));
    free(body);
    pf_profile_free(p);
}
END_TEST

/* "yes", "true" and true are a yes; what is neither a word nor a truth says nothing. */
START_TEST(whether_it_is_retryable)
{
    static const struct {
        const char *value;
        enum pf_needs expected;
    } cases[] = {
        {"true", PF_NEEDS_PRESENT},      {"\"true\"", PF_NEEDS_PRESENT},
        {"\"yes\"", PF_NEEDS_PRESENT},   {"false", PF_NEEDS_ABSENT},
        {"\"no\"", PF_NEEDS_ABSENT},     {"\"false\"", PF_NEEDS_ABSENT},
        {"null", PF_NEEDS_NOTHING},      {"1", PF_NEEDS_NOTHING},
        {"[\"yes\"]", PF_NEEDS_NOTHING}, {"{\"yes\":true}", PF_NEEDS_NOTHING},
    };
    struct pf_profile *p = profile_named("scrapfly");

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct pf_unwrapped u;
        char json[200];

        (void)snprintf(json, sizeof json,
                       "{\"result\":{\"status_code\":500,\"format\":\"text\",\"content\":\"\","
                       "\"error\":{\"retryable\":%s}}}",
                       cases[i].value);
        u = sound(p, json);
        ck_assert_msg(u.retryable == cases[i].expected, "%s", cases[i].value);
        pf_unwrapped_fini(&u);
    }
    pf_profile_free(p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("envelope");
    TCase *tc = unit_case(suite, "sound");

    tcase_add_test(tc, zyte_s);
    tcase_add_test(tc, scrapfly_s);
    tcase_add_test(tc, no_envelope_is_left_out);
    tc = unit_case(suite, "broken");
    tcase_add_test(tc, what_is_no_envelope);
    tcase_add_test(tc, what_is_left_out);
    tcase_add_test(tc, cut_off_anywhere);
    tcase_add_test(tc, nesting_is_bounded);
    tc = unit_case(suite, "limits");
    tcase_add_test(tc, bodies_have_a_limit);
    tcase_add_test(tc, headers_have_a_number);
    tcase_add_test(tc, headers_have_a_size);
    tcase_add_test(tc, addresses_have_a_size);
    tc = unit_case(suite, "errors");
    tcase_add_test(tc, codes_of_errors);
    tcase_add_test(tc, large_errors_are_not_looked_into);
    tcase_add_test(tc, whether_it_is_retryable);
    return unit_run(suite);
}
