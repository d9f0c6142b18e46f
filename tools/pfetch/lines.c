#include "lines.h"

#include <stdlib.h>
#include <string.h>

bool lines_init(struct lines *l)
{
    *l = (struct lines){.data = malloc(LINES_ROOM)};
    return l->data != NULL;
}

void lines_fini(struct lines *l)
{
    free(l->data);
    l->data = NULL;
}

void lines_restart(struct lines *l)
{
    char *data = l->data;

    *l = (struct lines){.data = data};
}

char *lines_room(struct lines *l, size_t *room)
{
    if (l->at > 0) {
        memmove(l->data, l->data + l->at, l->len - l->at);
        l->len -= l->at;
        l->at = 0;
    }
    *room = LINES_ROOM - l->len - 1;
    return l->data + l->len;
}

void lines_added(struct lines *l, size_t n)
{
    l->len += n;
}

void lines_end(struct lines *l)
{
    l->ended = true;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* What follows the stripped line is its own end, or the byte that is always left free. */
static void strip(char **line, size_t *len)
{
    while (*len && is_space(**line)) {
        (*line)++;
        (*len)--;
    }
    while (*len && is_space((*line)[*len - 1]))
        (*len)--;
    (*line)[*len] = '\0';
}

/* Drops a byte order mark; false while too little is known. */
static bool start(struct lines *l)
{
    static const char mark[3] = {'\xef', '\xbb', '\xbf'};
    size_t have = l->len - l->at;

    if (have >= sizeof(mark) && memcmp(l->data + l->at, mark, sizeof(mark)) == 0)
        l->at += sizeof(mark);
    else if (have < sizeof(mark) && !l->ended && memcmp(l->data + l->at, mark, have) == 0)
        return false;
    l->started = true;
    return true;
}

/*
 * The bytes up to the next line end, which is taken too; false where there is no end yet.  Bytes
 * of a line that is already too long are let go here, so the buffer never fills up.
 */
static bool cut(struct lines *l, char **line, size_t *len)
{
    char *from = l->data + l->at;
    size_t have = l->len - l->at;
    char *end = have > l->scanned ? memchr(from + l->scanned, '\n', have - l->scanned) : NULL;

    if (end || (l->ended && (have > 0 || l->skipping))) {
        *line = from;
        *len = end ? (size_t)(end - from) : have;
        l->at += *len + (end ? 1 : 0);
        l->scanned = 0;
        return true;
    }
    l->scanned = have;
    if (have > LINES_MAX + 1 && !l->skipping) {
        l->skipping = true;
        memcpy(l->kept, from, LINES_KEPT);
    }
    if (l->skipping) {
        l->at = l->len;
        l->scanned = 0;
    }
    return false;
}

/* The raw line counts, so that the verdict does not depend on how the bytes came in. */
static bool is_long(const char *line, size_t len)
{
    return len > LINES_MAX + 1 || (len == LINES_MAX + 1 && line[LINES_MAX] != '\r');
}

enum lines_result lines_next(struct lines *l, const char **line, size_t *len)
{
    char *raw = NULL;

    if (!l->started && !start(l))
        return LINES_MORE;
    while (cut(l, &raw, len)) {
        bool overlong = l->skipping || is_long(raw, *len);

        if (l->skipping)
            raw = l->kept;
        if (overlong)
            *len = LINES_KEPT;
        l->skipping = false;
        l->number++;
        strip(&raw, len);
        *line = raw;
        if (overlong && raw[0] != '#')
            return LINES_LONG;
        if (*len > 0 && raw[0] != '#')
            return LINES_LINE;
    }
    return LINES_MORE;
}

uint64_t lines_count(const char *data, size_t n, bool *fresh)
{
    const char *p = data, *end = data + n;
    uint64_t count = 0;

    while (p < end) {
        const char *next;

        while (*fresh && p < end && is_space(*p))
            p++;
        if (p == end)
            break;
        if (*fresh && *p != '#')
            count++;
        *fresh = false;
        next = memchr(p, '\n', (size_t)(end - p));
        if (!next)
            break;
        *fresh = true;
        p = next + 1;
    }
    return count;
}
