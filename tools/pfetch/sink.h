/*
 * Where pages go.  Each form of output is one file with a `struct sink_ops`; whoever hands pages
 * over knows none of them.
 *
 * All of them append to one outfile (records, an index of records, or bodies), so what is pending,
 * what is busy and what failed is asked of that.
 */
#ifndef PFETCH_TOOL_SINK_H
#define PFETCH_TOOL_SINK_H

#include <stdbool.h>
#include <stddef.h>

#include "outfile.h"
#include "record.h"

#define SINK_ERROR 512u /* bytes of the sentence about a failure */

struct sink;

struct sink_ops {
    /* Puts one page on record (borrowed).  False: s->error says why, and no more are taken. */
    bool (*put)(struct sink *s, const struct record *record);
    /* Frees what is the form's own, and the sink. */
    void (*free)(struct sink *s);
};

/* The head of each form's own struct. */
struct sink {
    const struct sink_ops *ops;
    struct outfile *out;
    struct recorder *recorder; /* NULL for bodies alone                                  */
    const char *name;          /* for messages: the path as given, "standard output"     */
    int dir_fd;                /* where `leaf` is, or -1                                 */
    const char *leaf;          /* the file that was created and may be removed, or NULL  */
    char error[SINK_ERROR];    /* after a failure: a sentence                            */
    int error_number;          /* its errno value                                        */
};

enum sink_format { SINK_FORMAT_BY_NAME, SINK_FORMAT_JSONL, SINK_FORMAT_BODY };

/* What the forms are made from; kept as long as the sink. */
struct sink_setup {
    const char *path; /* as -o has it; "-" is standard output */
    enum sink_format format;
    struct event_base *base;
    struct recorder *recorder;
    struct outfile_events events;
};

/*
 * Checks the path's form and the format against each other, touching nothing: NULL if they go
 * together, else a sentence, static.
 */
const char *sink_check(const char *path, enum sink_format format);

/* Opens the output; NULL and a sentence in `error` where it exists already or cannot be. */
struct sink *sink_open(const struct sink_setup *setup, char *error, size_t error_len);

/* As the ops. */
bool sink_put(struct sink *s, const struct record *record);

/*
 * Ends the output; what is pending is dropped, so outfile_pending() should be 0.  An output that
 * this run created and nothing was written to is removed again unless `keep_empty`.  False:
 * `error` (SINK_ERROR bytes) says what was only found now.  NULL is ignored.
 */
bool sink_close(struct sink *s, bool keep_empty, char *error);

/* Notes a failure in the sink; returns false. */
bool sink_fail(struct sink *s, int error_number);

/* The forms.  Each opens its output, or returns NULL with a sentence in `error`. */
struct sink *sink_jsonl_open(const struct sink_setup *setup, char *error, size_t error_len);
struct sink *sink_body_open(const struct sink_setup *setup, char *error, size_t error_len);
struct sink *sink_dir_open(const struct sink_setup *setup, char *error, size_t error_len);

/*
 * For the forms: opens setup->path for appending, as a new file or an existing pipe or device
 * (never an existing file), and fills in the head.  False with a sentence in `error`.
 */
bool sink_open_file(struct sink *s, const struct sink_setup *setup, bool lines, char *error,
                    size_t error_len);

#endif
