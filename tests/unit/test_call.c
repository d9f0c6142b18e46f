/* A target becomes a call, a call becomes a page, and a page that is not ok says why. */
#include "unit/unit.h"

#include <stdio.h>
#include <time.h>

#include "engine/client.h"
#include "engine/sentence.h"

#define HEAD "HTTP/1.1 200 OK\r\nA: b\r\n\r\n"

static struct fetch_call *call_for(const char *url)
{
    struct fetch_target target = FETCH_TARGET_INIT;
    struct fetch_call *call;

    target.url = url;
    call = pf_call_new(&target);
    ck_assert_ptr_nonnull(call);
    return call;
}

START_TEST(targets_are_copied)
{
    char url[] = "https://example.com/", id[] = "a7", text[4][4] = {"p", "q", "x-h", "v"};
    struct fetch_pair param = {text[0], text[1]}, header = {text[2], text[3]};
    struct fetch_target target = FETCH_TARGET_INIT;
    const struct pf_extras *extras;
    struct fetch_call *call;

    target.url = url;
    target.id = id;
    target.user = &target;
    target.params = &param;
    target.param_count = 1;
    target.headers = &header;
    target.header_count = 1;
    call = pf_call_new(&target);
    ck_assert_ptr_nonnull(call);
    memset(url, '!', sizeof url - 1);
    memset(id, '!', sizeof id - 1);
    for (int i = 0; i < 4; i++)
        text[i][0] = '!';
    param = header = (struct fetch_pair){NULL, NULL};
    ck_assert_str_eq(call->page.url, "https://example.com/");
    ck_assert_uint_eq(call->url_len, 20);
    ck_assert_str_eq(call->page.id, "a7");
    ck_assert_ptr_eq(call->page.user, &target);
    extras = pf_call_extras(call);
    ck_assert_uint_eq(extras->param_count, 1);
    ck_assert_str_eq(extras->params[0].name, "p");
    ck_assert_str_eq(extras->params[0].value, "q");
    ck_assert_uint_eq(extras->header_count, 1);
    ck_assert_str_eq(extras->headers[0].name, "x-h");
    ck_assert_str_eq(extras->headers[0].value, "v");
    pf_call_free(call);
}
END_TEST

START_TEST(a_target_of_nothing_but_a_url)
{
    struct fetch_call *call = call_for("");

    ck_assert_str_eq(call->page.url, "");
    ck_assert_ptr_null(call->page.id);
    ck_assert_ptr_null(call->page.user);
    ck_assert_ptr_null(call->page.final_url);
    ck_assert_ptr_null(call->page.message);
    ck_assert_str_eq(call->page.body, "");
    ck_assert_str_eq(call->page.protocol, "");
    ck_assert_int_eq(call->page.cost_micro, -1); /* the provider does not say */
    ck_assert_int_eq(call->state, PF_CALL_QUEUED);
    ck_assert_uint_eq(pf_call_extras(call)->param_count, 0);
    ck_assert_uint_eq(pf_call_extras(call)->header_count, 0);
    fetch_page_free(&call->page); /* the same memory */
    fetch_page_free(NULL);
    pf_call_free(NULL);
}
END_TEST

/* Such pairs make a bad page later; copying them must not crash. */
START_TEST(pairs_without_strings)
{
    static const struct fetch_pair pairs[] = {{NULL, NULL}, {"a", NULL}, {NULL, "b"}};
    struct fetch_target target = FETCH_TARGET_INIT;
    const struct pf_extras *extras;
    struct fetch_call *call;

    target.url = "https://example.com/";
    target.params = pairs;
    target.param_count = 3;
    call = pf_call_new(&target);
    ck_assert_ptr_nonnull(call);
    extras = pf_call_extras(call);
    ck_assert_str_eq(extras->params[0].name, "");
    ck_assert_str_eq(extras->params[1].name, "a");
    ck_assert_str_eq(extras->params[1].value, "");
    ck_assert_str_eq(extras->params[2].value, "b");
    ck_assert_uint_eq(extras->header_count, 0);
    pf_call_free(call);
}
END_TEST

START_TEST(messages_name_the_target)
{
    struct fetch_call *call = call_for("https://example.com/");
    char url[500];

    pf_call_say(call, "it went wrong");
    ck_assert_str_eq(call->page.message, "https://example.com/: it went wrong");
    pf_call_say(call, "again");
    ck_assert_str_eq(call->page.message, "https://example.com/: again");
    pf_call_free(call);
    call = call_for("http://a\x1b[31m\r\n\xff");
    pf_call_say(call, "no");
    ck_assert_str_eq(call->page.message, "http://a?[31m???: no"); /* safe for a terminal */
    pf_call_free(call);
    memset(url, 'x', sizeof url);
    url[sizeof url - 1] = '\0';
    call = call_for(url);
    pf_call_say(call, "too long");
    ck_assert_uint_lt(strlen(call->page.message), 200);
    ck_assert_ptr_nonnull(strstr(call->page.message, "xxx...: too long"));
    pf_call_free(call);
}
END_TEST

