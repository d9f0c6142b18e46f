#include "unit/unit.h"

#include <brotli/decode.h>
#include <stdio.h>
#include <zlib.h>
#include <zstd.h>

#include "sandbox/coding.h"
#include "sandbox/page.h"
#include "sandbox/query.h"
#include "sandbox/writer.h"

static const char url[] = "https://example.com/a?x=1&y=<\"2\">";

START_TEST(has_the_size_asked_for)
{
    static const size_t sizes[] = {800, 1000, 1024, 1600, 1601, 10240, 100000, 1048576};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t len;
        char *page = sandbox_page(url, sizes[i], &len);

        ck_assert_ptr_nonnull(page);
        ck_assert_uint_eq(len, sizes[i]);
        ck_assert_uint_eq(strlen(page), len);
        ck_assert_str_eq(page + len - strlen("</p>\n</body>\n</html>\n"),
                         "</p>\n</body>\n</html>\n");
        free(page);
    }
}
END_TEST

START_TEST(has_its_frame_at_any_size)
{
    size_t smallest, len;
    char *page = sandbox_page(url, 0, &smallest);

    ck_assert_ptr_nonnull(strstr(page, "</html>\n"));
    free(page);
    for (size_t size = smallest - 1; size < smallest + 900; size++) {
        page = sandbox_page(url, size, &len);
        ck_assert_uint_eq(len, size < smallest ? smallest : size);
        ck_assert_uint_eq(strlen(page), len);
        free(page);
    }
}
END_TEST

START_TEST(is_the_same_each_time_and_its_own)
{
    size_t len, again_len, other_len;
    char *page = sandbox_page(url, 5000, &len);
    char *again = sandbox_page(url, 5000, &again_len);
    char *other = sandbox_page("https://example.com/b", 5000, &other_len);

    ck_assert_uint_eq(len, again_len);
    ck_assert_mem_eq(page, again, len);
    ck_assert_mem_ne(page + 2000, other + 2000, 1000);
    free(page);
    free(again);
    free(other);
}
END_TEST

START_TEST(stays_the_same_from_version_to_version)
{
    size_t len;
    char *page = sandbox_page("https://example.com/", 10240, &len);

    ck_assert_uint_eq(crc32(0, (const Bytef *)page, (uInt)len), 0xdffd26bbu);
    free(page);
    page = sandbox_page_binary("https://example.com/", 1000, &len);
    ck_assert_uint_eq(crc32(0, (const Bytef *)page, (uInt)len), 0x3bc279adu);
    free(page);
}
END_TEST

START_TEST(shows_its_target_escaped)
{
    size_t len;
    char *page = sandbox_page(url, 0, &len);

    ck_assert_ptr_nonnull(
        strstr(page, "<h1>https://example.com/a?x=1&amp;y=&lt;&quot;2&quot;&gt;</h1>"));
    ck_assert_ptr_nonnull(strstr(page, "&quot;2&quot;&gt;</title>"));
    ck_assert_ptr_null(strstr(page, url));
    free(page);
}
END_TEST

START_TEST(links_to_its_own_site)
{
    static const char link[] = "<a href=\"";
    static const char *const targets[][2] = {
        {"https://example.com/a?x=1", "https://example.com/"},
        {"http://user@example.org:8080?q", "http://user@example.org:8080/"},
        {"https://example.net", "https://example.net/"},
        {"https://example.net#f", "https://example.net/"},
    };

    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        unsigned links = 0;
        size_t len;
        char *page = sandbox_page(targets[i][0], 2000, &len);

        for (char *at = page; (at = strstr(at, link)) != NULL; links++) {
            at += strlen(link);
            ck_assert_int_eq(strncmp(at, targets[i][1], strlen(targets[i][1])), 0);
        }
        ck_assert_uint_ge(links, 3);
        free(page);
    }
}
END_TEST

