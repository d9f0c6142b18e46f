#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "console.h"
#include "run.h"
#include "show.h"

/* A program that was started with one of the three closed would take its output file for it. */
static void occupy_standard_descriptors(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDONLY);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

static int complain(const char *error)
{
    const struct console_setup setup = {.fd = STDERR_FILENO, .level = FETCH_LOG_ERROR};
    char ignored[OPTIONS_ERROR];
    struct console *console = console_new(&setup, ignored, sizeof(ignored));

    if (console)
        console_say(console, FETCH_LOG_ERROR, "%s (pfetch --help shows the options)", error);
    console_free(console);
    return RUN_USAGE;
}

/* How it ended; without a sentence it was standard output that failed. */
static int shown(bool fine, const char *error)
{
    if (fine)
        return RUN_OK;
    return error[0] ? complain(error) : RUN_OUTPUT;
}

int main(int argc, char **argv)
{
    struct options options;
    char error[OPTIONS_ERROR];
    int code = RUN_USAGE;

    /* Failed writes come back as EPIPE and EFBIG, which are dealt with where they happen. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    setlocale(LC_CTYPE, "");
    occupy_standard_descriptors();
    switch (options_parse(&options, argc, argv, error)) {
    case OPTIONS_HELP:
        code = shown(show_lines(options_help), "");
        break;
    case OPTIONS_HELP_ALL:
        code = shown(show_lines(options_help_all), "");
        break;
    case OPTIONS_VERSION:
        printf("pfetch %s\n", fetch_version());
        code = shown(show_text(""), "");
        break;
    case OPTIONS_LIST_PROFILES:
        code = shown(show_profiles(), "");
        break;
    case OPTIONS_SHOW_PROFILE:
        code = shown(show_profile(options.show_profile, error), error);
        break;
    case OPTIONS_SHOW_REQUEST:
        code = shown(show_requests(&options, error), error);
        break;
    case OPTIONS_WRONG:
        code = complain(error);
        break;
    case OPTIONS_RUN:
        code = run_pfetch(&options);
        break;
    }
    options_fini(&options);
    return code;
}
