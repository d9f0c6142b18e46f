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

/* What a target has of its own; everything is borrowed for the call. */
struct pf_extras {
    const struct fetch_pair *params;
    size_t param_count;
    const struct fetch_pair *headers;
    size_t header_count;
    const char *method; /* NULL: GET, or POST with a body */
    const void *body;
    size_t body_len;
};

/*
 * Spells a client's options (borrowed, checked here) in the profile's words (kept).  Gives the
 * template.  FETCH_E_INVALID, FETCH_E_UNSUPPORTED, FETCH_E_NO_KEY, FETCH_E_NOMEM; a sentence in
 * *failure (not NULL).
 */
enum fetch_error pf_template_new(struct pf_template **template, const struct pf_profile *profile,
                                 const struct fetch_options *options,
                                 struct fetch_failure *failure);
/* The same for looking at: whatever key there is, or none, its place is taken by "***". */
enum fetch_error pf_template_new_keyless(struct pf_template **template,
                                         const struct pf_profile *profile,
                                         const struct fetch_options *options,
                                         struct fetch_failure *failure);
void pf_template_free(struct pf_template *template);

/* The endpoint taken apart; lives as the template. */
const struct pf_url *pf_template_endpoint(const struct pf_template *template);

/*
 * The request for a target; everything in it is lent until the next call, a body of the target's
 * own until that goes.  `url` is not checked again.  FETCH_E_NOMEM, FETCH_E_TOO_LARGE.
 */
enum fetch_error pf_template_request(struct pf_template *template, const char *url, size_t url_len,
                                     const struct pf_extras *extras, struct pf_request *request);

/*
 * Whether a redirect of the endpoint's own with this status may be followed (RFC 9110 section
 * 15.4): 307 and 308 ask for the same again, 303 for a GET, 301 and 302 are followed only where
 * the request was a GET.  *as_get, false before a call's first redirect, is kept between them.
 */
bool pf_template_may_follow(const struct pf_template *template, const struct pf_extras *extras,
                            int status, bool *as_get);

/*
 * The request for the place that the endpoint redirected to, which stays on the endpoint's host
 * (the caller sees to it).  A key that is a header field goes along there, and nowhere else.
 * `url` is the target's, for a body that is said again.  Errors as pf_template_request().
 */
enum fetch_error pf_template_follow(struct pf_template *template, const struct pf_url *location,
                                    bool as_get, const char *url, size_t url_len,
                                    const struct pf_extras *extras, struct pf_request *request);

/*
 * Whether what a target has of its own can be sent: FETCH_OK; FETCH_E_INVALID (a name that is
 * empty, no token, or not the caller's to set; a control character in a value; too many; a body
 * with GET); FETCH_E_UNSUPPORTED (the profile does not forward header fields, or that method).
 * *fault is then a half-sentence (static).
 */
enum fetch_error pf_template_check(const struct pf_template *template,
                                   const struct pf_extras *extras, const char **fault);

#endif
