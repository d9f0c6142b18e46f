/*
 * The request is spelled once, when the client is made, up to where the target goes: in the query
 * or, where the profile has it so, in a JSON body.  A target that has parameters, header fields, a
 * method or a body of its own has its request put together anew.
 *
 * What the user says with a parameter wins over what the profile would say with the same name:
 * profiles are not always certain.
 */
#include "endpoint/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/limits.h"
#include "base/text.h"
#include "endpoint/json.h"
#include "endpoint/spell.h"
#include "protocol/decode.h"

#define MAX_KEY 1024u
#define HIDDEN "***"

/* What a request has beside the header fields that were asked for. */
enum parts { WITH_KEY = 1, WITH_BODY = 2 };

struct pf_template {
    const struct pf_profile *profile;
    char *endpoint_text;
    struct pf_url endpoint;
    char key_name[64];     /* parameter or header field */
    struct pf_buf key;     /* the value of the header field, where the key is one */
    struct pf_buf start;   /* path and query of the endpoint, with the key where it is there */
    struct pf_buf said;    /* pairs: what profile and options say (see spell.h) */
    struct pf_buf params;  /* pairs: the client's own parameters */
    struct pf_buf headers; /* pairs: the client's header fields */
    struct pf_buf prefix;  /* of query or JSON, up to the target */
    struct pf_buf path;    /* of the request that was asked last */
    struct pf_buf body;    /* likewise, of JSON */
    struct pf_buf names;   /* likewise, of header fields with a prefix */
    struct pf_field field[PF_MAX_REQUEST_FIELDS];
    size_t common_fields; /* of `field` that serve every target without its own; 0: not filled */
    bool forwards; /* the client's options have header fields: what that takes is in `said` */
};

/* ------------------------------------------------------------- checks -- */

static bool has_control(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            return true;
    return false;
}

static bool is_name(const char *name, const char *other)
{
    return pf_text_eq_nocase(name, strlen(name), other, strlen(other));
}

/* Fields that frame the message or belong to the connection. */
static bool is_reserved_field(const char *name)
{
    static const char *const reserved[] = {
        "host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade",
        "te",   "trailer",        "proxy-connection",  "expect"};

    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (is_name(name, reserved[i]))
            return true;
    return false;
}

static const char *fault_of_utf8(const struct pf_template *t, const struct fetch_pair *p)
{
    if (t->profile->json && (!pf_text_is_utf8(p->name, strlen(p->name)) ||
                             !pf_text_is_utf8(p->value, strlen(p->value))))
        return "a parameter or header that is not UTF-8, which JSON cannot carry";
    return NULL;
}

static const char *fault_of_header(const struct pf_template *t, const struct fetch_pair *h)
{
    if (!h->name || !h->value || !pf_text_is_token(h->name, strlen(h->name)))
        return "a header without a valid name";
    if (is_reserved_field(h->name))
        return "a header that frames the request, which is not the caller's to set";
    if (t->profile->headers_way == PF_HEADERS_PLAIN && t->profile->key_place != PF_KEY_QUERY &&
        is_name(h->name, t->key_name))
        return "a header that carries the key, which is not the caller's to set";
    return has_control(h->value) ? "a header value with a control character in it"
                                 : fault_of_utf8(t, h);
}

static const char *fault_of_param(const struct pf_template *t, const struct fetch_pair *p)
{
    if (!p->name || !p->value || !*p->name)
        return "a parameter without a name";
    if (strcmp(p->name, t->profile->target) == 0 ||
        (t->profile->key_place == PF_KEY_QUERY && strcmp(p->name, t->key_name) == 0))
        return "a parameter that carries the key or the target, which is not the caller's to set";
    if (t->profile->json && (*p->name == '.' || p->name[strlen(p->name) - 1] == '.'))
        return "a parameter whose name begins or ends with a dot";
    return fault_of_utf8(t, p);
}

