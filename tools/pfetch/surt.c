/*
 * The rules are those of the Python package surt, which pywb and cdxj-indexer use: what is looked up
 * there must be found, so an odd rule is kept as it is.  Host names in other scripts become
 * punycode (RFC 3492) letter by letter; what IDNA would do to their capitals first is left out.
 */
#include "surt.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "surt_host.h"
#include "surt_session.h"

#define TEXT_MAX ((size_t)8 << 20)

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static unsigned hex_value(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
}

static void put_escaped(struct bytes *out, char c)
{
    static const char hex[] = "0123456789ABCDEF";
    const char escaped[3] = {'%', hex[(unsigned char)c >> 4], hex[(unsigned char)c & 15]};

    bytes_add(out, escaped, sizeof(escaped));
}

/* ------------------------------------------------------------------ URIs -- */

static bool is_of_uri(const char *at, const char *end)
{
    static const char others[] = "-._~:/?#[]@!$&'()*+,;=";
    char c = *at;

    if (c == '%')
        return end - at > 2 && is_hex(at[1]) && is_hex(at[2]);
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z' && c > 0) ||
           (c && strchr(others, c));
}

void surt_put_uri(struct bytes *out, const char *url, size_t n)
{
    const char *end = url + n, *plain;

    while (url < end) {
        for (plain = url; url < end && is_of_uri(url, end);)
            url++;
        bytes_add(out, plain, (size_t)(url - plain));
        if (url < end)
            put_escaped(out, *url++);
    }
}

/* --------------------------------------------------------------- escapes -- */

/*
 * Undoes escapes, and those that come out of it, in one go: what is done is free of them, so a new
 * one can only end in the byte that was added last.
 */
static void put_unescaped(struct bytes *out, const char *text, size_t n)
{
    size_t start = out->len;

    for (size_t i = 0; i < n && !out->failed; i++) {
        bytes_add(out, text + i, 1);
        while (out->len - start >= 3) {
            char *tail = out->data + out->len - 3;

            if (tail[0] != '%' || !is_hex(tail[1]) || !is_hex(tail[2]))
                break;
            tail[0] = (char)(hex_value(tail[1]) << 4 | hex_value(tail[2]));
            out->len -= 2;
        }
    }
}

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* In small letters, escaped once where it is no printable ASCII, or would mean something else. */
static void put_small(struct bytes *out, const char *text, size_t n)
{
    static const char hex[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        const char escaped[3] = {'%', hex[c >> 4], hex[c & 15]};
        char plain = small(text[i]);

        if (c > 0x20 && c < 0x7f && c != '#' && c != '%')
            bytes_add(out, &plain, 1);
        else
            bytes_add(out, escaped, sizeof(escaped));
    }
}

/* ------------------------------------------------------------------ host -- */

/* "www.", "www2." and the like. */
static size_t www_of(const char *host, size_t n)
{
    size_t i = 3;

    if (n < 4 || memcmp(host, "www", 3) != 0)
        return 0;
    while (i < n && host[i] >= '0' && host[i] <= '9')
        i++;
    return i < n && host[i] == '.' ? i + 1 : 0;
}

/* 3279880203 and 10.0.258 are addresses too. */
static void spell_address(struct bytes *host)
{
    struct in_addr address;
    char text[INET_ADDRSTRLEN];
    size_t digits = strspn(bytes_string(host), "0123456789.");

    if (host->failed || host->len == 0 || digits != host->len || !inet_aton(host->data, &address) ||
        !inet_ntop(AF_INET, &address, text, sizeof(text)))
        return;
    bytes_cut(host, 0);
    bytes_text(host, text);
}

/* Its labels, the last first. */
static void put_reversed(struct bytes *out, const char *host, size_t n)
{
    size_t end = n;

    while (end > 0) {
        const char *dot = memrchr(host, '.', end);
        size_t from = dot ? (size_t)(dot - host) + 1 : 0;

        put_small(out, host + from, end - from);
        if (!dot)
            return;
        bytes_text(out, ",");
        end = from - 1;
    }
}

static void put_host(struct surt *s, struct bytes *out, const char *host, size_t n)
{
    size_t www;

    bytes_cut(&s->part, 0);
    bytes_cut(&s->path, 0);
    put_unescaped(&s->path, host, n);
    surt_host(&s->part, s->path.data, s->path.len);
    spell_address(&s->part);
    www = www_of(s->part.data, s->part.len);
    put_reversed(out, s->part.data + www, s->part.len - www);
}

static bool is_default_port(const char *port, size_t n, bool https)
{
    const char *standard = https ? "443" : "80";

    return n == 0 || (strlen(standard) == n && memcmp(port, standard, n) == 0);
}

static void put_authority(struct surt *s, struct bytes *out, const char *at, size_t n, bool https)
{
    const char *user = memrchr(at, '@', n), *host = user ? user + 1 : at, *end = at + n;
    const char *bracket = host < end && *host == '[' ? memchr(host, ']', (size_t)(end - host)) : 0;
    const char *after = bracket ? bracket + 1 : host;
    const char *colon = memrchr(after, ':', (size_t)(end - after));

    if (bracket)
        put_host(s, out, host + 1, (size_t)(bracket - host - 1));
    else
        put_host(s, out, host, (size_t)((colon ? colon : end) - host));
    if (colon && !is_default_port(colon + 1, (size_t)(end - colon - 1), https))
        put_small(out, colon, (size_t)(end - colon));
}

