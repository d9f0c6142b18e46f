/*
 * Targets on their way from the input to the gather: what is due, and with what it goes on record.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "flow_inner.h"

#define AT_ONCE 256u /* targets not due and broken lines before the loop has its turn again */

static int64_t wall_clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * Whether an item is due, with what is put on record about it and its place in the order; else it
 * is counted for what it is.
 */
static bool take_up(struct flow *f, enum due_answer answer, const struct due_said *said,
                    struct record *record, uint64_t *place)
{
    struct tally *t = f->part.tally;
    bool due = answer == DUE_YES || answer == DUE_AGAIN;

    if (answer == DUE_NOMEM || (due && f->part.order && !order_take(f->part.order, place))) {
        flow_out_of_memory(f);
        return false;
    }
    record->again = answer == DUE_AGAIN;
    record->fresh = said->fresh;
    memcpy(record->request, said->request, sizeof(record->request));
    t->targets += due;
    t->there += answer == DUE_THERE;
    t->twice += answer == DUE_TWICE;
    if (!due && t->total_known && t->total > 0)
        t->total--;
    return due;
}

/* A line that is no target is a page that failed before it was sent. */
static void record_broken(struct flow *f, const struct input_item *item)
{
    uint64_t index = f->position++, place = 0;
    struct due_said said;
    const struct fetch_page page = {.url = item->text,
                                    .id = item->target.id,
                                    .outcome = FETCH_OUTCOME_BAD_URL,
                                    .error = FETCH_E_BAD_URL,
                                    .phase = FETCH_PHASE_QUEUE,
                                    .message = item->why,
                                    .body = "",
                                    .cost_micro = -1,
                                    .fetched_at_ms = wall_clock_ms(),
                                    .protocol = ""};
    struct record record = {.page = &page,
                            .index = index,
                            .list = item->list,
                            .line = item->line,
                            .url_len = item->text_len};

    if (!take_up(f, due_broken(f->part.due, item->text, item->text_len, &said), &said, &record,
                 &place))
        return;
    flow_put(f, place, &record, NULL);
}

/* False where there is none to be had from this item. */
static bool take_target(struct flow *f, const struct input_item *item, struct fetch_target *target)
{
    struct record record = {.index = f->position++, .list = item->list, .line = item->line};
    struct due_said said;
    struct ticket *ticket;
    uint64_t place = 0;

    if (!take_up(f, due_target(f->part.due, &item->target, &said), &said, &record, &place))
        return false;
    ticket = malloc(sizeof(*ticket));
    if (!ticket) {
        if (f->part.order)
            order_skip(f->part.order, place);
        flow_out_of_memory(f);
        return false;
    }
    *ticket = (struct ticket){.record = record, .place = place};
    *target = item->target;
    target->user = ticket;
    return true;
}

static enum fetch_pull wait_to_be_woken(struct flow *f)
{
    f->held = true;
    return FETCH_PULL_LATER;
}

enum fetch_pull flow_on_pull(struct fetch_target *target, void *arg)
{
    struct flow *f = arg;
    struct input_item item;

    for (unsigned n = 0; n < AT_ONCE; n++) {
        if (f->stop != FLOW_GOES_ON || f->input_ended)
            return FETCH_PULL_END;
        if (flow_is_full(f))
            return wait_to_be_woken(f);
        f->input_ended = f->part.limit && f->position >= f->part.limit;
        if (f->input_ended)
            return FETCH_PULL_END;
        switch (input_next(f->part.input, &item)) {
        case INPUT_TARGET:
            if (take_target(f, &item, target))
                return FETCH_PULL_TARGET;
            break;
        case INPUT_BROKEN:
            record_broken(f, &item);
            break;
        case INPUT_LATER:
            return wait_to_be_woken(f);
        case INPUT_END:
            f->input_ended = true;
            return FETCH_PULL_END;
        }
    }
    flow_act(f);
    return wait_to_be_woken(f);
}
