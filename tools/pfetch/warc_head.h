/*
 * The head of a WARC record, read.
 */
#ifndef PFETCH_TOOL_WARC_HEAD_H
#define PFETCH_TOOL_WARC_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum warc_type { WARC_TYPE_INFO, WARC_TYPE_MAIN, WARC_TYPE_REVISIT, WARC_TYPE_METADATA };

/* NUL-terminated strings within the head that was read; NULL where a field is missing. */
struct warc_head {
    enum warc_type type;
    bool http;      /* the block begins with a status line and header fields */
    const char *id; /* without angle brackets */
    const char *uri;
    const char *date;
    const char *digest; /* of the payload */
    const char *content_type;
    bool truncated;
    uint64_t length; /* of the block */
};

/*
 * Takes `n` bytes apart that end in the empty line, which is changed: fields are cut off with NULs.
 * False where it is no head of a record that this program writes.
 */
bool warc_head_read(char *text, size_t n, struct warc_head *head);

/*
 * The status and content type (NULL: none; NUL-terminated within the text) of the answer whose
 * first `n` bytes (changed) these are.  False: it is none.
 */
bool warc_head_http(char *text, size_t n, unsigned *status, const char **mime);

#endif
