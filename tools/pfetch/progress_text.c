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
    if (n < 0 || (size_t)n >= sizeof(text) || len + 2 + (size_t)n > width)
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

void progress_bar(char to[PROGRESS_TEXT], const struct progress_moment *m, unsigned width)
{
    const struct tally *t = m->tally;
    char a[UNITS_MAX], b[UNITS_MAX];

    width = width < PROGRESS_TEXT ? width : PROGRESS_TEXT - 1; /* so draw() has room too */
    to[0] = '\0';
    if (t->total_known)
        piece(to, width, "%s/%s", units_count(a, t->recorded), units_count(b, t->total));
    else
        piece(to, width, "%s pages", units_count(a, t->recorded));
    if (m->note)
        piece(to, width, "%s", m->note);
    piece(to, width, "%s/s", units_rate(a, m->rate));
    piece(to, width, "%u in flight", m->stats.in_flight);
    if (eta_s(m))
        piece(to, width, "ETA %s", units_time(a, eta_s(m)));
    piece(to, width, "ok %s", units_count(a, t->pages[FETCH_OUTCOME_OK]));
    piece(to, width, "failed %s", units_count(a, tally_failed(t)));
    if (m->stats.brake_ms)
        piece(to, width, "pausing %u s", (m->stats.brake_ms + 999) / 1000);
    piece(to, width, "retried %s", units_count(a, m->stats.retries));
    piece(to, width, "%s", units_bytes(a, t->bytes));
    draw(to, t, width);
}

void progress_plain(char to[PROGRESS_TEXT], const struct progress_moment *m)
{
    const struct tally *t = m->tally;
    char done[UNITS_MAX], total[UNITS_MAX + 4] = "", rate[UNITS_MAX], ok[UNITS_MAX];
    char failed[UNITS_MAX], retried[UNITS_MAX], bytes[UNITS_MAX], eta[UNITS_MAX + 8] = "";
    char time[UNITS_MAX];

    if (t->total_known)
        snprintf(total, sizeof(total), " of %s", units_count(rate, t->total));
    if (eta_s(m))
        snprintf(eta, sizeof(eta), ", ETA %s", units_time(rate, eta_s(m)));
    snprintf(to, PROGRESS_TEXT,
             "pfetch: %s%s%s%s pages in %s, %s/s, %u in flight, ok %s, failed %s, retried %s, %s%s",
             m->note ? m->note : "", m->note ? ": " : "", units_count(done, t->recorded), total,
             units_time(time, m->elapsed_ms / 1000), units_rate(rate, m->rate), m->stats.in_flight,
             units_count(ok, t->pages[FETCH_OUTCOME_OK]), units_count(failed, tally_failed(t)),
             units_count(retried, m->stats.retries), units_bytes(bytes, t->bytes), eta);
}

void progress_json(char to[PROGRESS_TEXT], const struct progress_moment *m)
{
    const struct tally *t = m->tally;
    char total[32] = "null", eta[32] = "null";

    if (t->total_known)
        snprintf(total, sizeof(total), "%llu", (unsigned long long)t->total);
    if (eta_s(m))
        snprintf(eta, sizeof(eta), "%llu", (unsigned long long)eta_s(m));
    snprintf(to, PROGRESS_TEXT,
             "{\"type\":\"progress\",\"seconds\":%.3f,\"pages\":%llu,\"total\":%s,\"ok\":%llu,"
             "\"failed\":%llu,\"retries\":%llu,\"throttled\":%llu,\"in_flight\":%u,\"queued\":%u,"
             "\"waiting\":%u,\"brake_ms\":%u,\"bytes\":%llu,\"pages_per_second\":%.3f,"
             "\"eta_seconds\":%s,\"note\":%s%s%s}",
             (double)m->elapsed_ms / 1000.0, (unsigned long long)t->recorded, total,
             (unsigned long long)t->pages[FETCH_OUTCOME_OK], (unsigned long long)tally_failed(t),
             (unsigned long long)m->stats.retries, (unsigned long long)m->stats.throttled,
             m->stats.in_flight, m->stats.queued, m->stats.waiting, m->stats.brake_ms,
             (unsigned long long)t->bytes, m->rate, eta, m->note ? "\"" : "",
             m->note ? m->note : "null", m->note ? "\"" : "");
}
