#include "unit/unit.h"

#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>

#include "pfetch/input.h"
#include "pfetch/jsonl_line.h"

static struct jsonl_line json;
static struct fetch_target target;
static struct event_base *base;
static char error[256];

static void good(const char *line)
{
    ck_assert_msg(jsonl_line_parse(&json, line, strlen(line), &target), "%s: %s", line, json.why);
}

static void bad(const char *line, const char *says)
{
    ck_assert_msg(!jsonl_line_parse(&json, line, strlen(line), &target), "%s passed", line);
    ck_assert_msg(strstr(json.why, says) != NULL, "%s: \"%s\" lacks \"%s\"", line, json.why, says);
}

START_TEST(reads_a_json_line)
{
    jsonl_line_init(&json);
    good("{\"url\":\"https://example.com/\"}");
    ck_assert_str_eq(target.url, "https://example.com/");
    ck_assert_ptr_null(target.id);
    ck_assert_uint_eq(target.param_count, 0);
    good("{\"id\":17,\"url\":\"https://example.com/\",\"extra\":[1],\"params\":{\"a\":\"1\","
         "\"b\":2,\"c\":true},\"headers\":{\"X-One\":\"yes\"}}");
    ck_assert_str_eq(target.id, "17");
    ck_assert_uint_eq(target.param_count, 3);
    ck_assert_str_eq(target.params[0].value, "1");
    ck_assert_str_eq(target.params[1].value, "2");
    ck_assert_str_eq(target.params[2].name, "c");
    ck_assert_str_eq(target.params[2].value, "true");
    ck_assert_uint_eq(target.header_count, 1);
    ck_assert_str_eq(target.headers[0].name, "X-One");
    good("{\"url\":\"https://example.com/\",\"id\":null,\"params\":null}");
    jsonl_line_fini(&json);
}
END_TEST

static void body_is(const char *bytes, size_t n)
{
    ck_assert_ptr_nonnull(target.body);
    ck_assert_uint_eq(target.body_len, n);
    ck_assert_mem_eq(target.body, bytes, n);
}

START_TEST(reads_method_and_body)
{
    jsonl_line_init(&json);
    good("{\"url\":\"a\",\"method\":\"PUT\",\"body\":\"x\\n\u00e4\"}");
    ck_assert_str_eq(target.method, "PUT");
    body_is(UNIT_STR("x\n\xc3\xa4"));
    good("{\"url\":\"a\",\"body_base64\":\"AP8KAA==\"}");
    ck_assert_ptr_null(target.method);
    body_is(UNIT_STR("\0\xff\n\0"));
    good("{\"url\":\"a\",\"body_base64\":\"eHl6\",\"body\":null,\"method\":null}");
    body_is(UNIT_STR("xyz"));
    good("{\"url\":\"a\",\"body_base64\":\"eHk=\"}");
    body_is(UNIT_STR("xy"));
    good("{\"url\":\"a\",\"body_base64\":\"\"}");
    body_is("", 0);
    good("{\"url\":\"a\",\"body\":\"\"}");
    body_is("", 0);
    good("{\"url\":\"a\",\"body\":null}");
    ck_assert_ptr_null(target.body);
    jsonl_line_fini(&json);
}
END_TEST

