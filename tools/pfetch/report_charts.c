#include <math.h>
#include <stdio.h>
#include <string.h>

#include "chart.h"
#include "report_part.h"
#include "units.h"

#define STEPS_MIN 4u /* fewer are no course of events */

/* ------------------------------------------------------------- values -- */

static double seconds_of(const struct series *s, unsigned i)
{
    return (double)series_seen_ms(s, i) / 1000.0;
}

static double rate(const struct series *s, unsigned i)
{
    return (double)series_pages(&s->step[i]) / seconds_of(s, i);
}

static double latency(const struct series *s, unsigned i, double percent)
{
    double ms = series_latency(s, i, percent);

    return ms > 0 ? ms : -1;
}

static double median(const struct series *s, unsigned i)
{
    return latency(s, i, 50);
}

static double tail(const struct series *s, unsigned i)
{
    return latency(s, i, 95);
}

static double under_way(const struct series *s, unsigned i)
{
    return (double)s->step[i].under_way_ms / (double)series_seen_ms(s, i);
}

/* The last step up to step[i] in which the client was looked at, or NULL. */
static const struct series_step *sampled(const struct series *s, unsigned i)
{
    while (i > 0 && s->step[i].samples == 0)
        i--;
    return s->step[i].samples ? &s->step[i] : NULL;
}

static double in_flight(const struct series *s, unsigned i)
{
    const struct series_step *step = sampled(s, i);

    return step ? (double)step->in_flight / step->samples : 0;
}

static double limit(const struct series *s, unsigned i)
{
    const struct series_step *step = sampled(s, i);

    return step ? (double)step->limit : -1;
}

static double greatest(const struct series *s, chart_value value)
{
    unsigned from, used = series_used(s, &from);
    double most = 0;

    for (unsigned i = from; i < from + used; i++)
        most = fmax(most, value(s, i));
    return most;
}

/* ------------------------------------------------------------- words -- */

static void label_count(char *text, double value)
{
    char n[UNITS_MAX];

    if (value >= 10)
        snprintf(text, CHART_TEXT, "%s", units_count(n, (uint64_t)(value + 0.5)));
    else
        snprintf(text, CHART_TEXT, "%.3g", value);
}

static void label_ms(char *text, double value)
{
    if (value < 1000)
        snprintf(text, CHART_TEXT, "%.4g ms", value);
    else
        snprintf(text, CHART_TEXT, "%.4g s", value / 1000.0);
}

static void label_percent(char *text, double value)
{
    snprintf(text, CHART_TEXT, "%.0f %%", value);
}

static void tip_pages(char *text, const struct series *s, unsigned i)
{
    char all[UNITS_MAX], per[UNITS_MAX], failed[UNITS_MAX];

    snprintf(text, CHART_TEXT, "%s pages, %s\n%s not ok",
             units_count(all, series_pages(&s->step[i])), units_pace(per, rate(s, i)),
             units_count(failed, series_failed(&s->step[i])));
}

static void tip_outcomes(char *text, const struct series *s, unsigned i)
{
    uint64_t all = series_pages(&s->step[i]);
    size_t n = 0;

    text[0] = '\0';
    if (all == 0)
        snprintf(text, CHART_TEXT, "no page");
    for (unsigned k = 0; k < FETCH_OUTCOME_COUNT && all; k++) {
        uint64_t here = s->step[i].pages[k];

        if (here > 0 && n < CHART_TEXT - 48)
            n += (size_t)snprintf(text + n, CHART_TEXT - n, "%s%s %.1f %%", n ? "\n" : "",
                                  report_outcome((enum fetch_outcome)k),
                                  100.0 * (double)here / (double)all);
    }
}

static void tip_latency(char *text, const struct series *s, unsigned i)
{
    char a[UNITS_MAX], b[UNITS_MAX];

    if (median(s, i) < 0)
        snprintf(text, CHART_TEXT, "no page");
    else
        snprintf(text, CHART_TEXT, "median %s\n95 %% within %s",
                 units_ms(a, (uint64_t)median(s, i)), units_ms(b, (uint64_t)tail(s, i)));
}

static void tip_under_way(char *text, const struct series *s, unsigned i)
{
    snprintf(text, CHART_TEXT, "%.1f pages under way", under_way(s, i));
}

static void tip_in_flight(char *text, const struct series *s, unsigned i)
{
    snprintf(text, CHART_TEXT, "%.1f calls in flight\nlimit %.0f\n%llu throttled", in_flight(s, i),
             fmax(limit(s, i), 0), (unsigned long long)s->step[i].throttled);
}

