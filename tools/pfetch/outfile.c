/*
 * Writing to a pipe must not stop the loop: while `less` waits for a key, answers keep coming in
 * and timers keep running, and pages would be counted as timed out that were there in time.  But
 * O_NONBLOCK belongs to the open file that we share with the shell and its other children.  Where
 * the system lets us (/proc/self/fd on Linux), a pipe is opened again, which gives an open file of
 * our own; where it does not, poll(2) asks first and a write takes no more than PIPE_BUF bytes,
 * which a pipe that is writable always has room for.
 *
 * Plain regular files are written with write(2) from the loop: the page cache takes a batch in
 * microseconds, less than a thread would have to be told in.  Packing takes a tenth of a
 * millisecond a page and a sync as long as the disk likes, so both are a worker's.  So is a plain
 * file from the first write on that had to wait for its disk.
 *
 * The end of a turn is an event that is activated by the first record: libevent runs it behind the
 * callbacks of all descriptors that were found ready, with no system call of its own.
 */
#include "outfile.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backlog.h"
#include "worker.h"

#define KEEP_BYTES (4u << 20) /* memory that is kept between batches          */
#define SLOW_MS 50u           /* a write that took this long waited for a disk */

enum way {
    WAY_FILE,        /* writer, from the loop                       */
    WAY_WORKER,      /* writer, on a thread                         */
    WAY_NONBLOCKING, /* a pipe or terminal, an open file of our own */
    WAY_POLLED       /* likewise, shared                            */
};

struct outfile {
    struct outfile_setup set;
    int fd;
    int spare_fd; /* the descriptor we were given, where it was opened again; else -1 */
    enum way way;
    bool armed;           /* the end of the turn is awaited                            */
    bool blocked;         /* waiting for the reader                                    */
    bool any;             /* something was written                                     */
    int error;            /* errno of the first failure                                */
    struct batch filling; /* records; on a pipe the first may be written in part      */
    size_t sent;          /* pipes: bytes of it that are written                       */
    size_t mark;          /* pages when the record began                               */
    struct writer *writer;
    struct worker *worker;
    struct batch job;       /* the worker's while it is busy; empty then, or what failed */
    struct backlog backlog; /* what is full and waits for the worker, before filling  */
    int job_error;
    struct event *flush;
    struct event *writable;
};

/* An open file of our own on the same pipe; -1 where that cannot be had. */
static int open_again(int fd)
{
    char path[40];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

static void choose_way(struct outfile *f)
{
    struct stat st;
    int own;

    if (fstat(f->fd, &st) != 0)
        return;
    if (S_ISREG(st.st_mode) && (f->set.packing != PACKING_NONE || f->set.sync))
        f->way = WAY_WORKER;
    if (!S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode) && !isatty(f->fd))
        return;
    f->way = WAY_POLLED;
    own = S_ISSOCK(st.st_mode) ? -1 : open_again(f->fd);
    if (own < 0)
        return;
    f->spare_fd = f->fd;
    f->fd = own;
    f->way = WAY_NONBLOCKING;
}

static void on_flush(evutil_socket_t fd, short what, void *arg)
{
    struct outfile *f = arg;

    (void)fd;
    (void)what;
    f->armed = false;
    if (!outfile_flush(f))
        f->set.events.on_fail(f->set.events.arg);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct outfile *f = arg;

    (void)fd;
    (void)what;
    f->blocked = false;
    if (outfile_flush(f))
        f->set.events.on_room(f->set.events.arg);
    else
        f->set.events.on_fail(f->set.events.arg);
}

/* On the worker's thread. */
static void work(void *arg)
{
    struct outfile *f = arg;

    f->job_error = writer_put(f->writer, &f->job);
}

static void tell_written(struct outfile *f, const struct batch *b)
{
    f->any |= b->written > 0;
    if (b->written > 0 && f->set.on_written)
        f->set.on_written(b, f->set.written_arg);
}

/* The job's batch stays as it is where it failed, to be counted. */
static void take_job_back(struct outfile *f)
{
    tell_written(f, &f->job);
    if (f->job_error && !f->error)
        f->error = f->job_error;
    if (!f->job_error)
        batch_empty(&f->job, KEEP_BYTES);
}

static void on_job_done(void *arg)
{
    struct outfile *f = arg;

    take_job_back(f);
    if (outfile_flush(f))
        f->set.events.on_room(f->set.events.arg);
    else
        f->set.events.on_fail(f->set.events.arg);
}

