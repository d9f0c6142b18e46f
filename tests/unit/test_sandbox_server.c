#include "unit/unit.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>

#include "sandbox/page.h"
#include "sandbox/sandbox.h"

/*
 * The sandbox over real sockets, with clients on the same loop that know nothing of HTTP: they
 * send what they are told and keep what comes until the connection ends.
 */
#define CLIENTS 8

struct client {
    struct fixture *fixture;
    struct bufferevent *bev;
    struct evbuffer *in; /* everything that came */
    int ended;           /* 1 after a clean end  */
};

struct fixture {
    struct event_base *base;
    struct sandbox *sandbox;
    struct client client[CLIENTS];
    size_t clients;
    size_t open;
    size_t wait_for; /* bytes at the last client that end a wait; 0: every connection's end */
};

static void fixture_init(struct fixture *f, const char *spec)
{
    char error[256];

    memset(f, 0, sizeof(*f));
    signal(SIGPIPE, SIG_IGN);
    f->base = event_base_new();
    f->sandbox = sandbox_new(f->base, spec, error, sizeof(error));
    ck_assert_msg(f->sandbox != NULL, "%s", error);
    ck_assert_int_eq(sandbox_listen(f->sandbox, "127.0.0.1", 0), 0);
    ck_assert_uint_ne(sandbox_port(f->sandbox), 0);
}

static void client_close(struct client *client)
{
    if (client->bev != NULL) {
        bufferevent_free(client->bev);
        client->fixture->open--;
    }
    client->bev = NULL;
}

/* Ends every client; what they received is gone. */
static void clients_fini(struct fixture *f)
{
    for (size_t i = 0; i < f->clients; i++) {
        client_close(&f->client[i]);
        evbuffer_free(f->client[i].in);
    }
    f->clients = 0;
}

static void fixture_fini(struct fixture *f)
{
    clients_fini(f);
    sandbox_free(f->sandbox);
    event_base_free(f->base);
    libevent_global_shutdown();
}

static void on_read(struct bufferevent *bev, void *arg)
{
    struct client *client = arg;

    bufferevent_read_buffer(bev, client->in);
    if (client->fixture->wait_for > 0 &&
        evbuffer_get_length(client->in) >= client->fixture->wait_for)
        event_base_loopbreak(client->fixture->base);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    struct client *client = arg;

    (void)bev;
    if (what & BEV_EVENT_CONNECTED)
        return;
    client->ended = (what & BEV_EVENT_EOF) != 0;
    client_close(client);
    if (client->fixture->open == 0)
        event_base_loopbreak(client->fixture->base);
}

static struct client *send_text(struct fixture *f, const char *request)
{
    struct client *client = &f->client[f->clients];
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(sandbox_port(f->sandbox)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};

    ck_assert_uint_lt(f->clients++, CLIENTS);
    memset(client, 0, sizeof(*client));
    client->fixture = f;
    client->in = evbuffer_new();
    client->bev = bufferevent_socket_new(f->base, -1, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(client->bev, on_read, NULL, on_event, client);
    bufferevent_enable(client->bev, EV_READ | EV_WRITE);
    ck_assert_int_eq(bufferevent_socket_connect(client->bev, (struct sockaddr *)&to, sizeof(to)),
                     0);
    bufferevent_write(client->bev, request, strlen(request));
    f->open++;
    return client;
}

static struct client *send_get(struct fixture *f, const char *query, const char *headers)
{
    char request[2000];

    snprintf(request, sizeof(request), "GET /%s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n",
             query, headers);
    return send_text(f, request);
}

#define CALL(target) "?auth_key=demo&url=https%3A%2F%2Fexample.com%2F" target

/* Everything a client received, as a string. */
static const char *received(struct client *client)
{
    evbuffer_add(client->in, "", 1);
    return (const char *)evbuffer_pullup(client->in, -1);
}

/* Sends one request, waits for the connection's end; what came, until the next exchange. */
static const char *exchange(struct fixture *f, const char *query, const char *headers)
{
    struct client *client;

    clients_fini(f);
    client = send_get(f, query, headers);
    event_base_dispatch(f->base);
    ck_assert(client->ended);
    return received(client);
}

/* Lets the loop run for a while. */
static void run_ms(struct fixture *f, unsigned ms)
{
    struct timeval time = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};

    event_base_loopexit(f->base, &time);
    event_base_dispatch(f->base);
}

static const char *body_of(const char *reply)
{
    const char *end = strstr(reply, "\r\n\r\n");

    ck_assert_ptr_nonnull(end);
    return end + 4;
}

