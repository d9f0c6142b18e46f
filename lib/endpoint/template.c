#include "endpoint/template.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "protocol/decode.h"

#define MAX_FIELDS (2 * PF_MAX_PAIRS + 4)
#define MAX_KEY 1024u

struct pf_template {
    const struct pf_profile *profile;
    char *endpoint_text;
    struct pf_url endpoint;
    const char *key_param; /* into names */
    struct pf_buf prefix;  /* path and query up to the value of the url parameter */
    struct pf_buf params;  /* the client's own parameters, name NUL value NUL */
    struct pf_buf headers; /* likewise */
    struct pf_buf fixed;   /* path and query without the client's own parameters */
    struct pf_buf path;    /* of the request that was asked last */
    struct pf_field field[MAX_FIELDS];
    size_t common_fields; /* of `field` that serve every target without its own; 0: not filled */
    bool forwards; /* the client's options have header fields: the parameter for it is in fixed */
    char key_param_text[64];
};

/* ------------------------------------------------------------- checks -- */

static bool has_control(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            return true;
    return false;
}

/* RFC 9110 section 5.6.2 */
static bool is_token(const char *s)
{
    if (!*s)
        return false;
    for (; *s; s++)
        if ((unsigned char)*s <= 0x20 || (unsigned char)*s >= 0x7f ||
            strchr("\"(),/:;<=>?@[\\]{}", *s))
            return false;
    return true;
}

/* Fields that frame the message or belong to the connection. */
static bool is_reserved_field(const char *name)
{
    static const char *const reserved[] = {
        "host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade",
        "te",   "trailer",        "proxy-connection",  "expect"};

    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (pf_text_eq_nocase(name, strlen(name), reserved[i], strlen(reserved[i])))
            return true;
    return false;
}

static const char *fault_of_header(const struct fetch_pair *h)
{
    if (!h->name || !h->value || !is_token(h->name))
        return "a header without a valid name";
    if (is_reserved_field(h->name))
        return "a header that frames the request, which is not the caller's to set";
    return has_control(h->value) ? "a header value with a control character in it" : NULL;
}

static const char *fault_of_param(const struct pf_template *t, const struct fetch_pair *p)
{
    if (!p->name || !p->value || !*p->name)
        return "a parameter without a name";
    if (strcmp(p->name, t->key_param) == 0 || strcmp(p->name, t->profile->url_param) == 0)
        return "a parameter that carries the key or the target, which is not the caller's to set";
    return NULL;
}

enum fetch_error pf_template_check(const struct pf_template *t, const struct pf_extras *extras,
                                   const char **fault)
{
    *fault = NULL;
    if (extras->param_count > PF_MAX_PAIRS || extras->header_count > PF_MAX_PAIRS)
        *fault = "more than 64 parameters or headers";
    for (size_t i = 0; !*fault && i < extras->param_count; i++)
        *fault = fault_of_param(t, &extras->params[i]);
    for (size_t i = 0; !*fault && i < extras->header_count; i++)
        *fault = fault_of_header(&extras->headers[i]);
    if (*fault)
        return FETCH_E_INVALID;
    if (extras->header_count > 0 && !t->profile->forward_headers.name) {
        *fault = "headers, which the profile does not forward";
        return FETCH_E_UNSUPPORTED;
    }
    return FETCH_OK;
}

/* ------------------------------------------------------------ spelling -- */

static enum fetch_error fail(struct fetch_failure *failure, enum fetch_error e, const char *format,
                             ...) __attribute__((format(printf, 3, 4)));

static enum fetch_error fail(struct fetch_failure *failure, enum fetch_error e, const char *format,
                             ...)
{
    va_list ap;

    failure->error = e;
    va_start(ap, format);
    (void)vsnprintf(failure->message, sizeof failure->message, format, ap);
    va_end(ap);
    return e;
}

/* Appends "name=value", encoded, behind the "?" or "&" that is due. */
static enum fetch_error add_param(struct pf_buf *b, const char *name, const char *value)
{
    enum fetch_error e;

    e = pf_buf_append(b, memchr(b->data, '?', b->len) ? "&" : "?", 1);
    if (e == FETCH_OK)
        e = pf_url_encode(b, name, strlen(name));
    if (e == FETCH_OK)
        e = pf_buf_append(b, "=", 1);
    return e == FETCH_OK ? pf_url_encode(b, value, strlen(value)) : e;
}

