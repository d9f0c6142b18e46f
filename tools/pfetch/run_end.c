/*
 * How a run ends: the output is closed, and what became of everything is told.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "run_inner.h"
#include "summary.h"

static int exit_code(const struct run *r)
{
    switch (r->flow.stop) {
    case FLOW_STOP_OUTPUT:
        return RUN_OUTPUT;
    case FLOW_STOP_ACCOUNT:
        return RUN_ACCOUNT;
    case FLOW_STOP_SIGNAL:
        return RUN_SIGNAL + r->flow.signal_number;
    case FLOW_STOP_CREDITS:
    case FLOW_STOP_TIME:
        if (flow_is_incomplete(&r->flow))
            return RUN_LIMIT;
        break;
    case FLOW_STOP_SYSTEM:
        return RUN_SOME_FAILED;
    case FLOW_GOES_ON:
        break;
    }
    return tally_failed(&r->tally) + r->tally.there_failed > 0 ? RUN_SOME_FAILED : RUN_OK;
}

static const char *stopped_by(const struct run *r)
{
    switch (r->flow.stop) {
    case FLOW_STOP_OUTPUT:
        return "output";
    case FLOW_STOP_ACCOUNT:
        return "account";
    case FLOW_STOP_CREDITS:
        return flow_is_incomplete(&r->flow) ? "credits" : NULL;
    case FLOW_STOP_SIGNAL:
        return "signal";
    case FLOW_STOP_TIME:
        return flow_is_incomplete(&r->flow) ? "time" : NULL;
    case FLOW_STOP_SYSTEM:
        return "system";
    case FLOW_GOES_ON:
        break;
    }
    return NULL;
}

static bool close_summary(struct run *r, const struct summary *summary)
{
    struct bytes text;
    bool written;

    bytes_init(&text, 1u << 20);
    summary_json(&text, summary);
    bytes_text(&text, "\n");
    written = whole_file_close(r->summary, &text, r->error, sizeof(r->error));
    r->summary = NULL;
    bytes_fini(&text);
    return written;
}

static bool close_report(struct run *r)
{
    bool written = report_live_close(r->report, true, r->error, sizeof(r->error));

    r->report = NULL;
    return written;
}

static void tell_summary(struct run *r, const struct summary *summary)
{
    struct bytes text;
    char *line, *next;

    bytes_init(&text, 1u << 20);
    if (r->options->progress == PROGRESS_JSON)
        summary_json(&text, summary);
    else if (!r->options->quiet)
        summary_text(&text, summary);
    bytes_string(&text);
    for (line = text.failed ? NULL : text.data; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        console_line(r->console, line);
    }
    bytes_fini(&text);
}

/* For the next run, where this one has found anything. */
static void keep_found(const struct run *r, const struct fetch_stats *stats)
{
    if (r->account[0] && stats->limit_found > 0 && !found_write(r->account, stats->limit_found))
        console_say(r->console, FETCH_LOG_DEBUG,
                    "the concurrency found could not be kept for the next run");
}

int run_end(struct run *r)
{
    struct summary summary = {.tally = &r->tally,
                              .stats = {.size = sizeof(summary.stats)},
                              .elapsed_ms = tally_now_ms() - r->tally.start_ms,
                              .started = r->started,
                              .output = r->options->output,
                              .directory = sink_is_directory(r->options->output),
                              .resumable =
                                  !sink_check_resume(r->options->output, r->options->format),
                              .bodies = r->options->format == SINK_FORMAT_BODY};
    bool quiet_end = r->output.sink->error_number == EPIPE, closed;

    fetch_client_stats(r->client, &summary.stats);
    keep_found(r, &summary.stats);
    progress_free(r->progress);
    r->progress = NULL;
    if (r->flow.input_ended) {
        r->tally.total = r->tally.targets;
        r->tally.total_known = true;
    }
    closed = sink_close(r->output.sink, exit_code(r) == RUN_OK, r->error);
    r->output.sink = NULL;
    if (!closed) {
        console_say(r->console, FETCH_LOG_ERROR, "%s", r->error);
        r->flow.stop = FLOW_STOP_OUTPUT;
    }
    summary.exit_code = exit_code(r);
    summary.stopped_by = stopped_by(r);
    if (!close_report(r)) {
        console_say(r->console, FETCH_LOG_ERROR, "%s", r->error);
        summary.exit_code = RUN_OUTPUT;
    }
    if (!close_summary(r, &summary)) {
        console_say(r->console, FETCH_LOG_ERROR, "%s", r->error);
        summary.exit_code = RUN_OUTPUT;
    }
    if (!quiet_end)
        tell_summary(r, &summary);
    return summary.exit_code;
}
