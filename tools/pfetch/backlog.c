#include "backlog.h"

#include <stdlib.h>

#define SPARES 8u /* kept for the next ones, each with the memory of a batch */

struct backlog_entry {
    struct backlog_entry *next;
    struct batch batch;
};

static void free_all(struct backlog_entry *e)
{
    while (e) {
        struct backlog_entry *next = e->next;

        batch_fini(&e->batch);
        free(e);
        e = next;
    }
}

void backlog_fini(struct backlog *b)
{
    free_all(b->first);
    free_all(b->spare);
    *b = (struct backlog){.first = NULL};
}

void backlog_put(struct backlog *b, struct batch *batch)
{
    struct backlog_entry *e = b->spare;

    if (e) {
        b->spare = e->next;
        b->spares--;
    } else {
        e = malloc(sizeof(*e));
        if (!e)
            return;
        batch_init(&e->batch, batch->data.max);
    }
    batch_swap(&e->batch, batch);
    e->next = NULL;
    *(b->last ? &b->last->next : &b->first) = e;
    b->last = e;
    b->bytes += e->batch.data.len;
    b->pages += e->batch.count;
}

static void keep(struct backlog *b, struct backlog_entry *e)
{
    if (b->spares == SPARES) {
        batch_fini(&e->batch);
        free(e);
        return;
    }
    e->next = b->spare;
    b->spare = e;
    b->spares++;
}

bool backlog_take(struct backlog *b, struct batch *batch)
{
    struct backlog_entry *e = b->first;

    if (!e)
        return false;
    b->first = e->next;
    if (!b->first)
        b->last = NULL;
    b->bytes -= e->batch.data.len;
    b->pages -= e->batch.count;
    batch_swap(&e->batch, batch);
    keep(b, e);
    return true;
}
