/*
 * A growing byte buffer that is born with a ceiling.
 *
 * Growth doubles, so appending is O(1) amortised; a caller that knows the final
 * size reserves it and pays for one allocation.  `data` may move with every
 * growth: keep offsets, not pointers.
 */
#ifndef PF_BASE_BUF_H
#define PF_BASE_BUF_H

#include <stddef.h>

#include "pfetch/fetch.h"

struct pf_buf {
    char *data; /* NULL until the first growth */
    size_t len; /* bytes used */
    size_t cap; /* bytes allocated */
    size_t max; /* bytes that len never passes */
};

/* An empty buffer; allocates nothing. */
void pf_buf_init(struct pf_buf *b, size_t max);
/* Frees the bytes; the buffer is empty and usable again.  A zeroed one is fine. */
void pf_buf_fini(struct pf_buf *b);

/* Makes room for `extra` more bytes: FETCH_OK, FETCH_E_TOO_LARGE (over max), FETCH_E_NOMEM. */
enum fetch_error pf_buf_reserve(struct pf_buf *b, size_t extra);
/* The same without doubling: the caller knows how large it ends. */
enum fetch_error pf_buf_reserve_exact(struct pf_buf *b, size_t extra);
/* Appends a copy; errors as pf_buf_reserve(), and then nothing was appended. */
enum fetch_error pf_buf_append(struct pf_buf *b, const void *bytes, size_t n);
enum fetch_error pf_buf_append_str(struct pf_buf *b, const char *s);
/* Appends as printf(3) does. */
enum fetch_error pf_buf_printf(struct pf_buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Puts a NUL behind the last byte, not counted in len.  May grow. */
enum fetch_error pf_buf_terminate(struct pf_buf *b);
/* Gives back what is allocated and not used, where that is worth a call. */
void pf_buf_trim(struct pf_buf *b);

#endif
