#include "protocol/response.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "protocol/decode.h"

#define FIRST_FIELDS 16u

void pf_response_init(struct pf_response *r, size_t max_body, size_t guess_bytes)
{
    *r = (struct pf_response){
        .max_body = max_body,
        .guess_bytes = guess_bytes > 1 ? guess_bytes : 2, /* a byte, and the NUL's */
        .protocol = "",
        .body_left = PF_LENGTH_UNKNOWN,
    };
    /* A body, its head, and framing that is read before it is told apart. */
    pf_buf_init(&r->mem, max_body + PF_MAX_HEAD + PF_READ_GUESS_MAX);
    pf_buf_init(&r->decoded, max_body);
}

void pf_response_fini(struct pf_response *r)
{
    free(r->field);
    r->field = NULL;
    r->field_count = r->field_cap = 0;
    pf_decoder_free(r->decoder);
    r->decoder = NULL;
    pf_buf_fini(&r->mem);
    pf_buf_fini(&r->decoded);
}

void pf_response_restart(struct pf_response *r)
{
    size_t max_body = r->max_body, guess_bytes = r->guess_bytes;

    pf_response_fini(r);
    pf_response_init(r, max_body, guess_bytes);
}

enum fetch_error pf_response_room(struct pf_response *r, char **at, size_t *n)
{
    struct pf_buf *mem = &r->mem;
    size_t want = PF_READ_MIN;
    enum fetch_error e = FETCH_OK;

    if (mem->cap == 0)
        e = pf_buf_reserve_exact(mem, r->guess_bytes);
    else if (!r->decoder && r->body_left != PF_LENGTH_UNKNOWN && r->body_left <= PF_READ_GUESS_MAX)
        e = pf_buf_reserve_exact(mem, (size_t)r->body_left + 2); /* a NUL, and never no room */
    else if (mem->cap - mem->len < want)
        e = pf_buf_reserve(mem, want);
    if (e != FETCH_OK)
        return e;
    *at = mem->data + mem->len;
    *n = mem->cap - mem->len - 1; /* the last byte is the NUL's */
    return FETCH_OK;
}

enum fetch_error pf_response_add_field(struct pf_response *r, size_t name_at, size_t name_len,
                                       size_t value_at, size_t value_len)
{
    struct fetch_header *f;

    if (r->field_count == r->field_cap) {
        size_t cap = r->field_cap ? r->field_cap * 2 : FIRST_FIELDS;

        if (r->field_count >= PF_MAX_FIELDS) {
            r->detail = "the head has more than 512 fields";
            return FETCH_E_TOO_LARGE;
        }
        f = realloc(r->field, cap * sizeof *f);
        if (!f)
            return FETCH_E_NOMEM;
        r->field = f;
        r->field_cap = cap;
    }
    f = &r->field[r->field_count++];
    f->name = (const char *)(uintptr_t)name_at;
    f->name_len = name_len;
    f->value = (const char *)(uintptr_t)value_at;
    f->value_len = value_len;
    return FETCH_OK;
}

