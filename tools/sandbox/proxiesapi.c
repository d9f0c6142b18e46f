#include "proxiesapi.h"

#include <stdlib.h>
#include <string.h>

#include "query.h"
#include "text.h"

#define ERROR_JSON(sentence) "{\"error\":\"" sentence "\"}\n"

static int refuse(struct sandbox_refusal *refusal, int status, const char *body)
{
    refusal->status = status;
    refusal->body = body;
    return -1;
}

/* http or https in any case, a host, and no byte that a URL cannot have. */
static int is_target(const struct sandbox_param *param)
{
    const char *url = param->value;
    struct sandbox_text rest = {url, param->value_len};
    struct sandbox_text scheme = sandbox_text_take(&rest, ':');

    if (!sandbox_text_is_anycase(scheme, "http") && !sandbox_text_is_anycase(scheme, "https"))
        return 0;
    if (!sandbox_text_skip(&rest, "//") || rest.len == 0 || strchr("/?#", rest.at[0]) != NULL)
        return 0;
    for (size_t i = 0; i < param->value_len; i++) {
        unsigned char c = (unsigned char)url[i];

        if (c <= 0x20 || c == 0x7f)
            return 0;
    }
    return 1;
}

/* What a query holds before anything of it is judged. */
struct collected {
    const char *key;
    struct sandbox_param url;
    int urls;
    int malformed;
};

static void collect(struct collected *collected, struct sandbox_ask *ask, char *rest)
{
    struct sandbox_param param;
    int got;

    while ((got = sandbox_query_next(&rest, &param)) != 0) {
        if (got < 0) {
            collected->malformed = 1;
        } else if (strcmp(param.name, "auth_key") == 0 || strcmp(param.name, "key") == 0) {
            collected->key = param.value;
        } else if (strcmp(param.name, "url") == 0) {
            collected->url = param;
            collected->urls++;
        } else if (strcmp(param.name, "render") == 0) {
            ask->render = param.value;
        } else if (strcmp(param.name, "session") == 0) {
            ask->session = param.value;
        } else if (strcmp(param.name, "use_headers") == 0) {
            ask->use_headers = strcmp(param.value, "true") == 0;
        }
    }
}

static int judge(const struct collected *collected, const char *key,
                 struct sandbox_refusal *refusal)
{
    if (collected->key == NULL)
        return refuse(refusal, 401, ERROR_JSON("No API key: send it as auth_key or key."));
    if (strcmp(collected->key, key) != 0)
        return refuse(refusal, 401, ERROR_JSON("The API key is invalid or expired."));
    if (collected->malformed)
        return refuse(refusal, 400, ERROR_JSON("The query is not percent-encoded well."));
    if (collected->urls == 0)
        return refuse(refusal, 400, ERROR_JSON("The parameter url is missing."));
    if (collected->urls > 1)
        return refuse(refusal, 400, ERROR_JSON("The parameter url is given more than once."));
    if (!is_target(&collected->url))
        return refuse(refusal, 400, ERROR_JSON("url is not an absolute http or https URL."));
    return 0;
}

int sandbox_proxiesapi_read(struct sandbox_ask *ask, const char *query, const char *key,
                            struct sandbox_refusal *refusal)
{
    struct collected collected = {0};

    memset(ask, 0, sizeof(*ask));
    ask->memory = strdup(query != NULL ? query : "");
    if (ask->memory == NULL)
        return refuse(refusal, 500, ERROR_JSON("The sandbox ran out of memory."));
    collect(&collected, ask, ask->memory);
    if (judge(&collected, key, refusal) != 0) {
        sandbox_ask_fini(ask);
        return -1;
    }
    ask->url = collected.url.value;
    return 0;
}

void sandbox_ask_fini(struct sandbox_ask *ask)
{
    free(ask->memory);
    memset(ask, 0, sizeof(*ask));
}

const char *sandbox_proxiesapi_throttled(void)
{
    return ERROR_JSON("Too many calls at once for this plan.");
}

const char *sandbox_proxiesapi_failed(void)
{
    return ERROR_JSON("The page could not be fetched.");
}
