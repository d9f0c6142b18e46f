#include "unit/unit.h"

#include "pfetch/seen.h"

static struct seen seen;

/* splitmix64: as even as a hash */
static uint64_t mixed(uint64_t n)
{
    n += 0x9e3779b97f4a7c15u;
    n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9u;
    n = (n ^ n >> 27) * 0x94d049bb133111ebu;
    return n ^ n >> 31;
}

static struct identity number(uint64_t n)
{
    return (struct identity){.high = mixed(n), .low = mixed(~n)};
}

static void add(struct identity id)
{
    ck_assert(seen_add(&seen, &id, SEEN_OK));
}

START_TEST(counts)
{
    struct identity a = number(1), b = number(2);

    ck_assert_int_eq(seen_take(&seen, &a), SEEN_NOT);
    add(a);
    add(a);
    ck_assert(seen_add(&seen, &b, SEEN_FAILED));
    ck_assert_uint_eq(seen.used, 2);
    ck_assert_int_eq(seen_take(&seen, &a), SEEN_OK);
    ck_assert_int_eq(seen_take(&seen, &b), SEEN_FAILED);
    ck_assert_int_eq(seen_take(&seen, &a), SEEN_OK);
    ck_assert_int_eq(seen_take(&seen, &a), SEEN_NOT);
    ck_assert_int_eq(seen_take(&seen, &b), SEEN_NOT);
    seen_fini(&seen);
    ck_assert_int_eq(seen_take(&seen, &a), SEEN_NOT);
}
END_TEST

START_TEST(the_last_one_says_whether_it_failed)
{
    struct identity a = number(1);

    ck_assert(seen_add(&seen, &a, SEEN_FAILED) && seen_add(&seen, &a, SEEN_OK));
    ck_assert_int_eq(seen_take(&seen, &a), SEEN_OK);
    ck_assert(seen_add(&seen, &a, SEEN_FAILED));
    ck_assert_int_eq(seen_take(&seen, &a), SEEN_FAILED);
    seen_fini(&seen);
}
END_TEST

START_TEST(once_is_once)
{
    struct identity a = number(1), b = number(2);

    add(b);
    ck_assert_int_eq(seen_once(&seen, &a), SEEN_NOT);
    ck_assert_int_eq(seen_once(&seen, &a), SEEN_OK);
    ck_assert_int_eq(seen_once(&seen, &b), SEEN_OK);
    seen_fini(&seen);
}
END_TEST

START_TEST(the_count_stops_at_its_ceiling)
{
    struct identity a = number(1);

    for (unsigned i = 0; i < SEEN_TIMES_MAX + 10; i++)
        ck_assert(seen_add(&seen, &a, SEEN_FAILED));
    for (unsigned i = 0; i < SEEN_TIMES_MAX + 10; i++)
        ck_assert_int_eq(seen_take(&seen, &a), SEEN_FAILED);
    seen_fini(&seen);
}
END_TEST

START_TEST(zero_is_an_identity_too)
{
    struct identity zero = {0, 0}, small = {0, 0x1234};

    ck_assert_int_eq(seen_take(&seen, &zero), SEEN_NOT);
    add(zero);
    add(small); /* of which nothing but counting bits is left */
    ck_assert_int_eq(seen_take(&seen, &zero), SEEN_OK);
    ck_assert_int_eq(seen_take(&seen, &small), SEEN_OK);
    ck_assert_int_eq(seen_take(&seen, &zero), SEEN_NOT);
    seen_fini(&seen);
}
END_TEST

/* Through more than twenty growths: none lost, none doubled, and never over 24 bytes each. */
START_TEST(grows_in_place)
{
    enum { MANY = 300000 };

    for (unsigned i = 0; i < MANY; i++) {
        add(number(i));
        if (i % 3 == 0)
            add(number(i));
        ck_assert_uint_eq(seen.used, i + 1);
        if (i > 1000)
            ck_assert_uint_le(seen.size * sizeof(struct seen_slot), 24u * seen.used);
    }
    for (unsigned i = 0; i < MANY; i++) {
        struct identity id = number(i), other = number(MANY + i);

        ck_assert_int_eq(seen_take(&seen, &other), SEEN_NOT);
        ck_assert_int_eq(seen_take(&seen, &id), SEEN_OK);
        ck_assert_int_eq(seen_take(&seen, &id), i % 3 == 0 ? SEEN_OK : SEEN_NOT);
    }
    seen_fini(&seen);
}
END_TEST

/* Hashes that crowd at one place, the table's end above all, go around it and still grow right. */
START_TEST(grows_where_hashes_crowd)
{
    static const uint64_t places[] = {0, UINT64_MAX, UINT64_MAX - 1, UINT64_MAX / 2,
                                      UINT64_MAX / 1024 * 1023};
    enum { EACH = 3000 };

    for (size_t p = 0; p < sizeof(places) / sizeof(places[0]); p++) {
        uint64_t step = p < 2 ? 0 : 1;

        for (unsigned i = 1; i <= EACH; i++) {
            add((struct identity){.high = places[p] - i * step, .low = (uint64_t)i << 16});
            add(number(p * EACH + i));
        }
        for (unsigned i = 1; i <= EACH; i++) {
            struct identity id = {.high = places[p] - i * step, .low = (uint64_t)i << 16};

            ck_assert_int_eq(seen_take(&seen, &id), SEEN_OK);
            ck_assert_int_eq(seen_take(&seen, &id), SEEN_NOT);
            id = number(p * EACH + i);
            ck_assert_int_eq(seen_take(&seen, &id), SEEN_OK);
        }
        ck_assert_uint_eq(seen.used, 2 * EACH);
        seen_fini(&seen);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tool seen");
    TCase *tc = unit_case(suite, "seen");

    tcase_add_test(tc, counts);
    tcase_add_test(tc, the_last_one_says_whether_it_failed);
    tcase_add_test(tc, once_is_once);
    tcase_add_test(tc, the_count_stops_at_its_ceiling);
    tcase_add_test(tc, zero_is_an_identity_too);
    tcase_add_test(tc, grows_in_place);
    tcase_add_test(tc, grows_where_hashes_crowd);
    return unit_run(suite);
}
