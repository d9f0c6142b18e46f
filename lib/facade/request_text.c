/* What would be sent, for people. */
#include <stdio.h>
#include <string.h>

#include "base/url.h"
#include "endpoint/template.h"
#include "engine/options.h"
#include "protocol/h1.h"

#define MAX_TEXT ((size_t)64 << 20)

static enum fetch_error say(struct fetch_failure *failure, enum fetch_error e, const char *before,
                            const char *what)
{
    failure->error = e;
    (void)snprintf(failure->message, sizeof failure->message, "%s%s", before, what);
    return e;
}

static enum fetch_error write_text(char **text, struct pf_template *t,
                                   const struct fetch_target *target, struct fetch_failure *failure)
{
    const struct pf_extras extras = {target->params,       target->param_count, target->headers,
                                     target->header_count, target->method,      target->body,
                                     target->body_len};
    const char *fault = pf_url_target_fault(target->url, strlen(target->url));
    struct pf_request request;
    struct pf_buf out;
    enum fetch_error e;

    if (fault)
        return say(failure, FETCH_E_BAD_URL, "the target ", fault);
    e = pf_template_check(t, &extras, &fault);
    if (e != FETCH_OK)
        return say(failure, e, "the target has ", fault);
    pf_buf_init(&out, MAX_TEXT);
    e = pf_template_request(t, target->url, strlen(target->url), &extras, &request);
    if (e == FETCH_OK)
        e = pf_h1_write(&out, &request);
    if (e == FETCH_OK)
        e = pf_buf_terminate(&out);
    if (e != FETCH_OK) {
        pf_buf_fini(&out);
        return say(failure, e, "", fetch_strerror(e));
    }
    *text = out.data;
    return FETCH_OK;
}

enum fetch_error fetch_request_text(char **text, const struct fetch_options *options,
                                    const struct fetch_target *target,
                                    struct fetch_failure *failure)
{
    struct fetch_failure unwanted;
    struct pf_profile *profile;
    struct pf_template *template;
    struct fetch_options o;
    struct fetch_target t;
    enum fetch_error e;

    *text = NULL;
    if (!failure)
        failure = &unwanted;
    if (!target || !pf_options_adopt(&t, sizeof t, target, target->size) || !t.url)
        return say(failure, FETCH_E_INVALID, "",
                   "there is no target: begin with FETCH_TARGET_INIT");
    e = pf_options_read(&o, options, &profile, failure);
    if (e != FETCH_OK)
        return e;
    e = pf_template_new_keyless(&template, profile, &o, failure);
    if (e == FETCH_OK) {
        e = write_text(text, template, &t, failure);
        pf_template_free(template);
    }
    pf_profile_free(profile);
    if (e == FETCH_OK)
        failure->error = FETCH_OK;
    return e;
}
