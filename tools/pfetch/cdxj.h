/*
 * The index of a web archive: CDXJ, a sorted line for each capture, as cdxj-indexer writes it.
 *
 *     com,example)/ 20260102030405 {"url": "https://example.com/", "mime": "text/html", …}
 *
 * Lines come in any order and in any number: beyond a ceiling they wait in sorted runs in a temporary
 * file without a name.  The index itself appears whole or not at all.
 */
#ifndef PFETCH_TOOL_CDXJ_H
#define PFETCH_TOOL_CDXJ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "surt.h"

#define CDXJ_MEMORY ((size_t)2 << 20) /* bytes of lines that wait in memory */

/* One capture; all borrowed.  Written in two parts, since its place is known only when it is on
 * record. */
struct cdxj_capture {
    const char *uri;
    size_t uri_len;
    const char *date; /* as WARC-Date has it                                     */
    const char *mime; /* a content type, with parameters or without; NULL        */
    size_t mime_len;
    unsigned status;    /* 0: none                                               */
    const char *digest; /* with its algorithm's name in front                    */
};

/* Appends a line up to its place. */
void cdxj_put_capture(struct bytes *out, struct surt *surt, const struct cdxj_capture *c);
/* Appends the rest; `filename` (borrowed) is the archive's, without directories. */
void cdxj_put_place(struct bytes *out, uint64_t length, uint64_t offset, const char *filename);

struct cdxj;

/* An index to be at `path` (kept).  `memory`: 0 for the default.  NULL: memory. */
struct cdxj *cdxj_new(const char *path, size_t memory);
/* What is not finished leaves nothing behind.  NULL is ignored. */
void cdxj_free(struct cdxj *c);

/* Adds one line (borrowed) that ends in a line feed.  0 or an errno value. */
int cdxj_add(struct cdxj *c, const char *line, size_t n);

/* Sorts and writes it all, in place of what is at `path`.  To be called once.  0 or an errno value.
 * `sync`: it survives a loss of power. */
int cdxj_finish(struct cdxj *c, bool sync);

#endif