static bool open_writer(struct outfile *f)
{
    const struct writer_setup setup = {.fd = f->fd,
                                       .packing = f->set.packing,
                                       .sync = f->set.sync,
                                       .files = f->set.files,
                                       .cut = f->set.records,
                                       .by_part = f->set.by_part};

    f->writer = writer_new(&setup);
    return f->writer != NULL;
}

static bool open_all(struct outfile *f)
{
    if (f->set.packing != PACKING_NONE && f->way != WAY_WORKER)
        return false;
    f->flush = event_new(f->set.base, -1, 0, on_flush, f);
    f->writable = event_new(f->set.base, f->fd, EV_WRITE, on_writable, f);
    if (!f->flush || !f->writable)
        return false;
    if (f->way == WAY_WORKER)
        f->worker = worker_new(f->set.base, work, on_job_done, f);
    if (f->way == WAY_WORKER && !f->worker)
        return false;
    return (f->way != WAY_FILE && f->way != WAY_WORKER) || open_writer(f);
}

struct outfile *outfile_new(const struct outfile_setup *setup)
{
    struct outfile *f = calloc(1, sizeof(*f));

    if (!f)
        return NULL;
    f->set = *setup;
    f->fd = setup->fd;
    f->spare_fd = -1;
    batch_init(&f->filling, OUTFILE_MAX);
    batch_init(&f->job, OUTFILE_MAX);
    choose_way(f);
    if (open_all(f))
        return f;
    f->fd = f->spare_fd >= 0 ? f->fd : -1;
    f->spare_fd = -1;
    outfile_close(f);
    return NULL;
}

struct bytes *outfile_begin(struct outfile *f)
{
    f->mark = f->filling.count;
    return &f->filling.data;
}

void outfile_end_part(struct outfile *f)
{
    if (!batch_end_part(&f->filling))
        f->filling.data.failed = true;
}

/* Sees to it that what is gathered leaves at the end of the turn. */
static void arm(struct outfile *f)
{
    if (f->armed || f->blocked)
        return;
    f->armed = true;
    event_active(f->flush, 0, 0);
}

/* The record that is not taken is none of those that were dropped. */
static bool refuse(struct outfile *f)
{
    if (f->filling.count > f->mark && f->sent <= batch_start(&f->filling, f->mark))
        batch_cut(&f->filling, f->mark);
    return false;
}

bool outfile_commit(struct outfile *f)
{
    if (!batch_end_page(&f->filling) && !f->error)
        f->error = ENOMEM;
    if (f->error) {
        batch_cut(&f->filling, f->mark);
        return false;
    }
    arm(f);
    if (f->blocked || (!f->set.at_once && outfile_pending(f) < OUTFILE_BATCH))
        return true;
    return outfile_flush(f) || refuse(f);
}

size_t outfile_pending(const struct outfile *f)
{
    return f->error ? 0 : f->filling.data.len - f->sent + f->backlog.bytes + f->job.data.len;
}

bool outfile_is_busy(const struct outfile *f)
{
    bool waits = f->blocked || (f->worker && worker_is_busy(f->worker));

    return waits && outfile_pending(f) > OUTFILE_BUSY;
}

int outfile_error(const struct outfile *f)
{
    return f->error;
}

size_t outfile_dropped(const struct outfile *f)
{
    if (!f->set.records)
        return 0;
    /* The record that is written in part ends in what is not. */
    return f->filling.count - batch_whole(&f->filling, f->sent) + f->backlog.pages + f->job.count -
           f->job.written;
}

bool outfile_is_empty(const struct outfile *f)
{
    return !f->any;
}

/* One write(2): bytes written, -1 and errno, EAGAIN where the reader has to take some first. */
static ssize_t write_some(struct outfile *f)
{
    size_t n = f->filling.data.len - f->sent;
    struct pollfd p = {.fd = f->fd, .events = POLLOUT};
    ssize_t wrote;

    if (f->way == WAY_POLLED) {
        n = n < PIPE_BUF ? n : PIPE_BUF;
        if (poll(&p, 1, 0) == 0) {
            errno = EAGAIN;
            return -1;
        }
    }
    do
        wrote = write(f->fd, f->filling.data.data + f->sent, n);
    while (wrote < 0 && errno == EINTR);
    return wrote;
}

/*
 * The reader is slow: goes on when it is not.  What it took makes room once it is the larger
 * part, so that each byte is moved at most once.
 */
