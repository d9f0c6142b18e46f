/*
 * The query of a call, parameter by parameter, percent-decoded exactly once.
 *
 * As the web frameworks behind such endpoints do, '+' means a space.  What they let pass and
 * this does not: a '%' without two hexadecimal digits.  A client that encodes well sends
 * neither, and one that encodes badly should hear of it here rather than in production.
 */
#ifndef SANDBOX_QUERY_H
#define SANDBOX_QUERY_H

#include <stddef.h>

/* Both strings stand in the query's own memory and end in a NUL; a value may have NULs within. */
struct sandbox_param {
    const char *name;
    const char *value;
    size_t value_len;
};

/*
 * Decodes the next parameter of *rest, in place, and moves *rest behind it; NULL there is the
 * end.  Returns 1 with *param filled, 0 at the end, -1 for a '%' without two digits.
 */
int sandbox_query_next(char **rest, struct sandbox_param *param);

#endif
