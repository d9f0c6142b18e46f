/*
 * A request as every HTTP version understands it: what the endpoint layer asks
 * for, before a protocol spells it.  Everything is lent for one call.
 */
#ifndef PF_PROTOCOL_MESSAGE_H
#define PF_PROTOCOL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/limits.h"

#define PF_MAX_REQUEST_FIELDS (2 * PF_MAX_PAIRS + 8) /* a client's, a target's, and our own */

struct pf_field {
    const char *name; /* lower case, as HTTP/2 wants it; HTTP/1.1 does not care */
    size_t name_len;
    const char *value; /* free of CR, LF and NUL */
    size_t value_len;
    bool sensitive; /* holds the key: HPACK must never index it (RFC 7541 section 7.1.3) */
};

struct pf_request {
    const char *method;
    bool https;
    const char *authority; /* host[:port] for Host or :authority */
    size_t authority_len;
    const char *path; /* begins with "/"; holds the key: never logged, never indexed */
    size_t path_len;
    const struct pf_field *field;
    size_t field_count; /* up to PF_MAX_REQUEST_FIELDS */
    const void *body;   /* copied by the protocol */
    size_t body_len;    /* 0: none; see pf_request_tells_length() */
};

/* Whether there is a Content-Length: with a body, and where one is expected (RFC 9110 section 8.6). */
static inline bool pf_request_tells_length(const struct pf_request *request)
{
    const char *m = request->method;

    return request->body_len > 0 || strcmp(m, "POST") == 0 || strcmp(m, "PUT") == 0 ||
           strcmp(m, "PATCH") == 0;
}

#endif
