#include "unit/rig.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "transport/loop.h"
#include "unit/unit.h"

#define PATIENCE_MS 60000

static void on_watch(evutil_socket_t fd, short what, void *arg)
{
    struct rig *r = arg;

    (void)fd;
    (void)what;
    ck_assert_msg(pf_loop_now_ms() < r->give_up_ms, "a minute has passed; log:\n%s",
                  r->log.data ? r->log.data : "");
}

static void check_text(const char *text)
{
    ck_assert_ptr_null(strstr(text, RIG_KEY));
    for (const char *at = text; *at; at++)
        ck_assert_msg((unsigned char)*at >= 0x20 && *at != 0x7f, "control character in \"%s\"",
                      text);
}

static void on_log(enum fetch_log_level level, const char *message, void *arg)
{
    struct rig *r = arg;

    ck_assert_int_le(level, FETCH_LOG_DEBUG);
    check_text(message);
    ck_assert_int_eq(pf_buf_printf(&r->log, "%s\n", message), FETCH_OK);
    ck_assert_int_eq(pf_buf_terminate(&r->log), FETCH_OK);
}

void rig_init(struct rig *r)
{
    static const char *const variables[] = {"PROXIESAPI_KEY", "PFETCH_KEY", "PFETCH_ENDPOINT"};
    const struct fetch_options options = FETCH_OPTIONS_INIT;
    const struct timeval often = {0, 250000};

    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        ck_assert_int_eq(unsetenv(variables[i]), 0);
    (void)signal(SIGPIPE, SIG_IGN);
    memset(r, 0, sizeof *r);
    r->options = options;
    r->options.concurrency = 5; /* not searched for: what flies is known */
    r->base = event_base_new();
    ck_assert_ptr_nonnull(r->base);
    r->give_up_ms = pf_loop_now_ms() + PATIENCE_MS;
    r->watchdog = event_new(r->base, -1, EV_PERSIST, on_watch, r);
    ck_assert_ptr_nonnull(r->watchdog);
    event_add(r->watchdog, &often);
    peer_init(&r->peer, r->base);
    pf_buf_init(&r->log, 1 << 20);
}

void rig_start(struct rig *r)
{
    struct fetch_failure failure;

    if (!r->options.endpoint)
        r->options.endpoint = r->peer.url;
    r->options.key = RIG_KEY;
    r->options.on_log = on_log;
    r->options.log_arg = r;
    ck_assert_msg(fetch_client_new(&r->client, r->base, &r->options, &failure) == FETCH_OK, "%s",
                  failure.message);
}

void rig_free_client(struct rig *r)
{
    struct fetch_client *client = r->client;

    r->client = NULL;
    fetch_client_free(client);
}

void rig_fini(struct rig *r)
{
    rig_free_client(r);
    rig_quiet(r);
    ck_assert_uint_eq(r->ended, r->submitted);
    for (unsigned i = 0; i < r->submitted; i++)
        fetch_page_free(r->target[i].page);
    peer_fini(&r->peer);
    event_free(r->watchdog);
    event_base_free(r->base);
    pf_buf_fini(&r->log);
}

static void on_page(struct fetch_page *page, void *arg)
{
    struct rig_target *t = arg;
    struct rig *r = t->rig;

    ck_assert_msg(!r->submitting, "called back from within the submission");
    ck_assert_msg(!r->calling, "called back from within a callback");
    ck_assert_msg(!t->page, "called back twice");
    ck_assert_int_eq(page->outcome == FETCH_OUTCOME_OK, page->error == FETCH_OK);
    ck_assert_int_eq(page->outcome == FETCH_OUTCOME_OK, page->message == NULL);
    ck_assert_int_eq(page->outcome == FETCH_OUTCOME_OK, page->phase == FETCH_PHASE_NONE);
    ck_assert_ptr_nonnull(page->body);
    ck_assert_int_eq(page->body[page->body_len], '\0');
    if (page->message)
        check_text(page->message);
    r->calling = true;
    t->page = page;
    t->order = r->ended++;
    if (t->then)
        t->then(t);
    t->call = NULL;
    r->calling = false;
}

struct rig_target *rig_submit_target(struct rig *r, const struct fetch_target *target)
{
    struct rig_target *t = &r->target[r->submitted];

    ck_assert_uint_lt(r->submitted, RIG_TARGETS);
    r->submitted++;
    t->rig = r;
    r->submitting = true;
    ck_assert_int_eq(fetch_client_submit(r->client, target, on_page, t, &t->call), FETCH_OK);
    r->submitting = false;
    return t;
}

struct rig_target *rig_submit(struct rig *r, const char *url)
{
    struct fetch_target target = FETCH_TARGET_INIT;

    target.url = url;
    return rig_submit_target(r, &target);
}

void rig_turn(struct rig *r)
{
    ck_assert_int_eq(event_base_loop(r->base, EVLOOP_ONCE), 0);
}

void rig_run(struct rig *r)
{
    rig_until(r, r->ended == r->submitted);
}

void rig_quiet(struct rig *r)
{
    for (int i = 0; i < 40; i++)
        ck_assert_int_eq(event_base_loop(r->base, EVLOOP_NONBLOCK), 0);
}

const struct fetch_page *rig_fetch(struct rig *r, const char *url)
{
    struct rig_target *t = rig_submit(r, url);

    rig_run(r);
    return t->page;
}

struct fetch_stats rig_stats(const struct rig *r)
{
    struct fetch_stats stats = {.size = sizeof stats};

    fetch_client_stats(r->client, &stats);
    return stats;
}

void rig_check_hello(const struct fetch_page *page)
{
    ck_assert_msg(page->outcome == FETCH_OUTCOME_OK, "%s",
                  page->message ? page->message : fetch_outcome_name(page->outcome));
    ck_assert_int_eq(page->status, 200);
    ck_assert_int_eq(page->api_status, 200);
    ck_assert_uint_eq(page->body_len, 5);
    ck_assert_str_eq(page->body, "hello");
}

void rig_check_failed(const struct fetch_page *page, enum fetch_outcome outcome,
                      enum fetch_error error)
{
    size_t named;

    ck_assert_str_eq(fetch_outcome_name(page->outcome), fetch_outcome_name(outcome));
    ck_assert_msg(page->error == error, "%s", page->message);
    ck_assert_int_ne(page->phase, FETCH_PHASE_NONE);
    named = strcspn(page->url, "\r\n\t ");
    ck_assert_int_eq(strncmp(page->message, page->url, named < 100 ? named : 100), 0);
}
