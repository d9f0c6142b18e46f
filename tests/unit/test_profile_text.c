/* A profile's text: what it is read as, and which fault is told, at which line. */
#include "unit/profiles.h"

#include <stdio.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* Seven lines that are a profile. */
#define SOUND                                                                                      \
    "name = mine\nendpoint = https://api.example.com/\nkey = query k\ntarget = query u\n"          \
    "timeout = 60\nrule = 200-299 -> page\nrule = * -> transient\n"
/* The same for a POST of JSON, in six. */
#define SOUND_JSON                                                                                 \
    "name = mine\nendpoint = https://api.example.com/\nkey = basic\ntarget = json u\n"             \
    "timeout = 60\nrule = * -> page\n"

static struct pf_profile *sound(const char *text)
{
    struct fetch_failure failure = {FETCH_OK, ""};
    struct pf_profile *p = profile_of(text, &failure);

    ck_assert_msg(p != NULL, "%s", failure.message);
    return p;
}

/* ------------------------------------------------------------- whole ones -- */

#define SOUND_TIGHT                                                                                \
    "\tname=mine \nendpoint=https://api.example.com/\nkey =\tquery\tk\ntarget= query u\t\n"        \
    "timeout = 60\nrule=200-299 -> page\nrule=* -> transient"
#define SOUND_CRLF                                                                                 \
    "name = mine\r\nendpoint = https://api.example.com/\r\nkey = query k\r\ntarget = query u\r\n"  \
    "timeout = 60\r\n\r\nrule = 200-299 -> page\r\nrule = * -> transient\r\n"

START_TEST(lines_end_as_they_may)
{
    static const char *const texts[] = {
        SOUND,      "\xef\xbb\xbf" SOUND, "\xef\xbb\xbf# mine\n\n \t\n  # its own\n" SOUND,
        SOUND_CRLF, SOUND_TIGHT,
    };

    for (size_t i = 0; i < COUNT(texts); i++) {
        struct pf_profile *p = sound(texts[i]);

        ck_assert_str_eq(p->name, "mine");
        ck_assert_str_eq(p->endpoint, "https://api.example.com/");
        ck_assert_str_eq(p->key_name, "k");
        ck_assert_str_eq(p->target, "u");
        ck_assert_uint_eq(p->timeout_ms, 60000);
        ck_assert_uint_eq(p->rule_count, 2);
        ck_assert_int_eq(p->rule[0].status.from, 200);
        ck_assert_int_eq(p->rule[0].status.to, 299);
        ck_assert_int_eq(p->rule[1].meaning, PF_MEANS_TRANSIENT);
        pf_profile_free(p);
    }
}
END_TEST

START_TEST(spellings_are_words_with_quotes)
{
    struct pf_profile *p = sound(
        SOUND "fixed = a=1 \"b c\"=\"d = e\" f= \"g=h i\"\ncountry = c={lower} d=x-{upper}\n");

    ck_assert_uint_eq(p->fixed.count, 4);
    ck_assert_str_eq(p->fixed.item[1].name, "b c");
    ck_assert_str_eq(p->fixed.item[1].value, "d = e");
    ck_assert_str_eq(p->fixed.item[2].value, "");
    ck_assert_str_eq(p->fixed.item[3].name, "g");
    ck_assert_str_eq(p->fixed.item[3].value, "h i");
    ck_assert_uint_eq(p->country.count, 2);
    ck_assert_str_eq(p->country.item[1].value, "x-{upper}");
    pf_profile_free(p);
}
END_TEST

START_TEST(places_of_the_key)
{
    static const struct {
        const char *says, *name, *value;
        enum pf_key_place place;
    } keys[] = {
        {"key = query k", "k", NULL, PF_KEY_QUERY},
        {"key = header X-Key", "X-Key", "{}", PF_KEY_HEADER},
        {"key = header Authorization Bearer {}", "Authorization", "Bearer {}", PF_KEY_HEADER},
        {"key = basic", "authorization", NULL, PF_KEY_BASIC},
    };

    for (size_t i = 0; i < COUNT(keys); i++) {
        struct pf_profile *p;
        char text[400];

        (void)snprintf(text, sizeof text,
                       "%s\nname = mine\ntarget = query u\ntimeout = 1\nrule = * -> page\n",
                       keys[i].says);
        p = sound(text);
        ck_assert_int_eq(p->key_place, keys[i].place);
        ck_assert_str_eq(p->key_name, keys[i].name);
        ck_assert_pstr_eq(p->key_value, keys[i].value);
        pf_profile_free(p);
    }
}
END_TEST

