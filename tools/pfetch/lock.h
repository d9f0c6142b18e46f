/*
 * An output belongs to one process at a time.
 */
#ifndef PFETCH_TOOL_LOCK_H
#define PFETCH_TOOL_LOCK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Locks the file (lent) for this process until it closes any descriptor of it or ends, however it
 * ends.  False and a sentence in `error` where another process holds it: `name` is the file's.
 * A file system that knows no locks is taken as it is.
 */
bool lock_take(int fd, const char *name, char *error, size_t error_len);

#endif
