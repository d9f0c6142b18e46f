/*
 * URLs as far as this library looks into them (RFC 3986): an endpoint is taken
 * apart, a target is checked and percent-encoded, a redirect is resolved.
 */
#ifndef PF_BASE_URL_H
#define PF_BASE_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* An absolute http(s) URL; the pointers go into the string it was parsed from. */
struct pf_url {
    bool https;
    const char *host; /* without the brackets of an IPv6 literal */
    size_t host_len;
    uint16_t port;         /* the scheme's own where the URL names none */
    const char *authority; /* host and port as written, for the Host field (RFC 9110 7.2) */
    size_t authority_len;
    const char *path; /* path and query, without fragment; may be empty */
    size_t path_len;
};

/*
 * Takes an absolute http(s) URL apart (lends).  False, and a half-sentence why in
 * *why (static), if it is none: no or another scheme, no host, user information
 * (RFC 9110 4.2.4), a port that is no number, white space or control characters.
 */
bool pf_url_parse(struct pf_url *url, const char *s, size_t n, const char **why);

/*
 * Whether `s` can be a target: NULL, or a half-sentence (static) that completes
 * "the target ...".  Stricter than servers, looser than RFC 3986: anything but white space and
 * control characters passes, since a target goes out percent-encoded byte for byte.
 */
const char *pf_url_target_fault(const char *s, size_t n);

/*
 * The host of a target (lends, part of `s`), as far as a target that only has to be passed on has
 * one: what stands between "//" with any user information and a port, path, query or fragment,
 * without the brackets of an IPv6 literal and without the root's dot ("example.com.").  *n
 * may be 0.
 */
const char *pf_url_target_host(const char *s, size_t len, size_t *n);

/*
 * Appends `s` percent-encoded: every byte but RFC 3986's unreserved characters
 * becomes %XX, "%" included, so that decoding once gives back the same bytes.
 */
enum fetch_error pf_url_encode(struct pf_buf *out, const char *s, size_t n);

/*
 * Appends the absolute URL that the reference `s` means seen from `base`
 * (RFC 3986 section 5.2, without fragment).
 */
enum fetch_error pf_url_resolve(struct pf_buf *out, const struct pf_url *base, const char *s,
                                size_t n);

#endif
