/*
 * A ring of places, from the one that is due to the last one taken.  What waits is a page as the
 * library gave it, or one block: record, page, header fields and all their strings, in which
 * pointers are offsets until it is opened.  A block is what the file holds, and what a page is made
 * into that was only lent.
 *
 * The file only grows, and is emptied whenever nothing in it is waited for any more, which is as
 * soon as the slow page that made it necessary has come.  Where it cannot be written (a full disk),
 * the page stays in memory and the source waits: that is slower, and nothing is lost.
 */
#include "order.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_PLACES 64u
#define PAGE_OVERHEAD 1024u /* what a page costs beside its body, about */

enum state {
    STATE_OPEN,    /* not yet ended                    */
    STATE_SKIPPED, /* nothing will come                */
    STATE_PAGE,    /* a page of the library            */
    STATE_BLOCK,   /* a closed block in memory         */
    STATE_FILE     /* a closed block in the file       */
};

/* A page of the library with its record. */
struct kept {
    struct record record;
    struct fetch_page *page;
};

/* Closed: pointers within are offsets from its beginning; open: they are pointers. */
struct block {
    struct record record;
    struct fetch_page page;
    struct fetch_header header[];
};

struct place {
    union {
        struct kept *kept;
        struct block *block;
        uint64_t at;
    } is;
    size_t bytes;
    enum state state;
};

struct order {
    struct order_setup setup;
    struct place *place; /* by number, modulo size */
    size_t size;         /* a power of two         */
    uint64_t due, next;  /* numbers                */
    size_t memory;       /* bytes that wait in it  */
    uint64_t end;        /* of the file            */
    uint64_t in_file;    /* bytes waited for       */
    int fd;              /* -1 until needed        */
    bool no_file;        /* it took no more when it was last asked */
    struct kept *lent_page;
    struct block *lent_block;
    char error[ORDER_ERROR];
};

struct order *order_new(const struct order_setup *setup)
{
    struct order *o = calloc(1, sizeof(*o));

    if (!o)
        return NULL;
    o->setup = *setup;
    if (!o->setup.memory_max)
        o->setup.memory_max = ORDER_MEMORY;
    if (!o->setup.spill_max)
        o->setup.spill_max = ORDER_SPILL;
    if (!o->setup.ahead_max)
        o->setup.ahead_max = ORDER_AHEAD;
    o->fd = -1;
    return o;
}

static struct place *place_of(const struct order *o, uint64_t number)
{
    return &o->place[number & (o->size - 1)];
}

static void free_kept(struct kept *kept)
{
    if (kept)
        fetch_page_free(kept->page);
    free(kept);
}

static void take_back(struct order *o)
{
    free_kept(o->lent_page);
    free(o->lent_block);
    o->lent_page = NULL;
    o->lent_block = NULL;
}

void order_free(struct order *o)
{
    if (!o)
        return;
    take_back(o);
    for (; o->due != o->next; o->due++) {
        struct place *p = place_of(o, o->due);

        if (p->state == STATE_PAGE)
            free_kept(p->is.kept);
        else if (p->state == STATE_BLOCK)
            free(p->is.block);
    }
    if (o->fd >= 0)
        close(o->fd);
    free(o->place);
    free(o);
}

bool order_take(struct order *o, uint64_t *number)
{
    if (o->next - o->due == o->size) {
        size_t size = o->size ? 2 * o->size : FIRST_PLACES;
        struct place *place = calloc(size, sizeof(*place));

        if (!place)
            return false;
        for (uint64_t n = o->due; n != o->next; n++)
            place[n & (size - 1)] = *place_of(o, n);
        free(o->place);
        o->place = place;
        o->size = size;
    }
    *number = o->next++;
    place_of(o, *number)->state = STATE_OPEN;
    return true;
}

/* -------------------------------------------------------------- blocks -- */

/* Where strings are put; `to` is NULL while their length is only measured. */
struct closing {
    char *to;
    size_t at;
};

