#include "body.h"

#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ask.h"
#include "coding.h"
#include "dialect.h"
#include "envelope.h"
#include "page.h"
#include "plan.h"
#include "text.h"
#include "writer.h"

/* Headers that concern the connection to the endpoint: no provider forwards those. */
static int is_hop_header(const char *name)
{
    static const char *const hop[] = {
        "Host",    "Connection",        "Keep-Alive", "Proxy-Connection", "TE",
        "Trailer", "Transfer-Encoding", "Upgrade",    "Content-Length",   "Accept-Encoding",
    };

    for (size_t i = 0; i < sizeof(hop) / sizeof(hop[0]); i++) {
        if (sandbox_text_is_anycase(sandbox_text_of(name), hop[i]))
            return 1;
    }
    return 0;
}

static void write_comment(struct sandbox_writer *writer, const char *what, const char *name,
                          const char *value)
{
    sandbox_write(writer, "<!-- ");
    sandbox_write(writer, what);
    sandbox_write_escaped(writer, name);
    sandbox_write(writer, ": ");
    sandbox_write_escaped(writer, value);
    sandbox_write(writer, " -->\n");
}

static void write_headers(struct sandbox_writer *writer, const struct sandbox_dialect *dialect,
                          const struct evkeyvalq *headers)
{
    const size_t prefix = dialect->header_prefix != NULL ? strlen(dialect->header_prefix) : 0;

    for (const struct evkeyval *h = headers->tqh_first; h != NULL; h = h->next.tqe_next) {
        if (prefix > 0 ? strncasecmp(h->key, dialect->header_prefix, prefix) == 0
                       : !is_hop_header(h->key))
            write_comment(writer, "header ", h->key + prefix, h->value);
    }
}

static void write_comments(struct sandbox_writer *writer, const struct sandbox_plan *plan,
                           const struct sandbox_ask *ask, const struct evkeyvalq *headers)
{
    if (ask->render != NULL)
        write_comment(writer, "", "render", ask->render);
    if (ask->session != NULL)
        write_comment(writer, "", "session", ask->session);
    if (ask->use_headers)
        write_headers(writer, plan->dialect, headers);
}

static int append_comments(struct sandbox_body *body, const struct sandbox_plan *plan,
                           const struct sandbox_ask *ask, const struct evkeyvalq *headers)
{
    struct sandbox_writer writer = {NULL, 0};

    write_comments(&writer, plan, ask, headers);
    if (writer.len == 0)
        return 0;
    writer.out = realloc(body->bytes, body->len + writer.len);
    if (writer.out == NULL)
        return -1;
    body->bytes = writer.out;
    writer.len = body->len;
    write_comments(&writer, plan, ask, headers);
    body->len = writer.len;
    return 0;
}

/* Each maker gives body->bytes; returns 0, or -1 where memory ran out. */
static int make_page(struct sandbox_body *body, const struct sandbox_plan *plan,
                     const struct sandbox_ask *ask, const struct evkeyvalq *headers)
{
    if (plan->binary) {
        body->type = "application/octet-stream";
        body->bytes = sandbox_page_binary(ask->url, plan->page_bytes, &body->len);
        return body->bytes != NULL ? 0 : -1;
    }
    body->bytes = sandbox_page(ask->url, plan->page_bytes, &body->len);
    return body->bytes != NULL ? append_comments(body, plan, ask, headers) : -1;
}

/* What the endpoint itself says. */
static int make_words(struct sandbox_body *body, const char *words)
{
    body->type = sandbox_words_type(words);
    body->len = strlen(words);
    body->bytes = strdup(words);
    return body->bytes != NULL ? 0 : -1;
}

static int make_status_page(struct sandbox_body *body, const struct sandbox_plan *plan,
                            const struct sandbox_ask *ask)
{
    body->bytes = plan->target == 404 ? sandbox_page_not_found(ask->url, &body->len)
                                      : sandbox_page_failed(ask->url, &body->len);
    return body->bytes != NULL ? 0 : -1;
}

static int make_plain(struct sandbox_body *body, const struct sandbox_plan *plan,
                      const struct sandbox_ask *ask, const struct evkeyvalq *headers)
{
    body->type = "text/html; charset=utf-8";
    if (plan->saying != NULL && plan->saying->body != NULL)
        return make_words(body, plan->saying->body);
    switch (plan->answer) {
    case SANDBOX_ANSWER_OK:
    case SANDBOX_ANSWER_CUT:
        return make_page(body, plan, ask, headers);
    case SANDBOX_ANSWER_CAPTCHA:
        body->bytes = sandbox_page_captcha(ask->url, &body->len);
        return body->bytes != NULL ? 0 : -1;
    case SANDBOX_ANSWER_NOT_FOUND:
    case SANDBOX_ANSWER_TARGET:
        return make_status_page(body, plan, ask);
    case SANDBOX_ANSWER_STATUS:
        if (plan->status < 300)
            return make_page(body, plan, ask, headers);
        return make_words(body,
                          sandbox_dialect_saying(plan->dialect, sandbox_text_of("failed"))->body);
    case SANDBOX_ANSWER_ERROR:
    case SANDBOX_ANSWER_SAYING:
        return make_words(body, plan->saying != NULL
                                    ? sandbox_saying_words(plan->saying)
                                    : "{\"error\":\"The sandbox ran out of memory.\"}\n");
    case SANDBOX_ANSWER_EMPTY:
    case SANDBOX_ANSWER_DROP:
        break;
    }
    return 0;
}

static int encode(struct sandbox_body *body, enum sandbox_coding coding,
                  struct sandbox_coder *coder)
{
    size_t len;
    char *bytes = sandbox_coder_encode(coder, coding, body->bytes, body->len, &len);

    if (bytes == NULL)
        return -1;
    free(body->bytes);
    body->bytes = bytes;
    body->len = len;
    body->coding = sandbox_coding_name(coding);
    return 0;
}

const char *sandbox_words_type(const char *words)
{
    return words[0] == '{' ? "application/json" : "text/plain; charset=utf-8";
}

int sandbox_body_make(struct sandbox_body *body, const struct sandbox_plan *plan,
                      const struct sandbox_ask *ask, const struct evkeyvalq *headers,
                      struct sandbox_coder *coder)
{
    int failed;

    memset(body, 0, sizeof(*body));
    failed = make_plain(body, plan, ask, headers);
    if (failed == 0 && plan->target != 0)
        failed = sandbox_envelope_wrap(body, plan, ask);
    if (failed == 0 && body->len > 0 &&
        sandbox_coding_accepted(plan->coding, evhttp_find_header(headers, "Accept-Encoding")))
        failed = encode(body, plan->coding, coder);
    if (failed != 0) {
        free(body->bytes);
        memset(body, 0, sizeof(*body));
    }
    return failed;
}
