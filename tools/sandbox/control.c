#include "control.h"

#include <string.h>

#include "dialect.h"
#include "plan.h"
#include "text.h"

/* Answers by their names; returns 0, or -1 where `word` names none. */
static int apply_answer(struct sandbox_plan *plan, struct sandbox_text word)
{
    static const struct {
        const char *name;
        enum sandbox_answer answer;
    } answers[] = {
        {"ok", SANDBOX_ANSWER_OK},       {"error", SANDBOX_ANSWER_ERROR},
        {"empty", SANDBOX_ANSWER_EMPTY}, {"captcha", SANDBOX_ANSWER_CAPTCHA},
        {"cut", SANDBOX_ANSWER_CUT},     {"drop", SANDBOX_ANSWER_DROP},
    };

    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        if (sandbox_text_is(word, answers[i].name)) {
            plan->answer = answers[i].answer;
            return 0;
        }
    }
    return -1;
}

static int apply_flag(struct sandbox_plan *plan, const struct sandbox_spec *spec,
                      struct sandbox_text word)
{
    if (sandbox_text_is(word, "binary"))
        plan->binary = 1;
    else if (sandbox_text_is(word, "chunked"))
        plan->chunked = 1;
    else if (sandbox_text_is(word, "close"))
        plan->close = 1;
    else if (sandbox_text_is(word, "hangup"))
        plan->hangup = 1;
    else if (sandbox_text_is(word, "slow"))
        plan->slow_ms = (unsigned)spec->slow_ms;
    else
        return -1;
    return 0;
}

static int apply_coding(struct sandbox_plan *plan, struct sandbox_text word)
{
    if (sandbox_text_is(word, "gzip"))
        plan->coding = SANDBOX_CODING_GZIP;
    else if (sandbox_text_is(word, "br"))
        plan->coding = SANDBOX_CODING_BR;
    else if (sandbox_text_is(word, "zstd"))
        plan->coding = SANDBOX_CODING_ZSTD;
    else if (sandbox_text_is(word, "none"))
        plan->coding = SANDBOX_CODING_NONE;
    else
        return -1;
    return 0;
}

static int apply_saying(struct sandbox_plan *plan, struct sandbox_text name)
{
    plan->saying = sandbox_dialect_saying(plan->dialect, name);
    plan->answer = SANDBOX_ANSWER_SAYING;
    return plan->saying != NULL ? 0 : -1;
}

/* Words with a number behind the last hyphen. */
static int apply_number(struct sandbox_plan *plan, struct sandbox_text word, uint64_t *times)
{
    uint64_t number;

    if (sandbox_text_skip(&word, "latency-")) {
        if (sandbox_text_number(word, SANDBOX_LATENCY_MAX_MS, &number) != 0)
            return -1;
        plan->latency_ms = (unsigned)number;
    } else if (sandbox_text_skip(&word, "slow-")) {
        if (sandbox_text_number(word, SANDBOX_SLOW_MAX_MS, &number) != 0)
            return -1;
        plan->slow_ms = (unsigned)number;
    } else if (sandbox_text_skip(&word, "size-")) {
        if (sandbox_text_bytes(word, SANDBOX_SIZE_MAX, &number) != 0)
            return -1;
        plan->page_bytes = (size_t)number;
    } else if (sandbox_text_skip(&word, "target-")) {
        if (sandbox_text_number(word, 599, &number) != 0 || number < 400)
            return -1;
        plan->answer = number == 404 ? SANDBOX_ANSWER_NOT_FOUND : SANDBOX_ANSWER_TARGET;
        plan->target = (int)number;
    } else if (sandbox_text_skip(&word, "status-")) {
        if (sandbox_text_number(word, 599, &number) != 0 || number < 200)
            return -1;
        plan->answer = SANDBOX_ANSWER_STATUS;
        plan->status = (int)number;
    } else if (sandbox_text_skip(&word, "retry-after-")) {
        if (sandbox_text_number(word, SANDBOX_RETRY_AFTER_MAX_S, &number) != 0)
            return -1;
        plan->retry_after_s = (int64_t)number;
    } else if (!sandbox_text_skip(&word, "times-") ||
               sandbox_text_number(word, UINT32_MAX, times) != 0) {
        return -1;
    }
    return 0;
}

static int apply_word(struct sandbox_plan *plan, const struct sandbox_spec *spec,
                      struct sandbox_text word, uint64_t *times)
{
    if (apply_answer(plan, word) == 0 || apply_flag(plan, spec, word) == 0)
        return 0;
    if (sandbox_text_skip(&word, "encoding-"))
        return apply_coding(plan, word);
    if (sandbox_text_skip(&word, "api-"))
        return apply_saying(plan, word);
    return apply_number(plan, word, times);
}

/* The value of the query's parameter `sandbox`; at is NULL where it has none. */
static struct sandbox_text control_of(const char *url)
{
    struct sandbox_text rest = {url, strcspn(url, "#")};
    const struct sandbox_text none = {NULL, 0};

    sandbox_text_take(&rest, '?');
    while (rest.at != NULL) {
        struct sandbox_text value = sandbox_text_take(&rest, '&');

        if (sandbox_text_skip(&value, "sandbox="))
            return value;
    }
    return none;
}

int sandbox_control_apply(struct sandbox_plan *plan, const struct sandbox_spec *spec,
                          const char *url, uint32_t n)
{
    struct sandbox_text rest = control_of(url);
    struct sandbox_plan changed = *plan;
    uint64_t times = UINT64_MAX;

    if (rest.at == NULL)
        return 0;
    while (rest.at != NULL) {
        if (apply_word(&changed, spec, sandbox_text_take(&rest, ','), &times) != 0)
            return 0;
    }
    if (n > times)
        return 0;
    *plan = changed;
    return 1;
}
