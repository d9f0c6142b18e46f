/*
 * Words and sentences for the public enums.  No switch has a `default`, so that
 * the compiler names the value that was forgotten; what follows each switch is
 * for numbers that are no value at all.
 *
 * A sentence says what happened and, behind a semicolon, what to do next.
 */
#include "pfetch/fetch.h"

const char *fetch_version(void)
{
    return FETCH_VERSION;
}

const char *fetch_strerror(enum fetch_error error)
{
    switch (error) {
    case FETCH_OK:
        return "no error";
    case FETCH_E_NOMEM:
        return "memory ran out; lower the concurrency, the window or max_body";
    case FETCH_E_INVALID:
        return "an option or argument is out of its range; correct it";
    case FETCH_E_NO_KEY:
        return "no API key was given; set the profile's environment variable or the key option";
    case FETCH_E_UNSUPPORTED:
        return "the profile has no such option; leave it out or choose another profile";
    case FETCH_E_CLOSED:
        return "no more targets are taken here; begin a new client or gather";
    case FETCH_E_BAD_URL:
        return "the target is not an absolute http or https URL; correct it in the list";
    case FETCH_E_SYSTEM:
        return "the operating system refused; raise the limit on open files or lower the "
               "concurrency";
    case FETCH_E_RESOLVE:
        return "the endpoint's name has no address; check the endpoint and the name servers";
    case FETCH_E_CONNECT:
        return "the endpoint accepts no connection; check the endpoint, the port and the firewall";
    case FETCH_E_TLS:
        return "TLS with the endpoint failed; check that the port speaks TLS 1.2 or later";
    case FETCH_E_CERTIFICATE:
        return "the endpoint's certificate is not trusted; check the endpoint's name or name its "
               "CA file";
    case FETCH_E_LOST:
        return "the connection ended before an answer began; try again later";
    case FETCH_E_PROTOCOL:
        return "the answer is not valid HTTP; check that the endpoint is an HTTP server";
    case FETCH_E_TRUNCATED:
        return "the answer was cut off before its end; try again";
    case FETCH_E_ENCODING:
        return "the body does not decode as its Content-Encoding says; try again or report it to "
               "the provider";
    case FETCH_E_TOO_LARGE:
        return "the answer is over the size limit; raise max_body if the page is wanted";
    case FETCH_E_TIMEOUT:
        return "no whole answer came in time; raise the timeout or try again later";
    case FETCH_E_CANCELLED:
        return "cancelled by the program; submit the target again if it is wanted";
    case FETCH_E_REDIRECT:
        return "the endpoint redirects to another host, where the key is not sent; correct the "
               "endpoint";
    case FETCH_E_STATUS:
        return "the answer's status is not a success; see the page's status and body";
    case FETCH_E_EMPTY:
        return "a success without a single byte, which the profile doubts; try again";
    case FETCH_E_PROFILE:
        return "the profile cannot be read; correct it, or choose one that --list-profiles names";
    case FETCH_E_BLOCKED:
        return "a ban page came in place of the page; try again later, or with better proxies";
    case FETCH_E_ENVELOPE:
        return "the JSON around the page is not what the profile says; check the profile";
    case FETCH_E_ACCOUNT:
        return "not sent, since the endpoint refuses the key or has no credits for it; check the "
               "account";
    case FETCH_E_BUDGET:
        return "not sent, since it might overstep the spending limit; raise the limit and resume";
    }
    return "unknown error; the program and the library may be of different versions";
}

const char *fetch_phase_name(enum fetch_phase phase)
{
    switch (phase) {
    case FETCH_PHASE_NONE:
        return "none";
    case FETCH_PHASE_QUEUE:
        return "queue";
    case FETCH_PHASE_RESOLVE:
        return "resolve";
    case FETCH_PHASE_CONNECT:
        return "connect";
    case FETCH_PHASE_TLS:
        return "tls";
    case FETCH_PHASE_REQUEST:
        return "request";
    case FETCH_PHASE_HEAD:
        return "head";
    case FETCH_PHASE_BODY:
        return "body";
    case FETCH_PHASE_VERDICT:
        return "verdict";
    }
    return "unknown";
}

const char *fetch_outcome_name(enum fetch_outcome outcome)
{
    switch (outcome) {
    case FETCH_OUTCOME_OK:
        return "ok";
    case FETCH_OUTCOME_TARGET_ERROR:
        return "target_error";
    case FETCH_OUTCOME_BLOCKED:
        return "blocked";
    case FETCH_OUTCOME_PROVIDER_ERROR:
        return "provider_error";
    case FETCH_OUTCOME_THROTTLED:
        return "throttled";
    case FETCH_OUTCOME_ACCOUNT:
        return "account";
    case FETCH_OUTCOME_NETWORK:
        return "network";
    case FETCH_OUTCOME_TIMEOUT:
        return "timeout";
    case FETCH_OUTCOME_TOO_LARGE:
        return "too_large";
    case FETCH_OUTCOME_BAD_URL:
        return "bad_url";
    case FETCH_OUTCOME_CANCELLED:
        return "cancelled";
    case FETCH_OUTCOME_BUDGET:
        return "budget";
    case FETCH_OUTCOME_COUNT:
        break;
    }
    return "unknown";
}
