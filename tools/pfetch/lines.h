/*
 * Bytes in, lines out: no descriptor, no URL, only where a line of a list begins and ends.
 *
 * A byte order mark before the first line is dropped, LF and CRLF end a line, white space around
 * it is stripped, and blank lines and those that begin with `#` are skipped but counted.
 */
#ifndef PFETCH_TOOL_LINES_H
#define PFETCH_TOOL_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINES_MAX 65536u /* bytes of a line, without its end: the library's longest URL */
#define LINES_KEPT 256u  /* bytes kept of a line that is longer                         */
#define LINES_ROOM (2u * LINES_MAX)

enum lines_result {
    LINES_LINE, /* *line and *len are set                                            */
    LINES_LONG, /* the same for the first LINES_KEPT bytes of a line over LINES_MAX  */
    LINES_MORE  /* no whole line left: add bytes, or it was the end                  */
};

struct lines {
    char *data;      /* LINES_ROOM bytes                                  */
    size_t at;       /* the first byte not yet handed out                 */
    size_t len;      /* bytes in data                                     */
    size_t scanned;  /* bytes behind `at` known to hold no line end       */
    uint64_t number; /* of the line handed out last, from 1               */
    bool started;    /* the byte order mark was looked for                */
    bool skipping;   /* within a line that is too long, its head kept     */
    bool ended;      /* lines_end() was called                            */
    char kept[LINES_KEPT + 1];
};

/* False where memory ran out. */
bool lines_init(struct lines *l);
void lines_fini(struct lines *l);
/* Begins anew, for another list. */
void lines_restart(struct lines *l);

/* Where to put more bytes, and how many fit: at least 1 after LINES_MORE. */
char *lines_room(struct lines *l, size_t *room);
/* So many were put there. */
void lines_added(struct lines *l, size_t n);
/* No more will come: what is left is the last line. */
void lines_end(struct lines *l);

/* The next line; *line is lent until the next call on `l`, and a NUL follows it. */
enum lines_result lines_next(struct lines *l, const char **line, size_t *len);

/*
 * How many lines of `n` bytes would be handed out, for a list seen in pieces: `fresh` says that
 * a line begins at the first byte and is kept by the caller between pieces (true at first).
 */
uint64_t lines_count(const char *data, size_t n, bool *fresh);

#endif
