#include "warc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "surt.h"
#include "warc_http.h"

#define TEXT_MAX ((size_t)64 << 20)
#define RANDOM_BYTES 1024u /* fetched at once: a system call for 64 identifiers */

struct warc {
    struct recorder *recorder;
    const struct origin *origin;
    struct bytes uri, http, json, type;
    char info_id[WARC_ID];
    unsigned char random[RANDOM_BYTES];
    size_t random_at;
};

struct warc *warc_new(struct recorder *recorder, const struct origin *origin)
{
    struct warc *w = calloc(1, sizeof(*w));

    if (!w)
        return NULL;
    w->recorder = recorder;
    w->origin = origin;
    w->random_at = RANDOM_BYTES;
    bytes_init(&w->uri, TEXT_MAX);
    bytes_init(&w->http, TEXT_MAX);
    bytes_init(&w->json, TEXT_MAX);
    bytes_init(&w->type, TEXT_MAX);
    return w;
}

void warc_free(struct warc *w)
{
    if (!w)
        return;
    bytes_fini(&w->uri);
    bytes_fini(&w->http);
    bytes_fini(&w->json);
    bytes_fini(&w->type);
    free(w);
}

/* ----------------------------------------------------------- identifiers -- */

/* A random UUID (RFC 9562 section 5.4).  False: the system has no random bytes. */
static bool new_id(struct warc *w, char id[WARC_ID])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char *r;
    char *to = id + 9;

    if (w->random_at == RANDOM_BYTES) {
        if (getrandom(w->random, RANDOM_BYTES, 0) != (ssize_t)RANDOM_BYTES)
            return false;
        w->random_at = 0;
    }
    r = w->random + w->random_at;
    w->random_at += 16;
    r[6] = (unsigned char)((r[6] & 0x0f) | 0x40);
    r[8] = (unsigned char)((r[8] & 0x3f) | 0x80);
    memcpy(id, "urn:uuid:", 9);
    for (unsigned i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        *to++ = hex[r[i] >> 4];
        *to++ = hex[r[i] & 15];
    }
    *to = '\0';
    return true;
}

/* ------------------------------------------------------------ what it is -- */

/* The endpoint's own words are no part of the site. */
static bool is_of_the_site(const struct warc *w, const struct fetch_page *page)
{
    bool success = page->api_status >= 200 && page->api_status < 300;

    if (page->api_status == 0)
        return false;
    switch (page->outcome) {
    case FETCH_OUTCOME_OK:
        return true;
    case FETCH_OUTCOME_TARGET_ERROR:
        return page->body_len > 0;
    case FETCH_OUTCOME_BLOCKED:
        /* A ban page; without a success it is the provider that says so. */
        return page->body_len > 0 && (success || page->status != 0);
    case FETCH_OUTCOME_NETWORK:
    case FETCH_OUTCOME_TIMEOUT:
    case FETCH_OUTCOME_TOO_LARGE:
        /* The beginning of a page; that of an envelope is none. */
        return page->body_len > 0 && success && !w->origin->envelope;
    default:
        return false;
    }
}

/* In the words of ISO 28500 section 5.13. */
static const char *truncation(const struct fetch_page *page)
{
    switch (page->error) {
    case FETCH_E_TOO_LARGE:
        return "length";
    case FETCH_E_TIMEOUT:
        return "time";
    case FETCH_E_TRUNCATED:
    case FETCH_E_LOST:
        return "disconnect";
    case FETCH_E_ENCODING:
    case FETCH_E_PROTOCOL:
        return "unspecified";
    default:
        return NULL;
    }
}

/*
 * The body's content type.  The endpoint's own answer says it as well, since its body is the page,
 * but for an envelope, whose type that would be.
 */