START_TEST(binary_is_no_utf8)
{
    size_t len;
    char *page = sandbox_page_binary(url, 1000, &len), *again;

    ck_assert_uint_eq(len, 1000);
    ck_assert_int_eq((unsigned char)page[0] & 0xc0, 0x80);
    ck_assert_ptr_nonnull(memchr(page, '\0', len));
    again = sandbox_page_binary(url, 1000, &len);
    ck_assert_mem_eq(page, again, len);
    free(page);
    free(again);
    for (size_t size = 0; size < 20; size++) {
        page = sandbox_page_binary(url, size, &len);
        ck_assert_uint_eq(len, size > 0 ? size : 1);
        free(page);
    }
}
END_TEST

START_TEST(special_pages_name_their_target)
{
    size_t len;
    char *page = sandbox_page_captcha("https://example.com/a&b", &len);

    ck_assert_uint_eq(strlen(page), len);
    ck_assert_ptr_nonnull(strstr(page, "captcha"));
    ck_assert_ptr_nonnull(strstr(page, "https://example.com/a&amp;b"));
    free(page);
    page = sandbox_page_not_found("https://example.com/a&b", &len);
    ck_assert_uint_eq(strlen(page), len);
    ck_assert_ptr_nonnull(strstr(page, "404 Not Found"));
    ck_assert_ptr_nonnull(strstr(page, "https://example.com/a&amp;b"));
    free(page);
}
END_TEST

START_TEST(measures_what_it_writes)
{
    struct sandbox_writer measure = {NULL, 0}, write = {NULL, 0};
    static const char text[] = "a--->b & \"c\" <!-- - --x";
    char out[200];

    write.out = out;
    sandbox_write_escaped(&measure, text);
    sandbox_write_escaped(&write, text);
    ck_assert_uint_eq(measure.len, write.len);
    out[write.len] = '\0';
    ck_assert_str_eq(out, "a-&#45;&#45;&gt;b &amp; &quot;c&quot; &lt;!-&#45; - -&#45;x");
    ck_assert_ptr_null(strstr(out, "--"));
}
END_TEST

static size_t decode(enum sandbox_coding coding, const char *bytes, size_t len, char *out,
                     size_t room)
{
    z_stream gzip = {0};

    switch (coding) {
    case SANDBOX_CODING_BR:
        ck_assert_int_eq(
            BrotliDecoderDecompress(len, (const uint8_t *)bytes, &room, (uint8_t *)out),
            BROTLI_DECODER_RESULT_SUCCESS);
        return room;
    case SANDBOX_CODING_ZSTD:
        room = ZSTD_decompress(out, room, bytes, len);
        ck_assert(!ZSTD_isError(room));
        return room;
    default:
        gzip.next_in = (z_const Bytef *)(uintptr_t)bytes;
        gzip.avail_in = (uInt)len;
        gzip.next_out = (Bytef *)out;
        gzip.avail_out = (uInt)room;
        ck_assert_int_eq(inflateInit2(&gzip, 15 + 16), Z_OK);
        ck_assert_int_eq(inflate(&gzip, Z_FINISH), Z_STREAM_END);
        inflateEnd(&gzip);
        return room - gzip.avail_out;
    }
}

START_TEST(encodes_what_decodes_again)
{
    static const enum sandbox_coding codings[] = {SANDBOX_CODING_GZIP, SANDBOX_CODING_BR,
                                                  SANDBOX_CODING_ZSTD};
    static const size_t sizes[] = {0, 5000, 300000, 20};
    struct sandbox_coder *coder = sandbox_coder_new();

    for (size_t i = 0; i < 12; i++) {
        size_t len, encoded_len;
        char *page = i % 4 == 3 ? sandbox_page_binary(url, sizes[i % 4], &len)
                                : sandbox_page(url, sizes[i % 4], &len);
        char *encoded = sandbox_coder_encode(coder, codings[i / 4], page, len, &encoded_len);
        char *out = malloc(len + 1);

        ck_assert_ptr_nonnull(encoded);
        ck_assert_uint_eq(decode(codings[i / 4], encoded, encoded_len, out, len + 1), len);
        ck_assert_mem_eq(out, page, len);
        free(out);
        free(encoded);
        free(page);
    }
    sandbox_coder_free(coder);
    sandbox_coder_free(NULL);
}
END_TEST

