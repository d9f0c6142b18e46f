/*
 * pfetch-sandbox: the sandbox as a program of its own.
 *
 * On stdout stands one line, once the sandbox can be called; a script waits for it and learns
 * the port there.  At the end the counters go to stderr.
 */
#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <pfetch/fetch.h>

#include "sandbox/sandbox.h"
#include "sandbox/text.h"

#define EXIT_OK 0
#define EXIT_RUNTIME 1
#define EXIT_USAGE 2

#define MAX_TIME_S 31536000.0 /* a year */

static const char usage[] =
    "Usage: pfetch-sandbox [--listen ADDRESS:PORT] [--max-time SECONDS] [SPEC]\n"
    "\n"
    "A scraping API on loopback that makes its pages up. Nothing is fetched.\n"
    "\n"
    "  -l, --listen ADDRESS:PORT  where to listen; default 127.0.0.1:8080, port 0 for a free\n"
    "                             one, loopback only\n"
    "      --max-time SECONDS     end after that long\n"
    "  -h, --help                 show this and end\n"
    "  -V, --version              show the version and end\n"
    "\n"
    "SPEC is a comma-separated list, by default that of an endpoint that behaves:\n"
    "  profile=NAME               the provider that is played; default proxiesapi\n"
    "  key=K                      the key that is let in; default demo\n"
    "  latency=D                  200ms, 1.5s, 100ms..900ms or lognormal:800ms:0.5\n"
    "  size=S                     of a page: 10k, 1k..50k or lognormal:20k:1\n"
    "  limit=N, retry-after=S     calls in flight; one more is answered 429 (S may be none)\n"
    "  ban=N/S                    more than N such calls in S seconds ban the key\n"
    "  credits=N, cost=N          that the key has, and that a page costs\n"
    "  error=R, empty=R, captcha=R, cut=R, drop=R, target-404=R, target-503=R\n"
    "                             shares from 0 to 1 of that kind of answer\n"
    "  slow=R, slow-ms=N          share of bodies that drip, and for how long\n"
    "  chunked=R, close=R, hangup=R, binary=R\n"
    "  encoding=E                 gzip, br, zstd, mix or none\n"
    "  seed=N                     another set of chances\n"
    "\n"
    "  GET /?auth_key=demo&url=https%3A%2F%2Fexample.com%2F   a page\n"
    "  GET " SANDBOX_STATS_PATH "                                           the counters\n"
    "  GET /__spec?limit=4                                    changes SPEC from now on\n";

struct settings {
    char address[64];
    uint16_t port;
    double max_time_s; /* 0: none */
    const char *spec;
};

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "pfetch-sandbox: %s: %s\n", what, why);
    return EXIT_USAGE;
}

/* ADDRESS:PORT or [ADDRESS]:PORT; "localhost" is 127.0.0.1.  EXIT_OK, or EXIT_USAGE and a
 * sentence on stderr. */
static int listen_read(struct settings *settings, const char *argument)
{
    const char *colon = strrchr(argument, ':');
    struct sandbox_text address = sandbox_text_of(argument);
    uint64_t port;

    if (colon == NULL || sandbox_text_number(sandbox_text_of(colon + 1), 65535, &port) != 0)
        return fail(argument, "--listen takes ADDRESS:PORT, as 127.0.0.1:8080");
    address.len = (size_t)(colon - argument);
    if (sandbox_text_skip(&address, "[") && !sandbox_text_drop(&address, "]"))
        return fail(argument, "the bracket is not closed");
    if (sandbox_text_is(address, "localhost"))
        address = sandbox_text_of("127.0.0.1");
    if (address.len >= sizeof(settings->address))
        return fail(argument, "this is no numeric address");
    memcpy(settings->address, address.at, address.len);
    settings->address[address.len] = '\0';
    settings->port = (uint16_t)port;
    switch (sandbox_is_loopback(settings->address)) {
    case 1:
        return EXIT_OK;
    case 0:
        return fail(argument, "not a loopback address; the sandbox lets anybody in who knows "
                              "the key, so it listens on 127.0.0.0/8 and ::1 only");
    default:
        return fail(argument, "this is no numeric address");
    }
}

static int stdout_written(void)
{
    if (fflush(stdout) == 0)
        return EXIT_OK;
    fprintf(stderr, "pfetch-sandbox: stdout: %s\n", strerror(errno));
    return EXIT_RUNTIME;
}