static void begins(const char *reply, const char *with)
{
    ck_assert_msg(strncmp(reply, with, strlen(with)) == 0, "\"%.40s\" is not \"%s\"", reply, with);
}

static void has(const char *reply, const char *part)
{
    ck_assert_msg(strstr(reply, part) != NULL, "\"%s\" is not in \"%.400s\"", part, reply);
}

static void lacks(const char *reply, const char *part)
{
    ck_assert_msg(strstr(reply, part) == NULL, "\"%s\" is in \"%.400s\"", part, reply);
}

START_TEST(answers_with_the_page)
{
    struct fixture f;
    size_t len;
    char *page = sandbox_page("https://example.com/\xc3\xa9?a=1&b=%20#c", 3000, &len);
    const char *reply;

    fixture_init(&f, "size=3000");
    reply = exchange(&f, "?key=demo&url=https%3A%2F%2Fexample.com%2F%C3%A9%3Fa%3D1%26b%3D%2520%23c",
                     "");
    begins(reply, "HTTP/1.1 200 OK\r\n");
    has(reply, "Content-Type: text/html; charset=utf-8\r\n");
    has(reply, "Content-Length: 3000\r\n");
    lacks(reply, "Content-Encoding");
    ck_assert_str_eq(body_of(reply), page);
    free(page);
    fixture_fini(&f);
}
END_TEST

START_TEST(refuses_at_the_door)
{
    static const struct {
        const char *query;
        const char *status;
        const char *says;
    } cases[] = {
        {"", "401", "No API key"},
        {"?url=https%3A%2F%2Fexample.com%2F", "401", "No API key"},
        {"?key=wrong&url=https%3A%2F%2Fexample.com%2F", "401", "invalid or expired"},
        {"?auth_key=demo2&url=x", "401", "invalid or expired"},
        {"?auth_key=&url=x", "401", "invalid or expired"},
        {"?auth_key=demo", "400", "target is missing"},
        {"?auth_key=demo&url=", "400", "absolute"},
        {"?auth_key=demo&url=example.com", "400", "absolute"},
        {"?auth_key=demo&url=ftp%3A%2F%2Fexample.com%2F", "400", "absolute"},
        {"?auth_key=demo&url=https%3A%2F%2F", "400", "absolute"},
        {"?auth_key=demo&url=https%3A%2F%2F%2Fpath", "400", "absolute"},
        {"?auth_key=demo&url=https%3Aexample.com", "400", "absolute"},
        {"?auth_key=demo&url=https%253A%252F%252Fexample.com%252F", "400", "absolute"},
        {CALL("a+b"), "400", "absolute"},
        {CALL("a%0D%0Ab"), "400", "absolute"},
        {CALL("a%00b"), "400", "absolute"},
        {CALL("a%7f"), "400", "absolute"},
        {CALL("a%2"), "400", "percent-encoded"},
        {CALL("a&url=https%3A%2F%2Fexample.com%2F"), "400", "more than once"},
        {"v1" CALL("a"), "404", "/__stats"},
    };
    struct fixture f;

    fixture_init(&f, NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *reply = exchange(&f, cases[i].query, "");

        ck_assert_msg(strncmp(reply + 9, cases[i].status, 3) == 0, "%s", cases[i].query);
        has(reply, "Content-Type: application/json\r\n");
        begins(body_of(reply), "{\"error\":\"");
        has(body_of(reply), cases[i].says);
    }
    ck_assert_uint_eq(sandbox_counters(f.sandbox)->unauthorized, 5);
    ck_assert_uint_eq(sandbox_counters(f.sandbox)->bad_requests, 15);
    ck_assert_uint_eq(sandbox_counters(f.sandbox)->calls, 20);
    fixture_fini(&f);
}
END_TEST

