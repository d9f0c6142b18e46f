/*
 * Which targets of the list are still due: not those that the output holds already, when a run is
 * resumed, and with --unique not those that this run has had before.
 *
 * Targets are known by what they request (identity.h) and by how often the output has them, so
 * that a list that grew or was shuffled resumes too.
 */
#ifndef PFETCH_TOOL_DUE_H
#define PFETCH_TOOL_DUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "identity.h"
#include "record_read.h"

struct due;

struct due_setup {
    bool retry_failed; /* what the output has as failed is due again, but where that is final */
    bool unique;       /* equal targets are due once                                          */
    bool fresh;        /* due_said.fresh is wanted: 24 bytes for each target of a resumed run */
};

enum due_answer {
    DUE_YES,
    DUE_AGAIN, /* it failed last time                                          */
    DUE_THERE, /* the output has its page                                      */
    DUE_TWICE, /* an equal target was due before                               */
    DUE_NOMEM
};

/* What is put on record with a target. */
struct due_said {
    char request[IDENTITY_HEX]; /* "" where the URL tells the whole request                     */
    bool fresh;                 /* neither the output nor an earlier target has this request */
};

/* NULL: memory. */
struct due *due_new(const struct due_setup *setup);
void due_free(struct due *d);

/* A record_scan_cb whose `arg` is the due: what the output holds.  False: memory ran out. */
bool due_on_record(const struct record_head *head, void *arg);

/* The last "run" of the records, or NULL; lent until the next record. */
const char *due_run(struct due *d);
/* How many pages of the output are not ok.  False: memory. */
bool due_count_failed(struct due *d, uint64_t *failed);

/* The next target of the list (borrowed), or a line that is none. */
enum due_answer due_target(struct due *d, const struct fetch_target *target, struct due_said *said);
enum due_answer due_broken(struct due *d, const char *text, size_t n, struct due_said *said);

#endif
