/*
 * A client's options in a profile's words: pairs of names and values, in the order in which they
 * are sent.  Where the request is JSON the values are JSON too.
 */
#ifndef PF_ENDPOINT_SPELL_H
#define PF_ENDPOINT_SPELL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "endpoint/profile.h"

/* Pairs stand in a buffer as name NUL value NUL. */
enum fetch_error pf_pairs_add(struct pf_buf *pairs, const char *name, const char *value);
/* Walks them (lends); *at begins at 0. */
bool pf_pairs_next(const struct pf_buf *pairs, size_t *at, struct fetch_pair *pair);
bool pf_pairs_have(const struct pf_buf *pairs, const char *name);

/*
 * Appends what the profile always says, and how it says render, premium, country, session and
 * device.
 * FETCH_E_UNSUPPORTED (no spelling), FETCH_E_INVALID (a value that the provider does not take),
 * FETCH_E_NOMEM, FETCH_E_TOO_LARGE; a sentence in *failure (not NULL).
 */
enum fetch_error pf_spell_options(struct pf_buf *pairs, const struct pf_profile *profile,
                                  const struct fetch_options *options,
                                  struct fetch_failure *failure);

/* Appends spellings that need no value of an option. */
enum fetch_error pf_spell(struct pf_buf *pairs, const struct pf_profile *profile,
                          const struct pf_spellings *spellings);

/* Appends a parameter of the user's own: in JSON its value is JSON if it can be, else a string. */
enum fetch_error pf_spell_param(struct pf_buf *pairs, const struct pf_profile *profile,
                                const struct fetch_pair *param);

/* Appends `text` with every "{}", "{upper}" and "{lower}" replaced by the value. */
enum fetch_error pf_spell_value(struct pf_buf *out, const char *text, const char *value);

/* Sets the failure; returns `e`. */
enum fetch_error pf_spell_fail(struct fetch_failure *failure, enum fetch_error e,
                               const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
