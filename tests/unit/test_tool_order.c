#include "unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "pfetch/order.h"

#define BODY 1000u

static struct order *order;

static void begin(size_t memory_max, uint64_t spill_max, size_t ahead_max, const char *directory)
{
    const struct order_setup setup = {.memory_max = memory_max,
                                      .spill_max = spill_max,
                                      .ahead_max = ahead_max,
                                      .directory = directory};

    order = order_new(&setup);
    ck_assert_ptr_nonnull(order);
}

static uint64_t taken(void)
{
    uint64_t place;

    ck_assert(order_take(order, &place));
    return place;
}

/* A page that is only lent, with all that a page can have; all of it tells its number. */
static void put(uint64_t number)
{
    char url[64], id[32], message[64], value[BODY], body[BODY];
    const struct fetch_header headers[] = {{"content-type", 12, "text/html", 9},
                                           {"x-value", 7, value, sizeof(value)}};
    struct fetch_page page = {.url = url,
                              .id = number % 2 ? id : NULL,
                              .headers = headers,
                              .header_count = number % 3,
                              .body = body,
                              .body_len = BODY - number % 7,
                              .message = number % 2 ? message : NULL,
                              .protocol = "h2",
                              .attempts = (unsigned)number};
    struct record record = {.page = &page, .index = number, .list = "list"};

    snprintf(url, sizeof(url), "https://example.com/%llu", (unsigned long long)number);
    snprintf(id, sizeof(id), "id %llu", (unsigned long long)number);
    snprintf(message, sizeof(message), "because of %llu", (unsigned long long)number);
    memset(body, (char)number, sizeof(body));
    memset(value, (char)~number, sizeof(value));
    if (number % 5 == 0)
        strcpy(record.request, "0123456789abcdef0123456789abcdef");
    if (number % 11 == 0) {
        record.url_len = strlen(url);
        url[8] = '\0';
    }
    ck_assert(order_put(order, number, &record, NULL));
    memset(url, 'x', sizeof(url)); /* it was lent */
    memset(body, 'x', sizeof(body));
    memset(value, 'x', sizeof(value));
}

static void check_page(const struct record *r, uint64_t number)
{
    const struct fetch_page *page = r->page;
    char wanted[64];
    int n =
        snprintf(wanted, sizeof(wanted), "https://example.com/%llu", (unsigned long long)number);

    if (number % 11 == 0)
        wanted[8] = '\0';
    ck_assert_mem_eq(page->url, wanted, (size_t)n + 1);
    ck_assert_str_eq(r->list, "list");
    if (number % 5)
        ck_assert_str_eq(r->request, "");
    else
        ck_assert_str_eq(r->request, "0123456789abcdef0123456789abcdef");
    ck_assert_int_eq(page->id != NULL, number % 2);
    ck_assert_int_eq(page->message != NULL, number % 2);
    ck_assert_ptr_null(page->final_url);
    ck_assert_str_eq(page->protocol, "h2");
    ck_assert_uint_eq(page->attempts, (unsigned)number);
    ck_assert_uint_eq(page->body_len, BODY - number % 7);
    for (size_t i = 0; i < page->body_len; i++)
        ck_assert_int_eq(page->body[i], (char)number);
    ck_assert_int_eq(page->body[page->body_len], 0);
    ck_assert_uint_eq(page->header_count, number % 3);
    if (page->header_count > 0)
        ck_assert_str_eq(fetch_page_header(page, "Content-Type"), "text/html");
    if (page->header_count > 1) {
        ck_assert_uint_eq(page->headers[1].value_len, BODY);
        ck_assert_int_eq(page->headers[1].value[BODY - 1], (char)~number);
    }
}

static void due(uint64_t number)
{
    struct record r;

    ck_assert_int_eq(order_next(order, &r), ORDER_RECORD);
    ck_assert_uint_eq(r.index, number);
    check_page(&r, number);
}

