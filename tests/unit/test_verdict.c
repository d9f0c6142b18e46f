/* What an attempt's end means: outcome, the target's status, what may follow, what was paid. */
#include "unit/answer.h"
#include "unit/profiles.h"

#include <stdio.h>

#include "endpoint/verdict.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

START_TEST(of_every_error)
{
    static const struct {
        enum fetch_error error;
        enum fetch_outcome outcome;
        enum pf_cause cause;
    } cases[] = {
        {FETCH_E_NOMEM, FETCH_OUTCOME_NETWORK, PF_CAUSE_FINAL},
        {FETCH_E_INVALID, FETCH_OUTCOME_BAD_URL, PF_CAUSE_FINAL},
        {FETCH_E_NO_KEY, FETCH_OUTCOME_ACCOUNT, PF_CAUSE_FINAL},
        {FETCH_E_UNSUPPORTED, FETCH_OUTCOME_BAD_URL, PF_CAUSE_FINAL},
        {FETCH_E_CLOSED, FETCH_OUTCOME_CANCELLED, PF_CAUSE_FINAL},
        {FETCH_E_BAD_URL, FETCH_OUTCOME_BAD_URL, PF_CAUSE_FINAL},
        {FETCH_E_SYSTEM, FETCH_OUTCOME_NETWORK, PF_CAUSE_NETWORK},
        {FETCH_E_RESOLVE, FETCH_OUTCOME_NETWORK, PF_CAUSE_NETWORK},
        {FETCH_E_CONNECT, FETCH_OUTCOME_NETWORK, PF_CAUSE_NETWORK},
        {FETCH_E_TLS, FETCH_OUTCOME_NETWORK, PF_CAUSE_NETWORK},
        {FETCH_E_CERTIFICATE, FETCH_OUTCOME_NETWORK, PF_CAUSE_FINAL},
        {FETCH_E_LOST, FETCH_OUTCOME_NETWORK, PF_CAUSE_NETWORK},
        {FETCH_E_PROTOCOL, FETCH_OUTCOME_PROVIDER_ERROR, PF_CAUSE_PROVIDER},
        {FETCH_E_TRUNCATED, FETCH_OUTCOME_NETWORK, PF_CAUSE_NETWORK},
        {FETCH_E_ENCODING, FETCH_OUTCOME_PROVIDER_ERROR, PF_CAUSE_PROVIDER},
        {FETCH_E_TOO_LARGE, FETCH_OUTCOME_TOO_LARGE, PF_CAUSE_FINAL},
        {FETCH_E_TIMEOUT, FETCH_OUTCOME_TIMEOUT, PF_CAUSE_NETWORK},
        {FETCH_E_CANCELLED, FETCH_OUTCOME_CANCELLED, PF_CAUSE_FINAL},
        {FETCH_E_REDIRECT, FETCH_OUTCOME_PROVIDER_ERROR, PF_CAUSE_FINAL},
        {FETCH_E_STATUS, FETCH_OUTCOME_PROVIDER_ERROR, PF_CAUSE_FINAL},
        {FETCH_E_EMPTY, FETCH_OUTCOME_PROVIDER_ERROR, PF_CAUSE_FINAL},
        {FETCH_E_PROFILE, FETCH_OUTCOME_NETWORK, PF_CAUSE_FINAL},
        {FETCH_E_BLOCKED, FETCH_OUTCOME_BLOCKED, PF_CAUSE_BLOCKED},
        {FETCH_E_ENVELOPE, FETCH_OUTCOME_PROVIDER_ERROR, PF_CAUSE_PROVIDER},
        {FETCH_E_ACCOUNT, FETCH_OUTCOME_ACCOUNT, PF_CAUSE_FINAL},
        {FETCH_E_BUDGET, FETCH_OUTCOME_BUDGET, PF_CAUSE_FINAL},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct pf_verdict v = pf_verdict_of_error(cases[i].error, false);

        ck_assert_uint_eq(cases[i].error, i + 1); /* none is left out */
        ck_assert_int_eq(v.error, cases[i].error);
        ck_assert_msg(v.outcome == cases[i].outcome, "error %d: outcome %d", (int)v.error,
                      (int)v.outcome);
        ck_assert_msg(v.cause == cases[i].cause, "error %d", (int)v.error);
        ck_assert_int_eq(v.status, 0);
        ck_assert_int_eq(v.cost_micro, -1);
        ck_assert(!v.redirect);
    }
    ck_assert_uint_eq(COUNT(cases), FETCH_E_BUDGET);
}
END_TEST

