#include "endpoint/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct pf_json {
    json_t *root;
};

struct pf_json *pf_json_new(void)
{
    struct pf_json *json = calloc(1, sizeof *json);

    if (json && !(json->root = json_object())) {
        free(json);
        return NULL;
    }
    return json;
}

void pf_json_free(struct pf_json *json)
{
    if (!json)
        return;
    json_decref(json->root);
    free(json);
}

bool pf_json_is_value(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

    json_decref(value);
    return value != NULL;
}

/* The object that holds the member, and the member's own name. */
static json_t *parent_of(struct pf_json *json, const char *path, const char **name)
{
    json_t *at = json->root;
    const char *dot;

    for (; (dot = strchr(path, '.')); path = dot + 1) {
        json_t *next = json_object_getn(at, path, (size_t)(dot - path));

        if (!json_is_object(next)) {
            next = json_object();
            if (json_object_setn_new(at, path, (size_t)(dot - path), next) != 0)
                return NULL;
        }
        at = next;
    }
    *name = path;
    return at;
}

/* Takes the value whatever comes. */
static bool set(struct pf_json *json, const char *path, json_t *value)
{
    const char *name;
    json_t *parent = value ? parent_of(json, path, &name) : NULL;

    if (!parent) {
        json_decref(value);
        return false;
    }
    return json_object_set_new(parent, name, value) == 0;
}

bool pf_json_set(struct pf_json *json, const char *path, const char *value)
{
    return set(json, path, json_loads(value, JSON_DECODE_ANY, NULL));
}

bool pf_json_set_string(struct pf_json *json, const char *path, const char *s, size_t n)
{
    return set(json, path, json_stringn(s, n));
}

bool pf_json_add_pair(struct pf_json *json, const char *path, const char *name, const char *value)
{
    const char *last;
    json_t *parent = parent_of(json, path, &last), *list;

    if (!parent)
        return false;
    list = json_object_get(parent, last);
    if (!json_is_array(list)) {
        list = json_array();
        if (json_object_set_new(parent, last, list) != 0)
            return false;
    }
    return json_array_append_new(list, json_pack("{s:s,s:s}", "name", name, "value", value)) == 0;
}

enum fetch_error pf_json_write_open(const struct pf_json *json, struct pf_buf *out)
{
    char *text = json_dumps(json->root, JSON_COMPACT);
    enum fetch_error e;

    if (!text)
        return FETCH_E_NOMEM;
    e = pf_buf_append(out, text, strlen(text) - 1);
    free(text);
    if (e == FETCH_OK && json_object_size(json->root) > 0)
        e = pf_buf_append(out, ",", 1);
    return e;
}

enum fetch_error pf_json_write_url(struct pf_buf *out, const char *s, size_t n)
{
    static const char hex[] = "0123456789ABCDEF";
    bool utf8 = pf_text_is_utf8(s, n);
    enum fetch_error e = pf_buf_reserve(out, 6 * n + 2);
    char *to;

    if (e != FETCH_OK)
        return e;
    to = out->data + out->len;
    *to++ = '"';
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];

        if (c == '"' || c == '\\') {
            *to++ = '\\';
            *to++ = (char)c;
        } else if (c < 0x20) { /* no target has any: see pf_url_target_fault() */
            memcpy(to, "\\u00", 4);
            to[4] = hex[c >> 4];
            to[5] = hex[c & 15];
            to += 6;
        } else if (c >= 0x80 && !utf8) {
            *to++ = '%';
            *to++ = hex[c >> 4];
            *to++ = hex[c & 15];
        } else {
            *to++ = (char)c;
        }
    }
    *to++ = '"';
    out->len = (size_t)(to - out->data);
    return FETCH_OK;
}
