/*
 * What may be changed while a run goes on: a file of "name = value" lines that is read when the
 * run begins and again at each SIGHUP.
 *
 *   concurrency = N | auto
 *   rate        = N[/s|/m|/h] | none
 *   per-domain  = N | none
 *   pause       = yes | no
 *
 * Blank lines and lines that begin with "#" are skipped; what the file does not name stays as it
 * is.  A file with a fault in it changes nothing and is told.
 */
#ifndef PFETCH_TOOL_CONTROL_H
#define PFETCH_TOOL_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include <pfetch/fetch.h>

#include "console.h"

struct control;
struct event_base;

/* What a file asks for.  Fields that it does not name are as control_parse() found them. */
struct control_settings {
    bool has_concurrency, has_rate, has_per_domain, has_pause;
    unsigned concurrency; /* 0: auto */
    double rate;          /* calls per second; 0: none */
    unsigned per_domain;  /* 0: none */
    bool pause;
};

/* Reads `n` bytes (borrowed).  False with a sentence that names the line. */
bool control_parse(struct control_settings *settings, const char *text, size_t n, char *error,
                   size_t error_len);

/*
 * Reads `path` (kept) into the client (kept) now, and at each SIGHUP.  NULL with a sentence in
 * `error`: it cannot be read, or memory ran out.
 */
struct control *control_new(struct event_base *base, const char *path, struct fetch_client *client,
                            struct console *console, char *error, size_t error_len);
/* NULL is ignored. */
void control_free(struct control *c);

#endif
