/*
 * How often each target was called, in a table of fixed size.
 *
 * Ten million targets must not make the sandbox grow, so the table remembers those that were
 * called most recently (the last 50,000 and more, some 200,000 at best) and forgets the others.
 * A forgotten target begins at 1 again; a client that retries within minutes never sees that.
 */
#ifndef SANDBOX_ATTEMPTS_H
#define SANDBOX_ATTEMPTS_H

#include <stdint.h>

struct sandbox_attempts;

/* Gives an empty table (sandbox_attempts_free()), or NULL where memory ran out.  2 MiB. */
struct sandbox_attempts *sandbox_attempts_new(void);

/* NULL is ignored. */
void sandbox_attempts_free(struct sandbox_attempts *attempts);

/*
 * Counts one call for the target with this hash.  Returns which it is, from 1; stays at
 * 16,777,215 from there on.
 */
uint32_t sandbox_attempts_next(struct sandbox_attempts *attempts, uint64_t target);

/*
 * How many different targets were counted.  A forgotten one that comes back counts again, so
 * beyond 50,000 targets this is an upper bound.
 */
uint64_t sandbox_attempts_targets(const struct sandbox_attempts *attempts);

#endif
