#include "unit/unit.h"

#include <stdio.h>

#include "pfetch/origin.h"
#include "pfetch/warc.h"
#include "pfetch/warc_head.h"

static struct redact secrets;
static struct recorder *recorder;
static struct origin origin;
static struct warc *warc;
static struct bytes out;

static void begin(const char *profile)
{
    const char *text = fetch_profile_text(profile);

    bytes_init(&out, 1u << 24);
    ck_assert(redact_add(&secrets, "s3cret-key"));
    recorder = recorder_new(&secrets);
    origin_read(&origin, text, strlen(text));
    warc = warc_new(recorder, &origin);
    ck_assert(recorder && warc);
}

static void end(void)
{
    warc_free(warc);
    recorder_free(recorder);
    redact_fini(&secrets);
    bytes_fini(&out);
}

/* Numbers the identifiers in the order in which they come: <urn:uuid:1>. */
static void number_ids(struct bytes *text)
{
    char id[8][37];
    unsigned known = 0;
    char *at = text->data;

    while ((at = memmem(at, text->len - (size_t)(at - text->data), "<urn:uuid:", 10))) {
        unsigned i = 0;
        size_t rest;

        at += 10;
        ck_assert_int_eq(at[8], '-');
        ck_assert_int_eq(at[14], '4');
        ck_assert_int_eq(at[36], '>');
        while (i < known && memcmp(id[i], at, 36) != 0)
            i++;
        if (i == known)
            memcpy(id[known++], at, 36);
        rest = text->len - (size_t)(at + 36 - text->data);
        *at = (char)('1' + i);
        memmove(at + 1, at + 36, rest);
        text->len -= 35;
    }
}

static const char *written(const struct record *record, const struct warc_original *original)
{
    struct warc_page page;

    bytes_cut(&out, 0);
    ck_assert(warc_look(warc, record, &page));
    if (page.main != WARC_NO_MAIN)
        warc_put_main(warc, &out, &page, original);
    warc_put_metadata(warc, &out, &page);
    ck_assert(!out.failed);
    number_ids(&out);
    return bytes_string(&out);
}

#define FIELD(name, value)                                                                         \
    {                                                                                              \
        name, sizeof(name) - 1, value, sizeof(value) - 1                                           \
    }

static struct fetch_page page_of(const char *body, size_t n, const struct fetch_header *headers,
                                 size_t count)
{
    return (struct fetch_page){.url = "https://example.com/a b",
                               .status = 200,
                               .api_status = 200,
                               .headers = headers,
                               .header_count = count,
                               .body = body,
                               .body_len = n,
                               .attempts = 1,
                               .cost_micro = -1,
                               .elapsed_ms = 812,
                               .fetched_at_ms = 1767323045678,
                               .protocol = "h2"};
}

#define HELLO "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"

START_TEST(resource_and_metadata)
{
    static const struct fetch_header headers[] = {FIELD("Content-Type", "text/plain")};
    struct fetch_page page = page_of(UNIT_STR("hello\n"), headers, 1);
    const struct record record = {.page = &page, .index = 3, .run = "{\"v\":1}"};

    begin("proxiesapi");
    page.status = 0;
    warc_set_info(warc, "urn:uuid:00000000-0000-4000-8000-000000000000");
    ck_assert_str_eq(
        written(&record, NULL),
        "WARC/1.1\r\n"
        "WARC-Type: resource\r\n"
        "WARC-Record-ID: <urn:uuid:1>\r\n"
        "WARC-Date: 2026-01-02T03:04:05.678Z\r\n"
        "WARC-Target-URI: https://example.com/a%20b\r\n"
        "WARC-Warcinfo-ID: <urn:uuid:2>\r\n"
        "WARC-Payload-Digest: " HELLO "\r\n"
        "WARC-Block-Digest: " HELLO "\r\n"
        "Content-Type: text/plain\r\n"
        "Content-Length: 6\r\n"
        "\r\n"
        "hello\n"
        "\r\n\r\n"
        "WARC/1.1\r\n"
        "WARC-Type: metadata\r\n"
        "WARC-Record-ID: <urn:uuid:3>\r\n"
        "WARC-Date: 2026-01-02T03:04:05.678Z\r\n"
        "WARC-Target-URI: urn:pfetch:page:https://example.com/a%20b\r\n"
        "WARC-Concurrent-To: <urn:uuid:1>\r\n"
        "WARC-Refers-To: <urn:uuid:1>\r\n"
        "WARC-Warcinfo-ID: <urn:uuid:2>\r\n"
        "WARC-Block-Digest: "
        "sha256:9e9d3e0a341eea9b9db2ee4bd05f32fe7a87f8e04c10cc9364a2986306caefe4\r\n"
        "Content-Type: application/json\r\n"
        "Content-Length: 356\r\n"
        "\r\n"
        "{\"index\":3,\"url\":\"https://example.com/a b\",\"run\":{\"v\":1},\"outcome\":\"ok\","
        "\"status\":0,\"api_status\":200,\"content_type\":\"text/plain\",\"bytes\":6,"
        "\"sha256\":\"5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03\","
        "\"attempts\":1,\"queued_ms\":0,\"elapsed_ms\":812,"
        "\"fetched_at\":\"2026-01-02T03:04:05.678Z\",\"protocol\":\"h2\","
        "\"headers\":[[\"Content-Type\",\"text/plain\"]]}"
        "\r\n\r\n");
    end();
}
END_TEST

