/*
 * What of a command line makes the pages what they are: the profile and what is asked of it.
 *
 * It is put on record as "run", and a run that would go on with an output of another recipe is
 * refused.  Values that may be secrets (parameters, header fields, a profile file's text) stand
 * there as the first half of a SHA-256.  What judges pages (--ban-regex, --max-body) or only
 * reaches them another way (--endpoint, --timeout) is no part of it.
 */
#ifndef PFETCH_TOOL_RECIPE_H
#define PFETCH_TOOL_RECIPE_H

#include <stdbool.h>
#include <stddef.h>

#include "options.h"

/* The JSON object; gives it (free()).  NULL: memory, or the profile file cannot be read. */
char *recipe_new(const struct options *o);

/*
 * Whether two recipes are the same (both borrowed).  Else `what` (`room` bytes) names the options
 * that differ: "--country and --render".
 */
bool recipe_equal(const char *a, const char *b, char *what, size_t room);

#endif