/* ENHANCE_YOUR_CALM: whatever came of the stream, less is wanted, later. */
START_TEST(calm_is_throttling)
{
    struct pf_verdict v = pf_verdict_of_error(FETCH_E_LOST, true);

    ck_assert_int_eq(v.outcome, FETCH_OUTCOME_THROTTLED);
    ck_assert_int_eq(v.error, FETCH_E_LOST);
    ck_assert_int_eq(v.cause, PF_CAUSE_THROTTLED);
}
END_TEST

/* The verdict on a reply; what it lends is cut off. */
static struct pf_verdict judge(const struct pf_profile *p, const struct pf_bans *bans, int status,
                               const char *fields, const char *body, char final_url[128])
{
    struct pf_unwrapped u;
    struct pf_verdict v;
    struct answer a;
    char text[4096];
    int n = snprintf(text, sizeof text, "HTTP/1.1 %d X\r\n%scontent-length: %zu\r\n\r\n%s", status,
                     fields, strlen(body), body);

    ck_assert_int_lt(n, (int)sizeof text);
    answer_begin(&a, ANSWER_MAX_BODY, ANSWER_GUESS);
    ck_assert_int_eq(answer_send(&a, text, (size_t)n, 7), PF_H1_DONE);
    pf_unwrapped_init(&u, ANSWER_MAX_BODY);
    v = pf_verdict_of_answer(p, bans, &a.response, &u);
    ck_assert_int_eq(u.present, p->envelope.body[0] && v.error != FETCH_E_ENVELOPE && status < 300);
    (void)snprintf(final_url, 128, "%.*s", v.final_url ? (int)v.final_url_len : 0,
                   v.final_url ? v.final_url : "");
    v.final_url = v.request_id = NULL;
    pf_unwrapped_fini(&u);
    answer_end(&a);
    return v;
}

/* -------------------------------------------------------- the default -- */

struct expected {
    int from, to;
    enum fetch_outcome outcome;
    enum fetch_error error;
    bool of_target; /* its status is the answer's */
    enum pf_cause cause;
    bool redirect;
};

static const struct expected answers[] = {
    {200, 203, FETCH_OUTCOME_OK, FETCH_OK, true, PF_CAUSE_FINAL, false},
    {206, 299, FETCH_OUTCOME_OK, FETCH_OK, true, PF_CAUSE_FINAL, false},
    {300, 303, FETCH_OUTCOME_PROVIDER_ERROR, FETCH_E_REDIRECT, false, PF_CAUSE_FINAL, true},
    {305, 399, FETCH_OUTCOME_PROVIDER_ERROR, FETCH_E_REDIRECT, false, PF_CAUSE_FINAL, true},
    {400, 400, FETCH_OUTCOME_PROVIDER_ERROR, FETCH_E_STATUS, false, PF_CAUSE_FINAL, false},
    {401, 402, FETCH_OUTCOME_ACCOUNT, FETCH_E_STATUS, false, PF_CAUSE_FINAL, false},
    {403, 407, FETCH_OUTCOME_TARGET_ERROR, FETCH_E_STATUS, true, PF_CAUSE_FINAL, false},
    {408, 408, FETCH_OUTCOME_PROVIDER_ERROR, FETCH_E_STATUS, false, PF_CAUSE_PROVIDER, false},
    {409, 428, FETCH_OUTCOME_TARGET_ERROR, FETCH_E_STATUS, true, PF_CAUSE_FINAL, false},
    {429, 429, FETCH_OUTCOME_THROTTLED, FETCH_E_STATUS, false, PF_CAUSE_THROTTLED, false},
    {430, 499, FETCH_OUTCOME_TARGET_ERROR, FETCH_E_STATUS, true, PF_CAUSE_FINAL, false},
    {500, 999, FETCH_OUTCOME_PROVIDER_ERROR, FETCH_E_STATUS, false, PF_CAUSE_PROVIDER, false},
};

static void check(const struct expected *e, int status, const struct pf_verdict *v)
{
    ck_assert_msg(v->outcome == e->outcome, "%d: outcome %d", status, (int)v->outcome);
    ck_assert_msg(v->error == e->error, "%d: error %d", status, (int)v->error);
    ck_assert_msg(v->status == (e->of_target ? status : 0), "%d: status %d", status, v->status);
    ck_assert_msg(v->cause == e->cause, "%d: cause %d", status, (int)v->cause);
    ck_assert_msg(v->redirect == e->redirect, "%d", status);
}

