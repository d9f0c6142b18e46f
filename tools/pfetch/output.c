/*
 * What resumes a run is read from its output and kept nowhere else, so there is nothing that
 * could disagree with it.
 */
#include "output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lock.h"
#include "origin.h"
#include "recipe.h"
#include "units.h"

struct opening {
    struct output *out;
    const struct output_setup *set;
    char *error;
    size_t error_len;
};

static bool fail(const struct opening *p, const char *why)
{
    snprintf(p->error, p->error_len, "%s", why);
    return false;
}

static bool lock_output(int fd, void *arg, char *error, size_t error_len)
{
    return lock_take(fd, arg, error, error_len);
}

static bool open_sink(const struct opening *p)
{
    const struct options *o = p->set->options;
    struct sink_setup setup = {.path = o->output,
                               .format = o->format,
                               .base = p->set->base,
                               .recorder = p->set->recorder,
                               .events = p->set->events,
                               .resume = o->resume,
                               .fsync = o->fsync,
                               .lock = lock_output,
                               .lock_arg = (void *)(uintptr_t)o->output,
                               .roll_size = o->roll_size,
                               .dedupe = o->dedupe};
    char *profile = origin_text(o->fetch.profile, o->fetch.profile_file);

    p->out->recipe = recipe_new(o);
    setup.run = p->out->recipe;
    setup.profile_text = profile;
    if (p->out->recipe)
        p->out->sink = sink_open(&setup, p->error, p->error_len);
    else
        fail(p, "out of memory");
    free(profile);
    return p->out->sink != NULL;
}

static void tell_resumed(const struct opening *p, const struct sink_scanned *scanned)
{
    const struct options *o = p->set->options;
    struct console *console = p->set->console;
    char count[UNITS_MAX], failed[UNITS_MAX], bad[UNITS_MAX + 64] = "";

    if (p->out->failed > 0)
        snprintf(bad, sizeof(bad), ", %s of them not ok%s", units_count(failed, p->out->failed),
                 o->retry_failed ? "" : " (--retry-failed takes those up again)");
    console_note(console, "resuming: %s %s in %s%s", units_count(count, scanned->records),
                 scanned->records == 1 ? "record is" : "records are", o->output, bad);
    if (scanned->cut > 0)
        console_note(console, "%s of a torn record were cut off its end",
                     units_bytes(count, scanned->cut));
    if (scanned->damaged > 0)
        console_say(console, FETCH_LOG_WARNING,
                    "%s lines of %s are no records; they stay, and count for nothing",
                    units_count(count, scanned->damaged), o->output);
    if (scanned->missing > 0)
        console_say(console, FETCH_LOG_WARNING,
                    "the files of %s records in %s are gone or not whole: fetched again if they "
                    "are in the list",
                    units_count(count, scanned->missing), o->output);
}

/* Pages that other options would make are not mixed with those that are there, unless forced. */
static bool check_recipe(const struct opening *p)
{
    const char *before = due_run(p->out->due);
    char what[OPTIONS_ERROR / 2];

    if (!before || p->set->options->force ||
        recipe_equal(before, p->out->recipe, what, sizeof(what)))
        return true;
    snprintf(p->error, p->error_len,
             "the pages in %.200s were made with another %s: say the same again, or --force to go "
             "on with this",
             p->set->options->output, what);
    return false;
}

static bool open_due(const struct opening *p)
{
    const struct options *o = p->set->options;
    struct output *out = p->out;
    const struct due_setup setup = {.retry_failed = o->retry_failed,
                                    .unique = o->unique,
                                    .fresh = sink_is_directory(o->output)};
    struct sink_scanned scanned;

    out->due = due_new(&setup);
    if (!out->due)
        return fail(p, "out of memory");
    if (!o->resume)
        return true;
    if (!sink_scan(out->sink, due_on_record, out->due, &scanned) ||
        !due_count_failed(out->due, &out->failed))
        return fail(p, out->sink->error[0] ? out->sink->error : "out of memory");
    if (out->sink->existed)
        tell_resumed(p, &scanned);
    return check_recipe(p);
}

/* What waits for its turn spills beside the output, where there is room for as much. */
static bool open_order(const struct opening *p)
{
    const char *path = p->set->options->output, *temporary = getenv("TMPDIR");
    const char *slash = strrchr(path, '/');
    struct output *out = p->out;
    const struct order_setup setup = {.directory = out->spill};

    if (!p->set->options->ordered)
        return true;
    if (strcmp(path, "-") == 0)
        snprintf(out->spill, sizeof(out->spill), "%s",
                 temporary && *temporary ? temporary : "/tmp");
    else if (slash)
        snprintf(out->spill, sizeof(out->spill), "%.*s", (int)(slash - path) + 1, path);
    else
        snprintf(out->spill, sizeof(out->spill), ".");
    out->order = order_new(&setup);
    return out->order || fail(p, "out of memory");
}

bool output_open(struct output *out, const struct output_setup *setup, char *error,
                 size_t error_len)
{
    const struct opening p = {.out = out, .set = setup, .error = error, .error_len = error_len};

    return open_sink(&p) && open_due(&p) && open_order(&p);
}

void output_fini(struct output *out)
{
    char ignored[SINK_ERROR];

    sink_close(out->sink, false, ignored);
    due_free(out->due);
    order_free(out->order);
    free(out->recipe);
    *out = (struct output){.sink = NULL};
}
