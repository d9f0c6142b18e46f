/*
 * Records are told apart by their heads alone: a head says how long the block is, and what is not
 * needed of a block is stepped over.
 *
 * A plain file can be cut behind each page.  In a packed one each record is a member, so a record
 * counts once its member has ended, with the CRC that zlib has checked by then.
 *
 * A kill leaves a record cut off, or a main record without its metadata, at the very end; a loss of
 * power may leave zeros there.  All else that is not as it was written is damage from elsewhere,
 * and nothing is cut.
 */
#include "warc_scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "warc_head.h"

#define HEAD_MAX ((size_t)1 << 20) /* bytes of a head: a URL of 64 KiB, each byte escaped, fits */
#define RECORD_KEEP ((size_t)1 << 20) /* bytes of a page's record that are looked into       */
#define HTTP_KEEP ((size_t)512 << 10) /* bytes of an answer that its head is looked for in   */
#define INFO_KEEP 4096u
#define HEAD_PIECE 1024u /* bytes that are looked at at once: most heads are shorter */

enum state {
    IN_HEAD,
    IN_BLOCK,
    IN_TAIL, /* two line ends          */
    IN_DONE, /* packed: until the member ends */
    IN_ZEROS /* which may go on to the end of the file, and nothing else */
};

struct scanner {
    struct warc_scan *scan;
    struct unpack *unpack;
    struct record_reader *reader;
    enum state state;
    struct bytes text; /* the head, and behind it what is kept of the block */
    struct warc_head head;
    size_t head_len;
    size_t keep;       /* bytes of the block that are kept */
    uint64_t left;     /* bytes of the block or of the tail */
    uint64_t at;       /* plain: bytes of the file so far */
    uint64_t began;    /* where the record began in the file */
    bool fresh;        /* packed: a member begins here       */
    struct bytes main; /* the strings of a main record whose page is not yet whole */
    struct warc_found found;
    bool has_main;
    bool damaged, stopped;
};

/* --------------------------------------------------------------- records -- */

/* Copies a string behind the others; NULL stays. */
static size_t keep_string(struct bytes *to, const char *text)
{
    size_t at = to->len;

    if (text)
        bytes_add(to, text, strlen(text) + 1);
    return at;
}

/* What a main record says, its strings in `room`.  False: it does not say it as we do. */
static bool describe(const struct warc_head *h, char *block, size_t kept, struct bytes *room,
                     struct warc_found *f)
{
    const char *mime = h->content_type;
    unsigned status = 0;
    size_t uri, date, digest, type;

    if (h->http && !warc_head_http(block, kept, &status, &mime))
        return false;
    bytes_cut(room, 0);
    uri = keep_string(room, h->uri);
    date = keep_string(room, h->date);
    digest = keep_string(room, h->digest);
    type = keep_string(room, mime);
    if (room->failed)
        return false;
    *f = (struct warc_found){.revisit = h->type == WARC_TYPE_REVISIT,
                             .uri = room->data + uri,
                             .date = room->data + date,
                             .digest = room->data + digest,
                             .mime = mime ? room->data + type : NULL,
                             .status = status,
                             .truncated = h->truncated};
    return true;
}

static bool end_main(struct scanner *s, uint64_t end)
{
    if (s->has_main || !s->scan->info_id[0] ||
        !describe(&s->head, s->text.data + s->head_len, s->text.len - s->head_len, &s->main,
                  &s->found))
        return false;
    s->found.offset = s->began;
    s->found.length = end - s->began;
    s->has_main = true;
    return true;
}

/* With its record the page is whole. */
static bool end_page(struct scanner *s, uint64_t end)
{
    struct record_head head;
    size_t kept = s->text.len - s->head_len;

    if (!s->scan->info_id[0])
        return false;
    s->scan->end = (struct unpack_point){.offset = end};
    if (s->has_main && s->scan->on_main)
        s->stopped |= !s->scan->on_main(&s->found, s->scan->main_arg);
    s->has_main = false;
    if (!record_read(s->reader, s->text.data + s->head_len, kept, kept == s->head.length, &head)) {
        s->scan->damaged++;
        return true;
    }
    s->scan->records++;
    s->stopped |= !s->scan->on_record(&head, s->scan->arg);
    return true;
}

static bool end_info(struct scanner *s, uint64_t end)
{
    size_t n = strlen(s->head.id);

    if (s->scan->info_id[0] || n >= WARC_ID ||
        !memmem(s->text.data + s->head_len, s->text.len - s->head_len, WARC_SOFTWARE,
                strlen(WARC_SOFTWARE)))
        return false;
    memcpy(s->scan->info_id, s->head.id, n + 1);
    s->scan->end = (struct unpack_point){.offset = end};
    return true;
}

/* The record ends at `end` of the file, and the next begins there. */
static void end_record(struct scanner *s, uint64_t end)
{
    switch (s->head.type) {
    case WARC_TYPE_INFO:
        s->damaged |= !end_info(s, end);
        break;
    case WARC_TYPE_MAIN:
    case WARC_TYPE_REVISIT:
        s->damaged |= !end_main(s, end);
        break;
    case WARC_TYPE_METADATA:
        s->damaged |= !end_page(s, end);
        break;
    }
    bytes_cut(&s->text, 0);
    s->began = end;
    s->state = IN_HEAD;
}

/* ----------------------------------------------------------------- bytes -- */