START_TEST(says_what_is_wrong_with_a_json_line)
{
    jsonl_line_init(&json);
    bad("{\"url\":\"https://exa", "not JSON");
    bad("", "not JSON");
    bad("[1]", "not a JSON object");
    bad("{}", "no \"url\"");
    bad("{\"url\":1}", "no \"url\"");
    bad("{\"url\":\"a\",\"url\":\"b\"}", "not JSON");
    bad("{\"url\":\"a\\u0000b\"}", "not JSON");
    bad("{\"url\":\"a\",\"id\":{}}", "\"id\"");
    bad("{\"url\":\"a\",\"params\":[]}", "\"params\" is not an object");
    bad("{\"url\":\"a\",\"params\":{\"\":\"x\"}}", "name");
    bad("{\"url\":\"a\",\"params\":{\"x\":{}}}", "not a string");
    bad("{\"url\":\"a\",\"headers\":{\"x\":1}}", "not a string");
    bad("{\"url\":\"a\",\"headers\":{\"x y\":\"1\"}}", "name");
    bad("{\"url\":\"a\",\"headers\":{\"x\":\"1\\r\\ny: 2\"}}", "control");
    bad("{\"url\":\"a\",\"method\":7}", "\"method\"");
    bad("{\"url\":\"a\",\"method\":\"\"}", "\"method\"");
    bad("{\"url\":\"a\",\"method\":\"GET /\"}", "\"method\"");
    bad("{\"url\":\"a\",\"method\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}", "\"method\"");
    bad("{\"url\":\"a\",\"body\":{}}", "\"body\"");
    bad("{\"url\":\"a\",\"body\":\"\",\"body_base64\":\"\"}", "both");
    bad("{\"url\":\"a\",\"body_base64\":1}", "base64");
    bad("{\"url\":\"a\",\"body_base64\":\"eHk\"}", "base64");
    bad("{\"url\":\"a\",\"body_base64\":\"e===\"}", "base64");
    bad("{\"url\":\"a\",\"body_base64\":\"====\"}", "base64");
    bad("{\"url\":\"a\",\"body_base64\":\"eHl=\"}", "base64");
    bad("{\"url\":\"a\",\"body_base64\":\"eHl6eH\\n==\"}", "base64");
    bad("{\"url\":\"a\",\"body_base64\":\"eH-_\"}", "base64");
    ck_assert_str_eq(target.url, "a");
    jsonl_line_fini(&json);
}
END_TEST

static void put_file(const char *path, const char *content, size_t n)
{
    FILE *f = fopen(path, "w");

    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(content, 1, n, f), n);
    fclose(f);
}

static void on_ready(void *arg)
{
    ++*(int *)arg;
    event_base_loopbreak(base);
}

START_TEST(joins_arguments_and_lists)
{
    static const char *const urls[] = {"https://example.com/0", "nonsense"};
    static const char *const lists[] = {"input-a.txt", "input-b.jsonl", "input-c.txt"};
    struct input_item item;
    uint64_t total;
    struct input *in;

    put_file(lists[0], UNIT_STR("https://example.com/1\n#\n{x\na\0b\n"));
    put_file(lists[1],
             UNIT_STR("{\"url\":\"https://example.com/2\",\"id\":\"x\"}\nhttps://example.com/\n"));
    put_file(lists[2], UNIT_STR(""));
    base = event_base_new();
    in = input_new(base, urls, 2, lists, 3, on_ready, NULL, error, sizeof(error));
    ck_assert_msg(in != NULL, "%s", error);
    ck_assert(input_count(in, &total));
    ck_assert_uint_eq(total, 7);
    ck_assert_int_eq(input_next(in, &item), INPUT_TARGET);
    ck_assert_str_eq(item.target.url, urls[0]);
    ck_assert_ptr_null(item.list);
    ck_assert_int_eq(input_next(in, &item), INPUT_TARGET);
    ck_assert_int_eq(input_next(in, &item), INPUT_TARGET);
    ck_assert_str_eq(item.target.url, "https://example.com/1");
    ck_assert_str_eq(item.list, lists[0]);
    ck_assert_uint_eq(item.line, 1);
    ck_assert_int_eq(input_next(in, &item), INPUT_TARGET);
    ck_assert_str_eq(item.target.url, "{x");
    ck_assert_int_eq(input_next(in, &item), INPUT_BROKEN);
    ck_assert_uint_eq(item.line, 4);
    ck_assert_uint_eq(item.text_len, 3);
    ck_assert_ptr_nonnull(strstr(item.why, "NUL"));
    ck_assert_int_eq(input_next(in, &item), INPUT_TARGET);
    ck_assert_str_eq(item.target.id, "x");
    ck_assert_int_eq(input_next(in, &item), INPUT_BROKEN);
    ck_assert_uint_eq(item.line, 2);
    ck_assert_int_eq(input_next(in, &item), INPUT_END);
    ck_assert_int_eq(input_next(in, &item), INPUT_END);
    input_free(in);
    for (size_t i = 0; i < 3; i++)
        unlink(lists[i]);
    event_base_free(base);
}
END_TEST

