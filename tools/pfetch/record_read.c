/*
 * A parser of its own, because neither of the two things it is for can be had from a JSON library:
 * it understands a line from its first bytes, so that a page of 100 MiB is stepped over by
 * memchr(), and it skips what nobody asked for without building it.  It is not a validator: a
 * line that it takes for a record begins as one, and ends as one where the end was there.
 */
#include "record_read.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"

#define TEXT_MAX ((size_t)8 << 20) /* bytes of all strings of one record */
#define NAME_MAX_BYTES 24u         /* a longer member is none of ours    */
#define NONE SIZE_MAX

struct record_reader {
    struct bytes text;                              /* the strings, each with a NUL behind it */
    size_t id, url, url_len, request, run, run_len; /* offsets in text, or NONE */
    size_t file;                                    /* likewise */
    bool has_index, has_outcome, has_status;
    bool want_rest;
    bool want_file; /* that is the last member */
};

struct cursor {
    const char *p, *end;
};

struct record_reader *record_reader_new(void)
{
    struct record_reader *r = calloc(1, sizeof(*r));

    if (!r)
        return NULL;
    bytes_init(&r->text, TEXT_MAX);
    return r;
}

void record_reader_want_rest(struct record_reader *r)
{
    r->want_rest = true;
}

void record_reader_free(struct record_reader *r)
{
    if (!r)
        return;
    bytes_fini(&r->text);
    free(r);
}

void record_reader_want_file(struct record_reader *r)
{
    r->want_file = true;
}

static bool take(struct cursor *c, char wanted)
{
    if (c->p == c->end || *c->p != wanted)
        return false;
    c->p++;
    return true;
}

/* Blanks, which this program never writes but `jq .` does. */
static void skip_blanks(struct cursor *c)
{
    while (c->p < c->end && (*c->p == ' ' || *c->p == '\t'))
        c->p++;
}

/* Behind the quote that ends the string; a quote after an odd number of backslashes does not. */
static bool skip_string(struct cursor *c)
{
    const char *start = c->p, *quote, *p;

    while ((quote = memchr(c->p, '"', (size_t)(c->end - c->p)))) {
        for (p = quote; p > start && p[-1] == '\\';)
            p--;
        c->p = quote + 1;
        if ((quote - p) % 2 == 0)
            return true;
    }
    c->p = c->end;
    return false;
}

static bool skip_nested(struct cursor *c)
{
    unsigned depth = 1;

    while (depth > 0 && c->p < c->end) {
        char ch = *c->p++;

        if (ch == '"' && !skip_string(c))
            return false;
        depth += ch == '{' || ch == '[';
        depth -= ch == '}' || ch == ']';
    }
    return depth == 0;
}

static bool skip_value(struct cursor *c)
{
    if (take(c, '"'))
        return skip_string(c);
    if (take(c, '{') || take(c, '['))
        return skip_nested(c);
    while (c->p < c->end && *c->p != ',' && *c->p != '}')
        c->p++;
    return c->p < c->end;
}

static bool take_hex(struct cursor *c, uint32_t *unit)
{
    uint32_t n = 0;

    if (c->end - c->p < 4)
        return false;
    for (unsigned i = 0; i < 4; i++) {
        char ch = *c->p++;

        if (ch >= '0' && ch <= '9')
            n = n * 16 + (uint32_t)(ch - '0');
        else if ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'f')
            n = n * 16 + (uint32_t)((ch | 0x20) - 'a') + 10;
        else
            return false;
    }
    *unit = n;
    return true;
}

static void put_utf8(struct bytes *out, uint32_t c)
{
    char u[4];
    size_t n = 0;

    if (c < 0x80) {
        u[n++] = (char)c;
    } else if (c < 0x800) {
        u[n++] = (char)(0xc0 | c >> 6);
    } else {
        if (c < 0x10000) {
            u[n++] = (char)(0xe0 | c >> 12);
        } else {
            u[n++] = (char)(0xf0 | c >> 18);
            u[n++] = (char)(0x80 | (c >> 12 & 0x3f));
        }
        u[n++] = (char)(0x80 | (c >> 6 & 0x3f));
    }
    if (c >= 0x80)
        u[n++] = (char)(0x80 | (c & 0x3f));
    bytes_add(out, u, n);
}

