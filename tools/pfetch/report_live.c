#include "report_live.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "report.h"
#include "whole_file.h"

struct report_live {
    struct report_live_setup set;
    struct whole_file *file;
    struct event *tick;
};

static void sample(const struct report_live *r)
{
    struct fetch_stats stats = {.size = sizeof(stats)};
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    fetch_client_stats(r->set.client, &stats);
    figures_sample(r->set.tally->figures, (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000,
                   &stats);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    sample(arg);
}

struct report_live *report_live_open(const struct report_live_setup *setup, char *error,
                                     size_t error_len)
{
    const struct timeval period = {.tv_usec = SERIES_FIRST_MS * 1000};
    struct report_live *r = calloc(1, sizeof(*r));

    if (r) {
        r->set = *setup;
        r->tick = event_new(setup->base, -1, EV_PERSIST, on_tick, r);
    }
    if (!r || !r->tick || event_add(r->tick, &period) != 0)
        snprintf(error, error_len, "out of memory");
    else
        r->file = whole_file_open("report", setup->path, error, error_len);
    if (r && r->file)
        return r;
    (void)report_live_close(r, false, error, error_len);
    return NULL;
}

bool report_live_close(struct report_live *r, bool wanted, char *error, size_t error_len)
{
    struct report_about about = {.live = true};
    bool written;

    if (!r)
        return true;
    if (wanted)
        sample(r);
    about.output = r->set.output;
    about.before = r->set.tally->there;
    written = report_write(r->file, wanted ? r->set.tally : NULL, &about, error, error_len);
    if (r->tick)
        event_free(r->tick);
    free(r);
    return written;
}
