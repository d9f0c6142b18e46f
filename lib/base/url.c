#include "base/url.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"

/* What a byte is; a target of 100 bytes is looked at twice for every page. */
enum { ALPHA = 1, DIGIT = 2, MARK = 4, BAD = 8, SCHEME_MARK = 16 };

#define UNRESERVED (ALPHA | DIGIT | MARK) /* RFC 3986 section 2.3 */

static const unsigned char class_of[256] = {
    [0x00 ... 0x20] = BAD,      [0x7f] = BAD,          ['0' ... '9'] = DIGIT,
    ['A' ... 'Z'] = ALPHA,      ['a' ... 'z'] = ALPHA, ['-'] = MARK | SCHEME_MARK,
    ['.'] = MARK | SCHEME_MARK, ['_'] = MARK,          ['~'] = MARK,
    ['+'] = SCHEME_MARK,
};

static bool is(char c, unsigned classes)
{
    return (class_of[(unsigned char)c] & classes) != 0;
}

static bool starts_with(const char *s, size_t n, const char *prefix)
{
    size_t len = strlen(prefix);

    return n >= len && pf_text_eq_nocase(s, len, prefix, len);
}

/* Length of "http://" or "https://" at the start, or 0. */
static size_t scheme_len(const char *s, size_t n, bool *https)
{
    *https = starts_with(s, n, "https://");
    if (*https)
        return 8;
    return starts_with(s, n, "http://") ? 7 : 0;
}

static size_t span_until(const char *s, size_t n, const char *stop)
{
    size_t i = 0;

    while (i < n && !strchr(stop, s[i]))
        i++;
    return i;
}

static const char *fault_of_scheme(const char *s, size_t n)
{
    size_t i = 0;

    while (i < n && is(s[i], ALPHA | DIGIT | SCHEME_MARK))
        i++;
    if (i > 0 && n - i >= 3 && memcmp(s + i, "://", 3) == 0)
        return "has a scheme other than http and https";
    return "has no scheme: it must begin with http:// or https://";
}

static const char *fault_of_bytes(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!is(s[i], BAD))
            continue;
        if (s[i] == ' ' || s[i] == '\t')
            return "has white space in it: encode it as %20";
        return "has a control character in it (CR, LF, NUL or the like)";
    }
    return NULL;
}

/* Splits "host", "host:port", "[v6]:port". */
static const char *parse_authority(struct pf_url *url, const char *s, size_t n)
{
    size_t host_end;
    uint64_t port;

    if (memchr(s, '@', n))
        return "has user information in it";
    url->authority = s;
    url->authority_len = n;
    if (n > 0 && s[0] == '[') {
        const char *close = memchr(s, ']', n);

        if (!close)
            return "has an IPv6 address without its closing bracket";
        url->host = s + 1;
        url->host_len = (size_t)(close - s) - 1;
        host_end = (size_t)(close - s) + 1;
    } else {
        host_end = span_until(s, n, ":");
        url->host = s;
        url->host_len = host_end;
    }
    if (url->host_len == 0)
        return "has no host";
    url->port = url->https ? 443 : 80;
    if (host_end == n)
        return NULL;
    if (s[host_end] != ':')
        return "has something other than a port behind its host";
    if (host_end + 1 == n) /* RFC 3986 3.2.3: an empty port is the scheme's own */
        return NULL;
    if (!pf_text_u64(s + host_end + 1, n - host_end - 1, &port) || port == 0 || port > 65535)
        return "has a port that is no number from 1 to 65535";
    url->port = (uint16_t)port;
    return NULL;
}

bool pf_url_parse(struct pf_url *url, const char *s, size_t n, const char **why)
{
    size_t start = scheme_len(s, n, &url->https), len;

    *why = NULL;
    if (start == 0)
        *why = fault_of_scheme(s, n);
    else
        *why = fault_of_bytes(s, n);
    if (*why)
        return false;
    s += start;
    n -= start;
    len = span_until(s, n, "/?#");
    *why = parse_authority(url, s, len);
    if (*why)
        return false;
    url->path = s + len;
    url->path_len = span_until(url->path, n - len, "#");
    return true;
}

const char *pf_url_target_fault(const char *s, size_t n)
{
    const char *fault;
    bool https;
    size_t start;

    if (n == 0)
        return "is empty";
    if (n > PF_MAX_URL)
        return "is longer than 65,536 bytes";
    fault = fault_of_bytes(s, n);
    if (fault)
        return fault;
    start = scheme_len(s, n, &https);
    if (start == 0)
        return fault_of_scheme(s, n);
    if (start == n || strchr("/?#:", s[start]))
        return "has no host";
    return NULL;
}

