/*
 * A table of options, and a short loop over argv that knows nothing but the table.
 *
 * getopt_long(3) is left alone for two reasons: it accepts every unambiguous abbreviation, which
 * makes each new option a danger to old scripts, and its state is global.
 */
#include "options_inner.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "key.h"
#include "value.h"

#define MAX_CALLS 1000000u
#define MAX_CONNECTIONS 20000u
#define MAX_RETRIES 100u

enum arity { FLAG, VALUE, OPTIONAL };

struct option {
    const char *name;
    char letter;
    enum arity arity;
    /* `value` is NULL for a flag.  False: the value is wrong, and `error` may say why. */
    bool (*take)(struct options_parser *p, const struct option *option, char *value);
    size_t at; /* offset in struct options, for those that only set one field */
};

bool options_wrong(struct options_parser *p, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(p->error, OPTIONS_ERROR, format, args);
    va_end(args);
    return false;
}

/* ------------------------------------------------------------ values -- */

static bool take_unsigned(const char *value, uint64_t min, uint64_t max, unsigned *to)
{
    uint64_t n;

    if (!value_count(value, min, max, &n))
        return false;
    *to = (unsigned)n;
    return true;
}

/* Splits at the first `mark` into two strings of our own. */
static bool take_pair(struct options_parser *p, struct fetch_pair *pairs, size_t *count,
                      const char *value, char mark)
{
    const char *at = strchr(value, mark);
    char *name, *text;

    if (*count == OPTIONS_PAIRS)
        return options_wrong(p, "--param and --header: more than %u of one kind", OPTIONS_PAIRS);
    if (!at || at == value)
        return false;
    name = strndup(value, (size_t)(at - value));
    at++;
    if (mark == ':')
        at += strspn(at, " \t");
    text = strdup(at);
    pairs[(*count)++] = (struct fetch_pair){.name = name, .value = text};
    return (name && text) || options_wrong(p, "out of memory");
}

static void *field(struct options_parser *p, const struct option *option)
{
    return (char *)p->o + option->at;
}

static bool on_text(struct options_parser *p, const struct option *option, char *value)
{
    *(const char **)field(p, option) = value;
    return *value != '\0';
}

static bool on_switch(struct options_parser *p, const struct option *option, char *value)
{
    (void)value;
    *(int *)field(p, option) = 1;
    return true;
}

static bool on_seconds(struct options_parser *p, const struct option *option, char *value)
{
    return value_seconds(value, field(p, option));
}

static bool on_input(struct options_parser *p, const struct option *option, char *value)
{
    (void)option;
    p->o->lists[p->o->list_count++] = value;
    return *value != '\0';
}

static bool on_param(struct options_parser *p, const struct option *option, char *value)
{
    (void)option;
    return take_pair(p, p->o->params, &p->o->fetch.param_count, value, '=');
}

static bool on_header(struct options_parser *p, const struct option *option, char *value)
{
    (void)option;
    return take_pair(p, p->o->headers, &p->o->fetch.header_count, value, ':');
}

/* The value is where others have an offset. */
static bool on_http(struct options_parser *p, const struct option *option, char *value)
{
    enum fetch_http http = (enum fetch_http)option->at;

    (void)value;
    if (p->o->fetch.http != FETCH_HTTP_ANY && p->o->fetch.http != http)
        return options_wrong(p, "--http1.1 and --http2 exclude each other");
    p->o->fetch.http = http;
    return true;
}

static bool on_resolve(struct options_parser *p, const struct option *option, char *value)
{
    (void)option;
    p->o->resolve[p->o->fetch.resolve_count++] = value;
    return *value != '\0';
}

static bool on_sandbox(struct options_parser *p, const struct option *option, char *value)
{
    (void)option;
    p->o->sandbox = true;
    p->o->sandbox_spec = value;
    return true;
}

static bool on_key(struct options_parser *p, const struct option *option, char *value)
{
    (void)option;
    bool fine = key_is_valid(value);

    key_drop(&p->o->key);
    p->o->key = strdup(value);
    explicit_bzero(value, strlen(value));
    if (!p->o->key)
        return options_wrong(p, "out of memory");
    return fine ||
           options_wrong(p, "--key: a key has no blanks or control characters and is not empty");
}

static bool on_concurrency(struct options_parser *p, const struct option *option, char *value)
{
    (void)option;
    p->o->fetch.concurrency = 0;
    return strcmp(value, "auto") == 0 ||
           take_unsigned(value, 1, MAX_CALLS, &p->o->fetch.concurrency) ||
           options_wrong(p, "--concurrency: \"%s\" is neither auto nor a number from 1 to %u",
                         value, MAX_CALLS);
}

