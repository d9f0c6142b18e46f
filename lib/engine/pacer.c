/*
 * A leaky bucket as a schedule (the "virtual scheduling" of ITU-T I.371): each start moves the
 * time at which the next is due, so that no bucket has to be filled.  Who comes late catches up
 * with LATE_MS worth of starts and no more: event loops wake late by some milliseconds, and
 * nobody wants a second's worth at once.
 *
 * The quota's schedule is a second one, whose distance follows what is left: the time until the
 * window ends divided by the calls it still carries.  Own starts are counted against what was
 * told, since calls that were started after the one that was answered are not in the figure yet;
 * answers of one window can only lower it.  When a window ends and no answer has told of the next,
 * that is taken to be like the last.
 */
#include "engine/pacer.h"

#include <math.h>

#define LATE_MS 50.0
/* Resets are told in whole seconds: ends that differ by less are the same. */
#define SAME_END_MS 1500u

void pf_pacer_init(struct pf_pacer *p, double rate)
{
    *p = (struct pf_pacer){.interval_ms = rate > 0 ? 1000 / rate : 0};
}

void pf_pacer_set(struct pf_pacer *p, uint64_t now_ms, double rate)
{
    double interval = rate > 0 ? 1000 / rate : 0, now = (double)now_ms;

    if (p->interval_ms > 0 && p->due_ms > now)
        p->due_ms = now + (p->due_ms - now) * interval / p->interval_ms;
    p->interval_ms = interval;
}

/* The window has ended: the next is like it, as far as is known. */
static void roll(struct pf_pacer *p, uint64_t now_ms)
{
    if (!p->quota_known || now_ms < p->end_ms)
        return;
    if (p->window_ms == 0 || p->quota == 0) {
        p->quota_known = false;
        return;
    }
    p->spread_ms = (double)p->end_ms;
    p->end_ms += ((now_ms - p->end_ms) / p->window_ms + 1) * p->window_ms;
    p->left = p->quota;
}

uint64_t pf_pacer_when(struct pf_pacer *p, uint64_t now_ms)
{
    double due = p->interval_ms > 0 ? p->due_ms : 0;

    roll(p, now_ms);
    if (p->quota_known && p->left == 0)
        return p->end_ms;
    if (p->quota_known && p->spread_ms > due)
        due = p->spread_ms;
    return due > (double)now_ms ? (uint64_t)ceil(due) : now_ms;
}

static double next_due(double due, uint64_t now_ms, double interval)
{
    double earliest = (double)now_ms - LATE_MS;

    return (due > earliest ? due : earliest) + interval;
}

uint32_t pf_pacer_on_start(struct pf_pacer *p, uint64_t now_ms)
{
    roll(p, now_ms);
    if (p->interval_ms > 0)
        p->due_ms = next_due(p->due_ms, now_ms, p->interval_ms);
    if (p->quota_known && p->left > 0) {
        p->spread_ms =
            next_due(p->spread_ms, now_ms, (double)(p->end_ms - now_ms) / (double)p->left);
        p->left--;
    }
    return ++p->starts;
}

/* What was told is of a window that was not known of: its figure, less what it cannot count. */
static void begin_window(struct pf_pacer *p, uint64_t now_ms, uint64_t end_ms, uint32_t mark,
                         uint64_t remaining)
{
    uint32_t since = p->starts - mark;

    p->left = remaining > since ? remaining - since : 0;
    p->end_ms = end_ms;
    p->spread_ms = (double)now_ms;
    p->quota_known = true;
}

void pf_pacer_told(struct pf_pacer *p, uint64_t now_ms, uint32_t mark,
                   const struct pf_ratelimit_quota *told)
{
    uint64_t end = now_ms + told->reset_ms;

    if (told->reset_ms == 0)
        return;
    p->quota = told->quota > 0              ? told->quota
               : told->remaining > p->quota ? told->remaining
                                            : p->quota;
    p->window_ms = told->window_ms > 0             ? told->window_ms
                   : told->reset_ms > p->window_ms ? told->reset_ms
                                                   : p->window_ms;
    roll(p, now_ms);
    if (!p->quota_known || end > p->end_ms + SAME_END_MS || end + SAME_END_MS < p->end_ms) {
        begin_window(p, now_ms, end, mark, told->remaining);
        return;
    }
    if (p->end_ms < end)
        p->end_ms = end;
    if (p->left > told->remaining)
        p->left = told->remaining;
}
