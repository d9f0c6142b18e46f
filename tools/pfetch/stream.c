/*
 * A pipe must not hold up the loop that carries the pages, and its descriptor is shared with
 * whoever gave it to us, so O_NONBLOCK is out of the question: it would change the other side's
 * descriptor too.  poll(2) with no timeout before each read(2) says the same thing without a
 * trace.  A regular file is always ready and is simply read.
 *
 * The kind of list is told by its first four bytes, not by its name, so `zcat`-less pipes work.
 * Both formats may hold several members on end, as `cat a.gz b.gz` makes them.
 */
#include "stream.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define IN_BYTES 65536u
#define MAGIC_BYTES 4u
#define ZSTD_WINDOW_LOG 27 /* 128 MiB: what `zstd --long` makes unless told otherwise */

enum kind { KIND_UNKNOWN, KIND_PLAIN, KIND_GZIP, KIND_ZSTD };

struct stream {
    int fd;
    enum kind kind;
    bool pollable;   /* a read may find nothing yet                    */
    bool eof;        /* read(2) said 0                                 */
    bool inside;     /* a compressed member has begun and not ended    */
    bool zlib_ready; /* z is initialised                               */
    size_t in_at, in_len;
    z_stream z;
    ZSTD_DStream *zstd;
    const char *error;
    unsigned char in[IN_BYTES];
};

struct stream *stream_new(int fd)
{
    struct stream *s = malloc(sizeof(*s));
    struct stat st;

    if (!s)
        return NULL;
    memset(s, 0, offsetof(struct stream, in));
    s->fd = fd;
    s->pollable = fstat(fd, &st) == 0 && !S_ISREG(st.st_mode);
    return s;
}

void stream_free(struct stream *s)
{
    if (!s)
        return;
    if (s->zlib_ready)
        inflateEnd(&s->z);
    ZSTD_freeDStream(s->zstd);
    if (s->fd > STDIN_FILENO)
        close(s->fd);
    free(s);
}

int stream_fd(const struct stream *s)
{
    return s->fd;
}

void stream_may_block(struct stream *s)
{
    s->pollable = false;
}

const char *stream_error(const struct stream *s)
{
    return s->error ? s->error : "";
}

static enum stream_result fail(struct stream *s, const char *why)
{
    s->error = why;
    return STREAM_ERROR;
}

/* One read(2). */
static enum stream_result take(struct stream *s, void *to, size_t room, size_t *got)
{
    struct pollfd p = {.fd = s->fd, .events = POLLIN};
    ssize_t n;

    if (s->eof)
        return STREAM_END;
    if (s->pollable && poll(&p, 1, 0) == 0)
        return STREAM_LATER;
    do
        n = read(s->fd, to, room);
    while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return STREAM_LATER;
    if (n < 0)
        return fail(s, strerror(errno));
    s->eof = n == 0;
    *got = (size_t)n;
    return n ? STREAM_BYTES : STREAM_END;
}

/* More packed bytes behind those that are left. */
static enum stream_result fill(struct stream *s)
{
    enum stream_result r;
    size_t got = 0;

    if (s->in_at == s->in_len)
        s->in_at = s->in_len = 0;
    r = take(s, s->in + s->in_len, IN_BYTES - s->in_len, &got);
    s->in_len += got;
    return r;
}

static enum stream_result begin_gzip(struct stream *s)
{
    if (inflateInit2(&s->z, 15 + 16) != Z_OK)
        return fail(s, "out of memory");
    s->zlib_ready = true;
    s->kind = KIND_GZIP;
    return STREAM_BYTES;
}

static enum stream_result begin_zstd(struct stream *s)
{
    s->zstd = ZSTD_createDStream();
    if (!s->zstd ||
        ZSTD_isError(ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG)))
        return fail(s, "out of memory");
    s->kind = KIND_ZSTD;
    return STREAM_BYTES;
}

static enum kind kind_of(const unsigned char *p, size_t n)
{
    static const unsigned char zstd[MAGIC_BYTES] = {0x28, 0xb5, 0x2f, 0xfd};

