/*
 * llhttp in its strict mode does the parsing; what it leaves to its user is done here:
 * versions, transfer codings other than chunked, statuses that have no body, the number and size of
 * heads.  The bytes stand in the response's memory while llhttp looks at them, so its spans are
 * noted as offsets and nothing is copied.
 *
 * The parser is paused at each message's end.  Whatever follows a final answer was not
 * asked for, and the connection is not used again (RFC 9112 section 9.2).
 */
#include "protocol/h1.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "protocol/decode.h"

/* ------------------------------------------------------------ requests -- */

static char *put(char *to, const char *s, size_t n)
{
    memcpy(to, s, n);
    return to + n;
}

static size_t print_length(char text[48], const struct pf_request *request)
{
    if (!pf_request_tells_length(request))
        return 0;
    return (size_t)snprintf(text, 48, "content-length: %zu\r\n", request->body_len);
}

enum fetch_error pf_h1_write(struct pf_buf *out, const struct pf_request *request)
{
    static const char version[] = " HTTP/1.1\r\nhost: ";
    char length[48];
    size_t method_len = strlen(request->method), length_len = print_length(length, request);
    size_t n = method_len + 1 + request->path_len + sizeof version + request->authority_len + 4 +
               length_len + request->body_len;
    enum fetch_error e;
    char *to;

    for (size_t i = 0; i < request->field_count; i++)
        n += request->field[i].name_len + request->field[i].value_len + 4;
    e = pf_buf_reserve(out, n);
    if (e != FETCH_OK)
        return e;
    to = out->data + out->len;
    to = put(to, request->method, method_len);
    *to++ = ' ';
    to = put(to, request->path, request->path_len);
    to = put(to, version, sizeof version - 1);
    to = put(to, request->authority, request->authority_len);
    to = put(to, "\r\n", 2);
    for (size_t i = 0; i < request->field_count; i++) {
        const struct pf_field *f = &request->field[i];

        to = put(to, f->name, f->name_len);
        to = put(to, ": ", 2);
        to = put(to, f->value, f->value_len);
        to = put(to, "\r\n", 2);
    }
    to = put(to, length, length_len);
    to = put(to, "\r\n", 2);
    if (request->body_len > 0)
        to = put(to, request->body, request->body_len);
    out->len = (size_t)(to - out->data);
    return FETCH_OK;
}

/* ------------------------------------------------------------- answers -- */

static struct pf_h1 *self(llhttp_t *parser)
{
    return parser->data;
}

static int fail(struct pf_h1 *h1, enum fetch_error error, const char *detail)
{
    h1->error = error;
    if (detail)
        h1->response->detail = detail;
    return HPE_USER;
}

static bool in_head(const struct pf_h1 *h1)
{
    return h1->response->progress < PF_PROGRESS_BODY; /* trailers come later and are dropped */
}

static size_t offset_of(const struct pf_h1 *h1, const char *at)
{
    return (size_t)(at - h1->response->mem.data);
}

static int on_field(llhttp_t *parser, const char *at, size_t n)
{
    struct pf_h1 *h1 = self(parser);

    if (!in_head(h1))
        return 0;
    if (h1->name_len == 0)
        h1->name_at = offset_of(h1, at);
    h1->name_len = offset_of(h1, at) + n - h1->name_at;
    h1->value_at = h1->name_at + h1->name_len; /* where an empty value is taken to be */
    h1->value_len = 0;
    return 0;
}

static int on_value(llhttp_t *parser, const char *at, size_t n)
{
    struct pf_h1 *h1 = self(parser);

    if (!in_head(h1) || n == 0)
        return 0;
    if (h1->value_len == 0)
        h1->value_at = offset_of(h1, at);
    else if (offset_of(h1, at) != h1->value_at + h1->value_len)
        h1->response->folded = true; /* what lies between stays in the value until it is sealed */
    h1->value_len = offset_of(h1, at) + n - h1->value_at;
    return 0;
}

/* llhttp 8 lets names with spaces in or behind them pass, and a CR alone at a line's end. */
static bool name_is_fine(const struct pf_h1 *h1)
{
    const char *name = h1->response->mem.data + h1->name_at;

    return h1->name_len > 0 && h1->name_at > 0 && name[-1] == '\n' &&
           !memchr(name, ' ', h1->name_len);
}

