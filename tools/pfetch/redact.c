#include "redact.h"

#include <stdlib.h>
#include <string.h>

static bool is_unreserved(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static char *encode(const char *s)
{
    static const char hex[] = "0123456789ABCDEF";
    char *encoded = malloc(strlen(s) * 3 + 1), *p = encoded;

    if (!encoded)
        return NULL;
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;

        if (is_unreserved(c)) {
            *p++ = *s;
            continue;
        }
        *p++ = '%';
        *p++ = hex[c >> 4];
        *p++ = hex[c & 15];
    }
    *p = '\0';
    return encoded;
}

/* Takes `secret`, whatever comes of it. */
static bool take(struct redact *r, char *secret)
{
    if (!secret)
        return false;
    for (size_t i = 0; i < r->count; i++) {
        if (strcmp(r->secret[i], secret) == 0) {
            free(secret);
            return true;
        }
    }
    if (r->count == REDACT_MAX) {
        free(secret);
        return false;
    }
    r->len[r->count] = strlen(secret);
    r->secret[r->count++] = secret;
    return true;
}

bool redact_add(struct redact *r, const char *secret)
{
    if (!secret || !*secret)
        return true;
    return take(r, strdup(secret)) && take(r, encode(secret));
}

void redact_fini(struct redact *r)
{
    for (size_t i = 0; i < r->count; i++) {
        explicit_bzero(r->secret[i], r->len[i]);
        free(r->secret[i]);
    }
    r->count = 0;
}

/* A short key in a path ("/demo/") is no key; beside `=`, `&`, a quote or a blank it is. */
static bool is_edge(char c)
{
    return c == '\0' || strchr("=&?#;, :\"'<>()[]{}|\t\r\n", c) != NULL;
}

static bool is_word(const char *text, size_t n, const char *at, size_t len)
{
    const char *after = at + len;

    return (at == text || is_edge(at[-1])) && (after == text + n || is_edge(*after));
}

/* The first secret at or behind `from`: its place and length. */
static const char *find(const struct redact *r, const char *text, size_t n, const char *from,
                        size_t *len)
{
    const char *first = NULL, *end = text + n;

    for (size_t i = 0; i < r->count; i++) {
        const char *p = from;

        while ((p = memmem(p, (size_t)(end - p), r->secret[i], r->len[i]))) {
            if (r->len[i] >= REDACT_LONG || is_word(text, n, p, r->len[i]))
                break;
            p++;
        }
        if (p && (!first || p < first)) {
            first = p;
            *len = r->len[i];
        }
    }
    return first;
}

bool redact_apply(const struct redact *r, const char *text, size_t n, struct bytes *out)
{
    const char *from = text;
    size_t len = 0;
    const char *at = n ? find(r, text, n, from, &len) : NULL;

    if (!at)
        return false;
    for (; at; at = find(r, text, n, from, &len)) {
        bytes_add(out, from, (size_t)(at - from));
        bytes_text(out, "REDACTED");
        from = at + len;
    }
    bytes_add(out, from, (size_t)(text + n - from));
    return true;
}