START_TEST(answers_as_a_target_asks)
{
    static const struct {
        const char *control;
        const char *status;
        const char *head;
        size_t body_len;
    } cases[] = {
        {"ok", "HTTP/1.1 200 OK\r\n", "Content-Length: 2000\r\n", 2000},
        {"error", "HTTP/1.1 500 ", "application/json\r\n", 43},
        {"empty", "HTTP/1.1 200 OK\r\n", "Content-Length: 0\r\n", 0},
        {"cut", "HTTP/1.1 200 OK\r\n", "Content-Length: 2000\r\n", 1000},
        {"cut,slow-100", "HTTP/1.1 200 OK\r\n", "Content-Length: 2000\r\n", 1000},
        {"slow-100", "HTTP/1.1 200 OK\r\n", "Content-Length: 2000\r\n", 2000},
        {"size-50k", "HTTP/1.1 200 OK\r\n", "Content-Length: 51200\r\n", 51200},
        {"status-503,retry-after-7", "HTTP/1.1 503 ", "Retry-After: 7\r\n", 43},
        {"status-429", "HTTP/1.1 429 ", "Retry-After: 1\r\n", 43},
        {"status-204", "HTTP/1.1 204 ", "Connection: close\r\n", 0},
        {"target-404", "HTTP/1.1 404 ", "text/html; charset=utf-8\r\n", 202},
        {"chunked", "HTTP/1.1 200 OK\r\n", "Transfer-Encoding: chunked\r\n", 2012},
        {"chunked,slow-100", "HTTP/1.1 200 OK\r\n", "Transfer-Encoding: chunked\r\n", 2026},
        {"chunked,cut", "HTTP/1.1 200 OK\r\n", "Transfer-Encoding: chunked\r\n", 1007},
    };
    struct fixture f;

    fixture_init(&f, "size=2000");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char query[200];
        const char *reply;

        snprintf(query, sizeof(query), "%s%s", CALL("%3Fsandbox%3D"), cases[i].control);
        reply = exchange(&f, query, "");
        begins(reply, cases[i].status);
        has(reply, cases[i].head);
        ck_assert_msg(strlen(body_of(reply)) == cases[i].body_len, "%s: %zu", cases[i].control,
                      strlen(body_of(reply)));
    }
    ck_assert_str_eq(exchange(&f, CALL("%3Fsandbox%3Ddrop"), ""), "");
    has(exchange(&f, CALL("%3Fsandbox%3Dcaptcha"), ""), "captcha-form");
    ck_assert_uint_eq(sandbox_counters(f.sandbox)->cut, 3);
    ck_assert_uint_eq(sandbox_counters(f.sandbox)->slow, 3);
    ck_assert_uint_eq(sandbox_counters(f.sandbox)->dropped, 1);
    ck_assert_uint_eq(sandbox_counters(f.sandbox)->throttled, 1);
    ck_assert_uint_eq(sandbox_counters(f.sandbox)->in_flight, 0);
    fixture_fini(&f);
}
END_TEST

START_TEST(shows_what_a_call_asked_for)
{
    struct fixture f;
    const char *reply;

    fixture_init(&f, "size=1k");
    reply = exchange(&f, CALL("&render=true&session=4%2D%2D%3E4&use_headers=true"),
                     "My-Custom: a <b>\r\nAccept-Encoding: gzip\r\n");
    has(reply, "</html>\n<!-- render: true -->\n<!-- session: 4-&#45;&gt;4 -->\n");
    has(reply, "<!-- header My-Custom: a &lt;b&gt; -->\n");
    lacks(body_of(reply), "Accept-Encoding");
    lacks(body_of(reply), "Host");
    reply = exchange(&f, CALL("&use_headers=false"), "My-Custom: a\r\n");
    lacks(reply, "<!--");
    fixture_fini(&f);
}
END_TEST

START_TEST(encodes_as_the_client_accepts)
{
    struct fixture f;

    fixture_init(&f, "encoding=gzip");
    has(exchange(&f, CALL(""), "Accept-Encoding: br, gzip;q=0.5\r\n"),
        "Content-Encoding: gzip\r\n");
    lacks(exchange(&f, CALL(""), "Accept-Encoding: br\r\n"), "Content-Encoding");
    lacks(exchange(&f, CALL(""), ""), "Content-Encoding");
    lacks(exchange(&f, CALL("%3Fsandbox%3Dempty"), "Accept-Encoding: gzip\r\n"),
          "Content-Encoding");
    fixture_fini(&f);
}
END_TEST

