/*
 * Runs the library over a file of raw HTTP replies and says where it differs from what is
 * expected of a plain GET.
 *
 *   conform PORT CASES.jsonl PROFILE [HOW]
 *
 * A replay server listens on PORT of the loopback and sends a case's bytes for a target that
 * holds case=NAME, in the manner HOW (byte, split-7, …).  Each line of CASES.jsonl is an object
 * with name, outcome (ok, error, either), status, body_b64, needs, strict_ok_to_reject.
 * PROFILE is a file that says what each status means.
 * Ends with a line "N passed, N failed"; exit 0 if none failed.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <jansson.h>
#include <openssl/evp.h>

#include <pfetch/fetch.h>

struct run {
    struct fetch_client *plain, *small; /* small: max_body 2 */
    unsigned passed, failed, outstanding;
};

struct one {
    struct run *run;
    json_t *expected;
};

static bool has_need(json_t *expected, const char *need)
{
    json_t *needs = json_object_get(expected, "needs"), *value;
    size_t i;

    json_array_foreach(needs, i,
                       value) if (strcmp(json_string_value(value), need) == 0) return true;
    return false;
}

static bool body_is(const struct fetch_page *page, const char *b64)
{
    size_t n = strlen(b64);
    unsigned char *want = malloc(n + 1);
    int len = want ? EVP_DecodeBlock(want, (const unsigned char *)b64, (int)n) : -1;
    bool same;

    while (n > 0 && len > 0 && b64[n - 1] == '=') {
        n--;
        len--;
    }
    same = len >= 0 && (size_t)len == page->body_len && memcmp(want, page->body, (size_t)len) == 0;
    free(want);
    return same;
}

/* A whole answer came, whatever the profile makes of its status. */
static bool is_whole(const struct fetch_page *page)
{
    return page->error == FETCH_OK || page->error == FETCH_E_STATUS ||
           page->error == FETCH_E_REDIRECT || page->error == FETCH_E_EMPTY;
}

static const char *judge(json_t *expected, const struct fetch_page *page)
{
    const char *outcome = json_string_value(json_object_get(expected, "outcome"));
    json_t *body = json_object_get(expected, "body_b64");
    long long status = json_integer_value(json_object_get(expected, "status"));

    if (strcmp(outcome, "either") == 0)
        return NULL;
    if (strcmp(outcome, "error") == 0)
        return is_whole(page) ? "taken for whole" : NULL;
    if (!is_whole(page))
        return json_is_true(json_object_get(expected, "strict_ok_to_reject")) ? NULL : "rejected";
    if (status && page->api_status != status)
        return "another status";
    if (json_is_string(body) && !body_is(page, json_string_value(body)))
        return "another body";
    return NULL;
}

static void on_page(struct fetch_page *page, void *arg)
{
    struct one *one = page->user;
    struct run *run = arg;
    const char *fault = judge(one->expected, page);

    if (fault) {
        run->failed++;
        printf("%s: %s: status %d, %zu bytes, %s\n",
               json_string_value(json_object_get(one->expected, "name")), fault, page->api_status,
               page->body_len, page->message ? page->message : "ok");
    } else {
        run->passed++;
    }
    json_decref(one->expected);
    free(one);
    fetch_page_free(page);
    if (--run->outstanding == 0) {
        fetch_client_free(run->plain);
        fetch_client_free(run->small);
    }
}

static bool submit(struct run *run, json_t *expected, const char *how)
{
    struct fetch_target target = FETCH_TARGET_INIT;
    struct one *one = malloc(sizeof *one);
    struct fetch_client *client = has_need(expected, "max-filesize=2") ? run->small : run->plain;
    char url[256];

    if (!one)
        return false;
    one->run = run;
    one->expected = expected;
    snprintf(url, sizeof url, "https://example.com/?case=%s%s%s",
             json_string_value(json_object_get(expected, "name")), *how ? "&how=" : "", how);
    target.url = url;
    target.user = one;
    run->outstanding++;
    return fetch_client_submit(client, &target, on_page, run, NULL) == FETCH_OK;
}

static struct fetch_client *client_for(struct event_base *base, char **argv, size_t max_body)
{
    struct fetch_options options = FETCH_OPTIONS_INIT;
    struct fetch_client *client;
    struct fetch_failure failure;
    char endpoint[64];

    snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%s/get", argv[1]);
    options.profile_file = argv[3];
    options.endpoint = endpoint;
    options.key = "demo";
    options.retries = 0;
    options.redirects = 0;
    options.concurrency = 8;
    options.timeout_ms = 20000;
    options.max_body = max_body;
    if (fetch_client_new(&client, base, &options, &failure) != FETCH_OK) {
        fprintf(stderr, "conform: %s\n", failure.message);
        exit(2);
    }
    return client;
}

int main(int argc, char **argv)
{
    const char *how = argc > 4 ? argv[4] : "";
    struct event_base *base = event_base_new();
    struct run run = {0};
    json_t *expected;
    FILE *cases;

    if (argc < 4 || !base || !(cases = fopen(argv[2], "r"))) {
        fprintf(stderr, "usage: conform PORT CASES.jsonl PROFILE [HOW]\n");
        return 2;
    }
    run.plain = client_for(base, argv, 0);
    run.small = client_for(base, argv, 2);
    while ((expected = json_loadf(cases, JSON_DISABLE_EOF_CHECK, NULL)))
        if (!submit(&run, expected, how))
            return 2;
    fclose(cases);
    event_base_dispatch(base);
    event_base_free(base);
    printf("%u passed, %u failed\n", run.passed, run.failed);
    return run.failed ? 1 : 0;
}
