/*
 * libpfetch: fetch very many pages through a scraping API, from one thread.
 *
 * A scraping API is one HTTP endpoint that takes a key and a percent-encoded
 * target URL and answers with the page.  This header offers it in three sizes:
 *
 *   fetch_all()     a list in, all pages out; blocks           ("facade")
 *   fetch_gather    a completion counter over many targets     ("gather")
 *   fetch_client    single targets on the caller's event_base  ("engine")
 *
 * For readers who know Python's asyncio:
 *
 *   asyncio.gather(*a)                     fetch_all(), or a gather with FETCH_ORDER_INPUT
 *   asyncio.as_completed(a)                a gather with FETCH_ORDER_FINISHED (the default)
 *   gather(*a, return_exceptions=True)     FETCH_ON_FAILURE_COLLECT (the default)
 *   asyncio.TaskGroup                      FETCH_ON_FAILURE_STOP: the first failure cancels the
 *                                          siblings, waits until each has ended, then reports
 *   TaskGroup.create_task() while running  fetch_gather_add() from any callback
 *   asyncio.timeout() around the lot       fetch_gather_options.deadline_ms
 *   Task.cancel()                          fetch_call_cancel(), fetch_gather_cancel()
 *
 * Ownership words, used for nothing else: a function *borrows* (for the call),
 * *keeps* (the pointer must outlive the object), *copies*, *takes* (on success
 * only), *gives* (the receiver frees it with the function named) or *lends*
 * (valid until the callback returns).
 *
 * Threads: a client, its gathers and its calls belong to the one thread that runs their
 * event_base.  Clients in different threads share nothing.
 *
 * SIGPIPE: libevent's bufferevents write with writev(2), so a program that runs its own
 * event_base ignores SIGPIPE, as any bufferevent program does.  fetch_all() sees to it
 * itself, for its own thread and for its own duration.
 */
#ifndef PFETCH_FETCH_H
#define PFETCH_FETCH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default) /* the library itself is compiled with hidden */
#endif

/* The version of this header, and of the library that is linked. */
#define FETCH_VERSION "0.1.0"
const char *fetch_version(void);

struct event_base;
struct fetch_client;
struct fetch_call;
struct fetch_gather;

/* ---------------------------------------------------------------- errors -- */

/*
 * What went wrong, for programs.  fetch_strerror() has a sentence for each;
 * a page's own `message` is more precise, since it names the target.
 */
enum fetch_error {
    FETCH_OK = 0,
    FETCH_E_NOMEM,       /* memory ran out                                             */
    FETCH_E_INVALID,     /* an option or argument is out of its range                  */
    FETCH_E_NO_KEY,      /* no key in the options nor in the environment               */
    FETCH_E_UNSUPPORTED, /* the profile has no spelling for an option that was asked   */
    FETCH_E_CLOSED,      /* the client or the gather takes no more targets             */
    FETCH_E_BAD_URL,     /* the target is no absolute http(s) URL (RFC 3986)           */
    FETCH_E_SYSTEM,      /* the operating system refused (descriptors, event loop)     */
    FETCH_E_RESOLVE,     /* the endpoint's name has no address                         */
    FETCH_E_CONNECT,     /* no address of the endpoint accepts connections             */
    FETCH_E_TLS,         /* the TLS handshake or a TLS record failed                   */
    FETCH_E_CERTIFICATE, /* the endpoint's certificate is not trusted, or not its own  */
    FETCH_E_LOST,        /* the connection ended before an answer began                */
    FETCH_E_PROTOCOL,    /* the answer is not valid HTTP (RFC 9112)                    */
    FETCH_E_TRUNCATED,   /* the answer's body was cut off                              */
    FETCH_E_ENCODING,    /* the body does not decode as its Content-Encoding says      */
    FETCH_E_TOO_LARGE,   /* head or body are over the limit                            */
    FETCH_E_TIMEOUT,     /* an attempt's timeout or a deadline passed                  */
    FETCH_E_CANCELLED,   /* the program cancelled it, or freed its client              */
    FETCH_E_REDIRECT,    /* the endpoint redirects elsewhere; the key does not follow  */
    FETCH_E_STATUS,      /* a complete answer whose status is not a success            */
    FETCH_E_EMPTY,       /* a success without a single byte, where the profile doubts it */
    FETCH_E_PROFILE,     /* a profile file cannot be read, or says what it must not    */
    FETCH_E_BLOCKED,     /* a ban page came in place of the page                       */
    FETCH_E_ENVELOPE,    /* the JSON around the page is not what the profile says      */
    FETCH_E_ACCOUNT,     /* not sent: the endpoint refuses the key, or credits ended   */
    FETCH_E_BUDGET       /* not sent: max_cost_micro would be overstepped              */
};