static void close_string(struct closing *c, const char **field, size_t n)
{
    if (!*field)
        return;
    if (c->to) {
        memcpy(c->to + c->at, *field, n);
        c->to[c->at + n] = '\0';
        *field = (const char *)(uintptr_t)c->at;
    }
    c->at += n + 1;
}

static void close_text(struct closing *c, const char **field)
{
    close_string(c, field, *field ? strlen(*field) : 0);
}

/* All strings that do not live as long as the run, each once. */
static void close_strings(struct closing *c, struct block *b, struct fetch_header *header)
{
    close_string(c, &b->page.url, b->record.url_len ? b->record.url_len : strlen(b->page.url));
    close_text(c, &b->page.id);
    close_text(c, &b->page.final_url);
    close_text(c, &b->page.message);
    close_text(c, &b->page.reason);
    close_string(c, &b->page.body, b->page.body_len);
    for (size_t i = 0; i < b->page.header_count; i++) {
        close_string(c, &header[i].name, header[i].name_len);
        close_string(c, &header[i].value, header[i].value_len);
    }
}

/* A closed block of its own; NULL: memory. */
static struct block *close_block(const struct record *record, size_t *bytes)
{
    const struct fetch_page *page = record->page;
    struct block head = {.record = *record, .page = *page}, *b;
    struct closing c = {.at = sizeof(head) + page->header_count * sizeof(*page->headers)};
    size_t begin = c.at;

    /* Measuring changes nothing. */
    close_strings(&c, &head, (struct fetch_header *)(uintptr_t)page->headers);
    b = malloc(c.at);
    if (!b)
        return NULL;
    *bytes = c.at;
    memcpy(b, &head, sizeof(head));
    if (page->header_count)
        memcpy(b->header, page->headers, page->header_count * sizeof(*page->headers));
    c = (struct closing){.to = (char *)b, .at = begin};
    close_strings(&c, b, b->header);
    b->page.headers = NULL;
    b->page.user = NULL;
    return b;
}

static void open_string(struct block *b, const char **field)
{
    if (*field)
        *field = (char *)b + (uintptr_t)*field;
}

static void open_block(struct block *b)
{
    open_string(b, &b->page.url);
    open_string(b, &b->page.id);
    open_string(b, &b->page.final_url);
    open_string(b, &b->page.message);
    open_string(b, &b->page.reason);
    open_string(b, &b->page.body);
    for (size_t i = 0; i < b->page.header_count; i++) {
        open_string(b, &b->header[i].name);
        open_string(b, &b->header[i].value);
    }
    b->page.headers = b->header;
    b->record.page = &b->page;
}

/* ------------------------------------------------------------ the file -- */

/* A file that has no name, or soon none; -1 and errno. */
static int open_file(const char *directory)
{
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    char path[4096];

    if (fd >= 0 ||
        (size_t)snprintf(path, sizeof(path), "%s/pfetch-XXXXXX", directory) >= sizeof(path))
        return fd;
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        (void)unlink(path);
    return fd;
}

static bool write_at(int fd, const char *data, size_t n, uint64_t at)
{
    while (n > 0) {
        ssize_t wrote = pwrite(fd, data, n, (off_t)at);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return false;
        data += wrote;
        n -= (size_t)wrote;
        at += (size_t)wrote;
    }
    return true;
}

static bool read_at(int fd, char *data, size_t n, uint64_t at)
{
    while (n > 0) {
        ssize_t got = pread(fd, data, n, (off_t)at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got == 0)
            errno = EIO;
        if (got <= 0)
            return false;
        data += got;
        n -= (size_t)got;
        at += (size_t)got;
    }
    return true;
}

/* False where the block has to stay in memory. */
static bool spill(struct order *o, const struct block *b, size_t bytes)
{
    bool has_room = o->end + bytes <= o->setup.spill_max;

    if (has_room && o->fd < 0)
        o->fd = open_file(o->setup.directory);
    o->no_file = !has_room || o->fd < 0 || !write_at(o->fd, (const char *)b, bytes, o->end);
    if (o->no_file)
        return false;
    o->end += bytes;
    o->in_file += bytes;
    return true;
}

