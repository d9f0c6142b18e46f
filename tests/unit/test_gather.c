/* The gather at its work: sources, windows, orders, additions. */
#include "unit/play.h"

/* Large, and one at a time is enough. */
static struct play p;

/* Ten out of ten thousand are missing, or no URLs at all. */
static const struct peer_step *some_missing(struct peer *peer, const struct peer_request *request)
{
    (void)peer;
    return strstr(request->head, "999%") || strstr(request->head, "999 ") ? peer_404 : peer_ok;
}

START_TEST(many_targets_in_a_small_window)
{
    struct rig r;

    rig_init(&r);
    r.options.concurrency = 50;
    r.peer.choose = some_missing;
    rig_start(&r);
    play_init(&p, &r);
    p.targets = PLAY_MAX;
    p.options.window = 64;
    p.options.order = _i == 0 ? FETCH_ORDER_FINISHED : FETCH_ORDER_INPUT;
    play_start(&p);
    r.give_up_ms += 600000;
    play_run(&p);
    ck_assert_int_eq(p.error, FETCH_OK);
    ck_assert_uint_eq(p.handed, PLAY_MAX);
    ck_assert_uint_eq(p.outcome[FETCH_OUTCOME_OK], PLAY_MAX - PLAY_MAX / 1000);
    ck_assert_uint_eq(p.outcome[FETCH_OUTCOME_TARGET_ERROR], PLAY_MAX / 1000);
    ck_assert_uint_eq(p.asked, PLAY_MAX + 1); /* after its end it is not asked again */
    ck_assert_uint_le(r.peer.most_progress, 50);
    play_fini(&p);
    rig_fini(&r);
}
END_TEST

START_TEST(pages_come_as_they_finish)
{
    static const unsigned order[] = {3, 0, 4, 1, 2};
    struct rig r;

    rig_init(&r);
    peer_then(&r.peer, peer_ok_later);
    rig_start(&r);
    play_init(&p, &r);
    p.targets = 5;
    play_start(&p);
    rig_until(&r, r.peer.held == 5);
    ck_assert_uint_eq(fetch_gather_outstanding(p.g), 5);
    for (unsigned i = 0; i < 5; i++) {
        char target[40];
        unsigned request = 0;

        (void)snprintf(target, sizeof target, "http://example.com/%u", order[i]);
        while (!peer_asked_for(&r.peer, request, target))
            request++;
        peer_release_request(&r.peer, request);
        rig_until(&r, p.handed == i + 1);
        ck_assert_uint_eq(p.index[i], order[i]);
        ck_assert_uint_eq(fetch_gather_outstanding(p.g), 4 - i);
    }
    play_run(&p);
    play_fini(&p);
    rig_fini(&r);
}
END_TEST

/* The first page is late: those behind it wait in their window, and no more are taken. */
START_TEST(pages_come_in_input_order)
{
    struct rig r;

    rig_init(&r);
    r.options.concurrency = 10;
    peer_then(&r.peer, peer_ok_later);
    rig_start(&r);
    play_init(&p, &r);
    p.targets = 10;
    p.options.window = 4;
    p.options.order = FETCH_ORDER_INPUT;
    play_start(&p);
    rig_until(&r, r.peer.held == 4);
    for (unsigned i = 0; i < 4; i++)
        if (!peer_asked_for(&r.peer, i, "http://example.com/0"))
            peer_release_request(&r.peer, i);
    rig_until(&r, rig_stats(&r).ended == 3);
    rig_quiet(&r);
    ck_assert_uint_eq(p.handed, 0);
    ck_assert_uint_eq(p.taken, 4);
    ck_assert_uint_eq(fetch_gather_outstanding(p.g), 4);
    while (!p.done) {
        peer_release(&r.peer);
        rig_turn(&r);
    }
    ck_assert_uint_eq(p.handed, 10);
    play_fini(&p);
    rig_fini(&r);
}
END_TEST

START_TEST(the_default_window)
{
    struct rig r;

    rig_init(&r);
    r.options.concurrency = _i == 0 ? 5 : 50;
    peer_then(&r.peer, peer_silent);
    rig_start(&r);
    play_init(&p, &r);
    p.targets = 1000;
    play_start(&p);
    ck_assert_uint_eq(p.asked, 0);
    rig_until(&r, r.peer.held == r.options.concurrency);
    rig_quiet(&r);
    ck_assert_uint_eq(p.taken, _i == 0 ? 64 : 100);
    play_fini(&p);
    rig_fini(&r);
}
END_TEST

static enum fetch_pull two_at_a_time(struct play *play)
{
    bool *pause = play->arg;

    if (play->taken == play->targets)
        return FETCH_PULL_END;
    *pause = !*pause && play->taken % 2 == 0;
    return *pause ? FETCH_PULL_LATER : FETCH_PULL_TARGET;
}

