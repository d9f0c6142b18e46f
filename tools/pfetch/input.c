/*
 * The command line and each list yield the same items, so whoever pulls knows neither.
 *
 * A list that turns out to be damaged in its middle (a cut-off .gz, a disk error) yields one
 * broken item that says after which line, and the next list follows: the run ends with what could
 * be had, and its exit status and records show that something is missing.
 *
 * Standard input has no name to tell its form by, so there a line that begins with `{`, which no
 * URL can, is JSON.
 */
#include "input.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jsonl_line.h"
#include "lines.h"
#include "stream.h"

enum form { FORM_URLS, FORM_JSONL, FORM_EITHER };

struct list {
    const char *name;
    enum form form;
    struct stream *stream;
};

struct input {
    struct event_base *base;
    const char *const *urls;
    size_t url_count, next_url;
    struct list *list;
    size_t list_count, current;
    struct lines lines;
    struct jsonl_line json;
    struct event *readable; /* while a pipe is waited for */
    void (*on_ready)(void *arg);
    void *arg;
    char why[JSONL_LINE_WHY];
};

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n > m && strcmp(s + n - m, end) == 0;
}

static enum form form_of(const char *name)
{
    if (strcmp(name, "-") == 0)
        return FORM_EITHER;
    return ends_with(name, ".jsonl") || ends_with(name, ".jsonl.gz") ||
                   ends_with(name, ".jsonl.zst")
               ? FORM_JSONL
               : FORM_URLS;
}

static bool open_list(struct list *l, const char *name, char *error, size_t error_len)
{
    struct stat st;
    int fd = STDIN_FILENO;

    l->name = strcmp(name, "-") == 0 ? "standard input" : name;
    l->form = form_of(name);
    if (l->form != FORM_EITHER)
        fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        snprintf(error, error_len, "cannot read the list %s: %s", l->name, strerror(errno));
        return false;
    }
    if (S_ISDIR(st.st_mode)) {
        snprintf(error, error_len, "cannot read the list %s: it is a directory", l->name);
        close(fd);
        return false;
    }
    l->stream = stream_new(fd);
    if (!l->stream)
        snprintf(error, error_len, "out of memory");
    return l->stream != NULL;
}

struct input *input_new(struct event_base *base, const char *const *urls, size_t url_count,
                        const char *const *lists, size_t list_count, void (*on_ready)(void *arg),
                        void *arg, char *error, size_t error_len)
{
    struct input *in = calloc(1, sizeof(*in));

    if (!in || !lines_init(&in->lines)) {
        free(in);
        snprintf(error, error_len, "out of memory");
        return NULL;
    }
    in->base = base;
    in->urls = urls;
    in->url_count = url_count;
    in->on_ready = on_ready;
    in->arg = arg;
    jsonl_line_init(&in->json);
    in->list = calloc(list_count + 1, sizeof(*in->list));
    for (size_t i = 0; in->list && i < list_count; i++) {
        in->list_count++;
        if (!open_list(&in->list[i], lists[i], error, error_len)) {
            input_free(in);
            return NULL;
        }
    }
    if (!in->list) {
        input_free(in);
        snprintf(error, error_len, "out of memory");
        return NULL;
    }
    return in;
}

void input_free(struct input *in)
{
    if (!in)
        return;
    if (in->readable)
        event_free(in->readable);
    for (size_t i = 0; i < in->list_count; i++)
        stream_free(in->list[i].stream);
    free(in->list);
    jsonl_line_fini(&in->json);
    lines_fini(&in->lines);
    free(in);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct input *in = arg;

    (void)fd;
    (void)what;
    in->on_ready(in->arg);
}

/* False where the loop cannot watch the descriptor; then the next read waits instead. */
static bool wait_for(struct input *in, struct stream *s)
{
    if (in->readable)
        event_free(in->readable);
    in->readable = event_new(in->base, stream_fd(s), EV_READ, on_readable, in);
    if (in->readable && event_add(in->readable, NULL) == 0)
        return true;
    stream_may_block(s);
    return false;
}