/* Once nothing in the file is waited for, its room is given back. */
static void note_read(struct order *o, size_t bytes)
{
    o->in_file -= bytes;
    if (o->in_file > 0)
        return;
    o->end = 0;
    o->no_file = false;
    (void)!ftruncate(o->fd, 0);
}

/* ------------------------------------------------------------ together -- */

static bool put_block(struct order *o, struct place *p, const struct record *record, bool to_file)
{
    size_t bytes;
    struct block *b = close_block(record, &bytes);

    if (!b)
        return false;
    p->bytes = bytes;
    if (to_file && spill(o, b, bytes)) {
        p->state = STATE_FILE;
        p->is.at = o->end - bytes;
        free(b);
        return true;
    }
    p->state = STATE_BLOCK;
    p->is.block = b;
    o->memory += bytes;
    return true;
}

static bool put_page(struct order *o, struct place *p, const struct record *record,
                     struct fetch_page *page)
{
    struct kept *kept = malloc(sizeof(*kept));

    if (!kept)
        return false;
    *kept = (struct kept){.record = *record, .page = page};
    p->state = STATE_PAGE;
    p->is.kept = kept;
    p->bytes = page->body_len + PAGE_OVERHEAD;
    o->memory += p->bytes;
    return true;
}

bool order_put(struct order *o, uint64_t number, const struct record *record,
               struct fetch_page *page)
{
    struct place *p = place_of(o, number);
    /* What is due is gone at once. */
    bool over = number != o->due && o->memory >= o->setup.memory_max;

    if (page && !over)
        return put_page(o, p, record, page);
    if (!put_block(o, p, record, over))
        return false;
    fetch_page_free(page);
    return true;
}

void order_skip(struct order *o, uint64_t number)
{
    place_of(o, number)->state = STATE_SKIPPED;
}

static enum order_result read_back(struct order *o, const struct place *p)
{
    struct block *b = malloc(p->bytes);
    bool fine = b && read_at(o->fd, (char *)b, p->bytes, p->is.at);

    if (fine) {
        o->lent_block = b;
    } else {
        snprintf(o->error, sizeof(o->error),
                 "a page that waited for its turn cannot be read back from %s: %s",
                 o->setup.directory, b ? strerror(errno) : "memory ran out");
        free(b);
    }
    note_read(o, p->bytes);
    return fine ? ORDER_RECORD : ORDER_LOST;
}

enum order_result order_next(struct order *o, struct record *record)
{
    enum order_result result = ORDER_RECORD;
    struct place *p = NULL;

    take_back(o);
    for (; o->due != o->next; o->due++) {
        p = place_of(o, o->due);
        if (p->state != STATE_SKIPPED)
            break;
    }
    if (o->due == o->next || p->state == STATE_OPEN)
        return ORDER_NONE;
    o->due++;
    if (p->state == STATE_PAGE) {
        o->lent_page = p->is.kept;
        o->memory -= p->bytes;
        *record = o->lent_page->record;
        return ORDER_RECORD;
    }
    if (p->state == STATE_BLOCK) {
        o->lent_block = p->is.block;
        o->memory -= p->bytes;
    } else {
        result = read_back(o, p);
    }
    if (result == ORDER_RECORD) {
        open_block(o->lent_block);
        *record = o->lent_block->record;
    }
    return result;
}

bool order_is_full(const struct order *o)
{
    return o->next - o->due >= o->setup.ahead_max ||
           (o->memory >= o->setup.memory_max && o->no_file);
}

size_t order_in_memory(const struct order *o)
{
    return o->memory;
}

uint64_t order_in_file(const struct order *o)
{
    return o->in_file;
}

const char *order_error(const struct order *o)
{
    return o->error;
}
