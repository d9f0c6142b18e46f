/*
 * Any bytes as what an HTTP/2 peer sends, twice: in one piece, and in pieces whose sizes the input
 * chooses.  Both must come to the same end for each stream, with the same status, fields and body;
 * what is held stays below its ceilings; each stream ends once; what is sent stays small.
 *
 * Input: one byte of options, one byte that says how many sizes follow, the sizes, the peer's bytes.
 * With a bit of the options the frames' lengths are put right first, so that more of them are whole.
 * Of two faults either may be found first where reads are cut otherwise, so of failures only the
 * fact is compared, and only where both are seen: a connection's fault hides what came before it
 * in the same read.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "protocol/h2.h"

#define MAX_BODY ((size_t)1 << 16)
#define STREAMS 3
#define CLOSED_BADLY 1
#define CANCELS_SECOND 2
#define TINY_BODY 4
#define LENGTHS_RIGHT 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct side {
    struct pf_h2 *h2;
    enum fetch_error error;
    struct {
        struct pf_stream stream;
        struct pf_response response;
        unsigned ends;
    } ask[STREAMS];
    size_t sent;
};

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void flush(struct side *s)
{
    struct pf_buf out;

    pf_buf_init(&out, (size_t)1 << 24);
    do {
        out.len = 0;
        check(pf_h2_output(s->h2, &out) == FETCH_OK);
        s->sent += out.len;
    } while (out.len > 0);
    pf_buf_fini(&out);
}

static void collect(struct side *s)
{
    struct pf_stream *stream;

    while ((stream = pf_h2_ended(s->h2))) {
        unsigned i = 0;

        while (i < STREAMS && stream != &s->ask[i].stream)
            i++;
        check(i < STREAMS && s->ask[i].ends++ == 0 && stream->id == 0);
        check((stream->error == FETCH_OK) == (s->ask[i].response.progress == PF_PROGRESS_DONE));
        check(!stream->unprocessed || s->ask[i].response.progress == PF_PROGRESS_NONE);
    }
    for (unsigned i = 0; i < STREAMS; i++) {
        const struct pf_response *r = &s->ask[i].response;

        check(r->body_len <= r->max_body && r->decoded.len <= r->max_body);
        check(r->mem.len <= r->mem.cap && r->field_count <= PF_MAX_FIELDS);
        check(r->mem.cap <= r->max_body + PF_MAX_HEAD + PF_READ_GUESS_MAX + 1);
    }
    check(pf_h2_active(s->h2) <= STREAMS);
}

static void begin(struct side *s, unsigned options)
{
    static const struct pf_field field = {"accept", 6, "*/*", 3, false};
    const struct pf_request request = {.method = "GET",
                                       .authority = "example.com",
                                       .authority_len = 11,
                                       .path = "/",
                                       .path_len = 1,
                                       .field = &field,
                                       .field_count = 1};

    memset(s, 0, sizeof *s);
    s->h2 = pf_h2_new(MAX_BODY);
    check(s->h2 != NULL);
    for (unsigned i = 0; i < STREAMS; i++) {
        pf_response_init(&s->ask[i].response, options & TINY_BODY ? 10 : MAX_BODY, 2);
        check(pf_h2_start(s->h2, &s->ask[i].stream, &request, &s->ask[i].response) == FETCH_OK);
    }
    flush(s);
    if (options & CANCELS_SECOND)
        pf_h2_cancel(s->h2, &s->ask[1].stream);
}

static void receive(struct side *s, const uint8_t *data, size_t n)
{
    s->error = pf_h2_receive(s->h2, data, n);
    collect(s);
    flush(s);
    collect(s);
}

static void end(struct side *s, size_t size, unsigned options)
{
    pf_h2_eof(s->h2, options & CLOSED_BADLY ? FETCH_E_NOMEM : FETCH_E_LOST);
    collect(s);
    check(pf_h2_active(s->h2) == 0 && pf_h2_room(s->h2) == 0);
    for (unsigned i = 0; i < STREAMS; i++)
        check(s->ask[i].ends == (i == 1 && (options & CANCELS_SECOND) ? 0 : 1));
    check(s->sent <= 4096 + 8 * size); /* a frame of 9 bytes is answered by 17 at most */
}

static void check_same(struct side *a, struct side *b)
{
    for (unsigned i = 0; i < STREAMS; i++) {
        struct pf_response *r = &a->ask[i].response, *s = &b->ask[i].response;
        const char *body, *other;
        size_t n, m;

        check(pf_response_seal(r, &body, &n) == FETCH_OK && body[n] == '\0');
        check(pf_response_seal(s, &other, &m) == FETCH_OK && other[m] == '\0');
        if (!a->ask[i].ends || a->ask[i].stream.error || b->ask[i].stream.error)
            continue;
        check(r->status == s->status && r->status >= 200 && r->field_count == s->field_count);
        check(n == m && memcmp(body, other, n) == 0);
        for (size_t k = 0; k < r->field_count; k++)
            check(strcmp(r->field[k].name, s->field[k].name) == 0 &&
                  strcmp(r->field[k].value, s->field[k].value) == 0);
    }
}

static void finish(struct side *s)
{
    pf_h2_free(s->h2);
    for (unsigned i = 0; i < STREAMS; i++)
        pf_response_fini(&s->ask[i].response);
}

/* Each frame's length becomes its last byte: at most 255, the last one cut off. */
static size_t put_lengths_right(uint8_t *data, size_t size)
{
    size_t at = 0;

    while (size - at >= 9 && size - at - 9 >= data[at + 2]) {
        data[at] = data[at + 1] = 0;
        data[at + 5] = data[at + 6] = data[at + 7] = 0;
        data[at + 8] &= 7;
        at += 9u + data[at + 2];
    }
    return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct side whole, split;
    const uint8_t *sizes;
    size_t count, at = 0;
    unsigned options;
    uint8_t *copy;

    if (size < 2 || size - 2 < (size_t)data[1] % 16)
        return 0;
    options = data[0];
    count = (size_t)data[1] % 16;
    sizes = data + 2;
    size -= 2 + count;
    copy = malloc(size ? size : 1);
    check(copy != NULL);
    memcpy(copy, data + 2 + count, size);
    if (options & LENGTHS_RIGHT)
        size = put_lengths_right(copy, size);
    begin(&whole, options);
    receive(&whole, copy, size);
    end(&whole, size, options);
    begin(&split, options);
    for (size_t i = 0; split.error == FETCH_OK && at < size; i++) {
        size_t n = count ? (size_t)sizes[i % count] + 1 : 1;

        n = n < size - at ? n : size - at;
        receive(&split, copy + at, n);
        at += n;
    }
    end(&split, size, options);
    check_same(&whole, &split);
    finish(&whole);
    finish(&split);
    free(copy);
    return 0;
}
