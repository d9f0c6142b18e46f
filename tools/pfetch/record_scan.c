/*
 * A plain file can be cut behind each line.  A packed one only where it was flushed, and what was
 * unpacked since then may have to go; so the lines of a flush are told once its end is there.
 *
 * A packed file that somebody else made has no flushes, perhaps in a single member of gigabytes.
 * Past PENDING_MAX its lines are told as they come: that is right if the member turns out to be
 * whole, and if it does not, the file cannot be gone on with.
 */
#include "record_scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_KEEP ((size_t)1 << 20)    /* bytes of a line that its head is read from          */
#define PENDING_MAX ((size_t)64 << 20) /* bytes of lines behind the last point               */

struct line {
    size_t len;    /* bytes kept            */
    bool complete; /* that is all of it     */
    bool closed;   /* its last byte was a } */
};

struct scanner {
    struct record_scan *scan;
    struct unpack *unpack;
    struct record_reader *reader;
    struct bytes part;    /* of a line that goes on in the next chunk */
    uint64_t part_len;    /* its bytes so far, kept or not            */
    char last;            /* the last of them                         */
    struct bytes pending; /* struct line and its bytes, one by one    */
    bool unsure;          /* lines behind the last point were told    */
    bool stopped;
};

static void tell(struct scanner *s, const char *text, const struct line *line)
{
    struct record_head head;

    if (s->stopped)
        return;
    if (!line->closed || !record_read(s->reader, text, line->len, line->complete, &head)) {
        s->scan->damaged++;
        return;
    }
    s->scan->records++;
    s->stopped = !s->scan->on_record(&head, s->scan->arg);
}

static void tell_pending(struct scanner *s)
{
    for (size_t at = 0; at < s->pending.len;) {
        struct line line;

        memcpy(&line, s->pending.data + at, sizeof(line));
        at += sizeof(line);
        tell(s, s->pending.data + at, &line);
        at += line.len;
    }
    bytes_cut(&s->pending, 0);
}

static void take_line(struct scanner *s, const char *text, size_t kept, uint64_t len, char last)
{
    const struct line line = {.len = kept < HEAD_KEEP ? kept : HEAD_KEEP,
                              .complete = len <= HEAD_KEEP,
                              .closed = last == '}'};

    if (s->scan->packing == PACKING_NONE) {
        tell(s, text, &line);
        return;
    }
    bytes_add(&s->pending, &line, sizeof(line));
    bytes_add(&s->pending, text, line.len);
    if (s->pending.len > PENDING_MAX) {
        s->unsure = true;
        tell_pending(s);
    }
}

/* The rest of a line that began in an earlier chunk; all of them are no line feed. */
static void add_part(struct scanner *s, const char *data, size_t n)
{
    size_t room = s->part.len < HEAD_KEEP ? HEAD_KEEP - s->part.len : 0;

    if (n == 0)
        return;
    bytes_add(&s->part, data, n < room ? n : room);
    s->part_len += n;
    s->last = data[n - 1];
}

static void take_bytes(struct scanner *s, const char *data, size_t n)
{
    const char *end = data + n, *feed;

    while ((feed = memchr(data, '\n', (size_t)(end - data)))) {
        size_t len = (size_t)(feed - data);

        if (s->part_len == 0) {
            take_line(s, data, len, len, len ? feed[-1] : '\0');
        } else {
            add_part(s, data, len);
            take_line(s, s->part.data, s->part.len, s->part_len, s->last);
            bytes_cut(&s->part, 0);
            s->part_len = 0;
        }
        data = feed + 1;
    }
    add_part(s, data, (size_t)(end - data));
}

static void note_point(struct scanner *s)
{
    struct unpack_point point;

    if (!unpack_point(s->unpack, &point))
        return;
    if (s->scan->packing == PACKING_NONE) {
        point.offset -= s->part_len;
        s->scan->end = point;
    } else if (s->part_len == 0) {
        s->scan->end = point;
        s->unsure = false;
        tell_pending(s);
    }
}

static enum record_scan_result run(struct scanner *s)
{
    enum unpack_result r;
    const char *data;
    size_t n;

    while ((r = unpack_next(s->unpack, &data, &n)) == UNPACK_BYTES) {
        take_bytes(s, data, n);
        note_point(s);
        if (s->stopped)
            return RECORD_SCAN_STOPPED;
        if (s->part.failed || s->pending.failed) {
            errno = ENOMEM;
            return RECORD_SCAN_ERROR;
        }
    }
    if (r == UNPACK_ERROR)
        return RECORD_SCAN_ERROR;
    return r == UNPACK_DAMAGED || s->unsure ? RECORD_SCAN_DAMAGED : RECORD_SCAN_DONE;
}

enum record_scan_result record_scan_run(struct record_scan *scan)
{
    struct scanner s = {.scan = scan};
    enum record_scan_result result = RECORD_SCAN_ERROR;

    scan->records = scan->damaged = 0;
    scan->end = (struct unpack_point){.offset = 0};
    bytes_init(&s.part, HEAD_KEEP);
    bytes_init(&s.pending, 2 * PENDING_MAX);
    s.unpack = unpack_new(scan->fd, scan->packing);
    s.reader = record_reader_new();
    if (s.reader && scan->rest)
        record_reader_want_rest(s.reader);
    if (s.reader && scan->want_file)
        record_reader_want_file(s.reader);
    if (s.unpack && s.reader)
        result = run(&s);
    else
        errno = ENOMEM;
    unpack_free(s.unpack);
    record_reader_free(s.reader);
    bytes_fini(&s.part);
    bytes_fini(&s.pending);
    return result;
}