START_TEST(of_every_status)
{
    static const struct expected doubted = {
        0, 0, FETCH_OUTCOME_PROVIDER_ERROR, FETCH_E_EMPTY, false, PF_CAUSE_PROVIDER, false};
    struct pf_profile *p = profile_named(NULL);
    char url[128];

    for (size_t i = 0; i < COUNT(answers); i++)
        for (int status = answers[i].from; status <= answers[i].to; status++) {
            struct pf_verdict v = judge(p, NULL, status, "", "hello", url);

            check(&answers[i], status, &v);
            v = judge(p, NULL, status, "", "", url); /* only a success is doubted for that */
            check(answers[i].outcome == FETCH_OUTCOME_OK ? &doubted : &answers[i], status, &v);
        }
    pf_profile_free(p);
}
END_TEST

/* ------------------------------------------------------- every provider -- */

#define OK FETCH_OUTCOME_OK
#define TARGET FETCH_OUTCOME_TARGET_ERROR
#define BLOCKED FETCH_OUTCOME_BLOCKED
#define PROVIDER FETCH_OUTCOME_PROVIDER_ERROR
#define THROTTLED FETCH_OUTCOME_THROTTLED
#define ACCOUNT FETCH_OUTCOME_ACCOUNT
#define PAID FETCH_BILLED_YES
#define FREE FETCH_BILLED_NO
#define UNTOLD FETCH_BILLED_UNKNOWN

