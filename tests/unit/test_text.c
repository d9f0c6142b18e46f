#include "unit/unit.h"

#include "base/text.h"

static bool read_u64(const char *text, size_t n, uint64_t *out)
{
    struct unit_guard g = {0};
    bool ok = pf_text_u64(unit_guard_put(&g, text, n), n, out);

    unit_guard_fini(&g);
    return ok;
}

START_TEST(reads_numbers)
{
    static const struct {
        const char *text;
        uint64_t value;
    } cases[] = {
        {"0", 0},
        {"7", 7},
        {"007", 7},
        {"00000000000000000000000000000000000001", 1},
        {"4294967296", UINT64_C(4294967296)},
        {"18446744073709551614", UINT64_MAX - 1},
        {"18446744073709551615", UINT64_MAX},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t value = 12345;

        ck_assert(read_u64(cases[i].text, strlen(cases[i].text), &value));
        ck_assert_uint_eq(value, cases[i].value);
    }
}
END_TEST

START_TEST(refuses_what_is_no_number)
{
    static const char *const cases[] = {
        "",
        "+1",
        "-1",
        " 1",
        "1 ",
        "0x10",
        "1.0",
        "1e3",
        "a",
        "/",
        ":",
        "1,000",
        "1\n",
        "\xb2",
        "18446744073709551616",
        "18446744073709551620",
        "28446744073709551615",
        "99999999999999999999",
        "100000000000000000000000000000000",
    };
    uint64_t value = 12345;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_msg(!read_u64(cases[i], strlen(cases[i]), &value), "\"%s\"", cases[i]);
    ck_assert(!read_u64(UNIT_STR("1\0002"), &value));
    ck_assert(!pf_text_u64(NULL, 0, &value));
    ck_assert_uint_eq(value, 12345);
}
END_TEST

START_TEST(compares_without_case)
{
    ck_assert(pf_text_eq_nocase(UNIT_STR("gzip"), UNIT_STR("GZip")));
    ck_assert(pf_text_eq_nocase(NULL, 0, "", 0));
    ck_assert(pf_text_eq_nocase(UNIT_STR("a\0b"), UNIT_STR("A\0B")));
    ck_assert(!pf_text_eq_nocase(UNIT_STR("a\0b"), UNIT_STR("a\0c")));
    ck_assert(!pf_text_eq_nocase(UNIT_STR("gzip"), UNIT_STR("gzi")));
    ck_assert(!pf_text_eq_nocase(UNIT_STR("gzip"), UNIT_STR("gzi\0")));
    for (int a = 0; a < 256; a++)
        for (int b = 0; b < 256; b++) {
            char ca = (char)a, cb = (char)b;
            bool letter = (a | 0x20) >= 'a' && (a | 0x20) <= 'z' && a < 128;
            bool same = a == b || (letter && (a ^ b) == 0x20);

            ck_assert_int_eq(pf_text_eq_nocase(&ca, 1, &cb, 1), same);
        }
}
END_TEST

/* The list's tokens, joined by '|'. */
static void check_list(const char *list, size_t n, const char *expected)
{
    struct unit_guard g = {0};
    const char *cursor = unit_guard_put(&g, list, n), *end = cursor + n, *token;
    char joined[256];
    size_t used = 0, token_n;

    while (pf_text_next_token(&cursor, end, &token, &token_n)) {
        ck_assert_uint_gt(token_n, 0);
        ck_assert_uint_lt(used + token_n + 1, sizeof joined);
        if (used)
            joined[used++] = '|';
        memcpy(joined + used, token, token_n);
        used += token_n;
    }
    joined[used] = '\0';
    ck_assert_str_eq(joined, expected);
    ck_assert_ptr_eq(cursor, end);
    ck_assert(!pf_text_next_token(&cursor, end, &token, &token_n));
    unit_guard_fini(&g);
}

