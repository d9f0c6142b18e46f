/*
 * Any bytes as a profile's text: alone, or as further lines of a text that is one.  What is
 * accepted is held to its promises: its strings are printable, its ranges are some, a client can be
 * made of it or is told why not, and a request that comes of that is HTTP and, where it is to be,
 * JSON.
 *
 * Input: one byte that says what stands before the lines, and the lines.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "endpoint/json.h"
#include "endpoint/profile_text.h"
#include "endpoint/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const bases[] = {
    "",
    "name = own\nkey = query k\ntarget = query u\ntimeout = 9\nrule = * -> page\n",
    "name = own\nkey = header X-Key a {}\ntarget = query u\ntimeout = 9\nrule = * -> page\n",
    "name = own\nkey = basic\ntarget = json u\ntimeout = 9\nrule = * -> page\n",
};

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_text(const char *s)
{
    for (; s && *s; s++)
        check((unsigned char)*s >= 0x20 || *s == '\t');
}

static void check_spellings(const struct pf_spellings *list)
{
    check(list->count <= PF_MAX_SPELLINGS);
    for (size_t i = 0; i < list->count; i++) {
        check(list->item[i].name[0] != '\0');
        check_text(list->item[i].name);
        check_text(list->item[i].value);
    }
}

static void check_range(const struct pf_range *range)
{
    check(range->from >= 0 && range->from <= range->to && range->to <= 999);
}

static void check_profile(const struct pf_profile *p)
{
    check(p->name && *p->name && p->target && *p->target && p->key_name && *p->key_name);
    check(p->timeout_ms >= 1000 && p->timeout_ms <= 86400000);
    check(p->rule_count >= 1 && p->rule_count <= PF_MAX_RULES);
    check(p->key_place != PF_KEY_QUERY || !p->json);
    check(p->headers_way == PF_HEADERS_NONE || p->headers_way == PF_HEADERS_PLAIN ||
          p->headers_name);
    check(p->method_way != PF_METHOD_JSON || (p->json && p->method_name));
    check(p->session_min <= p->session_max);
    check_text(p->endpoint);
    check_spellings(&p->fixed);
    check_spellings(&p->country);
    check_spellings(&p->headers_on);
    for (size_t i = 0; i < p->rule_count; i++) {
        check_range(&p->rule[i].status);
        check_range(&p->rule[i].target);
        check_range(&p->rule[i].crawl);
        check(!p->rule[i].code || *p->rule[i].code);
        check(p->rule[i].max_tries <= 100);
    }
}

/* Nothing in it begins another line, or another word of the first. */
static void check_request(const struct pf_profile *p, const struct pf_request *r)
{
    check(strcmp(r->method, p->json ? "POST" : "GET") == 0);
    check(r->path_len > 0 && r->path[0] == '/');
    for (size_t i = 0; i < r->path_len; i++)
        check((unsigned char)r->path[i] > 0x20 && r->path[i] != 0x7f);
    for (size_t i = 0; i < r->field_count; i++) {
        const struct pf_field *f = &r->field[i];

        check(f->name_len > 0 && !memchr(f->name, ':', f->name_len));
        check(!memchr(f->value, '\r', f->value_len) && !memchr(f->value, '\n', f->value_len));
    }
    if (p->json) {
        char *text = malloc(r->body_len + 1);

        check(text != NULL);
        memcpy(text, r->body, r->body_len);
        text[r->body_len] = '\0';
        check(strlen(text) == r->body_len && pf_json_is_value(text));
        free(text);
    }
}

/* A client with all that the profile has words for. */
static void ask(const struct pf_profile *p)
{
    static const struct fetch_pair header = {"X-One", "1"};
    static const char url[] = "https://example.com/?a=b&c=\"d\"";
    const struct pf_extras own = {.headers = &header,
                                  .header_count = p->headers_way != PF_HEADERS_NONE};
    static const struct pf_extras none = {.params = NULL};
    struct fetch_options o = FETCH_OPTIONS_INIT;
    struct fetch_failure failure = {FETCH_OK, ""};
    struct pf_template *t;
    struct pf_request r;
    enum fetch_error e;

    o.key = "demo";
    o.endpoint = p->endpoint ? NULL : "https://api.example.com/v1?a=b";
    o.render = p->render.count > 0;
    o.premium = p->premium.count > 0;
    o.country = p->country.count > 0 ? "De" : NULL;
    o.session = p->session.count > 0 ? "7" : NULL;
    o.device = p->device.count > 0 ? "mobile" : NULL;
    e = pf_template_new(&t, p, &o, &failure);
    check((e == FETCH_OK) == (t != NULL) && (e == FETCH_OK || failure.message[0]));
    if (!t)
        return;
    check(pf_template_request(t, url, sizeof url - 1, &none, &r) == FETCH_OK);
    check_request(p, &r);
    check(pf_template_request(t, url, sizeof url - 1, &own, &r) == FETCH_OK);
    check_request(p, &r);
    pf_template_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fetch_failure failure = {FETCH_OK, ""};
    struct pf_profile *p;
    const char *base;
    enum fetch_error e;
    size_t n;
    char *text;

    if (size == 0)
        return 0;
    unsetenv("PFETCH_ENDPOINT");
    base = bases[data[0] % (sizeof bases / sizeof *bases)];
    n = strlen(base);
    text = malloc(n + size);
    check(text != NULL);
    memcpy(text, base, n);
    memcpy(text + n, data + 1, size - 1);
    e = pf_profile_parse(&p, text, n + size - 1, "fuzz", &failure);
    free(text); /* nothing is kept of it */
    check((e == FETCH_OK) == (p != NULL));
    if (p) {
        check_profile(p);
        ask(p);
    } else {
        check(e == FETCH_E_PROFILE && failure.error == e);
        check(strncmp(failure.message, "fuzz:", 5) == 0);
    }
    pf_profile_free(p);
    return 0;
}