static void none(void)
{
    struct record r;

    ck_assert_int_eq(order_next(order, &r), ORDER_NONE);
}

START_TEST(early_ones_wait)
{
    begin(1 << 20, 1 << 20, 100, ".");
    none();
    for (unsigned i = 0; i < 4; i++)
        ck_assert_uint_eq(taken(), i);
    none();
    put(2);
    put(1);
    none();
    put(0);
    due(0);
    due(1);
    due(2);
    none();
    put(3);
    due(3);
    none();
    ck_assert_uint_eq(order_in_memory(order), 0);
    order_free(order);
}
END_TEST

START_TEST(what_is_skipped_is_waited_for_no_more)
{
    begin(1 << 20, 1 << 20, 100, ".");
    for (unsigned i = 0; i < 6; i++)
        taken();
    put(2);
    put(5);
    order_skip(order, 1);
    order_skip(order, 0);
    due(2);
    none();
    order_skip(order, 3);
    none();
    order_skip(order, 4);
    due(5);
    none();
    order_free(order);
}
END_TEST

/* Backwards: everything but the first waits, nearly all of it in the file. */
START_TEST(the_ceiling_holds_and_the_file_the_rest)
{
    enum { MANY = 2000 };

    begin(20 * BODY, UINT64_MAX, MANY, ".");
    for (unsigned round = 0; round < 2; round++) {
        uint64_t first = round * MANY;

        for (unsigned i = 0; i < MANY; i++)
            taken();
        ck_assert(order_is_full(order)); /* as far ahead as it may be */
        for (uint64_t n = first + MANY; n-- > first + 1;) {
            put(n);
            ck_assert_uint_le(order_in_memory(order), 24 * BODY);
        }
        ck_assert_uint_gt(order_in_file(order), (uint64_t)(MANY - 50) * BODY);
        none();
        put(first);
        for (uint64_t n = first; n < first + MANY; n++)
            due(n);
        none();
        ck_assert_uint_eq(order_in_memory(order), 0);
        ck_assert_uint_eq(order_in_file(order), 0);
        ck_assert(!order_is_full(order));
    }
    order_free(order);
}
END_TEST

/* The source is told to wait where there is no file or it may not grow; nothing is lost. */
static void without_a_file(uint64_t spill_max, const char *directory)
{
    begin(5 * BODY, spill_max, 100, directory);
    for (unsigned i = 0; i < 30; i++)
        taken();
    for (unsigned n = 1; n < 30; n++)
        put(n);
    ck_assert(order_is_full(order));
    put(0);
    for (unsigned n = 0; n < 30; n++)
        due(n);
    none();
    ck_assert(!order_is_full(order));
    order_free(order);
}

START_TEST(a_file_that_cannot_be_had_loses_nothing)
{
    struct rlimit small = {10 * BODY, 10 * BODY};

    without_a_file(UINT64_MAX, "no-such-directory");
    without_a_file(8 * BODY, ".");
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    without_a_file(UINT64_MAX, ".");
}
END_TEST

/* With pages left in memory, in the file, skipped, open and lent. */
START_TEST(is_freed_whenever)
{
    struct record r;

    begin(5 * BODY, UINT64_MAX, 100, ".");
    for (unsigned i = 0; i < 40; i++)
        taken();
    for (unsigned n = 0; n < 30; n++)
        put(n);
    order_skip(order, 35);
    ck_assert_int_eq(order_next(order, &r), ORDER_RECORD);
    order_free(order);
    order_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tool order");
    TCase *tc = unit_case(suite, "order");

    tcase_add_test(tc, early_ones_wait);
    tcase_add_test(tc, what_is_skipped_is_waited_for_no_more);
    tcase_add_test(tc, the_ceiling_holds_and_the_file_the_rest);
    tcase_add_test(tc, a_file_that_cannot_be_had_loses_nothing);
    tcase_add_test(tc, is_freed_whenever);
    return unit_run(suite);
}
