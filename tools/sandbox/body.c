#include "body.h"

#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdlib.h>
#include <string.h>

#include "coding.h"
#include "page.h"
#include "plan.h"
#include "proxiesapi.h"
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

static void write_comments(struct sandbox_writer *writer, const struct sandbox_ask *ask,
                           const struct evkeyvalq *headers)
{
    if (ask->render != NULL)
        write_comment(writer, "", "render", ask->render);
    if (ask->session != NULL)
        write_comment(writer, "", "session", ask->session);
    if (!ask->use_headers)
        return;
    for (const struct evkeyval *h = headers->tqh_first; h != NULL; h = h->next.tqe_next) {
        if (!is_hop_header(h->key))
            write_comment(writer, "header ", h->key, h->value);
    }
}

static int append_comments(struct sandbox_body *body, const struct sandbox_ask *ask,
                           const struct evkeyvalq *headers)
{
    struct sandbox_writer writer = {NULL, 0};

    write_comments(&writer, ask, headers);
    if (writer.len == 0)
        return 0;
    writer.out = realloc(body->bytes, body->len + writer.len);
    if (writer.out == NULL)
        return -1;
    body->bytes = writer.out;
    writer.len = body->len;
    write_comments(&writer, ask, headers);
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
    return body->bytes != NULL ? append_comments(body, ask, headers) : -1;
}

static int make_error(struct sandbox_body *body)
{
    body->type = "application/json";
    body->len = strlen(sandbox_proxiesapi_failed());
    body->bytes = strdup(sandbox_proxiesapi_failed());
    return body->bytes != NULL ? 0 : -1;
}

static int make_plain(struct sandbox_body *body, const struct sandbox_plan *plan,
                      const struct sandbox_ask *ask, const struct evkeyvalq *headers)
{
    body->type = "text/html; charset=utf-8";
    switch (plan->answer) {
    case SANDBOX_ANSWER_OK:
    case SANDBOX_ANSWER_CUT:
        return make_page(body, plan, ask, headers);
    case SANDBOX_ANSWER_CAPTCHA:
        body->bytes = sandbox_page_captcha(ask->url, &body->len);
        return body->bytes != NULL ? 0 : -1;
    case SANDBOX_ANSWER_NOT_FOUND:
        body->bytes = sandbox_page_not_found(ask->url, &body->len);
        return body->bytes != NULL ? 0 : -1;
    case SANDBOX_ANSWER_ERROR:
        return make_error(body);
    case SANDBOX_ANSWER_STATUS:
        return plan->status < 300 ? make_page(body, plan, ask, headers) : make_error(body);
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

int sandbox_body_make(struct sandbox_body *body, const struct sandbox_plan *plan,
                      const struct sandbox_ask *ask, const struct evkeyvalq *headers,
                      struct sandbox_coder *coder)
{
    int failed;

    memset(body, 0, sizeof(*body));
    failed = make_plain(body, plan, ask, headers);
    if (failed == 0 && body->len > 0 &&
        sandbox_coding_accepted(plan->coding, evhttp_find_header(headers, "Accept-Encoding")))
        failed = encode(body, plan->coding, coder);
    if (failed != 0) {
        free(body->bytes);
        memset(body, 0, sizeof(*body));
    }
    return failed;
}
