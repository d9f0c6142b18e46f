#include "figures.h"

#include <stdlib.h>
#include <string.h>

struct figures *figures_new(bool timed)
{
    struct figures *f = calloc(1, sizeof(*f));

    if (!f)
        return NULL;
    f->hosts = hosts_new();
    f->failing = hosts_new();
    f->timed = timed;
    if (f->hosts && f->failing && (!timed || series_init(&f->series)))
        return f;
    figures_free(f);
    return NULL;
}

void figures_free(struct figures *f)
{
    if (!f)
        return;
    series_fini(&f->series);
    hosts_free(f->hosts);
    hosts_free(f->failing);
    free(f);
}

static void add_to_host(struct host *h, const struct fetch_page *page)
{
    h->pages++;
    h->failed += page->outcome != FETCH_OUTCOME_OK;
    h->blocked += page->outcome == FETCH_OUTCOME_BLOCKED;
    if (page->attempts == 0)
        return;
    h->sent++;
    h->elapsed_ms += page->elapsed_ms;
    if (page->elapsed_ms > h->longest_ms)
        h->longest_ms = page->elapsed_ms;
}

/* Never sent, it may have no host at all. */
static void add_hosts(struct figures *f, const struct fetch_page *page)
{
    size_t len;

    if (page->outcome == FETCH_OUTCOME_BAD_URL)
        return;
    len = strlen(page->url);
    add_to_host(hosts_touch(f->hosts, page->url, len), page);
    if (page->outcome != FETCH_OUTCOME_OK)
        add_to_host(hosts_touch(f->failing, page->url, len), page);
}

static void add_to_series(struct figures *f, const struct fetch_page *page)
{
    int64_t began = page->fetched_at_ms - page->elapsed_ms;
    struct series_step *step;

    if (page->fetched_at_ms <= 0)
        return;
    if (page->attempts > 0)
        series_span(&f->series, began, page->fetched_at_ms);
    step = series_at(&f->series, page->fetched_at_ms);
    step->pages[page->outcome]++;
    step->bytes += page->body_len;
    if (page->cost_micro > 0)
        step->cost_micro += page->cost_micro;
    if (page->attempts > 0)
        series_latency_add(&f->series, step, page->elapsed_ms);
}

/* False where it is too long: then its beginning, up to the end of a character. */
static bool put_url(char to[FIGURES_URL_BYTES], const char *url)
{
    size_t n = strnlen(url, FIGURES_URL_BYTES);

    if (n == FIGURES_URL_BYTES) {
        for (n--; n > 0 && ((unsigned char)url[n] & 0xc0) == 0x80;)
            n--;
    }
    memcpy(to, url, n);
    to[n] = '\0';
    return url[n] == '\0';
}

static void add_slow(struct figures *f, const struct fetch_page *page)
{
    struct figures_slow *last = &f->slowest[FIGURES_SLOWEST - 1];
    unsigned at;

    if (f->slow_count == FIGURES_SLOWEST && page->elapsed_ms <= last->elapsed_ms)
        return;
    if (f->slow_count < FIGURES_SLOWEST)
        f->slow_count++;
    for (at = f->slow_count - 1; at > 0 && f->slowest[at - 1].elapsed_ms < page->elapsed_ms; at--)
        f->slowest[at] = f->slowest[at - 1];
    f->slowest[at] = (struct figures_slow){
        .elapsed_ms = page->elapsed_ms, .outcome = page->outcome, .status = page->status};
    f->slowest[at].cut = !put_url(f->slowest[at].url, page->url);
}

void figures_add(struct figures *f, const struct fetch_page *page)
{
    int status = page->status > 0 && page->status < (int)FIGURES_STATUSES ? page->status : 0;

    if (page->attempts > 0) {
        f->status[status]++;
        add_slow(f, page);
    }
    add_hosts(f, page);
    if (f->timed)
        add_to_series(f, page);
}

void figures_sample(struct figures *f, int64_t at_ms, const struct fetch_stats *stats)
{
    struct series_step *step = series_at(&f->series, at_ms);

    step->throttled += stats->throttled - f->throttled_seen;
    f->throttled_seen = stats->throttled;
    step->in_flight += stats->in_flight;
    step->samples++;
    step->limit = stats->limit;
    f->sampled = true;
}