START_TEST(throttles_beyond_the_limit)
{
    struct fixture f;
    const struct sandbox_counters *counters;
    unsigned ok = 0, throttled = 0;

    fixture_init(&f, "limit=3,latency=150ms,retry-after=9");
    counters = sandbox_counters(f.sandbox);
    for (unsigned i = 0; i < 5; i++)
        send_get(&f, CALL(""), "");
    event_base_dispatch(f.base);
    for (unsigned i = 0; i < 5; i++) {
        const char *reply = received(&f.client[i]);

        if (strncmp(reply, "HTTP/1.1 429 ", 13) == 0) {
            throttled++;
            has(reply, "Retry-After: 9\r\n");
        } else {
            ok++;
            begins(reply, "HTTP/1.1 200 ");
        }
    }
    ck_assert_uint_eq(ok, 3);
    ck_assert_uint_eq(throttled, 2);
    ck_assert_uint_eq(counters->max_in_flight, 3);
    ck_assert_uint_eq(counters->throttled, 2);
    ck_assert_uint_eq(counters->calls, 5);
    ck_assert_uint_eq(counters->targets, 1);
    begins(exchange(&f, CALL(""), ""), "HTTP/1.1 200 ");
    fixture_fini(&f);

    fixture_init(&f, "limit=1,latency=100ms,retry-after=none");
    send_get(&f, CALL("a"), "");
    send_get(&f, CALL("b"), "");
    event_base_dispatch(f.base);
    lacks(received(&f.client[0]), "Retry-After");
    lacks(received(&f.client[1]), "Retry-After");
    ck_assert_uint_eq(sandbox_counters(f.sandbox)->throttled, 1);
    fixture_fini(&f);
}
END_TEST

START_TEST(counts_those_who_left)
{
    struct fixture f;
    const struct sandbox_counters *counters;

    fixture_init(&f, "latency=300ms");
    counters = sandbox_counters(f.sandbox);
    send_get(&f, CALL("a"), "");
    run_ms(&f, 50);
    ck_assert_uint_eq(counters->in_flight, 1);
    clients_fini(&f);
    run_ms(&f, 100);
    ck_assert_uint_eq(counters->in_flight, 1);
    ck_assert_uint_eq(counters->ok, 0);
    run_ms(&f, 300);
    ck_assert_uint_eq(counters->in_flight, 0);
    ck_assert_uint_eq(counters->ok, 1);
    fixture_fini(&f);
}
END_TEST

START_TEST(stops_dripping_for_nobody)
{
    static const char *const controls[] = {"slow-60000", "slow-60000,chunked", "slow-60000,cut"};
    struct fixture f;

    fixture_init(&f, NULL);
    for (size_t i = 0; i < 3; i++) {
        char query[200];

        snprintf(query, sizeof(query), "%s%s", CALL("%3Fsandbox%3D"), controls[i]);
        send_get(&f, query, "");
        run_ms(&f, 120);
        ck_assert_uint_eq(sandbox_counters(f.sandbox)->in_flight, 1);
        clients_fini(&f);
        run_ms(&f, 200);
        ck_assert_uint_eq(sandbox_counters(f.sandbox)->in_flight, 0);
    }
    fixture_fini(&f);
}
END_TEST

