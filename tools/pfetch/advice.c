#include "advice.h"

const char *outcome_advice(enum fetch_outcome outcome)
{
    switch (outcome) {
    case FETCH_OUTCOME_TARGET_ERROR:
        return "the site itself answered so; asking again rarely helps";
    case FETCH_OUTCOME_BLOCKED:
        return "the site saw through it; try --render, --premium or another --country";
    case FETCH_OUTCOME_PROVIDER_ERROR:
        return "the endpoint could not get them; fetch them again later";
    case FETCH_OUTCOME_THROTTLED:
        return "the plan allows fewer calls at once; lower --concurrency and fetch them again";
    case FETCH_OUTCOME_ACCOUNT:
        return "the endpoint refuses the key or the account has no credits left";
    case FETCH_OUTCOME_NETWORK:
        return "the endpoint was not reached; check the network and --endpoint";
    case FETCH_OUTCOME_TIMEOUT:
        return "no whole answer came in time; raise --timeout or --deadline";
    case FETCH_OUTCOME_TOO_LARGE:
        return "they are over --max-body";
    case FETCH_OUTCOME_BAD_URL:
        return "never sent; correct them in the list";
    case FETCH_OUTCOME_BUDGET:
        return "a limit of the run was reached before they were sent";
    case FETCH_OUTCOME_OK:
    case FETCH_OUTCOME_CANCELLED:
    case FETCH_OUTCOME_COUNT:
        break;
    }
    return "";
}

enum outcome_prospect outcome_prospect(enum fetch_outcome outcome, int status)
{
    switch (outcome) {
    case FETCH_OUTCOME_OK:
    case FETCH_OUTCOME_BAD_URL:
        return OUTCOME_FINAL;
    case FETCH_OUTCOME_ACCOUNT:
    case FETCH_OUTCOME_BUDGET:
    case FETCH_OUTCOME_CANCELLED:
        return OUTCOME_OWED;
    case FETCH_OUTCOME_TARGET_ERROR:
        return status == 404 || status == 410 ? OUTCOME_FINAL : OUTCOME_MENDABLE;
    case FETCH_OUTCOME_BLOCKED:
    case FETCH_OUTCOME_PROVIDER_ERROR:
    case FETCH_OUTCOME_THROTTLED:
    case FETCH_OUTCOME_NETWORK:
    case FETCH_OUTCOME_TIMEOUT:
    case FETCH_OUTCOME_TOO_LARGE:
    case FETCH_OUTCOME_COUNT:
        break;
    }
    return OUTCOME_MENDABLE;
}
