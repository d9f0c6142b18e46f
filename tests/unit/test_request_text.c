/* What would be sent: each profile's words for everything, and the key in none of it. */
#include "unit/profiles.h"

#include <stdio.h>

#include "base/base64.h"
#include "base/url.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define TARGET "https://example.com/a?b=c&d=e"
#define ENCODED "https%3A%2F%2Fexample.com%2Fa%3Fb%3Dc%26d%3De"
#define COMMON                                                                                     \
    " HTTP/1.1\r\nhost: api.example.com\r\nuser-agent: libpfetch/" FETCH_VERSION                   \
    "\r\naccept: */*\r\naccept-encoding: gzip, br, zstd\r\n"

/* What each profile can say. */
enum { RENDER = 1, PREMIUM = 2, COUNTRY = 4, SESSION = 8, DEVICE = 16, HEADERS = 32, ALL = 63 };

static const struct {
    const char *profile;
    unsigned can;
    const char *everything; /* all of that, and extra=2 */
    const char *nothing;    /* none of it */
} said[] = {
    {"proxiesapi", RENDER | SESSION | HEADERS,
     "GET /?auth_key=***&render=true&session=7&use_headers=true&extra=2&url=" ENCODED COMMON
     "X-One: 1\r\n\r\n",
     "GET /?auth_key=***&url=" ENCODED COMMON "\r\n"},
    {"scraperapi", ALL,
     "GET /?api_key=***&render=true&premium=true&country_code=de&session_number=7&device_type="
     "mobile&keep_headers=true&extra=2&url=" ENCODED COMMON "X-One: 1\r\n\r\n",
     "GET /?api_key=***&url=" ENCODED COMMON "\r\n"},
    {"scrapingbee", ALL,
     "GET "
     "/?api_key=***&transparent_status_code=true&render_js=true&premium_proxy=true&country_code="
     "de&session_id=7&device=mobile&forward_headers=true&extra=2&url=" ENCODED COMMON
     "Spb-X-One: 1\r\n\r\n",
     "GET /?api_key=***&transparent_status_code=true&render_js=false&url=" ENCODED COMMON "\r\n"},
    {"scrapingant", RENDER | PREMIUM | COUNTRY | HEADERS,
     "GET /?browser=true&proxy_type=residential&proxy_country=DE&extra=2&url=" ENCODED COMMON
     "Ant-X-One: 1\r\nx-api-key: ***\r\n\r\n",
     "GET /?browser=false&url=" ENCODED COMMON "x-api-key: ***\r\n\r\n"},
    {"crawlbase", COUNTRY | DEVICE,
     "GET /?token=***&country=DE&device=mobile&extra=2&url=" ENCODED COMMON "\r\n",
     "GET /?token=***&url=" ENCODED COMMON "\r\n"},
    {"zenrows", ALL,
     "GET /?apikey=***&js_render=true&premium_proxy=true&proxy_country=de&session_id=7&device="
     "mobile&custom_headers=true&extra=2&url=" ENCODED COMMON "X-One: 1\r\n\r\n",
     "GET /?apikey=***&url=" ENCODED COMMON "\r\n"},
    {"scrapingdog", ALL & ~DEVICE,
     "GET /?api_key=***&dynamic=true&premium=true&country=de&session_number=7&custom_headers=true"
     "&extra=2&url=" ENCODED COMMON "X-One: 1\r\n\r\n",
     "GET /?api_key=***&dynamic=false&url=" ENCODED COMMON "\r\n"},
    {"scrapedo", ALL,
     "GET "
     "/?token=***&render=true&super=true&geoCode=de&sessionId=7&device=mobile&customHeaders=true"
     "&extra=2&url=" ENCODED COMMON "X-One: 1\r\n\r\n",
     "GET /?token=***&url=" ENCODED COMMON "\r\n"},
    {"scrapfly", ALL & ~DEVICE,
     "GET "
     "/?key=***&render_js=true&asp=true&country=de&session=7&extra=2&headers%5BX-One%5D=1&"
     "url=" ENCODED COMMON "\r\n",
     "GET /?key=***&url=" ENCODED COMMON "\r\n"},
    {"webscrapingapi", ALL,
     "GET /?api_key=***&render_js=1&proxy_type=residential&country=de&session=7&device=mobile&"
     "keep_headers=1&extra=2&url=" ENCODED COMMON "WSA-X-One: 1\r\n\r\n",
     "GET /?api_key=***&url=" ENCODED COMMON "\r\n"},
    {"scrapestack", RENDER | PREMIUM | COUNTRY | HEADERS,
     "GET "
     "/?access_key=***&render_js=1&premium_proxy=1&proxy_location=de&keep_headers=1&extra=2&"
     "url=" ENCODED COMMON "X-One: 1\r\n\r\n",
     "GET /?access_key=***&url=" ENCODED COMMON "\r\n"},
    {"zyte", ALL & ~PREMIUM,
     "POST /" COMMON "content-type: application/json\r\nauthorization: Basic ***\r\n"
     "content-length: 184\r\n\r\n"
     "{\"browserHtml\":true,\"geolocation\":\"DE\",\"session\":{\"id\":\"7\"},\"device\":"
     "\"mobile\","
     "\"extra\":2,\"customHttpRequestHeaders\":[{\"name\":\"X-One\",\"value\":\"1\"}],\"url\":"
     "\"" TARGET "\"}",
     "POST /" COMMON "content-type: application/json\r\nauthorization: Basic ***\r\n"
     "content-length: 90\r\n\r\n"
     "{\"httpResponseBody\":true,\"httpResponseHeaders\":true,\"url\":\"" TARGET "\"}"},
    {"generic", HEADERS, "GET /?key=***&extra=2&url=" ENCODED COMMON "X-One: 1\r\n\r\n",
     "GET /?key=***&url=" ENCODED COMMON "\r\n"},
};

