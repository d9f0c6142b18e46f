/*
 * Any bytes as an answer of each provider: the values of the header fields that its profile reads,
 * and a body, which is either as it comes or an envelope with them in its members.  What is made of
 * it is held to its promises: a verdict that fits together, and a page whose parts are sound.
 *
 * Input: the profile, the status, the fields that are there and their values, a line each; the rest
 * is the body, or of an envelope that is put together which of its members are strings, and their
 * values, a line each.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "endpoint/verdict.h"
#include "protocol/h1.h"

#define MAX_BODY ((size_t)1 << 12)
#define MEMBERS 6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *at;
    size_t left;
};

static void check(bool holds)
{
    if (!holds)
        abort();
}

static unsigned take_byte(struct input *in)
{
    if (in->left == 0)
        return 0;
    in->left--;
    return *in->at++;
}

static unsigned take_number(struct input *in)
{
    unsigned low = take_byte(in);

    return low | take_byte(in) << 8;
}

/* Up to the line's end, which is passed over. */
static const char *take_line(struct input *in, int *n)
{
    const uint8_t *line = in->at, *end = memchr(line, '\n', in->left);
    size_t length = end ? (size_t)(end - line) : in->left;

    in->at += length + (end != NULL);
    in->left -= length + (end != NULL);
    *n = length < 200 ? (int)length : 200;
    return (const char *)line;
}

/* ---------------------------------------------------------------- answers -- */

static void add_fields(struct pf_buf *out, const struct pf_profile *p, struct input *in)
{
    const struct pf_names *const names[] = {
        &p->target_status, &p->crawl_status, &p->final_url, &p->cost, &p->credits_left,
        &p->limit,         &p->in_use,       &p->remaining, &p->code, &p->retryable};
    unsigned there = take_number(in);

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i]->name[0] && (there >> i & 1)) {
            int n;
            const char *value = take_line(in, &n);

            check(pf_buf_printf(out, "%s: ", names[i]->name[0]) == FETCH_OK &&
                  pf_buf_append(out, value, (size_t)n) == FETCH_OK &&
                  pf_buf_append(out, "\r\n", 2) == FETCH_OK);
        }
}

/* A member with a value as it comes or, where it is `quoted`, as a string or around one. */
static void add_member(struct pf_buf *out, const char *name, struct input *in, bool quoted)
{
    bool headers = strstr(name, "eaders") != NULL, list = headers && *name == 'h';
    const char *before = !quoted ? "" : list ? "[{\"name\":\"a\",\"value\":\"" : "\"";
    const char *after = !quoted ? "" : list ? "\"}]" : "\"";
    int n;
    const char *value = take_line(in, &n);

    if (quoted && headers && !list) {
        before = "{\"a\":[\"";
        after = "\",1],\"b\":\"c\"}";
    }
    if (n == 0)
        return;
    check(pf_buf_printf(out, "\"%s\":%s", name, before) == FETCH_OK &&
          pf_buf_append(out, value, (size_t)n) == FETCH_OK &&
          pf_buf_printf(out, "%s,", after) == FETCH_OK);
}

/* The profile's own kind of envelope. */
static void add_envelope(struct pf_buf *out, const struct pf_profile *p, struct input *in)
{
    static const char *const members[][MEMBERS] = {
        {"statusCode", "httpResponseBody", "browserHtml", "url", "httpResponseHeaders", "type"},
        {"status_code", "content", "format", "url", "response_headers", "error"}};
    bool nested = strchr(p->envelope.body[0], '.') != NULL;
    unsigned quoted = take_byte(in);

    check(pf_buf_append_str(out, nested ? "{\"result\":{" : "{") == FETCH_OK);
    for (unsigned i = 0; i < MEMBERS; i++)
        add_member(out, members[nested][i], in, quoted >> i & 1);
    check(pf_buf_append_str(out, nested ? "\"a\":0}}" : "\"a\":0}") == FETCH_OK);
}

static void add_body(struct pf_buf *out, const struct pf_profile *p, struct input *in,
                     unsigned form)
{
    if (p->envelope.body[0] && form % 4 != 0)
        add_envelope(out, p, in);
    else
        check(pf_buf_append(out, (const char *)in->at, in->left) == FETCH_OK);
}

/* ---------------------------------------------------------------- promises -- */

