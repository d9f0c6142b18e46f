/*
 * Where calls over the plan wait in line instead of being refused, latency tells.  Windows of
 * answers are compared by level and latency: a rise is kept only where goodput (level / latency,
 * Little's law) has risen by half as much, and that is judged only once it is SURE standard errors
 * away from chance.  A target that becomes slow raises latency at the same level and says nothing.
 */
#include "engine/goodput.h"

#include <math.h>

#define LATENCY_GUESS_MS 2000.0 /* before the first answer */
#define WINDOW_MIN 24.0         /* answers that say anything at all ... */
#define WINDOW_MAX 512.0        /* ... and that say enough, whatever the level */
#define WINDOW_STILL 4          /* ... as many times the least where there is no hurry */
#define CV2 1.7                 /* squared variation of latencies: lognormal with sigma 1 */
#define SURE 2.5                /* standard errors: one wrong word in a hundred */
#define SPARE 1.25              /* of what is served: in flight, so that no place is ever idle */

double pf_goodput_latency_ms(const struct pf_goodput *g)
{
    return g->n > 0 ? fmax(g->latency_ms, 1) : LATENCY_GUESS_MS;
}

void pf_goodput_learn(struct pf_goodput *g, double took_ms, double of)
{
    g->n = g->n < of ? g->n + 1 : of;
    g->latency_ms += (took_ms - g->latency_ms) / g->n;
}

void pf_goodput_begin(struct pf_goodput *g, unsigned level, bool still)
{
    double need = fmin(fmax(level / 2.0, WINDOW_MIN), WINDOW_MAX);

    if (still)
        need = fmax(need, WINDOW_STILL * WINDOW_MIN);
    g->window = (struct pf_goodput_window){.need = need};
}

/* Whether more in flight brought more answers: 1 yes, -1 no, 0 too early to say. */
static int compare(const struct pf_goodput_window *a, const struct pf_goodput_window *b)
{
    double more = log((b->level / b->done) / (a->level / a->done));
    double slower = log((b->latency_ms / b->done) / (a->latency_ms / a->done));
    double sigma = sqrt(CV2 * (1 / a->done + 1 / b->done));

    if (more / 2 < SURE * sigma)
        return 0;
    return slower < more / 2 ? 1 : -1;
}

enum pf_goodput_verdict pf_goodput_add(struct pf_goodput *g, double took_ms, unsigned level,
                                       bool still)
{
    struct pf_goodput_window *w = &g->window;
    int verdict;

    w->done += 1;
    w->latency_ms += took_ms;
    w->level += level;
    if (w->done < w->need)
        return PF_GOODPUT_EARLY;
    verdict = still || g->base.done < 1 ? 1 : compare(&g->base, w);
    if (verdict < 0)
        return PF_GOODPUT_FRUITLESS;
    if (verdict > 0)
        g->base = *w;
    return PF_GOODPUT_FULL;
}

double pf_goodput_enough(const struct pf_goodput *g)
{
    double before = g->base.level / g->base.done;
    double served = g->window.level / g->window.latency_ms * g->base.latency_ms / g->base.done;

    return fmax(before, SPARE * served);
}
