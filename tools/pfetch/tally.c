#include "tally.h"

#include <time.h>

#include "advice.h"

void tally_add(struct tally *t, const struct fetch_page *page)
{
    enum outcome_prospect prospect = outcome_prospect(page->outcome, page->status);

    t->pages[page->outcome]++;
    t->recorded++;
    t->bytes += page->body_len;
    t->attempts += page->attempts;
    t->owed += prospect == OUTCOME_OWED;
    t->mendable += prospect == OUTCOME_MENDABLE;
    if (page->cost_micro >= 0) {
        t->cost_micro += page->cost_micro;
        t->costed++;
    }
    if (page->attempts > 0) {
        histogram_add(&t->elapsed_ms, page->elapsed_ms);
        histogram_add(&t->queued_ms, page->queued_ms);
    }
    if (t->figures)
        figures_add(t->figures, page);
}

int64_t tally_projected(const struct tally *t, int64_t spent_micro)
{
    double whole;

    if (!t->total_known || t->recorded == 0 || t->costed == 0)
        return -1;
    whole = (double)spent_micro / (double)t->recorded * (double)t->total;
    return t->total <= t->recorded ? spent_micro : whole < 9e18 ? (int64_t)whole : -1;
}

uint64_t tally_on_record(const struct tally *t)
{
    return t->recorded - t->dropped;
}

uint64_t tally_failed(const struct tally *t)
{
    return t->recorded - t->pages[FETCH_OUTCOME_OK];
}

uint64_t tally_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
