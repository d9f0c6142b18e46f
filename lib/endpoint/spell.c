#include "endpoint/spell.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "endpoint/json.h"

enum fetch_error pf_spell_fail(struct fetch_failure *failure, enum fetch_error e,
                               const char *format, ...)
{
    va_list ap;

    failure->error = e;
    va_start(ap, format);
    (void)vsnprintf(failure->message, sizeof failure->message, format, ap);
    va_end(ap);
    return e;
}

/* ---------------------------------------------------------------- pairs -- */

enum fetch_error pf_pairs_add(struct pf_buf *pairs, const char *name, const char *value)
{
    enum fetch_error e = pf_buf_append(pairs, name, strlen(name) + 1);

    return e == FETCH_OK ? pf_buf_append(pairs, value, strlen(value) + 1) : e;
}

bool pf_pairs_next(const struct pf_buf *pairs, size_t *at, struct fetch_pair *pair)
{
    if (*at >= pairs->len)
        return false;
    pair->name = pairs->data + *at;
    pair->value = pair->name + strlen(pair->name) + 1;
    *at += strlen(pair->name) + strlen(pair->value) + 2;
    return true;
}

bool pf_pairs_have(const struct pf_buf *pairs, const char *name)
{
    struct fetch_pair pair;
    size_t at = 0;

    while (pf_pairs_next(pairs, &at, &pair))
        if (strcmp(pair.name, name) == 0)
            return true;
    return false;
}

/* --------------------------------------------------------------- values -- */

static enum fetch_error append_case(struct pf_buf *out, const char *value, char first, char last)
{
    enum fetch_error e = FETCH_OK;

    for (; e == FETCH_OK && *value; value++) {
        char c = *value >= first && *value <= last ? (char)(*value ^ 0x20) : *value;

        e = pf_buf_append(out, &c, 1);
    }
    return e;
}

enum fetch_error pf_spell_value(struct pf_buf *out, const char *text, const char *value)
{
    enum fetch_error e = FETCH_OK;

    while (e == FETCH_OK && *text) {
        size_t n = 1;

        if (strncmp(text, "{}", 2) == 0) {
            n = 2;
            e = pf_buf_append_str(out, value);
        } else if (strncmp(text, "{upper}", 7) == 0) {
            n = 7;
            e = append_case(out, value, 'a', 'z');
        } else if (strncmp(text, "{lower}", 7) == 0) {
            n = 7;
            e = append_case(out, value, 'A', 'Z');
        } else {
            e = pf_buf_append(out, text, 1);
        }
        text += n;
    }
    return e;
}

/* A value of the profile's own is what it looks like; a user's is text. */
static enum fetch_error append_json(struct pf_buf *pairs, const char *value, bool literal)
{
    enum fetch_error e;

    if (literal && pf_json_is_value(value))
        e = pf_buf_append_str(pairs, value);
    else
        e = pf_json_write_url(pairs, value, strlen(value));
    return e;
}

static enum fetch_error spell_one(struct pf_buf *pairs, const struct pf_profile *profile,
                                  const struct pf_spelling *s, const char *value)
{
    struct pf_buf text;
    enum fetch_error e;

    pf_buf_init(&text, pairs->max);
    e = pf_spell_value(&text, s->value, value ? value : "");
    if (e == FETCH_OK)
        e = pf_buf_terminate(&text);
    if (e == FETCH_OK)
        e = pf_buf_append(pairs, s->name, strlen(s->name) + 1);
    if (e == FETCH_OK && profile->json)
        e = append_json(pairs, text.data, !value);
    else if (e == FETCH_OK)
        e = pf_buf_append(pairs, text.data, text.len);
    if (e == FETCH_OK)
        e = pf_buf_append(pairs, "", 1);
    pf_buf_fini(&text);
    return e;
}

static enum fetch_error spell_all(struct pf_buf *pairs, const struct pf_profile *profile,
                                  const struct pf_spellings *spellings, const char *value)
{
    enum fetch_error e = FETCH_OK;

    for (size_t i = 0; e == FETCH_OK && i < spellings->count; i++)
        e = spell_one(pairs, profile, &spellings->item[i], value);
    return e;
}