static bool wait_for_reader(struct outfile *f)
{
    if (event_add(f->writable, NULL) != 0) {
        f->error = ENOMEM;
        return false;
    }
    if (f->sent >= f->filling.data.len - f->sent)
        f->sent -= batch_drop(&f->filling, f->sent);
    f->blocked = true;
    return true;
}

static bool flush_pipe(struct outfile *f)
{
    if (f->blocked)
        return true;
    while (!f->error && f->sent < f->filling.data.len) {
        ssize_t n = write_some(f);

        if (n >= 0) {
            f->any = true;
            f->sent += (size_t)n;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return wait_for_reader(f);
        } else {
            f->error = errno;
        }
    }
    if (!f->error) {
        f->sent = 0;
        batch_empty(&f->filling, KEEP_BYTES);
    }
    return !f->error;
}

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Without a thread to be had, the loop goes on waiting. */
static void leave_it_to_a_worker(struct outfile *f)
{
    f->worker = worker_new(f->set.base, work, on_job_done, f);
    if (f->worker)
        f->way = WAY_WORKER;
}

static bool flush_file(struct outfile *f)
{
    uint64_t began = now_ms();

    f->error = writer_put(f->writer, &f->filling);
    if (now_ms() >= began + SLOW_MS)
        leave_it_to_a_worker(f);
    tell_written(f, &f->filling);
    if (f->error)
        f->sent = batch_start(&f->filling, f->filling.written);
    else
        batch_empty(&f->filling, KEEP_BYTES);
    return !f->error;
}

/*
 * One sync is for all that gathers meanwhile; what is packed is packed in pieces.  A turn of the loop
 * may take longer than a piece: the thread is given the next one by the first page that finds it idle.
 */
static bool hand_over(struct outfile *f)
{
    if (worker_is_busy(f->worker) && worker_poll(f->worker))
        take_job_back(f);
    if (f->error)
        return false;
    if (!f->set.sync && f->filling.data.len >= OUTFILE_PIECE)
        backlog_put(&f->backlog, &f->filling);
    if (worker_is_busy(f->worker))
        return true;
    if (!backlog_take(&f->backlog, &f->job))
        batch_swap(&f->filling, &f->job);
    worker_start(f->worker);
    return !f->error;
}

bool outfile_flush(struct outfile *f)
{
    if (f->error)
        return false;
    if (f->filling.count + f->backlog.pages == 0)
        return true;
    if (f->way == WAY_FILE)
        return flush_file(f);
    return f->way == WAY_WORKER ? hand_over(f) : flush_pipe(f);
}

/* What the thread does is waited for, and the open member ended. */
static int end_writer(struct outfile *f)
{
    int error = 0;

    if (f->worker && worker_is_busy(f->worker)) {
        worker_wait(f->worker);
        take_job_back(f);
        error = f->job_error;
    }
    worker_free(f->worker);
    if (f->writer) {
        int late = writer_end(f->writer);

        error = error ? error : late;
    }
    writer_free(f->writer);
    return error;
}

/* All that is pending, here and now. */
static bool write_all(struct outfile *f)
{
    if (f->worker && worker_is_busy(f->worker)) {
        worker_wait(f->worker);
        take_job_back(f);
    }
    while (!f->error && backlog_take(&f->backlog, &f->job)) {
        work(f);
        take_job_back(f);
    }
    if (!f->error && f->filling.count > 0)
        flush_file(f);
    return !f->error;
}

bool outfile_go_on(struct outfile *f, int fd, int *old)
{
    struct writer *before = f->writer;
    int was = f->fd;

    if (f->error || !write_all(f))
        return false;
    f->error = writer_end(before);
    f->fd = fd;
    if (!f->error && !open_writer(f))
        f->error = ENOMEM;
    if (f->error) {
        f->writer = before;
        f->fd = was;
        return false;
    }
    writer_free(before);
    *old = was;
    return true;
}

int outfile_close(struct outfile *f)
{
    int known, error;

    if (!f)
        return 0;
    known = f->error;
    error = end_writer(f);
    if (f->flush)
        event_free(f->flush);
    if (f->writable)
        event_free(f->writable);
    if (f->fd >= 0 && close(f->fd) != 0 && !error)
        error = errno;
    if (f->spare_fd >= 0)
        close(f->spare_fd);
    batch_fini(&f->filling);
    batch_fini(&f->job);
    backlog_fini(&f->backlog);
    free(f);
    return known ? 0 : error;
}
