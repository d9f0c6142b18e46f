/* The table of hosts: found whatever else comes and goes, even where all of them fall together. */
#include "unit/unit.h"

#include <stdbool.h>

#include <stdio.h>

#include "engine/hosts.h"

void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);

static bool starved;

void *__wrap_realloc(void *p, size_t n)
{
    return starved ? NULL : __real_realloc(p, n);
}

#define MANY 3000u

static struct probe {
    struct pf_host host;
    char name[32];
    bool there;
} probes[MANY];

static void name_all(const struct pf_hosts *hosts, uint64_t mask)
{
    for (unsigned i = 0; i < MANY; i++) {
        struct probe *p = &probes[i];

        snprintf(p->name, sizeof p->name, "h%u.example.com", i);
        p->host = (struct pf_host){.name = p->name, .name_len = strlen(p->name)};
        p->host.hash = pf_hosts_hash(hosts, p->name, p->host.name_len) & mask;
        p->there = false;
    }
}

static struct pf_host *find(const struct pf_hosts *hosts, const struct probe *p)
{
    return pf_hosts_find(hosts, p->name, p->host.name_len, p->host.hash);
}

static void check_all(const struct pf_hosts *hosts)
{
    size_t count = 0;

    for (unsigned i = 0; i < MANY; i++) {
        ck_assert_ptr_eq(find(hosts, &probes[i]), probes[i].there ? &probes[i].host : NULL);
        count += probes[i].there;
    }
    ck_assert_uint_eq(hosts->count, count);
}

static void toggle(struct pf_hosts *hosts, struct probe *p)
{
    if (p->there)
        pf_hosts_remove(hosts, &p->host);
    else
        ck_assert_int_eq(pf_hosts_add(hosts, &p->host), FETCH_OK);
    p->there = !p->there;
}

/* Whole hashes, few bits of them (many share a bucket), and none. */
static const uint64_t masks[] = {UINT64_MAX, 0xff, 0xff00, 0};

START_TEST(finds_what_is_in_it)
{
    struct pf_random random;
    struct pf_hosts hosts;

    pf_random_init_seed(&random, 7);
    pf_hosts_init(&hosts, &random);
    name_all(&hosts, masks[_i]);
    check_all(&hosts);
    for (unsigned i = 0; i < MANY; i++)
        toggle(&hosts, &probes[i]);
    check_all(&hosts);
    for (unsigned i = 0; i < 4 * MANY; i++)
        toggle(&hosts, &probes[pf_random_up_to(&random, MANY - 1)]);
    check_all(&hosts);
    for (unsigned i = 0; i < MANY; i++)
        if (probes[i].there)
            toggle(&hosts, &probes[i]);
    check_all(&hosts);
    ck_assert_uint_le(hosts.room, 16); /* its memory has gone with them */
    toggle(&hosts, &probes[1]);
    check_all(&hosts);
    pf_hosts_fini(&hosts);
}
END_TEST

/* As many buckets as hosts, at any number of them: chains stay short. */
START_TEST(grows_by_one_bucket_a_host)
{
    struct pf_random random;
    struct pf_hosts hosts;
    unsigned longest = 0;

    pf_random_init_seed(&random, 7);
    pf_hosts_init(&hosts, &random);
    name_all(&hosts, UINT64_MAX);
    for (unsigned i = 0; i < MANY; i++) {
        toggle(&hosts, &probes[i]);
        ck_assert_uint_eq(hosts.used, i + 1);
    }
    for (size_t i = 0; i < hosts.used; i++) {
        unsigned n = 0;

        for (const struct pf_host *h = hosts.bucket[i]; h; h = h->next)
            n++;
        longest = n > longest ? n : longest;
    }
    ck_assert_uint_le(longest, 12);
    pf_hosts_fini(&hosts);
}
END_TEST

START_TEST(another_key_is_another_order)
{
    struct pf_random random;
    struct pf_hosts a, b;

    pf_random_init_seed(&random, 7);
    pf_hosts_init(&a, &random);
    pf_hosts_init(&b, &random);
    ck_assert_uint_ne(pf_hosts_hash(&a, UNIT_STR("example.com")),
                      pf_hosts_hash(&b, UNIT_STR("example.com")));
    ck_assert_uint_eq(pf_hosts_hash(&a, UNIT_STR("example.com")),
                      pf_hosts_hash(&a, UNIT_STR("EXAMPLE.com")));
    pf_hosts_fini(&a);
    pf_hosts_fini(&b);
}
END_TEST

/* Without memory the first host is refused, and later ones share buckets until there is some. */
START_TEST(goes_on_without_memory)
{
    struct pf_random random;
    struct pf_hosts hosts;

    pf_random_init_seed(&random, 7);
    pf_hosts_init(&hosts, &random);
    name_all(&hosts, UINT64_MAX);
    starved = true;
    ck_assert_int_eq(pf_hosts_add(&hosts, &probes[0].host), FETCH_E_NOMEM);
    check_all(&hosts);
    starved = false;
    toggle(&hosts, &probes[0]);
    starved = true;
    for (unsigned i = 1; i < MANY / 2; i++)
        toggle(&hosts, &probes[i]);
    ck_assert_uint_eq(hosts.used, hosts.room);
    check_all(&hosts);
    starved = false;
    for (unsigned i = MANY / 2; i < MANY; i++)
        toggle(&hosts, &probes[i]);
    check_all(&hosts);
    starved = true;
    for (unsigned i = 0; i < MANY; i++)
        toggle(&hosts, &probes[i]);
    check_all(&hosts);
    pf_hosts_fini(&hosts);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hosts");
    TCase *tc = unit_case(suite, "table");

    tcase_add_loop_test(tc, finds_what_is_in_it, 0, (int)(sizeof masks / sizeof masks[0]));
    tcase_add_test(tc, grows_by_one_bucket_a_host);
    tcase_add_test(tc, another_key_is_another_order);
    tcase_add_test(tc, goes_on_without_memory);
    return unit_run(suite);
}