/* As the providers document it, or as it was recorded. */
static const struct {
    const char *profile;
    int status;
    const char *fields, *body;
    enum fetch_outcome outcome;
    int of_target;
    enum pf_cause cause;
    enum fetch_billed billed;
    int64_t cost;
    const char *reason;
} said[] = {
    {"scraperapi", 200, "sa-statuscode: 200\r\nsa-credit-cost: 10\r\n", "hi", OK, 200,
     PF_CAUSE_FINAL, PAID, 10000000, ""},
    {"scraperapi", 500, "sa-statuscode: 503\r\n", "Request failed.", TARGET, 503, PF_CAUSE_PROVIDER,
     FREE, -1, ""},
    {"scraperapi", 500, "", "Request failed.", PROVIDER, 0, PF_CAUSE_PROVIDER, FREE, -1, ""},
    {"scraperapi", 404, "sa-statuscode: 404\r\n", "no", TARGET, 404, PF_CAUSE_FINAL, PAID, -1, ""},
    {"scraperapi", 403, "", "no", ACCOUNT, 0, PF_CAUSE_FINAL, FREE, -1, ""},
    {"scraperapi", 403, "sa-statuscode: 403\r\n", "no", TARGET, 403, PF_CAUSE_FINAL, FREE, -1, ""},
    {"scraperapi", 429, "", "no", THROTTLED, 0, PF_CAUSE_THROTTLED, FREE, -1, ""},
    {"scraperapi", 401, "", "no", ACCOUNT, 0, PF_CAUSE_FINAL, FREE, -1, ""},

    {"scrapingbee", 200, "Spb-initial-status-code: 200\r\nSpb-cost: 5\r\n", "hi", OK, 200,
     PF_CAUSE_FINAL, PAID, 5000000, ""},
    {"scrapingbee", 404, "Spb-initial-status-code: 404\r\nSpb-cost: 1\r\n", "no", TARGET, 404,
     PF_CAUSE_FINAL, PAID, 1000000, ""},
    {"scrapingbee", 503, "Spb-initial-status-code: 503\r\nSpb-cost: 0\r\n", "no", TARGET, 503,
     PF_CAUSE_PROVIDER, FREE, 0, ""},
    {"scrapingbee", 429, "Spb-initial-status-code: 429\r\nSpb-cost: 1\r\n", "no", TARGET, 429,
     PF_CAUSE_FINAL, PAID, 1000000, ""},
    {"scrapingbee", 429, "", "no", THROTTLED, 0, PF_CAUSE_THROTTLED, FREE, -1, ""},
    {"scrapingbee", 401, "", "no", ACCOUNT, 0, PF_CAUSE_FINAL, FREE, -1, ""},
    {"scrapingbee", 500, "", "no", PROVIDER, 0, PF_CAUSE_PROVIDER, UNTOLD, -1, ""},

    {"scrapingant", 200, "Ant-page-status-code: 200\r\nAnt-credits-cost: 1\r\n", "hi", OK, 200,
     PF_CAUSE_FINAL, PAID, 1000000, ""},
    {"scrapingant", 409, "", "{\"detail\": \"Concurrency\"}", THROTTLED, 0, PF_CAUSE_THROTTLED,
     FREE, -1, "Concurrency"},
    {"scrapingant", 423, "", "{\"detail\": \"detected\"}", BLOCKED, 0, PF_CAUSE_BLOCKED, UNTOLD, -1,
     "detected"},
    {"scrapingant", 403, "", "{\"detail\": \"token\"}", ACCOUNT, 0, PF_CAUSE_FINAL, UNTOLD, -1,
     "token"},
    {"scrapingant", 404, "Ant-page-status-code: 404\r\n", "no", TARGET, 404, PF_CAUSE_FINAL, UNTOLD,
     -1, ""},
    {"scrapingant", 422, "", "no", PROVIDER, 0, PF_CAUSE_FINAL, UNTOLD, -1, ""},

    {"crawlbase", 200, "original_status: 200\r\npc_status: 200\r\n", "hi", OK, 200, PF_CAUSE_FINAL,
     PAID, -1, ""},
    {"crawlbase", 200, "original_status: 200\r\ncb_status: 503\r\n", "captcha", PROVIDER, 200,
     PF_CAUSE_PROVIDER, FREE, -1, ""},
    {"crawlbase", 200, "original_status: 404\r\npc_status: 200\r\n", "no", TARGET, 404,
     PF_CAUSE_FINAL, PAID, -1, ""},
    {"crawlbase", 200, "original_status: 500\r\npc_status: 200\r\n", "no", TARGET, 500,
     PF_CAUSE_PROVIDER, FREE, -1, ""},
    {"crawlbase", 429, "X-Crawlbase-Concurrency: 20\r\n",
     "{\"error\":\"Concurrency limit reached\",\"limit\":20}", THROTTLED, 0, PF_CAUSE_THROTTLED,
     FREE, -1, "Concurrency limit reached"},
    {"crawlbase", 402, "", "no", ACCOUNT, 0, PF_CAUSE_FINAL, FREE, -1, ""},

    {"zenrows", 200, "X-Request-Credits: 25\r\n", "hi", OK, 200, PF_CAUSE_FINAL, PAID, 25000000,
     ""},
    {"zenrows", 404, "", "{\"code\":\"RESP002\"}", TARGET, 404, PF_CAUSE_FINAL, UNTOLD, -1,
     "RESP002"},
    {"zenrows", 422, "", "{\"code\":\"RESP001\"}", PROVIDER, 0, PF_CAUSE_PROVIDER, UNTOLD, -1,
     "RESP001"},
    {"zenrows", 402, "", "{\"code\":\"AUTH004\"}", ACCOUNT, 0, PF_CAUSE_FINAL, UNTOLD, -1,
     "AUTH004"},
    {"zenrows", 402, "", "{\"code\":\"AUTH010\"}", PROVIDER, 0, PF_CAUSE_FINAL, UNTOLD, -1,
     "AUTH010"},
    {"zenrows", 429, "", "{\"code\":\"AUTH006\"}", THROTTLED, 0, PF_CAUSE_THROTTLED, UNTOLD, -1,
     "AUTH006"},
    {"zenrows", 403, "", "{\"code\":\"BLK0001\"}", ACCOUNT, 0, PF_CAUSE_FINAL, UNTOLD, -1,
     "BLK0001"},

    {"scrapingdog", 200, "", "hi", OK, 200, PF_CAUSE_FINAL, PAID, -1, ""},
    {"scrapingdog", 410, "", "no", PROVIDER, 0, PF_CAUSE_PROVIDER, FREE, -1, ""},
    {"scrapingdog", 403, "", "no", ACCOUNT, 0, PF_CAUSE_FINAL, FREE, -1, ""},
    {"scrapingdog", 404, "", "no", TARGET, 404, PF_CAUSE_FINAL, PAID, -1, ""},

    {"scrapedo", 200,
     "Scrape.do-Initial-Status-Code: 200\r\nScrape.do-Request-Cost: 1\r\n"
     "Scrape.do-Remaining-Credits: 999\r\n",
     "hi", OK, 200, PF_CAUSE_FINAL, PAID, 1000000, ""},
    {"scrapedo", 502, "", "{\"ErrorCode\":12}", PROVIDER, 0, PF_CAUSE_PROVIDER, FREE, -1, "12"},
    {"scrapedo", 401, "", "key temporarily throttled by the server", THROTTLED, 0,
     PF_CAUSE_THROTTLED, FREE, -1, ""},
    {"scrapedo", 401, "", "{\"Message\":[\"no\"]}", ACCOUNT, 0, PF_CAUSE_FINAL, FREE, -1, ""},

    {"scrapfly", 200, "X-Scrapfly-Api-Cost: 1\r\n",
     "{\"result\":{\"status_code\":200,\"content\":\"hi\",\"format\":\"text\","
     "\"url\":\"https://example.com/x\"}}",
     OK, 200, PF_CAUSE_FINAL, PAID, 1000000, ""},
    {"scrapfly", 200, "X-Scrapfly-Api-Cost: 1\r\nX-Scrapfly-Reject-Code: BAD_UPSTREAM\r\n",
     "{\"result\":{\"status_code\":404,\"content\":\"no\",\"format\":\"text\"}}", TARGET, 404,
     PF_CAUSE_FINAL, PAID, 1000000, "BAD_UPSTREAM"},
    {"scrapfly", 200, "X-Scrapfly-Api-Cost: 0\r\n",
     "{\"result\":{\"status_code\":503,\"content\":\"no\",\"format\":\"text\"}}", TARGET, 503,
     PF_CAUSE_PROVIDER, FREE, 0, ""},
    {"scrapfly", 200, "", "no JSON", PROVIDER, 0, PF_CAUSE_PROVIDER, UNTOLD, -1, ""},
    {"scrapfly", 429, "X-Scrapfly-Reject-Code: MAX_CONCURRENT_REQUEST_EXCEEDED\r\n", "{}",
     THROTTLED, 0, PF_CAUSE_THROTTLED, UNTOLD, -1, "MAX_CONCURRENT_REQUEST_EXCEEDED"},
    {"scrapfly", 429, "X-Scrapfly-Reject-Code: MAX_API_CREDIT_BUDGET_EXCEEDED\r\n", "{}", ACCOUNT,
     0, PF_CAUSE_FINAL, UNTOLD, -1, "MAX_API_CREDIT_BUDGET_EXCEEDED"},
    {"scrapfly", 422, "X-Scrapfly-Reject-Retryable: true\r\n", "{}", PROVIDER, 0, PF_CAUSE_PROVIDER,
     UNTOLD, -1, ""},
    {"scrapfly", 422, "X-Scrapfly-Reject-Retryable: false\r\n", "{}", PROVIDER, 0, PF_CAUSE_FINAL,
     UNTOLD, -1, ""},

    {"webscrapingapi", 200, "WSA-Call-Credit-Usage: 2\r\n", "hi", OK, 200, PF_CAUSE_FINAL, PAID,
     2000000, ""},
    {"webscrapingapi", 403, "", "no", PROVIDER, 0, PF_CAUSE_FINAL, UNTOLD, -1, ""},
    {"webscrapingapi", 401, "", "no", ACCOUNT, 0, PF_CAUSE_FINAL, UNTOLD, -1, ""},

    {"scrapestack", 200, "",
     "{\"success\":false,\"error\":{\"code\":101,\"type\":\"invalid_access_key\"}}", ACCOUNT, 0,
     PF_CAUSE_FINAL, UNTOLD, -1, "invalid_access_key"},
    {"scrapestack", 200, "", "{\"error\":{\"type\":\"rate_limit_reached\"}}", THROTTLED, 0,
     PF_CAUSE_THROTTLED, UNTOLD, -1, "rate_limit_reached"},
    {"scrapestack", 200, "", "<html>hi</html>", OK, 200, PF_CAUSE_FINAL, UNTOLD, -1, ""},

    {"zyte", 200, "", "{\"statusCode\":200,\"httpResponseBody\":\"aGVsbG8=\"}", OK, 200,
     PF_CAUSE_FINAL, UNTOLD, -1, ""},
    {"zyte", 200, "", "{\"statusCode\":404,\"httpResponseBody\":\"bm8=\"}", TARGET, 404,
     PF_CAUSE_FINAL, UNTOLD, -1, ""},
    {"zyte", 200, "", "{\"statusCode\":200,\"httpResponseBody\":\"a\"}", PROVIDER, 200,
     PF_CAUSE_PROVIDER, UNTOLD, -1, ""},
    {"zyte", 503, "", "{}", THROTTLED, 0, PF_CAUSE_THROTTLED, FREE, -1, ""},
    {"zyte", 520, "", "{\"type\":\"/download/temporary-error\"}", PROVIDER, 0, PF_CAUSE_PROVIDER,
     UNTOLD, -1, "/download/temporary-error"},
    {"zyte", 400, "", "{}", PROVIDER, 0, PF_CAUSE_FINAL, UNTOLD, -1, ""},

    {"generic", 404, "", "no", TARGET, 404, PF_CAUSE_FINAL, UNTOLD, -1, ""},
};

