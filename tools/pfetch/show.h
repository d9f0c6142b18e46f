/*
 * What is only shown: profiles, and the request that would be sent.  Nothing is sent.
 */
#ifndef PFETCH_TOOL_SHOW_H
#define PFETCH_TOOL_SHOW_H

#include <stdbool.h>

#include "options.h"

/* Writes a text to standard output, whole.  False: it could not be written. */
bool show_text(const char *text);

/* The same for a NULL-terminated list of lines, each with its line feed. */
bool show_lines(const char *const *lines);

/* The built-in profiles, a line each: name, a tab, the key's variable. */
bool show_profiles(void);

/* These return false with a sentence in `error` (OPTIONS_ERROR bytes); "" where standard output
 * failed. */

/* The text of a built-in profile. */
bool show_profile(const char *name, char *error);

/* The requests for the targets on the command line, the key redacted, an empty line between. */
bool show_requests(const struct options *o, char *error);

#endif
