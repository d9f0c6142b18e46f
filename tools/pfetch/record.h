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
    bool bare;                  /* without the body: that is elsewhere                         */
    const char *sha256;         /* the body's, in hexadecimal, where it is known; NULL         */
};

/* `secrets` is kept, and never written in a header field, a final URL or an error.  NULL: memory. */
struct recorder *recorder_new(const struct redact *secrets);
void recorder_free(struct recorder *r);

/* A text that came from the endpoint (borrowed) without the key: itself, or lent until the next call
 * for this recorder.  *n is its length, before and after.  NULL: memory. */
const char *recorder_clean(struct recorder *r, const char *text, size_t *n);

#define RECORD_TIME 25u /* bytes of a moment with its NUL */

/* "2026-01-02T03:04:05.678Z" for milliseconds since 1970; false where the year has not four digits. */
bool record_time(char text[RECORD_TIME], int64_t ms);

#define RECORDER_SHA256 65u /* bytes of a SHA-256 in hexadecimal with its NUL */

/* Two runs of bytes, one behind the other, hashed into `hex`; either may be empty.  False: memory. */
bool recorder_hash(struct recorder *r, const struct bytes *first, const char *then, size_t then_len,
                   char hex[RECORDER_SHA256]);

/* Appends the line with its line feed; out->failed where memory ran out. */
void recorder_put(struct recorder *r, struct bytes *out, const struct record *record);

/* "line 3 of FILE: " or "", for messages about a record; appended. */
void record_put_place(struct bytes *out, const struct record *record);

#endif