/* One of the options that a profile may have no spelling for. */
static enum fetch_error add_option(struct pf_template *t, const char *name, const char *value,
                                   const char *option, struct fetch_failure *failure)
{
    if (!value)
        return FETCH_OK;
    if (!name)
        return fail(failure, FETCH_E_UNSUPPORTED,
                    "the profile %s has no spelling for %s; leave it out, or pass the provider's "
                    "own parameter",
                    t->profile->name, option);
    return add_param(&t->fixed, name, value);
}

static enum fetch_error add_options(struct pf_template *t, const struct fetch_options *o,
                                    const char *key, struct fetch_failure *failure)
{
    const struct pf_profile *p = t->profile;
    enum fetch_error e = add_param(&t->fixed, t->key_param, key);

    if (e == FETCH_OK)
        e = add_option(t, p->render.name, o->render ? p->render.value ? p->render.value : "" : NULL,
                       "render", failure);
    if (e == FETCH_OK)
        e = add_option(t, p->premium.name,
                       o->premium ? p->premium.value ? p->premium.value : "" : NULL, "premium",
                       failure);
    if (e == FETCH_OK)
        e = add_option(t, p->country_param, o->country, "country", failure);
    if (e == FETCH_OK)
        e = add_option(t, p->session_param, o->session, "session", failure);
    if (e == FETCH_OK && o->header_count > 0) {
        e = add_param(&t->fixed, p->forward_headers.name, p->forward_headers.value);
        t->forwards = true;
    }
    return e;
}

static enum fetch_error keep_pairs(struct pf_buf *to, const struct fetch_pair *pairs, size_t n)
{
    enum fetch_error e = FETCH_OK;

    for (size_t i = 0; e == FETCH_OK && i < n; i++) {
        e = pf_buf_append(to, pairs[i].name, strlen(pairs[i].name) + 1);
        if (e == FETCH_OK)
            e = pf_buf_append(to, pairs[i].value, strlen(pairs[i].value) + 1);
    }
    return e;
}

/* Walks what keep_pairs() kept. */
static bool next_pair(const struct pf_buf *kept, size_t *at, struct fetch_pair *pair)
{
    if (*at >= kept->len)
        return false;
    pair->name = kept->data + *at;
    pair->value = pair->name + strlen(pair->name) + 1;
    *at += strlen(pair->name) + strlen(pair->value) + 2;
    return true;
}

static enum fetch_error start_query(struct pf_template *t)
{
    const struct pf_url *u = &t->endpoint;
    enum fetch_error e = FETCH_OK;

    if (u->path_len == 0 || u->path[0] != '/')
        e = pf_buf_append(&t->fixed, "/", 1);
    return e == FETCH_OK ? pf_buf_append(&t->fixed, u->path, u->path_len) : e;
}

/* "&url=", the last parameter (a target that some server does not take whole loses only itself). */
static enum fetch_error end_query(const struct pf_template *t, struct pf_buf *b)
{
    return add_param(b, t->profile->url_param, "");
}

static enum fetch_error build_prefix(struct pf_template *t)
{
    struct fetch_pair p;
    size_t at = 0;
    enum fetch_error e = pf_buf_append(&t->prefix, t->fixed.data, t->fixed.len);

    while (e == FETCH_OK && next_pair(&t->params, &at, &p))
        e = add_param(&t->prefix, p.name, p.value);
    return e == FETCH_OK ? end_query(t, &t->prefix) : e;
}

static const char *find_key(const struct pf_profile *profile, const struct fetch_options *o)
{
    const char *key = o->key;

    if (!key || !*key)
        key = getenv(profile->key_variable);
    if (!key || !*key)
        key = getenv("PFETCH_KEY");
    return key;
}

static enum fetch_error check_key(const struct pf_profile *profile, const char *key,
                                  struct fetch_failure *failure)
{
    if (!key || !*key)
        return fail(failure, FETCH_E_NO_KEY,
                    "no API key: set %s or PFETCH_KEY, or give the key in the options",
                    profile->key_variable);
    if (strlen(key) > MAX_KEY || has_control(key) || strchr(key, ' '))
        return fail(failure, FETCH_E_INVALID, "the %s",
                    "key has white space or control characters in it, or is over 1,024 bytes");
    return FETCH_OK;
}

