/*
 * The bytes of one list, read when asked for and never waited for, unpacked on the way where the
 * first bytes say gzip or zstd.
 */
#ifndef PFETCH_TOOL_STREAM_H
#define PFETCH_TOOL_STREAM_H

#include <stdbool.h>
#include <stddef.h>

struct stream;

enum stream_result {
    STREAM_BYTES, /* *got bytes, at least one                                   */
    STREAM_LATER, /* a pipe that has nothing now; readable when it has          */
    STREAM_END,   /* nothing any more                                           */
    STREAM_ERROR  /* stream_error() says what; nothing more will come           */
};

/*
 * Reads from `fd`, which is taken (closed by stream_free()) unless it is standard input.
 * NULL where memory ran out.
 */
struct stream *stream_new(int fd);
void stream_free(struct stream *s);

/* Up to `room` (at least 1) bytes into `to`. */
enum stream_result stream_read(struct stream *s, char *to, size_t room, size_t *got);

/* Whether bytes that begin with these `n` would be handed out as they are. */
bool stream_is_plain(const char *data, size_t n);

/* The descriptor, to wait for after STREAM_LATER. */
int stream_fd(const struct stream *s);
/* From now on a read may block: for descriptors that an event loop cannot watch. */
void stream_may_block(struct stream *s);
/* After STREAM_ERROR: what went wrong, without the list's name; static or lives as the stream. */
const char *stream_error(const struct stream *s);

#endif