/* A sentence in English for `error`; never NULL, static. */
const char *fetch_strerror(enum fetch_error error);

/* Where an attempt was when it failed. */
enum fetch_phase {
    FETCH_PHASE_NONE = 0, /* nothing failed                              */
    FETCH_PHASE_QUEUE,    /* waiting for its turn: nothing was sent      */
    FETCH_PHASE_RESOLVE,  /* looking up the endpoint's name              */
    FETCH_PHASE_CONNECT,  /* opening a connection                        */
    FETCH_PHASE_TLS,      /* the TLS handshake                           */
    FETCH_PHASE_REQUEST,  /* sending the request, waiting for the answer */
    FETCH_PHASE_HEAD,     /* within the answer's head                    */
    FETCH_PHASE_BODY,     /* within the answer's body                    */
    FETCH_PHASE_VERDICT   /* whole answer received, and judged           */
};
/* One lower-case word for `phase`; never NULL, static. */
const char *fetch_phase_name(enum fetch_phase phase);

/* Whether a page was billed, as far as the provider says. */
enum fetch_billed { FETCH_BILLED_UNKNOWN = 0, FETCH_BILLED_NO, FETCH_BILLED_YES };

/* The verdict on a page. */
enum fetch_outcome {
    FETCH_OUTCOME_OK = 0,
    FETCH_OUTCOME_TARGET_ERROR,   /* the site answered 4xx or 5xx                      */
    FETCH_OUTCOME_BLOCKED,        /* a ban page or CAPTCHA under a success             */
    FETCH_OUTCOME_PROVIDER_ERROR, /* the endpoint could not, or answered nonsense      */
    FETCH_OUTCOME_THROTTLED,      /* too many calls at once, for too long              */
    FETCH_OUTCOME_ACCOUNT,        /* bad key or no credits: every further call fails   */
    FETCH_OUTCOME_NETWORK,        /* the endpoint was not reached                      */
    FETCH_OUTCOME_TIMEOUT,        /* no whole answer in time                           */
    FETCH_OUTCOME_TOO_LARGE,      /* over max_body                                     */
    FETCH_OUTCOME_BAD_URL,        /* never sent                                        */
    FETCH_OUTCOME_CANCELLED,      /* by the program                                    */
    FETCH_OUTCOME_BUDGET,         /* a limit of the run was reached before it was sent */
    FETCH_OUTCOME_COUNT           /* how many there are; no page has it                */
};
/* The outcome's word in records and summaries ("ok", "target_error", …); static. */
const char *fetch_outcome_name(enum fetch_outcome outcome);

/*
 * Why a whole call failed before anything was sent.  The caller provides the
 * memory; a NULL pointer in its place means that the reason is not wanted.
 */
struct fetch_failure {
    enum fetch_error error;
    char message[256]; /* a sentence; never holds the key */
};

/* ----------------------------------------------------------------- pages -- */

/* A name and a value, both NUL-terminated. */
struct fetch_pair {
    const char *name;
    const char *value;
};

/* One header field of an answer, as sent but for its optional white space
 * (RFC 9110 section 5.5).  Both strings are NUL-terminated too. */
struct fetch_header {
    const char *name;
    size_t name_len;
    const char *value;
    size_t value_len;
};