static const char *fault_of_pairs(const struct pf_template *t, const struct pf_extras *extras)
{
    const char *fault = NULL;

    if (extras->param_count > PF_MAX_PAIRS || extras->header_count > PF_MAX_PAIRS)
        fault = "more than 64 parameters or headers";
    for (size_t i = 0; !fault && i < extras->param_count; i++)
        fault = fault_of_param(t, &extras->params[i]);
    for (size_t i = 0; !fault && i < extras->header_count; i++)
        fault = fault_of_header(t, &extras->headers[i]);
    return fault;
}

static const char *method_of(const struct pf_extras *extras)
{
    return extras->method ? extras->method : extras->body_len > 0 ? "POST" : "GET";
}

static bool is_in_words(const char *words, const char *word)
{
    size_t n = strlen(word);

    for (; *words; words += strspn(words, " \t")) {
        size_t length = strcspn(words, " \t");

        if (length == n && memcmp(words, word, n) == 0)
            return true;
        words += length;
    }
    return false;
}

static enum fetch_error check_method(const struct pf_template *t, const struct pf_extras *extras,
                                     const char **fault)
{
    const struct pf_profile *p = t->profile;
    const char *method = method_of(extras);
    bool get = strcmp(method, "GET") == 0;

    if (!pf_text_is_token(method, strlen(method)) || strlen(method) > 32)
        *fault = "a method that is none";
    else if (get && extras->body_len > 0)
        *fault = "a body with the method GET";
    else if (extras->body_len > PF_MAX_REQUEST_BODY)
        *fault = "a body over 8 MiB";
    if (*fault)
        return FETCH_E_INVALID;
    if (get)
        return FETCH_OK;
    if (p->method_way == PF_METHOD_NONE ||
        (p->method_way == PF_METHOD_PASS && !is_in_words(p->methods, method)))
        *fault = "a method that the profile does not forward";
    else if (p->method_way == PF_METHOD_JSON && extras->body_len > 0 && !p->body_name)
        *fault = "a body, which the profile does not forward";
    return *fault ? FETCH_E_UNSUPPORTED : FETCH_OK;
}

enum fetch_error pf_template_check(const struct pf_template *t, const struct pf_extras *extras,
                                   const char **fault)
{
    *fault = fault_of_pairs(t, extras);
    if (*fault)
        return FETCH_E_INVALID;
    if (extras->header_count > 0 && t->profile->headers_way == PF_HEADERS_NONE) {
        *fault = "headers, which the profile does not forward";
        return FETCH_E_UNSUPPORTED;
    }
    return extras->method || extras->body_len > 0 ? check_method(t, extras, fault) : FETCH_OK;
}

/* --------------------------------------------------------------- query -- */

/* Appends the "?" or "&" that is due, and the name with its "=". */
static enum fetch_error begin_param(struct pf_buf *b, const char *name)
{
    enum fetch_error e = pf_buf_append(b, memchr(b->data, '?', b->len) ? "&" : "?", 1);

    if (e == FETCH_OK)
        e = pf_url_encode(b, name, strlen(name));
    return e == FETCH_OK ? pf_buf_append(b, "=", 1) : e;
}

static enum fetch_error add_param(struct pf_buf *b, const char *name, const char *value)
{
    enum fetch_error e = begin_param(b, name);

    return e == FETCH_OK ? pf_url_encode(b, value, strlen(value)) : e;
}

static bool has_name(const struct fetch_pair *pairs, size_t n, const char *name, bool any_case)
{
    for (size_t i = 0; i < n; i++)
        if (any_case ? is_name(pairs[i].name, name) : strcmp(pairs[i].name, name) == 0)
            return true;
    return false;
}

/* The next of what profile and options say that no parameter takes the place of. */
static bool next_said(const struct pf_template *t, const struct pf_extras *extras, size_t *at,
                      struct fetch_pair *p)
{
    while (pf_pairs_next(&t->said, at, p))
        if (!has_name(extras->params, extras->param_count, p->name, false) &&
            !pf_pairs_have(&t->params, p->name))
            return true;
    return false;
}

