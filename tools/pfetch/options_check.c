/*
 * Which options go together, and what a run needs: looked at once, before anything is opened or
 * sent.
 */
#include <string.h>
#include <unistd.h>

#include "options_inner.h"

static bool check_urls(struct options_parser *p)
{
    const struct options *o = p->o;

    for (size_t i = 0; i < o->url_count; i++) {
        const char *url = o->urls[i];

        if (strcmp(url, "-") == 0)
            return options_wrong(p, "\"-\" is no URL; to read a list from standard input say -i -");
        if (!strstr(url, "://") && access(url, F_OK) == 0)
            return options_wrong(
                p, "%.200s is a file and no URL; to read a list from it say -i %.200s", url, url);
    }
    return true;
}

/* What would be sent is shown for targets on the command line, and never the sandbox's. */
static bool check_shown(struct options_parser *p)
{
    const struct options *o = p->o;

    if (o->list_count > 0 || o->url_count == 0)
        return options_wrong(p, "--show-request: it takes URLs on the command line, not a list");
    if (o->sandbox)
        return options_wrong(p, "--show-request and --sandbox contradict each other");
    return check_urls(p);
}

/* What is there and has no scheme is an output to draw, where --report is. */
static bool names_outputs(const struct options *o)
{
    for (size_t i = 0; i < o->url_count; i++) {
        if (strstr(o->urls[i], "://") || access(o->urls[i], F_OK) != 0)
            return false;
    }
    return o->url_count > 0;
}

static bool check_report(struct options_parser *p)
{
    struct options *o = p->o;
    bool outputs = names_outputs(o), standard = strcmp(o->output, "-") == 0;

    if (!o->report)
        return true;
    if (strcmp(o->report, "-") == 0 || strcmp(o->report, o->output) == 0 ||
        (o->summary && strcmp(o->report, o->summary) == 0))
        return options_wrong(p, "--report %.200s: it needs a file of its own", o->report);
    if (o->list_count > 0 || (o->url_count > 0 && !outputs))
        return true;
    if (!outputs && standard)
        return options_wrong(
            p, "--report draws the outputs that are named; to fetch a list from standard "
               "input first say -i -");
    if (outputs && !standard)
        return options_wrong(p,
                             "--report: name what it draws either behind the options or with -o");
    if (o->summary)
        return options_wrong(p, "--summary goes with a run, and --report without targets is none");
    p->action = OPTIONS_REPORT;
    return true;
}

static bool check_run(struct options_parser *p)
{
    struct options *o = p->o;
    const char *why = sink_check(o->output, o->format);
    unsigned stdins = 0;

    if (!check_report(p))
        return false;
    if (p->action == OPTIONS_REPORT)
        return true;
    if (why)
        return options_wrong(p, "--output %.200s: %s", o->output, why);
    if ((o->retry_failed || o->force) && !o->resume)
        return options_wrong(p, "--%s: it goes with --resume", o->force ? "force" : "retry-failed");
    why = o->resume ? sink_check_resume(o->output, o->format) : NULL;
    if (why)
        return options_wrong(p, "--resume with the output %.200s: %s", o->output, why);
    if ((o->dedupe || o->roll_size) && !sink_is_archive(o->output, o->format))
        return options_wrong(
            p, "--dedupe-content and --roll-size are for archives: name one, FILE.warc or "
               "FILE.warc.gz, with -o");
    for (size_t i = 0; i < o->list_count; i++)
        stdins += strcmp(o->lists[i], "-") == 0;
    if (stdins > 1)
        return options_wrong(p, "-i - can be given only once");
    if (o->key && o->key_file)
        return options_wrong(p, "--key and --key-file contradict each other");
    if (o->sandbox && o->fetch.endpoint)
        return options_wrong(p, "--sandbox and --endpoint contradict each other");
    if (o->summary && (strcmp(o->summary, "-") == 0 || strcmp(o->summary, o->output) == 0))
        return options_wrong(p, "--summary %.200s: it needs a file of its own", o->summary);
    if (o->quiet && o->verbose)
        return options_wrong(p, "-q and -v contradict each other");
    return check_urls(p);
}

bool options_check(struct options_parser *p)
{
    if (p->action == OPTIONS_RUN)
        return check_run(p);
    return p->action != OPTIONS_SHOW_REQUEST || check_shown(p);
}
