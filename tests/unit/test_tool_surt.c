#include "unit/unit.h"

#include <stdio.h>

#include "pfetch/surt.h"

static struct surt surt;
static struct bytes out;

static void begin(void)
{
    surt_init(&surt);
    bytes_init(&out, 1u << 24);
}

static void end(void)
{
    surt_fini(&surt);
    bytes_fini(&out);
}

static const char *key_of(const char *uri, size_t n)
{
    bytes_cut(&out, 0);
    surt_put(&surt, &out, uri, n);
    ck_assert(!out.failed);
    return bytes_string(&out);
}

#define A24 "0123456789abcdefghijklmn"
#define A32 "0123456789abcdef0123456789abcdef"

/* As the Python package surt has them, from its own tests where it tests them. */
static const struct {
    const char *uri, *key;
} keys[] = {
    {"http://www.example.com/", "com,example)/"},
    {"https://www.example.com", "com,example)/"},
    {"HTTP://WWW34.Example.COM/Index.HTML?", "com,example)/index.html"},
    {"http://example.com/index.html#foo", "com,example)/index.html"},
    {"http://example.com/goo/?a=2&b&a=1", "com,example)/goo?a=1&a=2&b"},
    {"http://example.com/?b=b&a=b&b=a&a=a", "com,example)/?a=a&a=b&b=a&b=b"},
    {"http://example.com/?a=1&", "com,example)/?&a=1"},
    {"http://example.com/?b=&b&B=0", "com,example)/?b&b=&b=0"},
    {"http://example.com:80/", "com,example)/"},
    {"https://example.com:443/", "com,example)/"},
    {"https://example.com:80/", "com,example:80)/"},
    {"http://example.com:8080/big/", "com,example:8080)/big"},
    {"http://example.com:/x", "com,example)/x"},
    {"http://user:pass@example.com/x", "com,example)/x"},
    {"http://user@example.com:8080/x@y:z", "com,example:8080)/x@y:z"},
    {"http://www2.www2foo.example/", "example,www2foo)/"},
    {"http://www2foo.example/", "example,www2foo)/"},
    {"http://www.www.example/", "example,www)/"},
    {"http://example.com.../", "com,example)/"},
    {"http://192.0.2.7/x", "7,2,0,192)/x"},
    {"http://3221225991/x", "7,2,0,192)/x"},
    {"http://192.0.519/x", "7,2,0,192)/x"},
    {"http://[2001:DB8::1]:81/x", "2001:db8::1:81)/x"},
    {"http://[2001:db8::1]/x", "2001:db8::1)/x"},
    {"http://b%C3%BCcher.example/", "example,xn--bcher-kva)/"},
    {"http://%D0%BF%D1%80%D0%B8%D0%BC%D0%B5%D1%80.example/", "example,xn--e1afmkfd)/"},
    {"http://%E2%98%83.example/", "example,xn--n3h)/"},
    {"http://a%FFb.example/", "example,a%ffb)/"},
    {"http://host%23.example/x", "example,host%23)/x"},
    {"http://example.com/%25%32%35", "com,example)/%25"},
    {"http://example.com/%2525252525252525", "com,example)/%25"},
    {"http://example.com/asdf%25%32%35asd", "com,example)/asdf%25asd"},
    {"http://example.com/%%%25%32%35asd%%", "com,example)/%25%25%25asd%25%25"},
    {"http://example.com/"
     "%257Ea%2521b%2540c%2523d%2524e%25f%255E00%252611%252A22%252833%252944_55%252B",
     "com,example)/~a!b@c%23d$e%25f^00&11*22(33)44_55+"},
    {"http://example.com/%20%20/.verify/.eBay=x/", "com,example)/%20%20/.verify/.ebay=x"},
    {"http://example.com/blah/..", "com,example)/"},
    {"http://example.com/blah/../", "com,example)/"},
    {"http://example.com/a/./b/../../c", "com,example)/c"},
    {"http://example.com/../x", "com,example)/../x"},
    {"http://example.com/../../x", "com,example)/x"},
    {"http://example.com/a//../b", "com,example)/a/b"},
    {"http://example.com//twoslashes?more//slashes", "com,example)/twoslashes?more//slashes"},
    {"http://example.com/a///", "com,example)/a"},
    {"http://example.com/foo;?bar;", "com,example)/foo;?bar;"},
    {"http://example.com/q?r?s", "com,example)/q?r?s"},
    {"http://example.com/ab%23cd", "com,example)/ab%23cd"},
    {"http://example.com/a%3Fb", "com,example)/a?b"},
    {"http://example.com?x=%C3%9C", "com,example)/?x=%c3%9c"},
    {"http://example.com/?jsessionid=" A32, "com,example)/"},
    {"http://example.com/?jsessionid=" A32 "&x=y", "com,example)/?x=y"},
    {"http://example.com/?x=y&PHPSESSID=" A32 "&z=a", "com,example)/?x=y&z=a"},
    {"http://example.com/?x=y&sid=" A32, "com,example)/?&x=y"},
    {"http://example.com/?sid=" A32 "0", "com,example)/?sid=" A32 "0"},
    {"http://example.com/?ASPSESSIONIDAQBSDSRT=EOHBLBDDPFCLHKPGGKLILNAM&a=b", "com,example)/?a=b"},
    {"http://example.com/?CFID=1169580&CFTOKEN=48630702&dtstamp=22", "com,example)/?dtstamp=22"},
    {"http://example.com/(S(" A24 "))/mileg.aspx", "com,example)/mileg.aspx"},
    {"http://example.com/(" A24 ")/mileg.aspx?x=1", "com,example)/mileg.aspx?x=1"},
    {"http://example.com/(a(" A24 ")S(" A24 "))/m.aspx", "com,example)/m.aspx"},
    {"http://example.com/(" A24 ")/mileg.html", "com,example)/(" A24 ")/mileg.html"},
    {"urn:uuid:X Y", "urn:uuid:x%20y"},
    {"http://", "http://"},
    {"", ""},
};

