/* A pool's connections by what they can take on: which is next, and which has been idle longest. */
#include "transport/places.h"

#include <string.h>

#include "unit/unit.h"

#define CONNS 8

struct scene {
    struct pf_places places;
    struct pf_conn conn[CONNS];
};

static void scene_init(struct scene *s)
{
    memset(s, 0, sizeof *s);
    pf_places_init(&s->places);
    for (unsigned i = 0; i < CONNS; i++)
        pf_list_init(&s->conn[i].link);
}

/* Connection `i` carries `active` exchanges, and has room up to `limit`. */
static void put(struct scene *s, unsigned i, unsigned active, unsigned limit)
{
    s->conn[i].active = active;
    pf_places_put(&s->places, &s->conn[i], limit > active ? limit - active : 0, 0);
}

static void put_idle(struct scene *s, unsigned i, unsigned limit, uint64_t now_ms)
{
    s->conn[i].active = 0;
    pf_places_put(&s->places, &s->conn[i], limit, now_ms);
}

static int least(struct scene *s)
{
    const struct pf_conn *conn = pf_places_least_loaded(&s->places);

    return conn ? (int)(conn - s->conn) : -1;
}

static int longest_idle(const struct scene *s)
{
    const struct pf_conn *conn = pf_places_longest_idle(&s->places);

    return conn ? (int)(conn - s->conn) : -1;
}

START_TEST(none_has_room_in_an_empty_pool)
{
    struct scene s;

    scene_init(&s);
    ck_assert_int_eq(least(&s), -1);
    ck_assert_int_eq(longest_idle(&s), -1);
    pf_places_fini(&s.places);
}
END_TEST

START_TEST(the_least_loaded_of_those_with_room)
{
    struct scene s;

    scene_init(&s);
    put(&s, 0, 70, 100);
    put(&s, 1, 3, 3); /* full */
    put(&s, 2, 500, 1000);
    ck_assert_int_eq(least(&s), 0);
    put(&s, 0, 501, 1000);
    ck_assert_int_eq(least(&s), 2);
    put(&s, 3, 999, 1000);
    ck_assert_int_eq(least(&s), 2);
    put(&s, 2, 1000, 1000);
    ck_assert_int_eq(least(&s), 0);
    pf_list_remove(&s.conn[0].link); /* as pf_conn_free() does */
    ck_assert_int_eq(least(&s), 3);
    put(&s, 1, 2, 3);
    ck_assert_int_eq(least(&s), 1);
    put(&s, 4, 0, 1);
    ck_assert_int_eq(least(&s), 4);
    put(&s, 4, 1, 1);
    put(&s, 1, 3, 3);
    put(&s, 3, 1000, 1000);
    ck_assert_int_eq(least(&s), -1);
    ck_assert_int_eq(longest_idle(&s), -1);
}
END_TEST

/* Whatever happens, against a look at all of them. */
START_TEST(as_a_walk_would_find_it)
{
    uint32_t random = 12345u + (uint32_t)_i;
    struct scene s;

    scene_init(&s);
    for (int step = 0; step < 20000; step++) {
        unsigned i, active, found = PF_MAX_STREAMS;
        int next;

        random = random * 1664525u + 1013904223u;
        i = random >> 8 & (CONNS - 1);
        active = random >> 12 & 3 ? (random >> 14) % 5 : (random >> 14) % PF_MAX_STREAMS;
        if (random >> 29 == 0)
            pf_list_remove(&s.conn[i].link);
        else
            put(&s, i, active, active + (random >> 26 & 1));
        for (unsigned k = 0; k < CONNS; k++)
            if (!pf_list_empty(&s.conn[k].link) && s.conn[k].active < found &&
                s.conn[k].place == &s.places.by_load[s.conn[k].active])
                found = s.conn[k].active;
        next = least(&s);
        ck_assert_int_eq(next < 0, found == PF_MAX_STREAMS);
        if (next >= 0)
            ck_assert_uint_eq(s.conn[next].active, found);
    }
}
END_TEST

/* The last used is the next, so that the others age. */
START_TEST(idle_ones)
{
    struct scene s;

    scene_init(&s);
    put_idle(&s, 0, 10, 1000);
    put_idle(&s, 1, 10, 2000);
    put_idle(&s, 2, 10, 3000);
    ck_assert_int_eq(least(&s), 2);
    ck_assert_int_eq(longest_idle(&s), 0);
    put_idle(&s, 0, 20, 4000); /* its room has changed, not its rest */
    ck_assert_int_eq(least(&s), 2);
    ck_assert_int_eq(longest_idle(&s), 0);
    ck_assert_uint_eq(s.conn[0].idle_since_ms, 1000);
    put(&s, 0, 1, 10);
    put_idle(&s, 0, 10, 5000);
    ck_assert_int_eq(least(&s), 0);
    ck_assert_int_eq(longest_idle(&s), 1);
    ck_assert_uint_eq(s.conn[0].idle_since_ms, 5000);
}
END_TEST

/* They take no exchange, and rest all the same. */
START_TEST(idle_ones_that_take_none)
{
    struct scene s;

    scene_init(&s);
    put_idle(&s, 0, 0, 1000);
    ck_assert_int_eq(least(&s), -1);
    ck_assert_int_eq(longest_idle(&s), 0);
    put_idle(&s, 1, 1, 2000);
    put_idle(&s, 2, 0, 3000);
    ck_assert_int_eq(least(&s), 1);
    ck_assert_int_eq(longest_idle(&s), 0);
    pf_list_remove(&s.conn[0].link);
    ck_assert_int_eq(longest_idle(&s), 1);
    pf_list_remove(&s.conn[1].link);
    ck_assert_int_eq(longest_idle(&s), 2);
    put_idle(&s, 2, 1, 4000);
    ck_assert_int_eq(least(&s), 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("places");
    TCase *tc = unit_case(suite, "places");

    tcase_add_test(tc, none_has_room_in_an_empty_pool);
    tcase_add_test(tc, the_least_loaded_of_those_with_room);
    tcase_add_loop_test(tc, as_a_walk_would_find_it, 0, 4);
    tcase_add_test(tc, idle_ones);
    tcase_add_test(tc, idle_ones_that_take_none);
    return unit_run(suite);
}
