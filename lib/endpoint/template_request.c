#include "endpoint/template_inner.h"

#include "endpoint/json.h"
#include "endpoint/spell.h"
#include "protocol/decode.h"

/* What a request has beside the header fields that were asked for. */
enum parts { WITH_KEY = 1, WITH_BODY = 2 };

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
    if (has_body && !t->profile->json && pf_template_same_field(p->name, "content-type"))
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
        e = pf_template_write_prefix(t, &t->path, extras);
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
        e = pf_template_write_prefix(t, &t->body, extras);
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
    request->method = t->profile->json ? "POST" : pf_template_method(extras);
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
    bool get = *as_get || (!t->profile->json && strcmp(pf_template_method(extras), "GET") == 0);

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