static const struct fetch_pair extra = {"extra", "2"}, header = {"X-One", "1"};

static struct fetch_options asking(const char *profile, unsigned what)
{
    struct fetch_options o = FETCH_OPTIONS_INIT;

    unsetenv("PFETCH_KEY");
    unsetenv("PFETCH_ENDPOINT");
    o.profile = profile;
    o.endpoint = "https://api.example.com/";
    o.render = (what & RENDER) != 0;
    o.premium = (what & PREMIUM) != 0;
    o.country = what & COUNTRY ? "De" : NULL;
    o.session = what & SESSION ? "7" : NULL;
    o.device = what & DEVICE ? "mobile" : NULL;
    o.headers = &header;
    o.header_count = (what & HEADERS) != 0;
    o.params = &extra;
    o.param_count = what != 0;
    return o;
}

static struct fetch_target the_target(void)
{
    struct fetch_target t = FETCH_TARGET_INIT;

    t.url = TARGET;
    return t;
}

static char *text_of(const struct fetch_options *o, const struct fetch_target *t)
{
    struct fetch_failure failure = {FETCH_E_NOMEM, ""};
    char *text = NULL;

    ck_assert_msg(fetch_request_text(&text, o, t, &failure) == FETCH_OK, "%s", failure.message);
    ck_assert_int_eq(failure.error, FETCH_OK);
    return text;
}

static void check_text(const struct fetch_options *o, const struct fetch_target *t,
                       const char *expected)
{
    char *text = text_of(o, t);

    ck_assert_str_eq(text, expected);
    free(text);
}

static void check_refused(const struct fetch_options *o, const struct fetch_target *t,
                          enum fetch_error error, const char *part)
{
    struct fetch_failure failure = {FETCH_OK, ""};
    char *text = failure.message;

    ck_assert_msg(fetch_request_text(&text, o, t, &failure) == error, "%s", part);
    ck_assert_ptr_null(text);
    ck_assert_int_eq(failure.error, error);
    ck_assert_msg(strstr(failure.message, part) != NULL, "\"%s\" without \"%s\"", failure.message,
                  part);
    ck_assert_int_eq(fetch_request_text(&text, o, t, NULL), error);
}

/* ---------------------------------------------------------------- words -- */

START_TEST(each_profile_s_words)
{
    const struct fetch_target t = the_target();
    struct fetch_options o = asking(said[_i].profile, said[_i].can);

    check_text(&o, &t, said[_i].everything);
    o = asking(said[_i].profile, 0);
    check_text(&o, &t, said[_i].nothing);
}
END_TEST

START_TEST(what_it_has_no_words_for)
{
    static const char *const names[] = {"render",  "premium", "country",
                                        "session", "device",  "headers"};
    const struct fetch_target t = the_target();

    for (size_t i = 0; i < COUNT(names); i++) {
        unsigned what = 1u << i;
        struct fetch_options o = asking(said[_i].profile, what);

        if (said[_i].can & what)
            continue;
        check_refused(&o, &t, FETCH_E_UNSUPPORTED, names[i]);
    }
}
END_TEST

START_TEST(none_is_left_out)
{
    size_t n = 0;

    for (const char *const *name = fetch_profile_names(); *name; name++, n++)
        ;
    ck_assert_uint_eq(n, COUNT(said));
}
END_TEST

