/*
 * Header fields from a dialect's template: lines "Name: value" in which {target} (its status),
 * {url}, {cost}, {spent}, {left} (credits), {limit}, {in_use}, {free} (calls) and {id} (the
 * call's) stand for what is known.  A line that asks for what is not known is left out, as a
 * provider leaves out what does not apply.
 */
#ifndef SANDBOX_FIELDS_H
#define SANDBOX_FIELDS_H

#include <stdint.h>

struct evkeyvalq;

/* What is known; numbers below 0 are not. */
struct sandbox_facts {
    const char *url; /* NULL: not known */
    int64_t target, cost, spent, left, limit, in_use, free, id;
};

/* Adds the template's fields (NULL: none) to `headers`. */
void sandbox_fields_add(struct evkeyvalq *headers, const char *fields,
                        const struct sandbox_facts *facts);

#endif