/* Credits up to a step's end: running sums over the steps that are used. */
static void cost_so_far(const struct series *s, double sum[SERIES_STEPS])
{
    unsigned from, used = series_used(s, &from);
    double all = 0;

    for (unsigned i = 0; i < used; i++) {
        all += (double)s->step[from + i].cost_micro / 1e6;
        sum[i] = all;
    }
}

static void tip_cost(char *text, const struct series *s, unsigned i)
{
    double sum[SERIES_STEPS];
    unsigned from;
    char a[UNITS_MAX], b[UNITS_MAX];

    series_used(s, &from);
    cost_so_far(s, sum);
    snprintf(text, CHART_TEXT, "%s credits so far\n%s in this step",
             units_credits(a, (int64_t)(sum[i - from] * 1e6 + 0.5)),
             units_credits(b, s->step[i].cost_micro));
}

/* ------------------------------------------------------------- charts -- */

static const struct pace {
    const char *title;
    double seconds;
} paces[] = {
    {"Pages per second", 1}, {"Pages per minute", 60}, {"Pages per hour", 3600}, {NULL, 0}};

/* The first in which the greatest rate is no small fraction. */
static const struct pace *pace_of(double per_second)
{
    const struct pace *pace = paces;

    while (pace[1].title && per_second * pace->seconds < 0.5)
        pace++;
    return pace;
}

static void put_rate(struct bytes *out, const struct tally *t)
{
    const struct series *s = &t->figures->series;
    unsigned from, used = series_used(s, &from);
    double mean = (double)t->recorded * 1000.0 / (double)(s->last_ms - s->first_ms);
    double most = greatest(s, rate), zero[SERIES_STEPS] = {0}, ok[SERIES_STEPS], all[SERIES_STEPS];
    const struct pace *pace = pace_of(most);
    char alt[2 * CHART_TEXT], note[CHART_TEXT], a[UNITS_MAX], b[UNITS_MAX];
    struct chart c = {.id = "rate",
                      .title = pace->title,
                      .note = note,
                      .alt = alt,
                      .series = s,
                      .top = most * pace->seconds,
                      .wide = true,
                      .label = label_count,
                      .tip = tip_pages};

    for (unsigned i = 0; i < used; i++) {
        all[i] = rate(s, from + i) * pace->seconds;
        ok[i] = (double)s->step[from + i].pages[FETCH_OUTCOME_OK] * pace->seconds /
                seconds_of(s, from + i);
    }
    snprintf(note, sizeof(note), "%s on average, %s at most", units_pace(a, mean),
             units_pace(b, most));
    snprintf(alt, sizeof(alt), "%s over time: %s", pace->title, note);
    chart_begin(out, &c,
                "<ul class=\"legend\"><li><span class=\"key o-ok\"></span>ok</li><li>"
                "<span class=\"key o-provider_error\"></span>not ok</li></ul>");
    chart_band(out, &c, zero, ok, "o-ok");
    if (tally_failed(t) > 0)
        chart_band(out, &c, ok, all, "o-provider_error");
    chart_end(out, &c);
}

/* How far up the stack outcome `k` reaches, in percent of each step's pages. */
static void shares(const struct series *s, unsigned k, double share[SERIES_STEPS])
{
    unsigned from, used = series_used(s, &from);

    for (unsigned i = 0; i < used; i++) {
        const struct series_step *step = &s->step[from + i];
        uint64_t all = series_pages(step), here = 0;

        for (unsigned n = 0; n <= k; n++)
            here += step->pages[n];
        share[i] = all ? 100.0 * (double)here / (double)all : 0;
    }
}

static void put_shares(struct bytes *out, const struct tally *t)
{
    struct chart c = {.id = "outcomes",
                      .title = "Outcomes over time",
                      .note = "Share of the pages that ended in each step",
                      .alt = "Share of each outcome over time",
                      .series = &t->figures->series,
                      .top = 100,
                      .wide = true,
                      .label = label_percent,
                      .tip = tip_outcomes};
    double low[SERIES_STEPS] = {0}, high[SERIES_STEPS];
    struct bytes legend;

    if (tally_failed(t) == 0)
        return;
    bytes_init(&legend, 1u << 16);
    bytes_text(&legend, "<ul class=\"legend\">");
    for (unsigned k = 0; k < FETCH_OUTCOME_COUNT; k++) {
        if (t->pages[k] > 0)
            bytes_format(&legend, "<li><span class=\"key o-%s\"></span>%s</li>",
                         fetch_outcome_name((enum fetch_outcome)k),
                         report_outcome((enum fetch_outcome)k));
    }
    bytes_text(&legend, "</ul>");
    chart_begin(out, &c, bytes_string(&legend));
    bytes_fini(&legend);
    for (unsigned k = 0; k < FETCH_OUTCOME_COUNT; k++) {
        char name[32];

        if (t->pages[k] == 0)
            continue;
        shares(&t->figures->series, k, high);
        snprintf(name, sizeof(name), "o-%s", fetch_outcome_name((enum fetch_outcome)k));
        chart_band(out, &c, low, high, name);
        memcpy(low, high, sizeof(low));
    }
    chart_end(out, &c);
}