/* ------------------------------------------------------------------ keys -- */

#define KEY "s3cr3t/+key=%&~"

static void check_keyless(const char *text)
{
    struct pf_buf form;
    const char *star = strstr(text, "***");

    ck_assert_ptr_nonnull(star);
    ck_assert_ptr_null(strstr(star + 3, "***"));
    ck_assert_ptr_null(strstr(text, "s3cr3t"));
    pf_buf_init(&form, 1000);
    ck_assert_int_eq(pf_url_encode(&form, UNIT_STR(KEY)), FETCH_OK);
    ck_assert_int_eq(pf_buf_terminate(&form), FETCH_OK);
    ck_assert_ptr_null(strstr(text, form.data));
    form.len = 0;
    ck_assert_int_eq(pf_base64_encode(&form, UNIT_STR(KEY ":")), FETCH_OK);
    ck_assert_int_eq(pf_buf_terminate(&form), FETCH_OK);
    ck_assert_ptr_null(strstr(text, form.data));
    form.data[16] = '\0'; /* however it is padded */
    ck_assert_ptr_null(strstr(text, form.data));
    pf_buf_fini(&form);
}

/* However it is known, and in whatever form the profile sends it, it is not told. */
START_TEST(the_key_is_hidden)
{
    const struct fetch_target t = the_target();
    struct fetch_options o = asking(said[_i].profile, said[_i].can);
    char variable[FETCH_VARIABLE_BYTES];

    o.key = KEY;
    check_text(&o, &t, said[_i].everything);
    o = asking(said[_i].profile, 0);
    o.key = KEY;
    check_text(&o, &t, said[_i].nothing);
    check_keyless(said[_i].nothing);
    check_keyless(said[_i].everything);
    o.key = NULL;
    ck_assert_int_eq(fetch_key_variable(variable, &o, NULL), FETCH_OK);
    if (variable[0])
        setenv(variable, KEY, 1);
    check_text(&o, &t, said[_i].nothing);
    setenv("PFETCH_KEY", KEY, 1);
    check_text(&o, &t, said[_i].nothing);
    if (variable[0])
        unsetenv(variable);
    check_text(&o, &t, said[_i].nothing);
    o.key = "not even \n a key";
    check_text(&o, &t, said[_i].nothing);
}
END_TEST

START_TEST(keys_in_other_places)
{
    static const char *const places[][2] = {
        {"query k&y", "GET /v1?a=b&k%26y=***&url=" ENCODED COMMON "\r\n"},
        {"header X-Key", "GET /v1?a=b&url=" ENCODED COMMON "X-Key: ***\r\n\r\n"},
        {"header Authorization Bearer {}!",
         "GET /v1?a=b&url=" ENCODED COMMON "Authorization: Bearer ***!\r\n\r\n"},
        {"basic", "GET /v1?a=b&url=" ENCODED COMMON "authorization: Basic ***\r\n\r\n"},
    };
    const struct fetch_target t = the_target();
    char path[] = "/tmp/pfetch-request-XXXXXX";
    int fd = mkstemp(path);
    struct fetch_options o = asking(NULL, 0);

    ck_assert_int_ge(fd, 0);
    o.profile_file = path;
    o.endpoint = "https://api.example.com/v1?a=b";
    o.key = KEY;
    for (size_t i = 0; i < COUNT(places); i++) {
        char text[200];
        int n =
            snprintf(text, sizeof text,
                     "name = own\nkey = %s\ntarget = query url\ntimeout = 9\nrule = * -> page\n",
                     places[i][0]);

        ck_assert_int_eq(ftruncate(fd, 0), 0);
        ck_assert_int_eq(pwrite(fd, text, (size_t)n, 0), n);
        check_text(&o, &t, places[i][1]);
    }
    o.key_param = "other";
    check_refused(&o, &t, FETCH_E_UNSUPPORTED, "user's name");
    ck_assert_int_eq(close(fd), 0);
    ck_assert_int_eq(unlink(path), 0);
}
END_TEST

/* --------------------------------------------------------------- targets -- */

