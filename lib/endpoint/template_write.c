/*
 * Query and JSON are put together from the same lists in the same order, and a name that is said
 * further up is left out further down.
 */
#include "endpoint/template_inner.h"

#include "base/base64.h"
#include "endpoint/json.h"
#include "endpoint/spell.h"

/* ---------------------------------------------------------------- lists -- */

static bool has_name(const struct fetch_pair *pairs, size_t n, const char *name, bool any_case)
{
    for (size_t i = 0; i < n; i++)
        if (any_case ? pf_template_same_field(pairs[i].name, name)
                     : strcmp(pairs[i].name, name) == 0)
            return true;
    return false;
}

/* Whether header fields go along, which some profiles say something of. */
static bool forwards(const struct pf_template *t, const struct pf_extras *extras)
{
    return t->headers.len > 0 || extras->header_count > 0;
}

/* The next of these that profile and options say and no parameter takes the place of. */
static bool next_said(const struct pf_template *t, const struct pf_buf *said,
                      const struct pf_extras *extras, size_t *at, struct fetch_pair *p)
{
    while (pf_pairs_next(said, at, p))
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

/* ---------------------------------------------------------------- query -- */

enum fetch_error pf_template_begin_param(struct pf_buf *b, const char *name)
{
    enum fetch_error e = pf_buf_append(b, memchr(b->data, '?', b->len) ? "&" : "?", 1);

    if (e == FETCH_OK)
        e = pf_url_encode(b, name, strlen(name));
    return e == FETCH_OK ? pf_buf_append(b, "=", 1) : e;
}

static enum fetch_error add_param(struct pf_buf *b, const char *name, const char *value)
{
    enum fetch_error e = pf_template_begin_param(b, name);

    return e == FETCH_OK ? pf_url_encode(b, value, strlen(value)) : e;
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

/* Path and query up to the target: its parameter is the last, so that a target that some server
 * does not take whole loses only itself. */
static enum fetch_error write_query(const struct pf_template *t, struct pf_buf *b,
                                    const struct pf_extras *extras)
{
    enum fetch_error e = pf_buf_append(b, t->start.data, t->start.len);
    struct fetch_pair p;
    size_t at = 0;

    while (e == FETCH_OK && next_said(t, &t->said, extras, &at, &p))
        e = add_param(b, p.name, p.value);
    at = forwards(t, extras) ? 0 : t->headers_on.len;
    while (e == FETCH_OK && next_said(t, &t->headers_on, extras, &at, &p))
        e = add_param(b, p.name, p.value);
    at = 0;
    while (e == FETCH_OK && next_param(t, extras, &at, &p))
        e = add_param(b, p.name, p.value);
    for (size_t i = 0; e == FETCH_OK && i < extras->param_count; i++)
        e = add_param(b, extras->params[i].name, extras->params[i].value);
    if (e == FETCH_OK && t->profile->headers_way == PF_HEADERS_QUERY)
        e = add_header_params(t, b, extras);
    return e == FETCH_OK ? pf_template_begin_param(b, t->profile->target) : e;
}

/* ---------------------------------------------------------------- JSON -- */

static bool set_params(const struct pf_template *t, struct pf_json *json,
                       const struct pf_extras *extras)
{
    struct pf_buf own;
    struct fetch_pair p;
    size_t at = 0;
    bool fine = true;

    while (fine && next_said(t, &t->said, extras, &at, &p))
        fine = pf_json_set(json, p.name, p.value);
    at = forwards(t, extras) ? 0 : t->headers_on.len;
    while (fine && next_said(t, &t->headers_on, extras, &at, &p))
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
    const char *method = pf_template_method(extras);
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

enum fetch_error pf_template_write_prefix(const struct pf_template *t, struct pf_buf *b,
                                          const struct pf_extras *extras)
{
    return t->profile->json ? write_json(t, b, extras) : write_query(t, b, extras);
}