enum fetch_error pf_spell(struct pf_buf *pairs, const struct pf_profile *profile,
                          const struct pf_spellings *spellings)
{
    return spell_all(pairs, profile, spellings, NULL);
}

enum fetch_error pf_spell_param(struct pf_buf *pairs, const struct pf_profile *profile,
                                const struct fetch_pair *param)
{
    enum fetch_error e;

    if (!profile->json)
        return pf_pairs_add(pairs, param->name, param->value);
    e = pf_buf_append(pairs, param->name, strlen(param->name) + 1);
    if (e == FETCH_OK)
        e = append_json(pairs, param->value, true);
    return e == FETCH_OK ? pf_buf_append(pairs, "", 1) : e;
}

/* -------------------------------------------------------------- options -- */

/* One of the options that a profile may have no spelling for. */
static enum fetch_error spell_option(struct pf_buf *pairs, const struct pf_profile *profile,
                                     const struct pf_spellings *spellings, const char *value,
                                     const char *option, struct fetch_failure *failure)
{
    if (spellings->count == 0)
        return pf_spell_fail(failure, FETCH_E_UNSUPPORTED,
                             "the profile %s has no spelling for %s; leave it out, or pass the "
                             "provider's own parameter",
                             profile->name, option);
    if (value && profile->json && !pf_text_is_utf8(value, strlen(value)))
        return pf_spell_fail(failure, FETCH_E_INVALID, "%s is not UTF-8", option);
    return spell_all(pairs, profile, spellings, value);
}

static enum fetch_error check_values(const struct pf_profile *p, const struct fetch_options *o,
                                     struct fetch_failure *failure)
{
    uint64_t n;

    if (o->device && strcmp(o->device, "desktop") != 0 && strcmp(o->device, "mobile") != 0)
        return pf_spell_fail(failure, FETCH_E_INVALID, "%s", "device is desktop or mobile");
    if (o->country && p->country_needs_premium && !o->premium)
        return pf_spell_fail(failure, FETCH_E_INVALID,
                             "the profile %s has country with premium only: ask for both", p->name);
    if (o->session && p->session_is_number &&
        (!pf_text_u64(o->session, strlen(o->session), &n) || n < p->session_min ||
         n > p->session_max))
        return pf_spell_fail(failure, FETCH_E_INVALID,
                             "the profile %s has numbers from %lu to %lu for sessions", p->name,
                             p->session_min, p->session_max);
    return FETCH_OK;
}

/* What is not asked for may have to be said all the same. */
static enum fetch_error spell_switch(struct pf_buf *pairs, const struct pf_profile *p, int on,
                                     const struct pf_spellings *yes, const struct pf_spellings *no,
                                     const char *option, struct fetch_failure *failure)
{
    return on ? spell_option(pairs, p, yes, NULL, option, failure) : pf_spell(pairs, p, no);
}

enum fetch_error pf_spell_options(struct pf_buf *pairs, const struct pf_profile *p,
                                  const struct fetch_options *o, struct fetch_failure *failure)
{
    enum fetch_error e = check_values(p, o, failure);

    if (e == FETCH_OK)
        e = pf_spell(pairs, p, &p->fixed);
    if (e == FETCH_OK)
        e = spell_switch(pairs, p, o->render, &p->render, &p->render_off, "render", failure);
    if (e == FETCH_OK)
        e = spell_switch(pairs, p, o->premium, &p->premium, &p->premium_off, "premium", failure);
    if (e == FETCH_OK && o->country)
        e = spell_option(pairs, p, &p->country, o->country, "country", failure);
    if (e == FETCH_OK && o->session)
        e = spell_option(pairs, p, &p->session, o->session, "session", failure);
    if (e == FETCH_OK && o->device)
        e = spell_option(pairs, p, &p->device, o->device, "device", failure);
    return e;
}
