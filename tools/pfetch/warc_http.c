/*
 * The reason phrase is left out, since nobody knows it: providers hand on the number alone, and
 * HTTP/2 has none.
 *
 * Values that come out of an envelope are text in JSON and may hold anything; what is no field name
 * (RFC 9110 section 5.6.2) is no field.
 */
#include "warc_http.h"

#include <string.h>
#include <strings.h>

static bool is(const char *name, size_t n, const char *other)
{
    return strlen(other) == n && strncasecmp(name, other, n) == 0;
}

static bool is_token(const char *s, size_t n)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < n; i++) {
        char c = s[i];

        if (!(c >= '0' && c <= '9') && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z' && c > 0) &&
            (!c || !strchr(marks, c)))
            return false;
    }
    return n > 0;
}

/* Of the connection (RFC 9110 section 7.6.1), or of the bytes before they were decoded. */
static bool is_of_the_line(const char *name, size_t n)
{
    static const char *const list[] = {
        "connection", "content-encoding", "content-length",    "keep-alive",
        "te",         "trailer",          "transfer-encoding", "upgrade"};

    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        if (is(name, n, list[i]))
            return true;
    }
    return n > 6 && strncasecmp(name, "proxy-", 6) == 0;
}

/* Whether a list of names, as Connection has, holds this one. */
static bool lists(const char *value, size_t len, const char *name, size_t n)
{
    for (size_t at = 0; at < len;) {
        size_t start, end;

        while (at < len && (value[at] == ' ' || value[at] == '\t' || value[at] == ','))
            at++;
        for (start = at; at < len && value[at] != ',';)
            at++;
        for (end = at; end > start && (value[end - 1] == ' ' || value[end - 1] == '\t');)
            end--;
        if (end - start == n && strncasecmp(value + start, name, n) == 0)
            return true;
    }
    return false;
}

/* The target's Connection field, or NULL. */
static const struct fetch_header *connection(const struct origin *origin,
                                             const struct fetch_page *page)
{
    for (size_t i = 0; i < page->header_count; i++) {
        const char *name;
        size_t n;

        if (origin_field(origin, &page->headers[i], &name, &n) && is(name, n, "connection"))
            return &page->headers[i];
    }
    return NULL;
}

void warc_http_put_value(struct recorder *r, struct bytes *out, const char *value, size_t n)
{
    char *room;

    value = recorder_clean(r, value, &n);
    room = value ? bytes_room(out, n) : NULL;
    if (!room) {
        out->failed |= n > 0;
        return;
    }
    for (size_t i = 0; i < n; i++)
        room[i] = (unsigned char)value[i] < 0x20 || value[i] == 0x7f ? ' ' : value[i];
    out->len += n;
}

void warc_http_put(struct recorder *r, const struct origin *origin, struct bytes *out,
                   const struct fetch_page *page, const char *type)
{
    const struct fetch_header *hop = connection(origin, page);
    bool has_type = false;

    bytes_text(out, "HTTP/1.1 ");
    bytes_uint(out, (uint64_t)page->status);
    bytes_text(out, " \r\n");
    for (size_t i = 0; i < page->header_count; i++) {
        const struct fetch_header *field = &page->headers[i];
        const char *name;
        size_t n;

        if (!origin_field(origin, field, &name, &n) || !is_token(name, n) ||
            is_of_the_line(name, n) || (hop && lists(hop->value, hop->value_len, name, n)))
            continue;
        has_type |= is(name, n, "content-type");
        bytes_add(out, name, n);
        bytes_add(out, ": ", 2);
        warc_http_put_value(r, out, field->value, field->value_len);
        bytes_add(out, "\r\n", 2);
    }
    if (!has_type && type) {
        bytes_text(out, "Content-Type: ");
        bytes_text(out, type);
        bytes_text(out, "\r\n");
    }
    bytes_text(out, "Content-Length: ");
    bytes_uint(out, page->body_len);
    bytes_text(out, "\r\n\r\n");
}