START_TEST(goes_on_behind_a_damaged_list)
{
    static const char *const lists[] = {"input-d.gz", "input-e.txt"};
    struct input_item item;
    uint64_t total;
    struct input *in;

    put_file(lists[0], UNIT_STR("\x1f\x8b\x08\0\0\0\0\0\0\x03garbage garbage"));
    put_file(lists[1], UNIT_STR("https://example.com/"));
    base = event_base_new();
    in = input_new(base, NULL, 0, lists, 2, on_ready, NULL, error, sizeof(error));
    ck_assert_msg(in != NULL, "%s", error);
    ck_assert(!input_count(in, &total));
    ck_assert_int_eq(input_next(in, &item), INPUT_BROKEN);
    ck_assert_str_eq(item.list, lists[0]);
    ck_assert_ptr_nonnull(strstr(item.why, "damaged"));
    ck_assert_int_eq(input_next(in, &item), INPUT_TARGET);
    ck_assert_int_eq(input_next(in, &item), INPUT_END);
    input_free(in);
    for (size_t i = 0; i < 2; i++)
        unlink(lists[i]);
    event_base_free(base);
}
END_TEST

START_TEST(waits_for_standard_input)
{
    static const char *const lists[] = {"-"};
    struct input_item item;
    int fds[2], ready = 0;
    uint64_t total;
    struct input *in;

    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_int_eq(dup2(fds[0], 0), 0);
    base = event_base_new();
    in = input_new(base, NULL, 0, lists, 1, on_ready, &ready, error, sizeof(error));
    ck_assert_msg(in != NULL, "%s", error);
    ck_assert(!input_count(in, &total));
    for (int i = 0; i < 3; i++) {
        static const char line[] = "{\"url\":\"https://example.com/\"}\n";

        ck_assert_int_eq(input_next(in, &item), INPUT_LATER);
        ck_assert_int_eq(write(fds[1], line, sizeof(line) - 1), (ssize_t)sizeof(line) - 1);
        event_base_dispatch(base);
        ck_assert_int_eq(ready, i + 1);
        ck_assert_int_eq(input_next(in, &item), INPUT_TARGET);
        ck_assert_str_eq(item.target.url, "https://example.com/");
    }
    close(fds[1]);
    ck_assert_int_eq(input_next(in, &item), INPUT_END);
    input_free(in);
    event_base_free(base);
}
END_TEST

START_TEST(finds_a_missing_list_at_once)
{
    static const char *const missing[] = {"no-such-list.txt"}, *const directory[] = {"/"};

    base = event_base_new();
    ck_assert_ptr_null(input_new(base, NULL, 0, missing, 1, on_ready, NULL, error, sizeof(error)));
    ck_assert_ptr_nonnull(strstr(error, "No such file"));
    ck_assert_ptr_null(
        input_new(base, NULL, 0, directory, 1, on_ready, NULL, error, sizeof(error)));
    ck_assert_ptr_nonnull(strstr(error, "directory"));
    event_base_free(base);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tool input");
    TCase *line = unit_case(suite, "JSON line"), *lists = unit_case(suite, "lists");

    tcase_add_test(line, reads_a_json_line);
    tcase_add_test(line, reads_method_and_body);
    tcase_add_test(line, says_what_is_wrong_with_a_json_line);
    tcase_add_test(lists, joins_arguments_and_lists);
    tcase_add_test(lists, goes_on_behind_a_damaged_list);
    tcase_add_test(lists, waits_for_standard_input);
    tcase_add_test(lists, finds_a_missing_list_at_once);
    return unit_run(suite);
}
