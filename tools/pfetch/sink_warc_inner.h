/*
 * The inside of an archive, between sink_warc.c (pages go in) and sink_warc_resume.c (what is there
 * already).
 */
#ifndef PFETCH_TOOL_SINK_WARC_INNER_H
#define PFETCH_TOOL_SINK_WARC_INNER_H

#include "cdxj.h"
#include "sink.h"
#include "warc.h"
#include "warc_queue.h"
#include "warc_twins.h"

struct sink_warc {
    struct sink sink;
    const char *path;
    uint64_t roll_size;
    bool sync;
    enum packing packing;
    struct origin origin;
    struct warc *warc;
    struct surt surt;
    struct bytes line;

    unsigned file; /* number of the one that is written           */
    int fd;        /* the outfile's                               */
    int first_fd;  /* of number 0 once that is another one; or -1 */
    char *name;    /* the path of the one that is written         */
    bool has_info; /* it begins with its warcinfo record          */

    char *index_path;
    struct cdxj *index; /* NULL: a pipe has none                       */
    int index_error;    /* an errno value: there will be none          */
    bool index_is_old;  /* what is there of an earlier run is to go    */
    bool begun;         /* there is something to index                 */
    struct warc_queue queue;

    bool dedupe; /* equal payloads are stored once                */
    struct warc_twins twins;
    struct bytes twin; /* strings of a record that a revisit refers to */

    uint64_t parts;   /* records handed over                         */
    uint64_t written; /* records on record                           */
    uint64_t raw;     /* bytes of them, ...                           */
    uint64_t packed;  /* ... and in the files                        */
    uint64_t end;     /* bytes of the file that is written           */
};

/*
 * sink_warc.c: the line of the index that has been begun in `line` gets its record's place, in the
 * file of that name, and goes to the others.  What goes wrong is noted in index_error.
 */
void sink_warc_index(struct sink_warc *w, uint64_t length, uint64_t offset, const char *name);

/* sink_warc_resume.c: see sink_ops. */
bool sink_warc_scan(struct sink *s, record_scan_cb on_record, void *arg,
                    struct sink_scanned *scanned);

#endif