static bool find_type(struct warc *w, struct warc_page *p)
{
    const struct fetch_page *page = p->record->page;
    char prefixed[2 * ORIGIN_WORD];
    const char *value = NULL;

    snprintf(prefixed, sizeof(prefixed), "%scontent-type", w->origin->prefix);
    if (!w->origin->envelope || page->headers_unwrapped)
        value = fetch_page_header(page, prefixed);
    if (!value && !w->origin->envelope)
        value = fetch_page_header(page, "content-type");
    bytes_cut(&w->type, 0);
    if (value)
        warc_http_put_value(w->recorder, &w->type, value, strlen(value));
    p->type_len = w->type.len;
    p->type = p->type_len ? bytes_string(&w->type) : NULL;
    return !w->type.failed;
}

bool warc_look(struct warc *w, const struct record *record, struct warc_page *p)
{
    const struct fetch_page *page = record->page;
    const char *url = page->url ? page->url : "";

    *p = (struct warc_page){.record = record, .main = WARC_NO_MAIN};
    bytes_cut(&w->uri, 0);
    surt_put_uri(&w->uri, url, record->url_len ? record->url_len : strlen(url));
    p->uri = bytes_string(&w->uri);
    p->uri_len = w->uri.len;
    if (!record_time(p->date, page->fetched_at_ms) && !record_time(p->date, 0))
        return false;
    if (w->uri.failed || !is_of_the_site(w, page))
        return !w->uri.failed;
    p->main = origin_is_known(w->origin, page) ? WARC_RESPONSE : WARC_RESOURCE;
    p->truncated = truncation(page);
    return find_type(w, p) && new_id(w, p->id) &&
           recorder_hash(w->recorder, NULL, page->body, page->body_len, p->digest);
}

/* --------------------------------------------------------------- records -- */

static void put_field(struct bytes *out, const char *name, const char *value, size_t n)
{
    bytes_text(out, name);
    bytes_add(out, ": ", 2);
    bytes_add(out, value, n);
    bytes_add(out, "\r\n", 2);
}

static void put_text(struct bytes *out, const char *name, const char *value)
{
    put_field(out, name, value, strlen(value));
}

static void put_reference(struct bytes *out, const char *name, const char *id)
{
    bytes_text(out, name);
    bytes_text(out, ": <");
    bytes_text(out, id);
    bytes_text(out, ">\r\n");
}

/* SHA-256 in hexadecimal, as warcio writes it and every reader checks. */
static void put_digest(struct bytes *out, const char *name, const char *digest)
{
    bytes_text(out, name);
    bytes_text(out, ": sha256:");
    bytes_text(out, digest);
    bytes_text(out, "\r\n");
}

static void put_start(struct bytes *out, const char *type, const char *id, const char *date)
{
    bytes_text(out, "WARC/1.1\r\n");
    put_text(out, "WARC-Type", type);
    put_reference(out, "WARC-Record-ID", id);
    put_text(out, "WARC-Date", date);
}

static void put_length(struct bytes *out, size_t n)
{
    bytes_text(out, "Content-Length: ");
    bytes_uint(out, n);
    bytes_text(out, "\r\n\r\n");
}

static void put_revisited(struct bytes *out, const struct warc_original *o)
{
    put_text(out, "WARC-Profile",
             "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest");
    put_reference(out, "WARC-Refers-To", o->id);
    put_field(out, "WARC-Refers-To-Target-URI", o->uri, o->uri_len);
    put_text(out, "WARC-Refers-To-Date", o->date);
}

static void put_main_head(struct warc *w, struct bytes *out, const struct warc_page *p,
                          const struct warc_original *original)
{
    const char *type = original ? "revisit" : p->main == WARC_RESPONSE ? "response" : "resource";

    put_start(out, type, p->id, p->date);
    put_field(out, "WARC-Target-URI", p->uri, p->uri_len);
    put_reference(out, "WARC-Warcinfo-ID", w->info_id);
    if (original)
        put_revisited(out, original);
    put_digest(out, "WARC-Payload-Digest", p->digest);
    if (p->truncated)
        put_text(out, "WARC-Truncated", p->truncated);
}

