/*
 * The bytes of a reply, from its plan: the right page, what the call asked for as comments
 * behind it, encoded as the client accepts.
 */
#ifndef SANDBOX_BODY_H
#define SANDBOX_BODY_H

#include <stddef.h>

struct evkeyvalq;
struct sandbox_ask;
struct sandbox_coder;
struct sandbox_plan;

struct sandbox_body {
    char *bytes;        /* malloc'ed; NULL where len is 0               */
    size_t len;         /* as it goes on the wire, but for chunk sizes  */
    const char *type;   /* Content-Type; static                         */
    const char *coding; /* Content-Encoding, NULL for none; static      */
};

/*
 * Makes the body of a call.  `headers` are the call's own (borrowed): Accept-Encoding, and what
 * is forwarded to the target.  Returns 0 and gives body->bytes (free()), or -1 where memory
 * ran out.
 *
 * Behind the page of an "ok" in HTML stand, where the call has them:
 *
 *     <!-- render: true -->
 *     <!-- session: 444 -->
 *     <!-- header My-Custom-Header: value -->      (each header, with use_headers=true)
 *
 * escaped, so that a test sees what arrived.  They come on top of the page's size.
 */
int sandbox_body_make(struct sandbox_body *body, const struct sandbox_plan *plan,
                      const struct sandbox_ask *ask, const struct evkeyvalq *headers,
                      struct sandbox_coder *coder);

/* The Content-Type, static, of what an endpoint itself says: JSON or plain text. */
const char *sandbox_words_type(const char *words);

#endif
