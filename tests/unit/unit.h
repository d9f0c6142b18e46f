/*
 * What every unit test shares.  A test program is one file over Check:
 *
 *   int main(void)
 *   {
 *       Suite *suite = suite_create("buf");
 *       TCase *tc = unit_case(suite, "growth");
 *
 *       tcase_add_test(tc, doubles);
 *       return unit_run(suite);
 *   }
 */
#ifndef PF_TESTS_UNIT_H
#define PF_TESTS_UNIT_H

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * Check notes the place of every assertion that holds in a file, at the cost of microseconds each:
 * too many for tests that try every split and every truncation.  Only a crash tells less without.
 */
#define _mark_point(file, line) ((void)0)

/* A case of `suite`, with time enough for sanitizers on a busy machine. */
static inline TCase *unit_case(Suite *suite, const char *name)
{
    TCase *tc = tcase_create(name);

    tcase_set_timeout(tc, 120);
    suite_add_tcase(suite, tc);
    return tc;
}

/* Runs the suite and frees it; gives main()'s return value. */
static inline int unit_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    int failed;

    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* A literal as pointer and length, NULs within it included. */
#define UNIT_STR(literal) (literal), sizeof(literal) - 1

/*
 * Memory that ends at a page that is not mapped: whoever reads or writes one
 * byte beyond it crashes.  Begin with {0}.
 */
struct unit_guard {
    char *map;
    size_t bytes; /* accessible, in front of the unmapped page */
};

/* `n` bytes of such memory, at the same place each time; lent until the next call. */
static inline char *unit_guard_room(struct unit_guard *g, size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    if (!g->map || g->bytes < n) {
        if (g->map)
            munmap(g->map, g->bytes + page);
        g->bytes = (n / page + 1) * page;
        g->map =
            mmap(NULL, g->bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ck_assert_ptr_ne(g->map, MAP_FAILED);
        ck_assert_int_eq(mprotect(g->map + g->bytes, page, PROT_NONE), 0);
    }
    return g->map + g->bytes - n;
}

/* The same, filled with a copy of `n` bytes. */
static inline const char *unit_guard_put(struct unit_guard *g, const void *bytes, size_t n)
{
    char *room = unit_guard_room(g, n);

    if (n > 0)
        memcpy(room, bytes, n);
    return room;
}

static inline void unit_guard_fini(struct unit_guard *g)
{
    if (g->map)
        munmap(g->map, g->bytes + (size_t)sysconf(_SC_PAGESIZE));
    g->map = NULL;
}

#endif
