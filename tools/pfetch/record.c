#include "record.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "json_text.h"

#define SCRATCH_MAX (1u << 20) /* bytes of one redacted or composed string */

struct recorder {
    const struct redact *secrets;
    EVP_MD *sha256; /* fetched once: looking it up costs more than hashing a small page */
    EVP_MD_CTX *hash;
    struct bytes scratch;
};

struct recorder *recorder_new(const struct redact *secrets)
{
    struct recorder *r = calloc(1, sizeof(*r));

    if (!r)
        return NULL;
    r->secrets = secrets;
    bytes_init(&r->scratch, SCRATCH_MAX);
    r->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    r->hash = EVP_MD_CTX_new();
    if (r->sha256 && r->hash)
        return r;
    recorder_free(r);
    return NULL;
}

void recorder_free(struct recorder *r)
{
    if (!r)
        return;
    EVP_MD_CTX_free(r->hash);
    EVP_MD_free(r->sha256);
    bytes_fini(&r->scratch);
    free(r);
}

static void put_name(struct bytes *out, const char *name)
{
    bytes_text(out, ",\"");
    bytes_text(out, name);
    bytes_text(out, "\":");
}

static void put_number(struct bytes *out, const char *name, uint64_t n)
{
    put_name(out, name);
    bytes_uint(out, n);
}

/* A text that came from the endpoint, without the key. */
static void put_foreign(struct recorder *r, struct bytes *out, const char *text, size_t n)
{
    bytes_cut(&r->scratch, 0);
    if (redact_apply(r->secrets, text, n, &r->scratch)) {
        text = bytes_string(&r->scratch);
        n = r->scratch.len;
        out->failed |= r->scratch.failed;
    }
    json_text_put_field(out, text, n);
}

static void put_url(struct bytes *out, const struct record *record)
{
    const char *url = record->page->url ? record->page->url : "";
    size_t n = record->url_len ? record->url_len : strlen(url);

    put_name(out, "url");
    if (json_text_put(out, url, n))
        return;
    json_text_put_lossy(out, url, n);
    put_name(out, "url_base64");
    json_text_put_base64(out, url, n);
}

static void put_statuses(struct recorder *r, struct bytes *out, const struct fetch_page *page)
{
    const char *type = fetch_page_header(page, "content-type");

    put_name(out, "outcome");
    bytes_format(out, "\"%s\"", fetch_outcome_name(page->outcome));
    put_name(out, "status");
    bytes_format(out, "%d", page->status);
    put_name(out, "api_status");
    bytes_format(out, "%d", page->api_status);
    if (page->reason) {
        put_name(out, "reason");
        put_foreign(r, out, page->reason, strlen(page->reason));
    }
    if (page->final_url) {
        put_name(out, "final_url");
        put_foreign(r, out, page->final_url, strlen(page->final_url));
    }
    if (type) {
        put_name(out, "content_type");
        put_foreign(r, out, type, strlen(type));
    }
}

static bool has_body(const struct fetch_page *page)
{
    return page->outcome == FETCH_OUTCOME_OK || page->body_len > 0;
}

static void put_digest(struct recorder *r, struct bytes *out, const struct fetch_page *page)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    char *p;

    put_number(out, "bytes", page->body_len);
    if (!has_body(page))
        return;
    if (!EVP_DigestInit_ex(r->hash, r->sha256, NULL) ||
        !EVP_DigestUpdate(r->hash, page->body, page->body_len) ||
        !EVP_DigestFinal_ex(r->hash, digest, &n)) {
        out->failed = true;
        return;
    }
    put_name(out, "sha256");
    p = bytes_room(out, 2 * sizeof(digest) + 2);
    if (!p)
        return;
    *p++ = '"';
    for (unsigned i = 0; i < n; i++) {
        *p++ = hex[digest[i] >> 4];
        *p++ = hex[digest[i] & 15];
    }
    *p++ = '"';
    out->len += 2 * (size_t)n + 2;
}

