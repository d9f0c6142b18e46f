/*
 * The options of a client, brought to their latest form, checked, with defaults filled in.
 */
#ifndef PF_ENGINE_OPTIONS_H
#define PF_ENGINE_OPTIONS_H

#include "endpoint/profile.h"

/*
 * Fills *out from the caller's struct (borrowed; NULL: defaults), of whatever size it was compiled
 * with.  Strings are still the caller's.  Gives the profile (pf_profile_free()).  FETCH_E_INVALID,
 * FETCH_E_PROFILE or FETCH_E_NOMEM with a sentence in *failure.
 */
enum fetch_error pf_options_read(struct fetch_options *out, const struct fetch_options *in,
                                 struct pf_profile **profile, struct fetch_failure *failure);

/* Copies a public struct that begins with its size into one of ours: what the caller's
 * does not have yet is zero.  False if `size` cannot be right. */
bool pf_options_adopt(void *out, size_t out_size, const void *in, size_t in_size);

#endif