START_TEST(of_what_providers_say)
{
    struct pf_profile *p = profile_named(said[_i].profile);
    char url[128];
    struct pf_verdict v = judge(p, NULL, said[_i].status, said[_i].fields, said[_i].body, url);

    ck_assert_msg(v.outcome == said[_i].outcome, "%s %d: outcome %s", p->name, said[_i].status,
                  fetch_outcome_name(v.outcome));
    ck_assert_int_eq(v.status, said[_i].of_target);
    ck_assert_int_eq(v.cause, said[_i].cause);
    ck_assert_msg(v.billed == said[_i].billed, "%s %d: billed %d", p->name, said[_i].status,
                  (int)v.billed);
    ck_assert_int_eq(v.cost_micro, said[_i].cost);
    ck_assert_str_eq(v.reason, said[_i].reason);
    pf_profile_free(p);
}
END_TEST

START_TEST(numbers_of_the_account)
{
    struct pf_profile *p = profile_named("zenrows");
    char url[128];
    struct pf_verdict v = judge(p, NULL, 200,
                                "Concurrency-Limit: 20\r\nConcurrency-Remaining: 5\r\n"
                                "Zr-Final-Url: https://example.com/end\r\n",
                                "hi", url);

    ck_assert_int_eq(v.concurrency_limit, 20);
    ck_assert_int_eq(v.concurrency_in_use, 15);
    ck_assert_str_eq(url, "https://example.com/end");
    pf_profile_free(p);
    p = profile_named("scrapfly");
    v = judge(p, NULL, 200,
              "X-Scrapfly-Account-Concurrent-Usage: 3\r\n"
              "X-Scrapfly-Account-Remaining-Concurrent-Usage: 2\r\n"
              "X-Scrapfly-Remaining-Api-Credit: 1200.5\r\n",
              "{\"result\":{\"status_code\":200,\"content\":\"\",\"format\":\"text\","
              "\"url\":\"https://example.com/in\"}}",
              url);
    ck_assert_int_eq(v.concurrency_limit, 5);
    ck_assert_int_eq(v.credits_left_micro, 1200500000);
    ck_assert_str_eq(url, "https://example.com/in");
    pf_profile_free(p);
}
END_TEST