static bool next_param(const struct pf_template *t, const struct pf_extras *extras, size_t *at,
                       struct fetch_pair *p)
{
    while (pf_pairs_next(&t->params, at, p))
        if (!has_name(extras->params, extras->param_count, p->name, false))
            return true;
    return false;
}

static bool next_header(const struct pf_template *t, const struct pf_extras *extras, size_t *at,
                        struct fetch_pair *p)
{
    while (pf_pairs_next(&t->headers, at, p))
        if (!has_name(extras->headers, extras->header_count, p->name, true))
            return true;
    return false;
}

/* "headers[Name]=value" */
static enum fetch_error add_header_param(const struct pf_template *t, struct pf_buf *b,
                                         const struct fetch_pair *h)
{
    struct pf_buf name;
    enum fetch_error e;

    pf_buf_init(&name, b->max);
    e = pf_spell_value(&name, t->profile->headers_name, h->name);
    if (e == FETCH_OK)
        e = pf_buf_terminate(&name);
    if (e == FETCH_OK)
        e = add_param(b, name.data, h->value);
    pf_buf_fini(&name);
    return e;
}

static enum fetch_error add_header_params(const struct pf_template *t, struct pf_buf *b,
                                          const struct pf_extras *extras)
{
    enum fetch_error e = FETCH_OK;
    struct fetch_pair p;
    size_t at = 0;

    while (e == FETCH_OK && next_header(t, extras, &at, &p))
        e = add_header_param(t, b, &p);
    for (size_t i = 0; e == FETCH_OK && i < extras->header_count; i++)
        e = add_header_param(t, b, &extras->headers[i]);
    return e;
}

/* What is said of header fields that are a target's own, where the client has none. */
static enum fetch_error add_headers_on(const struct pf_template *t, struct pf_buf *b,
                                       const struct pf_extras *extras)
{
    const struct pf_spellings *on = &t->profile->headers_on;
    enum fetch_error e = FETCH_OK;

    if (t->forwards || extras->header_count == 0)
        return FETCH_OK;
    for (size_t i = 0; e == FETCH_OK && i < on->count; i++)
        if (!has_name(extras->params, extras->param_count, on->item[i].name, false) &&
            !pf_pairs_have(&t->params, on->item[i].name))
            e = add_param(b, on->item[i].name, on->item[i].value);
    return e;
}

/* Path and query up to the target: its parameter is the last, so that a target that some server
 * does not take whole loses only itself. */
static enum fetch_error write_query(const struct pf_template *t, struct pf_buf *b,
                                    const struct pf_extras *extras)
{
    enum fetch_error e = pf_buf_append(b, t->start.data, t->start.len);
    struct fetch_pair p;
    size_t at = 0;

    while (e == FETCH_OK && next_said(t, extras, &at, &p))
        e = add_param(b, p.name, p.value);
    if (e == FETCH_OK)
        e = add_headers_on(t, b, extras);
    at = 0;
    while (e == FETCH_OK && next_param(t, extras, &at, &p))
        e = add_param(b, p.name, p.value);
    for (size_t i = 0; e == FETCH_OK && i < extras->param_count; i++)
        e = add_param(b, extras->params[i].name, extras->params[i].value);
    if (e == FETCH_OK && t->profile->headers_way == PF_HEADERS_QUERY)
        e = add_header_params(t, b, extras);
    return e == FETCH_OK ? begin_param(b, t->profile->target) : e;
}

/* ---------------------------------------------------------------- JSON -- */

static bool set_params(const struct pf_template *t, struct pf_json *json,
                       const struct pf_extras *extras)
{
    struct pf_buf own;
    struct fetch_pair p;
    size_t at = 0;
    bool fine = true;

    while (fine && next_said(t, extras, &at, &p))
        fine = pf_json_set(json, p.name, p.value);
    at = 0;
    while (fine && next_param(t, extras, &at, &p))
        fine = pf_json_set(json, p.name, p.value);
    pf_buf_init(&own, t->params.max);
    for (size_t i = 0; fine && i < extras->param_count; i++)
        fine = pf_spell_param(&own, t->profile, &extras->params[i]) == FETCH_OK;
    at = 0;
    while (fine && pf_pairs_next(&own, &at, &p))
        fine = pf_json_set(json, p.name, p.value);
    pf_buf_fini(&own);
    return fine;
}

