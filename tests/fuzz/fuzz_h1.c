/*
 * Any bytes as an HTTP/1.1 answer, twice: in one piece, and in pieces whose sizes the input
 * chooses.  Both must come to the same end, with the same status, fields and body; what is held
 * stays below its ceilings at every step; and what a page is given of it is sound, of a failed
 * answer too.
 *
 * Input: one byte of options, one byte that says how many sizes follow, the sizes, the answer.
 * Of two faults in one answer either may be found first where reads are cut otherwise, so of
 * failures only the fact is compared.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "protocol/h1.h"

#define MAX_BODY ((size_t)1 << 16)
#define CLOSED_BADLY 1
#define SMALL_GUESS 2 /* so that the memory grows, and moves */
#define TINY_BODY 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct answer {
    struct pf_response response;
    struct pf_h1 h1;
    enum pf_h1_step step;
    size_t taken;
    const char *body;
    size_t body_len;
};

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_ceilings(const struct answer *a)
{
    const struct pf_response *r = &a->response;

    check(r->body_len <= r->max_body && r->decoded.len <= r->max_body);
    check(r->mem.len <= r->mem.cap);
    check(r->mem.cap <= r->max_body + PF_MAX_HEAD + PF_READ_GUESS_MAX + 1);
    check(r->field_count <= PF_MAX_FIELDS);
    check(r->body_at + r->body_len <= r->mem.len);
    check(a->h1.bytes == a->taken && a->h1.body_bytes <= a->taken);
}

/* Every read stands alone in its memory as far as the room allows: what is behind it is junk. */
static void receive(struct answer *a, const uint8_t *data, size_t size, size_t piece)
{
    while (size > 0 && a->step == PF_H1_MORE) {
        size_t room, n = size < piece ? size : piece;
        char *at;

        check(pf_response_room(&a->response, &at, &room) == FETCH_OK && room > 0);
        n = n < room ? n : room;
        memcpy(at, data, n);
        memset(at + n, '\n', room - n < 32 ? room - n : 32);
        data += n;
        size -= n;
        a->taken += n;
        a->step = pf_h1_receive(&a->h1, n);
        check_ceilings(a);
        check((a->step == PF_H1_MORE) == (a->h1.response != NULL));
    }
}

static void check_page(const struct answer *a)
{
    const struct pf_response *r = &a->response;

    check(a->body && a->body[a->body_len] == '\0' && a->body_len <= r->max_body);
    check(a->step != PF_H1_DONE || (r->status >= 200 && r->status <= 999));
    check((a->step == PF_H1_DONE) == (r->progress == PF_PROGRESS_DONE));
    check((a->step == PF_H1_FAILED) == (a->h1.error != FETCH_OK));
    for (size_t i = 0; i < r->field_count; i++) {
        const struct fetch_header *f = &r->field[i];

        check(strlen(f->name) == f->name_len && strlen(f->value) == f->value_len);
        check(!strpbrk(f->value, "\r\n") && !strpbrk(f->name, "\r\n:"));
        check(f->value_len == 0 || !strchr(" \t", f->value[f->value_len - 1]));
    }
}

static void begin(struct answer *a, unsigned options)
{
    *a = (struct answer){.step = PF_H1_MORE};
    pf_response_init(&a->response, options & TINY_BODY ? 10 : MAX_BODY,
                     options & SMALL_GUESS ? 2 : PF_READ_GUESS);
    pf_h1_begin(&a->h1, &a->response);
}

static void end(struct answer *a, unsigned options)
{
    if (a->step == PF_H1_MORE) {
        a->step = pf_h1_eof(&a->h1, !(options & CLOSED_BADLY));
        check(a->step != PF_H1_MORE);
        check(a->step != PF_H1_DONE || (!a->h1.keep_alive && !(options & CLOSED_BADLY)));
    }
    check(pf_response_seal(&a->response, &a->body, &a->body_len) == FETCH_OK);
    check_page(a);
}

static void check_same(const struct answer *a, const struct answer *b)
{
    const struct pf_response *r = &a->response, *s = &b->response;

    check(a->step == b->step);
    if (a->step != PF_H1_DONE)
        return;
    check(r->status == s->status && r->field_count == s->field_count);
    check(a->body_len == b->body_len && memcmp(a->body, b->body, a->body_len) == 0);
    for (size_t i = 0; i < r->field_count; i++)
        check(strcmp(r->field[i].name, s->field[i].name) == 0 &&
              strcmp(r->field[i].value, s->field[i].value) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct answer whole, split;
    const uint8_t *sizes;
    size_t count, i = 0;
    unsigned options;

    if (size < 2 || size - 2 < (size_t)data[1] % 16)
        return 0;
    options = data[0];
    count = (size_t)data[1] % 16;
    sizes = data + 2;
    data += 2 + count;
    size -= 2 + count;
    begin(&whole, options);
    receive(&whole, data, size, SIZE_MAX);
    end(&whole, options);
    begin(&split, options);
    for (; split.step == PF_H1_MORE && split.taken < size; i++) {
        size_t n = count ? (size_t)sizes[i % count] + 1 : 1, left = size - split.taken;

        receive(&split, data + split.taken, n < left ? n : left, SIZE_MAX);
    }
    end(&split, options);
    check_same(&whole, &split);
    pf_response_fini(&whole.response);
    pf_response_fini(&split.response);
    return 0;
}
