/*
 * The gather asks for targets and hands pages over; both happen in its callbacks, in which only
 * little may be done to it.  So whatever a callback decides (stop, cancel, wake the source) is
 * noted in the flow, and one event, activated at once, does it from the loop with no other frame
 * below.  That also keeps the order of things in one place: on_act().
 *
 * A target carries a ticket, which holds its place in the run and in its list, so that its record
 * can say both without anything being kept about targets that have ended.
 */
#include "flow.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BROKEN_AT_ONCE 64u /* broken lines dealt with before the loop has its turn again   */
#define TOLD_MAX 10u       /* failures told one by one, where no record tells them         */

struct ticket {
    uint64_t index;
    uint64_t line;
    const char *list;
};

static void act(struct flow *f)
{
    event_active(f->act, 0, 0);
}

static void stop(struct flow *f, enum flow_stop why, bool cancel)
{
    if (f->stop == FLOW_GOES_ON)
        f->stop = why;
    f->cancel |= cancel;
    f->note = "stopping";
    act(f);
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

/* Here and now, since each further call ends alike; a page callback may do that. */
static void note_limit(struct flow *f, const struct fetch_page *page)
{
    bool account = page->outcome == FETCH_OUTCOME_ACCOUNT;

    if (f->stop != FLOW_GOES_ON)
        return;
    if (account)
        console_say(f->part.console, FETCH_LOG_ERROR, "the account stops the run: %s",
                    page->message ? page->message : fetch_strerror(page->error));
    console_note(f->part.console, "%s; what is under way may still come in",
                 account ? "nothing more is sent: correct the key or the plan, then resume"
                         : "--max-credits is reached: nothing more is sent");
    stop(f, account ? FLOW_STOP_ACCOUNT : FLOW_STOP_CREDITS, false);
    fetch_gather_stop(f->gather);
}

/* Nothing is known of its target, so that it is nothing to put on record. */
static bool was_given_up(const struct fetch_page *page)
{
    return page->outcome == FETCH_OUTCOME_CANCELLED || page->error == FETCH_E_ACCOUNT ||
           page->error == FETCH_E_BUDGET;
}

static void on_page(struct fetch_gather *gather, struct fetch_page *page, void *arg)
{
    struct flow *f = arg;
    struct ticket *ticket = page->user;
    struct record record = {
        .page = page, .index = ticket->index, .list = ticket->list, .line = ticket->line};

    (void)gather;
    if (was_given_up(page))
        f->part.tally->cancelled++;
    else
        put_on_record(f, &record);
    if (page->outcome == FETCH_OUTCOME_ACCOUNT || page->outcome == FETCH_OUTCOME_BUDGET)
        note_limit(f, page);
    free(ticket);
    fetch_page_free(page);
}

/* Everything has ended; what is still to be written decides when the loop does. */
static void finish(struct flow *f)
{
    if (!f->done)
        return;
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
        console_say(f->part.console, FETCH_LOG_ERROR, "memory ran out");
        f->stop = FLOW_STOP_SYSTEM;
    }
    act(f);
}

/* ----------------------------------------------------------- targets -- */

static int64_t wall_clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A line that is no target is a page that failed before it was sent. */
static void record_broken(struct flow *f, const struct input_item *item)
{
    const struct fetch_page page = {.url = item->text,
                                    .id = item->target.id,
                                    .outcome = FETCH_OUTCOME_BAD_URL,
                                    .error = FETCH_E_BAD_URL,
                                    .phase = FETCH_PHASE_QUEUE,
                                    .message = item->why,
                                    .body = "",
                                    .cost_micro = -1,
                                    .fetched_at_ms = wall_clock_ms(),
                                    .protocol = ""};
    const struct record record = {.page = &page,
                                  .index = f->part.tally->targets++,
                                  .list = item->list,
                                  .line = item->line,
                                  .url_len = item->text_len};

    put_on_record(f, &record);
}

static enum fetch_pull take_target(struct flow *f, const struct input_item *item,
                                   struct fetch_target *target)
{
    struct ticket *ticket = malloc(sizeof(*ticket));

    if (!ticket) {
        console_say(f->part.console, FETCH_LOG_ERROR, "memory ran out");
        stop(f, FLOW_STOP_SYSTEM, false);
        return FETCH_PULL_END;
    }
    *ticket =
        (struct ticket){.index = f->part.tally->targets++, .list = item->list, .line = item->line};
    *target = item->target;
    target->user = ticket;
    return FETCH_PULL_TARGET;
}

static enum fetch_pull wait_to_be_woken(struct flow *f)
{
    f->held = true;
    return FETCH_PULL_LATER;
}

static enum fetch_pull on_pull(struct fetch_target *target, void *arg)
{
    struct flow *f = arg;
    struct input_item item;

    for (unsigned n = 0; n < BROKEN_AT_ONCE; n++) {
        if (f->stop != FLOW_GOES_ON || f->input_ended)
            return FETCH_PULL_END;
        if (outfile_is_busy(f->part.sink->out))
            return wait_to_be_woken(f);
        f->input_ended = f->part.limit && f->part.tally->targets >= f->part.limit;
        if (f->input_ended)
            return FETCH_PULL_END;
        switch (input_next(f->part.input, &item)) {
        case INPUT_TARGET:
            return take_target(f, &item, target);
        case INPUT_BROKEN:
            record_broken(f, &item);
            break;
        case INPUT_LATER:
            return wait_to_be_woken(f);
        case INPUT_END:
            f->input_ended = true;
            return FETCH_PULL_END;
        }
    }
    act(f);
    return wait_to_be_woken(f);
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
    console_note(
        f->part.console,
        "interrupted: nothing more is sent, %u under way may still come in; once more stops "
        "now",
        stats.in_flight);
    stop(f, FLOW_STOP_SIGNAL, false);
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
    struct flow *f = arg;

    (void)fd;
    (void)what;
    if (f->stop == FLOW_GOES_ON)
        console_note(
            f->part.console,
            "--max-time is over: nothing more is sent, what is under way may still come in");
    stop(f, FLOW_STOP_TIME, false);
}

void flow_on_input(void *arg)
{
    act(arg);
}

void flow_on_room(void *arg)
{
    struct flow *f = arg;

    if (f->done || (f->held && !outfile_is_busy(f->part.sink->out)))
        act(f);
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
    return f->act && f->on_int && f->on_term && f->on_time && evsignal_add(f->on_int, NULL) == 0 &&
           evsignal_add(f->on_term, NULL) == 0 &&
           (f->part.max_time_ms == 0 || evtimer_add(f->on_time, &limit) == 0);
}

bool flow_init(struct flow *f, const struct flow_parts *parts)
{
    struct fetch_gather_options options = FETCH_GATHER_OPTIONS_INIT;

    f->part = *parts;
    if (!add_events(f))
        return false;
    options.source = on_pull;
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
    f->act = f->on_int = f->on_term = f->on_time = NULL;
}

bool flow_is_incomplete(const struct flow *f)
{
    const struct tally *t = f->part.tally;
    bool all_taken = f->input_ended || (t->total_known && t->targets >= t->total);

    return t->cancelled > 0 || t->lost > 0 || !all_taken;
}
