/*
 * What every request of a client has in common, spelled once when the client is made: the
 * endpoint's origin, the query up to the target, the header fields.  For each target only its own
 * bytes are added.
 */
#ifndef PF_ENDPOINT_TEMPLATE_H
#define PF_ENDPOINT_TEMPLATE_H

#include "base/buf.h"
#include "base/url.h"
#include "endpoint/profile.h"
#include "protocol/message.h"

struct pf_template;

/* A target's own pairs; both lists are borrowed for the call. */
struct pf_extras {
    const struct fetch_pair *params;
    size_t param_count;
    const struct fetch_pair *headers;
    size_t header_count;
};

/*
 * Spells a client's options (borrowed, checked here) in the profile's words.  Gives the template.
 * FETCH_E_INVALID, FETCH_E_UNSUPPORTED, FETCH_E_NO_KEY, FETCH_E_NOMEM; a sentence in *failure
 * (not NULL).
 */
enum fetch_error pf_template_new(struct pf_template **template, const struct pf_profile *profile,
                                 const struct fetch_options *options,
                                 struct fetch_failure *failure);
void pf_template_free(struct pf_template *template);

/* The endpoint taken apart; lives as the template. */
const struct pf_url *pf_template_endpoint(const struct pf_template *template);

/*
 * The request for a target; everything in it is lent until the next call.
 * `url` is not checked again.  FETCH_E_NOMEM.
 */
enum fetch_error pf_template_request(struct pf_template *template, const char *url, size_t url_len,
                                     const struct pf_extras *extras, struct pf_request *request);

/* The same for a place that the endpoint redirected to; `extras` are header fields only. */
enum fetch_error pf_template_follow(struct pf_template *template, const struct pf_url *location,
                                    const struct pf_extras *extras, struct pf_request *request);

/*
 * Whether a target's pairs can be sent: FETCH_OK; FETCH_E_INVALID (a name that is empty, no token,
 * or not the caller's to set; a control character in a value; too many); FETCH_E_UNSUPPORTED
 * (the profile forwards no header fields).  *fault is then a half-sentence (static).
 */
enum fetch_error pf_template_check(const struct pf_template *template,
                                   const struct pf_extras *extras, const char **fault);

#endif
