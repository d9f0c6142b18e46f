#include "control.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "value.h"

#define FILE_MAX 65536u /* bytes; four lines are expected */
#define LINE_SIZE 256u
#define CALLS_MAX 1000000u

struct control {
    const char *path;
    struct fetch_client *client;
    struct console *console;
    struct event *on_hup;
};

/* ------------------------------------------------------------- reading -- */

static bool take_calls(const char *value, const char *none, unsigned *n)
{
    uint64_t count = 0;

    if (strcmp(value, none) != 0 && !value_count(value, 1, CALLS_MAX, &count))
        return false;
    *n = (unsigned)count;
    return true;
}

/* NULL, or what would be right. */
static const char *take(struct control_settings *s, const char *name, const char *value)
{
    if (strcmp(name, "concurrency") == 0) {
        s->has_concurrency = take_calls(value, "auto", &s->concurrency);
        return s->has_concurrency ? NULL : "concurrency is auto or a number from 1 to 1000000";
    }
    if (strcmp(name, "rate") == 0) {
        s->rate = 0;
        s->has_rate = strcmp(value, "none") == 0 || value_rate(value, &s->rate);
        return s->has_rate ? NULL : "rate is none or a rate such as 5, 0.5/s, 30/m or 1000/h";
    }
    if (strcmp(name, "per-domain") == 0) {
        s->has_per_domain = take_calls(value, "none", &s->per_domain);
        return s->has_per_domain ? NULL : "per-domain is none or a number from 1 to 1000000";
    }
    if (strcmp(name, "pause") == 0) {
        s->pause = strcmp(value, "yes") == 0;
        s->has_pause = s->pause || strcmp(value, "no") == 0;
        return s->has_pause ? NULL : "pause is yes or no";
    }
    return "there are concurrency, rate, per-domain and pause";
}

/* Without the blanks around it, in place. */
static char *trim(char *text)
{
    char *end;

    text += strspn(text, " \t\r");
    end = text + strlen(text);
    while (end > text && strchr(" \t\r", end[-1]))
        end--;
    *end = '\0';
    return text;
}

static const char *take_line(struct control_settings *s, char *line)
{
    char *name = trim(line), *value;

    if (!*name || *name == '#')
        return NULL;
    value = strchr(name, '=');
    if (!value)
        return "a line is \"name = value\"";
    *value++ = '\0';
    return take(s, trim(name), trim(value));
}

bool control_parse(struct control_settings *settings, const char *text, size_t n, char *error,
                   size_t error_len)
{
    const char *end = text + n;

    for (unsigned number = 1; text < end; number++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text)), *fault;
        size_t len = (size_t)((stop ? stop : end) - text);
        char line[LINE_SIZE];

        if (len < sizeof(line)) {
            memcpy(line, text, len);
            line[len] = '\0';
            fault = memchr(line, '\0', len) ? "it holds a NUL" : take_line(settings, line);
        } else {
            fault = "it is too long";
        }
        if (fault) {
            snprintf(error, error_len, "line %u: %s", number, fault);
            return false;
        }
        text += len + 1;
    }
    return true;
}

static bool read_file(const char *path, struct control_settings *settings, char *error,
                      size_t error_len)
{
    char *text = malloc(FILE_MAX), why[200];
    FILE *f = text ? fopen(path, "re") : NULL;
    size_t n = f ? fread(text, 1, FILE_MAX, f) : 0;
    bool fine = f && !ferror(f) && n < FILE_MAX;

    if (!fine)
        snprintf(error, error_len, "cannot read the control file %.200s: %s", path,
                 n == FILE_MAX ? "it is too long" : strerror(errno));
    if (f)
        fclose(f);
    if (fine && !control_parse(settings, text, n, why, sizeof(why))) {
        snprintf(error, error_len, "the control file %.200s: %s", path, why);
        fine = false;
    }
    free(text);
    return fine;
}

/* ------------------------------------------------------------- the run -- */

static void apply(const struct control *c, const struct control_settings *s)
{
    if (s->has_concurrency)
        (void)fetch_client_set_concurrency(c->client, s->concurrency);
    if (s->has_rate)
        (void)fetch_client_set_rate(c->client, s->rate);
    if (s->has_per_domain)
        fetch_client_set_per_domain(c->client, s->per_domain);
    if (s->has_pause)
        fetch_client_pause(c->client, s->pause);
}

static void on_hup(evutil_socket_t number, short what, void *arg)
{
    struct control *c = arg;
    struct control_settings settings = {0};
    char error[512];

    (void)number;
    (void)what;
    if (!read_file(c->path, &settings, error, sizeof(error))) {
        console_say(c->console, FETCH_LOG_WARNING, "%s; nothing is changed", error);
        return;
    }
    apply(c, &settings);
    console_note(c->console, "the control file %s is in force", c->path);
}

struct control *control_new(struct event_base *base, const char *path, struct fetch_client *client,
                            struct console *console, char *error, size_t error_len)
{
    struct control_settings settings = {0};
    struct control *c;

    if (!read_file(path, &settings, error, error_len))
        return NULL;
    c = calloc(1, sizeof(*c));
    if (c)
        c->on_hup = evsignal_new(base, SIGHUP, on_hup, c);
    if (!c || !c->on_hup || evsignal_add(c->on_hup, NULL) != 0) {
        snprintf(error, error_len, "out of memory");
        control_free(c);
        return NULL;
    }
    c->path = path;
    c->client = client;
    c->console = console;
    apply(c, &settings);
    return c;
}

void control_free(struct control *c)
{
    if (!c)
        return;
    if (c->on_hup)
        event_free(c->on_hup);
    free(c);
}