static void begin_block(struct scanner *s)
{
    s->head_len = s->text.len;
    /* The strings of the head point into the text, which must not move any more. */
    if (!bytes_room(&s->text, RECORD_KEEP + 1))
        return;
    if (!warc_head_read(s->text.data, s->text.len, &s->head)) {
        s->damaged = true;
        return;
    }
    s->left = s->head.length;
    s->state = IN_BLOCK;
    if (s->head.type == WARC_TYPE_METADATA)
        s->keep = RECORD_KEEP;
    else if (s->head.type == WARC_TYPE_INFO)
        s->keep = INFO_KEEP;
    else
        s->keep = s->head.http ? HTTP_KEEP : 0;
}

/* Whether it begins as a head does, as far as it goes. */
static bool is_begun_well(const struct bytes *head)
{
    static const char first[] = "WARC/1.1\r\n";
    size_t n = sizeof(first) - 1;

    return memcmp(head->data, first, head->len < n ? head->len : n) == 0;
}

/* Bytes of the head: up to the empty line, or a piece. */
static size_t take_head(struct scanner *s, const char *data, size_t n)
{
    size_t before = s->text.len, from = before > 3 ? before - 3 : 0;
    size_t part = n < HEAD_PIECE ? n : HEAD_PIECE;
    const char *end, *zero = memchr(data, '\0', part);

    if (before == 0 && s->scan->packing != PACKING_NONE && !s->fresh) {
        s->damaged = true;
        return n;
    }
    if (zero == data) {
        s->state = IN_ZEROS;
        return 0;
    }
    s->fresh = false;
    part = zero ? (size_t)(zero - data) : part;
    bytes_add(&s->text, data, part);
    if (s->text.failed)
        return n;
    s->damaged = !is_begun_well(&s->text) || s->text.len > HEAD_MAX;
    end = memmem(s->text.data + from, s->text.len - from, "\r\n\r\n", 4);
    if (end && !s->damaged) {
        part = (size_t)(end + 4 - s->text.data) - before;
        bytes_cut(&s->text, before + part);
        begin_block(s);
    }
    return part;
}

static size_t take_block(struct scanner *s, const char *data, size_t n)
{
    size_t part = s->left < n ? (size_t)s->left : n, kept = s->text.len - s->head_len;
    size_t more = kept < s->keep ? s->keep - kept : 0;

    bytes_add(&s->text, data, part < more ? part : more);
    s->left -= part;
    return part;
}

static size_t take_tail(struct scanner *s, char c)
{
    if (c == '\0') {
        s->state = IN_ZEROS;
        return 0;
    }
    if (c != "\n\r\n\r"[s->left - 1])
        s->damaged = true;
    if (--s->left == 0) {
        s->state = IN_DONE;
        if (s->scan->packing == PACKING_NONE)
            end_record(s, s->at + 1);
    }
    return 1;
}

static size_t take_zeros(struct scanner *s, const char *data, size_t n)
{
    for (size_t i = 0; i < n; i++)
        s->damaged |= data[i] != '\0';
    return n;
}

static void take_bytes(struct scanner *s, const char *data, size_t n)
{
    while (n > 0 && !s->damaged && !s->stopped && !s->text.failed) {
        size_t part = 0;

        switch (s->state) {
        case IN_HEAD:
            part = take_head(s, data, n);
            break;
        case IN_BLOCK:
            part = take_block(s, data, n);
            break;
        case IN_TAIL:
            part = take_tail(s, *data);
            break;
        case IN_DONE: /* more in the member than its record */
            s->damaged = true;
            break;
        case IN_ZEROS:
            part = take_zeros(s, data, n);
            break;
        }
        if (s->state == IN_BLOCK && s->left == 0) {
            s->left = 4;
            s->state = IN_TAIL;
        }
        s->at += part;
        data += part;
        n -= part;
    }
}

/* Packed: where a member ends, a record does. */
static void note_point(struct scanner *s)
{
    struct unpack_point point;

    if (s->scan->packing == PACKING_NONE || !unpack_point(s->unpack, &point) || point.open)
        return;
    if (s->state == IN_DONE)
        end_record(s, point.offset);
    else if (s->state != IN_HEAD || s->text.len > 0)
        s->damaged = true;
    s->fresh = true;
}

static enum record_scan_result run(struct scanner *s)
{
    enum unpack_result r;
    const char *data;
    size_t n;

    while ((r = unpack_next(s->unpack, &data, &n)) == UNPACK_BYTES) {
        take_bytes(s, data, n);
        note_point(s);
        if (s->text.failed || s->main.failed) {
            errno = ENOMEM;
            return RECORD_SCAN_ERROR;
        }
        if (s->damaged)
            return RECORD_SCAN_DAMAGED;
        if (s->stopped)
            return RECORD_SCAN_STOPPED;
    }
    if (r == UNPACK_ERROR)
        return RECORD_SCAN_ERROR;
    return r == UNPACK_DAMAGED ? RECORD_SCAN_DAMAGED : RECORD_SCAN_DONE;
}

enum record_scan_result warc_scan_run(struct warc_scan *scan)
{
    struct scanner s = {.scan = scan, .fresh = true};
    enum record_scan_result result = RECORD_SCAN_ERROR;

    scan->records = scan->damaged = 0;
    scan->end = (struct unpack_point){.offset = 0};
    scan->info_id[0] = '\0';
    bytes_init(&s.text, 4 * HEAD_MAX);
    bytes_init(&s.main, 4 * HEAD_MAX);
    s.unpack = unpack_new(scan->fd, scan->packing);
    s.reader = record_reader_new();
    if (s.reader && scan->rest)
        record_reader_want_rest(s.reader);
    if (s.unpack && s.reader)
        result = run(&s);
    else
        errno = ENOMEM;
    unpack_free(s.unpack);
    record_reader_free(s.reader);
    bytes_fini(&s.text);
    bytes_fini(&s.main);
    return result;
}