/*
 * What a target ended as.  All memory behind the pointers belongs to the page
 * and lives until fetch_page_free().  A page that failed keeps whatever came.
 */
struct fetch_page {
    size_t index;                       /* position in its gather, from 0; 0 without a gather   */
    const char *url;                    /* the target as given                                  */
    const char *id;                     /* fetch_target.id, or NULL                             */
    void *user;                         /* fetch_target.user                                    */
    enum fetch_outcome outcome;         /* our verdict                                          */
    int status;                         /* the target's HTTP status; 0 if unknown               */
    int api_status;                     /* the endpoint's HTTP status; 0 if none came           */
    const struct fetch_header *headers; /* the endpoint's answer, in its order          */
    size_t header_count;
    const char *body; /* bytes after content decoding, never recoded; a NUL follows;
                         never NULL                                                     */
    size_t body_len;
    const char *final_url;    /* after the target's own redirects, or NULL if unknown     */
    enum fetch_error error;   /* FETCH_OK where the outcome is ok                         */
    enum fetch_phase phase;   /* where the last attempt failed; FETCH_PHASE_NONE if ok    */
    const char *message;      /* a sentence: what happened and what to do; NULL if ok     */
    unsigned attempts;        /* exchanges that were begun for it                         */
    int64_t cost_micro;       /* millionths of a credit as billed, over all attempts; -1
                               where the provider does not say                          */
    uint32_t queued_ms;       /* from submission to the first dispatch                    */
    uint32_t elapsed_ms;      /* from the first dispatch to the end; 0 if never sent      */
    int64_t fetched_at_ms;    /* end, milliseconds since 1970-01-01T00:00:00Z             */
    const char *protocol;     /* "h2", "http/1.1", or "" where no answer came; static     */
    const char *reason;       /* the provider's own code for what happened ("AUTH006"), the ban
                               page's maker, or NULL                                    */
    enum fetch_billed billed; /* whether the last attempt was                           */
    int headers_unwrapped;    /* non-zero: `headers` are the target's, out of an envelope */
};

/* The value of the first header `name` (any case), or NULL.  Lives as the page. */
const char *fetch_page_header(const struct fetch_page *page, const char *name);

/* Frees a page that a callback was given.  NULL is ignored. */
void fetch_page_free(struct fetch_page *page);

/* --------------------------------------------------------------- options -- */

enum fetch_log_level { FETCH_LOG_ERROR, FETCH_LOG_WARNING, FETCH_LOG_INFO, FETCH_LOG_DEBUG };

/* `message` is lent, one line, without control characters and without the key. */
typedef void (*fetch_log_cb)(enum fetch_log_level level, const char *message, void *arg);

/* Which HTTP to speak with the endpoint. */
enum fetch_http {
    FETCH_HTTP_ANY = 0, /* over TLS what the endpoint prefers, 2 or 1.1 (ALPN); else 1.1     */
    FETCH_HTTP_1_1,     /* 1.1 alone                                                         */
    FETCH_HTTP_2        /* 2 alone; without TLS by prior knowledge (RFC 9113 section 3.3)    */
};

/*
 * How a client works.  Begin with FETCH_OPTIONS_INIT; every field is optional, a zero or NULL
 * means the default named.  Everything is copied but the log callback's argument, which is kept.
 */
struct fetch_options {
    size_t size;           /* sizeof (struct fetch_options), set by FETCH_OPTIONS_INIT        */
    const char *profile;   /* provider, "proxiesapi" by default                               */
    const char *endpoint;  /* absolute http(s) URL, whose query has neither key nor target;
                              default: $PFETCH_ENDPOINT, then the profile's                  */
    const char *key;       /* default: the profile's variable (PROXIESAPI_KEY), then PFETCH_KEY */
    const char *key_param; /* another name for the profile's key parameter ("auth_key")     */

