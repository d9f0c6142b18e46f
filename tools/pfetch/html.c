#include "html.h"

#include "utf8.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static const char *reference(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void html_text(struct bytes *out, const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *)text;

    for (size_t i = 0; i < n;) {
        uint32_t cp = 0;
        unsigned len = utf8_decode(s + i, n - i, &cp);

        if (len == 0 || utf8_is_hidden(cp))
            bytes_text(out, REPLACEMENT);
        else if (len == 1 && reference(text[i]))
            bytes_text(out, reference(text[i]));
        else
            bytes_add(out, s + i, len);
        i += len ? len : 1;
    }
}
