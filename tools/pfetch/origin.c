#include "origin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TEXT_MAX 65536u /* bytes of a profile: the library's ceiling */

char *origin_text(const char *name, const char *file)
{
    const char *text = file ? NULL : fetch_profile_text(name ? name : "proxiesapi");
    char *copy = text ? strdup(text) : malloc(TEXT_MAX + 1);
    FILE *f = file && copy ? fopen(file, "re") : NULL;

    if (text)
        return copy;
    if (!f) {
        free(copy);
        return NULL;
    }
    copy[fread(copy, 1, TEXT_MAX, f)] = '\0';
    fclose(f);
    return copy;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void keep(char to[ORIGIN_WORD], const char *word, size_t n)
{
    n = n < ORIGIN_WORD ? n : ORIGIN_WORD - 1;
    memcpy(to, word, n);
    to[n] = '\0';
}

/* The words of a value, each a field of the provider's. */
static void add_own(struct origin *o, const char *at, const char *end)
{
    while (at < end && o->own_count < ORIGIN_NAMES) {
        const char *start;

        while (at < end && is_blank(*at))
            at++;
        for (start = at; at < end && !is_blank(*at);)
            at++;
        if (at > start)
            keep(o->own[o->own_count++], start, (size_t)(at - start));
    }
}

static void take(struct origin *o, const char *name, size_t n, const char *value, const char *end)
{
    static const char *const own[] = {"target_status", "crawl_status", "final_url", "cost",
                                      "credits_left",  "request_id",   "limit",     "in_use",
                                      "remaining",     "code",         "retryable"};

    if (n == 4 && memcmp(name, "name", n) == 0)
        keep(o->profile, value, (size_t)(end - value));
    else if (n == 13 && memcmp(name, "origin_prefix", n) == 0)
        keep(o->prefix, value, (size_t)(end - value));
    else if (n == 13 && memcmp(name, "envelope_body", n) == 0)
        o->envelope = true;
    else if (n == 16 && memcmp(name, "envelope_headers", n) == 0)
        o->envelope_headers = true;
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (strlen(own[i]) == n && memcmp(own[i], name, n) == 0)
            add_own(o, value, end);
    }
}

static void take_line(struct origin *o, const char *at, const char *end)
{
    const char *equals, *name_end;

    while (at < end && is_blank(*at))
        at++;
    while (end > at && is_blank(end[-1]))
        end--;
    equals = memchr(at, '=', (size_t)(end - at));
    if (!equals || *at == '#')
        return;
    for (name_end = equals; name_end > at && is_blank(name_end[-1]);)
        name_end--;
    do
        equals++;
    while (equals < end && is_blank(*equals));
    take(o, at, (size_t)(name_end - at), equals, end);
}

void origin_read(struct origin *o, const char *text, size_t n)
{
    const char *end = text + n;

    *o = (struct origin){.own_count = 0};
    while (text < end) {
        const char *feed = memchr(text, '\n', (size_t)(end - text));
        const char *line_end = feed ? feed : end;

        take_line(o, text, line_end);
        text = line_end + (feed ? 1 : 0);
    }
}

bool origin_is_known(const struct origin *o, const struct fetch_page *page)
{
    if (page->status < 100 || page->status > 999)
        return false;
    return o->envelope ? o->envelope_headers && page->headers_unwrapped : o->prefix[0] != '\0';
}

bool origin_field(const struct origin *o, const struct fetch_header *field, const char **name,
                  size_t *len)
{
    size_t prefix = strlen(o->prefix);

    *name = field->name;
    *len = field->name_len;
    if (o->envelope)
        return true;
    if (prefix == 0 || *len <= prefix || strncasecmp(*name, o->prefix, prefix) != 0)
        return false;
    for (size_t i = 0; i < o->own_count; i++) {
        if (strlen(o->own[i]) == *len && strncasecmp(o->own[i], *name, *len) == 0)
            return false;
    }
    *name += prefix;
    *len -= prefix;
    return true;
}
