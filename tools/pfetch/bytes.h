/*
 * A growing run of bytes with a ceiling and a sticky failure.
 *
 * Writers of records append dozens of small pieces; checking each would bury what they write.
 * So a failed append sets `failed`, every later one does nothing, and the writer looks once, at
 * the end.  `data` moves with every growth: keep offsets, not pointers.
 */
#ifndef PFETCH_TOOL_BYTES_H
#define PFETCH_TOOL_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    char *data;  /* NULL until the first growth                         */
    size_t len;  /* bytes used                                          */
    size_t cap;  /* bytes allocated                                     */
    size_t max;  /* bytes that cap never passes                         */
    bool failed; /* memory ran out or the ceiling was met: not complete */
};

/* Empty, with a ceiling in bytes; allocates nothing. */
void bytes_init(struct bytes *b, size_t max);
/* Frees the memory; the object is empty and usable again. */
void bytes_fini(struct bytes *b);
/* Forgets everything behind `len` bytes, and the failure. */
void bytes_cut(struct bytes *b, size_t len);

/* Room for `n` more bytes behind len (lent until the next call), or NULL and `failed`. */
char *bytes_room(struct bytes *b, size_t n);

/* Each appends, or sets `failed`. */
void bytes_add(struct bytes *b, const void *data, size_t n);
void bytes_uint(struct bytes *b, uint64_t n);
void bytes_format(struct bytes *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline void bytes_text(struct bytes *b, const char *text)
{
    bytes_add(b, text, strlen(text)); /* most are literals, whose length is known when compiled */
}

/* The content with a NUL behind it (lent until the next call); "" where it failed. */
const char *bytes_string(struct bytes *b);

#endif
