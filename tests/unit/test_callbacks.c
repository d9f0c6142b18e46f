/*
 * Ends: every way in which a target is cancelled or its client freed, in every state, from outside
 * and from callbacks.  The rig checks that each callback comes exactly once, alone and late enough.
 */
#include "unit/rig.h"

#include "unit/unit.h"

/* Where a call can be.  The flying ones come first. */
enum state { SENT, IN_HEAD, IN_BODY, RESTING, QUEUED, ENDED, STATES };
#define FLYING 3

static const struct peer_step half_head[] = {PEER_SENDS("HTTP/1.1 200 OK\r\ncontent-le"),
                                             PEER_DO(PEER_HOLD), PEER_SENDS("ngth: 5\r\n\r\nhello"),
                                             PEER_DO(PEER_END)};
static const struct peer_step half_body[] = {
    PEER_SENDS("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe"), PEER_DO(PEER_HOLD),
    PEER_SENDS("llo"), PEER_DO(PEER_END)};
static const struct peer_step come_back[] = {
    PEER_SENDS("HTTP/1.1 503 Busy\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n"),
    PEER_DO(PEER_END)};

static const struct peer_step *in_state(struct peer *peer, const struct peer_request *request)
{
    unsigned *rested = peer->arg;

    if (strstr(request->head, "in-head"))
        return half_head;
    if (strstr(request->head, "in-body"))
        return half_body;
    if (strstr(request->head, "resting") && (*rested)++ == 0)
        return come_back;
    if (strstr(request->head, "sent"))
        return peer_ok_later;
    return peer_ok;
}

struct scene {
    struct rig r;
    struct rig_target *t[STATES];
    struct rig_target *actor; /* whose callback does something; it ends as bad_url */
    enum state victim;
    unsigned rested, more;
};

/* One target in each state.  `then`: what the actor's callback does, or NULL for no actor. */
static void scene_init(struct scene *s, void (*then)(struct rig_target *))
{
    static const char *const url[] = {"http://example.com/sent", "http://example.com/in-head",
                                      "http://example.com/in-body", "http://example.com/resting"};
    struct rig *r = &s->r;

    memset(s, 0, sizeof *s);
    rig_init(r);
    r->options.concurrency = FLYING + 1;
    r->peer.choose = in_state;
    r->peer.arg = &s->rested;
    r->arg = s;
    rig_start(r);
    for (int i = SENT; i <= RESTING; i++)
        s->t[i] = rig_submit(r, url[i]);
    rig_until(r, r->peer.held == FLYING && rig_stats(r).waiting == 1);
    rig_quiet(r);
    ck_assert_int_eq(fetch_client_set_concurrency(r->client, FLYING), FETCH_OK);
    s->t[QUEUED] = rig_submit(r, "http://example.com/");
    if (then) {
        s->actor = rig_submit(r, "the actor");
        s->actor->then = then;
    }
    s->t[ENDED] = rig_submit(r, "ended");
    ck_assert_uint_eq(r->ended, 0);
}

static void check_cancelled(const struct scene *s, enum state i)
{
    static const enum fetch_phase phase[] = {FETCH_PHASE_REQUEST, FETCH_PHASE_HEAD,
                                             FETCH_PHASE_BODY, FETCH_PHASE_VERDICT,
                                             FETCH_PHASE_QUEUE};
    const struct fetch_page *page = s->t[i]->page;

    if (i == ENDED) {
        rig_check_failed(page, FETCH_OUTCOME_BAD_URL, FETCH_E_BAD_URL);
        return;
    }
    rig_check_failed(page, FETCH_OUTCOME_CANCELLED, FETCH_E_CANCELLED);
    ck_assert_uint_eq(page->attempts, i == QUEUED ? 0 : 1);
    ck_assert_str_eq(fetch_phase_name(page->phase), fetch_phase_name(phase[i]));
    ck_assert_int_eq(page->api_status, i == IN_BODY ? 200 : i == RESTING ? 503 : 0);
    ck_assert_uint_eq(page->body_len, i == IN_BODY ? 2 : 0); /* a failed page keeps what came */
}

static void check_only_victim(struct scene *s)
{
    struct fetch_stats stats;

    if (s->victim != SENT && s->victim != RESTING) /* its second is waited for once or twice */
        fetch_call_cancel(s->t[RESTING]->call);
    while (s->r.ended < s->r.submitted) {
        peer_release(&s->r.peer);
        rig_turn(&s->r);
    }
    for (int i = 0; i < STATES; i++) {
        if (i == (int)s->victim || i == ENDED || (i == RESTING && s->victim != SENT))
            check_cancelled(s, (enum state)i);
        else
            rig_check_hello(s->t[i]->page);
    }
    stats = rig_stats(&s->r);
    ck_assert_uint_eq(stats.queued + stats.in_flight + stats.waiting, 0);
    rig_fini(&s->r);
}

