/*
 * Content decoding: what all codings share.
 *
 * The last coding writes straight into the spare room of the caller's buffer,
 * so a page's bytes land where they stay.  Codings before it write into 16 KiB
 * of their own, which the next one empties before more is decoded.
 *
 * A few hundred bytes can decode to gigabytes, and the bomb must not be found
 * by decoding it.  So a coding is never offered more room than the ceilings leave.
 * Where they leave none it is offered one byte that goes nowhere: a body that
 * ends exactly at its ceiling does not touch it, a larger one does and is refused.
 *
 * The other place to put a bomb is between two codings, or in front of the first:
 * megabytes of empty gzip members decode to nothing and only cost time.
 * Hence a ceiling on what goes into each coding.  An honest coded body is never
 * twice as large as the body, short ones and their headers apart.
 *
 * Rejected: a ratio for each coding by itself, since honest stacks (a .gz file
 * compressed again) say nothing about the bomb; what reaches the caller does.
 */
#include "protocol/decode.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/text.h"
#include "protocol/coding.h"

#define SCRATCH_BYTES 16384u
#define CODED_SLACK 65536u

struct layer {
    const struct pf_coding *coding;
    void *state;            /* NULL until its first byte */
    unsigned char *scratch; /* NULL for the last layer, which writes into the caller's buffer */
    size_t in_total;        /* bytes given to it; never over coded_max */
};

struct pf_decoder {
    struct layer layer[PF_MAX_CODINGS]; /* in the order of decoding */
    unsigned layers;
    size_t max_body;
    size_t coded_max;       /* of each layer's in_total */
    size_t out_total;       /* bytes appended to the caller's buffer; never over max_body */
    enum fetch_error error; /* of an earlier push, for good */
    unsigned char nowhere;  /* what a byte over a ceiling is written to */
};

const char *pf_decoder_accepted(void)
{
    return "gzip, br, zstd";
}

