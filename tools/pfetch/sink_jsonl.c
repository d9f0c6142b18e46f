/*
 * Every page as one line of JSONL, to a file, packed or not, a pipe or standard output.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sink.h"

struct sink_jsonl {
    struct sink sink;
    int fd; /* the outfile's */
    enum packing packing;
};

static bool put(struct sink *s, const struct record *record)
{
    recorder_put(s->recorder, outfile_begin(s->out), record);
    return outfile_commit(s->out) || sink_fail(s, outfile_error(s->out));
}

static bool scan(struct sink *s, record_scan_cb on_record, void *arg, struct sink_scanned *scanned)
{
    const struct sink_jsonl *j = (const struct sink_jsonl *)s;
    struct record_scan all = {
        .fd = j->fd, .packing = j->packing, .on_record = on_record, .arg = arg};

    return sink_scan_lines(s, &all, scanned);
}

static void free_sink(struct sink *s)
{
    free(s);
}

static const struct sink_ops jsonl_ops = {.put = put, .scan = scan, .free = free_sink};

struct sink *sink_jsonl_open(const struct sink_setup *setup, char *error, size_t error_len)
{
    struct outfile_setup file = {.records = true, .packing = sink_packing(setup->path)};
    struct sink_jsonl *j = calloc(1, sizeof(*j));

    if (!j) {
        snprintf(error, error_len, "out of memory");
        return NULL;
    }
    j->sink.ops = &jsonl_ops;
    j->sink.recorder = setup->recorder;
    j->packing = file.packing;
    if (sink_open_path(&j->sink, setup, &file, error, error_len)) {
        j->fd = file.fd;
        if (sink_open_file(&j->sink, &file, error, error_len))
            return &j->sink;
    }
    free(j);
    return NULL;
}
