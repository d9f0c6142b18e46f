/*
 * The request is spelled once, when the client is made, up to where the target goes: in the query
 * or, where the profile has it so, in a JSON body.  A target that has parameters, header fields, a
 * method or a body of its own has its request put together anew.
 *
 * What the user says with a parameter wins over what the profile would say with the same name:
 * profiles are not always certain.
 */
#include "endpoint/template_inner.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "endpoint/spell.h"

#define MAX_KEY 1024u
#define HIDDEN "***"

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
    if (strlen(key) > MAX_KEY || pf_template_has_control(key) || strchr(key, ' '))
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
        (!pf_text_is_token(name, strlen(name)) || pf_template_is_reserved(name)))
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
    e = pf_template_begin_param(&t->start, t->key_name);
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
    if (e == FETCH_OK)
        e = pf_spell(&t->headers_on, t->profile, &t->profile->headers_on);
    for (size_t i = 0; e == FETCH_OK && i < o->param_count; i++)
        e = pf_spell_param(&t->params, t->profile, &o->params[i]);
    for (size_t i = 0; e == FETCH_OK && i < o->header_count; i++)
        e = pf_pairs_add(&t->headers, o->headers[i].name, o->headers[i].value);
    if (e == FETCH_OK)
        e = pf_template_write_prefix(t, &t->prefix, &none);
    return e;
}

static enum fetch_error build(struct pf_template *t, const struct fetch_options *o, const char *key,
                              struct fetch_failure *failure)
{
    enum fetch_error e = parse_endpoint(t, o, failure);
    const char *fault = NULL;

    if (e == FETCH_OK)
        e = name_key(t, o, failure);
    if (e == FETCH_OK)
        fault = pf_template_endpoint_fault(t);
    if (fault)
        return pf_spell_fail(failure, FETCH_E_INVALID, "the endpoint %s", fault);
    if (e == FETCH_OK)
        e = check_key(t->profile, key, failure);
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
    pf_buf_init(&t->headers_on, max);
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
    pf_buf_fini(&t->headers_on);
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
