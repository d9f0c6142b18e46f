#include "unit/unit.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/url.h"

static bool parse(struct unit_guard *g, struct pf_url *url, const char *s, size_t n,
                  const char **why)
{
    return pf_url_parse(url, unit_guard_put(g, s, n), n, why);
}

static void check_part(const char *url, const char *part, size_t n, const char *expected)
{
    ck_assert_msg(n == strlen(expected) && memcmp(part, expected, n) == 0,
                  "%s: \"%.*s\" not \"%s\"", url, (int)n, part, expected);
}

START_TEST(takes_urls_apart)
{
    static const struct {
        const char *url;
        bool https;
        const char *host;
        unsigned port;
        const char *authority;
        const char *path;
    } cases[] = {
        {"http://example.com", false, "example.com", 80, "example.com", ""},
        {"https://example.com/", true, "example.com", 443, "example.com", "/"},
        {"HTTPS://Example.COM/A", true, "Example.COM", 443, "Example.COM", "/A"},
        {"http://example.com:8080/a/b?c=d#e", false, "example.com", 8080, "example.com:8080",
         "/a/b?c=d"},
        {"http://example.com:/", false, "example.com", 80, "example.com:", "/"},
        {"https://example.com:65535", true, "example.com", 65535, "example.com:65535", ""},
        {"http://example.com:00080/", false, "example.com", 80, "example.com:00080", "/"},
        {"http://example.com?x=http://a@b/", false, "example.com", 80, "example.com",
         "?x=http://a@b/"},
        {"http://example.com#frag?/", false, "example.com", 80, "example.com", ""},
        {"http://[::1]/x", false, "::1", 80, "[::1]", "/x"},
        {"https://[2001:db8::1]:8443/?q", true, "2001:db8::1", 8443, "[2001:db8::1]:8443", "/?q"},
        {"http://127.0.0.1:1/", false, "127.0.0.1", 1, "127.0.0.1:1", "/"},
        {"http://b\xc3\xbc"
         "cher.test/\xc3\xbc",
         false,
         "b\xc3\xbc"
         "cher.test",
         80,
         "b\xc3\xbc"
         "cher.test",
         "/\xc3\xbc"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *s = cases[i].url, *why = "untouched";
        struct unit_guard g = {0};
        struct pf_url u;

        ck_assert_msg(parse(&g, &u, s, strlen(s), &why), "%s %s", s, why);
        ck_assert_ptr_null(why);
        ck_assert_int_eq(u.https, cases[i].https);
        ck_assert_uint_eq(u.port, cases[i].port);
        check_part(s, u.host, u.host_len, cases[i].host);
        check_part(s, u.authority, u.authority_len, cases[i].authority);
        check_part(s, u.path, u.path_len, cases[i].path);
        unit_guard_fini(&g);
    }
}
END_TEST

START_TEST(says_why_it_is_no_url)
{
    static const struct {
        const char *url;
        const char *why; /* part of the half-sentence */
    } cases[] = {
        {"", "no scheme"},
        {"example.com", "no scheme"},
        {"//example.com/", "no scheme"},
        {"http:", "no scheme"},
        {"http:/", "no scheme"},
        {"http:/example.com", "no scheme"},
        {"://example.com", "no scheme"},
        {"ftp://example.com/", "other than http"},
        {"httpx://example.com/", "other than http"},
        {"http://", "no host"},
        {"http:///path", "no host"},
        {"http://?x", "no host"},
        {"http://#x", "no host"},
        {"http://:80/", "no host"},
        {"http://[]/", "no host"},
        {"http://[::1", "bracket"},
        {"http://[::1/", "bracket"},
        {"http://[::1]8080/", "behind its host"},
        {"http://::1/", "no host"},
        {"http://user@example.com/", "user information"},
        {"http://user:secret@example.com/", "user information"},
        {"http://@example.com/", "user information"},
        {"http://example.com:0/", "port"},
        {"http://example.com:65536/", "port"},
        {"http://example.com:+80/", "port"},
        {"http://example.com:80:80/", "port"},
        {"http://example.com:http/", "port"},
        {"http://example.com:99999999999999999999/", "port"},
        {"http://example.com/a b", "white space"},
        {"http://example.com/\t", "white space"},
        {"http://exam ple.com/", "white space"},
        {"http://example.com/\r\nHost: x", "control character"},
        {"http://example.com/\x7f", "control character"},
        {"http://example.com\n", "control character"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *s = cases[i].url, *why = NULL;
        struct unit_guard g = {0};
        struct pf_url u;

        ck_assert_msg(!parse(&g, &u, s, strlen(s), &why), "%s", s);
        ck_assert_ptr_nonnull(why);
        ck_assert_msg(strstr(why, cases[i].why) != NULL, "%s %s", s, why);
        unit_guard_fini(&g);
    }
}
END_TEST

START_TEST(reads_no_byte_beyond_the_end)
{
    static const char url[] = "https://[2001:db8::1]:8443/a/../b?c=d#e";

    for (size_t n = 0; n < sizeof url; n++) {
        struct unit_guard g = {0};
        const char *why, *s = unit_guard_put(&g, url, n);
        struct pf_url u;

        if (!pf_url_parse(&u, s, n, &why))
            ck_assert_ptr_nonnull(why);
        pf_url_target_fault(s, n);
        unit_guard_fini(&g);
    }
    ck_assert_ptr_nonnull(pf_url_target_fault(UNIT_STR("http://example.com/\0")));
}
END_TEST

static const char *target_fault(const char *s, size_t n)
{
    struct unit_guard g = {0};
    const char *fault = pf_url_target_fault(unit_guard_put(&g, s, n), n);

    unit_guard_fini(&g);
    return fault;
}

START_TEST(accepts_targets_as_servers_do)
{
    static const char *const targets[] = {
        "http://example.com",
        "https://example.com/",
        "HTTP://EXAMPLE.COM/",
        "https://example.com/?q=a%20b&r=[x]|{y}^`\"<>\\",
        "https://example.com/%zz%",
        "https://example.com/#fragment",
        "https://user:secret@example.com/",
        "https://[::1]:8080/",
        "https://b\xc3\xbc"
        "cher.test/stra\xc3\x9f"
        "e?\xe6\x97\xa5",
        "https://example.com/\xff\x80",
    };

    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
        ck_assert_ptr_null(target_fault(targets[i], strlen(targets[i])));
}
END_TEST

START_TEST(refuses_targets_that_are_none)
{
    static const char *const targets[] = {
        "example.com",
        "/path",
        "ftp://example.com/",
        "mailto:a@example.com",
        "http://",
        "http:///x",
        "http://?x",
        "http://:80/",
        "https://#",
        " https://example.com/",
        "https://example.com/ ",
        "https://example.com/a b",
        "https://example.com/\t",
        "https://example.com/\n",
        "https://example.com/\r",
        "https://example.com/\x01",
        "https://example.com/\x7f",
    };
    char *longest = malloc(PF_MAX_URL + 1);

    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
        ck_assert_msg(target_fault(targets[i], strlen(targets[i])) != NULL, "%s", targets[i]);
    ck_assert_str_eq(target_fault("", 0), "is empty");
    ck_assert_ptr_nonnull(target_fault(UNIT_STR("https://example.com/\0x")));
    ck_assert_ptr_nonnull(longest);
    memset(longest, 'x', PF_MAX_URL + 1);
    memcpy(longest, UNIT_STR("http://"));
    ck_assert_ptr_null(target_fault(longest, PF_MAX_URL));
    ck_assert_ptr_nonnull(target_fault(longest, PF_MAX_URL + 1));
    free(longest);
}
END_TEST

START_TEST(finds_the_host_of_any_target)
{
    static const struct {
        const char *url;
        const char *host;
    } cases[] = {
        {"https://example.com/", "example.com"},
        {"HTTP://Example.COM", "Example.COM"},
        {"http://example.com:8080/a:b", "example.com"},
        {"http://example.com./", "example.com"},
        {"http://example.com.:80", "example.com"},
        {"http://example.com?x=//example.org/", "example.com"},
        {"http://example.com#@example.org", "example.com"},
        {"http://user:secret@example.com:80/", "example.com"},
        {"http://a@b@example.com/", "example.com"},
        {"http://[2001:db8::1]:8080/", "2001:db8::1"},
        {"http://u@[2001:db8::1]", "2001:db8::1"},
        {"http://[2001:db8::1", "2001:db8::1"},
        {"http://[", ""},
        {"http://@/", ""},
        {"http://.", ""},
        {"http://", ""},
        {"", ""},
    };
    struct unit_guard g = {0};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = strlen(cases[i].url), n;
        const char *url = unit_guard_put(&g, cases[i].url, len);
        const char *host = pf_url_target_host(url, len, &n);

        ck_assert(host >= url && host + n <= url + len);
        check_part(cases[i].url, host, n, cases[i].host);
    }
    unit_guard_fini(&g);
}
END_TEST

START_TEST(encodes_every_byte_once)
{
    static const char unreserved[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    struct pf_buf out;

    pf_buf_init(&out, 1000);
    ck_assert_int_eq(pf_url_encode(&out, "", 0), FETCH_OK);
    ck_assert_int_eq(pf_url_encode(&out, NULL, 0), FETCH_OK);
    ck_assert_uint_eq(out.len, 0);
    for (int c = 0; c < 256; c++) {
        char byte = (char)c, hex[4];

        out.len = 0;
        ck_assert_int_eq(pf_url_encode(&out, &byte, 1), FETCH_OK);
        if (c != 0 && strchr(unreserved, c)) {
            ck_assert_uint_eq(out.len, 1);
            ck_assert_int_eq(out.data[0], byte);
        } else {
            snprintf(hex, sizeof hex, "%%%02X", c);
            ck_assert_uint_eq(out.len, 3);
            ck_assert_mem_eq(out.data, hex, 3);
        }
    }
    out.len = 0;
    ck_assert_int_eq(pf_url_encode(&out, UNIT_STR("https://a.test/%41?x=\xc3\xbc&y=1 2")),
                     FETCH_OK);
    ck_assert_int_eq(pf_buf_terminate(&out), FETCH_OK);
    ck_assert_str_eq(out.data, "https%3A%2F%2Fa.test%2F%2541%3Fx%3D%C3%BC%26y%3D1%202");
    pf_buf_fini(&out);
    pf_buf_init(&out, 5);
    ck_assert_int_eq(pf_url_encode(&out, "::", 2), FETCH_E_TOO_LARGE);
    ck_assert_uint_eq(out.len, 0);
    pf_buf_fini(&out);
}
END_TEST

static void check_resolved(const char *base, const char *reference, const char *expected)
{
    struct unit_guard base_g = {0}, reference_g = {0};
    size_t n = strlen(reference);
    struct pf_url url;
    struct pf_buf out;
    const char *why;

    ck_assert(parse(&base_g, &url, base, strlen(base), &why));
    pf_buf_init(&out, 1000);
    ck_assert_int_eq(pf_url_resolve(&out, &url, unit_guard_put(&reference_g, reference, n), n),
                     FETCH_OK);
    ck_assert_int_eq(pf_buf_terminate(&out), FETCH_OK);
    ck_assert_msg(strcmp(out.data, expected) == 0, "\"%s\" from %s is %s, not %s", reference, base,
                  out.data, expected);
    pf_buf_fini(&out);
    unit_guard_fini(&base_g);
    unit_guard_fini(&reference_g);
}

/* RFC 3986 sections 5.4.1 and 5.4.2, without the fragments. */
START_TEST(resolves_as_the_rfc_does)
{
    static const char *const cases[][2] = {
        {"g:h", "g:h"},
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q"},
        {"g#s", "http://a/b/c/g"},
        {"g?y#s", "http://a/b/c/g?y"},
        {";x", "http://a/b/c/;x"},
        {"g;x", "http://a/b/c/g;x"},
        {"g;x?y#s", "http://a/b/c/g;x?y"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../", "http://a/"},
        {"../../g", "http://a/g"},
        {"../../../g", "http://a/g"},
        {"../../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {".g", "http://a/b/c/.g"},
        {"g..", "http://a/b/c/g.."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"},
        {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"g?y/./x", "http://a/b/c/g?y/./x"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"g#s/../x", "http://a/b/c/g"},
        {"http:g", "http:g"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_resolved("http://a/b/c/d;p?q", cases[i][0], cases[i][1]);
}
END_TEST

START_TEST(resolves_from_short_bases)
{
    check_resolved("https://example.com", "", "https://example.com/");
    check_resolved("https://example.com", "x", "https://example.com/x");
    check_resolved("https://example.com", "?x", "https://example.com/?x");
    check_resolved("https://example.com", "../x", "https://example.com/x");
    check_resolved("https://example.com", "/x", "https://example.com/x");
    check_resolved("https://example.com:8443", "//example.org/x", "https://example.org/x");
    check_resolved("https://example.com:8443/a", "b", "https://example.com:8443/b");
    check_resolved("https://[::1]:8443/a", "/b", "https://[::1]:8443/b");
    check_resolved("https://example.com?x", "y", "https://example.com/y");
    check_resolved("https://example.com?x", "?y", "https://example.com/?y");
    check_resolved("https://example.com?x", "", "https://example.com/?x");
    check_resolved("https://example.com/a?x/y", "b", "https://example.com/b");
    check_resolved("https://example.com/a?x=/b", "", "https://example.com/a?x=/b");
    check_resolved("http://example.com/a", "https://example.com/a", "https://example.com/a");
    check_resolved("http://example.com/a", "/b:c", "http://example.com/b:c");
    check_resolved("http://example.com/a", "?u=http://x/", "http://example.com/a?u=http://x/");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("url");
    TCase *tc = unit_case(suite, "parsing");

    tcase_add_test(tc, takes_urls_apart);
    tcase_add_test(tc, says_why_it_is_no_url);
    tcase_add_test(tc, reads_no_byte_beyond_the_end);
    tc = unit_case(suite, "targets");
    tcase_add_test(tc, accepts_targets_as_servers_do);
    tcase_add_test(tc, refuses_targets_that_are_none);
    tcase_add_test(tc, finds_the_host_of_any_target);
    tcase_add_test(tc, encodes_every_byte_once);
    tc = unit_case(suite, "resolving");
    tcase_add_test(tc, resolves_as_the_rfc_does);
    tcase_add_test(tc, resolves_from_short_bases);
    return unit_run(suite);
}
