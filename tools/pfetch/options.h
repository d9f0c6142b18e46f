/*
 * What the command line says, checked as far as that can be done without touching anything.
 *
 * The spellings are a contract: scripts rely on them.  Names are never abbreviated, so that a new
 * option cannot make an old script ambiguous.
 */
#ifndef PFETCH_TOOL_OPTIONS_H
#define PFETCH_TOOL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pfetch/fetch.h>

#include "sink.h"

#define OPTIONS_PAIRS 64u            /* parameters or headers: the library's ceiling */
#define OPTIONS_PROFILE "proxiesapi" /* where none is named */
#define OPTIONS_ERROR 512u           /* bytes of a sentence                          */

enum progress_form { PROGRESS_AUTO, PROGRESS_BAR, PROGRESS_PLAIN, PROGRESS_JSON, PROGRESS_NONE };

enum options_action {
    OPTIONS_RUN,
    OPTIONS_HELP,
    OPTIONS_HELP_ALL,
    OPTIONS_VERSION,
    OPTIONS_LIST_PROFILES,
    OPTIONS_SHOW_PROFILE,
    OPTIONS_SHOW_REQUEST,
    OPTIONS_WRONG
};

/* Strings point into argv unless said otherwise. */
struct options {
    const char **urls; /* own array; from the command line */
    size_t url_count;
    const char **lists; /* own array; "-" is standard input */
    size_t list_count;

    struct fetch_options fetch; /* all but key and log                                 */
    struct fetch_pair params[OPTIONS_PAIRS];  /* own strings                           */
    struct fetch_pair headers[OPTIONS_PAIRS]; /* own strings                           */
    const char **resolve;                     /* own array                             */

    char *key; /* own copy, key_drop() by options_fini(); NULL: the environment's           */
    const char *key_file;
    bool sandbox;
    const char *sandbox_spec; /* NULL: its default                                     */

    const char *show_profile; /* name, with OPTIONS_SHOW_PROFILE                       */

    const char *control;  /* file that is read at each SIGHUP, or NULL                 */
    uint32_t max_time_ms; /* of the run; 0: none                                       */
    uint64_t limit;       /* targets; 0: none                                          */

    const char *output; /* "-": standard output                                        */
    enum sink_format format;
    int resume;          /* goes on with an output that is there                       */
    int force;           /* even if its pages were made with other options             */
    int retry_failed;    /* and takes up what failed                                   */
    int unique;          /* equal targets once                                         */
    int ordered;         /* records in the list's order                                */
    int fsync;           /* what is on record survives a loss of power                 */
    const char *summary; /* file, or NULL                                              */

    enum progress_form progress;
    int quiet; /* non-zero: errors only */
    unsigned verbose;
    const char *log_file;
};

/*
 * Reads argv (kept; the key's bytes in it are wiped at once).  OPTIONS_WRONG comes with a sentence
 * in `error` (OPTIONS_ERROR bytes).  options_fini() is due whatever the result.
 */
enum options_action options_parse(struct options *o, int argc, char **argv, char *error);
void options_fini(struct options *o);

/* Lines of at most 80 columns, NULL-terminated, made of options.list: one screen of 24, and all. */
extern const char *const options_help[];
extern const char *const options_help_all[];

#endif
