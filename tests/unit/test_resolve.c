/* Names and addresses, against a name server of the test's own on loopback. */
#include "unit/rig.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include <event2/dns.h>
#include <event2/dns_struct.h>
#include <event2/event.h>
#include <event2/util.h>

#include "transport/resolve.h"
#include "unit/unit.h"

/* A name server that answers every question alike. */
struct names {
    struct evdns_server_port *port;
    int fd;
    char address[40];
    int error;         /* DNS_ERR_NONE: the addresses below */
    const char *v4[4]; /* NULL-terminated */
    const char *v6[4];
    bool silent, silent_v6; /* to all, or about v6 */
    unsigned questions;
    char name[80]; /* that was asked for last */
};

static void answer(struct evdns_server_request *req, const char *name, const char *const *list,
                   int family)
{
    unsigned char bytes[16];

    for (; *list; list++) {
        ck_assert_int_eq(inet_pton(family, *list, bytes), 1);
        if (family == AF_INET)
            evdns_server_request_add_a_reply(req, name, 1, bytes, 60);
        else
            evdns_server_request_add_aaaa_reply(req, name, 1, bytes, 60);
    }
}

static void on_question(struct evdns_server_request *req, void *arg)
{
    struct names *names = arg;

    names->questions++;
    for (int i = 0; i < req->nquestions; i++) {
        const struct evdns_server_question *question = req->questions[i];

        (void)snprintf(names->name, sizeof names->name, "%s", question->name);
        if (names->error == DNS_ERR_NONE && question->type == EVDNS_TYPE_A)
            answer(req, question->name, names->v4, AF_INET);
        else if (names->error == DNS_ERR_NONE && question->type == EVDNS_TYPE_AAAA)
            answer(req, question->name, names->v6, AF_INET6);
    }
    if (names->silent || (names->silent_v6 && req->questions[0]->type == EVDNS_TYPE_AAAA))
        evdns_server_request_drop(req);
    else
        evdns_server_request_respond(req, names->error);
}

static void names_init(struct names *names, struct event_base *base)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof sa;

    memset(names, 0, sizeof *names);
    names->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    ck_assert_int_ge(names->fd, 0);
    ck_assert_int_eq(bind(names->fd, (struct sockaddr *)&sa, len), 0);
    ck_assert_int_eq(getsockname(names->fd, (struct sockaddr *)&sa, &len), 0);
    (void)snprintf(names->address, sizeof names->address, "127.0.0.1:%u", ntohs(sa.sin_port));
    names->port = evdns_add_server_port_with_base(base, names->fd, 0, on_question, names);
    ck_assert_ptr_nonnull(names->port);
}

static void names_fini(struct names *names)
{
    evdns_close_server_port(names->port);
    close(names->fd);
}

/* A resolver on a rig's loop. */
struct asker {
    struct rig r;
    struct names names;
    struct pf_loop loop;
    struct pf_resolver resolver;
    unsigned told;
    char failure[80]; /* what was told last; empty for success */
    struct pf_buf log;
};

static void on_done(void *arg, const char *failure)
{
    struct asker *a = arg;

    a->told++;
    (void)snprintf(a->failure, sizeof a->failure, "%s", failure ? failure : "");
}

static void on_log(enum fetch_log_level level, const char *message, void *arg)
{
    struct asker *a = arg;

    ck_assert_int_eq(level, FETCH_LOG_WARNING);
    ck_assert_int_eq(pf_buf_printf(&a->log, "%s\n", message), FETCH_OK);
    ck_assert_int_eq(pf_buf_terminate(&a->log), FETCH_OK);
}

static void asker_init(struct asker *a, const char *host, const char *const *overrides, size_t n)
{
    rig_init(&a->r);
    names_init(&a->names, a->r.base);
    ck_assert_int_eq(pf_loop_init(&a->loop, a->r.base), FETCH_OK);
    a->loop.on_log = on_log;
    a->loop.log_arg = a;
    pf_buf_init(&a->log, 10000);
    pf_resolver_init(&a->resolver, &a->loop, host, 8080, overrides, n);
    a->resolver.nameserver = a->names.address;
    a->resolver.on_done = on_done;
    a->resolver.arg = a;
    a->told = 0;
}

static void asker_fini(struct asker *a)
{
    pf_resolver_fini(&a->resolver);
    rig_quiet(&a->r); /* evdns tells of what was cancelled from the loop */
    pf_loop_fini(&a->loop);
    names_fini(&a->names);
    pf_buf_fini(&a->log);
    rig_fini(&a->r);
}

