/*
 * The key under which an archive's index has a URL: its sort-friendly form (SURT), as the indexers
 * and players of web archives write it and look it up.
 *
 *     http://www.Example.com:8080/a/../B/?y=1&x=2#top   ->   com,example:8080)/b?x=2&y=1
 *
 * Two URLs that a visitor would take for one have one key: without scheme, user and "www.", host
 * reversed, all in small letters, escapes undone as far as that goes, dot segments and doubled
 * slashes gone, parameters sorted, session numbers dropped.
 */
#ifndef PFETCH_TOOL_SURT_H
#define PFETCH_TOOL_SURT_H

#include <stddef.h>

#include "bytes.h"

/*
 * Appends the URL as a URI (RFC 3986): bytes that are in none become %XX, and so does a "%" that
 * begins no escape.
 */
void surt_put_uri(struct bytes *out, const char *url, size_t n);

struct surt {
    struct bytes part;
    struct bytes path;
};

void surt_init(struct surt *s);
void surt_fini(struct surt *s);

/* Appends the key of a URI; printable ASCII without blanks, whatever the URI is. */
void surt_put(struct surt *s, struct bytes *out, const char *uri, size_t n);

#endif
