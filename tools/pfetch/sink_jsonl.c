/* Every page as one line of JSONL, to a file, a pipe or standard output. */
#include <stdio.h>
#include <stdlib.h>

#include "sink.h"

static bool put(struct sink *s, const struct record *record)
{
    recorder_put(s->recorder, outfile_begin(s->out), record);
    return outfile_commit(s->out) || sink_fail(s, outfile_error(s->out));
}

static void free_sink(struct sink *s)
{
    free(s);
}

static const struct sink_ops jsonl_ops = {.put = put, .free = free_sink};

struct sink *sink_jsonl_open(const struct sink_setup *setup, char *error, size_t error_len)
{
    struct sink *s = calloc(1, sizeof(*s));

    if (!s) {
        snprintf(error, error_len, "out of memory");
        return NULL;
    }
    s->ops = &jsonl_ops;
    s->recorder = setup->recorder;
    if (sink_open_file(s, setup, true, error, error_len))
        return s;
    free(s);
    return NULL;
}