static enum fetch_error parse_endpoint(struct pf_template *t, const struct fetch_options *o,
                                       struct fetch_failure *failure)
{
    const char *why, *text = o->endpoint;

    if (!text || !*text)
        text = getenv("PFETCH_ENDPOINT");
    if (!text || !*text)
        text = t->profile->endpoint;
    t->endpoint_text = strdup(text);
    if (!t->endpoint_text)
        return fail(failure, FETCH_E_NOMEM, "%s", fetch_strerror(FETCH_E_NOMEM));
    if (!pf_url_parse(&t->endpoint, t->endpoint_text, strlen(t->endpoint_text), &why))
        return fail(failure, FETCH_E_INVALID, "the endpoint %s", why);
    if (t->endpoint.host_len > 253)
        return fail(failure, FETCH_E_INVALID, "the endpoint has %s", "a host name over 253 bytes");
    return FETCH_OK;
}

static enum fetch_error build(struct pf_template *t, const struct fetch_options *o,
                              struct fetch_failure *failure)
{
    const struct pf_extras own = {o->params, o->param_count, o->headers, o->header_count};
    const char *key = find_key(t->profile, o), *fault;
    enum fetch_error e = parse_endpoint(t, o, failure);

    if (e != FETCH_OK)
        return e;
    e = check_key(t->profile, key, failure);
    if (e != FETCH_OK)
        return e;
    t->key_param = o->key_param ? o->key_param : t->profile->key_param;
    if (!*t->key_param || strlen(t->key_param) >= sizeof t->key_param_text)
        return fail(failure, FETCH_E_INVALID, "%s",
                    "the key's parameter name is empty or too long");
    t->key_param = strcpy(t->key_param_text, t->key_param);
    e = pf_template_check(t, &own, &fault);
    if (e != FETCH_OK)
        return fail(failure, e, "the options have %s", fault);
    e = start_query(t);
    if (e == FETCH_OK)
        e = add_options(t, o, key, failure);
    if (e == FETCH_E_UNSUPPORTED)
        return e;
    if (e == FETCH_OK)
        e = keep_pairs(&t->params, o->params, o->param_count);
    if (e == FETCH_OK)
        e = keep_pairs(&t->headers, o->headers, o->header_count);
    if (e == FETCH_OK)
        e = build_prefix(t);
    return e == FETCH_OK ? e : fail(failure, e, "the options: %s", fetch_strerror(e));
}

enum fetch_error pf_template_new(struct pf_template **template, const struct pf_profile *profile,
                                 const struct fetch_options *options, struct fetch_failure *failure)
{
    const size_t max = 4 * (size_t)PF_MAX_URL + (1u << 20);
    struct pf_template *t = calloc(1, sizeof *t);
    enum fetch_error e;

    *template = NULL;
    if (!t)
        return fail(failure, FETCH_E_NOMEM, "%s", fetch_strerror(FETCH_E_NOMEM));
    t->profile = profile;
    pf_buf_init(&t->prefix, max);
    pf_buf_init(&t->params, max);
    pf_buf_init(&t->headers, max);
    pf_buf_init(&t->fixed, max);
    pf_buf_init(&t->path, 2 * max);
    e = build(t, options, failure);
    if (e != FETCH_OK) {
        pf_template_free(t);
        return e;
    }
    *template = t;
    return FETCH_OK;
}

/* The prefix and the path hold the key: they are not left behind in freed memory. */
static void wipe(struct pf_buf *b)
{
    if (b->data)
        explicit_bzero(b->data, b->cap);
    pf_buf_fini(b);
}

void pf_template_free(struct pf_template *t)
{
    if (!t)
        return;
    wipe(&t->prefix);
    wipe(&t->fixed);
    wipe(&t->path);
    pf_buf_fini(&t->params);
    pf_buf_fini(&t->headers);
    free(t->endpoint_text);
    free(t);
}

const struct pf_url *pf_template_endpoint(const struct pf_template *t)
{
    return &t->endpoint;
}

/* ------------------------------------------------------------ requests -- */

