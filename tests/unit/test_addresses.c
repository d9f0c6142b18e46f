/* Which address the next connection goes to. */
#include "unit/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "transport/addresses.h"

#define NONE ((uint64_t)0)

static void add(struct pf_addresses *a, const char *host, unsigned port)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    if (inet_pton(AF_INET, host, &in.sin_addr) == 1) {
        pf_addresses_add(a, (struct sockaddr *)&in, sizeof in);
    } else {
        ck_assert_int_eq(inet_pton(AF_INET6, host, &in6.sin6_addr), 1);
        pf_addresses_add(a, (struct sockaddr *)&in6, sizeof in6);
    }
}

static struct pf_addresses three(void)
{
    struct pf_addresses a = {.count = 0};

    add(&a, "127.0.0.1", 80);
    add(&a, "::1", 80);
    add(&a, "127.0.0.2", 80);
    return a;
}

START_TEST(each_is_there_once)
{
    struct pf_addresses a = three();

    ck_assert_uint_eq(a.count, 3);
    add(&a, "::1", 80);
    add(&a, "127.0.0.1", 80);
    ck_assert_uint_eq(a.count, 3);
    add(&a, "127.0.0.1", 81); /* another port is another place */
    ck_assert_uint_eq(a.count, 4);
}
END_TEST

START_TEST(there_is_room_for_so_many)
{
    struct pf_addresses a = {.count = 0};

    for (unsigned i = 0; i < PF_MAX_ADDRESSES + 5; i++)
        add(&a, "127.0.0.1", 1000 + i);
    ck_assert_uint_eq(a.count, PF_MAX_ADDRESSES);
    for (unsigned i = 0; i < PF_MAX_ADDRESSES; i++) {
        int picked = pf_addresses_pick(&a, ~((uint64_t)1 << i), 0);

        ck_assert_int_eq(picked, (int)i); /* every place has its bit */
    }
    ck_assert_int_eq(pf_addresses_pick(&a, UINT64_MAX, 0), -1);
}
END_TEST

START_TEST(picks_spread_evenly)
{
    struct pf_addresses a = three();
    unsigned picked[3] = {0, 0, 0};

    for (unsigned i = 0; i < 300; i++) {
        int n = pf_addresses_pick(&a, NONE, i);

        ck_assert(n >= 0 && n < 3);
        picked[n]++;
        for (unsigned k = 0; k < 3; k++)
            ck_assert_uint_le(picked[k], i / 3 + 1); /* at no time far apart */
    }
    for (unsigned k = 0; k < 3; k++)
        ck_assert_uint_eq(picked[k], 100);
}
END_TEST

START_TEST(none_of_nothing)
{
    struct pf_addresses a = {.count = 0};

    ck_assert_int_eq(pf_addresses_pick(&a, NONE, 0), -1);
}
END_TEST

START_TEST(tried_ones_are_left_out)
{
    struct pf_addresses a = three();

    for (unsigned i = 0; i < 30; i++)
        ck_assert_int_ne(pf_addresses_pick(&a, 2, i), 1);
    ck_assert_int_eq(pf_addresses_pick(&a, 5, 0), 1);
    ck_assert_int_eq(pf_addresses_pick(&a, 7, 0), -1);
}
END_TEST

START_TEST(failed_ones_rest)
{
    struct pf_addresses a = three();

    pf_addresses_failed(&a, 0, 1000);
    for (unsigned i = 0; i < 30; i++)
        ck_assert_int_ne(pf_addresses_pick(&a, NONE, 1000 + PF_ADDRESS_REST_MS - 1), 0);
    /* rested, and used the least by now */
    ck_assert_int_eq(pf_addresses_pick(&a, NONE, 1000 + PF_ADDRESS_REST_MS), 0);
}
END_TEST

