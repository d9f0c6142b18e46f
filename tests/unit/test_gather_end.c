/* How gathers end early: failures, stops, cancels, deadlines, freed gathers, freed clients. */
#include "unit/play.h"

static struct play p, q;

static const enum fetch_order orders[] = {FETCH_ORDER_FINISHED, FETCH_ORDER_INPUT};

static void start(struct rig *r, int order, unsigned targets)
{
    rig_init(r);
    r->options.concurrency = 8;
    peer_then(&r->peer, peer_ok_later);
    play_init(&p, r);
    p.options.order = orders[order];
    p.targets = targets;
}

/* A second gather beside it, of one target, which the first's fate must not touch. */
static void start_other(struct rig *r)
{
    play_init(&q, r);
    q.targets = 1;
    q.url = "http://example.org/";
    play_start(&q);
}

static void check_other(struct rig *r)
{
    while (!q.done) {
        peer_release(&r->peer);
        rig_turn(r);
    }
    ck_assert_int_eq(q.error, FETCH_OK);
    ck_assert_uint_eq(q.outcome[FETCH_OUTCOME_OK], 1);
    play_fini(&q);
}

/* -------------------------------------------------------------- failure -- */

static const struct peer_step *third_is_missing(struct peer *peer,
                                                const struct peer_request *request)
{
    static const struct peer_step missing_later[] = {
        PEER_DO(PEER_HOLD), PEER_SENDS("HTTP/1.1 404 No\r\ncontent-length: 2\r\n\r\nno"),
        PEER_DO(PEER_END)};
    unsigned *number = peer->arg;

    if (!strstr(request->head, "example.com%2F3 "))
        return peer_ok_later;
    *number = peer->request_count - 1;
    return missing_later;
}

/* The first failure cancels all others, even those that come before it in the input. */
START_TEST(the_first_failure_stops_the_gather)
{
    unsigned bad = 0;
    struct rig r;

    start(&r, _i, 1000);
    r.peer.choose = third_is_missing;
    r.peer.arg = &bad;
    p.options.on_failure = FETCH_ON_FAILURE_STOP;
    rig_start(&r);
    play_start(&p);
    rig_until(&r, r.peer.held == 8);
    start_other(&r);
    rig_quiet(&r);
    ck_assert_uint_eq(p.taken, 64);
    peer_release_request(&r.peer, bad);
    play_run(&p);
    ck_assert_int_eq(p.error, FETCH_E_STATUS);
    ck_assert_uint_eq(p.taken, 64); /* the source was not asked again */
    ck_assert_uint_eq(p.outcome[FETCH_OUTCOME_TARGET_ERROR], 1);
    ck_assert_uint_eq(p.outcome[FETCH_OUTCOME_CANCELLED], 63);
    check_other(&r);
    play_fini(&p);
    rig_fini(&r);
}
END_TEST

START_TEST(what_was_never_sent_is_a_failure_too)
{
    struct rig r;

    start(&r, _i, 10);
    p.url = "no url ";
    p.options.on_failure = FETCH_ON_FAILURE_STOP;
    rig_start(&r);
    play_start(&p);
    play_run(&p);
    ck_assert_int_eq(p.error, FETCH_E_BAD_URL);
    ck_assert_uint_eq(r.peer.accepted, 0);
    play_fini(&p);
    rig_fini(&r);
}
END_TEST

START_TEST(failures_are_collected_otherwise)
{
    struct rig r;

    start(&r, _i, 10);
    r.peer.script[0] = peer_404;
    rig_start(&r);
    play_start(&p);
    play_run(&p);
    ck_assert_int_eq(p.error, FETCH_OK);
    ck_assert_uint_eq(p.outcome[FETCH_OUTCOME_TARGET_ERROR], 10);
    play_fini(&p);
    rig_fini(&r);
}
END_TEST

/* ------------------------------------------------------- stop and cancel -- */

static const struct peer_step broken_later[] = {
    PEER_DO(PEER_HOLD), PEER_SENDS("HTTP/1.1 500 Broken\r\ncontent-length: 0\r\n\r\n"),
    PEER_DO(PEER_END)};
static const struct peer_step throttled_later[] = {
    PEER_DO(PEER_HOLD), PEER_SENDS("HTTP/1.1 429 Slow\r\ncontent-length: 0\r\n\r\n"),
    PEER_DO(PEER_END)};