/* The part of a record behind its head and in front of the next record. */
static const char *block_of(const char *records)
{
    static char block[4096];
    const char *from = strstr(records, "\r\n\r\n") + 4;
    const char *to = strstr(from, "\r\n\r\nWARC/1.1\r\n");

    ck_assert_ptr_nonnull(to);
    ck_assert_uint_lt((size_t)(to - from), sizeof(block));
    memcpy(block, from, (size_t)(to - from));
    block[to - from] = '\0';
    return block;
}

static void has(const char *text)
{
    ck_assert_msg(strstr(out.data, text) != NULL, "\"%s\" is not in:\n%s", text, out.data);
}

static void lacks(const char *text)
{
    ck_assert_msg(strstr(out.data, text) == NULL, "\"%s\" is in:\n%s", text, out.data);
}

START_TEST(response_has_the_targets_own_fields)
{
    static const struct fetch_header headers[] = {
        FIELD("Date", "of the endpoint"),
        FIELD("Content-Type", "text/plain"),
        FIELD("Spb-Content-Type", "text/html"),
        FIELD("spb-content-encoding", "gzip"),
        FIELD("Spb-Content-Length", "99"),
        FIELD("Spb-Transfer-Encoding", "chunked"),
        FIELD("Spb-Connection", "close, X-Hop"),
        FIELD("Spb-X-Hop", "1"),
        FIELD("Spb-Proxy-Connection", "keep-alive"),
        FIELD("Spb-Keep-Alive", "1"),
        FIELD("Spb-Upgrade", "h3"),
        FIELD("Spb-TE", "x"),
        FIELD("Spb-Trailer", "x"),
        FIELD("Spb-cost", "5"),
        FIELD("Spb-Request-Id", "7"),
        FIELD("Spb-initial-status-code", "404"),
        FIELD("Spb-resolved-url", "https://example.com/x"),
        FIELD("Spb-Set-Cookie", "a=s3cret-key"),
        FIELD("Spb-Set-Cookie", "b=2"),
        FIELD("Spb-", "nameless"),
    };
    struct fetch_page page =
        page_of(UNIT_STR("hello\n"), headers, sizeof(headers) / sizeof(headers[0]));
    const struct record record = {.page = &page};

    begin("scrapingbee");
    page.status = 404;
    page.outcome = FETCH_OUTCOME_TARGET_ERROR;
    page.error = FETCH_E_STATUS;
    ck_assert_str_eq(block_of(written(&record, NULL)), "HTTP/1.1 404 \r\n"
                                                       "Content-Type: text/html\r\n"
                                                       "Set-Cookie: a=REDACTED\r\n"
                                                       "Set-Cookie: b=2\r\n"
                                                       "Content-Length: 6\r\n"
                                                       "\r\n"
                                                       "hello\n");
    has("WARC-Type: response\r\n");
    has("WARC-Payload-Digest: " HELLO "\r\n");
    has("WARC-Block-Digest: "
        "sha256:0397d65624a8c9069de0854659586d6c0c09e67d1cf145041510d5ff0aec52b3\r\n");
    has("Content-Type: application/http;msgtype=response\r\n");
    has("Content-Length: 108\r\n");
    lacks("s3cret-key");
    end();
}
END_TEST

