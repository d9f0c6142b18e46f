#include "unit/unit.h"

#include "pfetch/identity.h"

static struct identifier *hash;

static struct identity of(const struct fetch_target *target)
{
    struct identity id;

    ck_assert(identity_of_target(hash, target, &id));
    return id;
}

static bool equal(const struct fetch_target *a, const struct fetch_target *b)
{
    struct identity x = of(a), y = of(b);

    return x.high == y.high && x.low == y.low;
}

static struct fetch_target plain(const char *url)
{
    struct fetch_target target = FETCH_TARGET_INIT;

    target.url = url;
    return target;
}

static void setup(void)
{
    hash = identifier_new();
    ck_assert_ptr_nonnull(hash);
}

static void teardown(void)
{
    identifier_free(hash);
}

/* They stand in outputs: a later version must find the same. */
START_TEST(is_a_contract)
{
    static const struct fetch_pair params[] = {{"wait", "5"}, {"js", "true"}};
    static const struct fetch_pair headers[] = {{"X-B", "2"}, {"Accept", "*/*"}};
    struct fetch_target target = plain("https://example.com/");
    char text[IDENTITY_HEX];
    struct identity id = of(&target);

    identity_put(&id, text);
    ck_assert_str_eq(text, "2a8397d018d0827d2d8fae684a542e92");
    target.params = params;
    target.param_count = 2;
    target.headers = headers;
    target.header_count = 2;
    target.method = "PUT";
    target.body = "a\0b";
    target.body_len = 3;
    id = of(&target);
    identity_put(&id, text);
    ck_assert_str_eq(text, "c3c34f640fa15771fd1506bdb4a9e4b5");
    ck_assert(identity_of_broken(hash, UNIT_STR("nonsense"), &id));
    identity_put(&id, text);
    ck_assert_str_eq(text, "538d87b0bc0cfb0e72e8a146987e7cac");
}
END_TEST

START_TEST(the_url_and_its_bytes_alone_make_a_plain_one)
{
    struct fetch_target a = plain("https://example.com/"), b = plain("https://example.com"),
                        c = plain("https://example.com/");
    struct identity id;

    c.id = "17";
    c.user = &c;
    ck_assert(equal(&a, &c));
    ck_assert(!equal(&a, &b));
    ck_assert(identity_is_plain(&c));
    ck_assert(identity_of_url(hash, UNIT_STR("https://example.com/"), &id));
    ck_assert(id.high == of(&a).high && id.low == of(&a).low);
    ck_assert(identity_of_broken(hash, UNIT_STR("https://example.com/"), &id));
    ck_assert(id.high != of(&a).high);
}
END_TEST

START_TEST(the_default_method_is_none_of_its_own)
{
    struct fetch_target a = plain("https://example.com/"), b = a;

    b.method = "GET";
    ck_assert(identity_is_plain(&b) && equal(&a, &b));
    b.method = "get";
    ck_assert(!identity_is_plain(&b) && !equal(&a, &b));
    b.method = "HEAD";
    ck_assert(!equal(&a, &b));
    a.body = b.body = "x";
    a.body_len = b.body_len = 1;
    b.method = "POST";
    ck_assert(!identity_is_plain(&a) && equal(&a, &b));
    b.method = "GET";
    ck_assert(!equal(&a, &b));
    b = a;
    b.body_len = 0;
    ck_assert(!equal(&a, &b));
    a.body_len = 0;
    a.body = NULL;
    ck_assert(!equal(&a, &b)); /* an empty body is a POST */
}
END_TEST

START_TEST(pairs_count_in_any_order_and_each_of_their_bytes)
{
    static const struct fetch_pair ab[] = {{"a", "1"}, {"b", "2"}}, ba[] = {{"b", "2"}, {"a", "1"}},
                                   twice[] = {{"a", "1"}, {"a", "2"}},
                                   turned[] = {{"a", "2"}, {"a", "1"}},
                                   big[] = {{"A", "1"}, {"B", "2"}},
                                   moved[] = {{"a", "1b"}, {"", "2"}};
    struct fetch_target a = plain("https://example.com/"), b = a;

    a.params = ab;
    a.param_count = b.param_count = 2;
    b.params = ba;
    ck_assert(equal(&a, &b));
    b.params = big;
    ck_assert(!equal(&a, &b));
    b.params = moved;
    ck_assert(!equal(&a, &b));
    a.params = twice;
    b.params = turned;
    ck_assert(!equal(&a, &b));
    a = b = plain("https://example.com/");
    a.headers = ab;
    a.header_count = b.header_count = 2;
    b.headers = big;
    ck_assert(equal(&a, &b));
    b.headers = moved;
    ck_assert(!equal(&a, &b));
    b = plain("https://example.com/");
    b.params = ab;
    b.param_count = 2;
    ck_assert(!equal(&a, &b));
}
END_TEST

START_TEST(long_names_of_headers_count_whole)
{
    char one[200], two[200];
    struct fetch_pair a = {one, "v"}, b = {two, "v"};
    struct fetch_target x = plain("https://example.com/"), y = x;

    memset(one, 'n', sizeof(one) - 1);
    one[sizeof(one) - 1] = '\0';
    memcpy(two, one, sizeof(one));
    two[150] = 'N';
    x.headers = &a;
    y.headers = &b;
    x.header_count = y.header_count = 1;
    ck_assert(equal(&x, &y));
    two[150] = 'm';
    ck_assert(!equal(&x, &y));
}
END_TEST

START_TEST(its_text_reads_back)
{
    struct identity id = {0x0123456789abcdefu, 0xfedcba9876543210u}, back;
    char text[IDENTITY_HEX];

    identity_put(&id, text);
    ck_assert_str_eq(text, "0123456789abcdeffedcba9876543210");
    ck_assert(identity_parse(text, 32, &back));
    ck_assert(back.high == id.high && back.low == id.low);
    ck_assert(!identity_parse(text, 31, &back));
    text[5] = 'A';
    ck_assert(!identity_parse(text, 32, &back));
    text[5] = 'g';
    ck_assert(!identity_parse(text, 32, &back));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tool identity");
    TCase *tc = unit_case(suite, "identity");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, is_a_contract);
    tcase_add_test(tc, the_url_and_its_bytes_alone_make_a_plain_one);
    tcase_add_test(tc, the_default_method_is_none_of_its_own);
    tcase_add_test(tc, pairs_count_in_any_order_and_each_of_their_bytes);
    tcase_add_test(tc, long_names_of_headers_count_whole);
    tcase_add_test(tc, its_text_reads_back);
    return unit_run(suite);
}