    const struct fetch_pair *params; /* further query parameters, encoded, beside what the
                                        options below spell                                  */
    size_t param_count;
    const struct fetch_pair *headers; /* for the target, forwarded the profile's way        */
    size_t header_count; /* each list at most 64 pairs; names and values of both 128 KiB     */
    int render;          /* non-zero: run the page's JavaScript                             */
    int premium;         /* non-zero: the provider's better proxies                         */
    const char *country; /* two letters, ISO 3166-1                                         */
    const char *session; /* calls of one session leave from one address                     */

    unsigned concurrency; /* calls in flight, 1 to 1,000,000; default: found by itself, as many
                             as the account carries                                     */
    unsigned connections; /* open at once, 1 to 20,000; default: as many as are needed       */
    unsigned timeout_ms;  /* one attempt, from its dispatch; default from the profile    */
    unsigned connect_timeout_ms; /* one connection with its TLS; default 10,000             */
    unsigned deadline_ms;        /* one target with all attempts, from its first dispatch; none */
    int retries;                 /* after the first attempt, 0 to 100; FETCH_RETRIES_DEFAULT: 3 */
    size_t max_body;             /* bytes after decoding; default 64 MiB                        */
    int redirects;               /* of the endpoint itself, on its own host, 0 to 20;
                                FETCH_REDIRECTS_DEFAULT: 5                                  */

    const char *ca_file;        /* PEM; replaces the system's trust store                   */
    int insecure;               /* non-zero: no certificate is checked                      */
    const char *const *resolve; /* "HOST:PORT:ADDRESS" strings, as curl's --resolve         */
    size_t resolve_count;

    fetch_log_cb on_log; /* default: nothing is told                                        */
    void *log_arg;

    enum fetch_http http;

    const char *profile_file; /* path of a profile of one's own, in the format of
                                 fetch_profile_text(); then `profile` is NULL or the name in it */
    const char *device;       /* "desktop" or "mobile"                                      */
    unsigned concurrency_start;  /* where the search for the concurrency begins; default 4   */
    double rate;                 /* calls begun in a second, at most; none                   */
    unsigned per_domain;         /* calls in flight for one host of targets; none            */
    int64_t max_cost_micro;      /* millionths of a credit that may be spent in all; none    */
    int64_t cost_per_call_micro; /* what a call costs where the provider does not say; unknown */

    const char *ban_regex;    /* POSIX extended: a page that has it is blocked              */
    const char *expect_regex; /* a page that lacks it is blocked                            */
    size_t min_bytes;         /* a page that is shorter is blocked                          */
    int ban_pages_pass;       /* non-zero: the known makers' ban pages are not looked for   */
};
#define FETCH_RETRIES_DEFAULT (-1)
#define FETCH_REDIRECTS_DEFAULT (-1)
#define FETCH_OPTIONS_INIT                                                                         \
    {                                                                                              \
        .size = sizeof(struct fetch_options), .retries = FETCH_RETRIES_DEFAULT,                    \
        .redirects = FETCH_REDIRECTS_DEFAULT                                                       \
    }

/*
 * One target.  Begin with FETCH_TARGET_INIT.  Only `url` is required.
 * All strings are copied by the call that takes the target.
 */
struct fetch_target {
    size_t size;                     /* sizeof (struct fetch_target)                        */
    const char *url;                 /* absolute, http or https; encoded once, never changed */
    const char *id;                  /* comes back in the page                              */
    void *user;                      /* kept, comes back in the page                        */
    const struct fetch_pair *params; /* added to the client's, a name of both wins here     */
    size_t param_count;
    const struct fetch_pair *headers; /* likewise                                           */
    size_t header_count; /* each list at most 64 pairs; names and values of both 128 KiB     */
    const char *method;  /* for the target; default GET, or POST with a body                 */
    const void *body;    /* `body_len` bytes for the target                                  */
    size_t body_len;
};
#define FETCH_TARGET_INIT                                                                          \
    {                                                                                              \
        .size = sizeof(struct fetch_target)                                                        \
    }

/* -------------------------------------------------------------- profiles -- */

/* The names of the built-in profiles, NULL-terminated, static. */
const char *const *fetch_profile_names(void);

