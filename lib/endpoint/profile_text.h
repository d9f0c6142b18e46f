/*
 * Reading a profile's text (see pfetch-profile(5)): lines "name = value", each checked as it comes,
 * and the whole once it is there.  Strict: whatever is not understood is an error that names file
 * and line and says what would be right.
 *
 * The text is copied once and cut into strings where it stands.
 */
#ifndef PF_ENDPOINT_PROFILE_TEXT_H
#define PF_ENDPOINT_PROFILE_TEXT_H

#include <stdint.h>

#include "endpoint/profile.h"

#define PF_MAX_PROFILE_BYTES 65536u
#define PF_MAX_PROFILE_LINE 1024u /* bytes */
#define PF_MAX_RULES 128u
#define PF_MAX_SPELLINGS 8u /* parameters of one option */

/* What is being read; for the files that read a profile. */
struct pf_reader {
    struct pf_profile *profile;
    const char *file; /* for messages */
    unsigned line;    /* from 1; 0: the whole */
    uint64_t seen;    /* settings that are there, a bit each */
    size_t bodies;    /* envelope_body lines so far */
    struct fetch_failure *failure;
};

/*
 * Reads `n` bytes of text (borrowed) that `file` names in messages.  Gives the profile in *profile
 * (pf_profile_free()).  FETCH_E_PROFILE, FETCH_E_NOMEM, and a sentence in *failure (not NULL).
 */
enum fetch_error pf_profile_parse(struct pf_profile **profile, const char *text, size_t n,
                                  const char *file, struct fetch_failure *failure);

/* Sets the failure, "FILE:LINE: ..."; false. */
bool pf_reader_wrong(struct pf_reader *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same for lack of memory. */
bool pf_reader_no_memory(struct pf_reader *r);

/* The next word up to white space, cut off with a NUL; quotes hold a word together and are taken
 * away.  NULL: no more.  *at moves behind it. */
char *pf_reader_word(char **at);

/* profile_setting.c: one line's name and value, which is cut up in place. */
bool pf_reader_setting(struct pf_reader *r, const char *name, char *value);
/* profile_setting.c: whether a setting of that name was there. */
bool pf_reader_has(const struct pf_reader *r, const char *name);

/* "N" or "N-M" with 1 <= N <= M <= 999. */
bool pf_reader_range(const char *text, struct pf_range *range);

/* profile_rule.c: the value of a line "rule = ...", cut up in place. */
bool pf_reader_rule(struct pf_reader *r, char *value);

#endif