START_TEST(keeps_and_ends_connections)
{
    static const struct {
        const char *control;
        unsigned calls;
        int announced;
    } cases[] = {{"ok", 2, 1}, {"close", 1, 1}, {"hangup", 1, 0}};
    struct fixture f;

    fixture_init(&f, "size=1k");
    for (size_t i = 0; i < 3; i++) {
        uint64_t before = sandbox_counters(f.sandbox)->calls;
        char request[600];
        const char *reply;

        snprintf(request, sizeof(request),
                 "GET /%s%s HTTP/1.1\r\nHost: a\r\n\r\n"
                 "GET /%s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                 CALL("%3Fsandbox%3D"), cases[i].control, CALL("b"));
        clients_fini(&f);
        send_text(&f, request);
        event_base_dispatch(f.base);
        ck_assert_uint_eq(sandbox_counters(f.sandbox)->calls - before, cases[i].calls);
        reply = received(&f.client[0]);
        begins(reply, "HTTP/1.1 200 ");
        ck_assert_int_eq(strstr(reply, "Connection: close") != NULL, cases[i].announced);
    }
    fixture_fini(&f);
}
END_TEST

START_TEST(answers_head_without_a_body)
{
    struct fixture f;

    fixture_init(&f, "size=2k,slow=1");
    send_text(&f, "HEAD /" CALL("") " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    event_base_dispatch(f.base);
    has(received(&f.client[0]), "Content-Length: 2048\r\n");
    ck_assert_str_eq(body_of(received(&f.client[0])), "");
    fixture_fini(&f);
}
END_TEST

START_TEST(gives_an_older_client_no_chunks)
{
    struct fixture f;

    fixture_init(&f, "size=2k,chunked=1");
    send_text(&f, "GET /" CALL("") " HTTP/1.0\r\n\r\n");
    event_base_dispatch(f.base);
    has(received(&f.client[0]), "Content-Length: 2048\r\n");
    lacks(received(&f.client[0]), "chunked");
    fixture_fini(&f);
}
END_TEST

START_TEST(tells_its_counters)
{
    struct fixture f;
    const char *reply;
    char json[1024];

    fixture_init(&f, NULL);
    exchange(&f, CALL(""), "");
    exchange(&f, CALL(""), "");
    exchange(&f, "", "");
    reply = exchange(&f, "__stats", "");
    begins(reply, "HTTP/1.1 200 OK\r\n");
    has(reply, "{\"calls\":3,\"ok\":2,");
    has(reply, "\"unauthorized\":1,");
    has(reply, "\"connections\":4,\"credits\":2,\"targets\":1}\n");
    ck_assert_uint_eq(sandbox_counters(f.sandbox)->calls, 3);
    ck_assert_int_lt(sandbox_counters_json(sandbox_counters(f.sandbox), json, sizeof(json)), 1024);
    fixture_fini(&f);
}
END_TEST

START_TEST(fails_on_the_attempts_it_should)
{
    struct fixture f;

    fixture_init(&f, "size=1k");
    begins(exchange(&f, CALL("%3Fsandbox%3Dstatus-500,times-2"), ""), "HTTP/1.1 500 ");
    begins(exchange(&f, CALL("%3Fsandbox%3Dstatus-500,times-2"), ""), "HTTP/1.1 500 ");
    begins(exchange(&f, CALL("%3Fsandbox%3Dstatus-500,times-2"), ""), "HTTP/1.1 200 ");
    fixture_fini(&f);
}
END_TEST

START_TEST(listens_on_loopback_only)
{
    static const struct {
        const char *address;
        int loopback;
    } cases[] = {
        {"127.0.0.1", 1}, {"127.200.3.4", 1}, {"::1", 1},       {"0.0.0.0", 0},
        {"10.0.0.1", 0},  {"::", 0},          {"128.0.0.1", 0}, {"::ffff:127.0.0.1", 0},
        {"", -1},         {"localhost", -1},  {"127.1", -1},    {"[::1]", -1},
    };
    struct fixture f;

    fixture_init(&f, NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_msg(sandbox_is_loopback(cases[i].address) == cases[i].loopback, "%s",
                      cases[i].address);
        if (cases[i].loopback != 1) {
            ck_assert_int_eq(sandbox_listen(f.sandbox, cases[i].address, 0), -1);
            ck_assert_int_eq(errno, cases[i].loopback == 0 ? EPERM : EINVAL);
        }
    }
    ck_assert_int_eq(sandbox_listen(f.sandbox, "127.0.0.1", sandbox_port(f.sandbox)), -1);
    ck_assert_int_eq(errno, EADDRINUSE);
    fixture_fini(&f);
}
END_TEST

START_TEST(ends_in_the_middle_of_everything)
{
    struct fixture f;

    fixture_init(&f, "latency=100ms");
    send_get(&f, CALL("%3Fsandbox%3Dlatency-60000"), "");
    send_get(&f, CALL("%3Fsandbox%3Dslow-60000"), "");
    send_get(&f, CALL("%3Fsandbox%3Dsize-10m"), "");
    send_text(&f, "GET /?auth_key=de");
    run_ms(&f, 200);
    send_get(&f, CALL("a"), "");
    client_close(&f.client[1]);
    fixture_fini(&f);

    fixture_init(&f, NULL);
    fixture_fini(&f);
    sandbox_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sandbox server");
    TCase *call = unit_case(suite, "call"), *life = unit_case(suite, "life");

    tcase_add_test(call, answers_with_the_page);
    tcase_add_test(call, refuses_at_the_door);
    tcase_add_test(call, answers_as_a_target_asks);
    tcase_add_test(call, shows_what_a_call_asked_for);
    tcase_add_test(call, encodes_as_the_client_accepts);
    tcase_add_test(call, answers_head_without_a_body);
    tcase_add_test(call, gives_an_older_client_no_chunks);
    tcase_add_test(call, fails_on_the_attempts_it_should);
    tcase_add_test(life, throttles_beyond_the_limit);
    tcase_add_test(life, counts_those_who_left);
    tcase_add_test(life, stops_dripping_for_nobody);
    tcase_add_test(life, keeps_and_ends_connections);
    tcase_add_test(life, tells_its_counters);
    tcase_add_test(life, listens_on_loopback_only);
    tcase_add_test(life, ends_in_the_middle_of_everything);
    return unit_run(suite);
}
