#include "endpoint/profile_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "base/url.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* ---------------------------------------------------------------- words -- */

/* One word and nothing behind it, or NULL. */
static char *only_word(char *value)
{
    char *word = pf_reader_word(&value);

    return word && !pf_reader_word(&value) ? word : NULL;
}

static bool is_path(const char *s)
{
    return *s && *s != '.' && s[strlen(s) - 1] != '.' && !strstr(s, "..");
}

/* ------------------------------------------------------------- settings -- */

struct setting {
    const char *name;
    bool (*read)(struct pf_reader *r, const struct setting *s, char *value);
    size_t at; /* offset in struct pf_profile, for those that only set one field */
    bool repeats;
};

static void *field(struct pf_reader *r, const struct setting *s)
{
    return (char *)r->profile + s->at;
}

static bool read_name(struct pf_reader *r, const struct setting *s, char *value)
{
    const char *word = only_word(value);

    if (!word || !*word || strlen(word) > 40 ||
        word[strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-_")] != '\0')
        return pf_reader_wrong(r, "a profile's name is up to 40 of a-z, 0-9, - and _");
    *(const char **)field(r, s) = word;
    return true;
}

static bool read_endpoint(struct pf_reader *r, const struct setting *s, char *value)
{
    const char *word = only_word(value), *why = "is not one word";
    struct pf_url url;

    if (!word || !pf_url_parse(&url, word, strlen(word), &why))
        return pf_reader_wrong(r,
                               "the endpoint %s: an absolute URL such as "
                               "https://api.example.com/v1 is right",
                               why);
    *(const char **)field(r, s) = word;
    return true;
}

static bool read_variable(struct pf_reader *r, const struct setting *s, char *value)
{
    const char *word = only_word(value);

    if (!word || !*word || strlen(word) > 60 ||
        word[strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] != '\0')
        return pf_reader_wrong(r, "an environment variable's name is up to 60 of A-Z, 0-9 and _");
    *(const char **)field(r, s) = word;
    return true;
}

static bool read_switch(struct pf_reader *r, const struct setting *s, char *value)
{
    const char *word = only_word(value);

    if (!word || (strcmp(word, "yes") != 0 && strcmp(word, "no") != 0))
        return pf_reader_wrong(r, "%s is yes or no", s->name);
    *(bool *)field(r, s) = *word == 'y';
    return true;
}

static bool read_timeout(struct pf_reader *r, const struct setting *s, char *value)
{
    const char *word = only_word(value);
    uint64_t seconds;

    if (!word || !pf_text_u64(word, strlen(word), &seconds) || seconds == 0 ||
        seconds > PF_MAX_TIMEOUT_MS / 1000)
        return pf_reader_wrong(r, "timeout is a whole number of seconds, 1 to 86400");
    *(unsigned *)field(r, s) = (unsigned)seconds * 1000;
    return true;
}

/* "query NAME", "header NAME [TEXT]" with {} in the text for the key, or "basic". */
static bool read_key(struct pf_reader *r, const struct setting *s, char *value)
{
    const char *place = pf_reader_word(&value), *name = pf_reader_word(&value);
    struct pf_profile *p = r->profile;
    size_t n;

    (void)s;
    value += strspn(value, " \t");
    n = strlen(value);
    p->key_name = name;
    if (place && name && *name && strcmp(place, "query") == 0 && n == 0) {
        p->key_place = PF_KEY_QUERY;
        return true;
    }
    if (place && !name && strcmp(place, "basic") == 0) {
        p->key_place = PF_KEY_BASIC;
        p->key_name = "authorization";
        return true;
    }
    if (place && name && strcmp(place, "header") == 0 && pf_text_is_token(name, strlen(name)) &&
        (n == 0 || strstr(value, "{}"))) {
        p->key_place = PF_KEY_HEADER;
        p->key_value = n ? value : "{}";
        return true;
    }
    return pf_reader_wrong(r,
                           "key is \"query NAME\", \"header NAME\", \"header NAME TEXT\" with {} "
                           "for the key in the text, or \"basic\"");
}

static bool read_target(struct pf_reader *r, const struct setting *s, char *value)
{
    const char *place = pf_reader_word(&value), *name = pf_reader_word(&value);

    (void)s;
    if (!place || !name || !*name || pf_reader_word(&value) ||
        (strcmp(place, "query") != 0 && strcmp(place, "json") != 0))
        return pf_reader_wrong(r, "target is \"query NAME\" or \"json MEMBER\"");
    r->profile->json = *place == 'j';
    if (r->profile->json && strpbrk(name, ".\\"))
        return pf_reader_wrong(r, "the target's member is the object's own, and so has no dot and "
                                  "no backslash in its name");
    r->profile->target = name;
    return true;
}

static bool has_place(const char *text)
{
    return strstr(text, "{}") || strstr(text, "{upper}") || strstr(text, "{lower}");
}

/* NAME=VALUE, cut up; *places is how many of them have a place for an option's value. */
static bool read_list(struct pf_reader *r, const struct setting *s, char *value, size_t *places)
{
    struct pf_spellings *list = field(r, s);
    char *word;

    *places = 0;
    list->item = calloc(PF_MAX_SPELLINGS, sizeof *list->item);
    if (!list->item)
        return pf_reader_no_memory(r);
    while ((word = pf_reader_word(&value))) {
        char *mark = strchr(word, '=');

        if (!mark || mark == word || list->count == PF_MAX_SPELLINGS)
            break;
        *mark = '\0';
        list->item[list->count++] = (struct pf_spelling){word, mark + 1};
        *places += has_place(mark + 1);
    }
    return (!word && list->count > 0) ||
           pf_reader_wrong(r, "%s is up to %u of NAME=VALUE", s->name, PF_MAX_SPELLINGS);
}

/* What is said as it stands. */
static bool read_spellings(struct pf_reader *r, const struct setting *s, char *value)
{
    size_t places;

    if (!read_list(r, s, value, &places))
        return false;
    return places == 0 || pf_reader_wrong(r, "%s has no value that {} could stand for", s->name);
}

/* One whose value has to come in somewhere. */
static bool read_option(struct pf_reader *r, const struct setting *s, char *value)
{
    size_t places;

    if (!read_list(r, s, value, &places))
        return false;
    return places > 0 ||
           pf_reader_wrong(r, "%s needs {}, {upper} or {lower} where its value goes", s->name);
}

/* "number MIN MAX" */
static bool read_session_values(struct pf_reader *r, const struct setting *s, char *value)
{
    const char *kind = pf_reader_word(&value), *min = pf_reader_word(&value);
    const char *max = pf_reader_word(&value);
    uint64_t from, to;

    (void)s;
    if (!max || pf_reader_word(&value) || strcmp(kind, "number") != 0 ||
        !pf_text_u64(min, strlen(min), &from) || !pf_text_u64(max, strlen(max), &to) || from > to)
        return pf_reader_wrong(r, "session_values is \"number MIN MAX\"");
    r->profile->session_is_number = true;
    r->profile->session_min = from;
    r->profile->session_max = to;
    return true;
}

static bool read_headers(struct pf_reader *r, const struct setting *s, char *value)
{
    static const char *const words[] = {"", "plain", "prefix", "query", "json"};
    const char *way = pf_reader_word(&value), *name = pf_reader_word(&value);
    struct pf_profile *p = r->profile;
    bool fine = way && !pf_reader_word(&value);

    (void)s;
    for (size_t i = 1; fine && i < COUNT(words); i++)
        if (strcmp(way, words[i]) == 0)
            p->headers_way = (enum pf_headers_way)i;
    p->headers_name = name;
    if (p->headers_way == PF_HEADERS_PLAIN)
        fine = !name;
    else if (p->headers_way == PF_HEADERS_PREFIX)
        fine = name && pf_text_is_token(name, strlen(name)) && strlen(name) <= 32;
    else if (p->headers_way == PF_HEADERS_QUERY)
        fine = name && strstr(name, "{}");
    else
        fine = name && p->headers_way == PF_HEADERS_JSON && is_path(name);
    return fine ||
           pf_reader_wrong(r, "headers is \"plain\", \"prefix TEXT\", \"query NAME\" with {} "
                              "for the field's name, or \"json MEMBER\"");
}

static bool is_method(const char *word)
{
    return word[strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0' && strcmp(word, "HEAD") != 0 &&
           strcmp(word, "CONNECT") != 0 && strcmp(word, "GET") != 0;
}

/* "pass METHOD ..." or "json MEMBER" */
static bool read_method(struct pf_reader *r, const struct setting *s, char *value)
{
    const char *way = pf_reader_word(&value), *word;
    struct pf_profile *p = r->profile;
    char *rest = value;

    (void)s;
    if (way && strcmp(way, "json") == 0) {
        p->method_way = PF_METHOD_JSON;
        p->method_name = only_word(value);
        if (p->method_name && is_path(p->method_name))
            return true;
    } else if (way && strcmp(way, "pass") == 0) {
        p->method_way = PF_METHOD_PASS;
        rest += strspn(rest, " \t");
        p->methods = rest;
        value = strdup(rest); /* words are cut where they stand, and the list is to stay */
        if (!value)
            return pf_reader_no_memory(r);
        rest = value;
        while ((word = pf_reader_word(&rest)) && is_method(word))
            ;
        free(value);
        if (!word && *p->methods)
            return true;
    }
    return pf_reader_wrong(r,
                           "method is \"pass METHOD ...\", such as \"pass POST PUT\" (never HEAD), "
                           "or \"json MEMBER\"");
}

static bool read_path(struct pf_reader *r, const struct setting *s, char *value)
{
    const char *word = only_word(value);

    if (!word || !is_path(word))
        return pf_reader_wrong(r, "%s is a member, with dots between names", s->name);
    *(const char **)field(r, s) = word;
    return true;
}

static bool read_names(struct pf_reader *r, const struct setting *s, char *value)
{
    struct pf_names *names = field(r, s);
    size_t n = 0;
    char *word;

    while ((word = pf_reader_word(&value)) && n < PF_PROFILE_NAMES &&
           pf_text_is_token(word, strlen(word))) {
        for (char *c = word; *c; c++)
            if (*c >= 'A' && *c <= 'Z')
                *c = (char)(*c | 0x20);
        names->name[n++] = word;
    }
    return (!word && n > 0) ||
           pf_reader_wrong(r, "%s is up to %u names of header fields", s->name, PF_PROFILE_NAMES);
}

static bool read_error_code(struct pf_reader *r, const struct setting *s, char *value)
{
    const char **path = field(r, s);
    size_t n = 0;
    char *word;

    while ((word = pf_reader_word(&value)) && n < PF_PROFILE_NAMES && is_path(word))
        path[n++] = word;
    return (!word && n > 0) || pf_reader_wrong(r, "%s is up to %u members, with dots between names",
                                               s->name, PF_PROFILE_NAMES);
}

/* "MEMBER text", "MEMBER base64" or "MEMBER by MEMBER TEXT-VALUE BASE64-VALUE" */
static bool read_envelope_body(struct pf_reader *r, const struct setting *s, char *value)
{
    struct pf_envelope *e = &r->profile->envelope;
    const char *path = pf_reader_word(&value), *form = pf_reader_word(&value);
    bool fine = path && form && is_path(path) && r->bodies < PF_PROFILE_NAMES;
    size_t i = r->bodies;

    (void)s;
    if (fine && strcmp(form, "by") == 0) {
        e->form[i] = pf_reader_word(&value);
        e->form_text[i] = pf_reader_word(&value);
        e->form_base64[i] = pf_reader_word(&value);
        fine = e->form_base64[i] && is_path(e->form[i]);
    } else if (fine) {
        e->base64[i] = strcmp(form, "base64") == 0;
        fine = e->base64[i] || strcmp(form, "text") == 0;
    }
    if (!fine || pf_reader_word(&value))
        return pf_reader_wrong(r,
                               "envelope_body is \"MEMBER text\", \"MEMBER base64\" or \"MEMBER by "
                               "MEMBER TEXT BASE64\", up to %u times",
                               PF_PROFILE_NAMES);
    e->body[i] = path;
    r->bodies++;
    return true;
}

static bool read_rule(struct pf_reader *r, const struct setting *s, char *value)
{
    (void)s;
    return pf_reader_rule(r, value);
}

#define AT(member) offsetof(struct pf_profile, member), false
#define OF_ITS_OWN 0, false
#define AGAIN_AND_AGAIN 0, true
static const struct setting settings[] = {
    {"name", read_name, AT(name)},
    {"endpoint", read_endpoint, AT(endpoint)},
    {"key_variable", read_variable, AT(key_variable)},
    {"key", read_key, OF_ITS_OWN},
    {"target", read_target, OF_ITS_OWN},
    {"fixed", read_spellings, AT(fixed)},
    {"render", read_spellings, AT(render)},
    {"render_off", read_spellings, AT(render_off)},
    {"premium", read_spellings, AT(premium)},
    {"premium_off", read_spellings, AT(premium_off)},
    {"country", read_option, AT(country)},
    {"country_needs_premium", read_switch, AT(country_needs_premium)},
    {"session", read_option, AT(session)},
    {"session_values", read_session_values, OF_ITS_OWN},
    {"device", read_option, AT(device)},
    {"headers", read_headers, OF_ITS_OWN},
    {"headers_on", read_spellings, AT(headers_on)},
    {"method", read_method, OF_ITS_OWN},
    {"body", read_path, AT(body_name)},
    {"timeout", read_timeout, AT(timeout_ms)},
    {"doubts_empty", read_switch, AT(doubts_empty)},
    {"target_status", read_names, AT(target_status)},
    {"crawl_status", read_names, AT(crawl_status)},
    {"final_url", read_names, AT(final_url)},
    {"cost", read_names, AT(cost)},
    {"credits_left", read_names, AT(credits_left)},
    {"request_id", read_names, AT(request_id)},
    {"limit", read_names, AT(limit)},
    {"in_use", read_names, AT(in_use)},
    {"remaining", read_names, AT(remaining)},
    {"code", read_names, AT(code)},
    {"retryable", read_names, AT(retryable)},
    {"error_code", read_error_code, AT(error_code)},
    {"error_in_success", read_switch, AT(error_in_success)},
    {"envelope_body", read_envelope_body, AGAIN_AND_AGAIN},
    {"envelope_status", read_path, AT(envelope.status)},
    {"envelope_final_url", read_path, AT(envelope.final_url)},
    {"envelope_headers", read_path, AT(envelope.headers)},
    {"envelope_retryable", read_path, AT(envelope.retryable)},
    {"rule", read_rule, AGAIN_AND_AGAIN},
};
_Static_assert(COUNT(settings) <= 64, "struct pf_reader has a bit for each");

bool pf_reader_has(const struct pf_reader *r, const char *name)
{
    for (size_t i = 0; i < COUNT(settings); i++)
        if (strcmp(settings[i].name, name) == 0)
            return (r->seen >> i & 1) != 0;
    return false;
}

/* The setting that begins most like `name`. */
static const char *nearest(const char *name)
{
    size_t best = 0, most = 0;

    for (size_t i = 0; i < COUNT(settings); i++) {
        size_t same = 0;

        while (name[same] && settings[i].name[same] == name[same])
            same++;
        if (same > most) {
            most = same;
            best = i;
        }
    }
    return settings[best].name;
}

bool pf_reader_setting(struct pf_reader *r, const char *name, char *value)
{
    for (size_t i = 0; i < COUNT(settings); i++) {
        const struct setting *s = &settings[i];

        if (strcmp(s->name, name) != 0)
            continue;
        if ((r->seen >> i & 1) && !s->repeats)
            return pf_reader_wrong(r, "%s is there already, further up", name);
        r->seen |= (uint64_t)1 << i;
        return s->read(r, s, value);
    }
    return pf_reader_wrong(r, "there is no \"%.40s\"; is it \"%s\"? pfetch-profile(5) has them all",
                           name, nearest(name));
}
