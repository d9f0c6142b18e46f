#include "recipe.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DIGEST_HEX 33u          /* bytes of a digest as text: 16 of its bytes and a NUL */
#define PROFILE_MAX (64u << 10) /* bytes of a profile file: the library's ceiling       */

static bool digest(const void *data, size_t n, char text[DIGEST_HEX])
{
    unsigned char bytes[EVP_MAX_MD_SIZE];

    if (EVP_Digest(data, n, bytes, NULL, EVP_sha256(), NULL) != 1)
        return false;
    for (unsigned i = 0; i < 16; i++)
        snprintf(text + 2 * (size_t)i, 3, "%02x", bytes[i]);
    return true;
}

/* A profile of the user's own is what its file says. */
static bool set_profile_file(json_t *recipe, const char *path)
{
    char *text = malloc(PROFILE_MAX + 1), hex[DIGEST_HEX];
    FILE *file = text ? fopen(path, "re") : NULL;
    size_t n = file ? fread(text, 1, PROFILE_MAX + 1, file) : 0;
    bool fine = file && !ferror(file) && digest(text, n, hex) &&
                json_object_set_new(recipe, "profile-file", json_string(hex)) == 0;

    if (file)
        fclose(file);
    free(text);
    return fine;
}

static bool set_text(json_t *recipe, const char *name, const char *value)
{
    return !value || json_object_set_new(recipe, name, json_string(value)) == 0;
}

static bool set_switch(json_t *recipe, const char *name, int on)
{
    return !on || json_object_set_new(recipe, name, json_true()) == 0;
}

static int by_name(const void *a, const void *b)
{
    const struct fetch_pair *x = a, *y = b;
    int names = strcasecmp(x->name, y->name);

    return names ? names : strcmp(x->value, y->value);
}

/* Of all pairs together, in whatever order they were given. */
static bool set_pairs(json_t *recipe, const char *name, const struct fetch_pair *pairs,
                      size_t count)
{
    struct fetch_pair sorted[OPTIONS_PAIRS];
    char hex[DIGEST_HEX];
    struct bytes text;
    bool fine;

    if (count == 0)
        return true;
    memcpy(sorted, pairs, count * sizeof(*pairs));
    qsort(sorted, count, sizeof(*sorted), by_name);
    bytes_init(&text, SIZE_MAX / 2);
    for (size_t i = 0; i < count; i++) {
        bytes_add(&text, sorted[i].name, strlen(sorted[i].name) + 1);
        bytes_add(&text, sorted[i].value, strlen(sorted[i].value) + 1);
    }
    fine = !text.failed && digest(text.data, text.len, hex) &&
           json_object_set_new(recipe, name, json_string(hex)) == 0;
    bytes_fini(&text);
    return fine;
}

static bool fill(json_t *recipe, const struct options *o)
{
    const struct fetch_options *f = &o->fetch;
    bool profile = f->profile_file
                       ? set_profile_file(recipe, f->profile_file)
                       : set_text(recipe, "profile", f->profile ? f->profile : OPTIONS_PROFILE);

    return profile && set_switch(recipe, "sandbox", o->sandbox) &&
           set_switch(recipe, "render", f->render) && set_switch(recipe, "premium", f->premium) &&
           set_text(recipe, "country", f->country) && set_text(recipe, "session", f->session) &&
           set_text(recipe, "device", f->device) &&
           set_pairs(recipe, "param", f->params, f->param_count) &&
           set_pairs(recipe, "header", f->headers, f->header_count);
}

char *recipe_new(const struct options *o)
{
    json_t *recipe = json_object();
    char *text = NULL;

    if (recipe && fill(recipe, o))
        text = json_dumps(recipe, JSON_COMPACT);
    json_decref(recipe);
    return text;
}

static void name_option(const char *name, char *what, size_t room)
{
    size_t len = strlen(what);

    snprintf(what + len, room - len, "%s--%s", len ? ", " : "", name);
}

bool recipe_equal(const char *a, const char *b, char *what, size_t room)
{
    json_t *x = json_loads(a, 0, NULL), *y = json_loads(b, 0, NULL);
    json_t *value;
    const char *name;

    what[0] = '\0';
    json_object_foreach(x, name, value)
    {
        if (!json_equal(value, json_object_get(y, name)))
            name_option(name, what, room);
    }
    json_object_foreach(y, name, value)
    {
        if (!json_object_get(x, name))
            name_option(name, what, room);
    }
    json_decref(x);
    json_decref(y);
    return what[0] == '\0';
}
