#include "utf8.h"

static bool is_tail(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

static unsigned decode_long(const unsigned char *s, size_t n, uint32_t *cp)
{
    uint32_t c;

    if (n < 3 || !is_tail(s[1]) || !is_tail(s[2]))
        return 0;
    if (s[0] < 0xf0) {
        c = (uint32_t)(s[0] & 0x0f) << 12 | (uint32_t)(s[1] & 0x3f) << 6 | (s[2] & 0x3f);
        *cp = c;
        return c < 0x800 || (c >= 0xd800 && c <= 0xdfff) ? 0 : 3;
    }
    if (n < 4 || s[0] > 0xf4 || !is_tail(s[3]))
        return 0;
    c = (uint32_t)(s[0] & 0x07) << 18 | (uint32_t)(s[1] & 0x3f) << 12 |
        (uint32_t)(s[2] & 0x3f) << 6 | (s[3] & 0x3f);
    *cp = c;
    return c < 0x10000 || c > 0x10ffff ? 0 : 4;
}

unsigned utf8_decode(const unsigned char *s, size_t n, uint32_t *cp)
{
    if (s[0] < 0x80) {
        *cp = s[0];
        return 1;
    }
    if (s[0] >= 0xe0)
        return decode_long(s, n, cp);
    if (s[0] < 0xc2 || n < 2 || !is_tail(s[1]))
        return 0;
    *cp = (uint32_t)(s[0] & 0x1f) << 6 | (s[1] & 0x3f);
    return 2;
}

bool utf8_is_hidden(uint32_t cp)
{
    if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
        return true;
    if (cp < 0x61c)
        return false;
    return cp == 0x61c || (cp >= 0x200b && cp <= 0x200f) || (cp >= 0x2028 && cp <= 0x202e) ||
           (cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff || (cp >= 0xfff9 && cp <= 0xfffb) ||
           (cp >= 0xe0000 && cp <= 0xe007f);
}

void utf8_put_visible(struct bytes *out, const char *text, size_t n, bool ascii)
{
    const unsigned char *s = (const unsigned char *)text;

    for (size_t i = 0; i < n;) {
        uint32_t cp = 0;
        unsigned len = utf8_decode(s + i, n - i, &cp);

        if (len == 0 || utf8_is_hidden(cp) || (ascii && len > 1))
            bytes_text(out, "?");
        else
            bytes_add(out, s + i, len);
        i += len ? len : 1;
    }
}