static bool has_name(const struct fetch_pair *pairs, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(pairs[i].name, name) == 0)
            return true;
    return false;
}

/* A target with parameters or header fields of its own: the query is put together anew. */
static enum fetch_error own_prefix(struct pf_template *t, const struct pf_extras *extras)
{
    const struct fetch_pair *forward = &t->profile->forward_headers;
    struct fetch_pair p;
    size_t at = 0;
    enum fetch_error e = pf_buf_append(&t->path, t->fixed.data, t->fixed.len);

    if (e == FETCH_OK && extras->header_count > 0 && !t->forwards)
        e = add_param(&t->path, forward->name, forward->value);
    while (e == FETCH_OK && next_pair(&t->params, &at, &p))
        if (!has_name(extras->params, extras->param_count, p.name))
            e = add_param(&t->path, p.name, p.value);
    for (size_t i = 0; e == FETCH_OK && i < extras->param_count; i++)
        e = add_param(&t->path, extras->params[i].name, extras->params[i].value);
    return e == FETCH_OK ? end_query(t, &t->path) : e;
}

/* Adds a field, or replaces one of that name. */
static void set_field(struct pf_request *request, struct pf_field *field, const char *name,
                      const char *value)
{
    size_t n = strlen(name), i = 0;

    while (i < request->field_count &&
           !pf_text_eq_nocase(field[i].name, field[i].name_len, name, n))
        i++;
    if (i == request->field_count)
        request->field_count++;
    field[i] = (struct pf_field){name, n, value, strlen(value)};
}

static void fill_fields(struct pf_template *t, const struct pf_extras *extras,
                        struct pf_request *request)
{
    struct fetch_pair p;
    size_t at = 0;

    bool common = extras->header_count == 0;

    request->field = t->field;
    request->field_count = t->common_fields;
    if (common && t->common_fields > 0)
        return; /* as the last request left them */
    request->field_count = 3;
    t->field[0] = (struct pf_field){"user-agent", 10, "libpfetch/" FETCH_VERSION,
                                    sizeof "libpfetch/" FETCH_VERSION - 1};
    t->field[1] = (struct pf_field){"accept", 6, "*/*", 3};
    t->field[2] = (struct pf_field){"accept-encoding", 15, pf_decoder_accepted(),
                                    strlen(pf_decoder_accepted())};
    while (next_pair(&t->headers, &at, &p))
        set_field(request, t->field, p.name, p.value);
    for (size_t i = 0; i < extras->header_count; i++)
        set_field(request, t->field, extras->headers[i].name, extras->headers[i].value);
    t->common_fields = common ? request->field_count : 0;
}

enum fetch_error pf_template_request(struct pf_template *t, const char *url, size_t url_len,
                                     const struct pf_extras *extras, struct pf_request *request)
{
    enum fetch_error e;

    t->path.len = 0;
    if (extras->param_count > 0 || extras->header_count > 0)
        e = own_prefix(t, extras);
    else
        e = pf_buf_append(&t->path, t->prefix.data, t->prefix.len);
    if (e == FETCH_OK)
        e = pf_url_encode(&t->path, url, url_len);
    if (e != FETCH_OK)
        return e;
    request->method = "GET";
    request->https = t->endpoint.https;
    request->authority = t->endpoint.authority;
    request->authority_len = t->endpoint.authority_len;
    request->path = t->path.data;
    request->path_len = t->path.len;
    fill_fields(t, extras, request);
    return FETCH_OK;
}

enum fetch_error pf_template_follow(struct pf_template *t, const struct pf_url *location,
                                    const struct pf_extras *extras, struct pf_request *request)
{
    enum fetch_error e = FETCH_OK;

    t->path.len = 0;
    if (location->path_len == 0 || location->path[0] != '/')
        e = pf_buf_append(&t->path, "/", 1);
    if (e == FETCH_OK)
        e = pf_buf_append(&t->path, location->path, location->path_len);
    if (e != FETCH_OK)
        return e;
    request->method = "GET";
    request->https = location->https;
    request->authority = location->authority;
    request->authority_len = location->authority_len;
    request->path = t->path.data;
    request->path_len = t->path.len;
    fill_fields(t, extras, request);
    return FETCH_OK;
}
