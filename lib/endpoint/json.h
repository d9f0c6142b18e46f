/*
 * A JSON object as a request's body.  With pf_envelope_open() one of the two places that know
 * jansson.
 */
#ifndef PF_ENDPOINT_JSON_H
#define PF_ENDPOINT_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct pf_json;

/* An empty object.  Gives it (pf_json_free()); NULL: out of memory. */
struct pf_json *pf_json_new(void);
/* NULL is ignored. */
void pf_json_free(struct pf_json *json);

/* Whether `text` is a JSON value. */
bool pf_json_is_value(const char *text);

/*
 * Sets a member; dots in `path` go into objects, which are made where they are missing.  What
 * was there is replaced.  `value` is JSON.  False: out of memory.
 */
bool pf_json_set(struct pf_json *json, const char *path, const char *value);
/* The same for a string of `n` bytes of UTF-8. */
bool pf_json_set_string(struct pf_json *json, const char *path, const char *s, size_t n);
/* Appends {"name": ..., "value": ...} to the list at `path`. */
bool pf_json_add_pair(struct pf_json *json, const char *path, const char *name, const char *value);

/* Appends the object up to where one more member goes: `{` or `{...,`. */
enum fetch_error pf_json_write_open(const struct pf_json *json, struct pf_buf *out);

/* Appends a string with its quotes.  Bytes that are not UTF-8 are percent-encoded, which in a URL
 * means the same. */
enum fetch_error pf_json_write_url(struct pf_buf *out, const char *s, size_t n);

#endif