START_TEST(keys_are_those_of_the_archives)
{
    begin();
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const char *key = key_of(keys[i].uri, strlen(keys[i].uri));

        ck_assert_msg(strcmp(key, keys[i].key) == 0, "%s: %s, not %s", keys[i].uri, key,
                      keys[i].key);
    }
    end();
}
END_TEST

/* Whatever a URI is, its key is a word of an index line, and nothing is read beyond it. */
START_TEST(keys_are_one_word)
{
    static const char bytes[] = "/%.?&=#@:[](w\xc3\xff\x01 41aSz";
    struct unit_guard guard = {0};
    uint32_t random = 1;
    char uri[200];

    begin();
    for (unsigned round = 0; round < 20000; round++) {
        size_t n = (size_t)snprintf(uri, sizeof(uri), "http%s://", round % 2 ? "s" : "");
        size_t more;
        const char *key;

        random = random * 1103515245 + 12345;
        more = random >> 16 & 31;
        for (size_t i = 0; i < more; i++) {
            random = random * 1103515245 + 12345;
            uri[n++] = bytes[(random >> 16) % (sizeof(bytes) - 1)];
        }
        key = key_of(unit_guard_put(&guard, uri, n), n);
        for (const char *p = key; *p; p++)
            ck_assert_msg(*p > 0x20 && *p < 0x7f, "%.*s: %s", (int)n, uri, key);
        ck_assert_uint_eq(strlen(key), out.len);
    }
    unit_guard_fini(&guard);
    end();
}
END_TEST

/* What costs more than its length would stop the loop. */
START_TEST(long_ones_are_no_trap)
{
    static char uri[200000];
    static const char *const piece[] = {"%25", "cfid=", "sid=", "/(", "/..", "&a", ".", "//", "?"};

    begin();
    for (size_t k = 0; k < sizeof(piece) / sizeof(piece[0]); k++) {
        size_t n = strlen(strcpy(uri, k % 2 ? "http://example.com/?" : "http://example.com/"));

        while (n + 8 < sizeof(uri))
            n += strlen(strcpy(uri + n, piece[k]));
        ck_assert_uint_gt(strlen(key_of(uri, n)), 0);
    }
    end();
}
END_TEST

static const char *uri_of(const char *url, size_t n)
{
    bytes_cut(&out, 0);
    surt_put_uri(&out, url, n);
    return bytes_string(&out);
}

START_TEST(urls_become_uris)
{
    begin();
    ck_assert_str_eq(uri_of(UNIT_STR("https://example.com/a%20b?x=[1]&y='(2)'#z")),
                     "https://example.com/a%20b?x=[1]&y='(2)'#z");
    ck_assert_str_eq(uri_of(UNIT_STR("http://b\xc3\xbc"
                                     "cher.example/\xff")),
                     "http://b%C3%BCcher.example/%FF");
    ck_assert_str_eq(uri_of(UNIT_STR("a b<c>\"d\\e^f`g{h|i}\x7f")),
                     "a%20b%3Cc%3E%22d%5Ce%5Ef%60g%7Bh%7Ci%7D%7F");
    ck_assert_str_eq(uri_of(UNIT_STR("\r\nWARC-Type: x\t\0")), "%0D%0AWARC-Type:%20x%09%00");
    ck_assert_str_eq(uri_of(UNIT_STR("100%")), "100%25");
    ck_assert_str_eq(uri_of(UNIT_STR("%4%zz%4g%41")), "%254%25zz%254g%41");
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tool surt");
    TCase *tc = unit_case(suite, "surt");

    tcase_add_test(tc, keys_are_those_of_the_archives);
    tcase_add_test(tc, keys_are_one_word);
    tcase_add_test(tc, long_ones_are_no_trap);
    tcase_add_test(tc, urls_become_uris);
    return unit_run(suite);
}