/* A built-in profile's text, static, as options.profile_file has it in a file; NULL: no such name. */
const char *fetch_profile_text(const char *name);

#define FETCH_VARIABLE_BYTES 64 /* of an environment variable's name, its NUL among them */

/*
 * The environment variable that the profile of these options (borrowed, NULL for the defaults) takes
 * its key from, before PFETCH_KEY; "" where it has none of its own.  Errors: as fetch_client_new()
 * where the options are not in order, `name` is "" then.
 */
enum fetch_error fetch_key_variable(char name[FETCH_VARIABLE_BYTES],
                                    const struct fetch_options *options,
                                    struct fetch_failure *failure);

/*
 * What would be sent for a target (both borrowed; options NULL for the defaults), as HTTP/1.1 would
 * spell it, with the key as "***".  Nothing is sent.  Gives the text in *text (free()).  A missing
 * key is no error here.  Errors: as fetch_client_new(), and the target's own.
 */
enum fetch_error fetch_request_text(char **text, const struct fetch_options *options,
                                    const struct fetch_target *target,
                                    struct fetch_failure *failure);

/* ---------------------------------------------------------------- facade -- */

/* The pages of one fetch_all(). */
struct fetch_pages {
    size_t count;            /* as many as URLs; 0 where the whole call failed              */
    struct fetch_page *page; /* in input order, every slot filled                           */
    enum fetch_error error;  /* FETCH_OK, or why nothing at all was sent                    */
    const char *message;     /* a sentence, NULL where error is FETCH_OK                    */
};

/*
 * Fetches a NULL-terminated list (borrowed) with the defaults, key and endpoint from
 * the environment (PROXIESAPI_KEY or PFETCH_KEY, PFETCH_ENDPOINT), and returns when every
 * page has ended.  Gives the pages, never NULL: where the whole call fails (FETCH_E_NO_KEY,
 * FETCH_E_INVALID (PFETCH_ENDPOINT is no URL), FETCH_E_CERTIFICATE, FETCH_E_NOMEM,
 * FETCH_E_SYSTEM) nothing was sent and `error` and `message` say why.
 * Free them with fetch_pages_free().
 */
struct fetch_pages *fetch_all(const char *const urls[]);

/*
 * The same for `count` URLs and options (NULL for the defaults, borrowed).
 * Further errors: FETCH_E_UNSUPPORTED, FETCH_E_PROFILE, and FETCH_E_INVALID for an option.
 */
struct fetch_pages *fetch_all_with(const char *const urls[], size_t count,
                                   const struct fetch_options *options);

/* Frees the list and every page in it.  NULL is ignored. */
void fetch_pages_free(struct fetch_pages *pages);

/* ---------------------------------------------------------------- engine -- */

/*
 * A client on the caller's loop (kept: the base must outlive the client).
 * Options are borrowed, NULL for the defaults.  Nothing is sent yet.
 *
 * Returns FETCH_OK and gives the client in *client (fetch_client_free()), or
 * leaves *client NULL, returns the error and says why in *failure (may be NULL):
 * FETCH_E_NO_KEY, FETCH_E_INVALID, FETCH_E_UNSUPPORTED, FETCH_E_PROFILE, FETCH_E_CERTIFICATE
 * (ca_file unreadable), FETCH_E_NOMEM, FETCH_E_SYSTEM.
 */
enum fetch_error fetch_client_new(struct fetch_client **client, struct event_base *base,
                                  const struct fetch_options *options,
                                  struct fetch_failure *failure);

/*
 * Ends a client, from anywhere, its own callbacks included.  Every target that is not yet handed
 * back ends as `cancelled` and its callback is called: before this returns, or, inside one of the
 * client's callbacks, as soon as that returns.  Gathers of the client end likewise, and are still
 * the caller's to free.  A look-up that was under way is given up by libevent from the loop: let the
 * base run once more before it is freed.  NULL is ignored.
 */
void fetch_client_free(struct fetch_client *client);

