/*
 * An external merge sort.  A run is what fits into memory, sorted and appended to the temporary file;
 * at the end all runs are read side by side, each through a window of its own, and the least line
 * of all goes out.  The windows share what the lines had, so memory stays as it was; runs are large,
 * so that even 100 million lines (some 30 GB) are read in pieces of kilobytes in one pass.
 */
#include "cdxj.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json_text.h"
#include "scratch.h"
#include "writer.h"

#define WINDOW_MIN 4096u
#define LINE_MAX_BYTES ((size_t)4 << 20) /* two URLs of 64 KiB, each byte escaped, and the rest */
#define OUT_BYTES (256u << 10)

struct run {
    uint64_t at, end; /* what of it is still in the file */
    struct bytes window;
    size_t line;     /* where the line that is next begins in the window, … */
    size_t line_len; /* … and its bytes with the line feed; 0: there is none */
};

struct cdxj {
    const char *path;
    char *temporary; /* the path it is written under, once it is there */
    size_t memory;
    struct bytes text;
    size_t *start; /* of each line in the text */
    size_t count, cap;
    int spill; /* -1 until needed */
    uint64_t spilled;
    struct run *run;
    size_t run_count, run_cap;
};

/* ---------------------------------------------------------------- lines -- */

static void put_string(struct bytes *out, const char *name, const char *text, size_t n)
{
    bytes_text(out, name);
    json_text_put_field(out, text, n);
}

/* The 14 digits of a moment. */
static void put_timestamp(struct bytes *out, const char *date)
{
    size_t digits = 0;

    for (; *date && digits < 14; date++) {
        if (*date >= '0' && *date <= '9') {
            bytes_add(out, date, 1);
            digits++;
        }
    }
}

static size_t without_parameters(const char *mime, size_t n)
{
    size_t i = 0;

    while (i < n && mime[i] != ';' && mime[i] != ' ' && mime[i] != '\t')
        i++;
    return i;
}

void cdxj_put_capture(struct bytes *out, struct surt *surt, const struct cdxj_capture *c)
{
    size_t mime = c->mime ? without_parameters(c->mime, c->mime_len) : 0;

    surt_put(surt, out, c->uri, c->uri_len);
    bytes_text(out, " ");
    put_timestamp(out, c->date);
    put_string(out, " {\"url\": ", c->uri, c->uri_len);
    if (mime > 0)
        put_string(out, ", \"mime\": ", c->mime, mime);
    if (c->status > 0) {
        bytes_text(out, ", \"status\": \"");
        bytes_uint(out, c->status);
        bytes_text(out, "\"");
    }
    put_string(out, ", \"digest\": ", c->digest, strlen(c->digest));
}

void cdxj_put_place(struct bytes *out, uint64_t length, uint64_t offset, const char *filename)
{
    bytes_text(out, ", \"length\": \"");
    bytes_uint(out, length);
    bytes_text(out, "\", \"offset\": \"");
    bytes_uint(out, offset);
    put_string(out, "\", \"filename\": ", filename, strlen(filename));
    bytes_text(out, "}\n");
}

/* ----------------------------------------------------------------- runs -- */

struct cdxj *cdxj_new(const char *path, size_t memory)
{
    struct cdxj *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->path = path;
    c->spill = -1;
    c->memory = memory ? memory : CDXJ_MEMORY;
    bytes_init(&c->text, c->memory + LINE_MAX_BYTES);
    return c;
}

void cdxj_free(struct cdxj *c)
{
    if (!c)
        return;
    if (c->temporary)
        (void)unlink(c->temporary);
    free(c->temporary);
    for (size_t i = 0; i < c->run_count; i++)
        bytes_fini(&c->run[i].window);
    free(c->run);
    if (c->spill >= 0)
        close(c->spill);
    free(c->start);
    bytes_fini(&c->text);
    free(c);
}

/* Bytewise, as far as the line feed, which is less than all that a line holds. */
static int compare_lines(const char *a, size_t n, const char *b, size_t m)
{
    int order = memcmp(a, b, n < m ? n : m);

    return order ? order : (n > m) - (n < m);
}

