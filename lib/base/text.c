#include "base/text.h"

#include <string.h>

bool pf_text_u64(const char *s, size_t n, uint64_t *out)
{
    uint64_t value = 0;

    if (n == 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        unsigned digit = (unsigned)(unsigned char)s[i] - '0';

        if (digit > 9 || value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

static unsigned char lower(char c)
{
    unsigned char u = (unsigned char)c;

    return u >= 'A' && u <= 'Z' ? (unsigned char)(u + ('a' - 'A')) : u;
}

bool pf_text_eq_nocase(const char *a, size_t an, const char *b, size_t bn)
{
    if (an != bn)
        return false;
    for (size_t i = 0; i < an; i++)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

bool pf_text_is_token(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] <= 0x20 || (unsigned char)s[i] >= 0x7f ||
            strchr("\"(),/:;<=>?@[\\]{}", s[i]))
            return false;
    return n > 0;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n'; /* the latter from folded lines */
}

/* Behind the parameters that begin at p: at the next comma outside quotes, or at the end. */
static const char *skip_parameters(const char *p, const char *end)
{
    bool quoted = false;

    for (; p < end && (quoted || *p != ','); p++) {
        if (*p == '"')
            quoted = !quoted;
        else if (quoted && *p == '\\' && end - p > 1)
            p++;
    }
    return p;
}

bool pf_text_next_token(const char **cursor, const char *end, const char **token, size_t *n)
{
    const char *p = *cursor;

    while (p < end) {
        const char *start, *stop;

        while (p < end && (is_space(*p) || *p == ','))
            p++;
        start = p;
        while (p < end && *p != ',' && *p != ';')
            p++;
        stop = p;
        p = skip_parameters(p, end);
        while (stop > start && is_space(stop[-1]))
            stop--;
        if (stop > start) {
            *cursor = p;
            *token = start;
            *n = (size_t)(stop - start);
            return true;
        }
    }
    *cursor = p;
    return false;
}

/*
 * The bytes of the UTF-8 character at s (RFC 3629: no overlong form, no
 * surrogate, nothing above U+10FFFF), 0 where there is none; n > 0.
 */
static size_t utf8_length(const unsigned char *s, size_t n, uint32_t *point)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length;
    uint32_t c;

    if (s[0] < 0x80) {
        *point = s[0];
        return 1;
    }
    length = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || length > n)
        return 0;
    c = s[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3fu);
    }
    if (c < smallest[length] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *point = c;
    return length;
}

bool pf_text_is_utf8(const char *s, size_t n)
{
    uint32_t point;
    size_t length;

    for (size_t i = 0; i < n; i += length) {
        length = utf8_length((const unsigned char *)s + i, n - i, &point);
        if (length == 0)
            return false;
    }
    return true;
}

static bool is_harmful(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

void pf_text_printable(char *dst, size_t cap, const char *src, size_t n)
{
    const unsigned char *s = (const unsigned char *)src;
    size_t used = 0;

    if (cap == 0)
        return;
    for (size_t i = 0; i < n;) {
        uint32_t point = 0;
        size_t length = utf8_length(s + i, n - i, &point);
        bool harmful = length == 0 || is_harmful(point);
        size_t written = harmful ? 1 : length;

        if (written >= cap - used)
            break;
        if (harmful)
            dst[used] = '?';
        else
            memcpy(dst + used, s + i, length);
        used += written;
        i += length ? length : 1;
    }
    dst[used] = '\0';
}
