/*
 * The inside of a template, between template.c (what is spelled once), template_check.c (what may
 * be said), template_write.c (query and JSON up to the target) and template_request.c (one target's
 * request).
 */
#ifndef PF_ENDPOINT_TEMPLATE_INNER_H
#define PF_ENDPOINT_TEMPLATE_INNER_H

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "endpoint/template.h"

struct pf_template {
    const struct pf_profile *profile;
    char *endpoint_text;
    struct pf_url endpoint;
    char key_name[64];        /* parameter or header field */
    struct pf_buf key;        /* the value of the header field, where the key is one */
    struct pf_buf start;      /* path and query of the endpoint, with the key where it is there */
    struct pf_buf said;       /* pairs: what profile and options say (see spell.h) */
    struct pf_buf headers_on; /* pairs: what the profile says where header fields go along */
    struct pf_buf params;     /* pairs: the client's own parameters */
    struct pf_buf headers;    /* pairs: the client's header fields */
    struct pf_buf prefix;     /* of query or JSON, up to the target */
    struct pf_buf path;       /* of the request that was asked last */
    struct pf_buf body;       /* likewise, of JSON */
    struct pf_buf names;      /* likewise, of header fields with a prefix */
    struct pf_field field[PF_MAX_REQUEST_FIELDS];
    size_t common_fields; /* of `field` that serve every target without its own; 0: not filled */
};

/* Whether both are the same name of a header field. */
static inline bool pf_template_same_field(const char *a, const char *b)
{
    return pf_text_eq_nocase(a, strlen(a), b, strlen(b));
}

/* The method for the target. */
static inline const char *pf_template_method(const struct pf_extras *extras)
{
    return extras->method ? extras->method : extras->body_len > 0 ? "POST" : "GET";
}

/* ---------------------------------------------------- template_check.c -- */

/* Whether there is a control character in it. */
bool pf_template_has_control(const char *s);

/* Whether a header field frames the message or belongs to the connection. */
bool pf_template_is_reserved(const char *name);

/*
 * Whether the endpoint's own query leaves the key and the target to the profile: NULL, or a
 * half-sentence (static) that completes "the endpoint ...".
 */
const char *pf_template_endpoint_fault(const struct pf_template *t);

/* ---------------------------------------------------- template_write.c -- */

/* Appends to a path the "?" or "&" that is due, and the name with its "=". */
enum fetch_error pf_template_begin_param(struct pf_buf *b, const char *name);

/*
 * Appends path and query or, where the profile has it so, the JSON object, up to the target.
 * FETCH_E_NOMEM, FETCH_E_TOO_LARGE.
 */
enum fetch_error pf_template_write_prefix(const struct pf_template *t, struct pf_buf *b,
                                          const struct pf_extras *extras);

#endif
