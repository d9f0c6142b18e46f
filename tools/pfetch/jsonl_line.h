/*
 * One line of a JSONL list: {"url": …, "id": …, "params": {…}, "headers": {…}, "method": …,
 * "body": …}.
 *
 * Only "url" is required.  "id" is a string or an integer; "params" and "headers" are objects
 * whose values are strings, and for "params" also numbers, true and false.  "method" is a token;
 * the body is text in "body", or any bytes as base64 in "body_base64", and may be empty.  Other
 * members are the list's own business.
 */
#ifndef PFETCH_TOOL_JSONL_LINE_H
#define PFETCH_TOOL_JSONL_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>
#include <pfetch/fetch.h>

#include "bytes.h"

#define JSONL_LINE_PAIRS 64u   /* members of "params" or "headers": the library's ceiling */
#define JSONL_LINE_ID 4096u    /* bytes of an id                                         */
#define JSONL_LINE_WHY 160u    /* bytes of the sentence about a broken line               */
#define JSONL_LINE_NUMBERS 32u /* bytes of one number or boolean as text                  */
#define JSONL_LINE_METHOD 32u  /* bytes of a method                                       */

struct jsonl_line {
    json_t *root; /* holds the strings */
    struct fetch_pair params[JSONL_LINE_PAIRS];
    struct fetch_pair headers[JSONL_LINE_PAIRS];
    char numbers[JSONL_LINE_PAIRS][JSONL_LINE_NUMBERS];
    char id[JSONL_LINE_NUMBERS];
    struct bytes body;        /* what "body_base64" decodes to */
    char why[JSONL_LINE_WHY]; /* after a failure: what is wrong, without "line 3 of …" */
};

/* Empty; no memory is held until the first parse, nor after _fini(). */
void jsonl_line_init(struct jsonl_line *l);
void jsonl_line_fini(struct jsonl_line *l);

/*
 * Reads `len` bytes (borrowed) into *target, whose strings are lent until the next call on `l`.
 * Returns false and fills `why` where the line is broken; target->url is then the URL if there
 * is one, else NULL.
 */
bool jsonl_line_parse(struct jsonl_line *l, const char *text, size_t len,
                      struct fetch_target *target);

#endif