START_TEST(a_source_that_has_nothing_yet_is_woken)
{
    bool pause = false;
    struct rig r;

    rig_init(&r);
    peer_then(&r.peer, peer_ok);
    rig_start(&r);
    play_init(&p, &r);
    p.targets = 6;
    p.on_source = two_at_a_time;
    p.arg = &pause;
    play_start(&p);
    for (unsigned i = 0; i < 3; i++) {
        unsigned asked;

        rig_until(&r, pause && p.handed == 2 * i);
        asked = p.asked;
        rig_quiet(&r);
        ck_assert_uint_eq(p.asked, asked);
        ck_assert_uint_eq(p.done, 0);
        PLAY_CALL(&p, fetch_gather_wake(p.g));
        ck_assert_uint_eq(p.asked, asked);
        rig_until(&r, p.asked > asked);
    }
    play_run(&p);
    ck_assert_int_eq(p.error, FETCH_OK);
    ck_assert_uint_eq(p.handed, 6);
    play_fini(&p);
    rig_fini(&r);
}
END_TEST

static enum fetch_pull later_after_first(struct play *play)
{
    return play->taken > 0 && play->taken == play->handed + 1 ? FETCH_PULL_LATER
                                                              : FETCH_PULL_TARGET;
}

static void wake(struct play *play, const struct fetch_page *page)
{
    (void)page;
    PLAY_CALL(play, fetch_gather_wake(play->g));
}

/* One after the other: each page wakes the source. */
START_TEST(a_page_s_callback_wakes_the_source)
{
    struct rig r;

    rig_init(&r);
    peer_then(&r.peer, peer_ok);
    rig_start(&r);
    play_init(&p, &r);
    p.targets = 20;
    p.on_source = later_after_first;
    p.on_page = wake;
    play_start(&p);
    play_run(&p);
    ck_assert_uint_eq(p.handed, 20);
    ck_assert_uint_eq(r.peer.most_progress, 1);
    play_fini(&p);
    rig_fini(&r);
}
END_TEST

START_TEST(nothing_at_all_is_done_too)
{
    struct rig r;

    rig_init(&r);
    rig_start(&r);
    play_init(&p, &r);
    if (_i == 1)
        p.options.source = NULL;
    play_start(&p);
    if (_i == 1) {
        rig_quiet(&r);
        ck_assert_uint_eq(p.done, 0); /* something may be added yet */
        PLAY_CALL(&p, fetch_gather_close(p.g));
    }
    ck_assert_uint_eq(p.done, 0);
    play_run(&p);
    ck_assert_int_eq(p.error, FETCH_OK);
    play_fini(&p);
    rig_fini(&r);
}
END_TEST

START_TEST(added_targets)
{
    struct fetch_target nothing = FETCH_TARGET_INIT;
    struct rig r;

    rig_init(&r);
    peer_then(&r.peer, peer_ok);
    rig_start(&r);
    play_init(&p, &r);
    p.options.source = NULL;
    p.options.window = 1;
    play_start(&p);
    ck_assert_int_eq(fetch_gather_add(p.g, NULL), FETCH_E_INVALID);
    ck_assert_int_eq(fetch_gather_add(p.g, &nothing), FETCH_E_INVALID);
    for (int i = 0; i < 5; i++) /* over the window */
        ck_assert_int_eq(play_add(&p, "http://example.com/"), FETCH_OK);
    ck_assert_int_eq(play_add(&p, "no url"), FETCH_OK);
    ck_assert_uint_eq(fetch_gather_outstanding(p.g), 6);
    rig_until(&r, p.handed == 6);
    rig_quiet(&r);
    ck_assert_uint_eq(p.done, 0);
    ck_assert_int_eq(play_add(&p, "http://example.com/"), FETCH_OK);
    PLAY_CALL(&p, fetch_gather_close(p.g));
    ck_assert_int_eq(play_add(&p, "http://example.com/"), FETCH_E_CLOSED);
    play_run(&p);
    ck_assert_int_eq(play_add(&p, "http://example.com/"), FETCH_E_CLOSED);
    ck_assert_uint_eq(p.outcome[FETCH_OUTCOME_OK], 6);
    ck_assert_uint_eq(p.outcome[FETCH_OUTCOME_BAD_URL], 1);
    play_fini(&p);
    rig_fini(&r);
}
END_TEST

/* Each page has two links, down to a hundred pages: the gather was closed long before. */
static void follow_links(struct play *play, const struct fetch_page *page)
{
    (void)page;
    for (int i = 0; i < 2 && play->taken < 100; i++)
        ck_assert_int_eq(play_add(play, i ? "http://example.com/a" : "no url"), FETCH_OK);
}

START_TEST(pages_add_targets)
{
    struct rig r;

    rig_init(&r);
    peer_then(&r.peer, peer_ok);
    rig_start(&r);
    play_init(&p, &r);
    p.options.order = _i == 0 ? FETCH_ORDER_FINISHED : FETCH_ORDER_INPUT;
    p.options.source = NULL;
    p.on_page = follow_links;
    play_start(&p);
    ck_assert_int_eq(play_add(&p, "http://example.com/"), FETCH_OK);
    PLAY_CALL(&p, fetch_gather_close(p.g));
    play_run(&p);
    ck_assert_uint_eq(p.handed, 100);
    play_fini(&p);
    rig_fini(&r);
}
END_TEST