/* What an exchange leaves of a head and a body. */
static void answer(struct fetch_call *call, int status, const char *body)
{
    struct pf_response *r = &call->x.response;
    size_t n = sizeof HEAD - 1 + strlen(body), room;
    char *at;

    pf_response_init(r, 1000, 1000);
    ck_assert_int_eq(pf_response_room(r, &at, &room), FETCH_OK);
    ck_assert_uint_ge(room, n);
    memcpy(at, HEAD, sizeof HEAD - 1);
    memcpy(at + sizeof HEAD - 1, body, strlen(body));
    r->mem.len = n;
    r->protocol = "http/1.1";
    ck_assert_int_eq(pf_response_add_field(r, 17, 1, 20, 1), FETCH_OK);
    ck_assert_int_eq(pf_response_head_end(r, status, sizeof HEAD - 1, strlen(body)), FETCH_OK);
    ck_assert_int_eq(pf_response_body(r, at + sizeof HEAD - 1, strlen(body)), FETCH_OK);
}

START_TEST(pages_are_sealed)
{
    struct fetch_call *call = call_for("https://example.com/");
    struct fetch_page *page = &call->page;
    int64_t before = (int64_t)time(NULL) * 1000;

    answer(call, 201, "hello");
    pf_call_seal(call);
    ck_assert_int_eq(page->api_status, 201);
    ck_assert_str_eq(page->body, "hello");
    ck_assert_uint_eq(page->body_len, 5);
    ck_assert_str_eq(page->protocol, "http/1.1");
    ck_assert_uint_eq(page->header_count, 1);
    ck_assert_str_eq(page->headers[0].name, "A");
    ck_assert_str_eq(fetch_page_header(page, "a"), "b");
    ck_assert_str_eq(fetch_page_header(page, "A"), "b");
    ck_assert_ptr_null(fetch_page_header(page, "AA"));
    ck_assert_ptr_null(fetch_page_header(page, ""));
    ck_assert_int_ge(page->fetched_at_ms, before);
    ck_assert_int_le(page->fetched_at_ms, (int64_t)time(NULL) * 1000 + 1000);
    fetch_page_free(page);
}
END_TEST

START_TEST(pages_without_an_answer)
{
    struct fetch_call *call = call_for("https://example.com/");

    pf_call_seal(call); /* never sent */
    ck_assert_str_eq(call->page.body, "");
    ck_assert_str_eq(call->page.protocol, "");
    ck_assert_int_eq(call->page.api_status, 0);
    ck_assert_uint_eq(call->page.header_count, 0);
    ck_assert_ptr_null(fetch_page_header(&call->page, "a"));
    ck_assert_int_gt(call->page.fetched_at_ms, 0);
    fetch_page_free(&call->page);
    call = call_for("https://example.com/");
    answer(call, 200, "half");
    call->x.response.progress = PF_PROGRESS_HEAD; /* cut off within the head */
    pf_call_seal(call);
    ck_assert_str_eq(call->page.body, "");
    ck_assert_int_eq(call->page.api_status, 0);
    ck_assert_uint_eq(call->page.header_count, 0);
    fetch_page_free(&call->page);
}
END_TEST

/* ------------------------------------------------------------ sentences -- */

struct said {
    struct pf_verdict verdict;
    int api_status;
    unsigned attempts;
    const char *detail; /* of the exchange */
    const char *part;   /* of the sentence */
};

static void check_sentence(const struct said *s)
{
    struct fetch_call *call = call_for("https://example.com/");
    struct fetch_client *client = calloc(1, sizeof *client);
    struct unit_guard g = {0};
    char *out;

    ck_assert_ptr_nonnull(client);
    client->timeout_ms = 1500;
    call->client = client;
    call->page.attempts = s->attempts;
    call->x.response.status = s->api_status;
    call->x.phase = FETCH_PHASE_BODY;
    pf_exchange_note(&call->x, s->verdict.error, FETCH_PHASE_BODY, s->detail);
    for (size_t cap = 1; cap <= 300; cap += 299) { /* it fits, or is cut */
        out = unit_guard_room(&g, cap);
        memset(out, 'x', cap);
        pf_sentence(out, cap, call, &s->verdict);
        ck_assert_ptr_nonnull(memchr(out, '\0', cap));
    }
    ck_assert_msg(strstr(out, s->part) != NULL, "\"%s\" without \"%s\"", out, s->part);
    unit_guard_fini(&g);
    pf_call_free(call);
    free(client);
}

