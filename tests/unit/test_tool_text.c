#include "unit/unit.h"

#include <jansson.h>

#include "pfetch/bytes.h"
#include "pfetch/histogram.h"
#include "pfetch/json_text.h"
#include "pfetch/redact.h"
#include "pfetch/units.h"
#include "pfetch/utf8.h"
#include "pfetch/value.h"

static struct bytes out;

static void begin(void)
{
    bytes_init(&out, 1u << 26);
}

static void end(void)
{
    bytes_fini(&out);
}

static const char *visible(const char *text, size_t n, bool ascii)
{
    bytes_cut(&out, 0);
    utf8_put_visible(&out, text, n, ascii);
    return bytes_string(&out);
}

/* What a JSON parser makes of the string that was written. */
static void check_json(const char *text, size_t n)
{
    json_t *value;

    bytes_cut(&out, 0);
    ck_assert(json_text_put(&out, text, n));
    value = json_loadb(out.data, out.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    ck_assert_ptr_nonnull(value);
    ck_assert_uint_eq(json_string_length(value), n);
    ck_assert_mem_eq(json_string_value(value), text, n);
    json_decref(value);
}

START_TEST(bytes_stop_at_their_ceiling)
{
    struct bytes b;

    bytes_init(&b, 1000);
    for (int i = 0; i < 100; i++)
        bytes_text(&b, "0123456789");
    ck_assert(!b.failed);
    ck_assert_uint_eq(b.len, 1000);
    bytes_text(&b, "x");
    ck_assert(b.failed);
    bytes_cut(&b, 3);
    ck_assert(!b.failed);
    bytes_uint(&b, UINT64_MAX);
    ck_assert_str_eq(bytes_string(&b), "01218446744073709551615");
    bytes_fini(&b);
}
END_TEST

START_TEST(utf8_is_strict)
{
    static const char *const bad[] = {"\x80",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xc3",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xed\xbf\xbf",
                                      "\xe2\x82",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xff"};
    uint32_t cp;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_uint_eq(utf8_decode((const unsigned char *)bad[i], strlen(bad[i]), &cp), 0);
    ck_assert_uint_eq(utf8_decode((const unsigned char *)"\xc3\xa4", 2, &cp), 2);
    ck_assert_uint_eq(cp, 0xe4);
    ck_assert_uint_eq(utf8_decode((const unsigned char *)"\xe2\x82\xac", 3, &cp), 3);
    ck_assert_uint_eq(cp, 0x20ac);
    ck_assert_uint_eq(utf8_decode((const unsigned char *)"\xf4\x8f\xbf\xbf", 4, &cp), 4);
    ck_assert_uint_eq(cp, 0x10ffff);
}
END_TEST

START_TEST(nothing_hidden_reaches_a_terminal)
{
    begin();
    ck_assert_str_eq(visible(UNIT_STR("a\x1b[31mb\r\n\0c\x7f"), false), "a?[31mb???c?");
    ck_assert_str_eq(visible(UNIT_STR("\xc2\x9b"
                                      "2J"),
                             false),
                     "?2J");
    ck_assert_str_eq(visible(UNIT_STR("x\xe2\x80\xaey"), false), "x?y");
    ck_assert_str_eq(visible(UNIT_STR("\xc3\xa4\xff"), false), "\xc3\xa4?");
    ck_assert_str_eq(visible(UNIT_STR("\xc3\x9b"), true), "?");
    end();
}
END_TEST

START_TEST(json_strings_come_back_as_they_were)
{
    char text[300];
    struct unit_guard guard = {0};

    begin();
    for (size_t i = 0; i < 128; i++)
        text[i] = (char)i;
    memcpy(text + 128, "\xc2\x85\xe2\x80\xae\xf3\xa0\x80\x81\xf0\x9f\x98\x80\xe4\xb8\xad\"\\\n",
           19);
    for (size_t n = 0; n <= 128; n++)
        check_json(unit_guard_put(&guard, text, n), n);
    for (size_t from = 0; from <= 128; from++)
        check_json(unit_guard_put(&guard, text + from, 147 - from), 147 - from);
    unit_guard_fini(&guard);
    end();
}
END_TEST

START_TEST(json_finds_every_byte_at_every_place)
{
    char text[100]; /* more than is looked at at once */

    begin();
    for (unsigned c = 0; c < 128; c++) {
        for (size_t at = 0; at < sizeof(text); at++) {
            memset(text, at % 2 ? '~' : ' ', sizeof(text)); /* the greatest plain, and the least */
            text[at] = (char)c;
            check_json(text, sizeof(text));
        }
    }
    end();
}
END_TEST

START_TEST(json_strings_cross_every_chunk)
{
    size_t n = 20000;
    char *text = malloc(n + 8);

    begin();
    ck_assert_ptr_nonnull(text);
    for (size_t shift = 0; shift < 64; shift++) {
        memset(text, 'a', n);
        for (size_t i = shift; i + 4 <= n; i += 5)
            memcpy(text + i, i % 3 ? "\xf0\x9f\x98\x80" : "a\x01\"\\", 4);
        check_json(text, n);
    }
    memset(text, 1, n);
    check_json(text, n);
    free(text);
    end();
}
END_TEST

/* The UTF-8 of `cp`; its length. */
static size_t encode(char *to, uint32_t cp)
{
    if (cp < 0x80) {
        to[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        to[0] = (char)(0xc0 | cp >> 6);
        to[1] = (char)(0x80 | (cp & 0x3f));
        return 2;
    }
    if (cp < 0x10000) {
        to[0] = (char)(0xe0 | cp >> 12);
        to[1] = (char)(0x80 | (cp >> 6 & 0x3f));
        to[2] = (char)(0x80 | (cp & 0x3f));
        return 3;
    }
    to[0] = (char)(0xf0 | cp >> 18);
    to[1] = (char)(0x80 | (cp >> 12 & 0x3f));
    to[2] = (char)(0x80 | (cp >> 6 & 0x3f));
    to[3] = (char)(0x80 | (cp & 0x3f));
    return 4;
}

START_TEST(json_keeps_every_character)
{
    char *text = malloc(5u << 20);
    size_t n = 0;

    begin();
    ck_assert_ptr_nonnull(text);
    for (uint32_t cp = 0; cp <= 0x10ffff; cp++) {
        if (cp < 0xd800 || cp > 0xdfff)
            n += encode(text + n, cp);
    }
    check_json(text, n);
    for (const unsigned char *p = (const unsigned char *)out.data;
         p < (unsigned char *)out.data + out.len;) {
        uint32_t cp = 0;
        unsigned len = utf8_decode(p, 4, &cp);

        ck_assert_uint_gt(len, 0);
        ck_assert(!utf8_is_hidden(cp));
        p += len;
    }
    free(text);
    end();
}
END_TEST

/* What takes more than one byte, at every place of texts of every length. */
START_TEST(json_strings_end_anywhere)
{
    static const char *const pieces[] = {"\"\x01", "\u00e9", "\u20ac\u20ac", "\U0001f600"};
    char *text;

    begin();
    for (size_t n = 1; n < 150; n++) {
        for (size_t at = 0; at < n; at++) {
            const char *piece = pieces[(n + at) % (sizeof(pieces) / sizeof(*pieces))];
            size_t len = strlen(piece);

            /* Of its own length, so that a read behind it is found. */
            text = malloc(n + len);
            ck_assert_ptr_nonnull(text);
            memset(text, 'x', n + len);
            memcpy(text + at, piece, len);
            check_json(text, n + len);
            text[n + len - 1] = '\xc3';
            bytes_cut(&out, 0);
            ck_assert(!json_text_put(&out, text, n + len));
            free(text);
        }
    }
    end();
}
END_TEST

START_TEST(json_is_as_strict_as_the_decoder)
{
    char text[8];
    uint32_t cp;

    begin();
    for (unsigned a = 0xc0; a < 0x100; a++) {
        for (unsigned b = 0; b < 0x100; b++) {
            for (unsigned c = 0; c < 0x100; c += 0x10) {
                unsigned len;

                memcpy(text, (const char[]){(char)a, (char)b, (char)c, '\x80'}, 4);
                for (size_t n = 1; n <= 4; n++) {
                    bool valid = true;

                    for (size_t i = 0; valid && i < n; i += len) {
                        len = utf8_decode((unsigned char *)text + i, n - i, &cp);
                        valid = len > 0;
                    }
                    bytes_cut(&out, 0);
                    ck_assert(json_text_put(&out, text, n) == valid);
                }
            }
        }
    }
    end();
}
END_TEST

START_TEST(json_escapes_what_a_terminal_would_obey)
{
    begin();
    ck_assert(json_text_put(&out, UNIT_STR("\x1b\x7f\xc2\x9b\xe2\x80\xae\xf3\xa0\x80\x81\t/")));
    ck_assert_str_eq(bytes_string(&out), "\"\\u001b\\u007f\\u009b\\u202e\\udb40\\udc01\\t/\"");
    end();
}
END_TEST

START_TEST(json_refuses_what_is_no_utf8)
{
    char text[200];

    begin();
    bytes_text(&out, "before");
    for (size_t at = 0; at < sizeof(text); at++) {
        memset(text, 'x', sizeof(text));
        text[at] = '\xff';
        ck_assert(!json_text_put(&out, text, sizeof(text)));
        ck_assert_str_eq(bytes_string(&out), "before");
    }
    ck_assert(!json_text_put(&out, UNIT_STR("cut \xe2\x82")));
    bytes_cut(&out, 0);
    json_text_put_lossy(&out, UNIT_STR("a\xff\xfe"
                                       "b\xe2\x82"));
    ck_assert_str_eq(bytes_string(&out), "\"a\\ufffd\\ufffdb\\ufffd\\ufffd\"");
    bytes_cut(&out, 0);
    json_text_put_field(&out, UNIT_STR("caf\xe9 \"1\""));
    ck_assert_str_eq(bytes_string(&out), "\"caf\\u00e9 \\\"1\\\"\"");
    end();
}
END_TEST

START_TEST(base64_as_in_the_rfc)
{
    static const char *const vectors[][2] = {{"", "\"\""},
                                             {"f", "\"Zg==\""},
                                             {"fo", "\"Zm8=\""},
                                             {"foo", "\"Zm9v\""},
                                             {"foob", "\"Zm9vYg==\""},
                                             {"fooba", "\"Zm9vYmE=\""},
                                             {"foobar", "\"Zm9vYmFy\""},
                                             {"\xff\xfe\xfd", "\"//79\""}};

    begin();
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        bytes_cut(&out, 0);
        json_text_put_base64(&out, vectors[i][0], strlen(vectors[i][0]));
        ck_assert_str_eq(bytes_string(&out), vectors[i][1]);
    }
    end();
}
END_TEST

START_TEST(keys_are_redacted_as_words)
{
    struct redact r = {0};

    begin();
    ck_assert(redact_add(&r, "de+mo"));
    ck_assert(redact_add(&r, "key1"));
    ck_assert(redact_add(&r, "key1"));
    ck_assert(redact_add(&r, ""));
    ck_assert(redact_add(&r, NULL));
    ck_assert_uint_eq(r.count, 3);
    ck_assert(!redact_apply(&r, UNIT_STR("https://example.com/monkey1/key10"), &out));
    ck_assert(!redact_apply(&r, "", 0, &out));
    ck_assert_uint_eq(out.len, 0);
    ck_assert(redact_apply(&r, UNIT_STR("/?a=key1&k=de%2Bmo&k=de+mo"), &out));
    ck_assert_str_eq(bytes_string(&out), "/?a=REDACTED&k=REDACTED&k=REDACTED");
    bytes_cut(&out, 0);
    ck_assert(redact_apply(&r, UNIT_STR("key1"), &out));
    ck_assert_str_eq(bytes_string(&out), "REDACTED");
    bytes_cut(&out, 0);
    ck_assert(redact_add(&r, "longkey1"));
    ck_assert(redact_apply(&r, UNIT_STR("/a/longkey1/xlongkey1x/key10"), &out));
    ck_assert_str_eq(bytes_string(&out), "/a/REDACTED/xREDACTEDx/key10");
    redact_fini(&r);
    end();
}
END_TEST

START_TEST(values_are_read_strictly)
{
    uint64_t n;
    uint32_t ms;

    ck_assert(value_count("20000", 1, 20000, &n) && n == 20000);
    ck_assert(!value_count("0", 1, 20000, &n));
    ck_assert(!value_count("20001", 1, 20000, &n));
    ck_assert(!value_count("", 0, 9, &n));
    ck_assert(!value_count("-1", 0, 9, &n));
    ck_assert(!value_count(" 1", 0, 9, &n));
    ck_assert(!value_count("1x", 0, 9, &n));
    ck_assert(!value_count("18446744073709551616", 0, UINT64_MAX, &n));
    ck_assert(value_seconds("2", &ms) && ms == 2000);
    ck_assert(value_seconds("0.25", &ms) && ms == 250);
    ck_assert(value_seconds(".5", &ms) && ms == 500);
    ck_assert(value_seconds("1.23456", &ms) && ms == 1234);
    ck_assert(value_seconds("86400", &ms) && ms == 86400000);
    ck_assert(!value_seconds("86400.1", &ms));
    ck_assert(!value_seconds("0", &ms));
    ck_assert(!value_seconds("0.0001", &ms));
    ck_assert(!value_seconds(".", &ms));
    ck_assert(!value_seconds("1.", &ms));
    ck_assert(!value_seconds("1s", &ms));
    ck_assert(value_size("1", &n) && n == 1);
    ck_assert(value_size("4k", &n) && n == 4096);
    ck_assert(value_size("64M", &n) && n == 64u << 20);
    ck_assert(value_size("2g", &n) && n == (uint64_t)2 << 30);
    ck_assert(!value_size("0", &n));
    ck_assert(!value_size("4kb", &n));
    ck_assert(!value_size("99999999999999G", &n));
}
END_TEST

START_TEST(credits_and_rates_are_read_strictly)
{
    int64_t micro;
    double rate;

    ck_assert(value_micro("2.5", &micro) && micro == 2500000);
    ck_assert(value_micro("0", &micro) && micro == 0);
    ck_assert(value_micro(".000001", &micro) && micro == 1);
    ck_assert(value_micro("1000000000000", &micro) && micro == 1000000000000000000);
    ck_assert(!value_micro("1000000000001", &micro));
    ck_assert(!value_micro("", &micro));
    ck_assert(!value_micro("-1", &micro));
    ck_assert(!value_micro("1e3", &micro));
    ck_assert(!value_micro("5.", &micro));
    ck_assert(value_rate("5", &rate) && rate == 5);
    ck_assert(value_rate("0.5/s", &rate) && rate == 0.5);
    ck_assert(value_rate("30/m", &rate) && rate == 0.5);
    ck_assert(value_rate("1800/h", &rate) && rate == 0.5);
    ck_assert(value_rate("1000000", &rate));
    ck_assert(!value_rate("1000001", &rate));
    ck_assert(!value_rate("0", &rate));
    ck_assert(!value_rate("5/d", &rate));
    ck_assert(!value_rate("5/", &rate));
    ck_assert(!value_rate("fast", &rate));
}
END_TEST

START_TEST(percentiles_are_close_and_never_low)
{
    static struct histogram h;

    ck_assert_uint_eq(histogram_percentile(&h, 50), 0);
    for (uint32_t i = 1; i <= 100000; i++)
        histogram_add(&h, i);
    ck_assert_uint_eq(h.min, 1);
    ck_assert_uint_eq(h.max, 100000);
    for (unsigned p = 1; p <= 100; p++) {
        uint32_t v = histogram_percentile(&h, p);

        ck_assert_uint_ge(v, p * 1000);
        ck_assert_uint_le(v, p * 1000 + p * 1000 / 31 + 1);
    }
    histogram_add(&h, UINT32_MAX);
    ck_assert_uint_eq(histogram_percentile(&h, 100), UINT32_MAX);
}
END_TEST

START_TEST(figures_for_people)
{
    char to[UNITS_MAX];

    ck_assert_str_eq(units_count(to, 0), "0");
    ck_assert_str_eq(units_count(to, 999), "999");
    ck_assert_str_eq(units_count(to, 1000), "1,000");
    ck_assert_str_eq(units_count(to, UINT64_MAX), "18,446,744,073,709,551,615");
    ck_assert_str_eq(units_bytes(to, 1023), "1023 B");
    ck_assert_str_eq(units_bytes(to, 1536), "1.5 KiB");
    ck_assert_str_eq(units_bytes(to, (uint64_t)500 << 20), "500 MiB");
    ck_assert_str_eq(units_time(to, 59), "0:59");
    ck_assert_str_eq(units_time(to, 3671), "1:01:11");
    ck_assert_str_eq(units_rate(to, 0.123), "0.12");
    ck_assert_str_eq(units_rate(to, 12.34), "12.3");
    ck_assert_str_eq(units_rate(to, 12345.6), "12,346");
    ck_assert_str_eq(units_ms(to, 85), "85 ms");
    ck_assert_str_eq(units_ms(to, 1240), "1.24 s");
    ck_assert_str_eq(units_ms(to, 75000), "75.0 s");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tool text");
    TCase *text = unit_case(suite, "text"), *numbers = unit_case(suite, "numbers");

    tcase_add_test(text, bytes_stop_at_their_ceiling);
    tcase_add_test(text, utf8_is_strict);
    tcase_add_test(text, nothing_hidden_reaches_a_terminal);
    tcase_add_test(text, json_strings_come_back_as_they_were);
    tcase_add_test(text, json_finds_every_byte_at_every_place);
    tcase_add_test(text, json_strings_cross_every_chunk);
    tcase_add_test(text, json_keeps_every_character);
    tcase_add_test(text, json_strings_end_anywhere);
    tcase_add_test(text, json_is_as_strict_as_the_decoder);
    tcase_add_test(text, json_escapes_what_a_terminal_would_obey);
    tcase_add_test(text, json_refuses_what_is_no_utf8);
    tcase_add_test(text, base64_as_in_the_rfc);
    tcase_add_test(text, keys_are_redacted_as_words);
    tcase_add_test(numbers, values_are_read_strictly);
    tcase_add_test(numbers, credits_and_rates_are_read_strictly);
    tcase_add_test(numbers, percentiles_are_close_and_never_low);
    tcase_add_test(numbers, figures_for_people);
    return unit_run(suite);
}