START_TEST(one_that_worked_rests_no_longer)
{
    struct pf_addresses a = three();

    pf_addresses_pick(&a, NONE, 0);
    pf_addresses_pick(&a, NONE, 0);
    pf_addresses_pick(&a, NONE, 0);
    pf_addresses_failed(&a, 0, 1000);
    pf_addresses_worked(&a, 0);
    ck_assert_int_eq(pf_addresses_pick(&a, 6, 1001), 0);
    ck_assert_int_ne(pf_addresses_pick(&a, NONE, 1001), 0);
    ck_assert_int_ne(pf_addresses_pick(&a, NONE, 1001), 0);
    ck_assert_int_eq(pf_addresses_pick(&a, NONE, 1001), 0); /* its turn, as before */
}
END_TEST

START_TEST(where_all_rest_the_next_to_wake_is_taken)
{
    struct pf_addresses a = three();

    pf_addresses_failed(&a, 0, 3000);
    pf_addresses_failed(&a, 1, 1000);
    pf_addresses_failed(&a, 2, 2000);
    for (unsigned i = 0; i < 5; i++)
        ck_assert_int_eq(pf_addresses_pick(&a, NONE, 4000), 1); /* however much it was used */
    ck_assert_int_eq(pf_addresses_pick(&a, 2, 4000), 2);
    ck_assert_int_eq(pf_addresses_pick(&a, 6, 4000), 0);
    ck_assert_int_eq(pf_addresses_pick(&a, 7, 4000), -1);
}
END_TEST

START_TEST(a_new_list_keeps_records)
{
    struct pf_addresses a = three(), with = {.count = 0};

    pf_addresses_failed(&a, 1, 1000);
    for (int i = 0; i < 10; i++)
        pf_addresses_pick(&a, 6, 1000); /* the first, ten times */
    add(&with, "::1", 80);
    add(&with, "127.0.0.9", 80);
    add(&with, "127.0.0.1", 80);
    pf_addresses_replace(&a, &with);
    ck_assert_uint_eq(a.count, 3);
    ck_assert_uint_eq(a.list[0].rest_until_ms, 1000 + PF_ADDRESS_REST_MS);
    ck_assert_uint_eq(a.list[1].rest_until_ms, 0);
    ck_assert_uint_eq(a.list[2].used, 10);
    ck_assert_int_eq(pf_addresses_pick(&a, NONE, 1000), 1);
    with.count = 1;
    pf_addresses_replace(&a, &with);
    ck_assert_uint_eq(a.count, 1);
    ck_assert_int_eq(pf_addresses_pick(&a, NONE, 1000), 0);
}
END_TEST

START_TEST(addresses_have_a_text)
{
    struct pf_addresses a = {.count = 0};
    char text[64];

    add(&a, "127.0.0.1", 80);
    add(&a, "::1", 65535);
    add(&a, "2001:db8:1111:2222:3333:4444:5555:6666", 8443);
    ck_assert_str_eq(pf_address_text(&a.list[0], text, sizeof text), "127.0.0.1:80");
    ck_assert_str_eq(pf_address_text(&a.list[1], text, sizeof text), "[::1]:65535");
    ck_assert_str_eq(pf_address_text(&a.list[2], text, sizeof text),
                     "[2001:db8:1111:2222:3333:4444:5555:6666]:8443");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("addresses");
    TCase *tc = unit_case(suite, "list");

    tcase_add_test(tc, each_is_there_once);
    tcase_add_test(tc, there_is_room_for_so_many);
    tcase_add_test(tc, a_new_list_keeps_records);
    tcase_add_test(tc, addresses_have_a_text);
    tc = unit_case(suite, "pick");
    tcase_add_test(tc, picks_spread_evenly);
    tcase_add_test(tc, none_of_nothing);
    tcase_add_test(tc, tried_ones_are_left_out);
    tcase_add_test(tc, failed_ones_rest);
    tcase_add_test(tc, one_that_worked_rests_no_longer);
    tcase_add_test(tc, where_all_rest_the_next_to_wake_is_taken);
    return unit_run(suite);
}
