/*
 * Work that is done from the loop, with no other frame of the library above it:
 * the only way to user code.
 */
#ifndef PF_ENGINE_TASK_H
#define PF_ENGINE_TASK_H

#include "base/list.h"

struct fetch_client;

struct pf_task {
    struct pf_link link; /* waiting, or in no list */
    void (*run)(struct pf_task *task);
};

static inline void pf_task_init(struct pf_task *task, void (*run)(struct pf_task *task))
{
    pf_list_init(&task->link);
    task->run = run;
}

/* Has it run once from the client's loop; nothing if it waits already. */
void pf_task_post(struct fetch_client *client, struct pf_task *task);

static inline void pf_task_cancel(struct pf_task *task)
{
    pf_list_remove(&task->link);
}

#endif