static const struct peer_step come_back[] = {
    PEER_SENDS("HTTP/1.1 503 Busy\r\nretry-after: 100\r\ncontent-length: 0\r\n\r\n"),
    PEER_DO(PEER_END)};

/* Stopped with one resting, seven flying and the rest of the window queued. */
START_TEST(stop_lets_land_what_flies)
{
    struct rig r;

    start(&r, _i, 1000);
    r.peer.script[0] = come_back;
    peer_then(&r.peer, broken_later);
    peer_then(&r.peer, throttled_later);
    peer_then(&r.peer, peer_ok_later);
    rig_start(&r);
    play_start(&p);
    rig_until(&r, r.peer.held == 8 && rig_stats(&r).waiting == 1);
    rig_quiet(&r);
    PLAY_CALL(&p, fetch_gather_stop(p.g));
    ck_assert_uint_eq(p.handed, 0);
    ck_assert_int_eq(play_add(&p, "http://example.com/"), FETCH_E_CLOSED);
    rig_quiet(&r);
    ck_assert_uint_eq(p.done, 0);
    ck_assert_uint_eq(fetch_gather_outstanding(p.g), orders[_i] == FETCH_ORDER_INPUT ? 63 : 8);
    peer_release(&r.peer);
    play_run(&p);
    ck_assert_int_eq(p.error, FETCH_E_CANCELLED);
    ck_assert_uint_eq(p.outcome[FETCH_OUTCOME_OK], 6);
    ck_assert_uint_eq(p.outcome[FETCH_OUTCOME_PROVIDER_ERROR], 1); /* no further attempts */
    ck_assert_uint_eq(p.outcome[FETCH_OUTCOME_THROTTLED], 1);
    ck_assert_uint_eq(p.outcome[FETCH_OUTCOME_CANCELLED], p.taken - 8);
    ck_assert_uint_eq(r.peer.request_count, 9);
    play_fini(&p);
    rig_fini(&r);
}
END_TEST

START_TEST(cancel_ends_everything)
{
    struct rig r;

    start(&r, _i, 1000);
    r.peer.script[0] = come_back;
    peer_then(&r.peer, peer_ok_later);
    rig_start(&r);
    play_start(&p);
    rig_until(&r, r.peer.held == 8 && rig_stats(&r).waiting == 1);
    start_other(&r);
    rig_quiet(&r);
    if (_i == 1) { /* after a stop, too */
        PLAY_CALL(&p, fetch_gather_stop(p.g));
        rig_quiet(&r);
    }
    PLAY_CALL(&p, fetch_gather_cancel(p.g));
    PLAY_CALL(&p, fetch_gather_cancel(p.g));
    play_run(&p);
    ck_assert_int_eq(p.error, FETCH_E_CANCELLED);
    ck_assert_uint_eq(p.outcome[FETCH_OUTCOME_CANCELLED], p.taken);
    check_other(&r);
    play_fini(&p);
    rig_fini(&r);
}
END_TEST

START_TEST(cancelled_before_it_began)
{
    struct rig r;

    start(&r, _i, 10);
    rig_start(&r);
    play_start(&p);
    PLAY_CALL(&p, fetch_gather_cancel(p.g));
    ck_assert_uint_eq(p.done, 0);
    play_run(&p);
    ck_assert_int_eq(p.error, FETCH_E_CANCELLED);
    ck_assert_uint_eq(p.asked, 0);
    play_fini(&p);
    rig_fini(&r);
}
END_TEST

static enum fetch_pull later(struct play *play)
{
    return play->taken == play->targets ? FETCH_PULL_LATER : FETCH_PULL_TARGET;
}

/* With calls that fly and rest for ever, and with a source that has nothing. */
START_TEST(the_deadline_passes)
{
    struct rig r;

    start(&r, _i & 1, _i < 2 ? 20 : 0);
    r.peer.script[0] = peer_silent;
    p.options.deadline_ms = 300;
    p.on_source = later;
    rig_start(&r);
    play_start(&p);
    play_run(&p);
    ck_assert_int_eq(p.error, FETCH_E_TIMEOUT);
    ck_assert_uint_eq(p.outcome[FETCH_OUTCOME_CANCELLED], p.taken);
    play_fini(&p);
    rig_fini(&r);
}
END_TEST

