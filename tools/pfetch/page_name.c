#include "page_name.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HASH_BYTES 10u

static bool is_legible(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
           c == '-';
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

/* Every run of other bytes becomes one underscore, as does a dot or a hyphen at the front. */
static void make_legible(char out[PAGE_NAME_LEGIBLE + 1], const char *url)
{
    size_t n = 0;

    for (const char *p = readable(url); *p && n < PAGE_NAME_LEGIBLE; p++) {
        if (is_legible(*p) && !(n == 0 && (*p == '.' || *p == '-')))
            out[n++] = *p;
        else if (n == 0 || out[n - 1] != '_')
            out[n++] = '_';
    }
    while (n > 0 && (out[n - 1] == '_' || out[n - 1] == '.'))
        n--;
    out[n] = '\0';
    if (n == 0)
        memcpy(out, "page", 5);
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
                 {"image/svg+xml", ".svg"}};
    size_t len = content_type ? strcspn(content_type, "; \t") : 0;

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strlen(known[i].type) == len && strncasecmp(known[i].type, content_type, len) == 0)
            return known[i].extension;
    }
    return ".bin";
}

bool page_name_make(struct page_name *n, const char *url, const char *content_type, uint64_t twin)
{
    char legible[PAGE_NAME_LEGIBLE + 1], hash[2 * HASH_BYTES + 1], mark[24] = "";
    unsigned char digest[EVP_MAX_MD_SIZE];

    if (!EVP_Digest(url, strlen(url), digest, NULL, EVP_sha256(), NULL))
        return false;
    for (size_t i = 0; i < HASH_BYTES; i++)
        snprintf(hash + 2 * i, 3, "%02x", digest[i]);
    make_legible(legible, url);
    if (twin)
        snprintf(mark, sizeof(mark), "-%llu", (unsigned long long)twin);
    snprintf(n->folder, sizeof(n->folder), "%.2s", hash);
    snprintf(n->path, sizeof(n->path), "%s/%s-%s%s%s", n->folder, legible, hash, mark,
             extension(content_type));
    return true;
}
