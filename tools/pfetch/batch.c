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
    free(b->part);
    b->end = NULL;
    b->part = NULL;
    b->count = b->cap = b->written = b->part_count = b->part_cap = 0;
}

void batch_swap(struct batch *a, struct batch *b)
{
    struct batch was = *a;

    *a = *b;
    *b = was;
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

bool batch_end_part(struct batch *b)
{
    if (b->part_count == b->part_cap) {
        size_t cap = b->part_cap ? b->part_cap * 2 : FIRST_PAGES;
        struct batch_part *part = realloc(b->part, cap * sizeof(*part));

        if (!part)
            return false;
        b->part = part;
        b->part_cap = cap;
    }
    b->part[b->part_count++] = (struct batch_part){.end = b->data.len};
    return true;
}

/* How many parts end within the first `bytes` of the data; they are looked for from the end. */
static size_t parts_within(const struct batch *b, size_t bytes)
{
    size_t n = b->part_count;

    while (n > 0 && b->part[n - 1].end > bytes)
        n--;
    return n;
}

void batch_cut(struct batch *b, size_t count)
{
    b->count = count;
    bytes_cut(&b->data, batch_start(b, count));
    b->part_count = count ? parts_within(b, batch_start(b, count)) : 0;
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
    size_t gone = batch_whole(b, bytes), n = batch_start(b, gone), parts = parts_within(b, n);

    if (n == 0)
        return 0;
    if (parts > 0)
        memmove(b->part, b->part + parts, (b->part_count - parts) * sizeof(*b->part));
    b->part_count -= parts;
    for (size_t i = 0; i < b->part_count; i++)
        b->part[i].end -= n;
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

size_t batch_part_start(const struct batch *b, size_t i)
{
    return i ? b->part[i - 1].end : 0;
}

size_t batch_written_parts(const struct batch *b)
{
    return parts_within(b, batch_start(b, b->written));
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
