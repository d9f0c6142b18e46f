#include "page.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "writer.h"

/*
 * A page is head, filler, tail.  Head and tail are written by one function that runs twice,
 * first to measure; the filler takes what is left of the size.  The filler is on the way of
 * every reply, so it copies whole 16-byte records of words: 10 KiB cost about 5 µs.
 */

#define LINKS 5
#define PARAGRAPH_BYTES 800

struct word {
    char text[15]; /* with a space behind, then zeros */
    uint8_t len;   /* with the space                  */
};

#define WORD(text)                                                                                 \
    {                                                                                              \
        text " ", sizeof(text)                                                                     \
    }

/* A power of two, so that six bits of a random number choose one. */
static const struct word words[64] = {
    WORD("amber"),   WORD("anchor"),  WORD("apple"),   WORD("basin"),   WORD("birch"),
    WORD("bridge"),  WORD("candle"),  WORD("canyon"),  WORD("cedar"),   WORD("cloud"),
    WORD("copper"),  WORD("coral"),   WORD("delta"),   WORD("desert"),  WORD("dune"),
    WORD("ember"),   WORD("falcon"),  WORD("fern"),    WORD("field"),   WORD("forest"),
    WORD("garden"),  WORD("glacier"), WORD("granite"), WORD("harbor"),  WORD("hazel"),
    WORD("heron"),   WORD("hill"),    WORD("island"),  WORD("ivory"),   WORD("jasper"),
    WORD("juniper"), WORD("lagoon"),  WORD("lantern"), WORD("linen"),   WORD("maple"),
    WORD("marble"),  WORD("meadow"),  WORD("mill"),    WORD("moss"),    WORD("north"),
    WORD("oak"),     WORD("ocean"),   WORD("olive"),   WORD("orchard"), WORD("otter"),
    WORD("paper"),   WORD("pebble"),  WORD("pine"),    WORD("planet"),  WORD("quarry"),
    WORD("rain"),    WORD("reef"),    WORD("river"),   WORD("saddle"),  WORD("shore"),
    WORD("silver"),  WORD("slate"),   WORD("spruce"),  WORD("stone"),   WORD("timber"),
    WORD("valley"),  WORD("willow"),  WORD("winter"),  WORD("yarrow"),
};

static void write_hex(struct sandbox_writer *writer, uint64_t number)
{
    char digits[16];

    for (size_t i = 0; i < sizeof(digits); i++)
        digits[i] = "0123456789abcdef"[number >> (60 - 4 * i) & 15];
    sandbox_write_bytes(writer, digits, sizeof(digits));
}

/* Scheme and authority of an absolute URL, as it stands there. */
static void write_origin(struct sandbox_writer *writer, const char *url)
{
    const char *authority = strstr(url, "://");
    char byte[2] = {0, 0};

    authority = authority != NULL ? authority + 3 : url;
    for (const char *end = authority + strcspn(authority, "/?#"); url < end; url++) {
        byte[0] = *url;
        sandbox_write_escaped(writer, byte);
    }
}

static void write_head(struct sandbox_writer *writer, const char *url, uint64_t target)
{
    sandbox_write(writer, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                          "<title>Page ");
    write_hex(writer, target);
    sandbox_write(writer, ": ");
    sandbox_write_escaped(writer, url);
    sandbox_write(writer, "</title>\n</head>\n<body>\n<h1>");
    sandbox_write_escaped(writer, url);
    sandbox_write(writer, "</h1>\n<p>Made up by the sandbox; no site was asked.</p>\n<ul>\n");
    for (unsigned i = 0; i < LINKS; i++) {
        uint64_t number = sandbox_random_next(&target);
        const struct word *word = &words[number & 63];

        sandbox_write(writer, "<li><a href=\"");
        write_origin(writer, url);
        sandbox_write(writer, "/");
        sandbox_write_bytes(writer, word->text, word->len - 1u);
        sandbox_write(writer, "/");
        write_hex(writer, number);
        sandbox_write(writer, "\">");
        sandbox_write_bytes(writer, word->text, word->len - 1u);
        sandbox_write(writer, "</a></li>\n");
    }
    sandbox_write(writer, "</ul>\n<p>");
}

static const char page_tail[] = "</p>\n</body>\n</html>\n";

