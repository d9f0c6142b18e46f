/*
 * A page as records of a web archive: WARC 1.1 (ISO 28500:2017), as bytes.
 *
 *   response   the target's status and header fields, as far as the provider hands them on, and the
 *              body; what belongs to a hop and not to the page is taken out of the fields
 *   resource   the body alone, where it does not
 *   revisit    in their place: what came is byte for byte what an earlier record holds
 *   metadata   how the page was got, as JSON: a record of JSONL without its body.  Always there,
 *              always the last of a page, and alone where nothing of the site came
 *
 * A metadata record is about the target and is no capture of it, so that its own URI is another:
 * indexers and players would show it in the page's place.
 */
#ifndef PFETCH_TOOL_WARC_H
#define PFETCH_TOOL_WARC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "origin.h"
#include "record.h"

#define WARC_ID 46u                      /* bytes of "urn:uuid:…" with its NUL      */
#define WARC_PAGE_URN "urn:pfetch:page:" /* … and the target: a metadata record's URI */
#define WARC_SOFTWARE "software: pfetch/"

struct warc;

/* `recorder` and `origin` are kept.  NULL: memory. */
struct warc *warc_new(struct recorder *recorder, const struct origin *origin);
void warc_free(struct warc *w);

enum warc_main { WARC_NO_MAIN, WARC_RESOURCE, WARC_RESPONSE };

/* What becomes of one page; lent by warc_look() until its next call. */
struct warc_page {
    const struct record *record;
    enum warc_main main;
    const char *uri; /* the target                                              */
    size_t uri_len;
    char date[RECORD_TIME];
    char digest[RECORDER_SHA256]; /* of the body; "" without a main record      */
    char id[WARC_ID];             /* of the main record; "" without             */
    const char *truncated;        /* why the body is not whole, or NULL         */
    const char *type;             /* the body's content type, or NULL: unknown  */
    size_t type_len;
};

/* What a revisit refers to; all borrowed. */
struct warc_original {
    const char *uri;
    size_t uri_len;
    const char *date;
    const char *id;
};

/* Looks at a page (kept, with its record, until it has been put).  False: memory. */
bool warc_look(struct warc *w, const struct record *record, struct warc_page *page);

/*
 * Each appends one record; out->failed where memory ran out.  `original` (or NULL) makes the main
 * record a revisit.
 */
void warc_put_main(struct warc *w, struct bytes *out, const struct warc_page *page,
                   const struct warc_original *original);
void warc_put_metadata(struct warc *w, struct bytes *out, const struct warc_page *page);

/* The record that begins a file named so (or NULL: no name), which the following then refer to. */
void warc_put_info(struct warc *w, struct bytes *out, const char *filename);
/* The same, where the file has it already. */
void warc_set_info(struct warc *w, const char *id);

#endif