static bool set_headers(const struct pf_template *t, struct pf_json *json,
                        const struct pf_extras *extras)
{
    const char *member = t->profile->headers_name;
    struct fetch_pair p;
    size_t at = 0;
    bool fine = true;

    while (fine && next_header(t, extras, &at, &p))
        fine = pf_json_add_pair(json, member, p.name, p.value);
    for (size_t i = 0; fine && i < extras->header_count; i++)
        fine = pf_json_add_pair(json, member, extras->headers[i].name, extras->headers[i].value);
    return fine;
}

static bool set_method(const struct pf_template *t, struct pf_json *json,
                       const struct pf_extras *extras)
{
    const char *method = method_of(extras);
    struct pf_buf text;
    bool fine;

    if (strcmp(method, "GET") == 0)
        return true;
    fine = pf_json_set_string(json, t->profile->method_name, method, strlen(method));
    if (!fine || extras->body_len == 0)
        return fine;
    pf_buf_init(&text, 2 * PF_MAX_REQUEST_BODY);
    fine = pf_base64_encode(&text, extras->body, extras->body_len) == FETCH_OK &&
           pf_json_set_string(json, t->profile->body_name, text.data, text.len);
    pf_buf_fini(&text);
    return fine;
}

/* The object up to the target. */
static enum fetch_error write_json(const struct pf_template *t, struct pf_buf *b,
                                   const struct pf_extras *extras)
{
    struct pf_json *json = pf_json_new();
    enum fetch_error e = FETCH_E_NOMEM;

    if (json && set_params(t, json, extras) && set_headers(t, json, extras) &&
        set_method(t, json, extras))
        e = pf_json_write_open(json, b);
    pf_json_free(json);
    if (e == FETCH_OK)
        e = pf_buf_printf(b, "\"%s\":", t->profile->target);
    return e;
}

/* ----------------------------------------------------------------- key -- */

static const char *find_key(const struct pf_profile *profile, const struct fetch_options *o)
{
    const char *key = o->key;

    if ((!key || !*key) && profile->key_variable)
        key = getenv(profile->key_variable);
    if (!key || !*key)
        key = getenv("PFETCH_KEY");
    return key;
}

static enum fetch_error check_key(const struct pf_profile *profile, const char *key,
                                  struct fetch_failure *failure)
{
    const char *variable = profile->key_variable;

    if (!key || !*key)
        return pf_spell_fail(failure, FETCH_E_NO_KEY,
                             "no API key: set %s%sPFETCH_KEY, or give the key in the options",
                             variable ? variable : "", variable ? " or " : "");
    if (strlen(key) > MAX_KEY || has_control(key) || strchr(key, ' '))
        return pf_spell_fail(failure, FETCH_E_INVALID, "%s",
                             "the key has white space or control characters in it, or is over "
                             "1,024 bytes");
    return FETCH_OK;
}

static enum fetch_error name_key(struct pf_template *t, const struct fetch_options *o,
                                 struct fetch_failure *failure)
{
    const struct pf_profile *p = t->profile;
    const char *name = o->key_param ? o->key_param : p->key_name;

    if (o->key_param && p->key_place == PF_KEY_BASIC)
        return pf_spell_fail(failure, FETCH_E_UNSUPPORTED,
                             "the profile %s sends the key as a user's name: there is no parameter "
                             "to name",
                             p->name);
    if (!*name || strlen(name) >= sizeof t->key_name)
        return pf_spell_fail(failure, FETCH_E_INVALID, "%s",
                             "the key's parameter name is empty or too long");
    if (p->key_place == PF_KEY_HEADER &&
        (!pf_text_is_token(name, strlen(name)) || is_reserved_field(name)))
        return pf_spell_fail(failure, FETCH_E_INVALID, "%s",
                             "the key's parameter is a header field in this profile, and its name "
                             "cannot be one");
    (void)strcpy(t->key_name, name);
    return FETCH_OK;
}

