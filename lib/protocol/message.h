/*
 * A request as every HTTP version understands it: what the endpoint layer asks
 * for, before a protocol spells it.  Everything is lent for one call.
 */
#ifndef PF_PROTOCOL_MESSAGE_H
#define PF_PROTOCOL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

struct pf_field {
    const char *name; /* lower case, as HTTP/2 wants it; HTTP/1.1 does not care */
    size_t name_len;
    const char *value; /* free of CR, LF and NUL */
    size_t value_len;
};

struct pf_request {
    const char *method;
    bool https;
    const char *authority; /* host[:port] for Host or :authority */
    size_t authority_len;
    const char *path; /* begins with "/"; holds the key: never logged, never indexed */
    size_t path_len;
    const struct pf_field *field;
    size_t field_count;
};

#endif