START_TEST(encodes_only_what_is_accepted)
{
    static const struct {
        const char *accept;
        int gzip, br, zstd;
    } cases[] = {
        {NULL, 0, 0, 0},
        {"", 0, 0, 0},
        {"gzip", 1, 0, 0},
        {"gzip, deflate, br, zstd", 1, 1, 1},
        {"GZIP;q=0.5,Br", 1, 1, 0},
        {"gzip;q=0, br ; q=0.000 , zstd;q=0.001", 0, 0, 1},
        {"*", 1, 1, 1},
        {"*;q=0, gzip", 1, 0, 0},
        {"*, br;q=0", 1, 0, 1},
        {"xgzip, gzipx, identity", 0, 0, 0},
        {"gzip;q=x", 0, 0, 0},
        {"gzip;level=1;q=0", 0, 0, 0},
        {",,gzip,,", 1, 0, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *accept = cases[i].accept;

        ck_assert_int_eq(sandbox_coding_accepted(SANDBOX_CODING_GZIP, accept), cases[i].gzip);
        ck_assert_int_eq(sandbox_coding_accepted(SANDBOX_CODING_BR, accept), cases[i].br);
        ck_assert_int_eq(sandbox_coding_accepted(SANDBOX_CODING_ZSTD, accept), cases[i].zstd);
        ck_assert_int_eq(sandbox_coding_accepted(SANDBOX_CODING_NONE, accept), 0);
    }
}
END_TEST

/* The query's parameters as "name=value|"; "!" where one is not well encoded. */
static void check_query(const char *query, const char *expected)
{
    char *memory = strdup(query), *rest = memory, joined[200] = "";
    struct sandbox_param param;
    int got;

    while ((got = sandbox_query_next(&rest, &param)) != 0) {
        size_t at = strlen(joined);

        if (got < 0)
            snprintf(joined + at, sizeof(joined) - at, "!|");
        else
            snprintf(joined + at, sizeof(joined) - at, "%s=%s|", param.name, param.value);
    }
    ck_assert_str_eq(joined, expected);
    free(memory);
}

START_TEST(decodes_queries_once)
{
    check_query("", "");
    check_query("&&", "");
    check_query("a=1&b=2", "a=1|b=2|");
    check_query("a&b=&=c&d=e=f", "a=|b=|=c|d=e=f|");
    check_query("url=https%3A%2F%2Fexample.com%2F%3Fa%3D1%26b%3D%2525",
                "url=https://example.com/?a=1&b=%25|");
    check_query("a=x+y%2B", "a=x y+|");
    check_query("%61%3d=%C3%a9", "a==\xc3\xa9|");
    check_query("a=%&b=%2&c=%2g&%zz=1&d=4", "!|!|!|!|d=4|");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sandbox page");
    TCase *page = unit_case(suite, "page"), *wire = unit_case(suite, "wire");

    tcase_add_test(page, has_the_size_asked_for);
    tcase_add_test(page, has_its_frame_at_any_size);
    tcase_add_test(page, is_the_same_each_time_and_its_own);
    tcase_add_test(page, stays_the_same_from_version_to_version);
    tcase_add_test(page, shows_its_target_escaped);
    tcase_add_test(page, links_to_its_own_site);
    tcase_add_test(page, binary_is_no_utf8);
    tcase_add_test(page, special_pages_name_their_target);
    tcase_add_test(wire, measures_what_it_writes);
    tcase_add_test(wire, encodes_what_decodes_again);
    tcase_add_test(wire, encodes_only_what_is_accepted);
    tcase_add_test(wire, decodes_queries_once);
    return unit_run(suite);
}