    if (n >= 2 && p[0] == 0x1f && p[1] == 0x8b)
        return KIND_GZIP;
    return n >= MAGIC_BYTES && memcmp(p, zstd, MAGIC_BYTES) == 0 ? KIND_ZSTD : KIND_PLAIN;
}

bool stream_is_plain(const char *data, size_t n)
{
    return kind_of((const unsigned char *)data, n) == KIND_PLAIN;
}

/* Looks at the first bytes; STREAM_BYTES once the kind is known. */
static enum stream_result detect(struct stream *s)
{
    enum kind kind;

    while (s->in_len < MAGIC_BYTES) {
        enum stream_result r = fill(s);

        if (r == STREAM_END)
            break;
        if (r != STREAM_BYTES)
            return r;
    }
    kind = kind_of(s->in, s->in_len);
    if (kind == KIND_GZIP)
        return begin_gzip(s);
    if (kind == KIND_ZSTD)
        return begin_zstd(s);
    s->kind = KIND_PLAIN;
    return STREAM_BYTES;
}

static enum stream_result read_plain(struct stream *s, char *to, size_t room, size_t *got)
{
    size_t have = s->in_len - s->in_at;

    if (have == 0)
        return take(s, to, room, got);
    *got = have < room ? have : room;
    memcpy(to, s->in + s->in_at, *got);
    s->in_at += *got;
    return STREAM_BYTES;
}

static enum stream_result unpack_gzip(struct stream *s, char *to, size_t room, size_t *got)
{
    int r;

    s->z.next_in = s->in + s->in_at;
    s->z.avail_in = (uInt)(s->in_len - s->in_at);
    s->z.next_out = (unsigned char *)to;
    s->z.avail_out = (uInt)room;
    s->inside = true;
    r = inflate(&s->z, Z_NO_FLUSH);
    s->in_at = s->in_len - s->z.avail_in;
    *got = room - s->z.avail_out;
    if (r == Z_STREAM_END) {
        s->inside = false;
        inflateReset(&s->z);
    } else if (r != Z_OK && r != Z_BUF_ERROR) {
        return fail(s, r == Z_MEM_ERROR ? "out of memory" : "the gzip data is damaged");
    }
    return STREAM_BYTES;
}

static enum stream_result unpack_zstd(struct stream *s, char *to, size_t room, size_t *got)
{
    ZSTD_inBuffer in = {.src = s->in, .size = s->in_len, .pos = s->in_at};
    ZSTD_outBuffer out = {.dst = to, .size = room};
    size_t r = ZSTD_decompressStream(s->zstd, &out, &in);

    s->in_at = in.pos;
    *got = out.pos;
    if (ZSTD_isError(r))
        return fail(s, "the zstd data is damaged");
    s->inside = r != 0;
    return STREAM_BYTES;
}

enum stream_result stream_read(struct stream *s, char *to, size_t room, size_t *got)
{
    enum stream_result r = s->error ? STREAM_ERROR : STREAM_BYTES;

    *got = 0;
    if (s->kind == KIND_UNKNOWN && r == STREAM_BYTES)
        r = detect(s);
    if (r != STREAM_BYTES)
        return r;
    if (s->kind == KIND_PLAIN)
        return read_plain(s, to, room, got);
    if (room > IN_BYTES)
        room = IN_BYTES;
    for (;;) {
        /* A decoder may still hold output after its input is used up, so it is asked first. */
        if (s->in_at < s->in_len || s->inside) {
            r = s->kind == KIND_GZIP ? unpack_gzip(s, to, room, got)
                                     : unpack_zstd(s, to, room, got);
            if (r != STREAM_BYTES || *got > 0)
                return r;
        }
        if (s->in_at < s->in_len)
            continue;
        r = fill(s);
        if (r == STREAM_END)
            return s->inside ? fail(s, "the compressed data is cut off") : STREAM_END;
        if (r != STREAM_BYTES)
            return r;
    }
}
