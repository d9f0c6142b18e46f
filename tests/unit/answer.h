/*
 * An answer on its way through h1, with the transport played by a test: it asks
 * for room, copies bytes there and says how many, as a connection does.
 */
#ifndef PF_TESTS_ANSWER_H
#define PF_TESTS_ANSWER_H

#include "unit/unit.h"

#include "base/limits.h"
#include "protocol/decode.h"
#include "protocol/h1.h"

#define ANSWER_MAX_BODY ((size_t)1 << 20) /* bytes, where a test has no ceiling of its own */
#define ANSWER_GUESS 256                  /* bytes: small, so that memory grows and moves */

struct answer {
    struct pf_h1 h1;
    struct pf_response response;
    enum pf_h1_step step;
    enum fetch_error error; /* of a failure, the room's too */
    size_t taken;           /* bytes of the peer's that were read */
    const char *body;       /* after answer_seal() */
    size_t body_len;
};

static inline void answer_begin(struct answer *a, size_t max_body, size_t guess_bytes)
{
    memset(a, 0, sizeof *a);
    a->step = PF_H1_MORE;
    pf_response_init(&a->response, max_body, guess_bytes);
    pf_h1_begin(&a->h1, &a->response);
}

/* What is held never passes what was promised, whatever the peer sends. */
static inline void answer_check_ceilings(const struct answer *a)
{
    const struct pf_response *r = &a->response;

    ck_assert_uint_le(r->mem.cap, r->max_body + PF_MAX_HEAD + PF_READ_GUESS_MAX + 1);
    ck_assert_uint_le(r->mem.len, r->mem.cap);
    ck_assert_uint_le(r->body_len, r->max_body);
    ck_assert_uint_le(r->decoded.len, r->max_body);
    ck_assert_uint_le(r->field_count, PF_MAX_FIELDS);
}

/*
 * Sends `n` bytes, at most `piece` for each read, until they end or the answer does.  The rest of
 * the room holds what a parser that goes too far would take for more of the answer.
 */
static inline enum pf_h1_step answer_send(struct answer *a, const char *bytes, size_t n,
                                          size_t piece)
{
    while (n > 0 && a->step == PF_H1_MORE) {
        size_t room, count = n < piece ? n : piece, junk;
        char *at;

        a->error = pf_response_room(&a->response, &at, &room);
        if (a->error != FETCH_OK)
            return a->step = PF_H1_FAILED;
        ck_assert_uint_gt(room, 0);
        count = count < room ? count : room;
        junk = room - count < 64 ? room - count : 64;
        memcpy(at, bytes, count);
        memset(at + count, '\n', junk);
        a->step = pf_h1_receive(&a->h1, count);
        a->taken += count;
        bytes += count;
        n -= count;
        answer_check_ceilings(a);
    }
    if (a->step == PF_H1_FAILED)
        a->error = a->h1.error;
    return a->step;
}

static inline enum pf_h1_step answer_eof(struct answer *a, bool clean)
{
    a->step = pf_h1_eof(&a->h1, clean);
    if (a->step == PF_H1_FAILED)
        a->error = a->h1.error;
    return a->step;
}

/* A page's view, of a failed answer too. */
static inline void answer_seal(struct answer *a)
{
    ck_assert_int_eq(pf_response_seal(&a->response, &a->body, &a->body_len), FETCH_OK);
    ck_assert_ptr_nonnull(a->body);
    ck_assert_msg(a->body[a->body_len] == '\0', "no NUL behind the body");
}

static inline void answer_end(struct answer *a)
{
    pf_response_fini(&a->response);
}

#endif