static const struct pf_coding *find_coding(const char *name, size_t n)
{
    static const struct {
        const char *name;
        size_t n;
        const struct pf_coding *coding;
    } known[] = {
        {"gzip", 4, &pf_coding_gzip},       {"br", 2, &pf_coding_br},
        {"zstd", 4, &pf_coding_zstd},       {"x-gzip", 6, &pf_coding_gzip},
        {"deflate", 7, &pf_coding_deflate},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (pf_text_eq_nocase(name, n, known[i].name, known[i].n))
            return known[i].coding;
    return NULL;
}

/* `codings` in the order of the list; *count 0 where nothing is to be decoded. */
static enum fetch_error read_list(const char *list, size_t n,
                                  const struct pf_coding *codings[PF_MAX_CODINGS], unsigned *count)
{
    const char *cursor = list, *token;
    bool too_many = false;
    size_t token_n;

    *count = 0;
    if (n == 0)
        return FETCH_OK;
    while (pf_text_next_token(&cursor, list + n, &token, &token_n)) {
        const struct pf_coding *coding = find_coding(token, token_n);

        if (pf_text_eq_nocase(token, token_n, "identity", 8))
            continue;
        if (!coding) {
            *count = 0;
            return FETCH_OK;
        }
        if (*count < PF_MAX_CODINGS)
            codings[(*count)++] = coding;
        else
            too_many = true;
    }
    return too_many ? FETCH_E_ENCODING : FETCH_OK;
}

enum fetch_error pf_decoder_new(struct pf_decoder **d, const char *content_encoding, size_t n,
                                size_t max_body)
{
    const struct pf_coding *codings[PF_MAX_CODINGS];
    struct pf_decoder *new;
    enum fetch_error e;
    unsigned count;

    *d = NULL;
    e = read_list(content_encoding, n, codings, &count);
    if (e != FETCH_OK || count == 0)
        return e;
    new = calloc(1, sizeof *new);
    if (!new)
        return FETCH_E_NOMEM;
    new->layers = count;
    new->max_body = max_body;
    new->coded_max =
        max_body > (SIZE_MAX - CODED_SLACK) / 2 ? SIZE_MAX : 2 * max_body + CODED_SLACK;
    for (unsigned i = 0; i < count; i++) {
        struct layer *l = &new->layer[i];

        l->coding = codings[count - 1 - i]; /* the coding applied last comes off first */
        if (i + 1 == count)
            break;
        l->scratch = malloc(SCRATCH_BYTES);
        if (!l->scratch) {
            pf_decoder_free(new);
            return FETCH_E_NOMEM;
        }
    }
    *d = new;
    return FETCH_OK;
}

void pf_decoder_free(struct pf_decoder *d)
{
    if (!d)
        return;
    for (unsigned i = 0; i < d->layers; i++) {
        if (d->layer[i].state)
            d->layer[i].coding->free(d->layer[i].state);
        free(d->layer[i].scratch);
    }
    free(d);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many more bytes the ceilings allow in `out`. */
static size_t room_allowed(const struct pf_decoder *d, const struct pf_buf *out)
{
    size_t pushed = d->layer[0].in_total;
    size_t by_ratio = pushed > SIZE_MAX / PF_MAX_RATIO ? SIZE_MAX : pushed * PF_MAX_RATIO;
    size_t total = smaller(d->max_body, by_ratio > PF_RATIO_GRACE ? by_ratio : PF_RATIO_GRACE);
    size_t in_buffer = out->max > out->len ? out->max - out->len : 0;

    return smaller(total - d->out_total, in_buffer);
}

/* The last layer's step.  *again where `out` took all it had room for. */
static enum fetch_error step_into_buffer(struct pf_decoder *d, struct layer *l,
                                         struct pf_coding_io *io, struct pf_buf *out, bool *again)
{
    size_t room = room_allowed(d, out);
    enum fetch_error e;
    size_t written;

    *again = false;
    if (room == 0) {
        io->out = &d->nowhere;
        io->out_n = 1;
        e = l->coding->step(l->state, io);
        return e == FETCH_OK && io->out_n == 0 ? FETCH_E_TOO_LARGE : e;
    }
    if (out->cap <= out->len) {
        size_t guess = io->in_n > PF_READ_MIN / 4 ? io->in_n * 4 : PF_READ_MIN;

        e = pf_buf_reserve(out, smaller(room, guess));
        if (e != FETCH_OK)
            return e;
    }
    room = smaller(room, out->cap - out->len);
    io->out = (unsigned char *)out->data + out->len;
    io->out_n = room;
    e = l->coding->step(l->state, io);
    written = room - io->out_n;
    out->len += written;
    d->out_total += written;
    *again = io->out_n == 0;
    return e;
}

/* Gives `n` bytes to layer i, and what it makes of them to the layers after it. */
static enum fetch_error feed(struct pf_decoder *d, unsigned i, const unsigned char *in, size_t n,
                             struct pf_buf *out)
{
    struct pf_coding_io io = {.in = in, .in_n = n};
    struct layer *l = &d->layer[i];
    enum fetch_error e;
    bool again;

    if (n == 0)
        return FETCH_OK;
    if (n > d->coded_max - l->in_total)
        return FETCH_E_TOO_LARGE;
    l->in_total += n;
    if (!l->state) {
        l->state = l->coding->start();
        if (!l->state)
            return FETCH_E_NOMEM;
    }
    do {
        if (!l->scratch) {
            e = step_into_buffer(d, l, &io, out, &again);
        } else {
            enum fetch_error after;

            io.out = l->scratch;
            io.out_n = SCRATCH_BYTES;
            e = l->coding->step(l->state, &io);
            again = io.out_n == 0;
            after = feed(d, i + 1, l->scratch, SCRATCH_BYTES - io.out_n, out);
            e = after != FETCH_OK ? after : e;
        }
    } while (e == FETCH_OK && again);
    return e;
}

enum fetch_error pf_decoder_push(struct pf_decoder *d, const void *in, size_t n, struct pf_buf *out)
{
    if (d->error == FETCH_OK)
        d->error = feed(d, 0, in, n, out);
    return d->error;
}

enum fetch_error pf_decoder_end(const struct pf_decoder *d)
{
    if (d->error != FETCH_OK)
        return d->error;
    for (unsigned i = 0; i < d->layers; i++) {
        const struct layer *l = &d->layer[i];

        if (l->state && !l->coding->is_complete(l->state))
            return FETCH_E_TRUNCATED;
    }
    return FETCH_OK;
}
