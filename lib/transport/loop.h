/*
 * A client's view of its event_base: one clock, one wheel of timers, and the
 * single libevent timer behind it.
 */
#ifndef PF_TRANSPORT_LOOP_H
#define PF_TRANSPORT_LOOP_H

#include <event2/event_struct.h>

#include "base/random.h"
#include "base/timers.h"
#include "pfetch/fetch.h"

/* Something that is done once at the end of the loop's pass, however often it was asked for. */
struct pf_late {
    struct pf_link link;
    void (*run)(struct pf_late *late);
};

struct pf_loop {
    struct event_base *base;
    struct pf_timers timers;
    struct event pass; /* activated while `late` holds anything */
    struct pf_link late;
    struct event wake; /* for the wheel's next turn */
    uint64_t armed_ms; /* when `wake` comes; PF_TIMERS_NEVER: not armed */
    struct pf_random random;
    void (*settle)(struct pf_loop *loop); /* the engine's: see pf_loop_leave() */
    bool entered, due;   /* within a socket's turn; settle() is wanted at its end */
    fetch_log_cb on_log; /* NULL: nobody listens */
    void *log_arg;
};

/* `base` is kept.  FETCH_E_SYSTEM. */
enum fetch_error pf_loop_init(struct pf_loop *loop, struct event_base *base);
/* All timers must be cancelled or forgotten; none is called any more. */
void pf_loop_fini(struct pf_loop *loop);

/*
 * A socket's turn begins, and ends.  Its end is the last thing that its libevent callback does:
 * settle() is called there if the turn has asked for it, and may free everything.  So a page is
 * handed over, and its memory free for the next, before the next socket is read.
 */
void pf_loop_enter(struct pf_loop *loop);
void pf_loop_leave(struct pf_loop *loop);

/* Has `late` run at the end of this pass; pf_late_init() first, pf_late_cancel() before it goes. */
void pf_loop_run_late(struct pf_loop *loop, struct pf_late *late);
void pf_late_init(struct pf_late *late, void (*run)(struct pf_late *late));
void pf_late_cancel(struct pf_late *late);

/* Milliseconds on the monotonic clock. */
uint64_t pf_loop_now_ms(void);

/* Starts `timer` (again) `delay_ms` from now, or at a time on that clock. */
void pf_loop_start_timer(struct pf_loop *loop, struct pf_timer *timer, uint64_t delay_ms);
void pf_loop_start_timer_at(struct pf_loop *loop, struct pf_timer *timer, uint64_t due_ms);

/* Tells one line, made printable; printf-like.  Never hand it a key or a request's path. */
void pf_loop_log(struct pf_loop *loop, enum fetch_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