static size_t line_at(const struct cdxj *c, size_t start)
{
    const char *from = c->text.data + start;

    return (size_t)((const char *)memchr(from, '\n', c->text.len - start) - from) + 1;
}

static int compare_starts(const void *left, const void *right, void *arg)
{
    const struct cdxj *c = arg;
    size_t a = *(const size_t *)left, b = *(const size_t *)right;

    return compare_lines(c->text.data + a, line_at(c, a), c->text.data + b, line_at(c, b));
}

/* Puts what is in memory out, sorted. */
static int write_sorted(struct cdxj *c, int fd, uint64_t *written)
{
    struct bytes out;
    int error = 0;

    bytes_init(&out, OUT_BYTES + LINE_MAX_BYTES);
    if (c->count > 1)
        qsort_r(c->start, c->count, sizeof(*c->start), compare_starts, c);
    *written = 0;
    for (size_t i = 0; i < c->count && !error; i++) {
        bytes_add(&out, c->text.data + c->start[i], line_at(c, c->start[i]));
        if (out.failed)
            error = ENOMEM;
        else if (out.len >= OUT_BYTES || i + 1 == c->count)
            error = writer_write_all(fd, out.data, out.len, NULL);
        if (out.len >= OUT_BYTES) {
            *written += out.len;
            bytes_cut(&out, 0);
        }
    }
    *written += out.len;
    bytes_fini(&out);
    return error;
}

static struct run *new_run(struct cdxj *c)
{
    if (c->run_count == c->run_cap) {
        size_t cap = c->run_cap ? c->run_cap * 2 : 16;
        struct run *run = realloc(c->run, cap * sizeof(*run));

        if (!run)
            return NULL;
        c->run = run;
        c->run_cap = cap;
    }
    c->run[c->run_count] = (struct run){.at = c->spilled};
    bytes_init(&c->run[c->run_count].window, LINE_MAX_BYTES);
    return &c->run[c->run_count++];
}

static int spill(struct cdxj *c)
{
    struct run *run = new_run(c);
    uint64_t written;
    int error;

    if (!run)
        return ENOMEM;
    if (c->spill < 0)
        c->spill = scratch_open_beside(c->path);
    if (c->spill < 0)
        return errno;
    error = write_sorted(c, c->spill, &written);
    c->spilled += written;
    run->end = c->spilled;
    bytes_cut(&c->text, 0);
    c->count = 0;
    return error;
}

int cdxj_add(struct cdxj *c, const char *line, size_t n)
{
    int error = c->text.len > 0 && c->text.len + n > c->memory ? spill(c) : 0;

    if (error)
        return error;
    if (c->count == c->cap) {
        size_t cap = c->cap ? c->cap * 2 : 1024;
        size_t *start = realloc(c->start, cap * sizeof(*start));

        if (!start)
            return ENOMEM;
        c->start = start;
        c->cap = cap;
    }
    c->start[c->count] = c->text.len;
    bytes_add(&c->text, line, n);
    if (c->text.failed)
        return ENOMEM;
    c->count++;
    return 0;
}

/* ---------------------------------------------------------------- merge -- */

/* More of the run behind what is left of its window.  0 or an errno value. */
static int read_more(struct cdxj *c, struct run *run, size_t window)
{
    uint64_t left = run->end - run->at;
    size_t rest = run->window.len - run->line;
    size_t room_left = rest < window ? window - rest : window; /* a line may be longer than it */
    size_t want = left < room_left ? (size_t)left : room_left;
    ssize_t n;
    char *room;

    if (run->line > 0)
        memmove(run->window.data, run->window.data + run->line, rest);
    bytes_cut(&run->window, rest);
    run->line = 0;
    room = bytes_room(&run->window, want);
    if (!room)
        return ENOMEM;
    do
        n = pread(c->spill, room, want, (off_t)run->at);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return n < 0 ? errno : EIO;
    run->window.len += (size_t)n;
    run->at += (uint64_t)n;
    return 0;
}

