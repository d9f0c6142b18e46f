/*
 * Whether the account is still good: one answer that refuses the key is asked about once more
 * before the run is stopped for it, since some providers refuse a good key for a moment.
 *
 * Pure; times are milliseconds of one clock that does not run backwards.
 */
#ifndef PF_ENGINE_TRUST_H
#define PF_ENGINE_TRUST_H

#include <stdbool.h>
#include <stdint.h>

enum pf_trust_state {
    PF_TRUST_GIVEN,
    PF_TRUST_DOUBTED, /* a call was refused: one more goes, at ask_ms                    */
    PF_TRUST_REFUSED  /* that one was refused too: nothing is sent any more              */
};

struct pf_trust {
    enum pf_trust_state state;
    bool asks_again;
    bool asking;     /* the one more is under way */
    uint64_t ask_ms; /* when it may go */
};

/* `asks_again` false: the first refusal is taken for what it is. */
void pf_trust_init(struct pf_trust *a, bool asks_again);

/* When the next call may start; PF_WHEN_NEVER (limiter.h): not before something else happens. */
uint64_t pf_trust_when(const struct pf_trust *a, uint64_t now_ms);

/* A call has started. */
void pf_trust_on_start(struct pf_trust *a);

/* A call that started at `started_ms` has ended; `answered`: the endpoint took the key. */
void pf_trust_on_end(struct pf_trust *a, uint64_t started_ms, bool answered);

/* A call that started at `started_ms` was told that the key is refused.  Returns the state. */
enum pf_trust_state pf_trust_on_refused(struct pf_trust *a, uint64_t now_ms, uint64_t started_ms);

#endif
