/*
 * The gather asks for targets and hands pages over; both happen in its callbacks, in which only
 * little may be done to it.  So whatever a callback decides (stop, cancel, wake the source) is
 * noted in the flow, and one event, activated at once, does it from the loop with no other frame
 * below.  That also keeps the order of things in one place: on_act().
 *
 * A target carries a ticket, which holds its place in the run and in its list, so that its record
 * can say both without anything being kept about targets that have ended.
 */
#include "flow_inner.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOLD_MAX 10u /* failures told one by one, where no record tells them */

void flow_act(struct flow *f)
{
    event_active(f->act, 0, 0);
}

static void stop(struct flow *f, enum flow_stop why, bool cancel)
{
    if (f->stop == FLOW_GOES_ON)
        f->stop = why;
    f->cancel |= cancel;
    f->note = "stopping";
    flow_act(f);
}

static void output_failed(struct flow *f)
{
    struct sink *s = f->part.sink;

    if (f->stop == FLOW_STOP_OUTPUT)
        return;
    if (!s->error_number)
        sink_fail(s, outfile_error(s->out));
    /* Whoever read us wants no more; that is no news to anybody. */
    if (s->error_number != EPIPE)
        console_say(f->part.console, FETCH_LOG_ERROR, "%s", s->error);
    f->stop = FLOW_GOES_ON;
    stop(f, FLOW_STOP_OUTPUT, true);
}

/* ------------------------------------------------------------- pages -- */

static void tell_failure(struct flow *f, const struct record *record)
{
    const struct fetch_page *page = record->page;
    const char *outcome = fetch_outcome_name(page->outcome);
    const char *why = page->message ? page->message : fetch_strerror(page->error);
    enum fetch_log_level level = FETCH_LOG_INFO;

    if (f->part.tell_failures && f->told < TOLD_MAX) {
        level = FETCH_LOG_WARNING;
        f->told++;
    }
    if (record->list && page->outcome == FETCH_OUTCOME_BAD_URL)
        console_say(f->part.console, level, "line %llu of %s: %s: %s",
                    (unsigned long long)record->line, record->list, outcome, why);
    else
        console_say(f->part.console, level, "%s: %s", outcome, why);
    if (level == FETCH_LOG_WARNING && f->told == TOLD_MAX)
        console_note(f->part.console, "further failures are counted, and told with -v");
}

static void put_on_record(struct flow *f, const struct record *record)
{
    if (f->stop == FLOW_STOP_OUTPUT) {
        f->part.tally->lost++;
    } else if (!sink_put(f->part.sink, record)) {
        f->part.tally->lost++;
        output_failed(f);
    } else {
        tally_add(f->part.tally, record->page);
        if (record->page->outcome != FETCH_OUTCOME_OK)
            tell_failure(f, record);
    }
}

void flow_out_of_memory(struct flow *f)
{
    console_say(f->part.console, FETCH_LOG_ERROR, "memory ran out");
    stop(f, FLOW_STOP_SYSTEM, false);
}

/* What is due leaves, as fast as the output takes it. */
static void drain(struct flow *f)
{
    struct order *o = f->part.order;
    struct record record;
    enum order_result result = ORDER_NONE;

    while (o && !outfile_is_busy(f->part.sink->out) &&
           (result = order_next(o, &record)) != ORDER_NONE) {
        if (result == ORDER_RECORD) {
            put_on_record(f, &record);
            continue;
        }
        f->part.tally->lost++;
        console_say(f->part.console, FETCH_LOG_ERROR, "%s", order_error(o));
        stop(f, FLOW_STOP_SYSTEM, false);
    }
}

void flow_put(struct flow *f, uint64_t place, const struct record *record, struct fetch_page *page)
{
    if (!f->part.order) {
        put_on_record(f, record);
        fetch_page_free(page);
        return;
    }
    if (!order_put(f->part.order, place, record, page)) {
        flow_out_of_memory(f);
        f->part.tally->lost++;
        order_skip(f->part.order, place);
        fetch_page_free(page);
    }
    drain(f);
}

