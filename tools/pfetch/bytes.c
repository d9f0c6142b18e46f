#include "bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES 512u

void bytes_init(struct bytes *b, size_t max)
{
    *b = (struct bytes){.max = max};
}

void bytes_fini(struct bytes *b)
{
    free(b->data);
    bytes_init(b, b->max);
}

void bytes_cut(struct bytes *b, size_t len)
{
    if (len < b->len)
        b->len = len;
    b->failed = false;
}

static bool grow(struct bytes *b, size_t n)
{
    size_t cap = b->cap ? b->cap : FIRST_BYTES;
    char *data;

    if (n > b->max || b->len > b->max - n)
        return false;
    while (cap - b->len < n)
        cap = cap > b->max / 2 ? b->max : cap * 2;
    data = realloc(b->data, cap);
    if (!data)
        return false;
    b->data = data;
    b->cap = cap;
    return true;
}

char *bytes_room(struct bytes *b, size_t n)
{
    if (b->failed)
        return NULL;
    if ((!b->data || n > b->cap - b->len) && !grow(b, n)) {
        b->failed = true;
        return NULL;
    }
    return b->data + b->len;
}

void bytes_add(struct bytes *b, const void *data, size_t n)
{
    char *room = n ? bytes_room(b, n) : NULL;

    if (!room)
        return;
    memcpy(room, data, n);
    b->len += n;
}

void bytes_uint(struct bytes *b, uint64_t n)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    bytes_add(b, digits + at, sizeof(digits) - at);
}

/* Most fit into what is there; those that do not are written again. */
void bytes_format(struct bytes *b, const char *format, ...)
{
    size_t room = b->failed || !b->data ? 0 : b->cap - b->len;
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(room > 0 ? b->data + b->len : NULL, room, format, args);
    va_end(args);
    if (n < 0) {
        b->failed = true;
        return;
    }
    if ((size_t)n >= room) {
        char *more = bytes_room(b, (size_t)n + 1);

        if (!more)
            return;
        va_start(args, format);
        (void)vsnprintf(more, (size_t)n + 1, format, args);
        va_end(args);
    }
    b->len += (size_t)n;
}

const char *bytes_string(struct bytes *b)
{
    char *room = bytes_room(b, 1);

    if (!room)
        return "";
    *room = '\0';
    return b->data;
}