/* Where the target's fields do not say what the body is, the answer that it is the body of does. */
START_TEST(a_body_keeps_its_type)
{
    static const struct fetch_header headers[] = {FIELD("Content-Type", "image/png")};
    struct fetch_page page = page_of(UNIT_STR("x"), headers, 1);
    const struct record record = {.page = &page};

    begin("scrapingbee");
    ck_assert_str_eq(block_of(written(&record, NULL)),
                     "HTTP/1.1 200 \r\nContent-Type: image/png\r\nContent-Length: 1\r\n\r\nx");
    end();
    /* The fields are those of an envelope: nothing is known of the page's. */
    begin("zyte");
    ck_assert_str_eq(block_of(written(&record, NULL)), "x");
    has("WARC-Type: resource\r\n");
    has("Content-Type: application/octet-stream\r\n");
    page.headers_unwrapped = 1;
    ck_assert_str_eq(block_of(written(&record, NULL)),
                     "HTTP/1.1 200 \r\nContent-Type: image/png\r\nContent-Length: 1\r\n\r\nx");
    has("WARC-Type: response\r\n");
    end();
}
END_TEST

/* Nothing that a site or a list says ends a line or a record. */
START_TEST(nothing_is_injected)
{
    static const struct fetch_header headers[] = {
        FIELD("Content-Type", "text/html\r\n\r\n<b>"),
        FIELD("X-A", "1\r\nX-Evil: 2"),
        FIELD("X-B\r\nX-Evil", "3"),
        FIELD("X C", "4"),
        FIELD("", "5"),
        FIELD("X-D", "6\n\nWARC/1.1\r\nWARC-Type: response\r\n\0x"),
        FIELD(":status", "200"),
        FIELD("X-Caf\xc3\xa9", "7"),
        FIELD("X-E", "caf\xc3\xa9\xff"),
    };
    struct fetch_page page =
        page_of(UNIT_STR("\r\n\r\n"), headers, sizeof(headers) / sizeof(headers[0]));
    const struct record record = {.page = &page, .url_len = 60};
    struct warc_head head;
    unsigned records = 0;

    begin("zyte");
    page.headers_unwrapped = 1;
    page.url = "https://example.com/\r\nWARC-Type: response\r\n\r\nx\0y<\">\xff          ";
    ck_assert_str_eq(block_of(written(&record, NULL)),
                     "HTTP/1.1 200 \r\n"
                     "Content-Type: text/html    <b>\r\n"
                     "X-A: 1  X-Evil: 2\r\n"
                     "X-D: 6  WARC/1.1  WARC-Type: response   x\r\n"
                     "X-E: caf\xc3\xa9\xff\r\n"
                     "Content-Length: 4\r\n"
                     "\r\n"
                     "\r\n\r\n");
    has("WARC-Target-URI: https://example.com/%0D%0AWARC-Type:%20response%0D%0A%0D%0Ax%00y%3C%22%3E"
        "%FF%20%20%20%20%20%20%20%20\r\n");
    /* As a reader goes through them. */
    for (char *p = out.data; p < out.data + out.len; records++) {
        char *end_of_head = memmem(p, out.len - (size_t)(p - out.data), "\r\n\r\n", 4);

        ck_assert_ptr_nonnull(end_of_head);
        ck_assert(warc_head_read(p, (size_t)(end_of_head + 4 - p), &head));
        p = end_of_head + 4 + head.length;
        ck_assert_int_eq(memcmp(p, "\r\n\r\n", 4), 0);
        p += 4;
    }
    ck_assert_uint_eq(records, 2);
    end();
}
END_TEST

static enum warc_main main_of(struct fetch_page *page)
{
    const struct record record = {.page = page};
    struct warc_page p;

