/*
 * Where pages go.  Each form of output is one file with a `struct sink_ops`; whoever hands pages
 * over knows none of them.
 *
 * All of them append to one outfile (records, an index of records, or bodies), so what is pending,
 * what is busy and what failed is asked of that.
 *
 * What resumes a run is read from its output and nothing else.  An output that is opened to go on
 * with is scanned once, before the first put: that tells each record that is whole, and leaves the
 * file ending behind the last one.
 *
 *     s = sink_open(&setup)         setup.resume is set; setup.lock() has been asked
 *     sink_scan(s, on_record, arg)  whether the output existed before or not
 *     sink_put(s, record) …
 */
#ifndef PFETCH_TOOL_SINK_H
#define PFETCH_TOOL_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "outfile.h"
#include "record.h"
#include "record_read.h"
#include "record_scan.h"

#define SINK_ERROR 512u /* bytes of the sentence about a failure */

struct sink;

/* What a scan came across, told once it is over. */
struct sink_scanned {
    uint64_t records; /* whole ones                                                        */
    uint64_t damaged; /* records in between that cannot be read: as if they were not there */
    uint64_t missing; /* records whose file is gone or not as long: likewise, and not told */
    uint64_t cut;     /* bytes of a torn tail that were cut off                            */
};

struct sink_ops {
    /* Puts one page on record (borrowed).  False: s->error says why, and no more are taken. */
    bool (*put)(struct sink *s, const struct record *record);
    /* See sink_scan(); NULL where the form cannot be gone on with. */
    bool (*scan)(struct sink *s, record_scan_cb on_record, void *arg, struct sink_scanned *scanned);
    /* Once the output is closed: what comes after that; false: s->error.  NULL: nothing. */
    bool (*end)(struct sink *s);
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
    bool existed;              /* opened to go on with, and it was there                 */
    const char *run;           /* setup.run until a record has carried it                */
    char error[SINK_ERROR];    /* after a failure: a sentence                            */
    int error_number;          /* its errno value                                        */
};

enum sink_format { SINK_FORMAT_BY_NAME, SINK_FORMAT_JSONL, SINK_FORMAT_BODY, SINK_FORMAT_WARC };

#define SINK_ROLL_SIZE                                                                             \
    ((uint64_t)1 << 30) /* bytes after which an archive goes on in another file */

/* What the forms are made from; kept as long as the sink. */
struct sink_setup {
    const char *path; /* as -o has it; "-" is standard output */
    enum sink_format format;
    struct event_base *base;
    struct recorder *recorder;
    struct outfile_events events;
    bool resume;     /* what exists is gone on with; else it is refused        */
    bool fsync;      /* what is on record survives a loss of power             */
    const char *run; /* a JSON object: what of the command line makes the pages what they are.
                        Put on record once a process, in its first record ("run").  NULL:
                        nothing                                                             */
    /*
     * Asked as soon as the file that records go to is open, before a byte of it is read or
     * changed; `fd` is lent, and stays open as long as the sink.  False: `error` says why not.
     * NULL: not asked.
     */
    bool (*lock)(int fd, void *arg, char *error, size_t error_len);
    void *lock_arg;
    /* Of archives alone. */
    const char *profile_text; /* what made the pages: whose their header fields are (origin.h);
                                 borrowed; NULL: nobody's but the endpoint's               */
    uint64_t roll_size;       /* bytes; 0: SINK_ROLL_SIZE                                  */
    bool dedupe;              /* a body that was stored already is referred to             */
};

/*
 * Checks the path's form and the format against each other, touching nothing: NULL if they go
 * together, else a sentence, static.
 */
const char *sink_check(const char *path, enum sink_format format);
/* The same for --resume: NULL where that form can be gone on with. */
const char *sink_check_resume(const char *path, enum sink_format format);
/* Whether that is a web archive in files of its own. */
bool sink_is_archive(const char *path, enum sink_format format);

/* Whether an output of that path is a directory, or will be. */
bool sink_is_directory(const char *path);

/*
 * Opens the output; NULL and a sentence in `error` where it cannot be, or where it exists already
 * and is not to be gone on with.
 */
struct sink *sink_open(const struct sink_setup *setup, char *error, size_t error_len);

/*
 * Reads an output that was opened with setup.resume from its start and tells each whole record;
 * then cuts off what a kill or a full disk left torn at its end.  To be called once, before the
 * first put, whether the output existed or not.  False: s->error says why (read or cut failed, it
 * is no output of this form), or on_record ended it.
 */
bool sink_scan(struct sink *s, record_scan_cb on_record, void *arg, struct sink_scanned *scanned);

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

/*
 * For the forms: opens setup->path for appending: a new file, an existing pipe or device, or, to
 * go on with, an existing file.  Fills in the head; the descriptor is in file->fd, and file->base
 * and events are filled.  False with a sentence in `error`.
 */
bool sink_open_path(struct sink *s, const struct sink_setup *setup, struct outfile_setup *file,
                    char *error, size_t error_len);
/* Makes s->out from it, or closes the descriptor, and removes what was created. */
bool sink_open_file(struct sink *s, const struct outfile_setup *file, char *error,
                    size_t error_len);
/* Runs the scan of s->out's file, and makes that end behind its last whole record. */
bool sink_scan_lines(struct sink *s, struct record_scan *scan, struct sink_scanned *scanned);
/* How a file named `path` is packed. */
enum packing sink_packing(const char *path);

/* The forms.  Each opens its output, or returns NULL with a sentence in `error`. */
struct sink *sink_jsonl_open(const struct sink_setup *setup, char *error, size_t error_len);
struct sink *sink_body_open(const struct sink_setup *setup, char *error, size_t error_len);
struct sink *sink_dir_open(const struct sink_setup *setup, char *error, size_t error_len);
struct sink *sink_warc_open(const struct sink_setup *setup, char *error, size_t error_len);

#endif
