#include "spec.h"

#include <stdio.h>
#include <string.h>

#include "dialect.h"
#include "text.h"

/* A reader takes one value into the field it belongs to; 0, or -1 where it is no such value. */
typedef int (*spec_reader)(struct sandbox_text value, void *field);
typedef int (*unit_reader)(struct sandbox_text value, double *number);

static int read_duration_ms(struct sandbox_text value, double *ms)
{
    double unit_ms = 1;

    if (!sandbox_text_drop(&value, "ms")) {
        if (!sandbox_text_drop(&value, "s"))
            return -1;
        unit_ms = 1000;
    }
    if (sandbox_text_decimal(value, SANDBOX_LATENCY_MAX_MS / unit_ms, ms) != 0)
        return -1;
    *ms *= unit_ms;
    return 0;
}

static int read_bytes(struct sandbox_text value, double *bytes)
{
    uint64_t number;

    if (sandbox_text_bytes(value, SANDBOX_SIZE_MAX, &number) != 0)
        return -1;
    *bytes = (double)number;
    return 0;
}

static int read_dist(struct sandbox_text value, unit_reader read_unit, struct sandbox_dist *dist)
{
    struct sandbox_text first = value;

    if (sandbox_text_skip(&value, "lognormal:")) {
        first = sandbox_text_take(&value, ':');
        dist->shape = SANDBOX_LOGNORMAL;
        if (value.at == NULL || read_unit(first, &dist->a) != 0)
            return -1;
        return sandbox_text_decimal(value, SANDBOX_SIGMA_MAX, &dist->b);
    }
    for (size_t i = 0; i + 1 < value.len; i++) {
        if (value.at[i] == '.' && value.at[i + 1] == '.') {
            struct sandbox_text last = {value.at + i + 2, value.len - i - 2};

            first.len = i;
            dist->shape = SANDBOX_UNIFORM;
            if (read_unit(first, &dist->a) != 0 || read_unit(last, &dist->b) != 0)
                return -1;
            return dist->a <= dist->b ? 0 : -1;
        }
    }
    dist->shape = SANDBOX_FIXED;
    dist->b = 0;
    return read_unit(value, &dist->a);
}

static int read_latency(struct sandbox_text value, void *field)
{
    return read_dist(value, read_duration_ms, field);
}

static int read_size(struct sandbox_text value, void *field)
{
    return read_dist(value, read_bytes, field);
}

static int read_rate(struct sandbox_text value, void *field)
{
    return sandbox_text_decimal(value, 1.0, field);
}

static int read_limit(struct sandbox_text value, void *field)
{
    uint64_t *limit = field;

    return sandbox_text_number(value, SANDBOX_LIMIT_MAX, limit) == 0 && *limit > 0 ? 0 : -1;
}

static int read_slow_ms(struct sandbox_text value, void *field)
{
    return sandbox_text_number(value, SANDBOX_SLOW_MAX_MS, field);
}

static int read_seed(struct sandbox_text value, void *field)
{
    return sandbox_text_number(value, UINT64_MAX, field);
}

static int read_retry_after(struct sandbox_text value, void *field)
{
    int64_t *seconds = field;
    uint64_t number;

    if (sandbox_text_is(value, "none")) {
        *seconds = -1;
        return 0;
    }
    if (sandbox_text_number(value, SANDBOX_RETRY_AFTER_MAX_S, &number) != 0)
        return -1;
    *seconds = (int64_t)number;
    return 0;
}

static int read_key(struct sandbox_text value, void *field)
{
    char *key = field;

    if (value.len == 0 || value.len > SANDBOX_KEY_MAX)
        return -1;
    memcpy(key, value.at, value.len);
    key[value.len] = '\0';
    return 0;
}

static int read_coding(struct sandbox_text value, void *field)
{
    static const char *const names[] = {"none", "gzip", "br", "zstd", "mix"};
    enum sandbox_coding *coding = field;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (sandbox_text_is(value, names[i])) {
            *coding = (enum sandbox_coding)i;
            return 0;
        }
    }
    return -1;
}

static int read_profile(struct sandbox_text value, void *field)
{
    const struct sandbox_dialect *dialect = sandbox_dialect_find(value);

    if (dialect == NULL)
        return -1;
    memcpy(field, &dialect, sizeof(dialect));
    return 0;
}

/* N/S: both ban_calls and, behind it, ban_s. */
static int read_ban(struct sandbox_text value, void *field)
{
    struct sandbox_text calls = sandbox_text_take(&value, '/');
    uint64_t number[2];

    if (value.at == NULL || sandbox_text_number(calls, SANDBOX_BAN_CALLS_MAX, &number[0]) != 0 ||
        sandbox_text_number(value, SANDBOX_BAN_MAX_S, &number[1]) != 0 || number[0] == 0)
        return -1;
    memcpy(field, number, sizeof(number));
    return 0;
}

static int read_credits(struct sandbox_text value, void *field)
{
    uint64_t *credits = field;

    return sandbox_text_number(value, SANDBOX_CREDITS_MAX, credits) == 0 && *credits > 0 ? 0 : -1;
}

static int read_cost(struct sandbox_text value, void *field)
{
    return sandbox_text_number(value, SANDBOX_COST_MAX, field);
}

