/*
 * One page as one line of JSONL.
 *
 * Members, in this order, and left out where they are unknown but for those marked *:
 *
 *   index*  id  url*  url_base64  request  again  run  outcome*  status*  api_status*  reason
 *   final_url  content_type  bytes*  sha256  attempts*  cost  billed  queued_ms*  elapsed_ms*  fetched_at*
 *   protocol  error  headers  body or body_base64 or file
 *
 * A body that is valid UTF-8 stands in "body", any other in "body_base64"; "url_base64" is there
 * only where the URL is not valid UTF-8, which "url" then shows with U+FFFD in its place.  "request"
 * is the request's identity (identity.h) where the URL alone does not tell it: a target with
 * parameters, headers, a method or a body of its own, or a line that is no target.  "again" (true)
 * is in a record that replaces an earlier one of the same request, which had failed.  "run" is in
 * a process's first record: what of its command line makes the pages what they are.
 */
#ifndef PFETCH_TOOL_RECORD_H
#define PFETCH_TOOL_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include <pfetch/fetch.h>

#include "bytes.h"
#include "identity.h"
#include "redact.h"

struct recorder;

/* What is written: a page and what only the program knows about it.  All borrowed. */
struct record {
    const struct fetch_page *page;
    uint64_t index;             /* position in the run, from 0                                  */
    const char *list;           /* for `error`: where the target stood, or NULL                 */
    uint64_t line;              /* its line there, from 1                                       */
    const char *file;           /* where the body was put instead, relative to the index; NULL  */
    size_t url_len;             /* of page->url where it may hold NUL; 0: up to its NUL         */
    char request[IDENTITY_HEX]; /* where the URL does not tell the request, else ""          */
    bool again;                 /* it failed in an earlier run                                 */
    bool fresh;                 /* neither the output nor another target has this request     */
    const char *run;            /* a JSON object, or NULL; the sink's own business             */
};

/* `secrets` is kept, and never written in a header field, a final URL or an error.  NULL: memory. */
struct recorder *recorder_new(const struct redact *secrets);
void recorder_free(struct recorder *r);

/* Appends the line with its line feed; out->failed where memory ran out. */
void recorder_put(struct recorder *r, struct bytes *out, const struct record *record);

/* "line 3 of FILE: " or "", for messages about a record; appended. */
void record_put_place(struct bytes *out, const struct record *record);

#endif
