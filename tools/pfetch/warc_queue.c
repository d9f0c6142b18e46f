#include "warc_queue.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX ((size_t)1 << 30)
#define FIRST_SLOTS 64u

struct warc_slot {
    struct warc_waiting waiting; /* its pointers are set when it is asked for */
    size_t at;                   /* the line's text, with the URI behind it   */
};

void warc_queue_init(struct warc_queue *q)
{
    *q = (struct warc_queue){.slot = NULL};
    bytes_init(&q->text, TEXT_MAX);
}

void warc_queue_fini(struct warc_queue *q)
{
    bytes_fini(&q->text);
    free(q->slot);
    *q = (struct warc_queue){.slot = NULL};
}

/* Moves what is left to the front once it is the smaller part, so that each is moved at most once. */
static void close_up(struct warc_queue *q)
{
    size_t gone = q->count ? q->slot[q->first].at : q->text.len;

    if (q->first < q->count || q->first == 0)
        return;
    if (q->count > 0) {
        memmove(q->slot, q->slot + q->first, q->count * sizeof(*q->slot));
        memmove(q->text.data, q->text.data + gone, q->text.len - gone);
    }
    for (size_t i = 0; i < q->count; i++)
        q->slot[i].at -= gone;
    bytes_cut(&q->text, q->text.len - gone);
    q->first = 0;
}

static bool has_room(struct warc_queue *q)
{
    size_t cap = q->cap ? q->cap * 2 : FIRST_SLOTS;
    struct warc_slot *slot;

    if (q->first + q->count < q->cap)
        return true;
    slot = realloc(q->slot, cap * sizeof(*slot));
    if (!slot)
        return false;
    q->slot = slot;
    q->cap = cap;
    return true;
}

bool warc_queue_add(struct warc_queue *q, const struct warc_waiting *w)
{
    size_t at = q->text.len;

    if (!has_room(q))
        return false;
    bytes_add(&q->text, w->line, w->line_len);
    bytes_add(&q->text, w->uri, w->uri_len);
    if (q->text.failed) {
        bytes_cut(&q->text, at);
        return false;
    }
    q->slot[q->first + q->count++] = (struct warc_slot){.waiting = *w, .at = at};
    return true;
}

static bool show(const struct warc_queue *q, size_t i, struct warc_waiting *w)
{
    const struct warc_slot *slot = &q->slot[i];

    *w = slot->waiting;
    w->line = q->text.data + slot->at;
    w->uri = w->line + w->line_len;
    return true;
}

bool warc_queue_first(const struct warc_queue *q, struct warc_waiting *w)
{
    return q->count > 0 && show(q, q->first, w);
}

bool warc_queue_find(const struct warc_queue *q, uint64_t part, struct warc_waiting *w)
{
    size_t low = q->first, high = q->first + q->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (q->slot[middle].waiting.part < part)
            low = middle + 1;
        else
            high = middle;
    }
    return low < q->first + q->count && q->slot[low].waiting.part == part && show(q, low, w);
}

void warc_queue_take(struct warc_queue *q)
{
    q->first++;
    q->count--;
    close_up(q);
}