static int on_value_complete(llhttp_t *parser)
{
    struct pf_h1 *h1 = self(parser);
    enum fetch_error e;

    if (!in_head(h1))
        return 0;
    if (!name_is_fine(h1))
        return fail(h1, FETCH_E_PROTOCOL, "it has a header field without a proper name");
    if (h1->value_len == 0)
        h1->value_at = h1->name_at + h1->name_len;
    e = pf_response_add_field(h1->response, h1->name_at, h1->name_len, h1->value_at, h1->value_len);
    h1->name_len = h1->value_len = 0;
    return e == FETCH_OK ? 0 : fail(h1, e, NULL);
}

/*
 * No transfer coding was asked for, so chunked is the only one that may come, and last
 * (RFC 9112 sections 6.1 and 7.4).  Said twice, or after RFC 2616's "identity", it still means itself.
 */
static bool codings_are_fine(const struct pf_h1 *h1)
{
    size_t n, token_len, cursor = 0;
    const char *value, *token;

    if (!(h1->parser.flags & F_TRANSFER_ENCODING))
        return true;
    while ((value = pf_response_next(h1->response, "transfer-encoding", &cursor, &n)))
        for (const char *at = value; pf_text_next_token(&at, value + n, &token, &token_len);)
            if (!pf_text_eq_nocase(token, token_len, "chunked", 7) &&
                !pf_text_eq_nocase(token, token_len, "identity", 8))
                return false;
    return (h1->parser.flags & F_CHUNKED) != 0;
}

/* Two places at once: nobody can say where to go (Location is no list, RFC 9110 10.2.2). */
static bool locations_agree(const struct pf_response *r)
{
    size_t n, m, cursor = 0;
    const char *first = pf_response_next(r, "location", &cursor, &n), *next;

    while (first && (next = pf_response_next(r, "location", &cursor, &m)))
        if (m != n || memcmp(first, next, n) != 0)
            return false;
    return true;
}

static int on_headers_complete(llhttp_t *parser)
{
    struct pf_h1 *h1 = self(parser);
    int status = parser->status_code;
    uint64_t length = PF_LENGTH_UNKNOWN;
    bool no_body = status == 204 || status == 304; /* RFC 9112 6.3 */
    enum fetch_error e;

    if (parser->http_major != 1 || parser->http_minor > 1)
        return fail(h1, FETCH_E_PROTOCOL, "it speaks another version than HTTP/1.0 or 1.1");
    if (status < 100)
        return fail(h1, FETCH_E_PROTOCOL, "its status is below 100");
    if (status == 101)
        return fail(h1, FETCH_E_PROTOCOL, "it switches to a protocol that was not asked for");
    if (status < 200)
        return 1; /* it ends with its head, whatever it says of a body (RFC 9112 section 6.3) */
    if (!codings_are_fine(h1))
        return fail(h1, FETCH_E_PROTOCOL, "it has a transfer coding that was not asked for");
    if (status / 100 == 3 && !locations_agree(h1->response))
        return fail(h1, FETCH_E_PROTOCOL, "it redirects to several places");
    if (no_body)
        length = 0;
    else if (parser->flags & F_CHUNKED)
        length = PF_LENGTH_UNKNOWN;
    else if (parser->flags & F_CONTENT_LENGTH)
        length = parser->content_length;
    if ((parser->flags & F_CONTENT_LENGTH) && parser->content_length == PF_LENGTH_UNKNOWN)
        return fail(h1, FETCH_E_TOO_LARGE, "its content length is beyond all bounds");
    h1->response->protocol = "http/1.1";
    /* llhttp does not tell where the head ends: 0 until the first body bytes, or the end of these. */
    e = pf_response_head_end(h1->response, status, 0, length);
    if (e != FETCH_OK)
        return fail(h1, e, NULL);
    return no_body ? 1 : 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t n)
{
    struct pf_h1 *h1 = self(parser);
    struct pf_response *r = h1->response;
    enum fetch_error e;

    if (r->body_at == 0)
        r->body_at = offset_of(h1, at);
    h1->body_bytes += n;
    e = pf_response_body(r, at, n);
    return e == FETCH_OK ? 0 : fail(h1, e, NULL);
}

static int on_message_complete(llhttp_t *parser)
{
    struct pf_h1 *h1 = self(parser);

    /* RFC 9112 section 6.1: who speaks 1.0 cannot be trusted with chunks and another answer. */
    h1->keep_alive = llhttp_should_keep_alive(parser) &&
                     !(parser->http_minor == 0 && (parser->flags & F_TRANSFER_ENCODING));
    return HPE_PAUSED;
}

