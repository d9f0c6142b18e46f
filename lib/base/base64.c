#include "base/base64.h"

#include <stdbool.h>
#include <stdint.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum fetch_error pf_base64_encode(struct pf_buf *out, const void *bytes, size_t n)
{
    const unsigned char *in = bytes;
    enum fetch_error e =
        n / 3 > SIZE_MAX / 8 ? FETCH_E_TOO_LARGE : pf_buf_reserve(out, (n + 2) / 3 * 4);
    char *to;

    if (e != FETCH_OK || n == 0)
        return e;
    to = out->data + out->len;
    out->len += (n + 2) / 3 * 4;
    for (; n >= 3; n -= 3, in += 3) {
        *to++ = digits[in[0] >> 2];
        *to++ = digits[(in[0] & 3) << 4 | in[1] >> 4];
        *to++ = digits[(in[1] & 15) << 2 | in[2] >> 6];
        *to++ = digits[in[2] & 63];
    }
    if (n > 0) {
        unsigned second = n == 2 ? in[1] : 0;

        *to++ = digits[in[0] >> 2];
        *to++ = digits[(in[0] & 3) << 4 | second >> 4];
        *to++ = n == 2 ? digits[(second & 15) << 2] : '=';
        *to++ = '=';
    }
    return FETCH_OK;
}

/* 64: no digit.  The table is filled from the digits once for each text: 64 steps. */
static void read_digits(unsigned char value[256])
{
    for (int i = 0; i < 256; i++)
        value[i] = 64;
    for (unsigned char i = 0; i < 64; i++)
        value[(unsigned char)digits[i]] = i;
}

/* The last group: two digits for a byte, three for two, four for three. */
static bool decode_last(char *to, const unsigned char *in, size_t count, const unsigned char *value)
{
    unsigned a = value[in[0]], b = value[in[1]];
    unsigned c = count > 2 ? value[in[2]] : 0, d = count > 3 ? value[in[3]] : 0;

    if ((a | b | c | d) > 63 || (count == 2 && (b & 15)) || (count == 3 && (c & 3)))
        return false;
    to[0] = (char)(a << 2 | b >> 4);
    if (count > 2)
        to[1] = (char)(b << 4 | c >> 2);
    if (count > 3)
        to[2] = (char)(c << 6 | d);
    return true;
}

enum fetch_error pf_base64_decode(struct pf_buf *out, const char *text, size_t n)
{
    const unsigned char *in = (const unsigned char *)text;
    size_t padding = n > 1 && text[n - 1] == '=' ? 1u + (text[n - 2] == '=') : 0;
    unsigned char value[256];
    enum fetch_error e;
    char *to;

    if (n % 4 != 0)
        return FETCH_E_ENCODING;
    if (n == 0)
        return FETCH_OK;
    e = pf_buf_reserve(out, n / 4 * 3 - padding);
    if (e != FETCH_OK)
        return e;
    read_digits(value);
    to = out->data + out->len;
    for (size_t left = n; left > 4; left -= 4, in += 4, to += 3) {
        unsigned a = value[in[0]], b = value[in[1]], c = value[in[2]], d = value[in[3]];

        if ((a | b | c | d) > 63)
            return FETCH_E_ENCODING;
        to[0] = (char)(a << 2 | b >> 4);
        to[1] = (char)(b << 4 | c >> 2);
        to[2] = (char)(c << 6 | d);
    }
    if (!decode_last(to, in, 4 - padding, value))
        return FETCH_E_ENCODING;
    out->len += n / 4 * 3 - padding;
    return FETCH_OK;
}
