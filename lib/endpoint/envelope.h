/*
 * JSON around a page, and JSON that says why there is none.
 */
#ifndef PF_ENDPOINT_ENVELOPE_H
#define PF_ENDPOINT_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "endpoint/profile.h"

/* A larger body is no error message, and is not looked into. */
#define PF_MAX_ERROR_JSON (1u << 20)
#define PF_CODE_BYTES 64u

/* What an envelope held.  */
struct pf_unwrapped {
    bool present;                /* there was an envelope, and it was sound                 */
    struct pf_buf body;          /* the page's bytes, a NUL behind them; data may be NULL   */
    struct pf_buf text;          /* final URL and header fields, each with a NUL            */
    struct fetch_header *header; /* the target's; pointers into text                        */
    size_t header_count;
    int status;            /* the target's, 0 if not told                             */
    const char *final_url; /* in text; NULL: not told                                 */
    size_t final_url_len;
    enum pf_needs retryable;  /* what the provider says                                  */
    char code[PF_CODE_BYTES]; /* of the error within; "": none                           */
};

/* `max_body`: bytes of the page, as of any other.  Allocates nothing. */
void pf_unwrapped_init(struct pf_unwrapped *u, size_t max_body);
/* Frees what is left.  A zeroed one is fine. */
void pf_unwrapped_fini(struct pf_unwrapped *u);

/*
 * Takes an envelope apart.  FETCH_E_ENVELOPE: it is no JSON object, lacks the body or the
 * status, or the body does not decode; FETCH_E_TOO_LARGE, FETCH_E_NOMEM.
 */
enum fetch_error pf_envelope_open(const struct pf_profile *profile, const char *bytes, size_t n,
                                  struct pf_unwrapped *u);

/* The provider's code in a JSON error body; false: there is none. */
bool pf_envelope_error_code(const struct pf_profile *profile, const char *bytes, size_t n,
                            char code[PF_CODE_BYTES]);

#endif
