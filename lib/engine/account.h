/*
 * Whether the account is still good: one answer that refuses the key is asked about once more
 * before the run is stopped for it, since some providers refuse a good key for a moment.
 *
 * Pure; times are milliseconds of one clock that does not run backwards.
 */
#ifndef PF_ENGINE_ACCOUNT_H
#define PF_ENGINE_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

enum pf_account_state {
    PF_ACCOUNT_TRUSTED,
    PF_ACCOUNT_DOUBTED, /* a call was refused: one more goes, at ask_ms                    */
    PF_ACCOUNT_REFUSED  /* that one was refused too: nothing is sent any more              */
};

struct pf_account {
    enum pf_account_state state;
    bool asks_again;
    bool asking;     /* the one more is under way */
    uint64_t ask_ms; /* when it may go */
};

/* `asks_again` false: the first refusal is taken for what it is. */
void pf_account_init(struct pf_account *a, bool asks_again);

/* When the next call may start; PF_WHEN_NEVER (limiter.h): not before something else happens. */
uint64_t pf_account_when(const struct pf_account *a, uint64_t now_ms);

/* A call has started. */
void pf_account_on_start(struct pf_account *a);

/* A call that started at `started_ms` has ended; `answered`: the endpoint took the key. */
void pf_account_on_end(struct pf_account *a, uint64_t started_ms, bool answered);

/* A call that started at `started_ms` was told that the key is refused.  Returns the state. */
enum pf_account_state pf_account_on_refused(struct pf_account *a, uint64_t now_ms,
                                            uint64_t started_ms);

#endif