static void put_latency(struct bytes *out, const struct tally *t)
{
    const struct series *s = &t->figures->series;
    struct chart c = {.id = "latency",
                      .title = "Latency over time",
                      .note = "From a page\xe2\x80\x99s first call to its end, repeats included",
                      .alt = "Median and 95th percentile of the latency over time",
                      .series = s,
                      .top = greatest(s, tail),
                      .label = label_ms,
                      .tip = tip_latency};

    chart_begin(out, &c,
                "<ul class=\"legend\"><li><span class=\"key bar\"></span>median</li>"
                "<li><span class=\"key bar two\"></span>95 % within</li></ul>");
    chart_line(out, &c, tail, false, "two");
    chart_line(out, &c, median, false, "one");
    chart_end(out, &c);
}

/* All that records say. */
static void put_under_way(struct bytes *out, const struct tally *t)
{
    const struct series *s = &t->figures->series;
    struct chart c = {.id = "under-way",
                      .title = "Pages under way at once",
                      .note = "Mean of each step, between first call and end",
                      .alt = "Number of pages under way at once over time",
                      .series = s,
                      .top = greatest(s, under_way),
                      .label = label_count,
                      .tip = tip_under_way};

    chart_begin(out, &c, NULL);
    chart_area(out, &c, under_way, "wash");
    chart_line(out, &c, under_way, true, "one");
    chart_end(out, &c);
}

/* What the run itself has seen.  A limit that is far away is told and not drawn. */
static void put_in_flight(struct bytes *out, const struct tally *t)
{
    const struct series *s = &t->figures->series;
    double most = fmax(greatest(s, in_flight), 1), bound = greatest(s, limit);
    bool near = bound <= 10 * most;
    char note[CHART_TEXT], n[UNITS_MAX];
    struct chart c = {.id = "in-flight",
                      .title = "Calls in flight, and their limit",
                      .note = note,
                      .alt = "Number of calls in flight and the limit on them over time",
                      .series = s,
                      .top = near ? fmax(most, bound) : most,
                      .label = label_count,
                      .tip = tip_in_flight};

    snprintf(note, sizeof(note), "Mean of each step; the limit was %s at most",
             units_count(n, (uint64_t)bound));
    chart_begin(out, &c,
                near ? "<ul class=\"legend\"><li><span class=\"key wash\"></span>in flight</li>"
                       "<li><span class=\"key bar two\"></span>limit</li></ul>"
                     : NULL);
    chart_area(out, &c, in_flight, "wash");
    chart_line(out, &c, in_flight, true, "one");
    if (near)
        chart_line(out, &c, limit, true, "dash");
    chart_end(out, &c);
}

static void put_cost(struct bytes *out, const struct tally *t)
{
    unsigned from, used = series_used(&t->figures->series, &from);
    double sum[SERIES_STEPS], zero[SERIES_STEPS] = {0};
    char note[CHART_TEXT], a[UNITS_MAX], b[UNITS_MAX];
    struct chart c = {.id = "cost",
                      .title = "Credits spent",
                      .note = note,
                      .alt = "Credits spent so far over time",
                      .series = &t->figures->series,
                      .label = label_count,
                      .tip = tip_cost};

    if (t->cost_micro <= 0)
        return;
    cost_so_far(&t->figures->series, sum);
    c.top = used ? sum[used - 1] : 0;
    snprintf(note, sizeof(note), "%s in all, %s a page that is ok", units_credits(a, t->cost_micro),
             t->pages[FETCH_OUTCOME_OK]
                 ? units_credits(b, t->cost_micro / (int64_t)t->pages[FETCH_OUTCOME_OK])
                 : "none for");
    chart_begin(out, &c, NULL);
    chart_band(out, &c, zero, sum, "solid");
    chart_end(out, &c);
}

void report_put_charts(struct bytes *out, const struct tally *t)
{
    unsigned from;

    if (t->recorded == 0 || series_used(&t->figures->series, &from) < STEPS_MIN) {
        if (t->elapsed_ms.count > 0)
            report_put_latencies(out, t);
        return;
    }
    put_rate(out, t);
    put_shares(out, t);
    if (t->elapsed_ms.count > 0) {
        put_latency(out, t);
        report_put_latencies(out, t);
        if (t->figures->sampled)
            put_in_flight(out, t);
        else
            put_under_way(out, t);
    }
    put_cost(out, t);
}
