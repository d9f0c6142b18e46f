/*
 * Everything that can be found wrong is found before anything is sent, and the output is opened
 * last: a run that is refused leaves no empty file behind that would refuse the next one.
 */
#include "run_inner.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "key.h"

#define SPARE_DESCRIPTORS 320u /* lists, output folders, listening sockets and the loop's own */

static bool fail(struct run *r, const char *why)
{
    snprintf(r->error, sizeof(r->error), "%s", why);
    return false;
}

static enum progress_form progress_form(const struct run *r)
{
    const struct options *o = r->options;
    bool terminal = console_is_terminal(r->console);
    bool pages_are_seen = strcmp(o->output, "-") == 0 && isatty(STDOUT_FILENO);

    if (o->progress == PROGRESS_AUTO && (o->quiet || pages_are_seen))
        return PROGRESS_NONE;
    if (o->progress == PROGRESS_AUTO)
        return terminal ? PROGRESS_BAR : PROGRESS_PLAIN;
    return o->progress == PROGRESS_BAR && !terminal ? PROGRESS_PLAIN : o->progress;
}

static bool open_console(struct run *r)
{
    const struct options *o = r->options;
    struct console_setup setup = {.fd = STDERR_FILENO,
                                  .level = FETCH_LOG_WARNING,
                                  .json = o->progress == PROGRESS_JSON,
                                  .log_file = o->log_file};

    if (o->quiet)
        setup.level = FETCH_LOG_ERROR;
    else if (o->verbose)
        setup.level = o->verbose > 1 ? FETCH_LOG_DEBUG : FETCH_LOG_INFO;
    r->console = console_new(&setup, r->error, sizeof(r->error));
    if (r->console)
        return true;
    setup.log_file = NULL;
    r->console = console_new(&setup, (char[8]){0}, 8);
    return false;
}

/* Each call in flight takes a descriptor, and the usual soft limit is far below the hard one. */
static void raise_descriptor_limit(struct run *r)
{
    const struct fetch_options *o = &r->options->fetch;
    unsigned calls =
        o->connections && o->connections < o->concurrency ? o->connections : o->concurrency;
    unsigned wanted = calls * (r->options->sandbox ? 2 : 1) + SPARE_DESCRIPTORS;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    if (limit.rlim_cur != limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        (void)getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < wanted)
        console_say(r->console, FETCH_LOG_WARNING,
                    "%u calls at once may need %u descriptors over HTTP/1.1, and the system allows "
                    "%llu (ulimit -n)",
                    calls, wanted, (unsigned long long)limit.rlim_cur);
}

/* Where there is nothing else, what is piped in is the list. */
static bool default_input(struct run *r)
{
    struct options *o = r->options;

    if (o->url_count + o->list_count > 0)
        return true;
    if (isatty(STDIN_FILENO))
        return fail(r, "there is nothing to fetch: give URLs, or a list with -i FILE "
                       "(pfetch --help shows the options)");
    o->lists[o->list_count++] = "-";
    return true;
}

static bool read_key(struct run *r)
{
    struct options *o = r->options;

    return !o->key_file || key_read(o->key_file, &o->key, r->error, sizeof(r->error));
}

/* The sandbox plays the client's profile, unless its own spec names another. */
static struct sandbox *new_sandbox(struct run *r)
{
    const struct options *o = r->options;
    const char *spec = o->sandbox_spec ? o->sandbox_spec : "";
    struct sandbox *sandbox = NULL;
    char *text = NULL;

    if (!o->fetch.profile)
        return sandbox_new(r->base, spec, r->error, sizeof(r->error));
    if (asprintf(&text, "profile=%s%s%s", o->fetch.profile, *spec ? "," : "", spec) < 0)
        fail(r, "out of memory");
    else
        sandbox = sandbox_new(r->base, text, r->error, sizeof(r->error));
    free(text);
    return sandbox;
}

static bool open_sandbox(struct run *r)
{
    struct options *o = r->options;

    if (!o->sandbox)
        return true;
    r->sandbox = new_sandbox(r);
    if (!r->sandbox)
        return false;
    if (!o->fetch.profile && !o->fetch.profile_file)
        o->fetch.profile = sandbox_profile(r->sandbox);
    if (sandbox_listen(r->sandbox, "127.0.0.1", 0) != 0) {
        snprintf(r->error, sizeof(r->error), "the sandbox cannot listen: %s", strerror(errno));
        return false;
    }
    snprintf(r->sandbox_url, sizeof(r->sandbox_url), "http://127.0.0.1:%u/",
             (unsigned)sandbox_port(r->sandbox));
    o->fetch.endpoint = r->sandbox_url;
    console_say(r->console, FETCH_LOG_INFO, "the sandbox is %s: nothing leaves this machine",
                r->sandbox_url);
    if (!o->key)
        o->key = strdup("demo");
    return o->key || fail(r, "out of memory");
}

/* The value of the profile's variable for the key, or NULL. */
static const char *profile_key(const struct run *r)
{
    char name[FETCH_VARIABLE_BYTES];

    /* Options that are not in order are told of when the client is made. */
    (void)fetch_key_variable(name, &r->options->fetch, NULL);
    return name[0] ? getenv(name) : NULL;
}

/* The first that says anything. */
static const char *first_of(const char *a, const char *b, const char *c)
{
    if (a && *a)
        return a;
    return b && *b ? b : c;
}

/* Whose concurrency is searched for: what was found is kept for the next run. */
static void know_account(struct run *r)
{
    const struct options *o = r->options;
    const char *key = first_of(o->key, profile_key(r), getenv("PFETCH_KEY"));
    const char *profile = first_of(o->fetch.profile_file, o->fetch.profile, OPTIONS_PROFILE);
    const char *endpoint = first_of(o->fetch.endpoint, getenv("PFETCH_ENDPOINT"), profile);

    if (!o->sandbox && o->fetch.concurrency == 0 && key && *key)
        found_mark(r->account, endpoint, key);
}