/* How to fetch what a run that has ended early did not. */
static const char *how_on(const struct flow *f)
{
    return f->part.resumable ? "go on by --resume"
                             : "fetch what is missing with another list; --resume finds it by "
                               "itself in an output that -o names";
}

/* Here and now, since each further call ends alike; a page callback may do that. */
static void note_limit(struct flow *f, const struct fetch_page *page)
{
    bool account = page->outcome == FETCH_OUTCOME_ACCOUNT;

    if (f->stop != FLOW_GOES_ON)
        return;
    if (account)
        console_say(f->part.console, FETCH_LOG_ERROR, "the account stops the run: %s",
                    page->message ? page->message : fetch_strerror(page->error));
    console_note(f->part.console,
                 "%s: nothing more is sent, what is under way may still come in; %s, then %s",
                 account ? "the key is of no use now" : "--max-credits is reached",
                 account ? "correct the key or the plan" : "allow more credits", how_on(f));
    stop(f, account ? FLOW_STOP_ACCOUNT : FLOW_STOP_CREDITS, false);
    fetch_gather_stop(f->gather);
}

/* Nothing is known of its target, so that it is nothing to put on record. */
static bool was_given_up(const struct fetch_page *page)
{
    return page->outcome == FETCH_OUTCOME_CANCELLED || page->error == FETCH_E_ACCOUNT ||
           page->error == FETCH_E_BUDGET;
}

bool flow_is_full(const struct flow *f)
{
    return outfile_is_busy(f->part.sink->out) || (f->part.order && order_is_full(f->part.order));
}

static void on_page(struct fetch_gather *gather, struct fetch_page *page, void *arg)
{
    struct flow *f = arg;
    struct ticket *ticket = page->user;

    (void)gather;
    ticket->record.page = page;
    if (page->outcome == FETCH_OUTCOME_ACCOUNT || page->outcome == FETCH_OUTCOME_BUDGET)
        note_limit(f, page);
    if (was_given_up(page)) {
        f->part.tally->cancelled++;
        if (f->part.order)
            order_skip(f->part.order, ticket->place);
        fetch_page_free(page);
        drain(f);
    } else {
        flow_put(f, ticket->place, &ticket->record, page);
    }
    free(ticket);
    if (f->held && f->part.order && !flow_is_full(f))
        flow_act(f);
}

/* Everything has ended; what is still to be written decides when the loop does. */
static void finish(struct flow *f)
{
    if (!f->done)
        return;
    drain(f);
    if (!outfile_flush(f->part.sink->out))
        output_failed(f);
    if (outfile_pending(f->part.sink->out) == 0 || f->signals > 1)
        event_base_loopbreak(f->part.base);
}

static void on_done(struct fetch_gather *gather, enum fetch_error error, void *arg)
{
    struct flow *f = arg;

    (void)gather;
    f->done = true;
    if (error == FETCH_E_NOMEM && f->stop == FLOW_GOES_ON) {
        flow_out_of_memory(f);
    }
    flow_act(f);
}

/* ------------------------------------------------------ what ends it -- */

static void on_act(evutil_socket_t fd, short what, void *arg)
{
    struct flow *f = arg;

    (void)fd;
    (void)what;
    if (f->done) {
        finish(f);
    } else if (f->cancel) {
        fetch_gather_cancel(f->gather);
    } else if (f->stop != FLOW_GOES_ON) {
        fetch_gather_stop(f->gather);
    } else if (f->held) {
        f->held = false;
        fetch_gather_wake(f->gather);
    }
}

static void on_countdown(evutil_socket_t fd, short what, void *arg)
{
    struct flow *f = arg;
    uint64_t now = tally_now_ms();

    (void)fd;
    (void)what;
    snprintf(f->note_text, sizeof(f->note_text), "stopping, at most %llu s",
             (unsigned long long)(f->stop_by_ms > now ? (f->stop_by_ms - now + 999) / 1000 : 0));
    f->note = f->note_text;
}