static void check_address(const struct asker *a, unsigned i, const char *expected)
{
    char text[64];

    ck_assert_uint_lt(i, a->resolver.addresses.count);
    ck_assert_str_eq(pf_address_text(&a->resolver.addresses.list[i], text, sizeof text), expected);
}

static bool has_address(const struct asker *a, const char *expected)
{
    char text[64];

    for (unsigned i = 0; i < a->resolver.addresses.count; i++)
        if (!strcmp(pf_address_text(&a->resolver.addresses.list[i], text, sizeof text), expected))
            return true;
    return false;
}

START_TEST(all_addresses_of_a_name)
{
    struct asker a;

    asker_init(&a, "endpoint.test", NULL, 0);
    a.names.v4[0] = "192.0.2.1";
    a.names.v4[1] = "192.0.2.2";
    a.names.v6[0] = "2001:db8::1";
    ck_assert(!pf_resolver_ready(&a.resolver));
    ck_assert(!pf_resolver_ready(&a.resolver)); /* one look-up for all who ask */
    ck_assert_uint_eq(a.told, 0);
    rig_until(&a.r, a.told == 1);
    ck_assert_str_eq(a.failure, "");
    ck_assert_uint_eq(a.resolver.addresses.count, 3);
    ck_assert(has_address(&a, "192.0.2.1:8080"));
    ck_assert(has_address(&a, "192.0.2.2:8080"));
    ck_assert(has_address(&a, "[2001:db8::1]:8080"));
    ck_assert_int_eq(strcasecmp(a.names.name, "endpoint.test"), 0);
    ck_assert_uint_eq(a.names.questions, 2); /* A and AAAA */
    ck_assert(pf_resolver_ready(&a.resolver));
    rig_quiet(&a.r);
    ck_assert_uint_eq(a.names.questions, 2); /* they are kept */
    asker_fini(&a);
}
END_TEST

START_TEST(one_family_is_enough)
{
    struct asker a;

    asker_init(&a, "endpoint.test", NULL, 0);
    if (_i == 0)
        a.names.v4[0] = "192.0.2.1";
    else
        a.names.v6[0] = "2001:db8::1";
    ck_assert(!pf_resolver_ready(&a.resolver));
    rig_until(&a.r, a.told == 1);
    ck_assert_uint_eq(a.resolver.addresses.count, 1);
    check_address(&a, 0, _i == 0 ? "192.0.2.1:8080" : "[2001:db8::1]:8080");
    asker_fini(&a);
}
END_TEST

START_TEST(no_such_name)
{
    struct asker a;

    asker_init(&a, "endpoint.test", NULL, 0);
    a.names.error = _i == 0 ? DNS_ERR_NOTEXIST : DNS_ERR_NONE; /* or a name without addresses */
    ck_assert(!pf_resolver_ready(&a.resolver));
    rig_until(&a.r, a.told == 1);
    ck_assert_uint_gt(strlen(a.failure), 0);
    ck_assert_uint_eq(a.resolver.addresses.count, 0);
    a.names.error = DNS_ERR_NONE; /* asked again, it may be there */
    a.names.v4[0] = "192.0.2.1";
    ck_assert(!pf_resolver_ready(&a.resolver));
    rig_until(&a.r, a.told == 2);
    ck_assert_str_eq(a.failure, "");
    ck_assert(pf_resolver_ready(&a.resolver));
    asker_fini(&a);
}
END_TEST

START_TEST(old_addresses_are_used_while_they_are_asked_for_again)
{
    struct asker a;

    asker_init(&a, "endpoint.test", NULL, 0);
    a.names.v4[0] = "192.0.2.1";
    a.names.v4[1] = "192.0.2.2";
    ck_assert(!pf_resolver_ready(&a.resolver));
    rig_until(&a.r, a.told == 1);
    a.resolver.addresses.list[0].used = 7;
    a.resolver.addresses.list[1].used = 7;
    a.resolver.stale_at_ms = 0;
    a.names.v4[0] = "192.0.2.3";
    ck_assert(pf_resolver_ready(&a.resolver)); /* meanwhile */
    check_address(&a, 0, "192.0.2.1:8080");
    rig_until(&a.r, a.told == 2);
    ck_assert_uint_eq(a.resolver.addresses.count, 2);
    check_address(&a, 0, "192.0.2.3:8080");
    check_address(&a, 1, "192.0.2.2:8080");
    ck_assert_uint_eq(a.resolver.addresses.list[0].used, 7); /* new: no arrears to make up */
    ck_assert_uint_eq(a.resolver.addresses.list[1].used, 7); /* in both: it keeps its record */

    a.resolver.stale_at_ms = 0;
    a.names.error = DNS_ERR_NOTEXIST;
    ck_assert(pf_resolver_ready(&a.resolver));
    rig_until(&a.r, a.told == 3);
    ck_assert_str_eq(a.failure, ""); /* no failure: there are addresses */
    ck_assert_uint_eq(a.resolver.addresses.count, 2);
    ck_assert_ptr_nonnull(strstr(a.log.data, "endpoint.test"));
    ck_assert_uint_gt(a.resolver.stale_at_ms, 0);
    asker_fini(&a);
}
END_TEST

