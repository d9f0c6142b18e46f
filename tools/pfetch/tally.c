#include "tally.h"

#include <time.h>

void tally_add(struct tally *t, const struct fetch_page *page)
{
    t->pages[page->outcome]++;
    t->recorded++;
    t->bytes += page->body_len;
    if (page->cost_micro >= 0) {
        t->cost_micro += page->cost_micro;
        t->cost_known = true;
    }
    if (page->attempts > 0) {
        histogram_add(&t->elapsed_ms, page->elapsed_ms);
        histogram_add(&t->queued_ms, page->queued_ms);
    }
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