/*
 * A page has ended; `page` is given (fetch_page_free()).  Called exactly once
 * for each submitted target, from the loop (or from fetch_client_free()), never from inside
 * fetch_client_submit().  It may submit, cancel, and free the client.
 */
typedef void (*fetch_page_cb)(struct fetch_page *page, void *arg);

/*
 * Queues one target (borrowed).  *call, if not NULL, is lent until the
 * callback is called.  A target that is no URL is not an error here: it ends
 * as `bad_url`, like everything that happens to a page.
 * Nor are parameters or headers that cannot be sent: such a page has FETCH_E_INVALID, or
 * FETCH_E_UNSUPPORTED where the profile forwards no headers.
 * Errors: FETCH_E_NOMEM, FETCH_E_INVALID (no target, url or callback), FETCH_E_CLOSED (the client
 * is being freed).
 */
enum fetch_error fetch_client_submit(struct fetch_client *client, const struct fetch_target *target,
                                     fetch_page_cb on_page, void *arg, struct fetch_call **call);

/*
 * Ends a target as `cancelled`.  Its callback comes from the loop, once, as
 * always.  A target that has already ended keeps its outcome.
 */
void fetch_call_cancel(struct fetch_call *call);

/* Changes how many calls may be in flight, from now on; up to 1,000,000, else FETCH_E_INVALID.
 * 0 has the client find it by itself. */
enum fetch_error fetch_client_set_concurrency(struct fetch_client *client, unsigned concurrency);

/* Changes options.rate; 0: none.  FETCH_E_INVALID below 0 or over 1,000,000. */
enum fetch_error fetch_client_set_rate(struct fetch_client *client, double rate);

/* Changes options.per_domain; 0: none. */
void fetch_client_set_per_domain(struct fetch_client *client, unsigned per_domain);

/* Dispatches nothing more, or again; what is under way goes on. */
void fetch_client_pause(struct fetch_client *client, int pause);

/* What a client has done since it began. */
struct fetch_stats {
    size_t size;                 /* sizeof (struct fetch_stats), set by the caller              */
    uint64_t submitted;          /* targets                                                     */
    uint64_t ended;              /* pages handed back                                           */
    uint64_t attempts;           /* exchanges begun                                             */
    uint64_t retries;            /* attempts after a target's first                             */
    uint64_t throttled;          /* answers that said too many at once                          */
    uint64_t resent;             /* repeated uncounted: a kept connection had gone stale        */
    uint64_t connections;        /* opened in all                                               */
    uint64_t bytes_in;           /* received from the endpoint, after TLS                       */
    unsigned queued;             /* targets that wait for their first turn                      */
    unsigned in_flight;          /* attempts under way                                          */
    unsigned waiting;            /* targets that wait for a retry                               */
    unsigned open;               /* connections open now                                        */
    unsigned brake_ms;           /* until dispatching goes on after a throttling answer; 0: free */
    unsigned limit;              /* calls that may be in flight now, found or told              */
    unsigned limit_found;        /* what the next run may begin with; 0: nothing was learned     */
    unsigned resting_hosts;      /* hosts of targets left alone for a while: they only failed  */
    uint64_t blocked;            /* ban pages                                                 */
    int64_t cost_micro;          /* spent, millionths of a credit, as billed or by cost_per_call */
    int64_t cost_reserved_micro; /* expected of what is in flight                        */
    int64_t credits_left_micro;  /* as the provider said last; -1: it does not           */
    unsigned attempt_timeout_ms; /* after which an attempt is over, whatever comes of it */
    int64_t cost_hourly_micro;   /* spent in an hour at the pace of about the last half minute; -1
                                    in the first second, when there is none                    */
    int paused;                  /* non-zero: by fetch_client_pause()                           */
};
void fetch_client_stats(const struct fetch_client *client, struct fetch_stats *stats);

/* ---------------------------------------------------------------- gather -- */