START_TEST(every_part_of_a_rule)
{
    struct pf_profile *p = sound(
        SOUND "rule = 400 no-target crawl=500 retryable code=A* says=\"b c\" -> account key "
              "confirm unbilled\n"
              "rule = 5-6 target=404 no-crawl not-retryable -> target again no-status tries=100\n"
              "rule = * target crawl -> account credits billed\n"
              "rule = 200 -> blocked\nrule = 201 -> refused\nrule = 202 -> throttled\n"
              "rule = 203 -> redirect\n");
    const struct pf_rule *r = p->rule + 2;

    ck_assert_uint_eq(p->rule_count, 9);
    ck_assert_int_eq(r->needs_target, PF_NEEDS_ABSENT);
    ck_assert_int_eq(r->needs_crawl, PF_NEEDS_PRESENT);
    ck_assert_int_eq(r->crawl.to, 500);
    ck_assert_int_eq(r->retryable, PF_NEEDS_PRESENT);
    ck_assert_str_eq(r->code, "A*");
    ck_assert_str_eq(r->says, "b c");
    ck_assert_int_eq(r->meaning, PF_MEANS_ACCOUNT);
    ck_assert_int_eq(r->account, PF_ACCOUNT_KEY);
    ck_assert(r->confirm && !r->again);
    ck_assert_int_eq(r->billed, FETCH_BILLED_NO);
    r++;
    ck_assert_int_eq(r->status.from, 5);
    ck_assert_int_eq(r->target.from, 404);
    ck_assert_int_eq(r->needs_crawl, PF_NEEDS_ABSENT);
    ck_assert_int_eq(r->retryable, PF_NEEDS_ABSENT);
    ck_assert(r->again && r->no_status);
    ck_assert_uint_eq(r->max_tries, 100);
    r++;
    ck_assert_int_eq(r->target.from, 0);
    ck_assert_int_eq(r->account, PF_ACCOUNT_CREDITS);
    ck_assert_int_eq(r->billed, FETCH_BILLED_YES);
    ck_assert_int_eq(r[1].meaning, PF_MEANS_BLOCKED);
    ck_assert_int_eq(r[2].meaning, PF_MEANS_REFUSED);
    ck_assert_int_eq(r[3].meaning, PF_MEANS_THROTTLED);
    ck_assert_int_eq(r[4].meaning, PF_MEANS_REDIRECT);
    pf_profile_free(p);
}
END_TEST

/* ----------------------------------------------------------------- faults -- */