START_TEST(cancelled_from_outside)
{
    struct scene s;

    scene_init(&s, NULL);
    s.victim = (enum state)_i;
    fetch_call_cancel(s.t[_i]->call);
    ck_assert_uint_eq(s.r.ended, 0);
    fetch_call_cancel(s.t[_i]->call); /* until its callback it may be said again */
    ck_assert_uint_eq(s.r.ended, 0);
    check_only_victim(&s);
}
END_TEST

static void cancel_victim(struct rig_target *actor)
{
    struct scene *s = actor->rig->arg;

    fetch_call_cancel(s->t[s->victim]->call);
}

START_TEST(cancelled_from_a_callback)
{
    struct scene s;

    scene_init(&s, cancel_victim);
    s.victim = (enum state)_i;
    check_only_victim(&s);
}
END_TEST

static void check_all_cancelled(struct scene *s)
{
    ck_assert_uint_eq(s->r.ended, s->r.submitted);
    for (int i = 0; i < STATES; i++)
        check_cancelled(s, (enum state)i);
    rig_fini(&s->r);
}

START_TEST(freed_from_outside)
{
    struct scene s;

    scene_init(&s, NULL);
    rig_free_client(&s.r);
    check_all_cancelled(&s);
}
END_TEST

static void free_client(struct rig_target *actor)
{
    struct rig *r = actor->rig;
    struct fetch_client *client = r->client;
    struct fetch_target target = FETCH_TARGET_INIT;
    struct fetch_gather_options options = FETCH_GATHER_OPTIONS_INIT;
    struct fetch_gather *gather;
    unsigned ended = r->ended;

    rig_free_client(r);
    ck_assert_uint_eq(r->ended, ended);
    target.url = "http://example.com/";
    ck_assert_int_eq(fetch_client_submit(client, &target, (fetch_page_cb)abort, NULL, NULL),
                     FETCH_E_CLOSED);
    ck_assert_int_eq(fetch_gather_new(&gather, client, &options), FETCH_E_CLOSED);
    ck_assert_ptr_null(gather);
}

START_TEST(freed_from_a_callback)
{
    struct scene s;

    scene_init(&s, free_client);
    rig_until(&s.r, s.r.ended > 0);
    check_all_cancelled(&s);
}
END_TEST

/* A page that a socket brings, one that a timer brings, and one that a dial brings. */
START_TEST(freed_from_the_callback_of_a_page_that)
{
    static const enum fetch_outcome outcome[] = {FETCH_OUTCOME_OK, FETCH_OUTCOME_TIMEOUT,
                                                 FETCH_OUTCOME_NETWORK};
    struct rig_target *t;
    struct rig r;

    rig_init(&r);
    r.options.retries = 0;
    r.options.timeout_ms = _i == 1 ? 50 : 0;
    peer_then(&r.peer, _i == 1 ? peer_silent : peer_ok);
    r.options.connect_timeout_ms = _i == 2 ? 50 : 0;
    if (_i == 2)
        peer_deafen(&r.peer);
    rig_start(&r);
    t = rig_submit(&r, "http://example.com/");
    t->then = free_client;
    for (int i = 0; i < 20; i++)
        rig_submit(&r, "http://example.com/");
    rig_run(&r);
    ck_assert_ptr_null(r.client);
    ck_assert_int_eq(t->page->outcome, outcome[_i]);
    rig_fini(&r);
}
END_TEST

static void cancel_itself(struct rig_target *t)
{
    fetch_call_cancel(t->call);
}

START_TEST(cancelling_itself_in_its_callback_does_nothing)
{
    struct rig_target *t;
    struct rig r;

    rig_init(&r);
    peer_then(&r.peer, peer_ok);
    rig_start(&r);
    t = rig_submit(&r, "http://example.com/");
    t->then = cancel_itself;
    rig_run(&r);
    rig_quiet(&r);
    rig_check_hello(t->page);
    rig_fini(&r);
}
END_TEST

static void submit_one_more(struct rig_target *t)
{
    if (t->rig->submitted < 100)
        rig_submit(t->rig, t->page->url)->then = submit_one_more;
}

START_TEST(callbacks_submit)
{
    static const char *const url[] = {"http://example.com/", "no url"};
    struct rig r;

    rig_init(&r);
    peer_then(&r.peer, peer_ok);
    rig_start(&r);
    rig_submit(&r, url[_i])->then = submit_one_more;
    rig_run(&r);
    ck_assert_uint_eq(r.submitted, 100);
    ck_assert_uint_eq(r.peer.request_count, _i == 0 ? 100 : 0);
    ck_assert_uint_eq(r.peer.accepted, _i == 0 ? 1 : 0); /* each over the one that it ended */
    rig_fini(&r);
}
END_TEST

