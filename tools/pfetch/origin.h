/*
 * Whose header fields a page's are.
 *
 * What a page has are the fields of the endpoint's answer, or those of the target out of an
 * envelope.  Some providers hand the target's on within their own answer, each name behind a prefix.
 * Which is which stands in the profile, whose text (pfetch-profile(5)) is public.
 */
#ifndef PFETCH_TOOL_ORIGIN_H
#define PFETCH_TOOL_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

#include <pfetch/fetch.h>

#define ORIGIN_WORD 64u  /* bytes of a name or prefix                         */
#define ORIGIN_NAMES 24u /* of the provider's own fields                      */

/* All zero: a provider that hands nothing on. */
struct origin {
    char profile[ORIGIN_WORD];
    char prefix[ORIGIN_WORD];            /* of the target's fields; "": they have none         */
    bool envelope;                       /* pages come in one                                  */
    bool envelope_headers;               /* ... and the target's fields with them              */
    char own[ORIGIN_NAMES][ORIGIN_WORD]; /* fields that are the provider's, lower case */
    size_t own_count;
};

/*
 * The text (gives, free()) of the profile that `file` (path) holds, or else of the built-in `name`
 * (NULL: proxiesapi).  NULL where it cannot be read: the library has read it before.
 */
char *origin_text(const char *name, const char *file);

/* Reads what is needed of a profile's text (borrowed), which is a profile. */
void origin_read(struct origin *o, const char *text, size_t n);

/* Whether the page has the target's own fields, and its status. */
bool origin_is_known(const struct origin *o, const struct fetch_page *page);

/* Whether the field is one of the target's; *name and *len are then what the target called it. */
bool origin_field(const struct origin *o, const struct fetch_header *field, const char **name,
                  size_t *len);

#endif
