/*
 * A small file that is there whole or not at all: written beside its place, and moved there once
 * it is complete.  For what a run writes beside its pages, the summary and the report.
 */
#ifndef PFETCH_TOOL_WHOLE_FILE_H
#define PFETCH_TOOL_WHOLE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"

struct whole_file;

/*
 * Created at once, so that a place that cannot be written is found before anything is sent.
 * `what` is the word for it in errors (kept).  NULL and a sentence in `error` where that fails.
 */
struct whole_file *whole_file_open(const char *what, const char *path, char *error,
                                   size_t error_len);

/*
 * Writes and frees; with `text` NULL, or failed, leaves no trace.  False and a sentence in `error`
 * where it cannot be written.  A NULL file is ignored.
 */
bool whole_file_close(struct whole_file *f, const struct bytes *text, char *error,
                      size_t error_len);

#endif
