#include "engine/options.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "engine/budget.h"
#include "transport/resolve.h"

bool pf_options_adopt(void *out, size_t out_size, const void *in, size_t in_size)
{
    if (in_size < sizeof(size_t) || in_size > 65536)
        return false;
    memset(out, 0, out_size);
    memcpy(out, in, in_size < out_size ? in_size : out_size);
    return true;
}

static enum fetch_error invalid(struct fetch_failure *failure, const char *what)
{
    failure->error = FETCH_E_INVALID;
    (void)snprintf(failure->message, sizeof failure->message, "%.200s", what);
    return FETCH_E_INVALID;
}

/* Zero means the default; anything else must be in range. */
static bool in_range(unsigned *value, unsigned fallback, unsigned max)
{
    if (*value == 0)
        *value = fallback;
    return *value <= max;
}

static const char *fault_of(struct fetch_options *o, const struct pf_profile *profile)
{
    if (o->concurrency > PF_MAX_CONCURRENCY || o->concurrency_start > PF_MAX_CONCURRENCY)
        return "concurrency is over 1,000,000";
    if (!(o->rate >= 0 && o->rate <= PF_MAX_RATE))
        return "rate is not from 0 to 1,000,000 calls a second";
    if (!in_range(&o->connections, PF_MAX_CONNECTIONS, PF_MAX_CONNECTIONS))
        return "connections is over 20,000";
    if (!in_range(&o->timeout_ms, profile->timeout_ms, PF_MAX_TIMEOUT_MS))
        return "timeout_ms is over a day";
    if (!in_range(&o->connect_timeout_ms, PF_DEFAULT_CONNECT_TIMEOUT_MS, PF_MAX_TIMEOUT_MS))
        return "connect_timeout_ms is over a day";
    if (!in_range(&o->deadline_ms, 0, PF_MAX_TIMEOUT_MS))
        return "deadline_ms is over a day";
    if (o->retries < FETCH_RETRIES_DEFAULT || o->retries > PF_MAX_RETRIES)
        return "retries is not from 0 to 100";
    if (o->redirects < FETCH_REDIRECTS_DEFAULT || o->redirects > PF_MAX_REDIRECTS)
        return "redirects is not from 0 to 20";
    if (o->max_body > SIZE_MAX / 8)
        return "max_body is out of range";
    if (o->http > FETCH_HTTP_2)
        return "http is none of its values";
    for (size_t i = 0; i < o->resolve_count; i++)
        if (!o->resolve[i] || !pf_resolver_override_is_valid(o->resolve[i]))
            return "an entry of resolve is not HOST:PORT:ADDRESS";
    return pf_budget_fault(o->max_cost_micro, o->cost_per_call_micro,
                           profile->cost.name[0] != NULL);
}

enum fetch_error pf_options_read(struct fetch_options *out, const struct fetch_options *in,
                                 struct pf_profile **profile, struct fetch_failure *failure)
{
    static const struct fetch_options defaults = FETCH_OPTIONS_INIT;
    const char *fault;
    enum fetch_error e;

    *profile = NULL;
    if (!in)
        in = &defaults;
    if (!pf_options_adopt(out, sizeof *out, in, in->size))
        return invalid(failure, "fetch_options.size is not set: begin with FETCH_OPTIONS_INIT");
    e = pf_profile_load(profile, out->profile, out->profile_file, failure);
    if (e != FETCH_OK)
        return e;
    fault = fault_of(out, *profile);
    if (fault) {
        pf_profile_free(*profile);
        *profile = NULL;
        return invalid(failure, fault);
    }
    if (out->retries == FETCH_RETRIES_DEFAULT)
        out->retries = PF_DEFAULT_RETRIES;
    if (out->redirects == FETCH_REDIRECTS_DEFAULT)
        out->redirects = PF_DEFAULT_REDIRECTS;
    if (out->max_body == 0)
        out->max_body = PF_DEFAULT_MAX_BODY;
    return FETCH_OK;
}

enum fetch_error fetch_key_variable(char name[FETCH_VARIABLE_BYTES],
                                    const struct fetch_options *options,
                                    struct fetch_failure *failure)
{
    struct fetch_failure unwanted;
    struct pf_profile *profile;
    struct fetch_options read;
    enum fetch_error e;

    if (!failure)
        failure = &unwanted;
    failure->error = FETCH_OK;
    name[0] = '\0';
    e = pf_options_read(&read, options, &profile, failure);
    if (e == FETCH_OK && profile->key_variable)
        (void)snprintf(name, FETCH_VARIABLE_BYTES, "%s", profile->key_variable);
    pf_profile_free(profile);
    return e;
}
