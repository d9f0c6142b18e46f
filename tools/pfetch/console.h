/*
 * The only writer to standard error, and to the log file: messages, and below them on a terminal
 * one line of progress that each message moves down.
 *
 * Whatever is written passes utf8_put_visible(): a control character in a URL or in a server's
 * words never reaches the terminal.
 */
#ifndef PFETCH_TOOL_CONSOLE_H
#define PFETCH_TOOL_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

#include <pfetch/fetch.h>

struct console;

struct console_setup {
    int fd;
    enum fetch_log_level level; /* messages up to this are shown                              */
    bool json;                  /* messages are shown as lines of JSON                        */
    const char *log_file;       /* appended to, with times, up to INFO or `level`; or NULL    */
};

/* NULL and a sentence in `error` where the log file cannot be opened or memory ran out. */
struct console *console_new(const struct console_setup *setup, char *error, size_t error_len);
void console_free(struct console *c);

/* A terminal that understands cursor movements. */
bool console_is_terminal(const struct console *c);
/* Columns, as of now; 80 where that is unknown. */
unsigned console_width(const struct console *c);

/* One message of one line. */
void console_say(struct console *c, enum fetch_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What is going on, for people: shown unless only errors are, and without "warning: ". */
void console_note(struct console *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A line that is no message: progress without a terminal, the summary. */
void console_line(struct console *c, const char *text);

/* Replaces the line of progress; "" takes it away.  At most console_width() - 1 columns. */
void console_status(struct console *c, const char *text);

#endif