void pf_response_drop_fields(struct pf_response *r)
{
    r->field_count = 0;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Without the white space behind it (RFC 9110 section 5.5). */
static size_t trimmed(const char *value, size_t n)
{
    while (n > 0 && is_space(value[n - 1]))
        n--;
    return n;
}

bool pf_response_each(const struct pf_response *r, size_t *cursor, const char **name,
                      size_t *name_len, const char **value, size_t *value_len)
{
    const struct fetch_header *f;

    if (*cursor >= r->field_count)
        return false;
    f = &r->field[(*cursor)++];
    *name = r->mem.data + (uintptr_t)f->name;
    *name_len = f->name_len;
    *value = r->mem.data + (uintptr_t)f->value;
    *value_len = trimmed(*value, f->value_len);
    return true;
}

const char *pf_response_next(const struct pf_response *r, const char *name, size_t *cursor,
                             size_t *value_len)
{
    size_t len = strlen(name);

    while (*cursor < r->field_count) {
        const struct fetch_header *f = &r->field[(*cursor)++];
        const char *value = r->mem.data + (uintptr_t)f->value;

        if (f->name_len != len ||
            !pf_text_eq_nocase(r->mem.data + (uintptr_t)f->name, len, name, len))
            continue;
        *value_len = trimmed(value, f->value_len);
        return value;
    }
    return NULL;
}

/* The values of all Content-Encoding fields, in their order, as one list (RFC 9110 5.3). */
static enum fetch_error start_decoder(struct pf_response *r)
{
    char list[256];
    size_t used = 0, cursor = 0, n;
    const char *value;

    while ((value = pf_response_next(r, "content-encoding", &cursor, &n))) {
        if (used + n + 1 > sizeof list) {
            r->detail = "the list of content encodings is too long";
            return FETCH_E_ENCODING;
        }
        memcpy(list + used, value, n);
        used += n;
        list[used++] = ',';
    }
    return used ? pf_decoder_new(&r->decoder, list, used, r->max_body) : FETCH_OK;
}

enum fetch_error pf_response_head_end(struct pf_response *r, int status, size_t head_end,
                                      uint64_t length)
{
    enum fetch_error e = start_decoder(r);

    r->status = status;
    r->progress = PF_PROGRESS_BODY;
    r->body_at = head_end;
    r->body_left = length;
    if (e == FETCH_OK && !r->decoder && length != PF_LENGTH_UNKNOWN && length > r->max_body)
        e = FETCH_E_TOO_LARGE;
    return e;
}

enum fetch_error pf_response_body(struct pf_response *r, const char *bytes, size_t n)
{
    char *end;

    if (r->body_left != PF_LENGTH_UNKNOWN)
        r->body_left -= n <= r->body_left ? n : r->body_left;
    if (r->decoder)
        return pf_decoder_push(r->decoder, bytes, n, &r->decoded);
    if (n > r->max_body - r->body_len)
        return FETCH_E_TOO_LARGE;
    end = r->mem.data + r->body_at + r->body_len;
    if (bytes != end)
        memmove(end, bytes, n); /* over chunk framing, downwards, within what was read */
    r->body_len += n;
    return FETCH_OK;
}

enum fetch_error pf_response_append(struct pf_response *r, const char *bytes, size_t n)
{
    enum fetch_error e;

    if (!r->decoder && n <= r->max_body - r->body_len) {
        if (r->body_left != PF_LENGTH_UNKNOWN && r->body_left <= PF_READ_GUESS_MAX)
            e = pf_buf_reserve_exact(&r->mem, (size_t)r->body_left + 1);
        else
            e = FETCH_OK;
        if (e == FETCH_OK)
            e = pf_buf_reserve(&r->mem, n + 1);
        if (e != FETCH_OK)
            return e;
    }
    e = pf_response_body(r, bytes, n);
    pf_response_consumed(r);
    return e;
}

void pf_response_consumed(struct pf_response *r)
{
    if (r->progress >= PF_PROGRESS_BODY)
        r->mem.len = r->body_at + r->body_len;
}

enum fetch_error pf_response_end(struct pf_response *r)
{
    enum fetch_error e = r->decoder ? pf_decoder_end(r->decoder) : FETCH_OK;

    if (e == FETCH_OK)
        r->progress = PF_PROGRESS_DONE;
    else
        r->detail = "the encoded body is not complete";
    return e;
}

/* Folded lines become spaces (RFC 9112 section 5.2). */
static void unfold(char *value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (value[i] == '\r' || value[i] == '\n')
            value[i] = ' ';
}

static void seal_field(struct pf_response *r, struct fetch_header *f)
{
    char *name = r->mem.data + (uintptr_t)f->name;
    char *value = r->mem.data + (uintptr_t)f->value;

    f->value_len = trimmed(value, f->value_len);
    if (r->folded)
        unfold(value, f->value_len);
    name[f->name_len] = '\0';
    value[f->value_len] = '\0';
    f->name = name;
    f->value = value;
}

enum fetch_error pf_response_view(struct pf_response *r, const char **body, size_t *body_len)
{
    struct pf_buf *holder = r->decoder ? &r->decoded : &r->mem;
    size_t at = r->decoder ? 0 : r->body_at, n = r->decoder ? holder->len : r->body_len;
    enum fetch_error e = FETCH_OK;

    *body = "";
    *body_len = 0;
    if (n == 0)
        return FETCH_OK;
    if (!r->decoder) /* a failure may have left more behind it */
        pf_response_consumed(r);
    e = pf_buf_terminate(holder);
    if (e == FETCH_OK) {
        *body = holder->data + at;
        *body_len = n;
    }
    return e;
}

enum fetch_error pf_response_seal(struct pf_response *r, const char **body, size_t *body_len)
{
    enum fetch_error e;

    *body = "";
    *body_len = 0;
    if (r->progress < PF_PROGRESS_BODY) { /* half a head is of no use to anybody */
        pf_response_fini(r);
        return FETCH_OK;
    }
    if (r->body_len > 0)
        pf_response_consumed(r);
    pf_buf_trim(r->decoder ? &r->decoded : &r->mem);
    e = pf_response_view(r, body, body_len);
    for (size_t i = 0; i < r->field_count; i++)
        seal_field(r, &r->field[i]);
    pf_decoder_free(r->decoder);
    r->decoder = NULL;
    return e;
}
