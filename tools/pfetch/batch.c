#include "batch.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_PAGES 64u

void batch_init(struct batch *b, size_t max)
{
    *b = (struct batch){.count = 0};
    bytes_init(&b->data, max);
}

void batch_fini(struct batch *b)
{
    bytes_fini(&b->data);
    free(b->end);
    b->end = NULL;
    b->count = b->cap = b->written = 0;
}

static bool grow(struct batch *b)
{
    size_t cap = b->cap ? b->cap * 2 : FIRST_PAGES;
    size_t *end = realloc(b->end, cap * sizeof(*end));

    if (!end)
        return false;
    b->end = end;
    b->cap = cap;
    return true;
}

bool batch_end_page(struct batch *b)
{
    if (b->data.failed || (b->count == b->cap && !grow(b)))
        return false;
    b->end[b->count++] = b->data.len;
    return true;
}

void batch_cut(struct batch *b, size_t count)
{
    b->count = count;
    bytes_cut(&b->data, batch_start(b, count));
}

void batch_empty(struct batch *b, size_t keep)
{
    batch_cut(b, 0);
    b->written = 0;
    if (b->data.cap > keep)
        bytes_fini(&b->data);
}

size_t batch_drop(struct batch *b, size_t bytes)
{
    size_t gone = batch_whole(b, bytes), n = batch_start(b, gone);

    if (n == 0)
        return 0;
    memmove(b->data.data, b->data.data + n, b->data.len - n);
    bytes_cut(&b->data, b->data.len - n);
    memmove(b->end, b->end + gone, (b->count - gone) * sizeof(*b->end));
    b->count -= gone;
    for (size_t i = 0; i < b->count; i++)
        b->end[i] -= n;
    return n;
}

size_t batch_start(const struct batch *b, size_t i)
{
    return i ? b->end[i - 1] : 0;
}

size_t batch_whole(const struct batch *b, size_t bytes)
{
    size_t low = 0, high = b->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (b->end[middle] <= bytes)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