/* "user:password" with the key for a user (RFC 7617), or the text that the profile has. */
static enum fetch_error write_key_field(struct pf_template *t, const char *key)
{
    struct pf_buf user;
    enum fetch_error e;

    if (t->profile->key_place == PF_KEY_HEADER)
        return pf_spell_value(&t->key, t->profile->key_value, key);
    e = pf_buf_append(&t->key, "Basic ", 6);
    if (e != FETCH_OK || strcmp(key, HIDDEN) == 0)
        return e == FETCH_OK ? pf_buf_append_str(&t->key, HIDDEN) : e;
    pf_buf_init(&user, MAX_KEY + 1);
    e = pf_buf_reserve_exact(&user, strlen(key) + 1); /* it does not move, and is wiped whole */
    if (e == FETCH_OK)
        e = pf_buf_append_str(&user, key);
    if (e == FETCH_OK)
        e = pf_buf_append(&user, ":", 1);
    if (e == FETCH_OK)
        e = pf_base64_encode(&t->key, user.data, user.len);
    if (user.data)
        explicit_bzero(user.data, user.cap);
    pf_buf_fini(&user);
    return e;
}

static enum fetch_error write_start(struct pf_template *t, const char *key)
{
    const struct pf_url *u = &t->endpoint;
    enum fetch_error e = FETCH_OK;

    if (u->path_len == 0 || u->path[0] != '/')
        e = pf_buf_append(&t->start, "/", 1);
    if (e == FETCH_OK)
        e = pf_buf_append(&t->start, u->path, u->path_len);
    if (e != FETCH_OK)
        return e;
    if (t->profile->key_place != PF_KEY_QUERY)
        return write_key_field(t, key);
    e = begin_param(&t->start, t->key_name);
    if (e == FETCH_OK && strcmp(key, HIDDEN) == 0)
        return pf_buf_append_str(&t->start, HIDDEN);
    return e == FETCH_OK ? pf_url_encode(&t->start, key, strlen(key)) : e;
}

/* ---------------------------------------------------------------- life -- */

static enum fetch_error parse_endpoint(struct pf_template *t, const struct fetch_options *o,
                                       struct fetch_failure *failure)
{
    const char *why, *text = o->endpoint;

    if (!text || !*text)
        text = getenv("PFETCH_ENDPOINT");
    if (!text || !*text)
        text = t->profile->endpoint;
    if (!text)
        return pf_spell_fail(failure, FETCH_E_INVALID,
                             "the profile %s has no endpoint of its own: name its address, such as "
                             "https://api.example.com/v1",
                             t->profile->name);
    t->endpoint_text = strdup(text);
    if (!t->endpoint_text)
        return pf_spell_fail(failure, FETCH_E_NOMEM, "%s", fetch_strerror(FETCH_E_NOMEM));
    if (!pf_url_parse(&t->endpoint, t->endpoint_text, strlen(t->endpoint_text), &why))
        return pf_spell_fail(failure, FETCH_E_INVALID, "the endpoint %s", why);
    if (t->endpoint.host_len > 253)
        return pf_spell_fail(failure, FETCH_E_INVALID, "the endpoint has %s",
                             "a host name over 253 bytes");
    return FETCH_OK;
}

static enum fetch_error check_own(struct pf_template *t, const struct fetch_options *o,
                                  struct fetch_failure *failure)
{
    const struct pf_extras own = {.params = o->params,
                                  .param_count = o->param_count,
                                  .headers = o->headers,
                                  .header_count = o->header_count};
    const char *fault;
    enum fetch_error e = pf_template_check(t, &own, &fault);