START_TEST(a_target_has_its_own)
{
    static const struct fetch_pair params[] = {{"extra", "3"}, {"render", "maybe"}},
                                   headers[] = {{"x-one", "2"}, {"X-Two", "3"}};
    struct fetch_target t = the_target();
    struct fetch_options o = asking("scraperapi", RENDER | HEADERS);

    t.params = params;
    t.param_count = 2;
    t.headers = headers;
    t.header_count = 2;
    check_text(&o, &t,
               "GET /?api_key=***&keep_headers=true&extra=3&render=maybe&url=" ENCODED COMMON
               "x-one: 2\r\nX-Two: 3\r\n\r\n");
    o = asking("zyte", RENDER | HEADERS);
    check_text(&o, &t,
               "POST /" COMMON "content-type: application/json\r\nauthorization: Basic ***\r\n"
               "content-length: 172\r\n\r\n"
               "{\"browserHtml\":true,\"extra\":3,\"render\":\"maybe\","
               "\"customHttpRequestHeaders\":[{\"name\":\"x-one\",\"value\":\"2\"},{\"name\":"
               "\"X-Two\",\"value\":\"3\"}],\"url\":\"" TARGET "\"}");
}
END_TEST

START_TEST(methods_and_bodies)
{
    static const struct fetch_pair type = {"Content-Type", "text/plain"};
    struct fetch_target t = the_target();
    struct fetch_options o = asking("scrapingant", 0);

    t.body = "a=b";
    t.body_len = 3;
    t.headers = &type;
    t.header_count = 1;
    check_text(&o, &t,
               "POST /?browser=false&url=" ENCODED COMMON
               "Ant-Content-Type: text/plain\r\nContent-Type: text/plain\r\nx-api-key: ***\r\n"
               "content-length: 3\r\n\r\na=b");
    t.method = "PATCH";
    check_refused(&o, &t, FETCH_E_UNSUPPORTED, "a method that the profile does not forward");
    t.method = "GET";
    check_refused(&o, &t, FETCH_E_INVALID, "a body with the method GET");
    o = asking("zyte", 0);
    t.method = "PUT";
    t.header_count = 0;
    check_text(&o, &t,
               "POST /" COMMON "content-type: application/json\r\nauthorization: Basic ***\r\n"
               "content-length: 141\r\n\r\n"
               "{\"httpResponseBody\":true,\"httpResponseHeaders\":true,"
               "\"httpRequestMethod\":\"PUT\",\"httpRequestBody\":\"YT1i\",\"url\":\"" TARGET
               "\"}");
    o = asking("proxiesapi", 0);
    check_refused(&o, &t, FETCH_E_UNSUPPORTED, "a method that the profile does not forward");
}
END_TEST

START_TEST(what_is_no_target)
{
    static const struct fetch_pair bad = {"url", "x"};
    struct fetch_options o = asking("generic", 0);
    struct fetch_target t = the_target();

    check_refused(&o, NULL, FETCH_E_INVALID, "there is no target");
    t.url = NULL;
    check_refused(&o, &t, FETCH_E_INVALID, "there is no target");
    t = the_target();
    t.size = 1;
    check_refused(&o, &t, FETCH_E_INVALID, "there is no target");
    t = the_target();
    t.url = "ftp://example.com/";
    check_refused(&o, &t, FETCH_E_BAD_URL, "the target ");
    t = the_target();
    t.params = &bad;
    t.param_count = 1;
    check_refused(&o, &t, FETCH_E_INVALID, "the target has a parameter that carries");
    t = the_target();
    o.endpoint = NULL;
    check_refused(&o, &t, FETCH_E_INVALID, "no endpoint of its own");
    o.profile = "none";
    check_refused(&o, &t, FETCH_E_INVALID, "there is no profile \"none\"");
}
END_TEST

START_TEST(without_options)
{
    const struct fetch_target t = the_target();
    char *text;

    unsetenv("PFETCH_ENDPOINT");
    text = text_of(NULL, &t);
    ck_assert_int_eq(strncmp(text, "GET /?auth_key=***&url=", 23), 0);
    ck_assert_ptr_nonnull(strstr(text, "\r\nhost: api.proxiesapi.com\r\n"));
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("request_text");
    TCase *tc = unit_case(suite, "words");

    tcase_add_loop_test(tc, each_profile_s_words, 0, (int)COUNT(said));
    tcase_add_loop_test(tc, what_it_has_no_words_for, 0, (int)COUNT(said));
    tcase_add_test(tc, none_is_left_out);
    tc = unit_case(suite, "keys");
    tcase_add_loop_test(tc, the_key_is_hidden, 0, (int)COUNT(said));
    tcase_add_test(tc, keys_in_other_places);
    tc = unit_case(suite, "targets");
    tcase_add_test(tc, a_target_has_its_own);
    tcase_add_test(tc, methods_and_bodies);
    tcase_add_test(tc, what_is_no_target);
    tcase_add_test(tc, without_options);
    return unit_run(suite);
}