static const llhttp_settings_t *settings(void)
{
    static const llhttp_settings_t s = {
        .on_header_field = on_field,
        .on_header_value = on_value,
        .on_header_value_complete = on_value_complete,
        .on_headers_complete = on_headers_complete,
        .on_body = on_body,
        .on_message_complete = on_message_complete,
    };

    return &s;
}

static void start_parser(struct pf_h1 *h1)
{
    /* llhttp only reads its settings, whatever its prototype says. */
    llhttp_init(&h1->parser, HTTP_RESPONSE, (llhttp_settings_t *)(uintptr_t)settings());
    h1->parser.data = h1;
    h1->name_len = h1->value_len = 0;
}

void pf_h1_begin(struct pf_h1 *h1, struct pf_response *response)
{
    h1->response = response;
    h1->error = FETCH_OK;
    h1->keep_alive = false;
    h1->interim = 0;
    h1->bytes = h1->body_bytes = 0;
    start_parser(h1);
}

static enum pf_h1_step end_failed(struct pf_h1 *h1, enum fetch_error error)
{
    h1->error = error;
    h1->response = NULL;
    return PF_H1_FAILED;
}

/*
 * Heads, interim heads, trailers, chunk sizes and their extensions: what is not body is bounded,
 * with leave for bodies that come in chunks of one byte.
 */
static bool framing_is_too_large(struct pf_h1 *h1, size_t left_over)
{
    if (h1->bytes - h1->body_bytes - left_over <= PF_MAX_HEAD + 16 * h1->body_bytes)
        return false;
    h1->response->detail = "its head or its framing is larger than 96 KiB";
    return true;
}

static void settle(struct pf_response *r)
{
    if (r->progress >= PF_PROGRESS_BODY && r->body_at == 0)
        r->body_at = r->mem.len;
    pf_response_consumed(r);
}

static enum pf_h1_step end_message(struct pf_h1 *h1, size_t left_over)
{
    struct pf_response *r = h1->response;
    enum fetch_error e = pf_response_end(r);

    settle(r);
    if (e == FETCH_OK && framing_is_too_large(h1, left_over))
        e = FETCH_E_TOO_LARGE;
    if (e != FETCH_OK)
        return end_failed(h1, e);
    if (left_over > 0)
        h1->keep_alive = false;
    h1->response = NULL;
    return PF_H1_DONE;
}

static enum pf_h1_step end_execute(struct pf_h1 *h1)
{
    if (framing_is_too_large(h1, 0))
        return end_failed(h1, FETCH_E_TOO_LARGE);
    settle(h1->response);
    return PF_H1_MORE;
}

enum pf_h1_step pf_h1_receive(struct pf_h1 *h1, size_t n)
{
    struct pf_response *r = h1->response;
    const char *at = r->mem.data + r->mem.len, *end = at + n;

    if (r->progress == PF_PROGRESS_NONE)
        r->progress = PF_PROGRESS_HEAD;
    r->mem.len += n;
    h1->bytes += n;
    for (;;) {
        llhttp_errno_t e = llhttp_execute(&h1->parser, at, (size_t)(end - at));

        if (e == HPE_OK)
            break;
        if (h1->error != FETCH_OK)
            return end_failed(h1, h1->error);
        if (e != HPE_PAUSED) {
            r->detail = llhttp_get_error_reason(&h1->parser);
            return end_failed(h1, FETCH_E_PROTOCOL);
        }
        at = llhttp_get_error_pos(&h1->parser);
        if (r->progress >= PF_PROGRESS_BODY)
            return end_message(h1, (size_t)(end - at));
        if (++h1->interim > PF_MAX_INTERIM) {
            r->detail = "it has more than 16 interim answers";
            return end_failed(h1, FETCH_E_PROTOCOL);
        }
        pf_response_drop_fields(r);
        start_parser(h1);
    }
    return end_execute(h1);
}

enum pf_h1_step pf_h1_eof(struct pf_h1 *h1, bool clean)
{
    struct pf_response *r = h1->response;

    if (r->progress == PF_PROGRESS_NONE)
        return end_failed(h1, FETCH_E_LOST);
    if (r->progress == PF_PROGRESS_HEAD) {
        r->detail = "it ended within the head";
        return end_failed(h1, FETCH_E_TRUNCATED);
    }
    /* Only a body that is delimited by the close may end with it (RFC 9112 6.3, 8). */
    if (llhttp_finish(&h1->parser) != HPE_PAUSED || !clean) {
        r->detail = clean ? "the connection ended before the body did"
                          : "the connection broke off within the body";
        return end_failed(h1, FETCH_E_TRUNCATED);
    }
    h1->keep_alive = false;
    return end_message(h1, 0);
}