    return e == FETCH_OK ? e : pf_spell_fail(failure, e, "the options have %s", fault);
}

static enum fetch_error write_all(struct pf_template *t, const struct fetch_options *o,
                                  const char *key, struct fetch_failure *failure)
{
    static const struct pf_extras none = {.params = NULL};
    enum fetch_error e = write_start(t, key);

    if (e == FETCH_OK)
        e = pf_spell_options(&t->said, t->profile, o, failure);
    for (size_t i = 0; e == FETCH_OK && i < o->param_count; i++)
        e = pf_spell_param(&t->params, t->profile, &o->params[i]);
    for (size_t i = 0; e == FETCH_OK && i < o->header_count; i++)
        e = pf_pairs_add(&t->headers, o->headers[i].name, o->headers[i].value);
    t->forwards = o->header_count > 0;
    if (e == FETCH_OK)
        e = t->profile->json ? write_json(t, &t->prefix, &none) : write_query(t, &t->prefix, &none);
    return e;
}

static enum fetch_error build(struct pf_template *t, const struct fetch_options *o, const char *key,
                              struct fetch_failure *failure)
{
    enum fetch_error e = parse_endpoint(t, o, failure);

    if (e == FETCH_OK)
        e = check_key(t->profile, key, failure);
    if (e == FETCH_OK)
        e = name_key(t, o, failure);
    if (e == FETCH_OK)
        e = check_own(t, o, failure);
    if (e != FETCH_OK)
        return e;
    failure->error = FETCH_OK;
    e = write_all(t, o, key, failure);
    if (e != FETCH_OK && failure->error == FETCH_OK)
        return pf_spell_fail(failure, e, "the options: %s", fetch_strerror(e));
    return e;
}

static enum fetch_error new_with(struct pf_template **template, const struct pf_profile *profile,
                                 const struct fetch_options *options, const char *key,
                                 struct fetch_failure *failure)
{
    const size_t max = 4 * (size_t)PF_MAX_URL + (1u << 20);
    struct pf_template *t = calloc(1, sizeof *t);
    enum fetch_error e;

    *template = NULL;
    if (!t)
        return pf_spell_fail(failure, FETCH_E_NOMEM, "%s", fetch_strerror(FETCH_E_NOMEM));
    t->profile = profile;
    pf_buf_init(&t->key, max);
    pf_buf_init(&t->start, max);
    pf_buf_init(&t->said, max);
    pf_buf_init(&t->params, max);
    pf_buf_init(&t->headers, max);
    pf_buf_init(&t->prefix, max);
    pf_buf_init(&t->path, 2 * max);
    pf_buf_init(&t->body, 2 * max + 2 * PF_MAX_REQUEST_BODY);
    pf_buf_init(&t->names, max);
    e = build(t, options, key, failure);
    if (e != FETCH_OK) {
        pf_template_free(t);
        return e;
    }
    *template = t;
    return FETCH_OK;
}

enum fetch_error pf_template_new(struct pf_template **template, const struct pf_profile *profile,
                                 const struct fetch_options *options, struct fetch_failure *failure)
{
    return new_with(template, profile, options, find_key(profile, options), failure);
}

enum fetch_error pf_template_new_keyless(struct pf_template **template,
                                         const struct pf_profile *profile,
                                         const struct fetch_options *options,
                                         struct fetch_failure *failure)
{
    return new_with(template, profile, options, HIDDEN, failure);
}

/* What holds the key is not left behind in freed memory. */
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
    wipe(&t->key);
    wipe(&t->start);
    wipe(&t->prefix);
    wipe(&t->path);
    pf_buf_fini(&t->said);
    pf_buf_fini(&t->params);
    pf_buf_fini(&t->headers);
    pf_buf_fini(&t->body);
    pf_buf_fini(&t->names);
    free(t->endpoint_text);
    free(t);
}

const struct pf_url *pf_template_endpoint(const struct pf_template *t)
{
    return &t->endpoint;
}

