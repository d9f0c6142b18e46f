#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "console.h"
#include "report.h"
#include "report_read.h"
#include "run.h"
#include "units.h"
#include "warc_files.h"
#include "whole_file.h"

bool report_write(struct whole_file *file, const struct tally *t, const struct report_about *about,
                  char *error, size_t error_len)
{
    struct bytes page;
    bool written;

    bytes_init(&page, REPORT_MAX);
    if (t)
        report_html(&page, t, about);
    written = whole_file_close(file, t ? &page : NULL, error, error_len);
    if (page.failed)
        snprintf(error, error_len, "cannot write the report: out of memory");
    written &= !page.failed;
    bytes_fini(&page);
    return written;
}

/* One of the files of an archive that is named too, and so is read with it: as with pages*.warc. */
static bool is_read_with_another(const struct options *o, const char *path)
{
    char *first = warc_files_first(path);
    bool found = false;

    for (size_t i = 0; first && i < o->url_count && !found; i++)
        found = strcmp(o->urls[i], first) == 0;
    free(first);
    return found;
}

/* Where there are no targets, -o names what is read; else what would be targets does. */
static bool read_outputs(const struct options *o, struct tally *t, struct report_seen *seen,
                         char *error)
{
    if (o->url_count == 0)
        return report_read(o->output, t, seen, error, OPTIONS_ERROR);
    for (size_t i = 0; i < o->url_count; i++) {
        if (!is_read_with_another(o, o->urls[i]) &&
            !report_read(o->urls[i], t, seen, error, OPTIONS_ERROR))
            return false;
    }
    return true;
}

static int draw(const struct options *o, struct tally *t, struct report_about *about, char *error)
{
    struct whole_file *file = whole_file_open("report", o->report, error, OPTIONS_ERROR);

    if (!file)
        return RUN_OUTPUT;
    if (!read_outputs(o, t, &about->seen, error)) {
        char ignored[OPTIONS_ERROR];

        (void)report_write(file, NULL, about, ignored, sizeof(ignored));
        return RUN_USAGE;
    }
    return report_write(file, t, about, error, OPTIONS_ERROR) ? RUN_OK : RUN_OUTPUT;
}

static void tell(struct console *console, const struct options *o, const struct tally *t,
                 const struct report_seen *seen)
{
    char count[UNITS_MAX];

    if (seen->broken > 0)
        console_say(console, FETCH_LOG_WARNING, "%s %s not whole, and left out",
                    units_count(count, seen->broken),
                    seen->broken == 1 ? "record is" : "records are");
    if (seen->torn)
        console_say(console, FETCH_LOG_WARNING,
                    "an output is damaged before its end; what follows there is left out");
    console_note(console, "the report on %s %s is in %s", units_count(count, t->recorded),
                 t->recorded == 1 ? "page" : "pages", o->report);
}

int report_run(const struct options *o)
{
    const struct console_setup setup = {.fd = STDERR_FILENO,
                                        .level = o->quiet ? FETCH_LOG_ERROR : FETCH_LOG_WARNING,
                                        .json = o->progress == PROGRESS_JSON,
                                        .log_file = o->log_file};
    char error[OPTIONS_ERROR] = "out of memory";
    struct console *console = console_new(&setup, error, sizeof(error));
    struct report_about about = {.output = o->url_count > 0 ? o->urls[0] : o->output,
                                 .more = o->url_count > 0 ? o->url_count - 1 : 0};
    struct tally tally = {.figures = figures_new(true)};
    int code = RUN_USAGE;

    if (console && tally.figures)
        code = draw(o, &tally, &about, error);
    if (code == RUN_OK)
        tell(console, o, &tally, &about.seen);
    else if (console)
        console_say(console, FETCH_LOG_ERROR, "%s", error);
    figures_free(tally.figures);
    console_free(console);
    return code;
}
