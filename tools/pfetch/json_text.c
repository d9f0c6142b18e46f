/*
 * The escaper runs over every byte of every page, so it makes one pass and takes sixteen bytes a
 * step: it loads them, stores them unseen behind the output, and finds in the same register whether
 * one of them needs more than copying (below 0x20, quote, backslash, DEL, or above ASCII).  If so
 * it keeps what stands before that byte and deals with it alone; above ASCII the character is
 * checked and copied.  A page that turns out not to be UTF-8 half way is taken back.
 *
 * The register is a vector type of the compiler's (gcc and clang have the same), which becomes what
 * the machine has: SSE2 on x86-64, NEON on ARM, pairs of words elsewhere.
 *
 * Rejected: checking first and copying then (two passes over memory that no longer fits the
 * cache), spans found by strcspn() (a call each 20 bytes in HTML, which is full of quotes), and
 * words of eight bytes (a third to one and a half times more time than this).
 */
#include "json_text.h"

#include <endian.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "utf8.h"

#define CHUNK 4096u /* input bytes for which room is made at once                     */
#define WORST 6u    /* output bytes that one input byte needs at most: \u0000         */
#define SLACK 32u   /* a step stored past the end, and one character past the chunk   */

#define STEP 16u
typedef signed char vector __attribute__((vector_size(STEP)));
typedef uint64_t halves __attribute__((vector_size(STEP)));

/* Copies sixteen bytes, and returns how many of them in front are plain: above ASCII is negative. */
static unsigned copy_plain(char *to, const unsigned char *from)
{
    vector v;
    halves marks;

    memcpy(&v, from, STEP);
    memcpy(to, &v, STEP);
    marks = (halves)((v < 0x20) | (v == '"') | (v == '\\') | (v == 0x7f));
#ifdef __SSE2__
    return (unsigned)__builtin_ctz((unsigned)_mm_movemask_epi8((__m128i)marks) | 1u << STEP);
#else
    if (marks[0])
        return (unsigned)__builtin_ctzll(le64toh(marks[0])) >> 3;
    return marks[1] ? 8 + ((unsigned)__builtin_ctzll(le64toh(marks[1])) >> 3) : STEP;
#endif
}

static inline char *put_escape(char *p, uint32_t c)
{
    static const char hex[] = "0123456789abcdef";
    static const char letter[128] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
                                     ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\'};

    *p++ = '\\';
    if (c < 0x80 && letter[c]) {
        *p++ = letter[c];
        return p;
    }
    *p++ = 'u';
    *p++ = hex[c >> 12 & 15];
    *p++ = hex[c >> 8 & 15];
    *p++ = hex[c >> 4 & 15];
    *p++ = hex[c & 15];
    return p;
}

/* One character above ASCII: returns the bytes it took, 0 where it is no UTF-8. */
static unsigned put_character(char **p, const unsigned char *s, size_t n)
{
    uint32_t cp = 0;
    unsigned len = utf8_decode(s, n, &cp);

    if (len == 0)
        return 0;
    if (!utf8_is_hidden(cp)) {
        memcpy(*p, s, len);
        *p += len;
    } else if (cp < 0x10000) {
        *p = put_escape(*p, cp);
    } else {
        *p = put_escape(*p, 0xd800 + ((cp - 0x10000) >> 10));
        *p = put_escape(*p, 0xdc00 + (cp & 0x3ff));
    }
    return len;
}

static char *put_ascii(char *p, unsigned char c)
{
    if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f)
        return put_escape(p, c);
    *p++ = (char)c;
    return p;
}

/*
 * The length of a character whose first bytes say that it is neither hidden nor in need of a closer
 * look: most letters of most scripts, and what typesetters use.  0 for all others.
 */
static unsigned plain_length(const unsigned char *s, size_t n)
{
    unsigned char c = s[0];

    if (n < 3 || (s[1] & 0xc0) != 0x80)
        return 0;
    if (c >= 0xc3 && c <= 0xd7)
        return 2;
    if ((s[2] & 0xc0) != 0x80)
        return 0;
    if (c == 0xe2) /* U+2000 to U+206F has hidden ones; not so the dashes and quotes there */
        return s[1] >= 0x82 || (s[1] == 0x80 && s[2] >= 0x90 && s[2] <= 0xa7) ? 3 : 0;
    return c == 0xe1 || (c >= 0xe3 && c <= 0xec) ? 3 : 0;
}

