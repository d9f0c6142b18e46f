#include "unit/unit.h"

#include <jansson.h>

#include "pfetch/record.h"

static struct redact secrets;
static struct recorder *recorder;
static struct bytes out;

static const struct fetch_header headers[] = {
    {"Content-Type", 12, "text/html", 9},
    {"Location", 8, "http://example.net/?auth_key=s3cret-key&url=x", 45},
    {"X-Old", 5, "caf\xe9", 4}};

static struct fetch_page page_of(const char *body, size_t n)
{
    return (struct fetch_page){.url = "https://example.com/",
                               .outcome = FETCH_OUTCOME_OK,
                               .status = 200,
                               .api_status = 200,
                               .headers = headers,
                               .header_count = 3,
                               .body = body,
                               .body_len = n,
                               .attempts = 1,
                               .cost_micro = -1,
                               .queued_ms = 3,
                               .elapsed_ms = 812,
                               .fetched_at_ms = 1767323045678,
                               .protocol = "http/1.1"};
}

static void begin(void)
{
    bytes_init(&out, 1u << 24);
    ck_assert(redact_add(&secrets, "s3cret-key"));
    recorder = recorder_new(&secrets);
    ck_assert_ptr_nonnull(recorder);
}

static void end(void)
{
    recorder_free(recorder);
    redact_fini(&secrets);
    bytes_fini(&out);
}

static const char *line_of(const struct record *record)
{
    bytes_cut(&out, 0);
    recorder_put(recorder, &out, record);
    ck_assert(!out.failed);
    return bytes_string(&out);
}

START_TEST(writes_the_record_of_the_contract)
{
    struct fetch_page page = page_of(UNIT_STR("<!doctype html>"));
    const struct record record = {.page = &page, .index = 12};

    begin();
    page.id = "a7";
    page.final_url = "https://example.com/x";
    page.cost_micro = 1000000;
    page.billed = FETCH_BILLED_YES;
    page.reason = "OK-1";
    ck_assert_str_eq(
        line_of(&record),
        "{\"index\":12,\"id\":\"a7\",\"url\":\"https://example.com/\",\"outcome\":\"ok\","
        "\"status\":200,\"api_status\":200,\"reason\":\"OK-1\",\"final_url\":\"https://example.com/x\","
        "\"content_type\":\"text/html\",\"bytes\":15,"
        "\"sha256\":\"fe26c59e91ac8de694b2531dc3bdc1b7faf471d3d7e4e00870af60f5f22897cb\","
        "\"attempts\":1,\"cost\":1,\"billed\":true,\"queued_ms\":3,\"elapsed_ms\":812,"
        "\"fetched_at\":\"2026-01-02T03:04:05.678Z\",\"protocol\":\"http/1.1\","
        "\"headers\":[[\"Content-Type\",\"text/html\"],"
        "[\"Location\",\"http://example.net/?auth_key=REDACTED&url=x\"],"
        "[\"X-Old\",\"caf\\u00e9\"]],\"body\":\"<!doctype html>\"}\n");
    end();
}
END_TEST

START_TEST(leaves_out_what_is_unknown)
{
    struct fetch_page page = page_of("", 0);
    const struct record record = {.page = &page, .index = 0, .list = "a.txt", .line = 7};

    begin();
    page.header_count = 0;
    page.outcome = FETCH_OUTCOME_BAD_URL;
    page.url = "caf\xe9";
    page.status = page.api_status = 0;
    page.attempts = page.queued_ms = page.elapsed_ms = 0;
    page.fetched_at_ms = 0;
    page.protocol = "";
    page.message = "it is no URL";
    ck_assert_str_eq(line_of(&record),
                     "{\"index\":0,\"url\":\"caf\\ufffd\",\"url_base64\":\"Y2Fm6Q==\","
                     "\"outcome\":\"bad_url\",\"status\":0,\"api_status\":0,\"bytes\":0,"
                     "\"attempts\":0,\"queued_ms\":0,\"elapsed_ms\":0,"
                     "\"fetched_at\":\"1970-01-01T00:00:00.000Z\","
                     "\"error\":\"line 7 of a.txt: it is no URL\"}\n");
    end();
}
END_TEST

START_TEST(writes_costs_as_decimals)
{
    static const struct {
        int64_t micro;
        const char *text;
    } costs[] = {{0, "\"cost\":0,"},
                 {1500000, "\"cost\":1.5,"},
                 {1, "\"cost\":0.000001,"},
                 {12345678900, "\"cost\":12345.6789,"}};
    struct fetch_page page = page_of("", 0);
    const struct record record = {.page = &page};

    begin();
    for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
        page.cost_micro = costs[i].micro;
        ck_assert_ptr_nonnull(strstr(line_of(&record), costs[i].text));
    }
    end();
}
END_TEST

START_TEST(keeps_any_body_byte_for_byte)
{
    char body[256];
    json_t *root;
    struct fetch_page page = page_of(body, sizeof(body));
    const struct record record = {.page = &page};

    begin();
    for (size_t i = 0; i < sizeof(body); i++)
        body[i] = (char)i;
    root = json_loads(line_of(&record), JSON_REJECT_DUPLICATES, NULL);
    ck_assert_ptr_nonnull(root);
    ck_assert_ptr_null(json_object_get(root, "body"));
    ck_assert_uint_eq(json_string_length(json_object_get(root, "body_base64")), 344);
    json_decref(root);
    page.body_len = 128;
    root = json_loads(line_of(&record), JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    ck_assert_ptr_nonnull(root);
    ck_assert_uint_eq(json_string_length(json_object_get(root, "body")), 128);
    ck_assert_mem_eq(json_string_value(json_object_get(root, "body")), body, 128);
    ck_assert_ptr_eq(memchr(out.data, '\n', out.len), out.data + out.len - 1);
    json_decref(root);
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tool record");
    TCase *record = unit_case(suite, "record");

    tcase_add_test(record, writes_the_record_of_the_contract);
    tcase_add_test(record, leaves_out_what_is_unknown);
    tcase_add_test(record, writes_costs_as_decimals);
    tcase_add_test(record, keeps_any_body_byte_for_byte);
    return unit_run(suite);
}
