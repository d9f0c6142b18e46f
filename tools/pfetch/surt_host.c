#include "surt_host.h"

#include <stdint.h>
#include <string.h>

#include "utf8.h"

#define LABEL_MAX 63u /* bytes of a label in the DNS */

/* RFC 3492 section 5. */
enum { BASE = 36, TMIN = 1, TMAX = 26, SKEW = 38, DAMP = 700, FIRST_BIAS = 72, FIRST_CODE = 128 };

/* Section 6.1. */
static uint32_t adapted(uint32_t delta, uint32_t points, bool first)
{
    uint32_t k = 0;

    delta /= first ? DAMP : 2;
    for (delta += delta / points; delta > (BASE - TMIN) * TMAX / 2; k += BASE)
        delta /= BASE - TMIN;
    return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

/* A number in digits of growing worth, section 3.3. */
static void put_number(struct bytes *out, uint32_t n, uint32_t bias)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";

    for (uint32_t k = BASE;; k += BASE) {
        uint32_t t = k <= bias ? TMIN : k >= bias + TMAX ? TMAX : k - bias;

        if (n < t)
            break;
        bytes_add(out, &digits[t + (n - t) % (BASE - t)], 1);
        n = (n - t) / (BASE - t);
    }
    bytes_add(out, &digits[n], 1);
}

static uint32_t next_code(const uint32_t *point, size_t count, uint32_t from)
{
    uint32_t least = UINT32_MAX;

    for (size_t i = 0; i < count; i++) {
        if (point[i] >= from && point[i] < least)
            least = point[i];
    }
    return least;
}

/* Section 6.3; a label is too short for anything to overflow. */
static void put_punycode(struct bytes *out, const uint32_t *point, size_t count)
{
    uint32_t code = FIRST_CODE, delta = 0, bias = FIRST_BIAS, done = 0, basic;

    bytes_text(out, "xn--");
    for (size_t i = 0; i < count; i++) {
        const char c = (char)point[i];

        if (point[i] < FIRST_CODE) {
            bytes_add(out, &c, 1);
            done++;
        }
    }
    basic = done;
    if (basic > 0)
        bytes_text(out, "-");
    for (; done < count; code++, delta++) {
        uint32_t next = next_code(point, count, code);

        delta += (next - code) * (done + 1);
        code = next;
        for (size_t i = 0; i < count; i++) {
            delta += point[i] < code;
            if (point[i] != code)
                continue;
            put_number(out, delta, bias);
            bias = adapted(delta, done + 1, done == basic);
            delta = 0;
            done++;
        }
    }
}

/* The label's characters, ASCII in small letters; how many, or 0 where it is no such label. */
static size_t points_of(const char *label, size_t n, uint32_t point[LABEL_MAX])
{
    size_t count = 0;

    for (size_t at = 0; at < n; count++) {
        unsigned len = utf8_decode((const unsigned char *)label + at, n - at, &point[count]);

        if (len == 0 || count + 1 == LABEL_MAX)
            return 0;
        if (point[count] >= 'A' && point[count] <= 'Z')
            point[count] |= 0x20;
        at += len;
    }
    return count;
}

static bool is_ascii(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)text[i] >= 0x80)
            return false;
    }
    return true;
}

static void put_label(struct bytes *out, const char *label, size_t n)
{
    uint32_t point[LABEL_MAX];
    size_t count = is_ascii(label, n) ? 0 : points_of(label, n, point);

    if (count > 0) {
        put_punycode(out, point, count);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        char c = label[i];

        c = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
        bytes_add(out, &c, 1);
    }
}

void surt_host(struct bytes *out, const char *host, size_t n)
{
    size_t start = out->len;

    for (size_t at = 0; at < n;) {
        const char *dot = memchr(host + at, '.', n - at);
        size_t len = dot ? (size_t)(dot - host) - at : n - at;

        if (len > 0 && out->len > start)
            bytes_text(out, ".");
        put_label(out, host + at, len);
        at += len + 1;
    }
}
