#include "worker.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct worker {
    void (*work)(void *arg);
    void (*done)(void *arg);
    void *arg;
    bool busy; /* the loop's view */
    int fd;    /* readable when a job is done */
    struct event *event;
    bool has_lock, has_thread;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool wanted, working, quit; /* under the lock */
};

static void *thread_main(void *arg)
{
    struct worker *w = arg;

    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (!w->wanted && !w->quit)
            pthread_cond_wait(&w->changed, &w->lock);
        if (!w->wanted)
            break;
        w->wanted = false;
        w->working = true;
        pthread_mutex_unlock(&w->lock);
        w->work(w->arg);
        pthread_mutex_lock(&w->lock);
        w->working = false;
        pthread_cond_broadcast(&w->changed);
        (void)eventfd_write(w->fd, 1);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

static void on_done(evutil_socket_t fd, short what, void *arg)
{
    struct worker *w = arg;
    eventfd_t n;

    (void)what;
    (void)eventfd_read(fd, &n);
    w->busy = false;
    w->done(w->arg);
}

static bool start_thread(struct worker *w)
{
    sigset_t all, before;

    if (pthread_mutex_init(&w->lock, NULL) != 0)
        return false;
    if (pthread_cond_init(&w->changed, NULL) != 0) {
        pthread_mutex_destroy(&w->lock);
        return false;
    }
    w->has_lock = true;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    w->has_thread = pthread_create(&w->thread, NULL, thread_main, w) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return w->has_thread;
}

struct worker *worker_new(struct event_base *base, void (*work)(void *arg), void (*done)(void *arg),
                          void *arg)
{
    struct worker *w = calloc(1, sizeof(*w));

    if (!w)
        return NULL;
    w->work = work;
    w->done = done;
    w->arg = arg;
    w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->fd >= 0)
        w->event = event_new(base, w->fd, EV_READ, on_done, w);
    if (w->event && start_thread(w))
        return w;
    worker_free(w);
    return NULL;
}

void worker_free(struct worker *w)
{
    if (!w)
        return;
    if (w->has_thread) {
        pthread_mutex_lock(&w->lock);
        w->quit = true;
        pthread_cond_broadcast(&w->changed);
        pthread_mutex_unlock(&w->lock);
        pthread_join(w->thread, NULL);
    }
    if (w->has_lock) {
        pthread_cond_destroy(&w->changed);
        pthread_mutex_destroy(&w->lock);
    }
    if (w->event)
        event_free(w->event);
    if (w->fd >= 0)
        close(w->fd);
    free(w);
}

void worker_start(struct worker *w)
{
    w->busy = true;
    pthread_mutex_lock(&w->lock);
    w->wanted = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    /* Without the event nobody would be told: then the job is waited for, here and now. */
    if (event_add(w->event, NULL) != 0) {
        worker_wait(w);
        w->done(w->arg);
    }
}

bool worker_is_busy(const struct worker *w)
{
    return w->busy;
}

bool worker_poll(struct worker *w)
{
    bool under_way;

    pthread_mutex_lock(&w->lock);
    under_way = w->wanted || w->working;
    pthread_mutex_unlock(&w->lock);
    if (!under_way)
        worker_wait(w);
    return !under_way;
}

void worker_wait(struct worker *w)
{
    eventfd_t n;

    if (!w->busy)
        return;
    pthread_mutex_lock(&w->lock);
    while (w->wanted || w->working)
        pthread_cond_wait(&w->changed, &w->lock);
    pthread_mutex_unlock(&w->lock);
    (void)eventfd_read(w->fd, &n);
    event_del(w->event);
    w->busy = false;
}