static enum input_result broken(struct input *in, struct input_item *item, const char *why)
{
    snprintf(in->why, sizeof(in->why), "%s", why);
    item->why = in->why;
    return INPUT_BROKEN;
}

static enum input_result take_json(struct input *in, struct input_item *item)
{
    if (jsonl_line_parse(&in->json, item->text, item->text_len, &item->target))
        return INPUT_TARGET;
    if (item->target.url) {
        item->text = item->target.url;
        item->text_len = strlen(item->text);
    }
    return broken(in, item, in->json.why);
}

static enum input_result take_line(struct input *in, struct input_item *item)
{
    enum form form = in->list[in->current].form;

    if (form == FORM_JSONL || (form == FORM_EITHER && item->text[0] == '{'))
        return take_json(in, item);
    if (memchr(item->text, '\0', item->text_len))
        return broken(in, item, "it holds a NUL byte");
    item->target.url = item->text;
    return INPUT_TARGET;
}

/* Reads on; INPUT_TARGET means that there may be lines now. */
static enum input_result read_on(struct input *in, struct input_item *item)
{
    struct stream *s = in->list[in->current].stream;
    size_t room, got = 0;
    char *to = lines_room(&in->lines, &room);

    switch (stream_read(s, to, room, &got)) {
    case STREAM_BYTES:
        lines_added(&in->lines, got);
        return INPUT_TARGET;
    case STREAM_LATER:
        return wait_for(in, s) ? INPUT_LATER : INPUT_TARGET;
    case STREAM_END:
        if (in->lines.ended)
            return INPUT_END;
        lines_end(&in->lines);
        return INPUT_TARGET;
    case STREAM_ERROR:
        break;
    }
    if (in->lines.ended)
        return INPUT_END;
    /* What came of the line that is cut off is not a line. */
    lines_restart(&in->lines);
    lines_end(&in->lines);
    snprintf(in->why, sizeof(in->why), "the list cannot be read beyond this line: %s",
             stream_error(s));
    item->why = in->why;
    item->text = "";
    return INPUT_BROKEN;
}

static enum input_result next_in_list(struct input *in, struct input_item *item)
{
    for (;;) {
        enum lines_result r = lines_next(&in->lines, &item->text, &item->text_len);
        enum input_result got;

        item->line = in->lines.number;
        if (r == LINES_LINE)
            return take_line(in, item);
        if (r == LINES_LONG)
            return broken(in, item, "it is longer than 64 KiB");
        got = read_on(in, item);
        if (got != INPUT_TARGET)
            return got;
    }
}

enum input_result input_next(struct input *in, struct input_item *item)
{
    *item = (struct input_item){.target = FETCH_TARGET_INIT};
    if (in->next_url < in->url_count) {
        item->target.url = in->urls[in->next_url++];
        return INPUT_TARGET;
    }
    while (in->current < in->list_count) {
        enum input_result r;

        item->list = in->list[in->current].name;
        r = next_in_list(in, item);
        if (r != INPUT_END)
            return r;
        lines_restart(&in->lines);
        in->current++;
    }
    return INPUT_END;
}

/* Counts without moving the descriptor's position. */
static bool count_list(const struct list *l, uint64_t *total)
{
    int fd = stream_fd(l->stream);
    off_t at = lseek(fd, 0, SEEK_CUR);
    char *piece = malloc(LINES_MAX);
    struct stat st;
    bool fresh = true, known = false;

    if (piece && at >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
        st.st_size - at <= (off_t)INPUT_COUNT_BYTES) {
        ssize_t n;
        off_t from = at;

        while ((n = pread(fd, piece, LINES_MAX, from)) > 0) {
            if (from == at && !stream_is_plain(piece, (size_t)n))
                break;
            *total += lines_count(piece, (size_t)n, &fresh);
            from += n;
        }
        known = n == 0;
    }
    free(piece);
    return known;
}

bool input_count(const struct input *in, uint64_t *total)
{
    *total = in->url_count;
    for (size_t i = 0; i < in->list_count; i++) {
        if (!count_list(&in->list[i], total))
            return false;
    }
    return true;
}
