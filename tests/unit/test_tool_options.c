#include "unit/unit.h"

#include <stdio.h>

#include "pfetch/key.h"
#include "pfetch/options.h"

#define ARGS_MAX 40

static char *argv[ARGS_MAX + 1];
static char error[OPTIONS_ERROR];

/* Parses the words of `line`, which are split at blanks. */
static enum options_action parse(struct options *o, const char *line)
{
    static char words[1024];
    int argc = 0;

    ck_assert_uint_lt(strlen(line) + 8, sizeof(words));
    snprintf(words, sizeof(words), "pfetch %s", line);
    for (char *p = words; *p && argc < ARGS_MAX;) {
        argv[argc++] = p;
        p += strcspn(p, " ");
        if (*p)
            *p++ = '\0';
    }
    argv[argc] = NULL;
    return options_parse(o, argc, argv, error);
}

static void good(struct options *o, const char *line)
{
    ck_assert_msg(parse(o, line) == OPTIONS_RUN, "%s: %s", line, error);
}

static void bad(const char *line, const char *says)
{
    struct options o;

    ck_assert_msg(parse(&o, line) == OPTIONS_WRONG, "%s passed", line);
    ck_assert_msg(strstr(error, says) != NULL, "%s: \"%s\" lacks \"%s\"", line, error, says);
    options_fini(&o);
}

START_TEST(has_defaults)
{
    struct options o;

    good(&o, "");
    ck_assert_uint_eq(o.url_count, 0);
    ck_assert_uint_eq(o.list_count, 0);
    ck_assert_str_eq(o.output, "-");
    ck_assert_int_eq(o.fetch.retries, FETCH_RETRIES_DEFAULT);
    ck_assert_uint_eq(o.fetch.concurrency, 0);
    ck_assert_uint_eq(o.fetch.size, sizeof(o.fetch));
    ck_assert_ptr_null(o.key);
    options_fini(&o);
}
END_TEST

START_TEST(takes_every_spelling)
{
    struct options o;

    good(&o, "https://example.com/ -c20 -i a.txt --input=b.jsonl -qi - -o out/ -- -x --y");
    ck_assert_uint_eq(o.url_count, 3);
    ck_assert_str_eq(o.urls[0], "https://example.com/");
    ck_assert_str_eq(o.urls[2], "--y");
    ck_assert_uint_eq(o.list_count, 3);
    ck_assert_str_eq(o.lists[1], "b.jsonl");
    ck_assert_str_eq(o.lists[2], "-");
    ck_assert_uint_eq(o.fetch.concurrency, 20);
    ck_assert(o.quiet);
    options_fini(&o);

    good(&o, "-c 7 -c auto -vv --progress json --format=body --retries 0 --max-body 3k");
    ck_assert_uint_eq(o.fetch.concurrency, 0);
    ck_assert_uint_eq(o.verbose, 2);
    ck_assert_int_eq(o.progress, PROGRESS_JSON);
    ck_assert_int_eq(o.format, SINK_FORMAT_BODY);
    ck_assert_int_eq(o.fetch.retries, 0);
    ck_assert_uint_eq(o.fetch.max_body, 3072);
    options_fini(&o);
}
END_TEST