const char *pf_url_target_host(const char *s, size_t len, size_t *n)
{
    bool https;
    size_t start = scheme_len(s, len, &https);
    size_t end = start + span_until(s + start, len - start, "/?#");

    for (size_t i = end; i > start; i--) {
        if (s[i - 1] == '@') {
            start = i;
            break;
        }
    }
    if (start < end && s[start] == '[') {
        start++;
        *n = span_until(s + start, end - start, "]");
    } else {
        *n = span_until(s + start, end - start, ":");
    }
    if (*n > 0 && s[start + *n - 1] == '.')
        --*n;
    return s + start;
}

enum fetch_error pf_url_encode(struct pf_buf *out, const char *s, size_t n)
{
    static const char hex[] = "0123456789ABCDEF";
    enum fetch_error e = pf_buf_reserve(out, 3 * n);
    char *to;

    if (e != FETCH_OK || n == 0) /* nothing may mean no memory yet: no pointer to count from */
        return e;
    to = out->data + out->len;
    for (size_t i = 0; i < n; i++) {
        if (is(s[i], UNRESERVED)) {
            *to++ = s[i];
        } else {
            *to++ = '%';
            *to++ = hex[(unsigned char)s[i] >> 4];
            *to++ = hex[s[i] & 15];
        }
    }
    out->len = (size_t)(to - out->data);
    return FETCH_OK;
}

/* Appends path and query with the dot segments of the path resolved (RFC 3986 5.2.4). */
static enum fetch_error append_path(struct pf_buf *out, const char *s, size_t n)
{
    size_t path_len = span_until(s, n, "?"), root = out->len, i = 0;

    while (i < path_len) { /* s[i] is a slash */
        size_t seg = span_until(s + i + 1, path_len - i - 1, "/");
        bool last = i + 1 + seg == path_len;
        bool dot = seg == 1 && s[i + 1] == '.';
        bool dots = seg == 2 && s[i + 1] == '.' && s[i + 2] == '.';
        enum fetch_error e = FETCH_OK;

        if (dots)
            while (out->len > root && out->data[--out->len] != '/')
                ;
        if (!dot && !dots)
            e = pf_buf_append(out, s + i, seg + 1);
        else if (last)
            e = pf_buf_append(out, "/", 1);
        if (e != FETCH_OK)
            return e;
        i += seg + 1;
    }
    return pf_buf_append(out, s + path_len, n - path_len);
}

/* The base's path up to and with its last slash, then the reference (RFC 3986 5.2.3). */
static enum fetch_error append_merged(struct pf_buf *out, const struct pf_url *base, const char *s,
                                      size_t n)
{
    size_t keep = span_until(base->path, base->path_len, "?");
    struct pf_buf merged;
    enum fetch_error e;

    if (n > 0 && s[0] != '?')
        while (keep > 0 && base->path[keep - 1] != '/')
            keep--;
    if (n == 0)
        keep = base->path_len;
    pf_buf_init(&merged, base->path_len + n + 1);
    if (keep == 0 || base->path[0] != '/')
        e = pf_buf_append(&merged, "/", 1);
    else
        e = FETCH_OK;
    if (e == FETCH_OK)
        e = pf_buf_append(&merged, base->path, keep);
    if (e == FETCH_OK)
        e = pf_buf_append(&merged, s, n);
    if (e == FETCH_OK)
        e = append_path(out, merged.data, merged.len);
    pf_buf_fini(&merged);
    return e;
}

enum fetch_error pf_url_resolve(struct pf_buf *out, const struct pf_url *base, const char *s,
                                size_t n)
{
    const char *scheme = base->https ? "https:" : "http:";
    enum fetch_error e;

    n = span_until(s, n, "#");
    if (span_until(s, n, ":") < span_until(s, n, "/?"))
        return pf_buf_append(out, s, n); /* it has a scheme of its own */
    e = pf_buf_append_str(out, scheme);
    if (e != FETCH_OK)
        return e;
    if (n >= 2 && s[0] == '/' && s[1] == '/')
        return pf_buf_append(out, s, n);
    e = pf_buf_append(out, "//", 2);
    if (e == FETCH_OK)
        e = pf_buf_append(out, base->authority, base->authority_len);
    if (e != FETCH_OK)
        return e;
    if (n > 0 && s[0] == '/')
        return append_path(out, s, n);
    return append_merged(out, base, s, n);
}