/* `line` 0: the fault is the whole text's. */
static const struct {
    const char *text;
    unsigned line;
    const char *says;
} faults[] = {
    /* lines */
    {"nonsense\n", 1, "NAME = VALUE"},
    {SOUND "\n# fine\nnonsense\n", 10, "NAME = VALUE"},
    {"\xef\xbb\xbfnonsense\n", 1, "NAME = VALUE"},
    {"name = mine\r\n\r\nnonsense\r\n", 3, "NAME = VALUE"},
    {"\n\n\nname =   \n", 4, "\"name\" has no value"},
    {"name = mine\n\x01\n", 2, "control character"},
    {"name = mi\rne\n", 1, "control character"},
    {"name = mine\x7f\n", 1, "control character"},
    {"\n# caf\xe9\n", 2, "not UTF-8"},
    {SOUND "fixed = a=\"b c\n", 8, "quotation mark"},
    {SOUND "rule = 401 says=\"a b -> account\n", 8, "quotation mark"},
    {SOUND "frobnicate = yes\n", 8, "is it \""},
    {SOUND "sesion = a={}\n", 8, "is it \"session\""},
    {SOUND "timeout = 61\n", 8, "timeout is there already"},
    {SOUND "\r\nname = twice\r\n", 9, "name is there already"},
    /* values */
    {"name = Mine\n", 1, "a profile's name is"},
    {"name = my own\n", 1, "a profile's name is"},
    {"name = \"\"\n", 1, "a profile's name is"},
    {"name = a2345678901234567890123456789012345678901\n", 1, "a profile's name is"},
    {"endpoint = api.example.com\n", 1, "an absolute URL"},
    {"endpoint = ftp://example.com/\n", 1, "an absolute URL"},
    {"endpoint = https://api.example.com/ v1\n", 1, "is not one word"},
    {"key_variable = my_key\n", 1, "environment variable"},
    {"key_variable = \"\"\n", 1, "environment variable"},
    {SOUND "timeout = soon\n", 8, "timeout is"},
    {"timeout = 0\n", 1, "1 to 86400"},
    {"timeout = 86401\n", 1, "1 to 86400"},
    {"timeout = 1.5\n", 1, "whole number"},
    {"timeout = 60 s\n", 1, "whole number"},
    {"key = query\n", 1, "key is"},
    {"key = query \"\"\n", 1, "key is"},
    {"key = query a b\n", 1, "key is"},
    {"key = header A: {}\n", 1, "key is"},
    {"key = header A Bearer\n", 1, "key is"},
    {"key = basic user\n", 1, "key is"},
    {"name = mine\nkey = nowhere k\n", 2, "key is"},
    {"target = url\n", 1, "target is"},
    {"target = query \"\"\n", 1, "target is"},
    {"target = json a.b\n", 1, "no dot"},
    {"target = json a\\b\n", 1, "no dot"},
    {"fixed = a\n", 1, "fixed is up to 8"},
    {"fixed = =a\n", 1, "fixed is up to 8"},
    {"fixed = a= b= c= d= e= f= g= h= i=\n", 1, "fixed is up to 8"},
    {"fixed = a={}\n", 1, "no value that {}"},
    {"render = a={upper}\n", 1, "no value that {}"},
    {"country = a=b\n", 1, "country needs {}"},
    {"session = a={x} {}=b\n", 1, "session needs {}"},
    {"session_values = 1 2\n", 1, "number MIN MAX"},
    {"session_values = number 2 1\n", 1, "number MIN MAX"},
    {"session_values = number -1 1\n", 1, "number MIN MAX"},
    {"session_values = number 1 2 3\n", 1, "number MIN MAX"},
    {"country_needs_premium = perhaps\n", 1, "yes or no"},
    {SOUND "doubts_empty = perhaps\n", 8, "yes or no"},
    {"headers = plain X-\n", 1, "headers is"},
    {"headers = prefix\n", 1, "headers is"},
    {"headers = prefix a b\n", 1, "headers is"},
    {"headers = prefix 123456789012345678901234567890123\n", 1, "headers is"},
    {"headers = query headers\n", 1, "headers is"},
    {"headers = json a..b\n", 1, "headers is"},
    {"headers = somehow\n", 1, "headers is"},
    {"method = pass\n", 1, "method is"},
    {"method = pass POST head\n", 1, "method is"},
    {"method = pass HEAD\n", 1, "method is"},
    {"method = pass POST CONNECT\n", 1, "method is"},
    {"method = json .a\n", 1, "method is"},
    {"body = a b\n", 1, "body is a member"},
    {"target_status = a: b\n", 1, "names of header fields"},
    {"cost = a b c d e\n", 1, "up to 4 names"},
    {"error_code = a b c d e\n", 1, "up to 4 members"},
    {"error_code = a. b\n", 1, "up to 4 members"},
    {"envelope_body = a\n", 1, "envelope_body is"},
    {"envelope_body = a hex\n", 1, "envelope_body is"},
    {"envelope_body = a by b text\n", 1, "envelope_body is"},
    {"envelope_body = a text text\n", 1, "envelope_body is"},
    {"envelope_body = a text\nenvelope_body = b text\nenvelope_body = c text\n"
     "envelope_body = d text\nenvelope_body = e text\n",
     5, "up to 4 times"},
    {"envelope_status = a b\n", 1, "envelope_status is a member"},
    /* rules */
    {SOUND "rule = many -> page\n", 8, "begins with the endpoint's status"},
    {"rule = 0 -> page\n", 1, "begins with the endpoint's status"},
    {"rule = 200-199 -> page\n", 1, "begins with the endpoint's status"},
    {"rule = 200-1000 -> page\n", 1, "begins with the endpoint's status"},
    {"rule = 2xx -> page\n", 1, "begins with the endpoint's status"},
    {"rule = -200 -> page\n", 1, "begins with the endpoint's status"},
    {SOUND "rule = 200 page\n", 8, "\"page\" is no condition"},
    {"rule = 200\n", 1, "-> MEANING"},
    {"rule = 200 target\n", 1, "-> MEANING"},
    {"rule = 200 targets -> page\n", 1, "is no condition"},
    {"rule = 200 target= -> page\n", 1, "is no condition"},
    {"rule = 200 code -> page\n", 1, "is no condition"},
    {"rule = 200 target=4xx -> page\n", 1, "no status or range"},
    {"rule = 200 crawl=0 -> page\n", 1, "no status or range"},
    {"rule = 200 target no-target -> page\n", 1, "such a condition already"},
    {"rule = 200 crawl=1 crawl=2 -> page\n", 1, "such a condition already"},
    {"rule = 200 code=a code=b -> page\n", 1, "such a condition already"},
    {"rule = 200 retryable not-retryable -> page\n", 1, "such a condition already"},
    {"rule = 200 says=a says=b -> page\n", 1, "such a condition already"},
    {SOUND "rule = 200 -> happiness\n", 8, "is no meaning"},
    {"rule = 200 ->\n", 1, "is no meaning"},
    {"rule = 200 -> page key\n", 1, "is no remark"},
    {"rule = 200 -> page confirm\n", 1, "is no remark"},
    {"rule = 200 -> transient again\n", 1, "is no remark"},
    {"rule = 200 -> account no-status\n", 1, "is no remark"},
    {"rule = 200 -> transient tries=0\n", 1, "is no remark"},
    {"rule = 200 -> transient tries=101\n", 1, "is no remark"},
    {"rule = 200 -> transient tries\n", 1, "is no remark"},
    /* the whole */
    {"", 0, "it has no name"},
    {"# nothing\n", 0, "it has no name"},
    {"endpoint = https://api.example.com/\nkey = query k\ntarget = query u\n", 0, "it has no name"},
    {"name = mine\n", 0, "it has no key"},
    {"name = mine\nkey = query k\n", 0, "it has no target"},
    {"name = mine\nkey = query k\ntarget = query u\n", 0, "it has no timeout"},
    {"name = mine\nkey = query k\ntarget = query u\ntimeout = 1\n", 0, "it has no rule"},
    {SOUND "render_off = a=b\n", 0, "render_off and no render"},
    {SOUND "premium_off = a=b\n", 0, "premium_off and no premium"},
    {SOUND "premium = a=b\ncountry_needs_premium = yes\n", 0, "and no country"},
    {SOUND "country = a={}\ncountry_needs_premium = yes\n", 0, "and no premium"},
    {SOUND "session_values = number 0 9\n", 0, "session_values and no session"},
    {SOUND "headers_on = a=b\n", 0, "headers_on and no headers"},
    {SOUND_JSON "body = a\n", 0, "body and no method"},
    {SOUND "error_in_success = yes\n", 0, "error_in_success and no error_code"},
    {SOUND "envelope_status = a\n", 0, "envelope_status and no envelope_body"},
    {SOUND "envelope_final_url = a\n", 0, "and no envelope_body"},
    {SOUND "envelope_headers = a\n", 0, "and no envelope_body"},
    {SOUND "envelope_retryable = a\n", 0, "and no envelope_body"},
    {SOUND "headers = json a\n", 0, "target must be json"},
    {SOUND "method = json a\n", 0, "target must be json"},
    {SOUND "method = pass POST\nbody = a\n", 0, "method is not json"},
    {SOUND_JSON "headers = query a{}\n", 0, "target is json"},
    {SOUND_JSON "method = pass POST\n", 0, "target is json"},
    {"name = mine\nkey = query k\ntarget = json u\ntimeout = 1\nrule = * -> page\n", 0,
     "target is json"},
    {"name = mine\nkey = query k\ntarget = query k\ntimeout = 1\nrule = * -> page\n", 0,
     "the same parameter"},
};

