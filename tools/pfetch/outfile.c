/*
 * Writing to a pipe must not stop the loop: while `less` waits for a key, answers keep coming in
 * and timers keep running, and pages would be counted as timed out that were there in time.  But
 * O_NONBLOCK belongs to the open file that we share with the shell and its other children.  Where
 * the system lets us (/proc/self/fd on Linux), a pipe is opened again, which gives an open file of
 * our own; where it does not, poll(2) asks first and a write takes no more than PIPE_BUF bytes,
 * which a pipe that is writable always has room for.
 *
 * Regular files are written with plain write(2): the page cache takes a batch in microseconds, and
 * no interface tells whether it would not.
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
#include <unistd.h>

#define KEEP_BYTES (4u << 20) /* memory that is kept between batches */

enum way { WAY_FILE, WAY_NONBLOCKING, WAY_POLLED };

struct outfile {
    struct event_base *base;
    struct outfile_events events;
    int fd;
    int spare_fd; /* the descriptor we were given, where it was opened again; else -1 */
    enum way way;
    bool lines;
    bool regular;
    bool armed;       /* the flush timer runs                                      */
    bool blocked;     /* waiting for the reader                                    */
    bool any;         /* something was written                                     */
    int error;        /* errno of the first failure                                */
    struct bytes buf; /* records; the first may be written in part                 */
    size_t sent;      /* bytes of buf that are written                             */
    size_t mark;      /* buf.len at outfile_begin()                                */
    size_t partial;   /* bytes at the end of the file that are no whole record     */
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
    f->regular = S_ISREG(st.st_mode);
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
        f->events.on_fail(f->events.arg);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct outfile *f = arg;

    (void)fd;
    (void)what;
    f->blocked = false;
    if (outfile_flush(f))
        f->events.on_room(f->events.arg);
    else
        f->events.on_fail(f->events.arg);
}

struct outfile *outfile_new(struct event_base *base, int fd, bool lines,
                            const struct outfile_events *events)
{
    struct outfile *f = calloc(1, sizeof(*f));

    if (!f)
        return NULL;
    f->base = base;
    f->events = *events;
    f->fd = fd;
    f->spare_fd = -1;
    f->lines = lines;
    bytes_init(&f->buf, OUTFILE_MAX);
    choose_way(f);
    f->flush = event_new(base, -1, 0, on_flush, f);
    f->writable = event_new(base, f->fd, EV_WRITE, on_writable, f);
    if (f->flush && f->writable)
        return f;
    f->fd = f->spare_fd >= 0 ? f->fd : -1;
    f->spare_fd = -1;
    outfile_close(f);
    return NULL;
}

struct bytes *outfile_begin(struct outfile *f)
{
    f->mark = f->buf.len;
    return &f->buf;
}

/* Sees to it that what is buffered leaves soon. */
static bool arm(struct outfile *f)
{
    struct timeval moment = {.tv_usec = f->way == WAY_FILE ? OUTFILE_MOMENT_MS * 1000 : 0};

    if (f->armed || f->blocked)
        return true;
    f->armed = event_add(f->flush, &moment) == 0;
    return f->armed || outfile_flush(f);
}

/* The record whose commit fails is not taken, so it is none of those that were dropped. */
static bool refuse(struct outfile *f)
{
    bytes_cut(&f->buf, f->mark > f->sent ? f->mark : f->sent);
    return false;
}

bool outfile_commit(struct outfile *f)
{
    if (f->buf.failed) {
        bytes_cut(&f->buf, f->mark);
        if (!f->error)
            f->error = ENOMEM;
    }
    if (f->error) {
        bytes_cut(&f->buf, f->mark);
        return false;
    }
    if (f->blocked || f->buf.len - f->sent < OUTFILE_BATCH)
        return arm(f) || refuse(f);
    return outfile_flush(f) || refuse(f);
}

size_t outfile_pending(const struct outfile *f)
{
    return f->error ? 0 : f->buf.len - f->sent;
}

bool outfile_is_busy(const struct outfile *f)
{
    return f->blocked && outfile_pending(f) > OUTFILE_BUSY;
}

int outfile_error(const struct outfile *f)
{
    return f->error;
}

size_t outfile_dropped(const struct outfile *f)
{
    const char *p = f->buf.data + f->sent, *end = f->buf.data + f->buf.len;
    size_t n = 0;

    /* The line that is written in part ends in what is not. */
    while (f->lines && p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
        n++;
        p++;
    }
    return n;
}

bool outfile_is_empty(const struct outfile *f)
{
    return !f->any;
}

/* Cuts off what was written of a record that did not fit, if the file's end is ours. */
static void cut_partial(struct outfile *f)
{
    off_t end = f->lines && f->regular && f->partial ? lseek(f->fd, 0, SEEK_CUR) : -1;
    struct stat st;

    if (end < (off_t)f->partial || fstat(f->fd, &st) != 0 || st.st_size != end)
        return;
    if (ftruncate(f->fd, end - (off_t)f->partial) == 0)
        (void)lseek(f->fd, end - (off_t)f->partial, SEEK_SET);
}

static void note_written(struct outfile *f, size_t n)
{
    const char *from = f->buf.data + f->sent, *last = memrchr(from, '\n', n);

    f->any = true;
    f->partial = last ? (size_t)(from + n - last) - 1 : f->partial + n;
    f->sent += n;
}

/* One write(2): bytes written, -1 and errno, EAGAIN where the reader has to take some first. */
static ssize_t write_some(struct outfile *f)
{
    size_t n = f->buf.len - f->sent;
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
        wrote = write(f->fd, f->buf.data + f->sent, n);
    while (wrote < 0 && errno == EINTR);
    return wrote;
}

static void empty(struct outfile *f)
{
    f->sent = 0;
    bytes_cut(&f->buf, 0);
    if (f->buf.cap > KEEP_BYTES)
        bytes_fini(&f->buf);
}

/*
 * The reader is slow: goes on when it is not.  What it took makes room once it is the larger
 * part, so that each byte is moved at most once.
 */
static bool wait_for_reader(struct outfile *f)
{
    size_t left = f->buf.len - f->sent;

    if (f->sent >= left) {
        memmove(f->buf.data, f->buf.data + f->sent, left);
        bytes_cut(&f->buf, left);
        f->sent = 0;
    }
    if (event_add(f->writable, NULL) != 0) {
        f->error = ENOMEM;
        return false;
    }
    f->blocked = true;
    return true;
}

bool outfile_flush(struct outfile *f)
{
    if (f->blocked)
        return true;
    while (!f->error && f->sent < f->buf.len) {
        ssize_t n = write_some(f);

        if (n >= 0) {
            note_written(f, (size_t)n);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return wait_for_reader(f);
        } else {
            f->error = errno;
            cut_partial(f);
        }
    }
    if (!f->error)
        empty(f);
    return !f->error;
}

int outfile_close(struct outfile *f)
{
    int error = 0;

    if (!f)
        return 0;
    if (f->flush)
        event_free(f->flush);
    if (f->writable)
        event_free(f->writable);
    if (f->fd >= 0 && close(f->fd) != 0 && !f->error)
        error = errno;
    if (f->spare_fd >= 0)
        close(f->spare_fd);
    bytes_fini(&f->buf);
    free(f);
    return error;
}