/* Before anything was asked, while nothing has been answered, and with half an answer. */
START_TEST(given_up_while_asking)
{
    struct asker a;

    asker_init(&a, "endpoint.test", NULL, 0);
    a.names.silent = _i == 1;
    a.names.silent_v6 = true;
    a.names.v4[0] = "192.0.2.1";
    ck_assert(!pf_resolver_ready(&a.resolver));
    if (_i > 0)
        rig_until(&a.r, a.names.questions == 2);
    if (_i > 1)
        rig_quiet(&a.r);
    asker_fini(&a);
    ck_assert_uint_eq(a.told, 0);
}
END_TEST

static const struct {
    const char *host, *expected;
} literals[] = {
    {"127.0.0.1", "127.0.0.1:8080"},
    {"::1", "[::1]:8080"},
    {"2001:db8::7", "[2001:db8::7]:8080"},
};

START_TEST(address_literals_are_not_asked_for)
{
    struct asker a;

    asker_init(&a, literals[_i].host, NULL, 0);
    ck_assert(pf_resolver_ready(&a.resolver));
    ck_assert_uint_eq(a.resolver.addresses.count, 1);
    check_address(&a, 0, literals[_i].expected);
    rig_quiet(&a.r);
    ck_assert_uint_eq(a.names.questions, 0);
    asker_fini(&a);
}
END_TEST

START_TEST(overrides_replace_the_look_up)
{
    static const char *const list[] = {
        "endpoint.test:8080:192.0.2.1", "other.test:8080:192.0.2.9", "endpoint.test:80:192.0.2.8",
        "ENDPOINT.test:8080:[2001:db8::2]", "endpoint.test:8080:2001:db8::3"};
    struct asker a;

    asker_init(&a, "endpoint.test", list, 5);
    ck_assert(pf_resolver_ready(&a.resolver));
    ck_assert_uint_eq(a.resolver.addresses.count, 3);
    check_address(&a, 0, "192.0.2.1:8080");
    check_address(&a, 1, "[2001:db8::2]:8080");
    check_address(&a, 2, "[2001:db8::3]:8080");
    asker_fini(&a);
    asker_init(&a, "127.0.0.1", (const char *const[]){"127.0.0.1:8080:192.0.2.1"}, 1);
    check_address(&a, 0, "192.0.2.1:8080");
    asker_fini(&a);
}
END_TEST

START_TEST(overrides_are_checked)
{
    static const char *const bad[] = {"",
                                      "a",
                                      "a:80",
                                      "a:80:",
                                      "a:80:b",
                                      ":80:1.2.3.4",
                                      "a:0:1.2.3.4",
                                      "a:65536:1.2.3.4",
                                      "a:x:1.2.3.4",
                                      "a::1.2.3.4",
                                      "a:80:1.2.3",
                                      "a:80:1.2.3.4:80",
                                      "a:80:[::1",
                                      "a:-1:1.2.3.4"};

    ck_assert(pf_resolver_override_is_valid("a:80:1.2.3.4"));
    ck_assert(pf_resolver_override_is_valid("a:65535:::1"));
    ck_assert(pf_resolver_override_is_valid("a:1:[::1]"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!pf_resolver_override_is_valid(bad[i]), "\"%s\"", bad[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("resolve");
    TCase *tc = unit_case(suite, "names");

    tcase_add_test(tc, all_addresses_of_a_name);
    tcase_add_loop_test(tc, one_family_is_enough, 0, 2);
    tcase_add_loop_test(tc, no_such_name, 0, 2);
    tcase_add_test(tc, old_addresses_are_used_while_they_are_asked_for_again);
    tcase_add_loop_test(tc, given_up_while_asking, 0, 3);
    tc = unit_case(suite, "given");
    tcase_add_loop_test(tc, address_literals_are_not_asked_for, 0,
                        (int)(sizeof literals / sizeof *literals));
    tcase_add_test(tc, overrides_replace_the_look_up);
    tcase_add_test(tc, overrides_are_checked);
    return unit_run(suite);
}
