#include "text.h"

#include <string.h>

struct sandbox_text sandbox_text_of(const char *string)
{
    struct sandbox_text text = {string, strlen(string)};

    return text;
}

int sandbox_text_is(struct sandbox_text text, const char *word)
{
    return text.len == strlen(word) && memcmp(text.at, word, text.len) == 0;
}

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

int sandbox_text_is_anycase(struct sandbox_text text, const char *word)
{
    if (text.len != strlen(word))
        return 0;
    for (size_t i = 0; i < text.len; i++) {
        if (lower(text.at[i]) != lower(word[i]))
            return 0;
    }
    return 1;
}

struct sandbox_text sandbox_text_take(struct sandbox_text *rest, char separator)
{
    struct sandbox_text piece = *rest;
    const char *end = rest->len > 0 ? memchr(rest->at, separator, rest->len) : NULL;

    if (end == NULL) {
        rest->at = NULL;
        rest->len = 0;
        return piece;
    }
    piece.len = (size_t)(end - piece.at);
    rest->at = end + 1;
    rest->len -= piece.len + 1;
    return piece;
}

int sandbox_text_skip(struct sandbox_text *text, const char *prefix)
{
    size_t len = strlen(prefix);

    if (text->len < len || memcmp(text->at, prefix, len) != 0)
        return 0;
    text->at += len;
    text->len -= len;
    return 1;
}

int sandbox_text_drop(struct sandbox_text *text, const char *suffix)
{
    size_t len = strlen(suffix);

    if (text->len < len || memcmp(text->at + text->len - len, suffix, len) != 0)
        return 0;
    text->len -= len;
    return 1;
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct sandbox_text sandbox_text_trim(struct sandbox_text text)
{
    while (text.len > 0 && is_blank(text.at[0])) {
        text.at++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.at[text.len - 1]))
        text.len--;
    return text;
}

int sandbox_text_number(struct sandbox_text text, uint64_t max, uint64_t *number)
{
    uint64_t value = 0;

    if (text.len == 0)
        return -1;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned char)text.at[i] - (unsigned)'0';

        if (digit > 9 || digit > max || value > (max - digit) / 10)
            return -1;
        value = value * 10 + digit;
    }
    *number = value;
    return 0;
}

int sandbox_text_decimal(struct sandbox_text text, double max, double *number)
{
    double value = 0, place = 1;
    size_t digits = 0;
    int behind_point = 0;

    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned char)text.at[i] - (unsigned)'0';

        if (text.at[i] == '.' && !behind_point) {
            behind_point = 1;
        } else if (digit <= 9 && ++digits <= 18) {
            value = value * 10 + digit;
            place = behind_point ? place * 10 : place;
        } else {
            return -1;
        }
    }
    value /= place;
    if (digits == 0 || value > max)
        return -1;
    *number = value;
    return 0;
}

int sandbox_text_bytes(struct sandbox_text text, uint64_t max, uint64_t *bytes)
{
    uint64_t unit = 1, count;

    if (sandbox_text_drop(&text, "k") || sandbox_text_drop(&text, "K"))
        unit = 1024;
    else if (sandbox_text_drop(&text, "m") || sandbox_text_drop(&text, "M"))
        unit = 1024 * 1024;
    if (sandbox_text_number(text, max / unit, &count) != 0)
        return -1;
    *bytes = count * unit;
    return 0;
}
