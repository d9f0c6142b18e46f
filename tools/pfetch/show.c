#include "show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool show_text(const char *text)
{
    return fputs(text, stdout) >= 0 && fflush(stdout) == 0;
}

bool show_lines(const char *const *lines)
{
    for (; *lines; lines++) {
        if (fputs(*lines, stdout) < 0)
            return false;
    }
    return show_text("");
}

bool show_profiles(void)
{
    for (const char *const *name = fetch_profile_names(); *name; name++) {
        struct fetch_options o = FETCH_OPTIONS_INIT;
        char variable[FETCH_VARIABLE_BYTES];

        o.profile = *name;
        (void)fetch_key_variable(variable, &o, NULL);
        printf("%s\t%s\n", *name, variable[0] ? variable : "PFETCH_KEY");
    }
    return show_text("");
}

bool show_profile(const char *name, char *error)
{
    const char *text = fetch_profile_text(name);

    error[0] = '\0';
    if (text)
        return show_text(text);
    snprintf(error, OPTIONS_ERROR,
             "--show-profile: there is no profile \"%.100s\"; --list-profiles shows them all",
             name);
    return false;
}

bool show_requests(const struct options *o, char *error)
{
    for (size_t i = 0; i < o->url_count; i++) {
        struct fetch_target target = FETCH_TARGET_INIT;
        struct fetch_failure failure;
        char *text;
        size_t n;
        bool fine;

        target.url = o->urls[i];
        if (fetch_request_text(&text, &o->fetch, &target, &failure) != FETCH_OK) {
            snprintf(error, OPTIONS_ERROR, "%s", failure.message);
            return false;
        }
        n = strlen(text);
        fine = show_text(text) && (text[n - 1] == '\n' || show_text("\n")) &&
               (i + 1 == o->url_count || show_text("\n"));
        free(text);
        error[0] = '\0';
        if (!fine)
            return false;
    }
    return true;
}
