#include "transport/loop.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "base/text.h"

uint64_t pf_loop_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The libevent timer is only ever moved forward: a cancelled timeout costs an idle look later. */
static void arm(struct pf_loop *loop)
{
    uint64_t next = pf_timers_next(&loop->timers), now;
    struct timeval delay;

    if (next >= loop->armed_ms)
        return;
    now = pf_loop_now_ms();
    next = next > now ? next : now;
    delay.tv_sec = (time_t)((next - now) / 1000);
    delay.tv_usec = (suseconds_t)((next - now) % 1000 * 1000);
    if (event_add(&loop->wake, &delay) == 0)
        loop->armed_ms = next;
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    struct pf_loop *loop = arg;

    (void)fd;
    (void)what;
    loop->armed_ms = PF_TIMERS_NEVER;
    pf_timers_advance(&loop->timers, pf_loop_now_ms());
    arm(loop);
}

static void on_pass(evutil_socket_t fd, short what, void *arg)
{
    struct pf_loop *loop = arg;
    struct pf_link *l;

    (void)fd;
    (void)what;
    while ((l = pf_list_shift(&loop->late))) {
        struct pf_late *late = PF_LIST_ENTRY(l, struct pf_late, link);

        late->run(late);
    }
}

void pf_late_init(struct pf_late *late, void (*run)(struct pf_late *late))
{
    pf_list_init(&late->link);
    late->run = run;
}

void pf_late_cancel(struct pf_late *late)
{
    pf_list_remove(&late->link);
}

void pf_loop_run_late(struct pf_loop *loop, struct pf_late *late)
{
    if (!pf_list_empty(&late->link))
        return;
    if (pf_list_empty(&loop->late))
        event_active(&loop->pass, EV_TIMEOUT, 0);
    pf_list_append(&loop->late, &late->link);
}

enum fetch_error pf_loop_init(struct pf_loop *loop, struct event_base *base)
{
    loop->base = base;
    loop->armed_ms = PF_TIMERS_NEVER;
    pf_list_init(&loop->late);
    loop->on_log = NULL;
    loop->log_arg = NULL;
    loop->settle = NULL;
    loop->entered = loop->due = false;
    pf_timers_init(&loop->timers, pf_loop_now_ms());
    pf_random_init(&loop->random);
    if (evtimer_assign(&loop->wake, base, on_wake, loop) != 0 ||
        event_assign(&loop->pass, base, -1, 0, on_pass, loop) != 0)
        return FETCH_E_SYSTEM;
    return FETCH_OK;
}

void pf_loop_fini(struct pf_loop *loop)
{
    event_del(&loop->wake);
    event_del(&loop->pass);
}

void pf_loop_enter(struct pf_loop *loop)
{
    loop->entered = true;
}

void pf_loop_leave(struct pf_loop *loop)
{
    loop->entered = false;
    if (loop->due && loop->settle) {
        loop->due = false;
        loop->settle(loop);
    }
}

void pf_loop_start_timer(struct pf_loop *loop, struct pf_timer *timer, uint64_t delay_ms)
{
    pf_loop_start_timer_at(loop, timer, pf_loop_now_ms() + delay_ms);
}

void pf_loop_start_timer_at(struct pf_loop *loop, struct pf_timer *timer, uint64_t due_ms)
{
    pf_timer_start(&loop->timers, timer, due_ms);
    if (timer->due_ms < loop->armed_ms)
        arm(loop);
}

void pf_loop_log(struct pf_loop *loop, enum fetch_log_level level, const char *format, ...)
{
    char line[512], shown[512];
    va_list ap;

    if (!loop->on_log)
        return;
    va_start(ap, format);
    (void)vsnprintf(line, sizeof line, format, ap);
    va_end(ap);
    pf_text_printable(shown, sizeof shown, line, strlen(line));
    loop->on_log(level, shown, loop->log_arg);
}