/* Millionths as a decimal number without trailing zeros. */
static void put_cost(struct bytes *out, int64_t micro)
{
    unsigned rest = (unsigned)(micro % 1000000), digits = 6;

    put_number(out, "cost", (uint64_t)(micro / 1000000));
    if (rest == 0)
        return;
    for (; rest % 10 == 0; rest /= 10)
        digits--;
    bytes_format(out, ".%0*u", (int)digits, rest);
}

static void put_time(struct bytes *out, int64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;

    if (!gmtime_r(&seconds, &tm))
        return;
    put_name(out, "fetched_at");
    bytes_format(out, "\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\"", tm.tm_year + 1900, tm.tm_mon + 1,
                 tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(ms % 1000));
}

static void put_costs_and_times(struct bytes *out, const struct fetch_page *page)
{
    put_number(out, "attempts", page->attempts);
    if (page->cost_micro >= 0)
        put_cost(out, page->cost_micro);
    if (page->billed != FETCH_BILLED_UNKNOWN) {
        put_name(out, "billed");
        bytes_text(out, page->billed == FETCH_BILLED_YES ? "true" : "false");
    }
    put_number(out, "queued_ms", page->queued_ms);
    put_number(out, "elapsed_ms", page->elapsed_ms);
    put_time(out, page->fetched_at_ms);
    if (page->protocol && *page->protocol) {
        put_name(out, "protocol");
        json_text_put_field(out, page->protocol, strlen(page->protocol));
    }
}

void record_put_place(struct bytes *out, const struct record *record)
{
    if (record->list && record->line > 0)
        bytes_format(out, "line %llu of ", (unsigned long long)record->line);
    if (record->list)
        bytes_format(out, "%s: ", record->list);
}

static void put_error(struct recorder *r, struct bytes *out, const struct record *record)
{
    const struct fetch_page *page = record->page;
    struct bytes sentence;

    if (page->outcome == FETCH_OUTCOME_OK)
        return;
    bytes_init(&sentence, SCRATCH_MAX);
    if (page->outcome == FETCH_OUTCOME_BAD_URL)
        record_put_place(&sentence, record);
    bytes_text(&sentence, page->message ? page->message : fetch_strerror(page->error));
    put_name(out, "error");
    put_foreign(r, out, bytes_string(&sentence), sentence.len);
    out->failed |= sentence.failed;
    bytes_fini(&sentence);
}

static void put_headers(struct recorder *r, struct bytes *out, const struct fetch_page *page)
{
    if (page->header_count == 0)
        return;
    put_name(out, "headers");
    for (size_t i = 0; i < page->header_count; i++) {
        const struct fetch_header *h = &page->headers[i];

        bytes_text(out, i ? ",[" : "[[");
        json_text_put_field(out, h->name, h->name_len);
        bytes_text(out, ",");
        put_foreign(r, out, h->value, h->value_len);
        bytes_text(out, "]");
    }
    bytes_text(out, "]");
}

static void put_body(struct bytes *out, const struct record *record)
{
    const struct fetch_page *page = record->page;
    size_t mark = out->len;

    if (record->file) {
        put_name(out, "file");
        json_text_put_field(out, record->file, strlen(record->file));
        return;
    }
    if (!has_body(page))
        return;
    put_name(out, "body");
    if (json_text_put(out, page->body, page->body_len))
        return;
    bytes_cut(out, mark);
    put_name(out, "body_base64");
    json_text_put_base64(out, page->body, page->body_len);
}

void recorder_put(struct recorder *r, struct bytes *out, const struct record *record)
{
    const struct fetch_page *page = record->page;

    bytes_text(out, "{\"index\":");
    bytes_uint(out, record->index);
    if (page->id) {
        put_name(out, "id");
        json_text_put_field(out, page->id, strlen(page->id));
    }
    put_url(out, record);
    if (record->request[0]) {
        put_name(out, "request");
        bytes_format(out, "\"%s\"", record->request);
    }
    if (record->again) {
        put_name(out, "again");
        bytes_text(out, "true");
    }
    if (record->run) {
        put_name(out, "run");
        bytes_text(out, record->run);
    }
    put_statuses(r, out, page);
    put_digest(r, out, page);
    put_costs_and_times(out, page);
    put_error(r, out, record);
    put_headers(r, out, page);
    put_body(out, record);
    bytes_text(out, "}\n");
}
