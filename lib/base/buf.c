#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES 256u

void pf_buf_init(struct pf_buf *b, size_t max)
{
    *b = (struct pf_buf){.max = max};
}

void pf_buf_fini(struct pf_buf *b)
{
    free(b->data);
    b->data = NULL;
    b->len = b->cap = 0;
}

static enum fetch_error resize(struct pf_buf *b, size_t cap)
{
    char *data = realloc(b->data, cap);

    if (!data)
        return FETCH_E_NOMEM;
    b->data = data;
    b->cap = cap;
    return FETCH_OK;
}

enum fetch_error pf_buf_reserve(struct pf_buf *b, size_t extra)
{
    size_t cap = b->cap ? b->cap : FIRST_BYTES;

    if (extra > b->max - b->len)
        return FETCH_E_TOO_LARGE;
    if (extra <= b->cap - b->len)
        return FETCH_OK;
    while (cap - b->len < extra)
        cap = cap > b->max / 2 ? b->max : cap * 2;
    return resize(b, cap);
}

enum fetch_error pf_buf_reserve_exact(struct pf_buf *b, size_t extra)
{
    if (extra > b->max - b->len)
        return FETCH_E_TOO_LARGE;
    if (extra <= b->cap - b->len)
        return FETCH_OK;
    return resize(b, b->len + extra);
}

enum fetch_error pf_buf_append(struct pf_buf *b, const void *bytes, size_t n)
{
    enum fetch_error e;

    if (n == 0)
        return FETCH_OK;
    e = pf_buf_reserve(b, n);
    if (e != FETCH_OK)
        return e;
    memcpy(b->data + b->len, bytes, n);
    b->len += n;
    return FETCH_OK;
}

enum fetch_error pf_buf_append_str(struct pf_buf *b, const char *s)
{
    return pf_buf_append(b, s, strlen(s));
}

enum fetch_error pf_buf_printf(struct pf_buf *b, const char *format, ...)
{
    enum fetch_error e;
    va_list ap;
    int n;

    va_start(ap, format);
    n = vsnprintf(NULL, 0, format, ap);
    va_end(ap);
    if (n < 0)
        return FETCH_E_INVALID;
    e = pf_buf_reserve(b, (size_t)n);
    if (e == FETCH_OK && b->cap - b->len <= (size_t)n)
        e = resize(b, b->len + (size_t)n + 1); /* vsnprintf's NUL is beyond the ceiling's count */
    if (e != FETCH_OK)
        return e;
    va_start(ap, format);
    (void)vsnprintf(b->data + b->len, (size_t)n + 1, format, ap);
    va_end(ap);
    b->len += (size_t)n;
    return FETCH_OK;
}

enum fetch_error pf_buf_terminate(struct pf_buf *b)
{
    if (b->len == b->cap) {
        enum fetch_error e = resize(b, b->len + 1); /* the NUL is beyond the ceiling's count */

        if (e != FETCH_OK)
            return e;
    }
    b->data[b->len] = '\0';
    return FETCH_OK;
}

void pf_buf_trim(struct pf_buf *b)
{
    if (b->cap - b->len > 1024 && b->cap - b->len > b->len / 4) {
        char *data = realloc(b->data, b->len + 1); /* room for a NUL stays */

        if (data) {
            b->data = data;
            b->cap = b->len + 1;
        }
    }
}
