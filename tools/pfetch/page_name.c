#include "page_name.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DIGITS 26u       /* of base 32, for 128 bits        */
#define FOLDERS_BYTES 5u /* "k/7q/"                         */

static bool is_legible(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
           c == '-';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One byte of a URL, an escape undone: what is no text had better be one underscore. */
static char take_byte(const char **p)
{
    int high, low;

    if (**p == '%' && (high = hex_value((*p)[1])) >= 0 && (low = hex_value((*p)[2])) >= 0) {
        *p += 3;
        return (char)(high * 16 + low);
    }
    return *(*p)++;
}

/* Where the readable part of a URL begins: behind the scheme and any user name and password. */
static const char *readable(const char *url)
{
    const char *start = strstr(url, "://"), *p;

    if (!start)
        return url;
    start += 3;
    p = start + strcspn(start, "/?#");
    while (p > start && p[-1] != '@')
        p--;
    return p;
}

/* Windows takes a name for a device whatever stands behind its first dot. */
static bool is_device(const char *name)
{
    static const char *const devices[] = {"con", "prn", "aux", "nul"};
    size_t n = strcspn(name, ".");

    for (size_t i = 0; n == 3 && i < sizeof(devices) / sizeof(devices[0]); i++) {
        if (strncasecmp(name, devices[i], 3) == 0)
            return true;
    }
    return n == 4 && name[3] >= '0' && name[3] <= '9' &&
           (strncasecmp(name, "com", 3) == 0 || strncasecmp(name, "lpt", 3) == 0);
}

/* Every run of other bytes becomes one underscore, as does a dot or a hyphen at the front. */
static void make_legible(char out[PAGE_NAME_LEGIBLE + 1], const char *url)
{
    const char *p = readable(url);
    size_t n = 0;

    while (*p && n < PAGE_NAME_LEGIBLE - 1) {
        char c = take_byte(&p);

        if (is_legible(c) && !(n == 0 && (c == '.' || c == '-')))
            out[n++] = c;
        else if (n == 0 || out[n - 1] != '_')
            out[n++] = '_';
    }
    while (n > 0 && (out[n - 1] == '_' || out[n - 1] == '.'))
        n--;
    out[n] = '\0';
    if (n == 0)
        memcpy(out, "page", 5);
    if (is_device(out)) {
        memmove(out + 1, out, strlen(out) + 1);
        *out = '_';
    }
}

static bool is_type(const char *text, size_t len, const char *type)
{
    return strlen(type) == len && strncasecmp(type, text, len) == 0;
}

static const char *extension(const char *content_type)
{
    static const struct {
        const char *type, *extension;
    } known[] = {{"text/html", ".html"},
                 {"application/xhtml+xml", ".xhtml"},
                 {"application/json", ".json"},
                 {"application/ld+json", ".json"},
                 {"text/plain", ".txt"},
                 {"text/css", ".css"},
                 {"text/csv", ".csv"},
                 {"text/xml", ".xml"},
                 {"application/xml", ".xml"},
                 {"application/rss+xml", ".xml"},
                 {"application/atom+xml", ".xml"},
                 {"text/javascript", ".js"},
                 {"application/javascript", ".js"},
                 {"application/pdf", ".pdf"},
                 {"application/zip", ".zip"},
                 {"application/gzip", ".gz"},
                 {"image/png", ".png"},
                 {"image/jpeg", ".jpg"},
                 {"image/gif", ".gif"},
                 {"image/webp", ".webp"},
                 {"image/svg+xml", ".svg"},
                 {"image/avif", ".avif"}};
    size_t len = content_type ? strcspn(content_type, ";, \t") : 0;

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (is_type(content_type, len, known[i].type))
            return known[i].extension;
    }
    if (len > 5 && strncasecmp(content_type + len - 5, "+json", 5) == 0)
        return ".json";
    if (len > 4 && strncasecmp(content_type + len - 4, "+xml", 4) == 0)
        return ".xml";
    return len > 5 && strncasecmp(content_type, "text/", 5) == 0 ? ".txt" : ".bin";
}

static void put_digits(char out[DIGITS + 1], const struct identity *id)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint64_t high = id->high, low = id->low;

    for (unsigned i = 0; i < DIGITS; i++) {
        out[i] = digits[high >> 59];
        high = high << 5 | low >> 59;
        low <<= 5;
    }
    out[DIGITS] = '\0';
}

void page_name_make(struct page_name *n, const struct identity *id, const char *url,
                    const char *content_type)
{
    char legible[PAGE_NAME_LEGIBLE + 1], digits[DIGITS + 1];

    put_digits(digits, id);
    make_legible(legible, url);
    snprintf(n->first, sizeof(n->first), "%.1s", digits);
    snprintf(n->second, sizeof(n->second), "%.2s", digits + 1);
    n->extension = extension(content_type);
    n->stem = (size_t)snprintf(n->path, sizeof(n->path), "%s/%s/%s-%s", n->first, n->second,
                               legible, digits);
    snprintf(n->path + n->stem, sizeof(n->path) - n->stem, "%s", n->extension);
}

void page_name_mark(struct page_name *n, uint64_t mark)
{
    snprintf(n->path + n->stem, sizeof(n->path) - n->stem, "-%llu%s", (unsigned long long)mark,
             n->extension);
}

const char *page_name_leaf(const struct page_name *n)
{
    return n->path + FOLDERS_BYTES;
}