struct spec_entry {
    const char *name;
    spec_reader read;
    size_t field;
    const char *wants; /* ends the sentence "NAME takes …" */
};

#define ENTRY(name, read, field, wants)                                                            \
    {                                                                                              \
        name, read, offsetof(struct sandbox_spec, field), wants                                    \
    }
#define RATE(name, field) ENTRY(name, read_rate, field, "a share from 0 to 1")

static const struct spec_entry entries[] = {
    ENTRY("latency", read_latency, latency_ms,
          "a duration up to an hour (200ms, 1.5s), a range (100ms..900ms) or lognormal:800ms:0.5"),
    ENTRY("size", read_size, size_bytes,
          "bytes up to 128m (500, 10k), a range (1k..50k) or lognormal:20k:1"),
    ENTRY("limit", read_limit, limit, "a number of calls from 1 to 1000000"),
    ENTRY("profile", read_profile, dialect,
          "proxiesapi, generic, scraperapi, scrapingbee, scrapingant, crawlbase, zenrows, "
          "scrapingdog, scrapedo, scrapfly, webscrapingapi, scrapestack or zyte"),
    ENTRY("ban", read_ban, ban_calls, "refused calls and seconds (25/300), up to 1000/86400"),
    ENTRY("credits", read_credits, credits, "a number of credits from 1 to 1000000000000"),
    ENTRY("cost", read_cost, cost, "a number of credits from 0 to 1000000"),
    ENTRY("key", read_key, key, "a key of 1 to 128 bytes"),
    ENTRY("seed", read_seed, seed, "a number"),
    ENTRY("retry-after", read_retry_after, retry_after_s, "seconds from 0 to 86400, or none"),
    ENTRY("encoding", read_coding, coding, "gzip, br, zstd, mix or none"),
    ENTRY("slow-ms", read_slow_ms, slow_ms, "milliseconds from 0 to 600000"),
    RATE("error", error),
    RATE("empty", empty),
    RATE("captcha", captcha),
    RATE("cut", cut),
    RATE("drop", drop),
    RATE("target-404", not_found),
    RATE("target-503", target_fails),
    RATE("binary", binary),
    RATE("slow", slow),
    RATE("slow-body", slow),
    RATE("chunked", chunked),
    RATE("close", close),
    RATE("hangup", hangup),
};

static const struct spec_entry *entry_find(struct sandbox_text name)
{
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        if (sandbox_text_is(name, entries[i].name))
            return &entries[i];
    }
    return NULL;
}

/* At most 40 bytes of what the user wrote, fit for a terminal. */
static const char *quoted(struct sandbox_text text, char quote[48])
{
    size_t len = text.len < 40 ? text.len : 40;

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text.at[i];

        quote[i] = c < 0x20 || c >= 0x7f ? '?' : (char)c;
    }
    memcpy(quote + len, text.len > len ? "..." : "", text.len > len ? 4 : 1);
    return quote;
}

static int entry_read(struct sandbox_spec *spec, struct sandbox_text piece, char *error,
                      size_t error_len)
{
    struct sandbox_text value = piece;
    struct sandbox_text name = sandbox_text_take(&value, '=');
    const struct spec_entry *entry = entry_find(name);
    char quote[48];

    if (entry == NULL) {
        int at =
            snprintf(error, error_len, "The sandbox has no \"%s\"; it has ", quoted(name, quote));

        for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
            if (at < 0 || (size_t)at >= error_len)
                break;
            at += snprintf(error + at, error_len - (size_t)at, "%s%s", i > 0 ? ", " : "",
                           entries[i].name);
        }
        return -1;
    }
    if (value.at == NULL) {
        snprintf(error, error_len, "%s takes %s: write %s=VALUE", entry->name, entry->wants,
                 entry->name);
        return -1;
    }
    if (entry->read(value, (char *)spec + entry->field) != 0) {
        snprintf(error, error_len, "%s takes %s, not \"%s\"", entry->name, entry->wants,
                 quoted(value, quote));
        return -1;
    }
    return 0;
}

int sandbox_spec_read(struct sandbox_spec *spec, const char *text, char *error, size_t error_len)
{
    const struct sandbox_spec defaults = {
        .dialect = sandbox_dialect_default(),
        .cost = 1,
        .key = "demo",
        .size_bytes = {SANDBOX_FIXED, SANDBOX_PAGE_BYTES_DEFAULT, 0},
        .retry_after_s = 1,
        .slow_ms = 2000,
    };

    *spec = defaults;
    return sandbox_spec_change(spec, text, error, error_len);
}

int sandbox_spec_change(struct sandbox_spec *spec, const char *text, char *error, size_t error_len)
{
    struct sandbox_spec changed = *spec;

    if (text != NULL && text[0] != '\0') {
        struct sandbox_text rest = sandbox_text_of(text);

        while (rest.at != NULL) {
            if (entry_read(&changed, sandbox_text_take(&rest, ','), error, error_len) != 0)
                return -1;
        }
    }
    /* Six decimal shares that mean 1 may sum up to a hair more. */
    if (changed.error + changed.empty + changed.captcha + changed.cut + changed.drop +
            changed.target_fails >
        1 + 1e-9) {
        snprintf(error, error_len,
                 "error, empty, captcha, cut, drop and target-503 add up to more than 1");
        return -1;
    }
    *spec = changed;
    return 0;
}