static bool on_rate(struct options_parser *p, const struct option *option, char *value)
{
    (void)option;
    return value_rate(value, &p->o->fetch.rate) ||
           options_wrong(p, "--rate: \"%s\" is no rate such as 5, 0.5/s, 30/m or 1000/h", value);
}

static bool on_per_domain(struct options_parser *p, const struct option *option, char *value)
{
    (void)option;
    return take_unsigned(value, 1, MAX_CALLS, &p->o->fetch.per_domain) ||
           options_wrong(p, "--per-domain: \"%s\" is no number from 1 to %u", value, MAX_CALLS);
}

static bool on_credits(struct options_parser *p, const struct option *option, char *value)
{
    int64_t *micro = field(p, option);

    return (value_micro(value, micro) && *micro > 0) ||
           options_wrong(p, "--%s: \"%s\" is no number of credits such as 1000 or 2.5",
                         option->name, value);
}

static bool on_connections(struct options_parser *p, const struct option *option, char *value)
{
    (void)option;
    return take_unsigned(value, 1, MAX_CONNECTIONS, &p->o->fetch.connections) ||
           options_wrong(p, "--connections: \"%s\" is no number from 1 to %u", value,
                         MAX_CONNECTIONS);
}

static bool on_retries(struct options_parser *p, const struct option *option, char *value)
{
    (void)option;
    unsigned n;

    if (!take_unsigned(value, 0, MAX_RETRIES, &n))
        return options_wrong(p, "--retries: \"%s\" is no number from 0 to %u", value, MAX_RETRIES);
    p->o->fetch.retries = (int)n;
    return true;
}

static bool on_size(struct options_parser *p, const struct option *option, char *value)
{
    uint64_t n;

    if (!value_size(value, &n) || n > SIZE_MAX)
        return options_wrong(p, "--%s: \"%s\" is no size such as 500k, 64M or 1G", option->name,
                             value);
    *(size_t *)field(p, option) = (size_t)n;
    return true;
}

static bool on_limit(struct options_parser *p, const struct option *option, char *value)
{
    (void)option;
    return value_count(value, 1, UINT64_MAX, &p->o->limit);
}

/* The index of `value` in a NULL-terminated list, or -1. */
static int word_of(const char *const *words, const char *value)
{
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], value) == 0)
            return i;
    }
    return -1;
}

static bool on_format(struct options_parser *p, const struct option *option, char *value)
{
    (void)option;
    static const char *const words[] = {"", "jsonl", "body", "warc", NULL};
    int i = word_of(words, value);

    if (i <= 0)
        return options_wrong(p, "--format: \"%s\" is none of jsonl, warc, body", value);
    p->o->format = (enum sink_format)i;
    return true;
}

static bool on_roll_size(struct options_parser *p, const struct option *option, char *value)
{
    (void)option;
    return value_size(value, &p->o->roll_size) ||
           options_wrong(p, "--roll-size: \"%s\" is no size such as 500k, 64M or 1G", value);
}

static bool on_progress(struct options_parser *p, const struct option *option, char *value)
{
    (void)option;
    static const char *const words[] = {"auto", "bar", "plain", "json", "none", NULL};
    int i = word_of(words, value);

    if (i < 0)
        return options_wrong(p, "--progress: \"%s\" is none of auto, bar, plain, json, none",
                             value);
    p->o->progress = (enum progress_form)i;
    return true;
}

static bool on_verbose(struct options_parser *p, const struct option *option, char *value)
{
    (void)option;
    (void)value;
    p->o->verbose++;
    return true;
}

static bool on_help(struct options_parser *p, const struct option *option, char *value)
{
    (void)option;
    (void)value;
    p->action = OPTIONS_HELP;
    return true;
}

static bool on_version(struct options_parser *p, const struct option *option, char *value)
{
    (void)option;
    (void)value;
    p->action = OPTIONS_VERSION;
    return true;
}

static bool on_list_profiles(struct options_parser *p, const struct option *option, char *value)
{
    (void)option;
    (void)value;
    p->action = OPTIONS_LIST_PROFILES;
    return true;
}

static bool on_show_profile(struct options_parser *p, const struct option *option, char *value)
{
    (void)option;
    p->action = OPTIONS_SHOW_PROFILE;
    p->o->show_profile = value;
    return true;
}

