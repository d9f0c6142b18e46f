/*
 * Any bytes as an encoded body, twice: in one piece, and in pieces.  The first byte chooses the
 * codings, the second the size of the pieces.  Both are to end well, with the same bytes, or both
 * badly: of two faults in one body either may be found first.  Whatever comes of it stays below the
 * ceiling, which is not above PF_RATIO_GRACE, since the ratio depends on how much has come.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "protocol/decode.h"

#define MAX_BODY ((size_t)1 << 18)

_Static_assert(MAX_BODY <= PF_RATIO_GRACE, "the ratio would tell pieces from the whole");

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each piece in memory of its own, so that a sanitizer sees a read beyond it. */
static enum fetch_error decode(const char *coding, const uint8_t *data, size_t size, size_t piece,
                               struct pf_buf *out)
{
    struct pf_decoder *decoder;
    enum fetch_error e = FETCH_OK, end;

    if (pf_decoder_new(&decoder, coding, strlen(coding), MAX_BODY) != FETCH_OK || !decoder)
        abort();
    pf_buf_init(out, 2 * MAX_BODY);
    while (size > 0 && e == FETCH_OK) {
        size_t n = size < piece ? size : piece;
        uint8_t *copy = malloc(n);

        if (!copy)
            abort();
        memcpy(copy, data, n);
        e = pf_decoder_push(decoder, copy, n, out);
        free(copy);
        data += n;
        size -= n;
    }
    end = pf_decoder_end(decoder);
    if (out->len > MAX_BODY || (e != FETCH_OK && end != e))
        abort();
    pf_decoder_free(decoder);
    return end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const codings[] = {"gzip", "deflate",  "br",
                                          "zstd", "gzip, br", "zstd, deflate"};
    struct pf_buf whole, pieces;
    const char *coding;
    enum fetch_error e;

    if (size < 2)
        return 0;
    coding = codings[data[0] % (sizeof codings / sizeof codings[0])];
    e = decode(coding, data + 2, size - 2, SIZE_MAX, &whole);
    if ((decode(coding, data + 2, size - 2, (size_t)data[1] + 1, &pieces) == FETCH_OK) !=
        (e == FETCH_OK))
        abort();
    if (e == FETCH_OK &&
        (whole.len != pieces.len || (whole.len && memcmp(whole.data, pieces.data, whole.len) != 0)))
        abort();
    pf_buf_fini(&whole);
    pf_buf_fini(&pieces);
    return 0;
}
