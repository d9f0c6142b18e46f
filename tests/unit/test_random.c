#include "unit/unit.h"

#include "base/random.h"

START_TEST(is_splitmix64)
{
    static const uint64_t expected[] = {
        UINT64_C(6457827717110365317), UINT64_C(3203168211198807973), UINT64_C(9817491932198370423),
        UINT64_C(4593380528125082431), UINT64_C(16408922859458223821)};
    struct pf_random r;

    pf_random_init_seed(&r, 1234567);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        ck_assert_uint_eq(pf_random_u64(&r), expected[i]);
}
END_TEST

START_TEST(seeds_differ)
{
    struct pf_random a, b;

    pf_random_init(&a);
    pf_random_init(&b);
    ck_assert_uint_ne(pf_random_u64(&a), pf_random_u64(&b));
}
END_TEST

START_TEST(stays_in_range)
{
    static const uint64_t largest[] = {
        0,         1, 2, 3, 250, UINT32_MAX, UINT64_MAX / 2, UINT64_MAX / 2 + 1, UINT64_MAX - 1,
        UINT64_MAX};
    struct pf_random r;

    pf_random_init_seed(&r, 1);
    for (size_t i = 0; i < sizeof largest / sizeof largest[0]; i++)
        for (int n = 0; n < 1000; n++)
            ck_assert_uint_le(pf_random_up_to(&r, largest[i]), largest[i]);
}
END_TEST

/* 60,000 throws of a die: each face 10,000 times, within six standard deviations (91 each). */
START_TEST(is_uniform)
{
    unsigned count[6] = {0};
    struct pf_random r;

    pf_random_init_seed(&r, 7);
    for (int n = 0; n < 60000; n++)
        count[pf_random_up_to(&r, 5)]++;
    for (int face = 0; face < 6; face++) {
        ck_assert_uint_gt(count[face], 10000 - 6 * 92);
        ck_assert_uint_lt(count[face], 10000 + 6 * 92);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("random");
    TCase *tc = unit_case(suite, "random");

    tcase_add_test(tc, is_splitmix64);
    tcase_add_test(tc, seeds_differ);
    tcase_add_test(tc, stays_in_range);
    tcase_add_test(tc, is_uniform);
    return unit_run(suite);
}
