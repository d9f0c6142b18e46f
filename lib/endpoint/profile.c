/*
 * ProxiesAPI has no public reference.  Its own examples send `key`; the programs that use it, and
 * the sample code of its dashboard, send `auth_key`; so that is the default, and options.key_param
 * reaches the other.  401 for a bad key is what those programs see.  No header carries the target's
 * status, the cost or the final URL.  What is not known errs on the safe side: a 429 is taken for
 * throttling, 402 for an empty account, 408 and 5xx for passing trouble, and an empty success,
 * which is what some users saw when their credits had ended, is not taken for a page.
 */
#include "endpoint/profile.h"

#include <string.h>

static const struct pf_status_rule proxiesapi_rules[] = {
    {200, 299, PF_MEANS_PAGE},    {300, 399, PF_MEANS_REDIRECT},  {400, 400, PF_MEANS_REFUSED},
    {401, 402, PF_MEANS_ACCOUNT}, {408, 408, PF_MEANS_TRANSIENT}, {429, 429, PF_MEANS_THROTTLED},
    {403, 499, PF_MEANS_TARGET},  {500, 599, PF_MEANS_TRANSIENT}, {0, 0, PF_MEANS_TRANSIENT},
};

static const struct pf_profile profiles[] = {
    {
        .name = "proxiesapi",
        .endpoint = "http://api.proxiesapi.com/",
        .key_variable = "PROXIESAPI_KEY",
        .key_param = "auth_key",
        .url_param = "url",
        .render = {"render", "true"},
        .forward_headers = {"use_headers", "true"},
        .session_param = "session",
        .timeout_ms = 120000,
        .doubts_empty = true,
        .rules = proxiesapi_rules,
    },
};

const struct pf_profile *pf_profile_find(const char *name)
{
    if (!name)
        return &profiles[0];
    for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++)
        if (strcmp(profiles[i].name, name) == 0)
            return &profiles[i];
    return NULL;
}

enum pf_meaning pf_profile_meaning(const struct pf_profile *profile, int api_status)
{
    const struct pf_status_rule *rule = profile->rules;

    while (rule->from != 0 && (api_status < rule->from || api_status > rule->to))
        rule++;
    return rule->from ? rule->meaning : PF_MEANS_TRANSIENT;
}
