/*
 * One job at a time on a thread of its own, for what would hold up the loop: packing, and waiting
 * for a disk.  Signals are none of its business: they stay with the thread that runs the loop.
 */
#ifndef PFETCH_TOOL_WORKER_H
#define PFETCH_TOOL_WORKER_H

#include <stdbool.h>

struct event_base;
struct worker;

/*
 * `work` does a job on the thread; `done` is called from the loop once it has been done.  `arg` is
 * kept, for both.  NULL: memory, or no thread.
 */
struct worker *worker_new(struct event_base *base, void (*work)(void *arg), void (*done)(void *arg),
                          void *arg);
/* Waits for the job under way, whose `done` is then not called.  NULL is ignored. */
void worker_free(struct worker *w);

/* Begins a job; not while it is busy.  What it works on is the thread's until it is done. */
void worker_start(struct worker *w);
/* A job was begun and its `done` was not yet called. */
bool worker_is_busy(const struct worker *w);
/* Takes note of a job that has been done, whose `done` is then not called.  False: it is under way. */
bool worker_poll(struct worker *w);
/* Waits for the job under way; its `done` is then not called, and the worker not busy. */
void worker_wait(struct worker *w);

#endif
