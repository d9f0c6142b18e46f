/*
 * Any bytes as an HTTP/1.1 answer, twice: in one piece, and in pieces whose sizes the first byte
 * chooses.  Both must come to the same end, status and body.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/h1.h"

#define MAX_BODY ((size_t)1 << 20)
#define FIRST_GUESS 64 /* bytes: small, so that the memory grows */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct answer {
    struct pf_response response;
    enum pf_h1_step step;
    enum fetch_error error;
    const char *body;
    size_t body_len;
};

static void receive(struct answer *a, const uint8_t *data, size_t size, size_t piece)
{
    struct pf_h1 h1 = {0};

    *a = (struct answer){.step = PF_H1_MORE};
    pf_response_init(&a->response, MAX_BODY, FIRST_GUESS);
    pf_h1_begin(&h1, &a->response);
    while (size > 0 && a->step == PF_H1_MORE) {
        size_t room, n = size < piece ? size : piece;
        char *at;

        a->error = pf_response_room(&a->response, &at, &room);
        if (a->error != FETCH_OK)
            break;
        n = n < room ? n : room;
        memcpy(at, data, n);
        data += n;
        size -= n;
        a->step = pf_h1_receive(&h1, n);
    }
    if (a->error == FETCH_OK && a->step == PF_H1_MORE)
        a->step = pf_h1_eof(&h1, true);
    if (a->error == FETCH_OK && a->step == PF_H1_FAILED)
        a->error = h1.error;
    if (pf_response_seal(&a->response, &a->body, &a->body_len) != FETCH_OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct answer whole, split;

    if (size < 2)
        return 0;
    receive(&whole, data + 1, size - 1, SIZE_MAX);
    receive(&split, data + 1, size - 1, (size_t)data[0] + 1);
    if (whole.step != split.step)
        abort();
    if (whole.step == PF_H1_DONE &&
        (whole.response.status != split.response.status || whole.body_len != split.body_len ||
         memcmp(whole.body, split.body, whole.body_len) != 0))
        abort();
    pf_response_fini(&whole.response);
    pf_response_fini(&split.response);
    return 0;
}
