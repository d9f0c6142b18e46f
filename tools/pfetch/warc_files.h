/*
 * The files of an archive: FILE.warc.gz, then FILE-00001.warc.gz, FILE-00002.warc.gz and so on, each
 * begun when the one before is large enough.
 */
#ifndef PFETCH_TOOL_WARC_FILES_H
#define PFETCH_TOOL_WARC_FILES_H

#include <stdbool.h>
#include <stddef.h>

#define WARC_FILES_MAX 99999u

/* The path (gives, free()) of number `n`, 0 being `path` itself.  NULL: memory. */
char *warc_files_path(const char *path, unsigned n);
/* The path of the index (gives): FILE.cdxj. */
char *warc_files_index(const char *path);
/* The path (gives) of number 0 that goes with the name of a further one.  NULL: it is none, or memory. */
char *warc_files_first(const char *path);
/* Without its directories; part of `path`. */
const char *warc_files_leaf(const char *path);

/*
 * How many there are beside `path` itself: numbers 1 to *count, unless *gap says that one of them is
 * missing.  False and errno where the directory cannot be read.
 */
bool warc_files_count(const char *path, unsigned *count, bool *gap);

#endif
