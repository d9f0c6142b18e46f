#include "endpoint/profile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "endpoint/builtin.h"
#include "endpoint/profile_text.h"

const char *const *fetch_profile_names(void)
{
    return pf_builtin_names;
}

const char *fetch_profile_text(const char *name)
{
    for (size_t i = 0; name && pf_builtin_names[i]; i++)
        if (strcmp(pf_builtin_names[i], name) == 0)
            return pf_builtin_texts[i];
    return NULL;
}

static enum fetch_error no_such_profile(const char *name, struct fetch_failure *failure)
{
    int n = snprintf(failure->message, sizeof failure->message,
                     "there is no profile \"%.40s\"; there are", name);
    size_t used = (size_t)n;

    failure->error = FETCH_E_INVALID;
    for (size_t i = 0; pf_builtin_names[i]; i++) {
        n = snprintf(failure->message + used, sizeof failure->message - used, "%s %s", i ? "," : "",
                     pf_builtin_names[i]);
        used += (size_t)n;
        if (used >= sizeof failure->message)
            break;
    }
    return FETCH_E_INVALID;
}

static enum fetch_error cannot_read(const char *path, const char *why,
                                    struct fetch_failure *failure)
{
    failure->error = FETCH_E_PROFILE;
    (void)snprintf(failure->message, sizeof failure->message,
                   "cannot read the profile file %.150s: %s", path, why);
    return FETCH_E_PROFILE;
}

/* One byte more than a profile may have is enough to tell. */
static enum fetch_error load_file(struct pf_profile **profile, const char *path,
                                  struct fetch_failure *failure)
{
    const size_t room = PF_MAX_PROFILE_BYTES + 1;
    FILE *f = fopen(path, "re");
    char *text = NULL;
    enum fetch_error e;
    size_t n;

    if (!f)
        return cannot_read(path, strerror(errno), failure);
    text = malloc(room);
    n = text ? fread(text, 1, room, f) : 0;
    if (!text)
        e = cannot_read(path, fetch_strerror(FETCH_E_NOMEM), failure);
    else if (ferror(f))
        e = cannot_read(path, strerror(errno), failure);
    else
        e = pf_profile_parse(profile, text, n, path, failure);
    free(text);
    (void)fclose(f);
    return e;
}

enum fetch_error pf_profile_load(struct pf_profile **profile, const char *name, const char *file,
                                 struct fetch_failure *failure)
{
    const char *text;
    enum fetch_error e;

    *profile = NULL;
    if (!file || !*file) {
        name = name && *name ? name : "proxiesapi";
        text = fetch_profile_text(name);
        return text ? pf_profile_parse(profile, text, strlen(text), name, failure)
                    : no_such_profile(name, failure);
    }
    e = load_file(profile, file, failure);
    if (e != FETCH_OK || !name || !*name || strcmp(name, (*profile)->name) == 0)
        return e;
    failure->error = FETCH_E_INVALID;
    (void)snprintf(
        failure->message, sizeof failure->message,
        "the profile file %.100s is the profile %.40s, not \"%.40s\"; leave the name out", file,
        (*profile)->name, name);
    pf_profile_free(*profile);
    *profile = NULL;
    return FETCH_E_INVALID;
}