    ck_assert(warc_look(warc, &record, &p));
    return p.main;
}

static const char *truncated_of(struct fetch_page *page)
{
    const struct record record = {.page = page};
    struct warc_page p;

    ck_assert(warc_look(warc, &record, &p));
    ck_assert_int_eq(p.main, WARC_RESOURCE);
    return p.truncated;
}

/* What the endpoint says about a page is no page. */
START_TEST(only_what_is_of_the_site_is_a_capture)
{
    struct fetch_page page = page_of(UNIT_STR("x"), NULL, 0);

    begin("proxiesapi");
    page.status = 0;
    ck_assert_int_eq(main_of(&page), WARC_RESOURCE);
    ck_assert_ptr_null(truncated_of(&page));
    page.body_len = 0;
    ck_assert_int_eq(main_of(&page), WARC_RESOURCE);
    page.outcome = FETCH_OUTCOME_TARGET_ERROR;
    ck_assert_int_eq(main_of(&page), WARC_NO_MAIN);
    page.body_len = 1;
    page.api_status = 404;
    ck_assert_int_eq(main_of(&page), WARC_RESOURCE);
    page.outcome = FETCH_OUTCOME_BLOCKED;
    ck_assert_int_eq(main_of(&page), WARC_NO_MAIN);
    page.api_status = 200;
    ck_assert_int_eq(main_of(&page), WARC_RESOURCE);
    page.api_status = 0;
    ck_assert_int_eq(main_of(&page), WARC_NO_MAIN);
    page.api_status = 200;
    for (int o = FETCH_OUTCOME_PROVIDER_ERROR; o < FETCH_OUTCOME_COUNT; o++) {
        page.outcome = (enum fetch_outcome)o;
        ck_assert_int_eq(main_of(&page), o == FETCH_OUTCOME_NETWORK || o == FETCH_OUTCOME_TIMEOUT ||
                                                 o == FETCH_OUTCOME_TOO_LARGE
                                             ? WARC_RESOURCE
                                             : WARC_NO_MAIN);
    }
    page.outcome = FETCH_OUTCOME_TOO_LARGE;
    page.error = FETCH_E_TOO_LARGE;
    ck_assert_str_eq(truncated_of(&page), "length");
    page.outcome = FETCH_OUTCOME_TIMEOUT;
    page.error = FETCH_E_TIMEOUT;
    ck_assert_str_eq(truncated_of(&page), "time");
    page.outcome = FETCH_OUTCOME_NETWORK;
    page.error = FETCH_E_TRUNCATED;
    ck_assert_str_eq(truncated_of(&page), "disconnect");
    page.error = FETCH_E_ENCODING;
    ck_assert_str_eq(truncated_of(&page), "unspecified");
    page.api_status = 500;
    ck_assert_int_eq(main_of(&page), WARC_NO_MAIN);
    end();
    /* The beginning of an envelope is no beginning of a page. */
    begin("scrapfly");
    page.api_status = 200;
    ck_assert_int_eq(main_of(&page), WARC_NO_MAIN);
    end();
}
END_TEST

START_TEST(a_page_that_never_came_is_its_metadata)
{
    const struct fetch_page page = {.url = "no\nurl",
                                    .outcome = FETCH_OUTCOME_BAD_URL,
                                    .error = FETCH_E_BAD_URL,
                                    .body = "",
                                    .cost_micro = -1,
                                    .protocol = ""};
    const struct record record = {.page = &page, .url_len = 6};
    const char *text;

    begin("proxiesapi");
    text = written(&record, NULL);
    ck_assert_int_eq(strncmp(text, "WARC/1.1\r\nWARC-Type: metadata\r\n", 31), 0);
    has("WARC-Target-URI: urn:pfetch:page:no%0Aurl\r\n");
    lacks("Refers-To");
    lacks("Concurrent-To");
    ck_assert_ptr_null(strstr(text + 10, "WARC/1.1"));
    end();
}
END_TEST