/* -------------------------------------------------------------- fields -- */

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
    field[i] = (struct pf_field){name, n, value, strlen(value), false};
}

/* `names` has room for all of them, so what was written there stays where it is. */
static void forward_field(struct pf_template *t, const struct fetch_pair *p, bool has_body,
                          struct pf_request *request)
{
    const char *prefix = t->profile->headers_name, *name;

    if (t->profile->headers_way == PF_HEADERS_PREFIX) {
        name = t->names.data + t->names.len;
        (void)pf_buf_append_str(&t->names, prefix);
        (void)pf_buf_append(&t->names, p->name, strlen(p->name) + 1);
        set_field(request, t->field, name, p->value);
    } else if (t->profile->headers_way == PF_HEADERS_PLAIN) {
        set_field(request, t->field, p->name, p->value);
        return;
    }
    /* It is about the very bytes that we send. */
    if (has_body && !t->profile->json && is_name(p->name, "content-type"))
        set_field(request, t->field, p->name, p->value);
}

static enum fetch_error reserve_names(struct pf_template *t, const struct pf_extras *extras)
{
    size_t n = t->headers.len, prefix;

    t->names.len = 0;
    if (t->profile->headers_way != PF_HEADERS_PREFIX)
        return FETCH_OK;
    prefix = strlen(t->profile->headers_name) + 1;
    for (size_t i = 0; i < extras->header_count; i++)
        n += strlen(extras->headers[i].name);
    return pf_buf_reserve(&t->names, n + 2 * PF_MAX_PAIRS * prefix);
}

static enum fetch_error fill_fields(struct pf_template *t, const struct pf_extras *extras,
                                    unsigned parts, struct pf_request *request)
{
    bool own_body = (parts & WITH_BODY) && extras->body_len > 0;
    bool common = extras->header_count == 0 && !own_body && (parts & WITH_KEY) &&
                  (!t->profile->json || (parts & WITH_BODY));
    struct fetch_pair p;
    size_t at = 0;
    enum fetch_error e;

    request->field = t->field;
    request->field_count = t->common_fields;
    if (common && t->common_fields > 0)
        return FETCH_OK; /* as the last request left them */
    t->common_fields = 0;
    e = reserve_names(t, extras);
    if (e != FETCH_OK)
        return e;
    request->field_count = 3;
    t->field[0] = (struct pf_field){"user-agent", 10, "libpfetch/" FETCH_VERSION,
                                    sizeof "libpfetch/" FETCH_VERSION - 1, false};
    t->field[1] = (struct pf_field){"accept", 6, "*/*", 3, false};
    t->field[2] = (struct pf_field){"accept-encoding", 15, pf_decoder_accepted(),
                                    strlen(pf_decoder_accepted()), false};
    if (t->profile->json && (parts & WITH_BODY))
        set_field(request, t->field, "content-type", "application/json");
    while (pf_pairs_next(&t->headers, &at, &p))
        forward_field(t, &p, own_body, request);
    for (size_t i = 0; i < extras->header_count; i++)
        forward_field(t, &extras->headers[i], own_body, request);
    if ((parts & WITH_KEY) && t->profile->key_place != PF_KEY_QUERY)
        t->field[request->field_count++] =
            (struct pf_field){t->key_name, strlen(t->key_name), t->key.data, t->key.len, true};
    t->common_fields = common ? request->field_count : 0;
    return FETCH_OK;
}

/* ------------------------------------------------------------ requests -- */

static bool is_common(const struct pf_extras *extras)
{
    return extras->param_count == 0 && extras->header_count == 0 && !extras->method &&
           extras->body_len == 0;
}

static enum fetch_error write_path(struct pf_template *t, const char *url, size_t url_len,
                                   const struct pf_extras *extras)
{
    enum fetch_error e;

    t->path.len = 0;
    if (t->profile->json)
        return pf_buf_append(&t->path, t->start.data, t->start.len);
    if (extras->param_count > 0 || extras->header_count > 0)
        e = write_query(t, &t->path, extras);
    else
        e = pf_buf_append(&t->path, t->prefix.data, t->prefix.len);
    return e == FETCH_OK ? pf_url_encode(&t->path, url, url_len) : e;
}