/* An attempt that is under way now is over by then, and none follows it. */
static void count_down(struct flow *f, unsigned attempt_ms)
{
    const struct timeval second = {.tv_sec = 1};

    f->stop_by_ms = tally_now_ms() + attempt_ms;
    (void)event_add(f->countdown, &second);
    on_countdown(-1, 0, f);
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
    struct flow *f = arg;
    struct fetch_stats stats = {.size = sizeof(stats)};

    (void)what;
    f->signals++;
    if (f->stop == FLOW_GOES_ON)
        f->signal_number = (int)number;
    if (f->signals > 1) {
        console_note(f->part.console, "stopping now");
        stop(f, FLOW_STOP_SIGNAL, true);
        return;
    }
    fetch_client_stats(f->part.client, &stats);
    console_note(f->part.console,
                 "interrupted: nothing more is sent; %u under way and paid for may still come in, "
                 "which takes at most %u s; once more stops now",
                 stats.in_flight, (stats.attempt_timeout_ms + 999) / 1000);
    stop(f, FLOW_STOP_SIGNAL, false);
    count_down(f, stats.attempt_timeout_ms);
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
    struct flow *f = arg;

    (void)fd;
    (void)what;
    if (f->stop == FLOW_GOES_ON)
        console_note(f->part.console,
                     "--max-time is over: nothing more is sent, what is under way may still come "
                     "in; then %s",
                     how_on(f));
    stop(f, FLOW_STOP_TIME, false);
}

void flow_on_input(void *arg)
{
    flow_act(arg);
}

void flow_on_room(void *arg)
{
    struct flow *f = arg;

    drain(f);
    if (f->done || (f->held && !flow_is_full(f)))
        flow_act(f);
}

void flow_on_output_failed(void *arg)
{
    output_failed(arg);
}

/* ---------------------------------------------------------- together -- */

static bool add_events(struct flow *f)
{
    struct event_base *base = f->part.base;
    struct timeval limit = {.tv_sec = f->part.max_time_ms / 1000,
                            .tv_usec = f->part.max_time_ms % 1000 * 1000};

    f->act = event_new(base, -1, 0, on_act, f);
    f->on_int = evsignal_new(base, SIGINT, on_signal, f);
    f->on_term = evsignal_new(base, SIGTERM, on_signal, f);
    f->on_time = evtimer_new(base, on_time, f);
    f->countdown = event_new(base, -1, EV_PERSIST, on_countdown, f);
    return f->act && f->on_int && f->on_term && f->on_time && f->countdown &&
           evsignal_add(f->on_int, NULL) == 0 && evsignal_add(f->on_term, NULL) == 0 &&
           (f->part.max_time_ms == 0 || evtimer_add(f->on_time, &limit) == 0);
}

bool flow_init(struct flow *f, const struct flow_parts *parts)
{
    struct fetch_gather_options options = FETCH_GATHER_OPTIONS_INIT;

    f->part = *parts;
    if (!add_events(f))
        return false;
    options.source = flow_on_pull;
    options.on_page = on_page;
    options.on_done = on_done;
    options.arg = f;
    return fetch_gather_new(&f->gather, f->part.client, &options) == FETCH_OK;
}

void flow_run(struct flow *f)
{
    event_base_dispatch(f->part.base);
    f->part.tally->dropped = outfile_dropped(f->part.sink->out);
    if (f->done)
        return;
    console_say(f->part.console, FETCH_LOG_ERROR, "the event loop failed");
    f->stop = FLOW_STOP_SYSTEM;
}

static void free_event(struct event *e)
{
    if (e)
        event_free(e);
}

void flow_fini(struct flow *f)
{
    fetch_gather_free(f->gather);
    f->gather = NULL;
    free_event(f->act);
    free_event(f->on_int);
    free_event(f->on_term);
    free_event(f->on_time);
    free_event(f->countdown);
    f->act = f->on_int = f->on_term = f->on_time = f->countdown = NULL;
}

bool flow_is_incomplete(const struct flow *f)
{
    const struct tally *t = f->part.tally;
    bool all_taken = f->input_ended || (t->total_known && t->targets >= t->total);

    return t->cancelled > 0 || t->lost > 0 || !all_taken;
}