START_TEST(a_ban_page_is_no_page)
{
    struct fetch_options o = FETCH_OPTIONS_INIT;
    struct pf_profile *p = profile_named(NULL);
    struct fetch_failure failure;
    struct pf_bans *bans;
    struct pf_verdict v;
    char url[128];

    o.min_bytes = 4;
    ck_assert_int_eq(pf_bans_new(&bans, &o, &failure), FETCH_OK);
    v = judge(p, bans, 200, "", "abc", url);
    ck_assert_int_eq(v.outcome, FETCH_OUTCOME_BLOCKED);
    ck_assert_int_eq(v.error, FETCH_E_BLOCKED);
    ck_assert_int_eq(v.cause, PF_CAUSE_BLOCKED);
    ck_assert_str_eq(v.reason, "min_bytes");
    v = judge(p, bans, 200, "", "abcd", url);
    ck_assert_int_eq(v.outcome, FETCH_OUTCOME_OK);
    v = judge(p, bans, 404, "", "abc", url);
    ck_assert_int_eq(v.outcome, FETCH_OUTCOME_TARGET_ERROR);
    pf_bans_free(bans);
    pf_profile_free(p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("verdict");
    TCase *tc = unit_case(suite, "verdict");

    tcase_add_test(tc, of_every_error);
    tcase_add_test(tc, calm_is_throttling);
    tcase_add_test(tc, of_every_status);
    tcase_add_loop_test(tc, of_what_providers_say, 0, (int)COUNT(said));
    tcase_add_test(tc, numbers_of_the_account);
    tcase_add_test(tc, a_ban_page_is_no_page);
    return unit_run(suite);
}