/* What the request carries behind its head: our JSON, or the target's own body as it is. */
static enum fetch_error write_body(struct pf_template *t, const char *url, size_t url_len,
                                   const struct pf_extras *extras, struct pf_request *request)
{
    enum fetch_error e;

    if (!t->profile->json) {
        request->body = extras->body_len > 0 ? extras->body : NULL;
        request->body_len = extras->body_len;
        return FETCH_OK;
    }
    t->body.len = 0;
    if (is_common(extras))
        e = pf_buf_append(&t->body, t->prefix.data, t->prefix.len);
    else
        e = write_json(t, &t->body, extras);
    if (e == FETCH_OK)
        e = pf_json_write_url(&t->body, url, url_len);
    if (e == FETCH_OK)
        e = pf_buf_append(&t->body, "}", 1);
    request->body = t->body.data;
    request->body_len = t->body.len;
    return e;
}

/* Method and body are those of the first request or, after some redirects, a GET's. */
static enum fetch_error fill(struct pf_template *t, bool as_get, const char *url, size_t url_len,
                             const struct pf_extras *extras, struct pf_request *request)
{
    request->method = "GET";
    request->body = NULL;
    request->body_len = 0;
    if (as_get)
        return FETCH_OK;
    request->method = t->profile->json ? "POST" : method_of(extras);
    return write_body(t, url, url_len, extras, request);
}

enum fetch_error pf_template_request(struct pf_template *t, const char *url, size_t url_len,
                                     const struct pf_extras *extras, struct pf_request *request)
{
    enum fetch_error e = write_path(t, url, url_len, extras);

    if (e == FETCH_OK)
        e = fill(t, false, url, url_len, extras, request);
    if (e != FETCH_OK)
        return e;
    request->https = t->endpoint.https;
    request->authority = t->endpoint.authority;
    request->authority_len = t->endpoint.authority_len;
    request->path = t->path.data;
    request->path_len = t->path.len;
    return fill_fields(t, extras, WITH_KEY | WITH_BODY, request);
}

bool pf_template_may_follow(const struct pf_template *t, const struct pf_extras *extras, int status,
                            bool *as_get)
{
    bool get = *as_get || (!t->profile->json && strcmp(method_of(extras), "GET") == 0);

    if (status == 303)
        *as_get = true;
    else if (status != 307 && status != 308)
        return get;
    return true;
}

/* The key goes where the endpoint is, and not in the clear where that is not. */
static bool may_know_key(const struct pf_template *t, const struct pf_url *location)
{
    return pf_text_eq_nocase(t->endpoint.host, t->endpoint.host_len, location->host,
                             location->host_len) &&
           (location->https || !t->endpoint.https);
}

enum fetch_error pf_template_follow(struct pf_template *t, const struct pf_url *location,
                                    bool as_get, const char *url, size_t url_len,
                                    const struct pf_extras *extras, struct pf_request *request)
{
    unsigned parts = (as_get ? 0u : WITH_BODY) | (may_know_key(t, location) ? WITH_KEY : 0u);
    enum fetch_error e = FETCH_OK;

    t->path.len = 0;
    if (location->path_len == 0 || location->path[0] != '/')
        e = pf_buf_append(&t->path, "/", 1);
    if (e == FETCH_OK)
        e = pf_buf_append(&t->path, location->path, location->path_len);
    if (e == FETCH_OK)
        e = fill(t, as_get, url, url_len, extras, request);
    if (e != FETCH_OK)
        return e;
    request->https = location->https;
    request->authority = location->authority;
    request->authority_len = location->authority_len;
    request->path = t->path.data;
    request->path_len = t->path.len;
    return fill_fields(t, extras, parts, request);
}
