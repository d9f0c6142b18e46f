/*
 * The JSON that some providers put around a page.
 */
#ifndef SANDBOX_ENVELOPE_H
#define SANDBOX_ENVELOPE_H

struct sandbox_ask;
struct sandbox_body;
struct sandbox_plan;

/*
 * Puts what the plan's dialect has around the page in *body, which becomes JSON.  Does nothing
 * where it has nothing.  Text must be UTF-8.  Returns 0, or -1 where memory ran out; *body
 * is unchanged then.
 */
int sandbox_envelope_wrap(struct sandbox_body *body, const struct sandbox_plan *plan,
                          const struct sandbox_ask *ask);

#endif
