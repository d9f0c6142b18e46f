/*
 * What decode.c asks of one content coding; each has a file of its own.
 *
 * A coding's state is made with the first byte, so an answer without a body
 * costs nothing.
 */
#ifndef PF_PROTOCOL_CODING_H
#define PF_PROTOCOL_CODING_H

#include <stdbool.h>
#include <stddef.h>

#include "pfetch/fetch.h"

/* Both ends of a step.  A coding takes from the front of `in` and fills `out` from its front. */
struct pf_coding_io {
    const unsigned char *in;
    size_t in_n;
    unsigned char *out;
    size_t out_n; /* room; never 0 when a step begins */
};

struct pf_coding {
    /* Gives a new state (free()), NULL where memory ran out. */
    void *(*start)(void);
    /*
     * Goes on until `in` is empty or `out` is full.  With room left everything that
     * was taken has been written, so a full `out` is the one reason to step again.
     * What follows a complete stream is taken and ignored.
     * FETCH_OK, FETCH_E_ENCODING, FETCH_E_NOMEM; after an error only free() is called.
     */
    enum fetch_error (*step)(void *state, struct pf_coding_io *io);
    /* Whether the body may end here. */
    bool (*is_complete)(const void *state);
    void (*free)(void *state);
};

extern const struct pf_coding pf_coding_gzip;
extern const struct pf_coding pf_coding_deflate;
extern const struct pf_coding pf_coding_br;
extern const struct pf_coding pf_coding_zstd;

#endif
