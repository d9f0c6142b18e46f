/*
 * The words of progress, apart from the clock and the terminal.
 *
 * The bar is made of pieces in the order in which they are worth having; each is added as long as
 * it fits, and the drawing takes what is left of the width, if that is enough to read it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "progress.h"
#include "units.h"

#define DRAWING_MIN 8u
#define DRAWING_MAX 30u
#define SPENT_MAX (3u * UNITS_MAX + 28u)

static uint64_t eta_s(const struct progress_moment *m)
{
    const struct tally *t = m->tally;

    if (!t->total_known || m->rate <= 0.0 || t->recorded >= t->total)
        return 0;
    return (uint64_t)((double)(t->total - t->recorded) / m->rate + 0.5);
}

/* Adds a piece and two blanks before it, if the whole fits into `width`. */
__attribute__((format(printf, 3, 4))) static void piece(char *to, unsigned width,
                                                        const char *format, ...)
{
    char text[128];
    size_t len = strlen(to);
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof(text) || len + (len ? 2 : 0) + (size_t)n > width)
        return;
    snprintf(to + len, PROGRESS_TEXT - len, "%s%s", len ? "  " : "", text);
}

static void draw(char to[PROGRESS_TEXT], const struct tally *t, unsigned width)
{
    size_t len = strlen(to);
    unsigned cells, done;
    char drawing[DRAWING_MAX + 4], rest[PROGRESS_TEXT];

    if (!t->total_known || t->total == 0 || width < len + DRAWING_MIN + 3)
        return;
    cells = width - (unsigned)len - 3;
    cells = cells > DRAWING_MAX ? DRAWING_MAX : cells;
    done = (unsigned)(t->recorded >= t->total ? cells : t->recorded * cells / t->total);
    drawing[0] = '[';
    memset(drawing + 1, '=', done);
    memset(drawing + 1 + done, ' ', cells - done);
    if (done < cells)
        drawing[1 + done] = '>';
    memcpy(drawing + 1 + cells, "] ", 3);
    memcpy(rest, to, len + 1);
    memcpy(to, drawing, cells + 3);
    memcpy(to + cells + 3, rest, len + 1);
}

/* When dispatching goes on, as a clock on the wall shows it. */
static const char *pause_end(char to[UNITS_MAX], const struct progress_moment *m)
{
    time_t end = m->now + (time_t)((m->stats.brake_ms + 999) / 1000);
    struct tm tm;

    to[0] = '\0';
    if (localtime_r(&end, &tm))
        strftime(to, UNITS_MAX, "%H:%M:%S", &tm);
    return to;
}

/* "" where nobody knows what pages cost. */
static const char *spent(char to[SPENT_MAX], const struct progress_moment *m)
{
    int64_t cost = m->stats.cost_micro, whole = tally_projected(m->tally, cost);
    bool paces = m->stats.cost_hourly_micro > 0;
    char a[UNITS_MAX], b[UNITS_MAX], c[UNITS_MAX];

    to[0] = '\0';
    if (m->tally->costed > 0 || cost > 0)
        snprintf(to, SPENT_MAX, "spent %s%s%s%s%s%s", units_credits(a, cost),
                 whole > cost ? " of about " : "", whole > cost ? units_credits(b, whole) : "",
                 paces ? ", " : "", paces ? units_credits(c, m->stats.cost_hourly_micro) : "",
                 paces ? "/h" : "");
    return to;
}

/* What the calls are doing. */
static void put_calls(char *to, unsigned width, const struct progress_moment *m)
{
    const struct fetch_stats *s = &m->stats;
    char a[UNITS_MAX];

    if (s->limit > 0)
        piece(to, width, "%u/%u in flight", s->in_flight, s->limit);
    else
        piece(to, width, "%u in flight", s->in_flight);
    if (s->waiting > 0)
        piece(to, width, "%s waiting", units_count(a, s->waiting));
}

void progress_bar(char to[PROGRESS_TEXT], const struct progress_moment *m, unsigned width)
{
    const struct tally *t = m->tally;
    char a[UNITS_MAX], b[UNITS_MAX], cost[SPENT_MAX];

    width = width < PROGRESS_TEXT ? width : PROGRESS_TEXT - 1; /* so draw() has room too */
    to[0] = '\0';
    if (t->total_known)
        piece(to, width, "%s/%s", units_count(a, t->recorded), units_count(b, t->total));
    else
        piece(to, width, "%s pages", units_count(a, t->recorded));
    if (!*to)
        piece(to, width, "%s", units_count(a, t->recorded));
    if (m->note)
        piece(to, width, "%s", m->note);
    if (m->stats.paused)
        piece(to, width, "paused by --control");
    else if (m->stats.brake_ms)
        piece(to, width, "pausing %u s, until %s", (m->stats.brake_ms + 999) / 1000,
              pause_end(a, m));
    piece(to, width, "%s/s", units_rate(a, m->rate));
    put_calls(to, width, m);
    if (eta_s(m))
        piece(to, width, "ETA %s", units_time(a, eta_s(m)));
    piece(to, width, "ok %s", units_count(a, t->pages[FETCH_OUTCOME_OK]));
    piece(to, width, "failed %s", units_count(a, tally_failed(t)));
    if (*spent(cost, m))
        piece(to, width, "%s", cost);
    piece(to, width, "retried %s", units_count(a, m->stats.retries));
    if (m->stats.resting_hosts > 0)
        piece(to, width, "%u hosts rest", m->stats.resting_hosts);
    piece(to, width, "%s", units_bytes(a, t->bytes));
    draw(to, t, width);
}