/* Goes on to the run's next line; line_len is 0 where that was the last. */
static int next_line(struct cdxj *c, struct run *run, size_t window)
{
    run->line += run->line_len;
    run->line_len = 0;
    for (;;) {
        size_t rest = run->window.len - run->line;
        const char *from = rest ? run->window.data + run->line : NULL;
        const char *feed = from ? memchr(from, '\n', rest) : NULL;
        int error;

        if (feed) {
            run->line_len = (size_t)(feed - from) + 1;
            return 0;
        }
        if (run->at == run->end)
            return rest ? EIO : 0;
        error = read_more(c, run, window);
        if (error)
            return error;
    }
}

static bool is_less(const struct run *a, const struct run *b)
{
    return compare_lines(a->window.data + a->line, a->line_len, b->window.data + b->line,
                         b->line_len) < 0;
}

/* Lets the run at `i` sink in the heap of runs, the least on top. */
static void sink_down(struct run **heap, size_t n, size_t i)
{
    for (;;) {
        size_t least = i, left = 2 * i + 1;
        struct run *run = heap[i];

        if (left < n && is_less(heap[left], heap[least]))
            least = left;
        if (left + 1 < n && is_less(heap[left + 1], heap[least]))
            least = left + 1;
        if (least == i)
            return;
        heap[i] = heap[least];
        heap[least] = run;
        i = least;
    }
}

static int merge_heap(struct cdxj *c, struct run **heap, size_t n, size_t window, int fd)
{
    struct bytes out;
    int error = 0;

    bytes_init(&out, OUT_BYTES + LINE_MAX_BYTES);
    while (n > 0 && !error) {
        struct run *run = heap[0];

        bytes_add(&out, run->window.data + run->line, run->line_len);
        error = out.failed ? ENOMEM : next_line(c, run, window);
        if (run->line_len == 0)
            heap[0] = heap[--n];
        sink_down(heap, n, 0);
        if (!error && (out.len >= OUT_BYTES || n == 0)) {
            error = writer_write_all(fd, out.data, out.len, NULL);
            bytes_cut(&out, 0);
        }
    }
    bytes_fini(&out);
    return error;
}

static int merge(struct cdxj *c, int fd)
{
    struct run **heap = calloc(c->run_count, sizeof(*heap));
    size_t window = WINDOW_MIN, n = 0;
    int error = heap ? 0 : ENOMEM;

    /* A power of two, as what bytes_room() makes is. */
    while (window * 2 * c->run_count <= c->memory)
        window *= 2;
    for (size_t i = 0; i < c->run_count && !error; i++) {
        error = next_line(c, &c->run[i], window);
        if (c->run[i].line_len > 0)
            heap[n++] = &c->run[i];
    }
    if (!error) {
        for (size_t i = n / 2; i-- > 0;)
            sink_down(heap, n, i);
        error = merge_heap(c, heap, n, window, fd);
    }
    free(heap);
    return error;
}

/* ------------------------------------------------------------- together -- */

static int write_all_lines(struct cdxj *c, int fd)
{
    uint64_t written;
    int error;

    if (c->run_count == 0)
        return write_sorted(c, fd, &written);
    error = c->count ? spill(c) : 0;
    bytes_fini(&c->text);
    return error ? error : merge(c, fd);
}

/* A new file of that name; one that a killed run left goes. */
static int create(const char *path)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd = open(path, flags, 0666);

    if (fd < 0 && errno == EEXIST && unlink(path) == 0)
        fd = open(path, flags, 0666);
    return fd;
}

int cdxj_finish(struct cdxj *c, bool sync)
{
    char *temporary;
    int fd, error;

    if (asprintf(&temporary, "%s.part", c->path) < 0)
        return ENOMEM;
    fd = create(temporary);
    if (fd < 0) {
        error = errno;
        free(temporary);
        return error;
    }
    c->temporary = temporary;
    error = write_all_lines(c, fd);
    if (!error && sync && fsync(fd) != 0)
        error = errno;
    if (close(fd) != 0 && !error)
        error = errno;
    if (!error && rename(temporary, c->path) != 0)
        error = errno;
    if (!error) {
        free(c->temporary);
        c->temporary = NULL;
    }
    return error;
}
