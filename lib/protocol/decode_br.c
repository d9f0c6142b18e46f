/*
 * br (RFC 7932) by libbrotlidec.  The format itself bounds the window at 16 MiB;
 * large-window streams, which are no "br", stay refused as they are by default.
 */
#include "protocol/coding.h"

#include <brotli/decode.h>
#include <stdlib.h>

struct unbrotli {
    BrotliDecoderState *brotli;
    bool is_complete;
};

static void *br_start(void)
{
    struct unbrotli *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    s->brotli = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    if (!s->brotli) {
        free(s);
        return NULL;
    }
    return s;
}

static void br_free(void *state)
{
    struct unbrotli *s = state;

    BrotliDecoderDestroyInstance(s->brotli);
    free(s);
}

/* The library's own out-of-memory codes are a range of their own. */
static enum fetch_error error_of(const BrotliDecoderState *brotli)
{
    BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(brotli);

    return code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
                   code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES
               ? FETCH_E_NOMEM
               : FETCH_E_ENCODING;
}

static enum fetch_error br_step(void *state, struct pf_coding_io *io)
{
    struct unbrotli *s = state;

    if (!s->is_complete) {
        BrotliDecoderResult result = BrotliDecoderDecompressStream(s->brotli, &io->in_n, &io->in,
                                                                   &io->out_n, &io->out, NULL);

        if (result == BROTLI_DECODER_RESULT_ERROR)
            return error_of(s->brotli);
        s->is_complete = result == BROTLI_DECODER_RESULT_SUCCESS;
    }
    if (s->is_complete)
        io->in_n = 0;
    return FETCH_OK;
}

static bool br_is_complete(const void *state)
{
    const struct unbrotli *s = state;

    return s->is_complete;
}

const struct pf_coding pf_coding_br = {br_start, br_step, br_is_complete, br_free};
