#include "ask.h"

#include <event2/http.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "dialect.h"
#include "query.h"
#include "spec.h"
#include "text.h"

#define ERROR_JSON(sentence) "{\"error\":\"" sentence "\"}\n"

#define BASIC_BYTES 256 /* of "key:" in base64: SANDBOX_KEY_MAX and more */

static int refuse(struct sandbox_refusal *refusal, enum sandbox_refusal_cause cause,
                  const char *body)
{
    refusal->cause = cause;
    refusal->body = body;
    return -1;
}

/* http or https in any case, a host, and no byte that a URL cannot have. */
static int is_target(const char *url, size_t len)
{
    struct sandbox_text rest = {url, len};
    struct sandbox_text scheme = sandbox_text_take(&rest, ':');

    if (!sandbox_text_is_anycase(scheme, "http") && !sandbox_text_is_anycase(scheme, "https"))
        return 0;
    if (!sandbox_text_skip(&rest, "//") || rest.len == 0 || strchr("/?#", rest.at[0]) != NULL)
        return 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)url[i];

        if (c <= 0x20 || c == 0x7f)
            return 0;
    }
    return 1;
}

/* What a call holds before anything of it is judged. */
struct collected {
    const char *key;
    char key_memory[BASIC_BYTES];
    const char *url;
    size_t url_len;
    int urls;
    int malformed;
};

static int is_key(const struct sandbox_dialect *dialect, const char *name)
{
    for (size_t i = 0; i < sizeof(dialect->keys) / sizeof(dialect->keys[0]); i++) {
        if (dialect->keys[i] != NULL && strcmp(name, dialect->keys[i]) == 0)
            return 1;
    }
    return 0;
}

static int is_name(const char *name, const char *wanted)
{
    return wanted != NULL && strcmp(name, wanted) == 0;
}

static void collect_query(struct collected *collected, struct sandbox_ask *ask,
                          const struct sandbox_dialect *dialect, char *rest)
{
    struct sandbox_param param;
    int got;

    while ((got = sandbox_query_next(&rest, &param)) != 0) {
        if (got < 0) {
            collected->malformed = 1;
        } else if (is_key(dialect, param.name)) {
            collected->key = param.value;
        } else if (strcmp(param.name, dialect->target) == 0) {
            collected->url = param.value;
            collected->url_len = param.value_len;
            collected->urls++;
        } else if (is_name(param.name, dialect->render)) {
            ask->render = param.value;
        } else if (is_name(param.name, dialect->session)) {
            ask->session = param.value;
        } else if (is_name(param.name, dialect->headers_on)) {
            ask->use_headers = strcmp(param.value, "true") == 0 || strcmp(param.value, "1") == 0;
        }
    }
}

/* The key of "Basic ...", which is the user; an empty string where it does not decode. */
static void collect_basic(struct collected *collected, const char *field)
{
    struct sandbox_text rest = sandbox_text_of(field), user;
    unsigned char bytes[BASIC_BYTES];
    int len;

    collected->key = collected->key_memory;
    if (!sandbox_text_skip(&rest, "Basic ") || rest.len >= sizeof(bytes))
        return;
    len = EVP_DecodeBlock(bytes, (const unsigned char *)rest.at, (int)rest.len);
    if (len < 0)
        return;
    user = (struct sandbox_text){(const char *)bytes, (size_t)len};
    user = sandbox_text_take(&user, ':');
    memcpy(collected->key_memory, user.at, user.len);
}

static void collect_headers(struct collected *collected, const struct sandbox_dialect *dialect,
                            const struct evkeyvalq *headers)
{
    const char *scheme = dialect->key_scheme != NULL ? dialect->key_scheme : "";
    const char *field;

    if (dialect->key_place == SANDBOX_KEY_BASIC) {
        field = evhttp_find_header(headers, "Authorization");
        if (field != NULL)
            collect_basic(collected, field);
        return;
    }
    if (dialect->key_place == SANDBOX_KEY_HEADER)
        field = evhttp_find_header(headers, dialect->keys[0]);
    else
        field =
            dialect->key_header != NULL ? evhttp_find_header(headers, dialect->key_header) : NULL;
    if (field != NULL && strncmp(field, scheme, strlen(scheme)) == 0)
        collected->key = field + strlen(scheme);
}

/* The target goes into ask->memory.  Returns 0, or -1 where memory ran out. */
static int collect_json(struct collected *collected, struct sandbox_ask *ask,
                        const struct sandbox_dialect *dialect,
                        const struct sandbox_request *request)
{
    json_t *root =
        json_loadb(request->body != NULL ? request->body : "", request->body_len, 0, NULL);
    json_t *url = json_object_get(root, dialect->target);
    int failed = 0;

    collected->malformed = root == NULL;
    if (json_is_string(url)) {
        free(ask->memory);
        ask->memory = strdup(json_string_value(url));
        failed = ask->memory == NULL;
        collected->url = ask->memory;
        collected->url_len = json_string_length(url);
        collected->urls = 1;
    }
    if (json_is_true(json_object_get(root, dialect->render)))
        ask->render = "true";
    json_decref(root);
    return failed ? -1 : 0;
}

static int judge(const struct collected *collected, const char *key,
                 struct sandbox_refusal *refusal)
{
    if (collected->key == NULL)
        return refuse(refusal, SANDBOX_REFUSED_KEY, ERROR_JSON("No API key is given."));
    if (strcmp(collected->key, key) != 0)
        return refuse(refusal, SANDBOX_REFUSED_KEY,
                      ERROR_JSON("The API key is invalid or expired."));
    if (collected->malformed)
        return refuse(refusal, SANDBOX_REFUSED_REQUEST,
                      ERROR_JSON("The query is not percent-encoded well, or no JSON is posted."));
    if (collected->urls == 0)
        return refuse(refusal, SANDBOX_REFUSED_REQUEST, ERROR_JSON("The target is missing."));
    if (collected->urls > 1)
        return refuse(refusal, SANDBOX_REFUSED_REQUEST,
                      ERROR_JSON("The target is given more than once."));
    if (!is_target(collected->url, collected->url_len))
        return refuse(refusal, SANDBOX_REFUSED_REQUEST,
                      ERROR_JSON("The target is not an absolute http or https URL."));
    return 0;
}

int sandbox_ask_read(struct sandbox_ask *ask, const struct sandbox_dialect *dialect,
                     const struct sandbox_request *request, const char *key,
                     struct sandbox_refusal *refusal)
{
    struct collected collected = {0};
    int no_memory;

    memset(ask, 0, sizeof(*ask));
    ask->use_headers = dialect->headers_on == NULL && dialect->header_prefix != NULL;
    ask->memory = strdup(request->query != NULL ? request->query : "");
    no_memory = ask->memory == NULL;
    if (!no_memory && dialect->posts_json)
        no_memory = collect_json(&collected, ask, dialect, request) != 0;
    else if (!no_memory)
        collect_query(&collected, ask, dialect, ask->memory);
    if (no_memory) {
        sandbox_ask_fini(ask);
        return refuse(refusal, SANDBOX_REFUSED_MEMORY,
                      ERROR_JSON("The sandbox ran out of memory."));
    }
    if (request->headers != NULL)
        collect_headers(&collected, dialect, request->headers);
    if (judge(&collected, key, refusal) != 0) {
        sandbox_ask_fini(ask);
        return -1;
    }
    ask->url = collected.url;
    return 0;
}

void sandbox_ask_fini(struct sandbox_ask *ask)
{
    free(ask->memory);
    memset(ask, 0, sizeof(*ask));
}