START_TEST(a_deadline_that_is_not_needed)
{
    struct rig r;

    start(&r, _i, 5);
    r.peer.script[0] = peer_ok;
    p.options.deadline_ms = 60000;
    rig_start(&r);
    play_start(&p);
    play_run(&p);
    ck_assert_int_eq(p.error, FETCH_OK);
    play_fini(&p);
    rig_fini(&r);
}
END_TEST

/* ----------------------------------------------------- from its callbacks -- */

/* What a callback does to its gather, or to the client. */
static void do_stop(struct play *play)
{
    PLAY_CALL(play, fetch_gather_stop(play->g));
}

static void do_cancel(struct play *play)
{
    PLAY_CALL(play, fetch_gather_cancel(play->g));
}

static void do_free(struct play *play)
{
    PLAY_CALL(play, play_free(play));
}

static void do_free_client(struct play *play)
{
    PLAY_CALL(play, rig_free_client(play->r));
}

static void do_free_both(struct play *play)
{
    PLAY_CALL(play, rig_free_client(play->r));
    PLAY_CALL(play, play_free(play));
}

static void do_free_both_gather_first(struct play *play)
{
    PLAY_CALL(play, play_free(play));
    PLAY_CALL(play, rig_free_client(play->r));
}

static const struct {
    void (*act)(struct play *);
    bool ends, frees_gather, frees_client;
} deeds[] = {
    {do_stop, true, false, false},     {do_cancel, true, false, false},
    {do_free, false, true, false},     {do_free_client, true, false, true},
    {do_free_both, false, true, true}, {do_free_both_gather_first, false, true, true},
};
#define DEEDS ((int)(sizeof deeds / sizeof *deeds))

static int deed;

static void act_on_page(struct play *play, const struct fetch_page *page)
{
    (void)page;
    if (play->handed == 3)
        deeds[deed].act(play);
}

static enum fetch_pull act_on_source(struct play *play)
{
    if (play->taken == 5) {
        deeds[deed].act(play);
        play->taken--; /* what it says now is not taken */
    }
    return FETCH_PULL_TARGET;
}

static void act_on_done(struct play *play)
{
    deeds[deed].act(play);
}

/* Runs until the deed's consequences are complete, and checks them. */
static void check_deed(struct rig *r, bool was_done)
{
    rig_until(r, p.over || p.done);
    if (deeds[deed].frees_client) {
        ck_assert_uint_eq(q.done, 1);
        ck_assert_int_eq(q.error, FETCH_E_CANCELLED);
        ck_assert_uint_eq(q.outcome[FETCH_OUTCOME_CANCELLED], 1);
        play_fini(&q);
    } else {
        check_other(r);
    }
    rig_quiet(r);
    ck_assert_uint_eq(p.done, was_done || deeds[deed].ends ? 1 : 0);
    if (p.done)
        ck_assert_int_eq(p.error, was_done ? FETCH_OK : FETCH_E_CANCELLED);
    play_fini(&p);
    rig_fini(r);
}

/* `_i`: the deed, and the order. */
static void begin_deed(struct rig *r, int i)
{
    deed = i / 2;
    start(r, i % 2, 30);
    peer_then(&r->peer, peer_ok); /* to all but the other gather's target */
    rig_start(r);
    start_other(r);
    rig_until(r, r->peer.held == 1);
}

START_TEST(from_a_page_s_callback)
{
    struct rig r;

    begin_deed(&r, _i);
    p.on_page = act_on_page;
    play_start(&p);
    check_deed(&r, false);
}
END_TEST

START_TEST(from_the_source)
{
    struct rig r;

    begin_deed(&r, _i);
    p.on_source = act_on_source;
    play_start(&p);
    check_deed(&r, false);
}
END_TEST

START_TEST(from_the_end)
{
    struct rig r;

    begin_deed(&r, _i);
    p.on_done = act_on_done;
    play_start(&p);
    check_deed(&r, true);
}
END_TEST

/* ------------------------------------------------------------ from outside -- */

