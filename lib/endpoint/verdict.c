#include "endpoint/verdict.h"

struct pf_verdict pf_verdict_of_error(enum fetch_error error, bool calm)
{
    struct pf_verdict v = {.outcome = FETCH_OUTCOME_NETWORK, .error = error};

    if (calm) {
        v.outcome = FETCH_OUTCOME_THROTTLED;
        v.retry = true;
        return v;
    }
    switch (error) {
    case FETCH_E_RESOLVE:
    case FETCH_E_CONNECT:
    case FETCH_E_TLS:
    case FETCH_E_LOST:
    case FETCH_E_TRUNCATED:
    case FETCH_E_SYSTEM:
        v.retry = true;
        break;
    case FETCH_E_PROTOCOL:
    case FETCH_E_ENCODING:
        v.outcome = FETCH_OUTCOME_PROVIDER_ERROR;
        v.retry = true;
        break;
    case FETCH_E_TIMEOUT:
        v.outcome = FETCH_OUTCOME_TIMEOUT;
        v.retry = true;
        break;
    case FETCH_E_TOO_LARGE:
        v.outcome = FETCH_OUTCOME_TOO_LARGE;
        break;
    case FETCH_E_BAD_URL:
    case FETCH_E_INVALID:
    case FETCH_E_UNSUPPORTED:
        v.outcome = FETCH_OUTCOME_BAD_URL;
        break;
    case FETCH_E_CANCELLED:
    case FETCH_E_CLOSED:
        v.outcome = FETCH_OUTCOME_CANCELLED;
        break;
    case FETCH_E_REDIRECT:
    case FETCH_E_STATUS:
    case FETCH_E_EMPTY:
        v.outcome = FETCH_OUTCOME_PROVIDER_ERROR;
        break;
    case FETCH_E_ENVELOPE:
        v.outcome = FETCH_OUTCOME_PROVIDER_ERROR;
        v.retry = true;
        break;
    case FETCH_E_BLOCKED:
        v.outcome = FETCH_OUTCOME_BLOCKED;
        v.retry = true;
        break;
    case FETCH_E_BUDGET:
        v.outcome = FETCH_OUTCOME_BUDGET;
        break;
    case FETCH_E_ACCOUNT:
    case FETCH_E_NO_KEY:
        v.outcome = FETCH_OUTCOME_ACCOUNT;
        break;
    case FETCH_OK:
    case FETCH_E_PROFILE:
    case FETCH_E_NOMEM:
    case FETCH_E_CERTIFICATE: /* the same certificate will come again */
        break;
    }
    return v;
}

struct pf_verdict pf_verdict_of_answer(const struct pf_profile *profile, int api_status, bool empty)
{
    struct pf_verdict v = {.outcome = FETCH_OUTCOME_PROVIDER_ERROR, .error = FETCH_E_STATUS};

    switch (pf_profile_meaning(profile, api_status)) {
    case PF_MEANS_PAGE:
        if (empty && profile->doubts_empty && api_status != 204 && api_status != 205) {
            v.error = FETCH_E_EMPTY;
            v.retry = true;
            break;
        }
        v.outcome = FETCH_OUTCOME_OK;
        v.error = FETCH_OK;
        v.status = api_status;
        break;
    case PF_MEANS_TARGET:
        v.outcome = FETCH_OUTCOME_TARGET_ERROR;
        v.status = api_status;
        break;
    case PF_MEANS_TRANSIENT:
        v.retry = true;
        break;
    case PF_MEANS_REFUSED:
        break;
    case PF_MEANS_THROTTLED:
        v.outcome = FETCH_OUTCOME_THROTTLED;
        v.retry = true;
        break;
    case PF_MEANS_ACCOUNT:
        v.outcome = FETCH_OUTCOME_ACCOUNT;
        break;
    case PF_MEANS_REDIRECT:
        v.error = FETCH_E_REDIRECT;
        v.redirect = true;
        break;
    }
    return v;
}