START_TEST(revisits_refer)
{
    const struct warc_original original = {.uri = "http://example.org/",
                                           .uri_len = 19,
                                           .date = "2026-01-01T00:00:00.000Z",
                                           .id = "urn:uuid:00000000-0000-4000-8000-00000000000a"};
    struct fetch_page page = page_of(UNIT_STR("hello\n"), NULL, 0);
    const struct record record = {.page = &page};

    begin("scrapingbee");
    ck_assert_str_eq(block_of(written(&record, &original)),
                     "HTTP/1.1 200 \r\nContent-Length: 6\r\n\r\n");
    has("WARC-Type: revisit\r\n");
    has("WARC-Profile: http://netpreserve.org/warc/1.1/revisit/identical-payload-digest\r\n"
        "WARC-Refers-To: <urn:uuid:2>\r\n"
        "WARC-Refers-To-Target-URI: http://example.org/\r\n"
        "WARC-Refers-To-Date: 2026-01-01T00:00:00.000Z\r\n"
        "WARC-Payload-Digest: " HELLO "\r\n");
    end();
    begin("proxiesapi");
    ck_assert_str_eq(block_of(written(&record, &original)), "");
    has("Content-Length: 0\r\n\r\n\r\n\r\n");
    end();
}
END_TEST

START_TEST(begins_with_what_made_it)
{
    begin("zenrows");
    warc_put_info(warc, &out, "pages.warc");
    ck_assert(!out.failed);
    number_ids(&out);
    bytes_string(&out);
    ck_assert_int_eq(strncmp(out.data, "WARC/1.1\r\nWARC-Type: warcinfo\r\n", 31), 0);
    has("WARC-Filename: pages.warc\r\n");
    has("software: pfetch/" FETCH_VERSION "\r\nformat: WARC File Format 1.1\r\n");
    has("profile zenrows\r\n");
    lacks("s3cret-key");
    bytes_cut(&out, 0);
    warc_put_info(warc, &out, "x\r\nWARC-Type: response");
    bytes_string(&out);
    lacks("response");
    end();
}
END_TEST

/* Of each profile: whose fields a page has. */
START_TEST(profiles_say_whose_fields_are_whose)
{
    static const struct {
        const char *profile, *prefix;
        bool envelope;
    } list[] = {{"scrapingbee", "Spb-", false}, {"zenrows", "Z-", false},  {"zyte", "", true},
                {"scrapfly", "", true},         {"scraperapi", "", false}, {"generic", "", false}};
    const struct fetch_header field = FIELD("SPB-Cost", "1");
    const char *name, *text;
    struct origin o;
    size_t n;

    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        char *copy = origin_text(list[i].profile, NULL);

        text = fetch_profile_text(list[i].profile);
        ck_assert_str_eq(copy, text);
        free(copy);
        origin_read(&o, text, strlen(text));
        ck_assert_str_eq(o.profile, list[i].profile);
        ck_assert_str_eq(o.prefix, list[i].prefix);
        ck_assert_int_eq(o.envelope, list[i].envelope);
        ck_assert_int_eq(o.envelope_headers, list[i].envelope);
    }
    origin_read(&o, UNIT_STR(" origin_prefix =\tX- \r\n#cost = x-no\ncost = x-cost  x-more"));
    ck_assert_str_eq(o.prefix, "X-");
    ck_assert_uint_eq(o.own_count, 2);
    ck_assert_str_eq(o.own[1], "x-more");
    ck_assert(!origin_field(&o, &field, &name, &n));
    origin_read(&o, "", 0);
    ck_assert(!origin_field(&o, &field, &name, &n));
    ck_assert_ptr_null(origin_text(NULL, "no/such/file"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tool warc");
    TCase *tc = unit_case(suite, "records");

    tcase_add_test(tc, resource_and_metadata);
    tcase_add_test(tc, response_has_the_targets_own_fields);
    tcase_add_test(tc, a_body_keeps_its_type);
    tcase_add_test(tc, nothing_is_injected);
    tcase_add_test(tc, only_what_is_of_the_site_is_a_capture);
    tcase_add_test(tc, a_page_that_never_came_is_its_metadata);
    tcase_add_test(tc, revisits_refer);
    tcase_add_test(tc, begins_with_what_made_it);
    tcase_add_test(tc, profiles_say_whose_fields_are_whose);
    return unit_run(suite);
}
