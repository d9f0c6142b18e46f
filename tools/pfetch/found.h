/*
 * The concurrency that was found for a key and an endpoint, kept from one run to the next, so that
 * the search begins where the last one ended.
 *
 * It stands in $XDG_STATE_HOME/pfetch/concurrency (~/.local/state where that is unset), a line an
 * account: a hash of endpoint and key, never the key; the number; when, in seconds since 1970.
 * Nothing depends on it: a file that is missing, broken or not writable is a search from the start.
 */
#ifndef PFETCH_TOOL_FOUND_H
#define PFETCH_TOOL_FOUND_H

#include <stdbool.h>

#define FOUND_MARK 33u /* bytes of an account's mark, its NUL included */

/* The account's mark.  Strings are borrowed; `endpoint` may be a profile's name as well. */
void found_mark(char mark[FOUND_MARK], const char *endpoint, const char *key);

/* The number kept for the mark; 0: none. */
unsigned found_read(const char *mark);

/* Keeps it, in place of an older one.  False: it could not be written. */
bool found_write(const char *mark, unsigned concurrency);

#endif