/* What the library may take the key from. */
static bool add_environment_secrets(struct run *r)
{
    return redact_add(&r->secrets, profile_key(r)) && redact_add(&r->secrets, getenv("PFETCH_KEY"));
}

static bool open_recorder(struct run *r)
{
    if (!redact_add(&r->secrets, r->options->key) || !add_environment_secrets(r))
        return fail(r, "out of memory");
    r->recorder = recorder_new(&r->secrets);
    return r->recorder || fail(r, "out of memory");
}

static bool open_input(struct run *r)
{
    const struct options *o = r->options;
    uint64_t total = 0;

    r->input = input_new(r->base, o->urls, o->url_count, o->lists, o->list_count, flow_on_input,
                         &r->flow, r->error, sizeof(r->error));
    if (!r->input)
        return false;
    r->tally.total_known = input_count(r->input, &total);
    r->tally.total = o->limit && o->limit < total ? o->limit : total;
    return true;
}

static void on_log(enum fetch_log_level level, const char *message, void *arg)
{
    struct run *r = arg;

    console_say(r->console, level, "%s", message);
}

static bool open_client(struct run *r)
{
    struct fetch_options options = r->options->fetch;
    struct fetch_failure failure;

    know_account(r);
    options.key = r->options->key;
    options.on_log = on_log;
    options.log_arg = r;
    if (r->account[0])
        options.concurrency_start = found_read(r->account);
    if (fetch_client_new(&r->client, r->base, &options, &failure) == FETCH_OK)
        return true;
    return fail(r, failure.message);
}

static bool open_control(struct run *r)
{
    if (!r->options->control)
        return true;
    r->control = control_new(r->base, r->options->control, r->client, r->console, r->error,
                             sizeof(r->error));
    return r->control != NULL;
}

static bool open_output(struct run *r)
{
    const struct output_setup setup = {
        .options = r->options,
        .base = r->base,
        .recorder = r->recorder,
        .console = r->console,
        .events = {.on_room = flow_on_room, .on_fail = flow_on_output_failed, .arg = &r->flow}};

    if (!output_open(&r->output, &setup, r->error, sizeof(r->error)))
        return false;
    r->tally.there_failed = r->output.failed;
    return true;
}

static bool open_summary(struct run *r)
{
    if (!r->options->summary)
        return true;
    r->summary = whole_file_open("summary", r->options->summary, r->error, sizeof(r->error));
    return r->summary != NULL;
}

static bool open_figures(struct run *r)
{
    r->tally.figures = figures_new(r->options->report != NULL);
    return r->tally.figures || fail(r, "out of memory");
}

static bool open_report(struct run *r)
{
    const struct report_live_setup setup = {.path = r->options->report,
                                            .base = r->base,
                                            .client = r->client,
                                            .tally = &r->tally,
                                            .output = r->options->output};

    if (!r->options->report)
        return true;
    r->report = report_live_open(&setup, r->error, sizeof(r->error));
    return r->report != NULL;
}

static bool open_all(struct run *r)
{
    if (!open_console(r) || !default_input(r) || !read_key(r))
        return false;
    raise_descriptor_limit(r);
    r->base = event_base_new();
    if (!r->base)
        return fail(r, "the system gives no event loop");
    return open_sandbox(r) && open_recorder(r) && open_input(r) && open_client(r) &&
           open_control(r) && open_figures(r) && open_summary(r) && open_report(r) &&
           open_output(r);
}

static bool start(struct run *r)
{
    const struct options *o = r->options;
    const struct flow_parts parts = {.base = r->base,
                                     .client = r->client,
                                     .input = r->input,
                                     .sink = r->output.sink,
                                     .due = r->output.due,
                                     .order = r->output.order,
                                     .console = r->console,
                                     .tally = &r->tally,
                                     .limit = o->limit,
                                     .max_time_ms = o->max_time_ms,
                                     .resumable = !sink_check_resume(o->output, o->format),
                                     .tell_failures = o->format == SINK_FORMAT_BODY};
    const struct progress_view view = {
        .tally = &r->tally, .client = r->client, .note = &r->flow.note};

    r->started = time(NULL);
    r->tally.start_ms = tally_now_ms();
    r->progress = progress_new(r->base, r->console, progress_form(r), &view);
    return (r->progress && flow_init(&r->flow, &parts)) || fail(r, "out of memory");
}

static void close_all(struct run *r)
{
    char ignored[SINK_ERROR];

    progress_free(r->progress);
    flow_fini(&r->flow);
    output_fini(&r->output);
    whole_file_close(r->summary, NULL, ignored, sizeof(ignored));
    report_live_close(r->report, false, ignored, sizeof(ignored));
    control_free(r->control);
    fetch_client_free(r->client);
    sandbox_free(r->sandbox);
    input_free(r->input);
    figures_free(r->tally.figures);
    recorder_free(r->recorder);
    redact_fini(&r->secrets);
    if (r->base)
        event_base_free(r->base);
    console_free(r->console);
    free(r);
}

int run_pfetch(struct options *options)
{
    struct run *r = calloc(1, sizeof(*r));
    int code = RUN_USAGE;

    if (!r)
        return RUN_USAGE;
    r->options = options;
    if (open_all(r) && start(r)) {
        flow_run(&r->flow);
        code = run_end(r);
    } else if (r->console) {
        console_say(r->console, FETCH_LOG_ERROR, "%s", r->error);
    }
    close_all(r);
    return code;
}
