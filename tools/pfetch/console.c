#include "console.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "bytes.h"
#include "json_text.h"
#include "utf8.h"

#define LINE_MAX_BYTES (256u << 10) /* a message holds at most one URL, of 64 KiB */
#define CLEAR_LINE "\r\033[K"

struct console {
    struct console_setup setup;
    int log_fd; /* -1 without one */
    bool terminal;
    bool ascii; /* the terminal's character set is not UTF-8 */
    struct bytes line;
    struct bytes status; /* the line of progress that is on the screen */
};

struct console *console_new(const struct console_setup *setup, char *error, size_t error_len)
{
    const char *term = getenv("TERM");
    struct console *c = calloc(1, sizeof(*c));

    if (!c) {
        snprintf(error, error_len, "out of memory");
        return NULL;
    }
    c->setup = *setup;
    c->log_fd = -1;
    c->terminal = isatty(setup->fd) && term && *term && strcmp(term, "dumb") != 0;
    c->ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
    bytes_init(&c->line, LINE_MAX_BYTES);
    bytes_init(&c->status, LINE_MAX_BYTES);
    if (!setup->log_file)
        return c;
    c->log_fd = open(setup->log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (c->log_fd >= 0)
        return c;
    snprintf(error, error_len, "cannot write the log file %.200s: %s", setup->log_file,
             strerror(errno));
    console_free(c);
    return NULL;
}

void console_free(struct console *c)
{
    if (!c)
        return;
    console_status(c, "");
    if (c->log_fd >= 0)
        close(c->log_fd);
    bytes_fini(&c->line);
    bytes_fini(&c->status);
    free(c);
}

bool console_is_terminal(const struct console *c)
{
    return c->terminal;
}

unsigned console_width(const struct console *c)
{
    struct winsize size;

    if (!c->terminal || ioctl(c->setup.fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col;
}

/* Nobody is left to tell that standard error or the log cannot be written. */
static void emit(int fd, const struct bytes *b)
{
    size_t at = 0;

    while (!b->failed && at < b->len) {
        ssize_t n = write(fd, b->data + at, b->len - at);

        if (n < 0 && errno != EINTR)
            return;
        at += n > 0 ? (size_t)n : 0;
    }
}

/* c->line is what goes above the line of progress, which is put back below it. */
static void emit_above(struct console *c)
{
    struct bytes all;

    if (c->status.len == 0) {
        emit(c->setup.fd, &c->line);
        return;
    }
    bytes_init(&all, 3 * LINE_MAX_BYTES);
    bytes_text(&all, CLEAR_LINE);
    bytes_add(&all, c->line.data, c->line.len);
    bytes_add(&all, c->status.data, c->status.len);
    emit(c->setup.fd, &all);
    bytes_fini(&all);
}

static const char *level_name(enum fetch_log_level level)
{
    switch (level) {
    case FETCH_LOG_ERROR:
        return "error";
    case FETCH_LOG_WARNING:
        return "warning";
    case FETCH_LOG_INFO:
        return "info";
    case FETCH_LOG_DEBUG:
        return "debug";
    }
    return "";
}

static void show(struct console *c, enum fetch_log_level level, const char *text, size_t n)
{
    bytes_cut(&c->line, 0);
    if (c->setup.json) {
        bytes_format(&c->line,
                     "{\"type\":\"message\",\"level\":\"%s\",\"text\":", level_name(level));
        json_text_put_lossy(&c->line, text, n);
        bytes_text(&c->line, "}\n");
    } else {
        bytes_text(&c->line, "pfetch: ");
        if (level == FETCH_LOG_WARNING)
            bytes_text(&c->line, "warning: ");
        utf8_put_visible(&c->line, text, n, c->ascii);
        bytes_text(&c->line, "\n");
    }
    emit_above(c);
}

static void log_line(struct console *c, enum fetch_log_level level, const char *text, size_t n)
{
    char when[32];
    time_t now = time(NULL);
    struct tm tm;

    bytes_cut(&c->line, 0);
    if (gmtime_r(&now, &tm) && strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ ", &tm))
        bytes_text(&c->line, when);
    bytes_format(&c->line, "%s: ", level_name(level));
    utf8_put_visible(&c->line, text, n, false);
    bytes_text(&c->line, "\n");
    emit(c->log_fd, &c->line);
}

__attribute__((format(printf, 4, 0))) static void
tell(struct console *c, enum fetch_log_level level, bool shown, const char *format, va_list args)
{
    bool logged = c->log_fd >= 0 && (level <= FETCH_LOG_INFO || shown);
    char *text = NULL;
    int n;

    if (!shown && !logged)
        return;
    n = vasprintf(&text, format, args);
    if (n < 0)
        return;
    if (shown)
        show(c, level, text, (size_t)n);
    if (logged)
        log_line(c, level, text, (size_t)n);
    free(text);
}

void console_say(struct console *c, enum fetch_log_level level, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    tell(c, level, level <= c->setup.level, format, args);
    va_end(args);
}

void console_note(struct console *c, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    tell(c, FETCH_LOG_INFO, c->setup.level > FETCH_LOG_ERROR, format, args);
    va_end(args);
}

void console_line(struct console *c, const char *text)
{
    bytes_cut(&c->line, 0);
    utf8_put_visible(&c->line, text, strlen(text), c->ascii);
    bytes_text(&c->line, "\n");
    emit_above(c);
}

void console_status(struct console *c, const char *text)
{
    struct bytes all;

    if (!c->terminal || (!*text && c->status.len == 0))
        return;
    bytes_cut(&c->status, 0);
    utf8_put_visible(&c->status, text, strlen(text), c->ascii);
    bytes_init(&all, 2 * LINE_MAX_BYTES);
    bytes_text(&all, CLEAR_LINE);
    bytes_add(&all, c->status.data, c->status.len);
    emit(c->setup.fd, &all);
    bytes_fini(&all);
}