static void check_unwrapped(const struct pf_unwrapped *u)
{
    check(u->body.len <= MAX_BODY);
    check(!u->present || !u->body.data || u->body.data[u->body.len] == '\0');
    check(u->header_count <= PF_MAX_FIELDS);
    check(u->status == 0 || (u->status >= 100 && u->status <= 999));
    check(!u->final_url || strlen(u->final_url) == u->final_url_len);
    check(memchr(u->code, '\0', sizeof u->code) != NULL);
    for (size_t i = 0; u->present && i < u->header_count; i++) {
        const struct fetch_header *h = &u->header[i];

        check(h->name_len > 0 && strlen(h->name) == h->name_len);
        check(strlen(h->value) == h->value_len && !strpbrk(h->value, "\r\n"));
        check(!strpbrk(h->name, "\r\n :"));
    }
}

static void check_verdict(const struct pf_verdict *v)
{
    check((v->outcome == FETCH_OUTCOME_OK) == (v->error == FETCH_OK));
    check(v->outcome < FETCH_OUTCOME_COUNT);
    check(v->outcome != FETCH_OUTCOME_OK || v->cause == PF_CAUSE_FINAL);
    check(!v->redirect || v->error == FETCH_E_REDIRECT);
    check(v->status == 0 || (v->status >= 100 && v->status <= 999));
    check(v->cost_micro >= -1 && v->credits_left_micro >= -1);
    check(v->cost_micro <= 0 || v->billed == FETCH_BILLED_YES);
    check(v->concurrency_limit >= -1 && v->concurrency_in_use >= -1);
    check(memchr(v->reason, '\0', sizeof v->reason) != NULL);
    for (const char *c = v->reason; *c; c++)
        check((unsigned char)*c >= 0x20 && *c != 0x7f);
}

static void judge(const struct pf_profile *p, const struct pf_bans *bans, const struct pf_buf *text)
{
    struct pf_response response;
    struct pf_unwrapped u;
    struct pf_verdict v;
    struct pf_h1 h1;
    size_t room;
    char *at;

    pf_response_init(&response, MAX_BODY, text->len + 1);
    pf_h1_begin(&h1, &response);
    check(pf_response_room(&response, &at, &room) == FETCH_OK);
    if (room >= text->len) {
        memcpy(at, text->data, text->len);
        if (pf_h1_receive(&h1, text->len) == PF_H1_DONE) {
            pf_unwrapped_init(&u, MAX_BODY);
            v = pf_verdict_of_answer(p, bans, &response, &u);
            check_verdict(&v);
            check_unwrapped(&u);
            check(v.error != FETCH_OK || u.present || !p->envelope.body[0] ||
                  response.status / 100 != 2);
            pf_unwrapped_fini(&u);
        }
    }
    pf_response_fini(&response);
}

/* ------------------------------------------------------------------ input -- */

static const struct pf_profile *profile_at(unsigned i)
{
    static struct pf_profile *profiles[256];
    const char *const *names = fetch_profile_names();
    struct fetch_failure failure;
    unsigned n = 0;

    while (names[n])
        n++;
    i %= n;
    if (!profiles[i])
        check(pf_profile_load(&profiles[i], names[i], NULL, &failure) == FETCH_OK);
    return profiles[i];
}

static const struct pf_bans *all_bans(void)
{
    static struct pf_bans *bans;
    struct fetch_options o = FETCH_OPTIONS_INIT;
    struct fetch_failure failure;

    o.ban_regex = "^no|bots$";
    if (!bans)
        check(pf_bans_new(&bans, &o, &failure) == FETCH_OK);
    return bans;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size < MAX_BODY ? size : MAX_BODY};
    const struct pf_profile *p = profile_at(take_byte(&in));
    unsigned status = 200 + take_number(&in) % 400, form = take_byte(&in);
    struct pf_buf head, body;

    pf_buf_init(&head, 4 * MAX_BODY);
    pf_buf_init(&body, 4 * MAX_BODY);
    check(pf_buf_printf(&head, "HTTP/1.1 %u X\r\n", status) == FETCH_OK);
    add_fields(&head, p, &in);
    add_body(&body, p, &in, form);
    check(pf_buf_printf(&head, "content-length: %zu\r\n\r\n", body.len) == FETCH_OK &&
          pf_buf_append(&head, body.data, body.len) == FETCH_OK);
    judge(p, form & 4 ? all_bans() : NULL, &head);
    pf_buf_fini(&head);
    pf_buf_fini(&body);
    return 0;
}
