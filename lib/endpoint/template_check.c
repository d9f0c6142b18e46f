#include "endpoint/template_inner.h"

bool pf_template_has_control(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            return true;
    return false;
}

bool pf_template_is_reserved(const char *name)
{
    static const char *const reserved[] = {
        "host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade",
        "te",   "trailer",        "proxy-connection",  "expect"};

    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (pf_template_same_field(name, reserved[i]))
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
    if (pf_template_is_reserved(h->name))
        return "a header that frames the request, which is not the caller's to set";
    if (t->profile->headers_way == PF_HEADERS_PLAIN && t->profile->key_place != PF_KEY_QUERY &&
        pf_template_same_field(h->name, t->key_name))
        return "a header that carries the key, which is not the caller's to set";
    return pf_template_has_control(h->value) ? "a header value with a control character in it"
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

static size_t bytes_of(const struct fetch_pair *pairs, size_t count)
{
    size_t bytes = 0;

    for (size_t i = 0; i < count; i++)
        bytes += strlen(pairs[i].name) + strlen(pairs[i].value);
    return bytes;
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
    if (!fault && bytes_of(extras->params, extras->param_count) +
                          bytes_of(extras->headers, extras->header_count) >
                      PF_MAX_PAIR_BYTES)
        fault = "parameters and headers of more than 128 KiB";
    return fault;
}

/* Whether a query, which begins at a "?" or "&", has a parameter of that name. */
static bool has_param(const char *query, size_t n, const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i + length < n; i++)
        if ((query[i] == '?' || query[i] == '&') && memcmp(query + i + 1, name, length) == 0 &&
            (i + 1 + length == n || query[i + 1 + length] == '=' || query[i + 1 + length] == '&'))
            return true;
    return false;
}

const char *pf_template_endpoint_fault(const struct pf_template *t)
{
    const struct pf_url *u = &t->endpoint;
    const char *query = u->path_len ? memchr(u->path, '?', u->path_len) : NULL;
    size_t n = query ? u->path_len - (size_t)(query - u->path) : 0;

    if (t->profile->key_place == PF_KEY_QUERY && has_param(query, n, t->key_name))
        return "has the key's parameter in its address: leave it out there, and give the key as "
               "such";
    if (!t->profile->json && has_param(query, n, t->profile->target))
        return "has the target's parameter in its address: leave it out there, each target is put "
               "behind it";
    return NULL;
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
    const char *method = pf_template_method(extras);
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
