/*
 * What is on record after write(2) returned survives SIGKILL, since the page cache is the
 * system's.  So each batch is written, and for a packed file flushed, as a whole; nothing is kept
 * in memory for a better ratio.
 *
 * A packed member is closed every WRITER_MEMBER bytes.  Its flushes in between end in a byte
 * boundary, so a file that was left by a kill ends in a member that can be unpacked up to its last
 * flush, and packer_seal() ends it there; a reader such as zcat complains of a cut-off file until
 * then, and has all pages nevertheless.
 *
 * Packed by parts, every member ends with its part and nothing has ever to be sealed.
 *
 * Where a write to a plain file fails in the middle, it is cut behind the last whole page of the
 * batch.  In a packed file the batch is the unit: the packer has gone on, and only what was
 * flushed before is a whole.
 */
#include "writer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PACKED_MAX ((size_t)3 << 30)
#define PACKED_KEEP (4u << 20)

struct writer {
    struct writer_setup set;
    struct packer *packer;
    struct bytes packed;
    uint64_t at; /* where the file ended before this batch */
    int error;
    bool sealable;  /* the file ends in a flush of an open member, which   */
    uint32_t check; /* … so far has this CRC                               */
    uint64_t len;   /* … and this many bytes                               */
};

static uint64_t position(int fd)
{
    off_t at = lseek(fd, 0, SEEK_CUR);

    return at < 0 ? 0 : (uint64_t)at;
}

struct writer *writer_new(const struct writer_setup *setup)
{
    struct writer *w = calloc(1, sizeof(*w));

    if (!w)
        return NULL;
    w->set = *setup;
    bytes_init(&w->packed, PACKED_MAX);
    if (setup->packing != PACKING_NONE)
        w->packer = packer_new(setup->packing);
    if (setup->packing == PACKING_NONE || w->packer)
        return w;
    writer_free(w);
    return NULL;
}

void writer_free(struct writer *w)
{
    if (!w)
        return;
    packer_free(w->packer);
    bytes_fini(&w->packed);
    free(w);
}

int writer_write_all(int fd, const char *data, size_t n, size_t *wrote)
{
    size_t at = 0;

    while (at < n) {
        ssize_t r = write(fd, data + at, n - at);

        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            break;
        at += (size_t)r;
    }
    if (wrote)
        *wrote = at;
    return at < n ? errno : 0;
}

/* Cuts the last `n` bytes off, if the file's end is where we wrote to. */
static void cut_back(struct writer *w, uint64_t n)
{
    struct stat st;
    off_t end = lseek(w->set.fd, 0, SEEK_CUR);

    if (n == 0 || end < (off_t)n || fstat(w->set.fd, &st) != 0 || !S_ISREG(st.st_mode) ||
        st.st_size != end)
        return;
    if (ftruncate(w->set.fd, end - (off_t)n) == 0)
        (void)lseek(w->set.fd, end - (off_t)n, SEEK_SET);
}

static int put_plain(struct writer *w, struct batch *b)
{
    size_t wrote, whole;
    int error = writer_write_all(w->set.fd, b->data.data, b->data.len, &wrote);

    b->written = error ? batch_whole(b, wrote) : b->count;
    whole = batch_start(b, b->written);
    if (error && w->set.cut)
        cut_back(w, wrote - whole);
    for (size_t i = 0; i < b->part_count; i++) {
        b->part[i].offset = w->at + batch_part_start(b, i);
        b->part[i].length = b->part[i].end - batch_part_start(b, i);
    }
    return error;
}

static bool pack_parts(struct writer *w, struct batch *b)
{
    for (size_t i = 0; i < b->part_count; i++) {
        size_t from = batch_part_start(b, i), before = w->packed.len;

        if (!packer_put(w->packer, b->data.data + from, b->part[i].end - from, PACKER_FINISH,
                        &w->packed))
            return false;
        b->part[i].offset = w->at + before;
        b->part[i].length = w->packed.len - before;
    }
    return true;
}

static int put_members(struct writer *w, struct batch *b)
{
    size_t wrote;
    int error;

    if (!pack_parts(w, b))
        return ENOMEM;
    error = writer_write_all(w->set.fd, w->packed.data, w->packed.len, &wrote);
    if (error) {
        cut_back(w, wrote);
        return error;
    }
    b->written = b->count;
    return 0;
}

static int put_stream(struct writer *w, struct batch *b)
{
    bool end = packer_member(w->packer) + b->data.len >= WRITER_MEMBER;
    size_t wrote;
    int error;

    if (!packer_put(w->packer, b->data.data, b->data.len, end ? PACKER_FINISH : PACKER_FLUSH,
                    &w->packed))
        return ENOMEM;
    error = writer_write_all(w->set.fd, w->packed.data, w->packed.len, &wrote);
    if (error) {
        cut_back(w, wrote);
        return error;
    }
    w->sealable = !end;
    w->check = packer_check(w->packer);
    w->len = packer_member(w->packer);
    b->written = b->count;
    return 0;
}

static int put(struct writer *w, struct batch *b)
{
    int error;

    if (w->set.sync && w->set.files > 0 && syncfs(w->set.files) != 0)
        return errno;
    w->at = position(w->set.fd);
    if (!w->packer)
        error = put_plain(w, b);
    else
        error = w->set.by_part ? put_members(w, b) : put_stream(w, b);
    if (w->packed.cap > PACKED_KEEP)
        bytes_fini(&w->packed);
    bytes_cut(&w->packed, 0);
    if (!error && w->set.sync && fdatasync(w->set.fd) != 0 && errno != EINVAL && errno != EROFS)
        error = errno;
    return error;
}

int writer_put(struct writer *w, struct batch *b)
{
    b->written = 0;
    if (!w->error && b->count > 0)
        w->error = put(w, b);
    return w->error;
}

int writer_end(struct writer *w)
{
    unsigned char seal[PACKER_SEAL];
    size_t n, wrote;
    int error;

    if (!w->sealable)
        return 0;
    w->sealable = false;
    n = packer_seal(w->set.packing, w->check, w->len, seal);
    error = writer_write_all(w->set.fd, (const char *)seal, n, &wrote);
    if (error)
        cut_back(w, wrote);
    else if (w->set.sync && fdatasync(w->set.fd) != 0)
        error = errno;
    return error;
}