static bool on_show_request(struct options_parser *p, const struct option *option, char *value)
{
    (void)option;
    (void)value;
    p->action = OPTIONS_SHOW_REQUEST;
    return true;
}

/* ------------------------------------------------------------- parser -- */

#define AT(name) offsetof(struct options, name)
static const struct option table[] = {
    {"input", 'i', VALUE, on_input, 0},
    {"limit", 0, VALUE, on_limit, 0},
    {"output", 'o', VALUE, on_text, AT(output)},
    {"format", 0, VALUE, on_format, 0},
    {"resume", 0, FLAG, on_switch, AT(resume)},
    {"retry-failed", 0, FLAG, on_switch, AT(retry_failed)},
    {"force", 0, FLAG, on_switch, AT(force)},
    {"unique", 0, FLAG, on_switch, AT(unique)},
    {"ordered", 0, FLAG, on_switch, AT(ordered)},
    {"fsync", 0, FLAG, on_switch, AT(fsync)},
    {"roll-size", 0, VALUE, on_roll_size, 0},
    {"dedupe-content", 0, FLAG, on_switch, AT(dedupe)},
    {"summary", 0, VALUE, on_text, AT(summary)},
    {"report", 0, VALUE, on_text, AT(report)},
    {"profile", 'p', VALUE, on_text, AT(fetch.profile)},
    {"profile-file", 0, VALUE, on_text, AT(fetch.profile_file)},
    {"list-profiles", 0, FLAG, on_list_profiles, 0},
    {"show-profile", 0, VALUE, on_show_profile, 0},
    {"show-request", 0, FLAG, on_show_request, 0},
    {"endpoint", 'e', VALUE, on_text, AT(fetch.endpoint)},
    {"key-file", 0, VALUE, on_text, AT(key_file)},
    {"key", 0, VALUE, on_key, 0},
    {"key-param", 0, VALUE, on_text, AT(fetch.key_param)},
    {"param", 0, VALUE, on_param, 0},
    {"header", 'H', VALUE, on_header, 0},
    {"render", 0, FLAG, on_switch, AT(fetch.render)},
    {"premium", 0, FLAG, on_switch, AT(fetch.premium)},
    {"country", 0, VALUE, on_text, AT(fetch.country)},
    {"session", 0, VALUE, on_text, AT(fetch.session)},
    {"device", 0, VALUE, on_text, AT(fetch.device)},
    {"cacert", 0, VALUE, on_text, AT(fetch.ca_file)},
    {"insecure", 0, FLAG, on_switch, AT(fetch.insecure)},
    {"resolve", 0, VALUE, on_resolve, 0},
    {"http1.1", 0, FLAG, on_http, FETCH_HTTP_1_1},
    {"http2", 0, FLAG, on_http, FETCH_HTTP_2},
    {"sandbox", 0, OPTIONAL, on_sandbox, 0},
    {"concurrency", 'c', VALUE, on_concurrency, 0},
    {"rate", 0, VALUE, on_rate, 0},
    {"per-domain", 0, VALUE, on_per_domain, 0},
    {"connections", 0, VALUE, on_connections, 0},
    {"timeout", 0, VALUE, on_seconds, AT(fetch.timeout_ms)},
    {"deadline", 0, VALUE, on_seconds, AT(fetch.deadline_ms)},
    {"max-time", 0, VALUE, on_seconds, AT(max_time_ms)},
    {"retries", 0, VALUE, on_retries, 0},
    {"max-body", 0, VALUE, on_size, AT(fetch.max_body)},
    {"ban-regex", 0, VALUE, on_text, AT(fetch.ban_regex)},
    {"expect-regex", 0, VALUE, on_text, AT(fetch.expect_regex)},
    {"min-bytes", 0, VALUE, on_size, AT(fetch.min_bytes)},
    {"no-ban-pages", 0, FLAG, on_switch, AT(fetch.ban_pages_pass)},
    {"max-credits", 0, VALUE, on_credits, AT(fetch.max_cost_micro)},
    {"cost-per-call", 0, VALUE, on_credits, AT(fetch.cost_per_call_micro)},
    {"control", 0, VALUE, on_text, AT(control)},
    {"progress", 0, VALUE, on_progress, 0},
    {"quiet", 'q', FLAG, on_switch, AT(quiet)},
    {"verbose", 'v', FLAG, on_verbose, 0},
    {"log-file", 0, VALUE, on_text, AT(log_file)},
    {"help", 'h', FLAG, on_help, 0},
    {"version", 'V', FLAG, on_version, 0},
};
#define OPTION_COUNT (sizeof(table) / sizeof(table[0]))

