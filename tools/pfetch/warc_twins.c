#include "warc_twins.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "warc_head.h"

/* A place in 64 bits that are never all zero. */
#define WAITS ((uint64_t)1 << 63)
#define OFFSET_BITS 44u
#define OFFSET_MAX (((uint64_t)1 << OFFSET_BITS) - 1)

#define PIECE 4096u
#define HEAD_MAX ((size_t)1 << 20)

static uint64_t packed_place(const struct warc_place *p)
{
    return p->waits ? WAITS | p->number : (p->number + 1) << OFFSET_BITS | p->offset;
}

static struct warc_place unpacked_place(uint64_t low)
{
    if (low & WAITS)
        return (struct warc_place){.waits = true, .number = low & ~WAITS};
    return (struct warc_place){.number = (low >> OFFSET_BITS) - 1, .offset = low & OFFSET_MAX};
}

static struct slot key_of(const char *digest)
{
    struct slot key = {.high = 0};

    for (unsigned i = 0; i < 16; i++) {
        char c = digest[i];

        key.high = key.high << 4 | (uint64_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return key;
}

void warc_twins_fini(struct warc_twins *t)
{
    slots_fini(&t->slots);
}

bool warc_twins_find(const struct warc_twins *t, const char *digest, struct warc_place *place)
{
    const struct slot key = key_of(digest), *slot = slots_find(&t->slots, &key, 0);

    if (slot)
        *place = unpacked_place(slot->low);
    return slot != NULL;
}

bool warc_twins_add(struct warc_twins *t, const char *digest, const struct warc_place *place)
{
    struct slot key = key_of(digest);
    bool was_there;

    if (!place->waits && place->offset > OFFSET_MAX)
        return true; /* beyond 16 TiB it is simply not found */
    key.low = packed_place(place);
    return slots_make(&t->slots, &key, 0, &was_there) != NULL;
}

void warc_twins_settle(struct warc_twins *t, const char *digest, uint64_t part,
                       const struct warc_place *place)
{
    const struct slot key = key_of(digest);
    struct slot *slot = slots_find(&t->slots, &key, 0);

    if (slot && slot->low == (WAITS | part) && place->offset <= OFFSET_MAX)
        slot->low = packed_place(place);
}

/* --------------------------------------------------------------- reading -- */

static ssize_t read_piece(int fd, unsigned char *to, uint64_t offset)
{
    ssize_t n;

    do
        n = pread(fd, to, PIECE, (off_t)offset);
    while (n < 0 && errno == EINTR);
    return n;
}

/* The empty line's end, once it is there. */
static bool has_head(struct bytes *room)
{
    const char *end = room->len ? memmem(room->data, room->len, "\r\n\r\n", 4) : NULL;

    if (end)
        bytes_cut(room, (size_t)(end + 4 - room->data));
    return end != NULL;
}

static bool read_plain(int fd, uint64_t offset, struct bytes *room)
{
    unsigned char piece[PIECE];

    while (!has_head(room)) {
        ssize_t n = read_piece(fd, piece, offset + room->len);

        if (n <= 0 || room->len > HEAD_MAX)
            return false;
        bytes_add(room, piece, (size_t)n);
    }
    return true;
}

/* The next piece of the member; false: there is no more of it. */
static bool inflate_piece(z_stream *z, int fd, uint64_t *offset, unsigned char *in,
                          struct bytes *room)
{
    char *to = bytes_room(room, PIECE);
    int r;

    if (z->avail_in == 0) {
        ssize_t n = read_piece(fd, in, *offset);

        if (n <= 0)
            return false;
        z->next_in = in;
        z->avail_in = (uInt)n;
        *offset += (uint64_t)n;
    }
    if (!to)
        return false;
    z->next_out = (unsigned char *)to;
    z->avail_out = PIECE;
    r = inflate(z, Z_NO_FLUSH);
    room->len += PIECE - z->avail_out;
    return r == Z_OK;
}

static bool read_packed(int fd, uint64_t offset, struct bytes *room)
{
    unsigned char in[PIECE];
    z_stream z = {.zalloc = NULL};
    bool found = false;

    if (inflateInit2(&z, MAX_WBITS + 16) != Z_OK)
        return false;
    while (!found && room->len <= HEAD_MAX && inflate_piece(&z, fd, &offset, in, room))
        found = has_head(room);
    found = found || has_head(room);
    inflateEnd(&z);
    return found;
}

bool warc_twins_read(int fd, enum packing packing, uint64_t offset, const char *digest,
                     struct bytes *room, struct warc_original *original)
{
    struct warc_head head;

    bytes_cut(room, 0);
    if (!(packing == PACKING_NONE ? read_plain : read_packed)(fd, offset, room) ||
        !warc_head_read(room->data, room->len, &head) || head.type != WARC_TYPE_MAIN ||
        strncmp(head.digest, "sha256:", 7) != 0 || strcmp(head.digest + 7, digest) != 0)
        return false;
    *original = (struct warc_original){
        .uri = head.uri, .uri_len = strlen(head.uri), .date = head.date, .id = head.id};
    return true;
}
