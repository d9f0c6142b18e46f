#include "fields.h"

#include <event2/http.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "text.h"

/* The value of a place holder as text, in `digits` where it is a number; NULL: not known. */
static const char *value_of(struct sandbox_text name, const struct sandbox_facts *facts,
                            char digits[24])
{
    const struct {
        const char *name;
        int64_t number;
    } numbers[] = {
        {"target", facts->target}, {"cost", facts->cost},   {"spent", facts->spent},
        {"left", facts->left},     {"limit", facts->limit}, {"in_use", facts->in_use},
        {"free", facts->free},     {"id", facts->id},
    };

    if (sandbox_text_is(name, "url"))
        return facts->url;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (sandbox_text_is(name, numbers[i].name) && numbers[i].number >= 0) {
            snprintf(digits, 24, "%" PRId64, numbers[i].number);
            return digits;
        }
    }
    return NULL;
}

/* "Name: value" or "Name: {place holder}". */
static void add_line(struct evkeyvalq *headers, struct sandbox_text line,
                     const struct sandbox_facts *facts)
{
    struct sandbox_text value = line, name = sandbox_text_take(&value, ':');
    char digits[24], name_text[64], value_text[128];
    const char *known = value_text;

    if (value.at == NULL)
        return;
    value = sandbox_text_trim(value);
    snprintf(name_text, sizeof(name_text), "%.*s", (int)name.len, name.at);
    if (sandbox_text_skip(&value, "{") && sandbox_text_drop(&value, "}"))
        known = value_of(value, facts, digits);
    else
        snprintf(value_text, sizeof(value_text), "%.*s", (int)value.len, value.at);
    if (known != NULL)
        evhttp_add_header(headers, name_text, known);
}

void sandbox_fields_add(struct evkeyvalq *headers, const char *fields,
                        const struct sandbox_facts *facts)
{
    struct sandbox_text rest = {fields, 0};

    if (fields == NULL)
        return;
    rest = sandbox_text_of(fields);
    while (rest.at != NULL)
        add_line(headers, sandbox_text_take(&rest, '\n'), facts);
}
