#include "unit/unit.h"

#include <stdbool.h>

#include "pfetch/fetch.h"

START_TEST(every_error_has_its_sentence)
{
    for (int e = FETCH_OK; e <= FETCH_E_BUDGET; e++) {
        const char *sentence = fetch_strerror((enum fetch_error)e);

        ck_assert_ptr_nonnull(sentence);
        ck_assert_str_ne(sentence, fetch_strerror((enum fetch_error)1000));
        ck_assert_uint_lt(strlen(sentence), sizeof((struct fetch_failure *)NULL)->message);
        /* What to do stands behind a semicolon. */
        ck_assert_int_eq(strchr(sentence, ';') != NULL, e != FETCH_OK);
        for (int other = FETCH_OK; other < e; other++)
            ck_assert_str_ne(sentence, fetch_strerror((enum fetch_error)other));
    }
    ck_assert_ptr_nonnull(fetch_strerror((enum fetch_error)1000));
}
END_TEST

START_TEST(outcomes_have_the_words_of_records)
{
    static const char *const words[] = {"ok",        "target_error", "blocked",   "provider_error",
                                        "throttled", "account",      "network",   "timeout",
                                        "too_large", "bad_url",      "cancelled", "budget"};

    ck_assert_int_eq(FETCH_OUTCOME_COUNT, sizeof words / sizeof words[0]);
    for (int o = 0; o < FETCH_OUTCOME_COUNT; o++)
        ck_assert_str_eq(fetch_outcome_name((enum fetch_outcome)o), words[o]);
    ck_assert_str_eq(fetch_outcome_name(FETCH_OUTCOME_COUNT), "unknown");
    ck_assert_str_eq(fetch_outcome_name((enum fetch_outcome)1000), "unknown");
}
END_TEST

START_TEST(phases_have_one_word_each)
{
    static const char *const words[] = {"none",    "queue", "resolve", "connect", "tls",
                                        "request", "head",  "body",    "verdict"};

    for (int p = 0; p <= FETCH_PHASE_VERDICT; p++)
        ck_assert_str_eq(fetch_phase_name((enum fetch_phase)p), words[p]);
    ck_assert_str_eq(fetch_phase_name((enum fetch_phase)1000), "unknown");
}
END_TEST

START_TEST(the_version_is_the_header_s)
{
    ck_assert_str_eq(fetch_version(), FETCH_VERSION);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("error");
    TCase *tc = unit_case(suite, "words");

    tcase_add_test(tc, every_error_has_its_sentence);
    tcase_add_test(tc, outcomes_have_the_words_of_records);
    tcase_add_test(tc, phases_have_one_word_each);
    tcase_add_test(tc, the_version_is_the_header_s);
    return unit_run(suite);
}