START_TEST(faults_are_named_with_their_line)
{
    struct fetch_failure failure;
    struct pf_profile *p = profile_of(faults[_i].text, &failure);
    char place[40];

    ck_assert_msg(p == NULL, "\"%s\" passed", faults[_i].text);
    ck_assert_int_eq(failure.error, FETCH_E_PROFILE);
    if (faults[_i].line > 0)
        (void)snprintf(place, sizeof place, "test.profile:%u: ", faults[_i].line);
    else
        (void)snprintf(place, sizeof place, "test.profile: ");
    ck_assert_msg(strncmp(failure.message, place, strlen(place)) == 0,
                  "\"%s\" does not begin with \"%s\"", failure.message, place);
    ck_assert_msg(strstr(failure.message, faults[_i].says) != NULL, "\"%s\" lacks \"%s\"",
                  failure.message, faults[_i].says);
}
END_TEST

/* ----------------------------------------------------------------- limits -- */

/* A profile with a line of `n` bytes in it, of which all but "# " are x. */
static char *with_line(size_t n, const char *end)
{
    char *text = malloc(sizeof SOUND + n + 4), *at = text;

    at += sprintf(at, "%s# ", SOUND);
    memset(at, 'x', n - 2);
    (void)strcpy(at + n - 2, end);
    return text;
}

