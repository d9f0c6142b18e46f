/* What an attempt's end means: outcome, error, the target's status, and whether to try again. */
#include "unit/unit.h"

#include "endpoint/verdict.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

START_TEST(of_every_error)
{
    static const struct {
        enum fetch_error error;
        enum fetch_outcome outcome;
        bool retry;
    } cases[] = {
        {FETCH_E_NOMEM, FETCH_OUTCOME_NETWORK, false},
        {FETCH_E_INVALID, FETCH_OUTCOME_BAD_URL, false},
        {FETCH_E_NO_KEY, FETCH_OUTCOME_ACCOUNT, false},
        {FETCH_E_UNSUPPORTED, FETCH_OUTCOME_BAD_URL, false},
        {FETCH_E_CLOSED, FETCH_OUTCOME_CANCELLED, false},
        {FETCH_E_BAD_URL, FETCH_OUTCOME_BAD_URL, false},
        {FETCH_E_SYSTEM, FETCH_OUTCOME_NETWORK, true},
        {FETCH_E_RESOLVE, FETCH_OUTCOME_NETWORK, true},
        {FETCH_E_CONNECT, FETCH_OUTCOME_NETWORK, true},
        {FETCH_E_TLS, FETCH_OUTCOME_NETWORK, true},
        {FETCH_E_CERTIFICATE, FETCH_OUTCOME_NETWORK, false},
        {FETCH_E_LOST, FETCH_OUTCOME_NETWORK, true},
        {FETCH_E_PROTOCOL, FETCH_OUTCOME_PROVIDER_ERROR, true},
        {FETCH_E_TRUNCATED, FETCH_OUTCOME_NETWORK, true},
        {FETCH_E_ENCODING, FETCH_OUTCOME_PROVIDER_ERROR, true},
        {FETCH_E_TOO_LARGE, FETCH_OUTCOME_TOO_LARGE, false},
        {FETCH_E_TIMEOUT, FETCH_OUTCOME_TIMEOUT, true},
        {FETCH_E_CANCELLED, FETCH_OUTCOME_CANCELLED, false},
        {FETCH_E_REDIRECT, FETCH_OUTCOME_PROVIDER_ERROR, false},
        {FETCH_E_STATUS, FETCH_OUTCOME_PROVIDER_ERROR, false},
        {FETCH_E_EMPTY, FETCH_OUTCOME_PROVIDER_ERROR, false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct pf_verdict v = pf_verdict_of_error(cases[i].error, false);

        ck_assert_uint_eq(cases[i].error, i + 1); /* none is left out */
        ck_assert_int_eq(v.error, cases[i].error);
        ck_assert_msg(v.outcome == cases[i].outcome, "error %d: outcome %d", (int)v.error,
                      (int)v.outcome);
        ck_assert_msg(v.retry == cases[i].retry, "error %d", (int)v.error);
        ck_assert_int_eq(v.status, 0);
        ck_assert(!v.redirect);
    }
    ck_assert_uint_eq(COUNT(cases), FETCH_E_EMPTY);
}
END_TEST

/* ENHANCE_YOUR_CALM: whatever came of the stream, less is wanted, later. */
START_TEST(calm_is_throttling)
{
    struct pf_verdict v = pf_verdict_of_error(FETCH_E_LOST, true);

    ck_assert_int_eq(v.outcome, FETCH_OUTCOME_THROTTLED);
    ck_assert_int_eq(v.error, FETCH_E_LOST);
    ck_assert(v.retry);
}
END_TEST

struct expected {
    int from, to;
    enum fetch_outcome outcome;
    enum fetch_error error;
    bool of_target; /* its status is the answer's */
    bool retry, redirect;
};

static const struct expected answers[] = {
    {100, 199, FETCH_OUTCOME_PROVIDER_ERROR, FETCH_E_STATUS, false, true, false},
    {200, 299, FETCH_OUTCOME_OK, FETCH_OK, true, false, false},
    {300, 399, FETCH_OUTCOME_PROVIDER_ERROR, FETCH_E_REDIRECT, false, false, true},
    {400, 400, FETCH_OUTCOME_PROVIDER_ERROR, FETCH_E_STATUS, false, false, false},
    {401, 402, FETCH_OUTCOME_ACCOUNT, FETCH_E_STATUS, false, false, false},
    {403, 407, FETCH_OUTCOME_TARGET_ERROR, FETCH_E_STATUS, true, false, false},
    {408, 408, FETCH_OUTCOME_PROVIDER_ERROR, FETCH_E_STATUS, false, true, false},
    {409, 428, FETCH_OUTCOME_TARGET_ERROR, FETCH_E_STATUS, true, false, false},
    {429, 429, FETCH_OUTCOME_THROTTLED, FETCH_E_STATUS, false, true, false},
    {430, 499, FETCH_OUTCOME_TARGET_ERROR, FETCH_E_STATUS, true, false, false},
    {500, 999, FETCH_OUTCOME_PROVIDER_ERROR, FETCH_E_STATUS, false, true, false},
};

static void check(const struct expected *e, int status, const struct pf_verdict *v)
{
    ck_assert_msg(v->outcome == e->outcome, "%d: outcome %d", status, (int)v->outcome);
    ck_assert_msg(v->error == e->error, "%d: error %d", status, (int)v->error);
    ck_assert_msg(v->status == (e->of_target ? status : 0), "%d: status %d", status, v->status);
    ck_assert_msg(v->retry == e->retry, "%d", status);
    ck_assert_msg(v->redirect == e->redirect, "%d", status);
}

START_TEST(of_every_status)
{
    const struct pf_profile *p = pf_profile_find("proxiesapi");

    for (size_t i = 0; i < COUNT(answers); i++)
        for (int status = answers[i].from; status <= answers[i].to; status++) {
            struct pf_verdict v = pf_verdict_of_answer(p, status, false);

            check(&answers[i], status, &v);
        }
}
END_TEST

/* Only a success is doubted for being empty, and not one that says that it is. */
START_TEST(of_every_empty_answer)
{
    static const struct expected doubted = {
        0, 0, FETCH_OUTCOME_PROVIDER_ERROR, FETCH_E_EMPTY, false, true, false};
    struct pf_profile trusting = *pf_profile_find("proxiesapi");

    trusting.doubts_empty = false;
    for (size_t i = 0; i < COUNT(answers); i++)
        for (int status = answers[i].from; status <= answers[i].to; status++) {
            struct pf_verdict v = pf_verdict_of_answer(pf_profile_find(NULL), status, true);
            bool none = answers[i].outcome == FETCH_OUTCOME_OK && status != 204 && status != 205;

            check(none ? &doubted : &answers[i], status, &v);
            v = pf_verdict_of_answer(&trusting, status, true);
            check(&answers[i], status, &v);
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("verdict");
    TCase *tc = unit_case(suite, "verdict");

    tcase_add_test(tc, of_every_error);
    tcase_add_test(tc, calm_is_throttling);
    tcase_add_test(tc, of_every_status);
    tcase_add_test(tc, of_every_empty_answer);
    return unit_run(suite);
}