void warc_put_main(struct warc *w, struct bytes *out, const struct warc_page *p,
                   const struct warc_original *original)
{
    const struct fetch_page *page = p->record->page;
    size_t body = original ? 0 : page->body_len;
    char digest[RECORDER_SHA256];

    bytes_cut(&w->http, 0);
    if (p->main == WARC_RESPONSE)
        warc_http_put(w->recorder, w->origin, &w->http, page, p->type);
    put_main_head(w, out, p, original);
    if (p->main == WARC_RESOURCE && !original) {
        put_digest(out, "WARC-Block-Digest", p->digest);
        put_field(out, "Content-Type", p->type ? p->type : "application/octet-stream",
                  p->type ? p->type_len : strlen("application/octet-stream"));
    } else {
        out->failed |= !recorder_hash(w->recorder, &w->http, page->body, body, digest);
        put_digest(out, "WARC-Block-Digest", digest);
        if (p->main == WARC_RESPONSE)
            put_text(out, "Content-Type", "application/http;msgtype=response");
    }
    put_length(out, w->http.len + body);
    bytes_add(out, w->http.data, w->http.len);
    bytes_add(out, page->body, body);
    bytes_text(out, "\r\n\r\n");
    out->failed |= w->http.failed;
}

void warc_put_metadata(struct warc *w, struct bytes *out, const struct warc_page *p)
{
    struct record bare = *p->record;
    char digest[RECORDER_SHA256], id[WARC_ID];

    bare.bare = true;
    bare.sha256 = p->digest[0] ? p->digest : NULL;
    bytes_cut(&w->json, 0);
    recorder_put(w->recorder, &w->json, &bare);
    if (w->json.failed || !new_id(w, id)) {
        out->failed = true;
        return;
    }
    bytes_cut(&w->json, w->json.len - 1); /* the line's end */
    out->failed |= !recorder_hash(w->recorder, &w->json, "", 0, digest);
    put_start(out, "metadata", id, p->date);
    bytes_text(out, "WARC-Target-URI: " WARC_PAGE_URN);
    bytes_add(out, p->uri, p->uri_len);
    bytes_text(out, "\r\n");
    if (p->main != WARC_NO_MAIN) {
        put_reference(out, "WARC-Concurrent-To", p->id);
        put_reference(out, "WARC-Refers-To", p->id);
    }
    put_reference(out, "WARC-Warcinfo-ID", w->info_id);
    put_digest(out, "WARC-Block-Digest", digest);
    put_text(out, "Content-Type", "application/json");
    put_length(out, w->json.len);
    bytes_add(out, w->json.data, w->json.len);
    bytes_text(out, "\r\n\r\n");
}

/* A file's name goes into a header field where it may. */
static bool is_plain(const char *name)
{
    for (; *name; name++) {
        if ((unsigned char)*name < 0x20 || *name == 0x7f)
            return false;
    }
    return true;
}

static void now(char text[RECORD_TIME])
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    if (!record_time(text, (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000))
        (void)record_time(text, 0);
}

void warc_put_info(struct warc *w, struct bytes *out, const char *filename)
{
    char date[RECORD_TIME], digest[RECORDER_SHA256];
    struct bytes block;

    bytes_init(&block, 4096);
    bytes_format(&block,
                 WARC_SOFTWARE "%s\r\n"
                               "format: WARC File Format 1.1\r\n"
                               "conformsTo: https://iipc.github.io/warc-specifications/"
                               "specifications/warc-format/warc-1.1/\r\n",
                 fetch_version());
    if (w->origin->profile[0])
        bytes_format(&block, "description: pages fetched through a scraping API, profile %s\r\n",
                     w->origin->profile);
    now(date);
    out->failed |= !new_id(w, w->info_id) || !recorder_hash(w->recorder, &block, "", 0, digest) ||
                   block.failed;
    put_start(out, "warcinfo", w->info_id, date);
    if (filename && is_plain(filename))
        put_text(out, "WARC-Filename", filename);
    put_digest(out, "WARC-Block-Digest", digest);
    put_text(out, "Content-Type", "application/warc-fields");
    put_length(out, block.len);
    bytes_add(out, block.data, block.len);
    bytes_text(out, "\r\n\r\n");
    bytes_fini(&block);
}

void warc_set_info(struct warc *w, const char *id)
{
    snprintf(w->info_id, sizeof(w->info_id), "%s", id);
}
