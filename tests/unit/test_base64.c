/* Base64: RFC 4648's own vectors, and nothing that is not canonical. */
#include "unit/unit.h"

#include "base/base64.h"

static const struct {
    const char *bytes, *text;
} vectors[] = {{"", ""},
               {"f", "Zg=="},
               {"fo", "Zm8="},
               {"foo", "Zm9v"},
               {"foob", "Zm9vYg=="},
               {"fooba", "Zm9vYmE="},
               {"foobar", "Zm9vYmFy"},
               {"\xff\xfe\xfd", "//79"}};

START_TEST(both_ways)
{
    struct pf_buf out;

    pf_buf_init(&out, 1000);
    ck_assert_int_eq(pf_base64_encode(&out, vectors[_i].bytes, strlen(vectors[_i].bytes)),
                     FETCH_OK);
    ck_assert_uint_eq(out.len, strlen(vectors[_i].text));
    ck_assert(out.len == 0 || memcmp(out.data, vectors[_i].text, out.len) == 0);
    pf_buf_fini(&out);
    pf_buf_init(&out, 1000);
    ck_assert_int_eq(pf_base64_decode(&out, vectors[_i].text, strlen(vectors[_i].text)), FETCH_OK);
    ck_assert_uint_eq(out.len, strlen(vectors[_i].bytes));
    ck_assert(out.len == 0 || memcmp(out.data, vectors[_i].bytes, out.len) == 0);
    pf_buf_fini(&out);
}
END_TEST

START_TEST(any_bytes)
{
    unsigned char bytes[300];
    struct pf_buf text, back;

    for (size_t n = 0; n < sizeof bytes; n++) {
        bytes[n] = (unsigned char)(n * 37);
        pf_buf_init(&text, 1000);
        pf_buf_init(&back, 1000);
        ck_assert_int_eq(pf_base64_encode(&text, bytes, n + 1), FETCH_OK);
        ck_assert_int_eq(pf_base64_decode(&back, text.data, text.len), FETCH_OK);
        ck_assert_uint_eq(back.len, n + 1);
        ck_assert_mem_eq(back.data, bytes, n + 1);
        pf_buf_fini(&text);
        pf_buf_fini(&back);
    }
}
END_TEST

START_TEST(what_is_not_base64_is_refused)
{
    static const char *const wrong[] = {
        "Z",     "Zg",       "Zg=",  "Zg===", "Zh==", "Zm9=",       "Zm9v\n",
        "Zm 9v", "Zg==Zg==", "=Zg=", "Zm9v=", "Zm_v", "\xc3\xa4==", "===="};
    struct pf_buf out;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        pf_buf_init(&out, 1000);
        ck_assert_int_eq(pf_buf_append(&out, "x", 1), FETCH_OK);
        ck_assert_msg(pf_base64_decode(&out, wrong[i], strlen(wrong[i])) == FETCH_E_ENCODING, "%s",
                      wrong[i]);
        ck_assert_uint_eq(out.len, 1); /* nothing was appended */
        pf_buf_fini(&out);
    }
}
END_TEST

START_TEST(a_buffer_s_ceiling_holds)
{
    struct pf_buf out;

    pf_buf_init(&out, 3);
    ck_assert_int_eq(pf_base64_decode(&out, "Zm9vYg==", 8), FETCH_E_TOO_LARGE);
    ck_assert_uint_eq(out.len, 0);
    ck_assert_int_eq(pf_base64_encode(&out, "a", 1), FETCH_E_TOO_LARGE);
    pf_buf_fini(&out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base64");
    TCase *tc = unit_case(suite, "base64");

    tcase_add_loop_test(tc, both_ways, 0, (int)(sizeof vectors / sizeof vectors[0]));
    tcase_add_test(tc, any_bytes);
    tcase_add_test(tc, what_is_not_base64_is_refused);
    tcase_add_test(tc, a_buffer_s_ceiling_holds);
    return unit_run(suite);
}