START_TEST(a_source_and_added_targets)
{
    struct rig r;

    rig_init(&r);
    peer_then(&r.peer, peer_ok);
    rig_start(&r);
    play_init(&p, &r);
    p.targets = 10;
    p.options.order = FETCH_ORDER_INPUT;
    p.on_page = follow_links;
    play_start(&p);
    play_run(&p);
    ck_assert_uint_ge(p.handed, 100);
    play_fini(&p);
    rig_fini(&r);
}
END_TEST

START_TEST(gathers_share_a_client)
{
    enum { GATHERS = 3, TARGETS = 40 };
    static struct play play[GATHERS];
    struct rig_target *single;
    struct rig r;

    rig_init(&r);
    r.options.concurrency = 4;
    peer_then(&r.peer, peer_ok);
    rig_start(&r);
    for (int i = 0; i < GATHERS; i++) {
        play_init(&play[i], &r);
        play[i].targets = TARGETS;
        play[i].options.order = i == 1 ? FETCH_ORDER_INPUT : FETCH_ORDER_FINISHED;
        play_start(&play[i]);
    }
    single = rig_submit(&r, "http://example.org/");
    for (int i = 0; i < GATHERS; i++)
        play_run(&play[i]);
    rig_run(&r);
    rig_check_hello(single->page);
    ck_assert_uint_eq(r.peer.request_count, GATHERS * TARGETS + 1);
    ck_assert_uint_eq(r.peer.most_progress, 4);
    for (int i = 0; i < GATHERS; i++) {
        ck_assert_uint_eq(play[i].outcome[FETCH_OUTCOME_OK], TARGETS);
        play_fini(&play[i]);
    }
    rig_fini(&r);
}
END_TEST

START_TEST(callbacks_are_optional)
{
    struct fetch_gather_options options = FETCH_GATHER_OPTIONS_INIT;
    struct fetch_target target = FETCH_TARGET_INIT;
    struct fetch_gather *g;
    struct rig r;

    rig_init(&r);
    peer_then(&r.peer, peer_ok);
    rig_start(&r);
    ck_assert_int_eq(fetch_gather_new(&g, r.client, &options), FETCH_OK);
    target.url = "http://example.com/";
    ck_assert_int_eq(fetch_gather_add(g, &target), FETCH_OK);
    fetch_gather_close(g);
    rig_until(&r, rig_stats(&r).ended == 1);
    rig_quiet(&r);
    ck_assert_uint_eq(fetch_gather_outstanding(g), 0);
    ck_assert_int_eq(fetch_gather_add(g, &target), FETCH_E_CLOSED);
    fetch_gather_free(g);
    rig_fini(&r);
}
END_TEST

static enum fetch_pull no_url(struct fetch_target *target, void *arg)
{
    struct play *play = arg;

    ck_assert_uint_eq(play->asked++, 0);
    ck_assert_ptr_null(target->url);
    return FETCH_PULL_TARGET;
}

START_TEST(wrong_options_and_sources)
{
    struct rig r;

    rig_init(&r);
    rig_start(&r);
    play_init(&p, &r);
    p.options.window = 1000001;
    ck_assert_int_eq(fetch_gather_new(&p.g, r.client, &p.options), FETCH_E_INVALID);
    ck_assert_ptr_null(p.g);
    p.options.window = 0;
    p.options.size = 0;
    ck_assert_int_eq(fetch_gather_new(&p.g, r.client, &p.options), FETCH_E_INVALID);
    p.options.size = sizeof p.options;
    p.options.source = no_url;
    play_start(&p);
    play_run(&p);
    ck_assert_int_eq(p.error, FETCH_E_INVALID);
    ck_assert_uint_eq(p.handed, 0);
    play_fini(&p);
    rig_fini(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gather");
    TCase *tc = unit_case(suite, "order");

    tcase_add_loop_test(tc, many_targets_in_a_small_window, 0, 2);
    tcase_add_test(tc, pages_come_as_they_finish);
    tcase_add_test(tc, pages_come_in_input_order);
    tcase_add_loop_test(tc, the_default_window, 0, 2);
    tc = unit_case(suite, "source");
    tcase_add_test(tc, a_source_that_has_nothing_yet_is_woken);
    tcase_add_test(tc, a_page_s_callback_wakes_the_source);
    tcase_add_loop_test(tc, nothing_at_all_is_done_too, 0, 2);
    tc = unit_case(suite, "added");
    tcase_add_test(tc, added_targets);
    tcase_add_loop_test(tc, pages_add_targets, 0, 2);
    tcase_add_test(tc, a_source_and_added_targets);
    tc = unit_case(suite, "ways");
    tcase_add_test(tc, gathers_share_a_client);
    tcase_add_test(tc, callbacks_are_optional);
    tcase_add_test(tc, wrong_options_and_sources);
    return unit_run(suite);
}
