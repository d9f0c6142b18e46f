#include "plan.h"

#include <string.h>

#include "control.h"
#include "dialect.h"
#include "text.h"

/* One number decides among the answers that exclude each other, so their shares are exact. */
static enum sandbox_answer answer_of(const struct sandbox_spec *spec, double u)
{
    if (u < spec->error)
        return SANDBOX_ANSWER_ERROR;
    u -= spec->error;
    if (u < spec->empty)
        return SANDBOX_ANSWER_EMPTY;
    u -= spec->empty;
    if (u < spec->captcha)
        return SANDBOX_ANSWER_CAPTCHA;
    u -= spec->captcha;
    if (u < spec->cut)
        return SANDBOX_ANSWER_CUT;
    u -= spec->cut;
    if (u < spec->drop)
        return SANDBOX_ANSWER_DROP;
    u -= spec->drop;
    if (u < spec->target_fails)
        return SANDBOX_ANSWER_TARGET;
    return SANDBOX_ANSWER_OK;
}

/* The target's status; 0 where it was not reached, or where only the endpoint's is known. */
static int target_of(const struct sandbox_plan *plan)
{
    switch (plan->answer) {
    case SANDBOX_ANSWER_OK:
    case SANDBOX_ANSWER_EMPTY:
    case SANDBOX_ANSWER_CAPTCHA:
    case SANDBOX_ANSWER_CUT:
        return 200;
    case SANDBOX_ANSWER_NOT_FOUND:
        return 404;
    case SANDBOX_ANSWER_TARGET:
        return plan->target;
    case SANDBOX_ANSWER_STATUS:
        return plan->status < 300 ? plan->status : 0;
    case SANDBOX_ANSWER_ERROR:
    case SANDBOX_ANSWER_SAYING:
    case SANDBOX_ANSWER_DROP:
        break;
    }
    return 0;
}

static const struct sandbox_saying *saying_of(const struct sandbox_plan *plan)
{
    switch (plan->answer) {
    case SANDBOX_ANSWER_SAYING:
        return plan->saying;
    case SANDBOX_ANSWER_ERROR:
        return sandbox_dialect_saying(plan->dialect, sandbox_text_of("failed"));
    case SANDBOX_ANSWER_NOT_FOUND:
        return sandbox_dialect_saying(plan->dialect, sandbox_text_of("not-found"));
    case SANDBOX_ANSWER_TARGET:
        return sandbox_dialect_saying(
            plan->dialect, sandbox_text_of(plan->target == 404 ? "not-found" : "gave-up"));
    default:
        return NULL;
    }
}

/* What the answer is at this provider. */
static void speak(struct sandbox_plan *plan, const struct sandbox_spec *spec)
{
    plan->target = target_of(plan);
    plan->saying = saying_of(plan);
    if (plan->saying != NULL && plan->saying->status != 0)
        plan->status = plan->saying->status;
    else if (plan->answer != SANDBOX_ANSWER_STATUS)
        plan->status = plan->target;
    if (plan->retry_after_s < 0 &&
        (plan->answer == SANDBOX_ANSWER_STATUS
             ? plan->status == 429
             : plan->saying != NULL && plan->saying->kind == SANDBOX_KIND_THROTTLED))
        plan->retry_after_s = spec->retry_after_s;
}

static enum sandbox_coding coding_of(const struct sandbox_spec *spec, double u)
{
    return spec->coding == SANDBOX_CODING_MIX ? (enum sandbox_coding)(u * 4) : spec->coding;
}

void sandbox_plan_make(struct sandbox_plan *plan, const struct sandbox_spec *spec, const char *url,
                       uint32_t n)
{
    const uint64_t seed = spec->seed, target = sandbox_hash(url, strlen(url));

    memset(plan, 0, sizeof(*plan));
    plan->dialect = spec->dialect;
    plan->target = 503; /* of a target that fails */
    plan->latency_ms = (unsigned)sandbox_dist_sample(
        &spec->latency_ms, sandbox_draw(seed, target, n, SANDBOX_DRAW_LATENCY),
        sandbox_draw(seed, target, n, SANDBOX_DRAW_LATENCY_2), SANDBOX_LATENCY_MAX_MS);
    plan->answer = answer_of(spec, sandbox_draw(seed, target, n, SANDBOX_DRAW_ANSWER));
    if (sandbox_draw(seed, target, n, SANDBOX_DRAW_SLOW) < spec->slow)
        plan->slow_ms = (unsigned)spec->slow_ms;
    plan->chunked = sandbox_draw(seed, target, n, SANDBOX_DRAW_CHUNKED) < spec->chunked;
    plan->close = sandbox_draw(seed, target, n, SANDBOX_DRAW_CLOSE) < spec->close;
    plan->hangup = sandbox_draw(seed, target, n, SANDBOX_DRAW_HANGUP) < spec->hangup;
    plan->retry_after_s = -1;

    /* The page's bytes are the target's alone: not even the seed has a part in its size. */
    plan->page_bytes = (size_t)sandbox_dist_sample(
        &spec->size_bytes, sandbox_draw(0, target, 0, SANDBOX_DRAW_SIZE),
        sandbox_draw(0, target, 0, SANDBOX_DRAW_SIZE_2), SANDBOX_SIZE_MAX);
    plan->binary = sandbox_draw(seed, target, 0, SANDBOX_DRAW_BINARY) < spec->binary;
    plan->coding = coding_of(spec, sandbox_draw(seed, target, 0, SANDBOX_DRAW_CODING));
    if (plan->answer == SANDBOX_ANSWER_OK &&
        sandbox_draw(seed, target, 0, SANDBOX_DRAW_NOT_FOUND) < spec->not_found)
        plan->answer = SANDBOX_ANSWER_NOT_FOUND;

    sandbox_control_apply(plan, spec, url, n);
    speak(plan, spec);
}

uint64_t sandbox_plan_cost(const struct sandbox_plan *plan, const struct sandbox_spec *spec)
{
    const int limit = plan->dialect->bills_4xx ? 500 : 400;

    return plan->target != 0 && (plan->target < limit || plan->target == 404) ? spec->cost : 0;
}