/* What follows "\u": one unit, or the two of a character beyond U+FFFF. */
static bool take_unicode(struct cursor *c, struct bytes *out)
{
    uint32_t high, low;

    if (!take_hex(c, &high))
        return false;
    if (high >= 0xd800 && high <= 0xdbff) {
        if (!take(c, '\\') || !take(c, 'u') || !take_hex(c, &low) || low < 0xdc00 || low > 0xdfff)
            return false;
        high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    }
    put_utf8(out, high);
    return true;
}

static bool take_escape(struct cursor *c, struct bytes *out)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *at;

    if (take(c, 'u'))
        return take_unicode(c, out);
    at = c->p < c->end && *c->p ? strchr(letters, *c->p) : NULL;
    if (!at)
        return false;
    c->p++;
    bytes_add(out, meant + (at - letters), 1);
    return true;
}

/* Where a span without quote and backslash ends. */
static const char *plain_end(const struct cursor *c)
{
    const char *p = c->p;

    while (p < c->end && *p != '"' && *p != '\\')
        p++;
    return p;
}

/* A string's bytes into the text; *at is where, and *len, if not NULL, how many. */
static bool take_string(struct record_reader *r, struct cursor *c, size_t *at, size_t *len)
{
    size_t start = r->text.len;

    if (!take(c, '"'))
        return false;
    for (;;) {
        const char *end = plain_end(c);

        bytes_add(&r->text, c->p, (size_t)(end - c->p));
        c->p = end;
        if (take(c, '"'))
            break;
        if (!take(c, '\\') || !take_escape(c, &r->text))
            return false;
    }
    *at = start;
    if (len)
        *len = r->text.len - start;
    bytes_add(&r->text, "", 1);
    return !r->text.failed;
}

static bool take_number(struct cursor *c, uint64_t *n)
{
    const char *start = c->p;

    for (*n = 0; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++) {
        if (*n > (UINT64_MAX - 9) / 10)
            return false;
        *n = *n * 10 + (uint64_t)(*c->p - '0');
    }
    return c->p > start && c->p < c->end;
}

static bool take_base64(struct record_reader *r, struct cursor *c, size_t *at, size_t *len)
{
    const char *start = c->p + 1;

    if (!take(c, '"') || !skip_string(c))
        return false;
    *at = r->text.len;
    if (!base64_decode(start, (size_t)(c->p - 1 - start), &r->text))
        return false;
    *len = r->text.len - *at;
    bytes_add(&r->text, "", 1);
    return !r->text.failed;
}

static bool take_outcome(struct record_reader *r, struct cursor *c, struct record_head *head)
{
    size_t at;

    if (!take_string(r, c, &at, NULL))
        return false;
    for (int i = 0; i < FETCH_OUTCOME_COUNT; i++) {
        if (strcmp(r->text.data + at, fetch_outcome_name((enum fetch_outcome)i)) == 0) {
            head->outcome = (enum fetch_outcome)i;
            r->has_outcome = true;
        }
    }
    return r->has_outcome;
}

static bool take_status(struct record_reader *r, struct cursor *c, struct record_head *head)
{
    uint64_t status;

    r->has_status = take_number(c, &status) && status <= INT_MAX;
    head->status = r->has_status ? (int)status : 0;
    return r->has_status;
}

static bool take_again(struct cursor *c, struct record_head *head)
{
    const char *start = c->p;

    if (!skip_value(c))
        return false;
    head->again = c->p - start == 4 && memcmp(start, "true", 4) == 0;
    return true;
}

static bool take_run(struct record_reader *r, struct cursor *c)
{
    const char *start = c->p;

    if (!skip_value(c))
        return false;
    r->run = r->text.len;
    r->run_len = (size_t)(c->p - start);
    bytes_add(&r->text, start, r->run_len);
    bytes_add(&r->text, "", 1);
    return !r->text.failed;
}

static bool take_other(const struct record_reader *r, struct cursor *c, const char *name,
                       struct record_head *head)
{
    const char *start = c->p, *end;