START_TEST(fills_in_the_client_options)
{
    struct options o;

    good(&o,
         "-e http://127.0.0.1:1/ --key-param auth_key --param a=b=c --param d= -H X-One:1 "
         "--render --country de --resolve example.com:80:127.0.0.1 --timeout 1.5 --deadline 60");
    ck_assert_str_eq(o.fetch.endpoint, "http://127.0.0.1:1/");
    ck_assert_str_eq(o.fetch.key_param, "auth_key");
    ck_assert_uint_eq(o.fetch.param_count, 2);
    ck_assert_str_eq(o.fetch.params[0].name, "a");
    ck_assert_str_eq(o.fetch.params[0].value, "b=c");
    ck_assert_str_eq(o.fetch.params[1].value, "");
    ck_assert_uint_eq(o.fetch.header_count, 1);
    ck_assert_str_eq(o.fetch.headers[0].value, "1");
    ck_assert_int_ne(o.fetch.render, 0);
    ck_assert_int_eq(o.fetch.premium, 0);
    ck_assert_uint_eq(o.fetch.resolve_count, 1);
    ck_assert_uint_eq(o.fetch.timeout_ms, 1500);
    ck_assert_uint_eq(o.fetch.deadline_ms, 60000);
    options_fini(&o);

    good(&o, "--sandbox=latency=1 --connections 3 --max-time .5 --limit 10 --summary s.json");
    ck_assert(o.sandbox);
    ck_assert_str_eq(o.sandbox_spec, "latency=1");
    ck_assert_uint_eq(o.fetch.connections, 3);
    ck_assert_uint_eq(o.max_time_ms, 500);
    ck_assert_uint_eq(o.limit, 10);
    options_fini(&o);

    good(&o, "--rate 30/m --per-domain 2 --max-credits 2.5 --cost-per-call 1 --control live.conf");
    ck_assert(o.fetch.rate == 0.5);
    ck_assert_uint_eq(o.fetch.per_domain, 2);
    ck_assert_int_eq(o.fetch.max_cost_micro, 2500000);
    ck_assert_int_eq(o.fetch.cost_per_call_micro, 1000000);
    ck_assert_str_eq(o.control, "live.conf");
    options_fini(&o);

    good(&o, "--profile-file own --device mobile --ban-regex captcha --expect-regex </html> "
             "--min-bytes 2k --no-ban-pages");
    ck_assert_str_eq(o.fetch.profile_file, "own");
    ck_assert_str_eq(o.fetch.device, "mobile");
    ck_assert_str_eq(o.fetch.ban_regex, "captcha");
    ck_assert_str_eq(o.fetch.expect_regex, "</html>");
    ck_assert_uint_eq(o.fetch.min_bytes, 2048);
    ck_assert_int_ne(o.fetch.ban_pages_pass, 0);
    options_fini(&o);

    good(&o, "--sandbox https://example.com/");
    ck_assert_ptr_null(o.sandbox_spec);
    ck_assert_uint_eq(o.url_count, 1);
    options_fini(&o);
}
END_TEST

START_TEST(shows_instead_of_running)
{
    struct options o;

    ck_assert_int_eq(parse(&o, "--list-profiles"), OPTIONS_LIST_PROFILES);
    options_fini(&o);
    ck_assert_int_eq(parse(&o, "--show-profile zyte"), OPTIONS_SHOW_PROFILE);
    ck_assert_str_eq(o.show_profile, "zyte");
    options_fini(&o);
    ck_assert_int_eq(parse(&o, "--show-request https://example.com/"), OPTIONS_SHOW_REQUEST);
    options_fini(&o);
    bad("--show-request", "URLs on the command line");
    bad("--show-request -i list https://example.com/", "not a list");
    bad("--show-request --sandbox https://example.com/", "contradict");
    bad("--min-bytes x https://example.com/", "--min-bytes");
}
END_TEST

START_TEST(wipes_the_key)
{
    struct options o;

    good(&o, "--key s3cret");
    ck_assert_str_eq(o.key, "s3cret");
    ck_assert_str_eq(argv[2], "");
    options_fini(&o);
    ck_assert_ptr_null(o.key);
    good(&o, "--key=s3cret");
    ck_assert_str_eq(o.key, "s3cret");
    ck_assert_str_eq(argv[1], "--key=");
    options_fini(&o);
    bad("--key=", "not empty");
    bad("--key a\tb", "not empty");
    ck_assert_str_eq(argv[2], "");
    bad("--key s3cret --key-file f", "contradict");
    ck_assert_ptr_null(strstr(error, "s3cret"));
}
END_TEST

START_TEST(reads_a_key_file)
{
    static const struct {
        const char *content, *key;
    } files[] = {{"demo\n", "demo"}, {"  demo \r\nother\n", "demo"},
                 {"demo", "demo"},   {"\ndemo\n", NULL},
                 {"", NULL},         {"a b\n", NULL}};
    char path[] = "key-file-XXXXXX", *key = NULL;
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        ck_assert_int_eq(ftruncate(fd, 0), 0);
        ck_assert_int_eq(pwrite(fd, files[i].content, strlen(files[i].content), 0),
                         (ssize_t)strlen(files[i].content));
        ck_assert(key_read(path, &key, error, sizeof(error)) == (files[i].key != NULL));
        if (files[i].key)
            ck_assert_str_eq(key, files[i].key);
        else
            ck_assert_ptr_null(key);
    }
    close(fd);
    unlink(path);
    ck_assert(!key_read(path, &key, error, sizeof(error)));
    ck_assert_ptr_nonnull(strstr(error, "No such file"));
}
END_TEST