/* Characters above ASCII seldom come alone, and the words of eight bytes do not help with them. */
static size_t put_characters(char **p, const unsigned char *s, size_t i, size_t end, size_t n)
{
    while (i < end && s[i] >= 0x80) {
        unsigned len = plain_length(s + i, n - i);

        if (len > 0) {
            memcpy(*p, s + i, 3);
            *p += len;
        } else {
            len = put_character(p, s + i, n - i);
        }
        if (len == 0)
            break;
        i += len;
    }
    return i;
}

/* Escapes s[i] up to s[end]; n is where the text ends.  Returns where it stopped. */
static size_t escape_chunk(char **out, const unsigned char *s, size_t i, size_t end, size_t n)
{
    char *p = *out;
    size_t from;

    while (i < end) {
        if (n - i >= STEP) {
            unsigned plain = copy_plain(p, s + i);

            i += plain;
            p += plain;
            if (plain == STEP)
                continue;
            if (s[i] < 0x80) {
                p = put_escape(p, s[i++]);
                continue;
            }
        } else if (s[i] < 0x80) {
            p = put_ascii(p, s[i++]);
            continue;
        }
        from = i;
        i = put_characters(&p, s, i, end, n);
        if (i < end && i == from)
            break;
    }
    *out = p;
    return i;
}

/* Escapes up to the first byte that is no UTF-8; returns how many bytes that were. */
static size_t escape(struct bytes *out, const unsigned char *s, size_t n)
{
    size_t i = 0;

    while (i < n) {
        size_t end = n - i < CHUNK ? n : i + CHUNK;
        char *room = bytes_room(out, (end - i) * WORST + SLACK), *p = room;

        if (!room)
            return n;
        i = escape_chunk(&p, s, i, end, n);
        out->len += (size_t)(p - room);
        if (i < end)
            break;
    }
    return i;
}

bool json_text_put(struct bytes *out, const char *text, size_t n)
{
    size_t mark = out->len;

    bytes_text(out, "\"");
    if (escape(out, (const unsigned char *)text, n) < n) {
        bytes_cut(out, mark);
        return false;
    }
    bytes_text(out, "\"");
    return true;
}

void json_text_put_lossy(struct bytes *out, const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *)text;

    bytes_text(out, "\"");
    for (size_t i = 0; i < n; i++) {
        i += escape(out, s + i, n - i);
        if (i < n)
            bytes_text(out, "\\ufffd");
    }
    bytes_text(out, "\"");
}

void json_text_put_field(struct bytes *out, const char *text, size_t n)
{
    if (json_text_put(out, text, n))
        return;
    bytes_text(out, "\"");
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c < 0x80)
            escape(out, &c, 1);
        else
            bytes_format(out, "\\u%04x", c);
    }
    bytes_text(out, "\"");
}

void json_text_put_base64(struct bytes *out, const char *data, size_t n)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *s = (const unsigned char *)data;
    char *p = bytes_room(out, n / 3 * 4 + 8);
    char *start = p;

    if (!p)
        return;
    *p++ = '"';
    for (; n >= 3; n -= 3, s += 3) {
        *p++ = digit[s[0] >> 2];
        *p++ = digit[(s[0] & 3) << 4 | s[1] >> 4];
        *p++ = digit[(s[1] & 15) << 2 | s[2] >> 6];
        *p++ = digit[s[2] & 63];
    }
    if (n) {
        unsigned second = n > 1 ? s[1] : 0;

        *p++ = digit[s[0] >> 2];
        *p++ = digit[(s[0] & 3u) << 4 | second >> 4];
        *p++ = n > 1 ? digit[(second & 15) << 2] : '=';
        *p++ = '=';
    }
    *p++ = '"';
    out->len += (size_t)(p - start);
}