enum fetch_order {
    FETCH_ORDER_FINISHED = 0, /* pages as they finish                                      */
    FETCH_ORDER_INPUT         /* pages in input order: one that is early waits, in its window */
};
enum fetch_on_failure {
    FETCH_ON_FAILURE_COLLECT = 0, /* every page is collected, whatever became of it        */
    FETCH_ON_FAILURE_STOP         /* the first page that is not ok cancels the others      */
};

/* What a pull source has to say. */
enum fetch_pull {
    FETCH_PULL_TARGET, /* *target is filled; its strings are lent until the next pull      */
    FETCH_PULL_LATER,  /* nothing now: fetch_gather_wake() will say when to ask again      */
    FETCH_PULL_END     /* nothing any more; not asked again                                */
};
typedef enum fetch_pull (*fetch_source_cb)(struct fetch_target *target, void *arg);

/* A gather's page; given, as fetch_page_cb. */
typedef void (*fetch_gather_page_cb)(struct fetch_gather *gather, struct fetch_page *page,
                                     void *arg);
/*
 * All targets have ended; called once, after the last page.  `error` is FETCH_OK, or why the
 * gather ended early: FETCH_E_CANCELLED, FETCH_E_TIMEOUT (deadline), FETCH_E_NOMEM, or with
 * FETCH_ON_FAILURE_STOP the error of the page that failed first.  May free the gather and the client.
 */
typedef void (*fetch_gather_done_cb)(struct fetch_gather *gather, enum fetch_error error,
                                     void *arg);

/* Begin with FETCH_GATHER_OPTIONS_INIT.  All fields are optional. */
struct fetch_gather_options {
    size_t size;
    fetch_source_cb source; /* asked for targets as the window has room; NULL: only added ones */
    unsigned window;        /* targets pulled from the source and not handed back, 1 to
                               1,000,000; default: twice the concurrency, at least 64       */
    enum fetch_order order;
    enum fetch_on_failure on_failure;
    unsigned deadline_ms; /* for the whole gather, from its creation; none by default       */
    fetch_gather_page_cb on_page; /* NULL: pages are freed                                  */
    fetch_gather_done_cb on_done;
    void *arg; /* kept, for all three callbacks                                             */
};
#define FETCH_GATHER_OPTIONS_INIT                                                                  \
    {                                                                                              \
        .size = sizeof(struct fetch_gather_options)                                                \
    }

/*
 * A gather over targets of one client (kept until the gather is done or freed);
 * several gathers may share it.  A source is first asked from the loop.
 * Errors: FETCH_E_NOMEM, FETCH_E_INVALID, FETCH_E_CLOSED.
 */
enum fetch_error fetch_gather_new(struct fetch_gather **gather, struct fetch_client *client,
                                  const struct fetch_gather_options *options);

/*
 * Adds one target (borrowed), before or while it runs, from callbacks too, over the window if
 * need be.  Errors: as fetch_client_submit(), FETCH_E_CLOSED once it is done or stopped.
 */
enum fetch_error fetch_gather_add(struct fetch_gather *gather, const struct fetch_target *target);

/*
 * The gather may be done: no more targets will be added, except from its own
 * on_page.  A gather with a source closes itself at the source's end.
 */
void fetch_gather_close(struct fetch_gather *gather);

/* The source that said FETCH_PULL_LATER has something now.  From any place but the source. */
void fetch_gather_wake(struct fetch_gather *gather);

/*
 * Asks the source no more and cancels what was not yet sent; what is under way (and perhaps paid
 * for) lands, without further attempts.  on_done then says FETCH_E_CANCELLED.
 */
void fetch_gather_stop(struct fetch_gather *gather);

/* The same, and cancels what is under way too. */
void fetch_gather_cancel(struct fetch_gather *gather);

/* Targets taken and not yet handed back. */
size_t fetch_gather_outstanding(const struct fetch_gather *gather);

/*
 * Frees a gather, from anywhere.  What is outstanding is cancelled, and no
 * callback of the gather is called any more.  NULL is ignored.
 */
void fetch_gather_free(struct fetch_gather *gather);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