/* ------------------------------------------------------------------ path -- */

/* Takes the last segment off again; one at the root stays. */
static bool step_up(struct bytes *path)
{
    const char *slash = path->len ? memrchr(path->data, '/', path->len) : NULL;

    if (!slash)
        return false;
    bytes_cut(path, (size_t)(slash - path->data));
    return true;
}

/* Segments, each with a slash in front, without those of dots. */
static void put_segments(struct bytes *path, const char *text, size_t n)
{
    const char *end = text + n;

    while (text < end) {
        const char *start = ++text, *slash = memchr(text, '/', (size_t)(end - text));
        size_t len = (size_t)((slash ? slash : end) - start);

        text = slash ? slash : end;
        if (len == 1 && *start == '.')
            continue;
        if (len == 2 && memcmp(start, "..", 2) == 0 && step_up(path))
            continue;
        bytes_text(path, "/");
        bytes_add(path, start, len);
        if (slash && slash + 1 == end) { /* what ends in a slash ends in an empty segment */
            bytes_text(path, "/");
            return;
        }
    }
}

/* One slash for several. */
static void fold_slashes(struct bytes *path)
{
    size_t to = 0;

    for (size_t i = 0; i < path->len; i++) {
        if (path->data[i] != '/' || to == 0 || path->data[to - 1] != '/')
            path->data[to++] = path->data[i];
    }
    bytes_cut(path, to);
}

static void put_path(struct surt *s, struct bytes *out, const char *at, size_t n)
{
    size_t len;

    bytes_cut(&s->part, 0);
    bytes_cut(&s->path, 0);
    put_unescaped(&s->part, at, n);
    put_segments(&s->path, s->part.data, s->part.len);
    fold_slashes(&s->path);
    bytes_cut(&s->part, 0);
    put_small(&s->part, s->path.data, s->path.len);
    surt_session_path(&s->part);
    len = s->part.len;
    if (len > 1 && s->part.data[len - 1] == '/')
        len--;
    if (len == 0)
        bytes_text(out, "/");
    bytes_add(out, s->part.data, len);
}

/* ----------------------------------------------------------------- query -- */

struct argument {
    const char *text;
    size_t len, name_len;
};

static int compare_bytes(const char *a, size_t n, const char *b, size_t m)
{
    int order = memcmp(a, b, n < m ? n : m);

    return order ? order : (n > m) - (n < m);
}

/* By name, then a name alone, then by value. */
static int compare_arguments(const void *left, const void *right)
{
    const struct argument *a = left, *b = right;
    int order = compare_bytes(a->text, a->name_len, b->text, b->name_len);

    return order ? order : compare_bytes(a->text, a->len, b->text, b->len);
}

static void put_sorted(struct bytes *out, const char *query, size_t n)
{
    struct argument *list;
    size_t count = 1;

    for (size_t i = 0; i < n; i++)
        count += query[i] == '&';
    list = calloc(count, sizeof(*list));
    if (!list) {
        out->failed = true;
        return;
    }
    for (size_t i = 0, at = 0; i < count; i++) {
        const char *end = memchr(query + at, '&', n - at), *equals;

        list[i].text = query + at;
        list[i].len = end ? (size_t)(end - query) - at : n - at;
        equals = memchr(list[i].text, '=', list[i].len);
        list[i].name_len = equals ? (size_t)(equals - list[i].text) : list[i].len;
        at += list[i].len + 1;
    }
    if (count > 1)
        qsort(list, count, sizeof(*list), compare_arguments);
    for (size_t i = 0; i < count; i++) {
        bytes_text(out, i ? "&" : "?");
        bytes_add(out, list[i].text, list[i].len);
    }
    free(list);
}

static void put_query(struct surt *s, struct bytes *out, const char *at, size_t n)
{
    bytes_cut(&s->part, 0);
    bytes_cut(&s->path, 0);
    put_unescaped(&s->path, at, n);
    put_small(&s->part, s->path.data, s->path.len);
    surt_session_query(&s->part);
    if (s->part.len > 0)
        put_sorted(out, s->part.data, s->part.len);
}

/* -------------------------------------------------------------- together -- */

void surt_init(struct surt *s)
{
    bytes_init(&s->part, TEXT_MAX);
    bytes_init(&s->path, TEXT_MAX);
}

void surt_fini(struct surt *s)
{
    bytes_fini(&s->part);
    bytes_fini(&s->path);
}

void surt_put(struct surt *s, struct bytes *out, const char *uri, size_t n)
{
    bool https = n > 8 && strncasecmp(uri, "https://", 8) == 0;
    size_t scheme = https ? 8 : 7, authority, path;

    if (n <= scheme || (!https && strncasecmp(uri, "http://", 7) != 0)) {
        put_small(out, uri, n);
        return;
    }
    for (size_t i = scheme; i < n; i++) {
        if (uri[i] == '#')
            n = i;
    }
    for (authority = scheme; authority < n && uri[authority] != '/' && uri[authority] != '?';)
        authority++;
    for (path = authority; path < n && uri[path] != '?';)
        path++;
    put_authority(s, out, uri + scheme, authority - scheme, https);
    bytes_text(out, ")");
    put_path(s, out, uri + authority, path - authority);
    if (path + 1 < n)
        put_query(s, out, uri + path + 1, n - path - 1);
    out->failed |= s->part.failed || s->path.failed;
}
