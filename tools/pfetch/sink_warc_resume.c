/*
 * An archive that is gone on with: what it holds is read, indexed and remembered, and a torn tail
 * is cut off.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sink_warc_inner.h"
#include "warc_files.h"
#include "warc_scan.h"

struct reading {
    struct sink_warc *w;
    unsigned number;
    const char *name;
};

/* Later revisits may refer to it. */
static bool note_twin(const struct reading *r, const struct warc_found *f)
{
    const struct warc_place place = {.number = r->number, .offset = f->offset};

    if (!r->w->dedupe || f->revisit || f->truncated || strncmp(f->digest, "sha256:", 7) != 0 ||
        strspn(f->digest + 7, "0123456789abcdef") != RECORDER_SHA256 - 1)
        return true;
    return warc_twins_add(&r->w->twins, f->digest + 7, &place);
}

static bool on_main(const struct warc_found *f, void *arg)
{
    struct reading *r = arg;
    const struct cdxj_capture capture = {.uri = f->uri,
                                         .uri_len = strlen(f->uri),
                                         .date = f->date,
                                         .mime = f->revisit ? "warc/revisit" : f->mime,
                                         .mime_len = f->revisit ? strlen("warc/revisit")
                                                     : f->mime  ? strlen(f->mime)
                                                                : 0,
                                         .status = f->status,
                                         .digest = f->digest};

    bytes_cut(&r->w->line, 0);
    cdxj_put_capture(&r->w->line, &r->w->surt, &capture);
    sink_warc_index(r->w, f->length, f->offset, r->name);
    if (note_twin(r, f))
        return true;
    snprintf(r->w->sink.error, sizeof(r->w->sink.error), "cannot go on with %s: out of memory",
             r->name);
    return false;
}

static bool cannot_go_on(struct sink *s, const char *name, const char *why)
{
    snprintf(s->error, sizeof(s->error), "cannot go on with %s: %s", name, why);
    return false;
}

static bool scan_file(struct sink_warc *w, int fd, const struct reading *reading,
                      struct warc_scan *scan, struct sink_scanned *scanned)
{
    const char *name = reading->name;
    enum record_scan_result result;
    struct stat st;

    scan->fd = fd;
    scan->main_arg = (void *)(uintptr_t)reading;
    result = warc_scan_run(scan);
    scanned->records += scan->records;
    scanned->damaged += scan->damaged;
    if (result == RECORD_SCAN_STOPPED)
        return false;
    if (result == RECORD_SCAN_DAMAGED)
        return cannot_go_on(&w->sink, name,
                            "it is damaged before its end, or no archive of this program; go on "
                            "in another output");
    if (result == RECORD_SCAN_ERROR || fstat(fd, &st) != 0)
        return cannot_go_on(&w->sink, name, strerror(errno));
    if ((uint64_t)st.st_size > scan->end.offset)
        scanned->cut += (uint64_t)st.st_size - scan->end.offset;
    errno = unpack_cut(fd, w->packing, &scan->end);
    return errno == 0 || cannot_go_on(&w->sink, name, strerror(errno));
}

static bool scan_number(struct sink_warc *w, unsigned n, struct warc_scan *scan,
                        struct sink_scanned *scanned)
{
    char *name = warc_files_path(w->path, n);
    const struct reading reading = {.w = w, .number = n, .name = name};
    bool between = n > 0 && n < w->file, fine;
    int fd = n == w->file ? w->fd : w->first_fd;

    if (!name)
        return cannot_go_on(&w->sink, w->path, strerror(ENOMEM));
    if (between)
        fd = open(name, O_RDWR | O_CLOEXEC);
    fine = fd >= 0 ? scan_file(w, fd, &reading, scan, scanned)
                   : cannot_go_on(&w->sink, name, strerror(errno));
    if (between && fd >= 0)
        close(fd);
    free(name);
    return fine;
}

bool sink_warc_scan(struct sink *s, record_scan_cb on_record, void *arg,
                    struct sink_scanned *scanned)
{
    struct sink_warc *w = (struct sink_warc *)s;
    struct warc_scan scan = {
        .packing = w->packing, .on_record = on_record, .arg = arg, .on_main = on_main};

    for (unsigned n = 0; n <= w->file; n++) {
        if (!scan_number(w, n, &scan, scanned))
            return false;
    }
    w->has_info = scan.info_id[0] != '\0';
    warc_set_info(w->warc, scan.info_id);
    w->end = scan.end.offset;
    w->begun = true;
    return true;
}
