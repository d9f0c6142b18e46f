#include "envelope.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "body.h"
#include "dialect.h"
#include "plan.h"

/* json_pack() takes NULL for an object as a failure of the whole, so no step is checked alone. */

static json_t *base64_of(const struct sandbox_body *body)
{
    char *text = malloc((body->len + 2) / 3 * 4 + 1);
    json_t *json = NULL;

    if (text != NULL) {
        EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)body->bytes, (int)body->len);
        json = json_string(text);
    }
    free(text);
    return json;
}

static json_t *text_of(const struct sandbox_body *body)
{
    return json_stringn_nocheck(body->bytes != NULL ? body->bytes : "", body->len);
}

static json_t *scrapfly_error(const struct sandbox_plan *plan)
{
    if (plan->target < 400)
        return json_null();
    /* Recorded: the header field says that it makes no sense to retry, and this that it does. */
    return json_pack("{s:s,s:s,s:b}", "code", "ERR::SCRAPE::BAD_UPSTREAM_RESPONSE", "message",
                     "The website you target respond with an unexpected status code", "retryable",
                     plan->target >= 500);
}

static json_t *wrap_scrapfly(const struct sandbox_body *body, const struct sandbox_plan *plan,
                             const struct sandbox_ask *ask)
{
    return json_pack("{s:{s:s},s:{s:o,s:s,s:i,s:s,s:{s:s},s:o}}", "config", "url", ask->url,
                     "result", "content", plan->binary ? base64_of(body) : text_of(body), "format",
                     plan->binary ? "binary" : "text", "status_code", plan->target, "url", ask->url,
                     "response_headers", "content-type", body->type, "error", scrapfly_error(plan));
}

static json_t *wrap_zyte(const struct sandbox_body *body, const struct sandbox_plan *plan,
                         const struct sandbox_ask *ask)
{
    if (ask->render != NULL)
        return json_pack("{s:s,s:i,s:o}", "url", ask->url, "statusCode", plan->target,
                         "browserHtml", text_of(body));
    return json_pack("{s:s,s:i,s:o,s:[{s:s,s:s}]}", "url", ask->url, "statusCode", plan->target,
                     "httpResponseBody", base64_of(body), "httpResponseHeaders", "name",
                     "content-type", "value", body->type);
}

int sandbox_envelope_wrap(struct sandbox_body *body, const struct sandbox_plan *plan,
                          const struct sandbox_ask *ask)
{
    json_t *json;
    char *text;

    switch (plan->dialect->wrapping) {
    case SANDBOX_WRAP_SCRAPFLY:
        json = wrap_scrapfly(body, plan, ask);
        break;
    case SANDBOX_WRAP_ZYTE:
        json = wrap_zyte(body, plan, ask);
        break;
    default:
        return 0;
    }
    text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    if (text == NULL)
        return -1;
    free(body->bytes);
    body->bytes = text;
    body->len = strlen(text);
    body->type = "application/json";
    return 0;
}
