#include "endpoint/envelope.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/limits.h"
#include "base/text.h"

void pf_unwrapped_init(struct pf_unwrapped *u, size_t max_body)
{
    *u = (struct pf_unwrapped){.present = false};
    pf_buf_init(&u->body, max_body);
    pf_buf_init(&u->text, PF_MAX_HEAD + PF_MAX_URL);
}

void pf_unwrapped_fini(struct pf_unwrapped *u)
{
    pf_buf_fini(&u->body);
    pf_buf_fini(&u->text);
    free(u->header);
    u->header = NULL;
    u->header_count = 0;
    u->final_url = NULL;
}

/* ------------------------------------------------------------- members -- */

/* The value at a path with dots in it; NULL: there is none (JSON's null is none). */
static const json_t *member(const json_t *root, const char *path)
{
    const json_t *at = root;
    const char *dot;

    for (; at && (dot = strchr(path, '.')); path = dot + 1)
        at = json_object_getn(at, path, (size_t)(dot - path));
    at = at ? json_object_get(at, path) : NULL;
    return json_is_null(at) ? NULL : at;
}

/* A status as number or as text; 0 if it is none. */
static int status_of(const json_t *value)
{
    uint64_t n = 0;

    if (json_is_integer(value))
        n = (uint64_t)json_integer_value(value);
    else if (!json_is_string(value) ||
             !pf_text_u64(json_string_value(value), json_string_length(value), &n))
        return 0;
    return n >= 100 && n <= 999 ? (int)n : 0;
}

static bool code_of(const json_t *value, char code[PF_CODE_BYTES])
{
    if (json_is_string(value) && json_string_length(value) > 0)
        pf_text_printable(code, PF_CODE_BYTES, json_string_value(value), json_string_length(value));
    else if (json_is_integer(value))
        (void)snprintf(code, PF_CODE_BYTES, "%lld", (long long)json_integer_value(value));
    else
        return false;
    return true;
}

static bool find_code(const struct pf_profile *p, const json_t *root, char code[PF_CODE_BYTES])
{
    for (size_t i = 0; i < PF_PROFILE_NAMES && p->error_code[i]; i++)
        if (code_of(member(root, p->error_code[i]), code))
            return true;
    return false;
}

static enum pf_needs retryable_of(const json_t *value)
{
    const char *text = json_string_value(value);

    if (json_is_true(value) || (text && (strcmp(text, "true") == 0 || strcmp(text, "yes") == 0)))
        return PF_NEEDS_PRESENT;
    return json_is_false(value) || text ? PF_NEEDS_ABSENT : PF_NEEDS_NOTHING;
}

/* ---------------------------------------------------------------- text -- */

/* Header fields are noted as offsets while `text` may move: none is longer than that. */
static enum fetch_error add_text(struct pf_unwrapped *u, const char *s, size_t n, const char **at)
{
    enum fetch_error e;

    *at = (const char *)(uintptr_t)u->text.len;
    e = pf_buf_append(&u->text, s, n);
    return e == FETCH_OK ? pf_buf_append(&u->text, "", 1) : e;
}

/* What would break a line of a header is no part of one. */
static bool is_field(const char *name, size_t name_len, const char *value, size_t value_len)
{
    if (!pf_text_is_token(name, name_len))
        return false;
    for (size_t i = 0; i < value_len; i++)
        if (value[i] == '\r' || value[i] == '\n' || value[i] == '\0')
            return false;
    return true;
}

static enum fetch_error add_header(struct pf_unwrapped *u, const char *name, const json_t *value)
{
    size_t name_len = strlen(name), value_len = json_string_length(value);
    struct fetch_header *h;
    enum fetch_error e;

    if (!json_is_string(value) || u->header_count == PF_MAX_FIELDS ||
        !is_field(name, name_len, json_string_value(value), value_len))
        return FETCH_OK;
    h = realloc(u->header, (u->header_count + 1) * sizeof *h);
    if (!h)
        return FETCH_E_NOMEM;
    u->header = h;
    h += u->header_count;
    h->name_len = name_len;
    h->value_len = value_len;
    e = add_text(u, name, name_len, &h->name);
    if (e == FETCH_OK)
        e = add_text(u, json_string_value(value), value_len, &h->value);
    if (e == FETCH_OK)
        u->header_count++;
    return e;
}

/* A list of {name, value}, or an object of strings or lists of strings. */
static enum fetch_error add_headers(struct pf_unwrapped *u, const json_t *headers)
{
    enum fetch_error e = FETCH_OK;
    const char *name;
    json_t *value, *one;
    size_t i;