START_TEST(lines_have_a_limit)
{
    static const char *const ends[] = {"", "\n", "\r\n"};
    struct fetch_failure failure;

    for (size_t i = 0; i < COUNT(ends); i++) {
        char *fits = with_line(PF_MAX_PROFILE_LINE, ends[i]);
        char *over = with_line(PF_MAX_PROFILE_LINE + 1, ends[i]);

        pf_profile_free(sound(fits));
        ck_assert_ptr_null(profile_of(over, &failure));
        ck_assert_ptr_nonnull(strstr(failure.message, "test.profile:8: a line has at most 1024"));
        free(fits);
        free(over);
    }
}
END_TEST

START_TEST(rules_have_a_limit)
{
    static const char rule[] = "rule = 1 -> page\n";
    char *text = malloc(sizeof SOUND + (PF_MAX_RULES - 1) * sizeof rule), *at = text;
    struct fetch_failure failure;
    struct pf_profile *p;

    at += sprintf(at, "%s", SOUND);
    for (unsigned i = 2; i < PF_MAX_RULES; i++)
        at += sprintf(at, "%s", rule);
    p = sound(text);
    ck_assert_uint_eq(p->rule_count, PF_MAX_RULES);
    pf_profile_free(p);
    (void)strcpy(at, rule);
    ck_assert_ptr_null(profile_of(text, &failure));
    ck_assert_ptr_nonnull(strstr(failure.message, "test.profile:134: there are more than 128"));
    free(text);
}
END_TEST

START_TEST(texts_have_a_limit)
{
    char *text = malloc(PF_MAX_PROFILE_BYTES + 2);
    struct fetch_failure failure;

    memset(text, '\n', PF_MAX_PROFILE_BYTES + 1);
    text[PF_MAX_PROFILE_BYTES + 1] = '\0';
    memcpy(text, SOUND, sizeof SOUND - 1);
    ck_assert_ptr_null(profile_of(text, &failure));
    ck_assert_ptr_nonnull(strstr(failure.message, "64 KiB"));
    text[PF_MAX_PROFILE_BYTES] = '\0';
    pf_profile_free(sound(text));
    free(text);
}
END_TEST

START_TEST(a_nul_is_no_text)
{
    static const char text[] = SOUND "\0# more\n";
    struct fetch_failure failure;
    struct pf_profile *p;

    ck_assert_int_eq(pf_profile_parse(&p, text, sizeof text - 1, "test.profile", &failure),
                     FETCH_E_PROFILE);
    ck_assert_ptr_null(p);
    ck_assert_ptr_nonnull(strstr(failure.message, "test.profile: it has a NUL"));
}
END_TEST

/* What a text of strangers has in it does not reach a terminal. */
START_TEST(messages_are_printable)
{
    struct fetch_failure failure;

    ck_assert_ptr_null(profile_of("\xc2\x9b"
                                  "2Jname = x\n",
                                  &failure));
    ck_assert_ptr_nonnull(strstr(failure.message, "\"?2Jname\""));
}
END_TEST

/* A text that ends anywhere, or has any byte changed, is read or refused, and never more. */
START_TEST(broken_texts_do_no_harm)
{
    const char *text = fetch_profile_text("zyte");
    size_t n = strlen(text);
    char *copy = strdup(text);
    struct fetch_failure failure;
    struct pf_profile *p;

    for (size_t i = 0; i < n; i += 3) {
        (void)pf_profile_parse(&p, text, i, "cut", &failure);
        pf_profile_free(p);
        copy[i] = (char)(copy[i] ^ (1 << i % 8));
        (void)pf_profile_parse(&p, copy, n, "changed", &failure);
        pf_profile_free(p);
        copy[i] = text[i];
    }
    free(copy);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("profile_text");
    TCase *tc = unit_case(suite, "profile_text");

    tcase_add_test(tc, lines_end_as_they_may);
    tcase_add_test(tc, spellings_are_words_with_quotes);
    tcase_add_test(tc, places_of_the_key);
    tcase_add_test(tc, every_part_of_a_rule);
    tcase_add_loop_test(tc, faults_are_named_with_their_line, 0, (int)COUNT(faults));
    tcase_add_test(tc, lines_have_a_limit);
    tcase_add_test(tc, rules_have_a_limit);
    tcase_add_test(tc, texts_have_a_limit);
    tcase_add_test(tc, a_nul_is_no_text);
    tcase_add_test(tc, messages_are_printable);
    tcase_add_test(tc, broken_texts_do_no_harm);
    return unit_run(suite);
}
