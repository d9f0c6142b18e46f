/*
 * Reading the head of a record back: what says which target it is about and how that ended.
 *
 * A record of this program has these members in front of everything that grows with the page, so
 * a line of any length is understood from its first bytes.  A line that something else wrote, or
 * put into another order, is read to its end.
 */
#ifndef PFETCH_TOOL_RECORD_READ_H
#define PFETCH_TOOL_RECORD_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pfetch/fetch.h>

#include "bytes.h"
#include "record_rest.h"

/* Strings are decoded, NUL-terminated and lent until the next record_read(). */
struct record_head {
    uint64_t index;
    const char *id;      /* NULL: none                                                          */
    const char *url;     /* the bytes of the URL, from url_base64 where that is there           */
    size_t url_len;      /* it may hold NUL                                                     */
    const char *request; /* "request" (32 hexadecimal digits), or NULL: as the run's options say */
    bool again;          /* it replaces an earlier one of the same request, which had failed    */
    enum fetch_outcome outcome;
    int status;      /* the target's, 0 if unknown                                          */
    const char *run; /* "run" as it stands there, a JSON object, or NULL                    */
    size_t run_len;
    struct record_rest rest; /* only where record_reader_want_rest() was called */
    const char *file; /* with record_reader_want_file() only: "file", or NULL               */
    uint64_t bytes;   /* likewise: "bytes"                                                  */
};

struct record_reader;

/* NULL: memory. */
struct record_reader *record_reader_new(void);
void record_reader_free(struct record_reader *r);
/* From now on each line is read to its end, where it says in which file the body is. */
void record_reader_want_file(struct record_reader *r);

/* From now on record_head.rest is read too, and a record is understood a little later. */
void record_reader_want_rest(struct record_reader *r);

/*
 * Reads one line (borrowed; without its line feed).  `complete` says that `line` is all of it;
 * else these are its first bytes.  False where it is no record, or its first bytes did not do.
 */
bool record_read(struct record_reader *r, const char *line, size_t len, bool complete,
                 struct record_head *head);

#endif
