#include "warc_head.h"

#include <string.h>
#include <strings.h>

#include "value.h"

/* The next line, cut off with a NUL; NULL at the empty one, or where there is no end. */
static char *next_line(char **at, char *end)
{
    char *line = *at, *feed = memchr(line, '\n', (size_t)(end - line));

    if (!feed || feed == line || feed[-1] != '\r' || feed == line + 1)
        return NULL;
    feed[-1] = '\0';
    *at = feed + 1;
    return line;
}

/* A line's value, if it is the field's. */
static char *value_of(char *line, const char *name)
{
    size_t n = strlen(name);

    if (strncasecmp(line, name, n) != 0 || line[n] != ':')
        return NULL;
    line += n + 1;
    return line + strspn(line, " \t");
}

static bool take_type(struct warc_head *h, const char *value)
{
    static const struct {
        const char *name;
        enum warc_type type;
    } list[] = {{"warcinfo", WARC_TYPE_INFO},
                {"response", WARC_TYPE_MAIN},
                {"resource", WARC_TYPE_MAIN},
                {"revisit", WARC_TYPE_REVISIT},
                {"metadata", WARC_TYPE_METADATA}};

    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        if (strcmp(value, list[i].name) == 0) {
            h->type = list[i].type;
            return true;
        }
    }
    return false;
}

static const char *without_brackets(char *value)
{
    size_t n = strlen(value);

    if (n < 2 || value[0] != '<' || value[n - 1] != '>')
        return NULL;
    value[n - 1] = '\0';
    return value + 1;
}

struct seen_fields {
    bool type, length;
};

/* False where the field is there and wrong. */
static bool take_field(struct warc_head *h, char *line, struct seen_fields *seen)
{
    char *value;

    if ((value = value_of(line, "WARC-Type")))
        return seen->type = take_type(h, value);
    if ((value = value_of(line, "Content-Length")))
        return seen->length = value_count(value, 0, UINT64_MAX, &h->length);
    if ((value = value_of(line, "WARC-Record-ID")))
        return (h->id = without_brackets(value)) != NULL;
    if ((value = value_of(line, "WARC-Target-URI")))
        h->uri = value;
    else if ((value = value_of(line, "WARC-Date")))
        h->date = value;
    else if ((value = value_of(line, "WARC-Payload-Digest")))
        h->digest = value;
    else if ((value = value_of(line, "Content-Type")))
        h->content_type = value;
    else if (value_of(line, "WARC-Truncated"))
        h->truncated = true;
    return true;
}

bool warc_head_read(char *text, size_t n, struct warc_head *h)
{
    struct seen_fields seen = {.type = false};
    char *at = text, *end = text + n, *line = next_line(&at, end);

    *h = (struct warc_head){.length = 0};
    if (!line || strcmp(line, "WARC/1.1") != 0)
        return false;
    while ((line = next_line(&at, end))) {
        if (!take_field(h, line, &seen))
            return false;
    }
    h->http = h->content_type && strncmp(h->content_type, "application/http", 16) == 0;
    return seen.type && seen.length && h->id && h->date && (h->type == WARC_TYPE_INFO || h->uri) &&
           (h->type == WARC_TYPE_INFO || h->type == WARC_TYPE_METADATA || h->digest);
}

bool warc_head_http(char *text, size_t n, unsigned *status, const char **mime)
{
    char *at = text, *end = text + n, *line = next_line(&at, end);

    *mime = NULL;
    if (!line || strncmp(line, "HTTP/1.1 ", 9) != 0 || strspn(line + 9, "0123456789") != 3)
        return false;
    *status = (unsigned)((line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0'));
    while ((line = next_line(&at, end))) {
        const char *value = value_of(line, "Content-Type");

        if (value && !*mime)
            *mime = value;
    }
    return true;
}