START_TEST(takes_lists_apart)
{
    static const struct {
        const char *list;
        const char *expected;
    } cases[] = {
        {"", ""},
        {" ", ""},
        {",", ""},
        {" ,\t, ,", ""},
        {"gzip", "gzip"},
        {"gzip, br", "gzip|br"},
        {"gzip,br", "gzip|br"},
        {",gzip,, ,br,", "gzip|br"},
        {"\tgzip\t ,\t br \t", "gzip|br"},
        {"chunked;q=1", "chunked"},
        {"chunked ; q=1 , x", "chunked|x"},
        {";q=1, x", "x"},
        {" ;, ;,", ""},
        {"a;v=\"b,c\", d", "a|d"},
        {"a;v=\"b\\\",c\", d", "a|d"},
        {"a;v=\"b, c", "a"},
        {"a;v=\"b\\", "a"},
        {"two words, x", "two words|x"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_list(cases[i].list, strlen(cases[i].list), cases[i].expected);
}
END_TEST

static void check_printable(const char *src, size_t n, size_t cap, const char *expected)
{
    struct unit_guard in = {0}, out = {0};
    char *dst = unit_guard_room(&out, cap);

    memset(dst, 'x', cap);
    pf_text_printable(dst, cap, unit_guard_put(&in, src, n), n);
    ck_assert_str_eq(dst, expected);
    unit_guard_fini(&in);
    unit_guard_fini(&out);
}

START_TEST(replaces_what_harms_a_terminal)
{
    check_printable(UNIT_STR("plain text ~"), 64, "plain text ~");
    check_printable(UNIT_STR(""), 64, "");
    check_printable(UNIT_STR("a\0b\r\n\t\x1b[31m\x7f"), 64, "a?b????[31m?");
    check_printable(UNIT_STR("\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0"), 64, "???\xc2\xa0");
    check_printable(UNIT_STR("\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xae\xe2\x80\xaf"), 64,
                    "\xe2\x80\xa7??\xe2\x80\xaf");
    check_printable(UNIT_STR("\xe2\x81\xa5\xe2\x81\xa6\xe2\x81\xa9\xe2\x81\xaa"), 64,
                    "\xe2\x81\xa5??\xe2\x81\xaa");
    check_printable(UNIT_STR("gr\xc3\xbc\xc3\x9f \xe6\x97\xa5 \xf0\x9f\x98\x80"), 64,
                    "gr\xc3\xbc\xc3\x9f \xe6\x97\xa5 \xf0\x9f\x98\x80");
}
END_TEST

START_TEST(replaces_what_is_no_utf8)
{
    check_printable(UNIT_STR("\x80\xbf"), 64, "??");
    check_printable(UNIT_STR("\xc0\x80\xc1\xbf"), 64, "????"); /* overlong */
    check_printable(UNIT_STR("\xe0\x9f\xbf\xf0\x8f\xbf\xbf"), 64, "???????");
    check_printable(UNIT_STR("\xed\xa0\x80\xed\xbf\xbf"), 64, "??????"); /* surrogates */
    check_printable(UNIT_STR("\xed\x9f\xbf\xee\x80\x80"), 64, "\xed\x9f\xbf\xee\x80\x80");
    check_printable(UNIT_STR("\xf4\x8f\xbf\xbf"), 64, "\xf4\x8f\xbf\xbf");
    check_printable(UNIT_STR("\xf4\x90\x80\x80\xf5\xff"), 64, "??????");
    check_printable(UNIT_STR("\xc3"), 64, "?"); /* cut off */
    check_printable(UNIT_STR("\xe6\x97"), 64, "??");
    check_printable(UNIT_STR("\xf0\x9f\x98"), 64, "???");
    check_printable(UNIT_STR("\xe6"
                             "a\xa5"),
                    64, "?a?");
}
END_TEST

START_TEST(cuts_between_characters)
{
    check_printable(UNIT_STR("abc"), 1, "");
    check_printable(UNIT_STR("abc"), 3, "ab");
    check_printable(UNIT_STR("abc"), 4, "abc");
    check_printable(UNIT_STR("a\xc3\xbc"), 3, "a");
    check_printable(UNIT_STR("a\xc3\xbc"), 4, "a\xc3\xbc");
    check_printable(UNIT_STR("\xf0\x9f\x98\x80"
                             "b"),
                    4, "");
    check_printable(UNIT_STR("\xf0\x9f\x98\x80"
                             "b"),
                    5, "\xf0\x9f\x98\x80");
    pf_text_printable(NULL, 0, "abc", 3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("text");
    TCase *tc = unit_case(suite, "numbers");

    tcase_add_test(tc, reads_numbers);
    tcase_add_test(tc, refuses_what_is_no_number);
    tc = unit_case(suite, "words");
    tcase_add_test(tc, compares_without_case);
    tcase_add_test(tc, takes_lists_apart);
    tc = unit_case(suite, "printable");
    tcase_add_test(tc, replaces_what_harms_a_terminal);
    tcase_add_test(tc, replaces_what_is_no_utf8);
    tcase_add_test(tc, cuts_between_characters);
    return unit_run(suite);
}