    json_array_foreach(headers, i, one)
    {
        name = json_string_value(json_object_get(one, "name"));
        if (name && e == FETCH_OK)
            e = add_header(u, name, json_object_get(one, "value"));
    }
    json_object_foreach((json_t *)(uintptr_t)headers, name, value)
    {
        if (e == FETCH_OK && json_is_string(value))
            e = add_header(u, name, value);
        json_array_foreach(value, i, one) if (e == FETCH_OK) e = add_header(u, name, one);
    }
    return e;
}

static void settle_text(struct pf_unwrapped *u, bool has_url)
{
    for (size_t i = 0; i < u->header_count; i++) {
        u->header[i].name = u->text.data + (uintptr_t)u->header[i].name;
        u->header[i].value = u->text.data + (uintptr_t)u->header[i].value;
    }
    u->final_url = has_url ? u->text.data + (uintptr_t)u->final_url : NULL;
}

/* ---------------------------------------------------------------- body -- */

/* How body number `i` is written: 1 base64, 0 text, -1 neither. */
static int form_of(const struct pf_envelope *e, const json_t *root, size_t i)
{
    const json_t *form = e->form[i] ? member(root, e->form[i]) : NULL;
    const char *word = json_string_value(form);

    if (!e->form[i])
        return e->base64[i];
    if (!word)
        return -1;
    return strcmp(word, e->form_base64[i]) == 0 ? 1 : strcmp(word, e->form_text[i]) == 0 ? 0 : -1;
}

static enum fetch_error add_body(const struct pf_envelope *envelope, const json_t *root,
                                 struct pf_unwrapped *u)
{
    for (size_t i = 0; i < PF_PROFILE_NAMES && envelope->body[i]; i++) {
        const json_t *body = member(root, envelope->body[i]);
        int base64 = form_of(envelope, root, i);
        enum fetch_error e;

        if (!body)
            continue;
        if (!json_is_string(body) || base64 < 0)
            return FETCH_E_ENVELOPE;
        if (base64)
            e = pf_base64_decode(&u->body, json_string_value(body), json_string_length(body));
        else
            e = pf_buf_append(&u->body, json_string_value(body), json_string_length(body));
        if (e == FETCH_OK)
            e = pf_buf_terminate(&u->body);
        return e == FETCH_E_ENCODING ? FETCH_E_ENVELOPE : e;
    }
    return FETCH_E_ENVELOPE;
}

static enum fetch_error open_root(const struct pf_profile *p, const json_t *root,
                                  struct pf_unwrapped *u)
{
    const struct pf_envelope *envelope = &p->envelope;
    const json_t *url = envelope->final_url ? member(root, envelope->final_url) : NULL;
    bool has_url = json_is_string(url) && json_string_length(url) > 0 &&
                   json_string_length(url) <= PF_MAX_URL &&
                   strlen(json_string_value(url)) == json_string_length(url);
    enum fetch_error e;

    (void)find_code(p, root, u->code);
    if (envelope->retryable)
        u->retryable = retryable_of(member(root, envelope->retryable));
    if (envelope->status) {
        u->status = status_of(member(root, envelope->status));
        if (u->status == 0)
            return FETCH_E_ENVELOPE;
    }
    e = add_body(envelope, root, u);
    if (e == FETCH_OK && has_url) {
        u->final_url_len = json_string_length(url);
        e = add_text(u, json_string_value(url), u->final_url_len, &u->final_url);
    }
    if (e == FETCH_OK && envelope->headers)
        e = add_headers(u, member(root, envelope->headers));
    settle_text(u, e == FETCH_OK && has_url);
    u->present = e == FETCH_OK;
    return e;
}

enum fetch_error pf_envelope_open(const struct pf_profile *p, const char *bytes, size_t n,
                                  struct pf_unwrapped *u)
{
    json_error_t why;
    json_t *root = json_loadb(bytes, n, JSON_ALLOW_NUL, &why); /* a page may hold NULs */
    enum fetch_error e = FETCH_E_ENVELOPE;

    if (root)
        e = open_root(p, root, u);
    else if (json_error_code(&why) == json_error_out_of_memory)
        e = FETCH_E_NOMEM;
    json_decref(root);
    return e;
}

bool pf_envelope_error_code(const struct pf_profile *p, const char *bytes, size_t n,
                            char code[PF_CODE_BYTES])
{
    size_t at = 0;
    json_t *root;
    bool found;

    if (!p->error_code[0] || n > PF_MAX_ERROR_JSON)
        return false;
    while (at < n && strchr(" \t\r\n", bytes[at]) && bytes[at])
        at++;
    if (at == n || bytes[at] != '{')
        return false;
    root = json_loadb(bytes, n, JSON_ALLOW_NUL, NULL);
    found = find_code(p, root, code);
    json_decref(root);
    return found;
}