START_TEST(sentences_say_what_and_what_next)
{
    static const struct said said[] = {
        {{.outcome = FETCH_OUTCOME_TARGET_ERROR,
          .error = FETCH_E_STATUS,
          .status = 404,
          .cause = PF_CAUSE_FINAL},
         404,
         1,
         NULL,
         "the target answered 404; asking"},
        {{.outcome = FETCH_OUTCOME_TARGET_ERROR,
          .error = FETCH_E_STATUS,
          .status = 503,
          .cause = PF_CAUSE_PROVIDER},
         500,
         4,
         NULL,
         "the target answered 503 in the last of 4 attempts"},
        {{.outcome = FETCH_OUTCOME_ACCOUNT,
          .error = FETCH_E_STATUS,
          .status = 0,
          .cause = PF_CAUSE_FINAL},
         401,
         1,
         NULL,
         "check the key and the account"},
        {{.outcome = FETCH_OUTCOME_ACCOUNT,
          .error = FETCH_E_STATUS,
          .status = 0,
          .cause = PF_CAUSE_FINAL,
          .account = PF_ACCOUNT_KEY},
         401,
         1,
         NULL,
         "does not accept the key"},
        {{.outcome = FETCH_OUTCOME_ACCOUNT,
          .error = FETCH_E_STATUS,
          .status = 0,
          .cause = PF_CAUSE_FINAL,
          .account = PF_ACCOUNT_CREDITS,
          .reason = "AUTH004"},
         402,
         1,
         NULL,
         "answered 402 (AUTH004): no credits are left"},
        {{.outcome = FETCH_OUTCOME_THROTTLED,
          .error = FETCH_E_STATUS,
          .status = 0,
          .cause = PF_CAUSE_THROTTLED},
         429,
         7,
         NULL,
         "in 7 attempts; lower the concurrency"},
        {{.outcome = FETCH_OUTCOME_THROTTLED,
          .error = FETCH_E_STATUS,
          .status = 0,
          .cause = PF_CAUSE_THROTTLED},
         429,
         1,
         NULL,
         "in 1 attempt;"},
        {{.outcome = FETCH_OUTCOME_PROVIDER_ERROR,
          .error = FETCH_E_STATUS,
          .status = 0,
          .cause = PF_CAUSE_PROVIDER},
         503,
         4,
         NULL,
         "answered 503 in the last of 4 attempts"},
        {{.outcome = FETCH_OUTCOME_PROVIDER_ERROR,
          .error = FETCH_E_STATUS,
          .status = 0,
          .cause = PF_CAUSE_FINAL},
         400,
         1,
         NULL,
         "answered 400: it refuses the request"},
        {{.outcome = FETCH_OUTCOME_BLOCKED,
          .error = FETCH_E_BLOCKED,
          .status = 0,
          .cause = PF_CAUSE_BLOCKED,
          .reason = "cloudflare"},
         200,
         3,
         NULL,
         "in place of the page (cloudflare) in the last of 3 attempts"},
        {{.outcome = FETCH_OUTCOME_TIMEOUT,
          .error = FETCH_E_TIMEOUT,
          .status = 0,
          .cause = PF_CAUSE_NETWORK},
         0,
         2,
         NULL,
         "within 1.5 s in the last of 2 attempts (phase: body)"},
        {{.outcome = FETCH_OUTCOME_NETWORK,
          .error = FETCH_E_CONNECT,
          .status = 0,
          .cause = PF_CAUSE_NETWORK},
         0,
         1,
         "refused by \x1b[1m",
         "(refused by ?[1m)"},
    };

    check_sentence(&said[_i]);
}
END_TEST

START_TEST(other_sentences_are_the_error_s)
{
    for (int e = FETCH_E_NOMEM; e <= FETCH_E_BUDGET; e++) {
        struct said s = {{.outcome = FETCH_OUTCOME_NETWORK, .error = (enum fetch_error)e},
                         0,
                         1,
                         NULL,
                         fetch_strerror((enum fetch_error)e)};

        if (e != FETCH_E_STATUS && e != FETCH_E_TIMEOUT && e != FETCH_E_BLOCKED)
            check_sentence(&s);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("call");
    TCase *tc = unit_case(suite, "targets");

    tcase_add_test(tc, targets_are_copied);
    tcase_add_test(tc, a_target_of_nothing_but_a_url);
    tcase_add_test(tc, pairs_without_strings);
    tc = unit_case(suite, "pages");
    tcase_add_test(tc, messages_name_the_target);
    tcase_add_test(tc, pages_are_sealed);
    tcase_add_test(tc, pages_without_an_answer);
    tc = unit_case(suite, "sentences");
    tcase_add_loop_test(tc, sentences_say_what_and_what_next, 0, 12);
    tcase_add_test(tc, other_sentences_are_the_error_s);
    return unit_run(suite);
}
