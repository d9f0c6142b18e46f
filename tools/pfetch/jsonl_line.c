#include "jsonl_line.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base64.h"

#define BODY_MAX (1u << 20) /* bytes: far more than fits on a line */

void jsonl_line_init(struct jsonl_line *l)
{
    l->root = NULL;
    l->why[0] = '\0';
    bytes_init(&l->body, BODY_MAX);
}

void jsonl_line_fini(struct jsonl_line *l)
{
    json_decref(l->root);
    l->root = NULL;
    bytes_fini(&l->body);
}

__attribute__((format(printf, 2, 3))) static bool broken(struct jsonl_line *l, const char *format,
                                                         ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(l->why, sizeof(l->why), format, args);
    va_end(args);
    return false;
}

static bool is_token(const char *s)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";

    if (!*s)
        return false;
    for (; *s; s++) {
        bool alnum =
            (*s >= '0' && *s <= '9') || (*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z');

        if (!alnum && !strchr(marks, *s))
            return false;
    }
    return true;
}

static bool has_control(const char *s)
{
    for (; *s; s++) {
        if (((unsigned char)*s < 0x20 && *s != '\t') || *s == 0x7f)
            return true;
    }
    return false;
}

/* A member's value as text; a number is written into `room`.  NULL where it is neither. */
static const char *text_of(json_t *value, char room[JSONL_LINE_NUMBERS])
{
    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_boolean(value))
        return json_is_true(value) ? "true" : "false";
    if (json_is_integer(value))
        snprintf(room, JSONL_LINE_NUMBERS, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        snprintf(room, JSONL_LINE_NUMBERS, "%.17g", json_real_value(value));
    else
        return NULL;
    return room;
}

static bool take_pairs(struct jsonl_line *l, const char *member, bool is_header,
                       struct fetch_pair *pairs, size_t *count)
{
    json_t *object = json_object_get(l->root, member), *value;
    const char *name;

    *count = 0;
    if (!object || json_is_null(object))
        return true;
    if (!json_is_object(object))
        return broken(l, "\"%s\" is not an object", member);
    if (json_object_size(object) > JSONL_LINE_PAIRS)
        return broken(l, "\"%s\" has more than %u members", member, JSONL_LINE_PAIRS);
    json_object_foreach(object, name, value)
    {
        const char *text =
            is_header && !json_is_string(value) ? NULL : text_of(value, l->numbers[*count]);

        if (!text)
            return broken(l, "a value in \"%s\" is not a string%s", member,
                          is_header ? "" : ", a number, true or false");
        if (is_header ? !is_token(name) : !*name || has_control(name))
            return broken(l, "\"%s\" has a member whose name is not allowed", member);
        if (has_control(text))
            return broken(l, "a value in \"%s\" holds a control character", member);
        pairs[(*count)++] = (struct fetch_pair){.name = name, .value = text};
    }
    return true;
}

static bool take_id(struct jsonl_line *l, struct fetch_target *target)
{
    json_t *id = json_object_get(l->root, "id");

    if (!id || json_is_null(id))
        return true;
    if (!json_is_string(id) && !json_is_integer(id))
        return broken(l, "\"id\" is neither a string nor an integer");
    if (json_is_string(id) && json_string_length(id) > JSONL_LINE_ID)
        return broken(l, "\"id\" is longer than %u bytes", JSONL_LINE_ID);
    target->id = text_of(id, l->id);
    return true;
}

static bool take_method(struct jsonl_line *l, struct fetch_target *target)
{
    json_t *method = json_object_get(l->root, "method");

    if (!method || json_is_null(method))
        return true;
    if (!json_is_string(method) || !is_token(json_string_value(method)) ||
        json_string_length(method) > JSONL_LINE_METHOD)
        return broken(l, "\"method\" is no HTTP method");
    target->method = json_string_value(method);
    return true;
}

static bool take_base64(struct jsonl_line *l, json_t *value, struct fetch_target *target)
{
    if (!json_is_string(value) ||
        !base64_decode(json_string_value(value), json_string_length(value), &l->body))
        return broken(l, "\"body_base64\" is not base64 with its padding");
    target->body = bytes_string(&l->body);
    target->body_len = l->body.len;
    return !l->body.failed || broken(l, "memory ran out for its \"body_base64\"");
}

static bool take_body(struct jsonl_line *l, struct fetch_target *target)
{
    json_t *text = json_object_get(l->root, "body");
    json_t *packed = json_object_get(l->root, "body_base64");

    if (packed && !json_is_null(packed))
        return !text || json_is_null(text) ? take_base64(l, packed, target)
                                           : broken(l, "it has both \"body\" and \"body_base64\"");
    if (!text || json_is_null(text))
        return true;
    if (!json_is_string(text))
        return broken(l, "\"body\" is not a string");
    target->body = json_string_value(text);
    target->body_len = json_string_length(text);
    return true;
}

static bool take_members(struct jsonl_line *l, struct fetch_target *target)
{
    if (!take_id(l, target))
        return false;
    if (!target->url)
        return broken(l, "it has no \"url\" that is a string");
    target->params = l->params;
    target->headers = l->headers;
    return take_pairs(l, "params", false, l->params, &target->param_count) &&
           take_pairs(l, "headers", true, l->headers, &target->header_count) &&
           take_method(l, target) && take_body(l, target);
}

bool jsonl_line_parse(struct jsonl_line *l, const char *text, size_t len,
                      struct fetch_target *target)
{
    json_error_t e;

    jsonl_line_fini(l);
    *target = (struct fetch_target)FETCH_TARGET_INIT;
    l->root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
    if (!l->root)
        return broken(l, "it is not JSON: %.80s (column %d)", e.text, e.column);
    if (!json_is_object(l->root))
        return broken(l, "it is not a JSON object");
    target->url = json_string_value(json_object_get(l->root, "url"));
    return take_members(l, target);
}