static bool take(struct options_parser *p, const struct option *option, char *value)
{
    p->error[0] = '\0';
    if (option->take(p, option, value))
        return true;
    if (p->error[0] == '\0')
        options_wrong(p, "--%s: \"%s\" is not a value for it", option->name, value ? value : "");
    return false;
}

/* "--name", "--name=value" or "--name value"; *i moves over a value of its own. */
static bool take_long(struct options_parser *p, int argc, char **argv, int *i)
{
    char *name = argv[*i] + 2, *value = strchr(name, '=');
    size_t len = value ? (size_t)(value - name) : strlen(name);
    const struct option *option = NULL;

    for (size_t k = 0; k < OPTION_COUNT; k++) {
        if (strlen(table[k].name) == len && memcmp(table[k].name, name, len) == 0)
            option = &table[k];
    }
    if (!option)
        return options_wrong(p, "there is no option --%.*s", len < 60 ? (int)len : 60, name);
    if (value && option->arity == FLAG)
        return options_wrong(p, "--%s takes no value", option->name);
    if (value)
        value++;
    else if (option->arity == VALUE && *i + 1 < argc)
        value = argv[++*i];
    if (!value && option->arity == VALUE)
        return options_wrong(p, "--%s needs a value", option->name);
    return take(p, option, value);
}

/* "-q", "-qv", "-c5" or "-c 5". */
static bool take_short(struct options_parser *p, int argc, char **argv, int *i)
{
    for (char *at = argv[*i] + 1; *at; at++) {
        const struct option *option = NULL;
        char *value = NULL;

        for (size_t k = 0; k < OPTION_COUNT; k++) {
            if (table[k].letter == *at)
                option = &table[k];
        }
        if (!option)
            return options_wrong(p, "there is no option -%c", *at);
        if (option->arity == FLAG) {
            if (!take(p, option, NULL))
                return false;
            continue;
        }
        if (at[1])
            value = at + 1;
        else if (*i + 1 < argc)
            value = argv[++*i];
        return value ? take(p, option, value) : options_wrong(p, "-%c needs a value", *at);
    }
    return true;
}

static bool take_arguments(struct options_parser *p, int argc, char **argv)
{
    bool only_urls = false;

    for (int i = 1; i < argc; i++) {
        char *arg = argv[i];

        if (only_urls || arg[0] != '-' || !arg[1])
            p->o->urls[p->o->url_count++] = arg;
        else if (strcmp(arg, "--") == 0)
            only_urls = true;
        else if (!(arg[1] == '-' ? take_long(p, argc, argv, &i) : take_short(p, argc, argv, &i)))
            return false;
    }
    return true;
}

/* ----------------------------------------------------------- together -- */

enum options_action options_parse(struct options *o, int argc, char **argv, char *error)
{
    struct options_parser p = {.o = o, .error = error, .action = OPTIONS_RUN};
    size_t room = (size_t)argc + 1;

    *o = (struct options){.fetch = FETCH_OPTIONS_INIT, .output = "-"};
    error[0] = '\0';
    o->urls = calloc(room, sizeof(*o->urls));
    o->lists = calloc(room, sizeof(*o->lists));
    o->resolve = calloc(room, sizeof(*o->resolve));
    if (!o->urls || !o->lists || !o->resolve) {
        options_wrong(&p, "out of memory");
        return OPTIONS_WRONG;
    }
    o->fetch.params = o->params;
    o->fetch.headers = o->headers;
    o->fetch.resolve = o->resolve;
    if (!take_arguments(&p, argc, argv))
        return OPTIONS_WRONG;
    if (p.action == OPTIONS_HELP && o->url_count > 0 && strcmp(o->urls[0], "all") == 0)
        p.action = OPTIONS_HELP_ALL;
    return options_check(&p) ? p.action : OPTIONS_WRONG;
}

static void free_pairs(struct fetch_pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free((void *)(uintptr_t)pairs[i].name);
        free((void *)(uintptr_t)pairs[i].value);
    }
}

void options_fini(struct options *o)
{
    free_pairs(o->params, o->fetch.param_count);
    free_pairs(o->headers, o->fetch.header_count);
    free(o->urls);
    free(o->lists);
    free(o->resolve);
    key_drop(&o->key);
}