/* Exactly `len` bytes of words; the last word may be a part of one. */
static void fill(char *out, size_t len, uint64_t state)
{
    static const char turn[] = "</p>\n<p>";
    size_t at = 0, next_turn = PARAGRAPH_BYTES;
    uint64_t bits = 0;

    for (unsigned left = 0; at + sizeof(struct word) <= len; left--) {
        const struct word *word;

        if (left == 0) {
            bits = sandbox_random_next(&state);
            left = 10;
        }
        word = &words[bits & 63];
        bits >>= 6;
        memcpy(out + at, word, sizeof(*word));
        at += word->len;
        if (at >= next_turn && at + sizeof(turn) <= len) {
            memcpy(out + at, turn, sizeof(turn) - 1);
            at += sizeof(turn) - 1;
            next_turn = at + PARAGRAPH_BYTES;
        }
    }
    memset(out + at, '.', len - at);
}

char *sandbox_page(const char *url, size_t size_bytes, size_t *len)
{
    const uint64_t target = sandbox_hash(url, strlen(url));
    const size_t tail_len = sizeof(page_tail) - 1;
    struct sandbox_writer writer = {NULL, 0};
    size_t fixed;

    write_head(&writer, url, target);
    fixed = writer.len + tail_len;
    *len = size_bytes > fixed ? size_bytes : fixed;
    writer.out = malloc(*len + 1);
    if (writer.out == NULL)
        return NULL;
    writer.len = 0;
    write_head(&writer, url, target);
    fill(writer.out + writer.len, *len - fixed, ~target);
    memcpy(writer.out + *len - tail_len, page_tail, sizeof(page_tail));
    return writer.out;
}

char *sandbox_page_binary(const char *url, size_t size_bytes, size_t *len)
{
    uint64_t state = sandbox_hash(url, strlen(url));
    char *page;

    *len = size_bytes > 0 ? size_bytes : 1;
    page = malloc(*len + 1);
    if (page == NULL)
        return NULL;
    for (size_t at = 0; at < *len; at += sizeof(state)) {
        uint64_t number = sandbox_random_next(&state);

        for (size_t i = at; i < *len && i < at + sizeof(number); i++, number >>= 8)
            page[i] = (char)(number & 255);
    }
    page[0] = (char)0x89; /* only ever continues a character of UTF-8 */
    page[*len] = '\0';
    return page;
}

static void write_captcha(struct sandbox_writer *writer, const char *url)
{
    sandbox_write(writer, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                          "<title>Are you a human?</title>\n</head>\n<body>\n"
                          "<h1>Please verify that you are a human</h1>\n"
                          "<p>Unusual traffic from your network was detected on the way to ");
    sandbox_write_escaped(writer, url);
    sandbox_write(writer, ".</p>\n<form id=\"captcha-form\" method=\"post\">"
                          "<div class=\"g-recaptcha\"></div></form>\n</body>\n</html>\n");
}

static void write_not_found(struct sandbox_writer *writer, const char *url)
{
    sandbox_write(writer, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                          "<title>404 Not Found</title>\n</head>\n<body>\n<h1>Not Found</h1>\n<p>");
    sandbox_write_escaped(writer, url);
    sandbox_write(writer, " is not here.</p>\n</body>\n</html>\n");
}

static void write_failed(struct sandbox_writer *writer, const char *url)
{
    sandbox_write(writer, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                          "<title>Unavailable</title>\n</head>\n<body>\n<h1>Unavailable</h1>\n<p>");
    sandbox_write_escaped(writer, url);
    sandbox_write(writer, " cannot be shown now.</p>\n</body>\n</html>\n");
}

static char *twice(void (*write)(struct sandbox_writer *, const char *), const char *url,
                   size_t *len)
{
    struct sandbox_writer writer = {NULL, 0};

    write(&writer, url);
    *len = writer.len;
    writer.out = malloc(*len + 1);
    if (writer.out == NULL)
        return NULL;
    writer.len = 0;
    write(&writer, url);
    writer.out[*len] = '\0';
    return writer.out;
}

char *sandbox_page_captcha(const char *url, size_t *len)
{
    return twice(write_captcha, url, len);
}

char *sandbox_page_not_found(const char *url, size_t *len)
{
    return twice(write_not_found, url, len);
}

char *sandbox_page_failed(const char *url, size_t *len)
{
    return twice(write_failed, url, len);
}
