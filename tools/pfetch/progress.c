#include "progress.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>

#define BAR_MS 100u    /* quick enough to look alive, slow enough to read */
#define PLAIN_MS 5000u /* a log file of an hour stays under 1,000 lines   */
#define JSON_MS 1000u
#define SAMPLES 64u /* for the rate of late: 6.4 s of the bar's ticks     */

struct sample {
    uint64_t at_ms;
    uint64_t pages;
};

struct progress {
    struct console *console;
    enum progress_form form;
    struct progress_view view;
    struct event *tick;
    struct event *asked;
    struct sample sample[SAMPLES]; /* a ring of the latest */
    unsigned next, count;
};

/* Pages per second between the oldest sample kept and now. */
static double rate_of_late(struct progress *p, uint64_t now_ms)
{
    const struct sample *oldest = &p->sample[p->count < SAMPLES ? 0 : p->next];
    uint64_t ms = now_ms - oldest->at_ms, pages = p->view.tally->recorded - oldest->pages;

    p->sample[p->next] = (struct sample){.at_ms = now_ms, .pages = p->view.tally->recorded};
    p->next = (p->next + 1) % SAMPLES;
    if (p->count < SAMPLES)
        p->count++;
    return ms ? (double)pages * 1000.0 / (double)ms : 0.0;
}

static void look(struct progress *p, struct progress_moment *m)
{
    uint64_t now_ms = tally_now_ms();

    *m = (struct progress_moment){.tally = p->view.tally, .note = *p->view.note};
    m->stats.size = sizeof(m->stats);
    fetch_client_stats(p->view.client, &m->stats);
    m->rate = rate_of_late(p, now_ms);
    m->elapsed_ms = now_ms - p->view.tally->start_ms;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct progress *p = arg;
    struct progress_moment m;
    char text[PROGRESS_TEXT];

    (void)fd;
    (void)what;
    look(p, &m);
    if (p->form == PROGRESS_BAR) {
        progress_bar(text, &m, console_width(p->console) - 1);
        console_status(p->console, text);
        return;
    }
    if (p->form == PROGRESS_JSON)
        progress_json(text, &m);
    else
        progress_plain(text, &m);
    console_line(p->console, text);
}

/* SIGUSR1: the state in words, whatever the form. */
static void on_ask(evutil_socket_t number, short what, void *arg)
{
    struct progress *p = arg;
    struct progress_moment m;
    char text[PROGRESS_TEXT];

    (void)number;
    (void)what;
    look(p, &m);
    progress_plain(text, &m);
    console_line(p->console, text);
}

static unsigned period_ms(enum progress_form form)
{
    switch (form) {
    case PROGRESS_BAR:
        return BAR_MS;
    case PROGRESS_JSON:
        return JSON_MS;
    case PROGRESS_AUTO:
    case PROGRESS_PLAIN:
    case PROGRESS_NONE:
        break;
    }
    return PLAIN_MS;
}

struct progress *progress_new(struct event_base *base, struct console *console,
                              enum progress_form form, const struct progress_view *view)
{
    struct progress *p = calloc(1, sizeof(*p));
    unsigned ms = period_ms(form);
    struct timeval period = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

    if (!p)
        return NULL;
    p->console = console;
    p->form = form;
    p->view = *view;
    p->sample[0].at_ms = tally_now_ms();
    p->next = p->count = 1;
    p->tick = event_new(base, -1, EV_PERSIST, on_tick, p);
    p->asked = evsignal_new(base, SIGUSR1, on_ask, p);
    if (p->tick && p->asked && evsignal_add(p->asked, NULL) == 0 &&
        (form == PROGRESS_NONE || event_add(p->tick, &period) == 0))
        return p;
    progress_free(p);
    return NULL;
}

void progress_free(struct progress *p)
{
    if (!p)
        return;
    if (p->tick)
        event_free(p->tick);
    if (p->asked)
        event_free(p->asked);
    console_status(p->console, "");
    free(p);
}