/* 0 to go on, else the exit status + 1 at which to end now. */
static int settings_read(struct settings *settings, int argc, char **argv)
{
    static const struct option options[] = {
        {"listen", required_argument, NULL, 'l'},
        {"max-time", required_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "l:hV", options, NULL)) != -1) {
        switch (option) {
        case 'l':
            if (listen_read(settings, optarg) != 0)
                return EXIT_USAGE + 1;
            break;
        case 't':
            if (sandbox_text_decimal(sandbox_text_of(optarg), MAX_TIME_S, &settings->max_time_s) !=
                    0 ||
                settings->max_time_s <= 0)
                return fail(optarg, "--max-time takes seconds, more than 0") + 1;
            break;
        case 'h':
            fputs(usage, stdout);
            return stdout_written() + 1;
        case 'V':
            printf("pfetch-sandbox %s\n", FETCH_VERSION);
            return stdout_written() + 1;
        default:
            fputs("Try pfetch-sandbox --help\n", stderr);
            return EXIT_USAGE + 1;
        }
    }
    if (optind < argc)
        settings->spec = argv[optind++];
    if (optind < argc)
        return fail(argv[optind], "one SPEC only; its parts are joined by commas") + 1;
    return 0;
}

/* As many connections as the system lets us have: each call in flight is one. */
static void raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void on_end(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    event_base_loopbreak(arg);
}

static int announce(const struct settings *settings, const struct sandbox *sandbox)
{
    const int v6 = strchr(settings->address, ':') != NULL;

    printf("pfetch-sandbox listening on http://%s%s%s:%u/\n", v6 ? "[" : "", settings->address,
           v6 ? "]" : "", (unsigned)sandbox_port(sandbox));
    return stdout_written();
}

static int serve(const struct settings *settings, struct event_base *base, struct sandbox *sandbox)
{
    const struct timeval max_time = {
        (time_t)settings->max_time_s,
        (suseconds_t)((settings->max_time_s - (double)(time_t)settings->max_time_s) * 1e6)};
    char json[1024];

    if (sandbox_listen(sandbox, settings->address, settings->port) != 0) {
        fprintf(stderr, "pfetch-sandbox: cannot listen on %s port %u: %s\n", settings->address,
                (unsigned)settings->port, strerror(errno));
        return EXIT_RUNTIME;
    }
    if (announce(settings, sandbox) != EXIT_OK)
        return EXIT_RUNTIME;
    if (settings->max_time_s > 0)
        event_base_loopexit(base, &max_time);
    event_base_dispatch(base);
    sandbox_counters_json(sandbox_counters(sandbox), json, sizeof(json));
    fprintf(stderr, "%s\n", json);
    return EXIT_OK;
}

/* libevent's usual clock ticks every 4 ms, and a latency of 5 ms should be one. */
static struct event_base *precise_base(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base = NULL;

    if (config != NULL && event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER) == 0)
        base = event_base_new_with_config(config);
    if (config != NULL)
        event_config_free(config);
    return base;
}

static int run(const struct settings *settings)
{
    struct event_base *base = precise_base();
    struct event *interrupt = NULL, *terminate = NULL;
    struct sandbox *sandbox = NULL;
    char error[256] = "The sandbox cannot have an event loop";
    int status = EXIT_RUNTIME;

    if (base != NULL) {
        interrupt = evsignal_new(base, SIGINT, on_end, base);
        terminate = evsignal_new(base, SIGTERM, on_end, base);
    }
    if (interrupt != NULL && terminate != NULL && event_add(interrupt, NULL) == 0 &&
        event_add(terminate, NULL) == 0) {
        sandbox = sandbox_new(base, settings->spec, error, sizeof(error));
        status = EXIT_USAGE;
    }
    if (sandbox != NULL)
        status = serve(settings, base, sandbox);
    else
        fprintf(stderr, "pfetch-sandbox: %s\n", error);
    sandbox_free(sandbox);
    if (interrupt != NULL)
        event_free(interrupt);
    if (terminate != NULL)
        event_free(terminate);
    if (base != NULL)
        event_base_free(base);
    libevent_global_shutdown();
    return status;
}

int main(int argc, char **argv)
{
    struct settings settings = {.address = "127.0.0.1", .port = 8080};
    int end = settings_read(&settings, argc, argv);

    if (end != 0)
        return end - 1;
    signal(SIGPIPE, SIG_IGN);
    raise_descriptors();
    return run(&settings);
}
