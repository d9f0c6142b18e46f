/*
 * Pages that came in place of the page: CAPTCHAs, challenges, refusals of bot detectors.
 *
 * A handful of makers' pages are told by several exact marks together, on small pages only: a page
 * that was paid for and is thrown away by mistake is worse than a ban page that passes.  What else
 * a site does is the user's to say, with regular expressions (POSIX extended; "^" and "$" are
 * the page's ends; NULs are bytes like others) and a least size.
 */
#ifndef PF_ENDPOINT_BANPAGE_H
#define PF_ENDPOINT_BANPAGE_H

#include <stddef.h>

#include "pfetch/fetch.h"

#define PF_MAX_BAN_PAGE (64u << 10) /* bytes; a larger page is no ban page of the known makers'   */
#define PF_MAX_BAN_HEAD 4096u /* bytes from the beginning within which the first mark must be */
#define PF_MAX_REGEX_BYTES                                                                         \
    (1u << 20) /* bytes of a page that an expression is held against         */

struct pf_bans;

/*
 * What the options (borrowed) say about ban pages.  Gives it in *bans (pf_bans_free()).
 * FETCH_E_INVALID: an expression that does not compile, in its compiler's words; FETCH_E_NOMEM; a
 * sentence in *failure (not NULL).
 */
enum fetch_error pf_bans_new(struct pf_bans **bans, const struct fetch_options *options,
                             struct fetch_failure *failure);
/* NULL is ignored. */
void pf_bans_free(struct pf_bans *bans);

/*
 * Why the body of a success is no page: a maker's name, "ban_regex", "expect_regex" or
 * "min_bytes"; NULL: it is one.  Static.  A NUL stands behind its `n` bytes: regexec() is told
 * where they end, but what checks it under sanitizers looks for one.
 */
const char *pf_bans_find(const struct pf_bans *bans, const char *body, size_t n);

/* The same for the body of a target's refusal (403, 405, 429, 503): makers' pages alone. */
const char *pf_bans_find_maker(const struct pf_bans *bans, const char *body, size_t n);

#endif