START_TEST(says_what_is_wrong)
{
    bad("--frobnicate", "no option --frobnicate");
    bad("--inpu x", "no option --inpu");
    bad("-Z", "no option -Z");
    bad("-c", "needs a value");
    bad("--input", "needs a value");
    bad("--render=1", "takes no value");
    bad("-c 0", "1000000");
    bad("-c many", "auto");
    bad("--timeout 0", "--timeout");
    bad("--timeout 5m", "--timeout");
    bad("--retries -1", "--retries");
    bad("--max-body big", "--max-body");
    bad("--rate 0", "--rate");
    bad("--rate 5/d", "30/m");
    bad("--per-domain 0", "--per-domain");
    bad("--max-credits 0", "--max-credits");
    bad("--cost-per-call -1", "--cost-per-call");
    bad("--param =x", "--param");
    bad("--param x", "--param");
    bad("-H x", "--header");
    bad("--format xml", "--format");
    bad("--progress pretty", "--progress");
    bad("-i - -i -", "only once");
    bad("-", "-i -");
    bad("-q -v", "contradict");
    bad("--sandbox -e http://127.0.0.1/", "contradict");
    bad("/etc/passwd", "-i /etc/passwd");
    bad("--limit 0", "--limit");
    bad("--summary -", "file of its own");
    bad("-o x.jsonl --summary x.jsonl", "file of its own");
}
END_TEST

START_TEST(knows_outputs_by_their_form)
{
    bad("-o pages", "form does not show");
    bad("-o pages.warc", "form does not show");
    bad("-o pages.warc.gz", "only records are packed");
    bad("-o pages.gz --format body", "only records are packed");
    bad("-o pages.jsonl.zst --format body", "leave out --format");
    bad("-o pages.jsonl --format body", "leave out --format");
    bad("-o pages/ --format jsonl", "leave out --format");
    ck_assert_ptr_null(sink_check("pages", SINK_FORMAT_JSONL));
    ck_assert_ptr_null(sink_check("pages", SINK_FORMAT_BODY));
    ck_assert_ptr_null(sink_check("pages.jsonl", SINK_FORMAT_BY_NAME));
    ck_assert_ptr_null(sink_check("pages.jsonl.gz", SINK_FORMAT_BY_NAME));
    ck_assert_ptr_null(sink_check("pages.jsonl.zst", SINK_FORMAT_JSONL));
    ck_assert_ptr_null(sink_check("-", SINK_FORMAT_BODY));
    ck_assert_ptr_null(sink_check("no/such/dir/", SINK_FORMAT_BY_NAME));
}
END_TEST

/* How many, none over 80 columns or without text or end. */
static size_t count_lines(const char *const *lines)
{
    size_t count = 0;

    for (; lines[count]; count++) {
        ck_assert_uint_le(strcspn(lines[count], "\n"), 80);
        ck_assert_ptr_nonnull(strchr(lines[count], '\n'));
    }
    return count;
}

START_TEST(shows_help_on_one_screen)
{
    struct options o;

    ck_assert_int_eq(parse(&o, "--help -c 1"), OPTIONS_HELP);
    options_fini(&o);
    ck_assert_int_eq(parse(&o, "-h all"), OPTIONS_HELP_ALL);
    options_fini(&o);
    ck_assert_int_eq(parse(&o, "--help -c 1 all"), OPTIONS_HELP_ALL);
    options_fini(&o);
    ck_assert_int_eq(parse(&o, "--help https://example.com/all"), OPTIONS_HELP);
    options_fini(&o);
    ck_assert_int_eq(parse(&o, "--version"), OPTIONS_VERSION);
    options_fini(&o);
    ck_assert_uint_le(count_lines(options_help), 24);
    ck_assert_uint_gt(count_lines(options_help_all), 24);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tool options");
    TCase *tc = unit_case(suite, "options");

    tcase_add_test(tc, has_defaults);
    tcase_add_test(tc, takes_every_spelling);
    tcase_add_test(tc, fills_in_the_client_options);
    tcase_add_test(tc, shows_instead_of_running);
    tcase_add_test(tc, wipes_the_key);
    tcase_add_test(tc, reads_a_key_file);
    tcase_add_test(tc, says_what_is_wrong);
    tcase_add_test(tc, knows_outputs_by_their_form);
    tcase_add_test(tc, shows_help_on_one_screen);
    return unit_run(suite);
}
