/*
 * Text into memory of a known size, or, with no memory, only its length: the same function
 * runs twice, once to measure and once to write.
 */
#ifndef SANDBOX_WRITER_H
#define SANDBOX_WRITER_H

#include <stddef.h>
#include <string.h>

struct sandbox_writer {
    char *out;  /* NULL to measure; else room for everything that will be written */
    size_t len; /* written, or measured, so far                                   */
};

static inline void sandbox_write_bytes(struct sandbox_writer *writer, const char *bytes, size_t len)
{
    if (writer->out != NULL)
        memcpy(writer->out + writer->len, bytes, len);
    writer->len += len;
}

static inline void sandbox_write(struct sandbox_writer *writer, const char *string)
{
    sandbox_write_bytes(writer, string, strlen(string));
}

/* `string` as HTML text that is also safe inside attributes and comments: & < > " and the
 * second of two hyphens become character references. */
void sandbox_write_escaped(struct sandbox_writer *writer, const char *string);

#endif
