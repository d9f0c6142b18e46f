#include "base64.h"

/* The value of a digit, or 64 and above. */
static unsigned value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0') + 52;
    return c == '+' ? 62 : c == '/' ? 63 : 64;
}

/* Up to four digits, the missing ones zero; false where one is none. */
static bool take_group(const char *text, size_t n, unsigned *bits)
{
    *bits = 0;
    for (size_t i = 0; i < 4; i++) {
        unsigned value = i < n ? value_of(text[i]) : 0;

        if (value > 63)
            return false;
        *bits = *bits << 6 | value;
    }
    return true;
}

bool base64_decode(const char *text, size_t n, struct bytes *out)
{
    size_t mark = out->len;
    unsigned bits;

    if (n % 4 != 0)
        return false;
    for (unsigned i = 0; i < 2 && n > 0 && text[n - 1] == '='; i++)
        n--;
    for (size_t i = 0; i < n; i += 4) {
        size_t digits = n - i < 4 ? n - i : 4;

        /* Bits that no byte takes are zero, so that each run of bytes has one text. */
        if (!take_group(text + i, digits, &bits) ||
            (digits < 4 && (bits & (digits == 2 ? 0xffffu : 0xffu)))) {
            bytes_cut(out, mark);
            return false;
        }
        bytes_add(out,
                  (unsigned char[3]){(unsigned char)(bits >> 16), (unsigned char)(bits >> 8),
                                     (unsigned char)bits},
                  digits - 1);
    }
    return true;
}