/* Appends as printf(). */
__attribute__((format(printf, 2, 3))) static void put(char to[PROGRESS_TEXT], const char *format,
                                                      ...)
{
    size_t len = strlen(to);
    va_list args;

    va_start(args, format);
    vsnprintf(to + len, PROGRESS_TEXT - len, format, args);
    va_end(args);
}

void progress_plain(char to[PROGRESS_TEXT], const struct progress_moment *m)
{
    const struct tally *t = m->tally;
    char a[UNITS_MAX], b[UNITS_MAX], cost[SPENT_MAX];

    snprintf(to, PROGRESS_TEXT, "pfetch: %s%s%s", m->note ? m->note : "", m->note ? ": " : "",
             units_count(a, t->recorded));
    if (t->total_known)
        put(to, " of %s", units_count(a, t->total));
    put(to, " pages in %s, %s/s", units_time(a, m->elapsed_ms / 1000), units_rate(b, m->rate));
    put(to, ", %u in flight", m->stats.in_flight);
    if (m->stats.waiting > 0)
        put(to, ", %s waiting", units_count(a, m->stats.waiting));
    if (m->stats.paused)
        put(to, ", paused by --control");
    else if (m->stats.brake_ms)
        put(to, ", pausing until %s", pause_end(a, m));
    put(to, ", ok %s, failed %s", units_count(a, t->pages[FETCH_OUTCOME_OK]),
        units_count(b, tally_failed(t)));
    put(to, ", retried %s, %s", units_count(a, m->stats.retries), units_bytes(b, t->bytes));
    if (*spent(cost, m))
        put(to, ", %s", cost);
    if (eta_s(m))
        put(to, ", ETA %s", units_time(a, eta_s(m)));
}

static void put_count(char to[PROGRESS_TEXT], const char *name, uint64_t n)
{
    put(to, ",\"%s\":%llu", name, (unsigned long long)n);
}

static void put_credits(char to[PROGRESS_TEXT], const char *name, int64_t micro)
{
    if (micro < 0)
        put(to, ",\"%s\":null", name);
    else
        put(to, ",\"%s\":%lld.%06lld", name, (long long)(micro / 1000000),
            (long long)(micro % 1000000));
}

static void put_pause(char to[PROGRESS_TEXT], const struct progress_moment *m)
{
    time_t end = m->now + (time_t)((m->stats.brake_ms + 999) / 1000);
    char text[32];
    struct tm tm;

    put_count(to, "brake_ms", m->stats.brake_ms);
    if (m->stats.brake_ms > 0 && gmtime_r(&end, &tm) &&
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
        put(to, ",\"paused_until\":\"%s\"", text);
    else
        put(to, ",\"paused_until\":null");
}

void progress_json(char to[PROGRESS_TEXT], const struct progress_moment *m)
{
    const struct tally *t = m->tally;
    const struct fetch_stats *s = &m->stats;
    bool costs = t->costed > 0 || s->cost_micro > 0;

    snprintf(to, PROGRESS_TEXT, "{\"type\":\"progress\",\"seconds\":%.3f",
             (double)m->elapsed_ms / 1000.0);
    put_count(to, "pages", t->recorded);
    if (t->total_known)
        put_count(to, "total", t->total);
    else
        put(to, ",\"total\":null");
    put_count(to, "ok", t->pages[FETCH_OUTCOME_OK]);
    put_count(to, "failed", tally_failed(t));
    put_count(to, "retries", s->retries);
    put_count(to, "throttled", s->throttled);
    put_count(to, "in_flight", s->in_flight);
    put_count(to, "limit", s->limit);
    put_count(to, "queued", s->queued);
    put_count(to, "waiting", s->waiting);
    put_count(to, "resting_hosts", s->resting_hosts);
    put(to, ",\"paused\":%s", m->stats.paused ? "true" : "false");
    put_pause(to, m);
    put_count(to, "bytes", t->bytes);
    put(to, ",\"pages_per_second\":%.3f", m->rate);
    if (eta_s(m))
        put_count(to, "eta_seconds", eta_s(m));
    else
        put(to, ",\"eta_seconds\":null");
    put_credits(to, "spent", costs ? s->cost_micro : -1);
    put_credits(to, "spent_hourly", costs ? s->cost_hourly_micro : -1);
    put_credits(to, "projected", costs ? tally_projected(t, s->cost_micro) : -1);
    put_credits(to, "credits_left", s->credits_left_micro);
    put(to, ",\"note\":%s%s%s}", m->note ? "\"" : "", m->note ? m->note : "null",
        m->note ? "\"" : "");
}