    if (!skip_value(c))
        return false;
    for (end = c->p; end > start && end[-1] == ' ';)
        end--;
    if (r->want_rest)
        record_rest_take(&head->rest, name, start, (size_t)(end - start));
    return true;
}

static bool take_member(struct record_reader *r, struct cursor *c, const char *name,
                        struct record_head *head)
{
    /* By the first letter first: it is done ten million times. */
    if (*name == 'i' && strcmp(name, "index") == 0)
        return r->has_index = take_number(c, &head->index);
    if (*name == 'u' && strcmp(name, "url") == 0)
        return take_string(r, c, &r->url, &r->url_len);
    if (*name == 'u' && strcmp(name, "url_base64") == 0)
        return take_base64(r, c, &r->url, &r->url_len);
    if (*name == 'i' && strcmp(name, "id") == 0)
        return take_string(r, c, &r->id, NULL);
    if (*name == 'r' && strcmp(name, "request") == 0)
        return take_string(r, c, &r->request, NULL);
    if (*name == 'r' && strcmp(name, "run") == 0)
        return take_run(r, c);
    if (*name == 'a' && strcmp(name, "again") == 0)
        return take_again(c, head);
    if (*name == 'o' && strcmp(name, "outcome") == 0)
        return take_outcome(r, c, head);
    if (*name == 's' && strcmp(name, "status") == 0)
        return take_status(r, c, head);
    if (r->want_file && *name == 'b' && strcmp(name, "bytes") == 0)
        return take_number(c, &head->bytes);
    if (r->want_file && *name == 'f' && strcmp(name, "file") == 0)
        return take_string(r, c, &r->file, NULL);
    return take_other(r, c, name, head);
}

/* A member's name, up to its colon; "" for one that is none of ours. */
static bool take_name(struct cursor *c, char name[NAME_MAX_BYTES])
{
    const char *start;
    size_t n;

    skip_blanks(c);
    if (!take(c, '"'))
        return false;
    start = c->p;
    if (!skip_string(c))
        return false;
    n = (size_t)(c->p - 1 - start);
    if (n >= NAME_MAX_BYTES)
        n = 0;
    memcpy(name, start, n);
    name[n] = '\0';
    skip_blanks(c);
    if (!take(c, ':'))
        return false;
    skip_blanks(c);
    return true;
}

static const char *text_at(const struct record_reader *r, size_t at)
{
    return at == NONE ? NULL : r->text.data + at;
}

static bool is_record(const struct record_reader *r)
{
    return r->has_outcome && r->has_index && r->url != NONE;
}

/* In this program's order nothing that is wanted follows. */
static bool is_enough(const struct record_reader *r, const struct record_head *head)
{
    return r->has_status && is_record(r) && !r->want_file &&
           (!r->want_rest || head->rest.fetched_at_ms > 0);
}

static bool conclude(const struct record_reader *r, struct record_head *head)
{
    head->id = text_at(r, r->id);
    head->url = text_at(r, r->url);
    head->url_len = r->url_len;
    head->request = text_at(r, r->request);
    head->run = text_at(r, r->run);
    head->run_len = r->run_len;
    head->file = text_at(r, r->file);
    return is_record(r);
}

bool record_read(struct record_reader *r, const char *line, size_t len, bool complete,
                 struct record_head *head)
{
    struct cursor c = {.p = line, .end = line + len};
    char name[NAME_MAX_BYTES];
    bool ours = false;

    bytes_cut(&r->text, 0);
    *head = (struct record_head){.rest = RECORD_REST_NONE};
    r->id = r->url = r->request = r->run = r->file = NONE;
    r->url_len = r->run_len = 0;
    r->has_index = r->has_outcome = r->has_status = false;
    if (!take(&c, '{') || (complete && line[len - 1] != '}'))
        return false;
    while (take_name(&c, name)) {
        if (c.p == line + sizeof("{\"index\":") - 1)
            ours = strcmp(name, "index") == 0;
        if (!take_member(r, &c, name, head))
            return false;
        if (ours && is_enough(r, head))
            return conclude(r, head);
        skip_blanks(&c);
        if (!take(&c, ','))
            break;
    }
    return complete && take(&c, '}') && conclude(r, head);
}