START_TEST(a_gather_freed_from_outside)
{
    struct rig r;

    start(&r, _i, 100);
    rig_start(&r);
    play_start(&p);
    rig_until(&r, r.peer.held == 8);
    start_other(&r);
    rig_quiet(&r);
    peer_release_request(&r.peer, 3); /* early, in input order */
    rig_until(&r, rig_stats(&r).ended == 1);
    play_free(&p);
    rig_until(&r, rig_stats(&r).queued + rig_stats(&r).in_flight <= 1);
    check_other(&r);
    rig_fini(&r);
}
END_TEST

START_TEST(a_gather_freed_and_then_its_client)
{
    struct rig r;

    start(&r, _i, 100);
    rig_start(&r);
    play_start(&p);
    rig_until(&r, r.peer.held == 8);
    play_free(&p);
    rig_free_client(&r);
    rig_fini(&r);
}
END_TEST

START_TEST(a_client_freed_under_its_gathers)
{
    struct rig r;

    start(&r, _i, 100);
    rig_start(&r);
    play_start(&p);
    rig_until(&r, r.peer.held == 8);
    start_other(&r); /* it has not even asked its source */
    ck_assert_uint_eq(q.asked, 0);
    rig_free_client(&r);
    ck_assert_uint_eq(p.done, 1);
    ck_assert_int_eq(p.error, FETCH_E_CANCELLED);
    ck_assert_uint_eq(p.outcome[FETCH_OUTCOME_CANCELLED], p.taken);
    ck_assert_uint_eq(q.done, 1);
    ck_assert_int_eq(q.error, FETCH_E_CANCELLED);
    ck_assert_uint_eq(q.asked, 0);
    ck_assert_int_eq(play_add(&p, "http://example.com/"), FETCH_E_CLOSED);
    fetch_gather_close(p.g); /* what is over can be told anything */
    fetch_gather_wake(p.g);
    fetch_gather_stop(p.g);
    fetch_gather_cancel(p.g);
    ck_assert_uint_eq(fetch_gather_outstanding(p.g), 0);
    play_fini(&p);
    play_fini(&q);
    rig_fini(&r);
}
END_TEST

static void free_other_gather(struct play *play, const struct fetch_page *page)
{
    (void)page;
    if (play->handed == 1)
        play_free(&p);
}

START_TEST(one_gather_frees_another)
{
    struct rig r;

    start(&r, _i, 100);
    rig_start(&r);
    play_start(&p);
    rig_until(&r, r.peer.held == 8);
    rig_quiet(&r);
    start_other(&r);
    q.targets = 2;
    q.on_page = free_other_gather;
    ck_assert_int_eq(play_add(&q, "no url"), FETCH_OK);
    rig_until(&r, p.over);
    check_other(&r);
    rig_fini(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gather_end");
    TCase *tc = unit_case(suite, "failure");

    tcase_add_loop_test(tc, the_first_failure_stops_the_gather, 0, 2);
    tcase_add_loop_test(tc, what_was_never_sent_is_a_failure_too, 0, 2);
    tcase_add_loop_test(tc, failures_are_collected_otherwise, 0, 2);
    tc = unit_case(suite, "stop");
    tcase_add_loop_test(tc, stop_lets_land_what_flies, 0, 2);
    tcase_add_loop_test(tc, cancel_ends_everything, 0, 2);
    tcase_add_loop_test(tc, cancelled_before_it_began, 0, 2);
    tcase_add_loop_test(tc, the_deadline_passes, 0, 4);
    tcase_add_loop_test(tc, a_deadline_that_is_not_needed, 0, 2);
    tc = unit_case(suite, "callbacks");
    tcase_add_loop_test(tc, from_a_page_s_callback, 0, 2 * DEEDS);
    tcase_add_loop_test(tc, from_the_source, 0, 2 * DEEDS);
    tcase_add_loop_test(tc, from_the_end, 0, 2 * DEEDS);
    tc = unit_case(suite, "outside");
    tcase_add_loop_test(tc, a_gather_freed_from_outside, 0, 2);
    tcase_add_loop_test(tc, a_gather_freed_and_then_its_client, 0, 2);
    tcase_add_loop_test(tc, a_client_freed_under_its_gathers, 0, 2);
    tcase_add_loop_test(tc, one_gather_frees_another, 0, 2);
    return unit_run(suite);
}
