/*
 * Outputs that are there, read for the report.
 */
#ifndef PFETCH_TOOL_REPORT_READ_H
#define PFETCH_TOOL_REPORT_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tally.h"

/* What was come across; added to. */
struct report_seen {
    uint64_t again;  /* records that replace an earlier one of their target, which counts too */
    uint64_t broken; /* lines, or records of an archive, that are no whole record             */
    bool torn;       /* a packed file is damaged before its end: what follows is not counted  */
};

/*
 * Adds the pages of an output: a directory with an index.jsonl; a file of records, packed by gzip or
 * zstd or not; or a web archive, packed or not, with the files that it goes on in.  False, and a sentence in `error`, where nothing can be read, or what is
 * there is no output of pfetch.
 */
bool report_read(const char *path, struct tally *tally, struct report_seen *seen, char *error,
                 size_t error_len);

#endif
