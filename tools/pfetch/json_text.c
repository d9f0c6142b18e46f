/*
 * The escaper runs over every byte of every page.  It takes 64 bytes at a time: first it finds which
 * of them need more than copying (below 0x20, quote, backslash, DEL, or above ASCII) and keeps that
 * as the bits of one word, then it goes from bit to bit, copying what stands between.  Where the next
 * byte in need stands is known before the last one is written, so the processor is at several of
 * them at a time.  Above ASCII characters are checked and copied.  A page that turns out not to be
 * UTF-8 half way is taken back.
 *
 * The bytes are compared in a vector type of the compiler's (gcc and clang have the same), which
 * becomes what the machine has: SSE2 on x86-64, NEON on ARM, pairs of words elsewhere.
 *
 * Rejected: checking first and copying then (two passes over memory that no longer fits the
 * cache), spans found by strcspn() (a call each 20 bytes in HTML, which is full of quotes), and
 * steps of 16 bytes that each begin behind the last escape (two to four times the time: where one
 * begins waits for the whole of the one before).
 */
#include "json_text.h"

#include <endian.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "utf8.h"

#define STEP 16u
#define BLOCK 64u   /* input bytes that are looked at at once: the bits of a word              */
#define CHUNK 4096u /* input bytes for which room is made at once                              */
#define WORST 6u    /* output bytes that one input byte needs at most: \u0000                  */
#define SLACK ((BLOCK + 4) * WORST + STEP) /* a last block, its last character, a whole step    */

typedef signed char vector __attribute__((vector_size(STEP)));
typedef uint64_t halves __attribute__((vector_size(STEP)));

/* How the ASCII characters that are escaped are written. */
struct escape {
    char text[7];
    unsigned char len;
};
/* clang-format off */
#define LETTER(c) {"\\" c, 2}
#define HEX(c) {"\\u00" c, 6}
static const struct escape escapes[128] = {
    HEX("00"), HEX("01"), HEX("02"), HEX("03"), HEX("04"), HEX("05"), HEX("06"), HEX("07"),
    LETTER("b"), LETTER("t"), LETTER("n"), HEX("0b"), LETTER("f"), LETTER("r"), HEX("0e"), HEX("0f"),
    HEX("10"), HEX("11"), HEX("12"), HEX("13"), HEX("14"), HEX("15"), HEX("16"), HEX("17"),
    HEX("18"), HEX("19"), HEX("1a"), HEX("1b"), HEX("1c"), HEX("1d"), HEX("1e"), HEX("1f"),
    ['"'] = LETTER("\""), ['\\'] = LETTER("\\"), [0x7f] = HEX("7f")};
/* clang-format on */

#ifndef __SSE2__
/* The top bits of a word's bytes, the first byte's lowest. */
static unsigned top_bits(uint64_t word)
{
    return (unsigned)(((le64toh(word) & 0x8080808080808080) >> 7) * 0x0102040810204080 >> 56);
}
#endif

/* Which of sixteen bytes need more than copying; above ASCII they are negative. */
static uint64_t marks_of_step(const unsigned char *s)
{
    vector v;
    halves marks;

    memcpy(&v, s, STEP);
    marks = (halves)((v < 0x20) | (v == '"') | (v == '\\') | (v == 0x7f));
#ifdef __SSE2__
    return (unsigned)_mm_movemask_epi8((__m128i)marks);
#else
    return top_bits(marks[0]) | top_bits(marks[1]) << 8;
#endif
}

static uint64_t marks_of(const unsigned char *s)
{
    return marks_of_step(s) | marks_of_step(s + STEP) << STEP |
           marks_of_step(s + 2 * STEP) << 2 * STEP | marks_of_step(s + 3 * STEP) << 3 * STEP;
}

/* Copies `n` bytes in whole steps, at least one. */
static inline char *put_plain(char *p, const unsigned char *s, size_t n)
{
    memcpy(p, s, STEP);
    for (size_t i = STEP; i < n; i += STEP)
        memcpy(p + i, s + i, STEP);
    return p + n;
}

static char *put_unit(char *p, uint32_t c)
{
    static const char hex[] = "0123456789abcdef";

    *p++ = '\\';
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
        *p = put_unit(*p, cp);
    } else {
        *p = put_unit(*p, 0xd800 + ((cp - 0x10000) >> 10));
        *p = put_unit(*p, 0xdc00 + (cp & 0x3ff));
    }
    return len;
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

/*
 * What stands above ASCII from s[i] on, up to s[end]; such characters seldom come alone.  The text
 * ends at s[n].  Returns where it stopped: at s[i] again where that is no UTF-8.
 */
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

/*
 * Escapes the first BLOCK bytes of a text of `n`, or all of it; BLOCK + STEP bytes can be read.
 * Returns how many it took: fewer where the next one is no UTF-8, more where a character or a run
 * of characters above ASCII ends behind them; one is followed up to s[run].
 */
static size_t put_block(char **out, const unsigned char *s, size_t n, size_t run)
{
    size_t end = n < BLOCK ? n : BLOCK, done = 0;
    uint64_t marks = marks_of(s);
    char *p = *out;

    if (n < BLOCK)
        marks &= (UINT64_C(1) << n) - 1;
    while (marks) {
        size_t at = (size_t)__builtin_ctzll(marks);

        p = put_plain(p, s + done, at - done);
        if (s[at] < 0x80) {
            memcpy(p, &escapes[s[at]], sizeof(struct escape));
            p += escapes[s[at]].len;
            done = at + 1;
            marks &= marks - 1;
            continue;
        }
        done = put_characters(&p, s, at, run > end ? run : end, n);
        if (done < end && s[done] >= 0x80)
            break;
        marks &= done < end ? UINT64_MAX << done : 0;
    }
    if (!marks && done < end) {
        p = put_plain(p, s + done, end - done);
        done = end;
    }
    *out = p;
    return done;
}

/* Likewise the last bytes of a text, behind which nothing can be read. */
static size_t put_rest(char **out, const unsigned char *s, size_t n)
{
    unsigned char block[BLOCK + STEP] = {0};

    memcpy(block, s, n);
    return put_block(out, block, n, n);
}

/* Escapes up to the first byte that is no UTF-8; returns how many bytes that were. */
static size_t escape(struct bytes *out, const unsigned char *s, size_t n)
{
    size_t i = 0, took = BLOCK;

    while (i < n && took >= BLOCK) {
        size_t end = n - i < CHUNK ? n : i + CHUNK;
        char *room = bytes_room(out, (end - i) * WORST + SLACK), *p = room;

        if (!room)
            return n;
        while (i < end && took >= BLOCK) {
            took = n - i < BLOCK + STEP ? put_rest(&p, s + i, n - i)
                                        : put_block(&p, s + i, n - i, end - i);
            i += took;
        }
        out->len += (size_t)(p - room);
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