/* Callbacks that submit what ends at once again and again do not keep the sockets waiting. */
struct busy {
    struct rig *r;
    unsigned rounds;
};

static void again(struct fetch_page *page, void *arg)
{
    struct busy *busy = arg;
    struct fetch_target target = FETCH_TARGET_INIT;

    fetch_page_free(page);
    target.url = "no url";
    if (busy->r->ended > 0)
        return;
    ck_assert_uint_lt(++busy->rounds, 1000000);
    ck_assert_int_eq(fetch_client_submit(busy->r->client, &target, again, busy, NULL), FETCH_OK);
}

START_TEST(busy_callbacks_do_not_stop_the_loop)
{
    struct fetch_target target = FETCH_TARGET_INIT;
    struct busy busy;
    struct rig r;

    rig_init(&r);
    peer_then(&r.peer, peer_ok);
    rig_start(&r);
    rig_submit(&r, "http://example.com/");
    busy = (struct busy){&r, 0};
    target.url = "no url";
    ck_assert_int_eq(fetch_client_submit(r.client, &target, again, &busy, NULL), FETCH_OK);
    rig_run(&r);
    rig_check_hello(r.target[0].page);
    ck_assert_uint_gt(busy.rounds, 0);
    rig_quiet(&r);
    rig_fini(&r);
}
END_TEST

static void free_other(struct rig_target *t)
{
    rig_free_client(t->rig->arg);
}

/* In the callback of one client the other is freed, whose callbacks come at once. */
START_TEST(one_client_frees_another)
{
    struct event_base *base;
    struct rig_target *t;
    struct rig a, b;

    rig_init(&a);
    rig_init(&b);
    base = b.base;
    b.base = a.base;
    b.options.endpoint = a.peer.url;
    peer_then(&a.peer, peer_silent);
    peer_then(&a.peer, peer_silent);
    peer_then(&a.peer, peer_ok);
    rig_start(&a);
    rig_start(&b);
    rig_submit(&b, "http://example.com/");
    rig_submit(&b, "http://example.com/");
    rig_until(&b, a.peer.held == 2);
    a.arg = &b;
    t = rig_submit(&a, "http://example.com/");
    t->then = free_other;
    rig_run(&a);
    ck_assert_uint_eq(b.ended, 2);
    rig_check_hello(t->page);
    rig_check_failed(b.target[0].page, FETCH_OUTCOME_CANCELLED, FETCH_E_CANCELLED);
    b.base = base;
    rig_fini(&b);
    rig_fini(&a);
}
END_TEST

START_TEST(cancelled_while_connecting)
{
    struct rig_target *t;
    struct rig r;

    rig_init(&r);
    peer_deafen(&r.peer);
    rig_start(&r);
    t = rig_submit(&r, "http://example.com/");
    rig_submit(&r, "http://example.com/");
    rig_quiet(&r);
    ck_assert_uint_eq(rig_stats(&r).in_flight, 2);
    fetch_call_cancel(t->call);
    rig_until(&r, t->page);
    rig_check_failed(t->page, FETCH_OUTCOME_CANCELLED, FETCH_E_CANCELLED);
    ck_assert_int_eq(t->page->phase, FETCH_PHASE_CONNECT);
    rig_free_client(&r);
    ck_assert_uint_eq(r.ended, 2);
    rig_fini(&r);
}
END_TEST

START_TEST(freed_with_nothing_to_end)
{
    struct rig r;

    rig_init(&r);
    rig_start(&r);
    rig_free_client(&r);
    fetch_client_free(NULL);
    fetch_page_free(NULL);
    fetch_gather_free(NULL);
    peer_then(&r.peer, peer_ok);
    rig_start(&r);
    rig_check_hello(rig_fetch(&r, "http://example.com/"));
    rig_fini(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("callbacks");
    TCase *tc = unit_case(suite, "cancel");

    tcase_add_loop_test(tc, cancelled_from_outside, 0, STATES);
    tcase_add_loop_test(tc, cancelled_from_a_callback, 0, STATES);
    tcase_add_test(tc, cancelling_itself_in_its_callback_does_nothing);
    tcase_add_test(tc, cancelled_while_connecting);
    tc = unit_case(suite, "free");
    tcase_add_test(tc, freed_from_outside);
    tcase_add_test(tc, freed_from_a_callback);
    tcase_add_loop_test(tc, freed_from_the_callback_of_a_page_that, 0, 3);
    tcase_add_test(tc, one_client_frees_another);
    tcase_add_test(tc, freed_with_nothing_to_end);
    tc = unit_case(suite, "submit");
    tcase_add_loop_test(tc, callbacks_submit, 0, 2);
    tcase_add_test(tc, busy_callbacks_do_not_stop_the_loop);
    return unit_run(suite);
}
