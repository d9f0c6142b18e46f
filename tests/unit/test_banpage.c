/* Ban pages: each maker's, what is nearly one, and what a user says of pages. */
#include "unit/unit.h"

#include <stdio.h>

#include "endpoint/banpage.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define PAGE_MAX ((size_t)PF_MAX_BAN_PAGE + 4096)

static struct pf_bans *bans_of(const struct fetch_options *o)
{
    struct fetch_failure failure = {FETCH_OK, ""};
    struct pf_bans *bans = NULL;

    ck_assert_msg(pf_bans_new(&bans, o, &failure) == FETCH_OK, "%s", failure.message);
    return bans;
}

/* Why these bytes are no page, with nothing readable behind them but a NUL. */
static const char *found_in(const struct pf_bans *bans, const char *body, size_t n)
{
    struct unit_guard g = {0};
    char *room = unit_guard_room(&g, n + 1);
    const char *reason;

    memcpy(room, body, n);
    room[n] = '\0';
    reason = pf_bans_find(bans, room, n);
    unit_guard_fini(&g);
    return reason;
}

static const char *found(const struct pf_bans *bans, const char *body)
{
    return found_in(bans, body, strlen(body));
}

/* ---------------------------------------------------------------- makers -- */

/* Each piece is needed; a page of all but one is a page. */
static const struct {
    const char *maker;
    const char *piece[5];
} pages[] = {
    {"cloudflare",
     {"<title>Just a moment...</title>", "<style>.cf-chl-widget{}</style>",
      "<form class=\"challenge-form\">"}},
    {"cloudflare",
     {"<title>Just a moment...</title>", "<script>window._cf_chl_opt={cvId:'3'};</script>"}},
    {"cloudflare",
     {"<title>Attention Required! | Cloudflare</title>", "<div id=\"cf-error-details\">"}},
    {"cloudflare",
     {"<title>Access denied | example.com used Cloudflare</title>",
      "<p>The owner has used Cloudflare to restrict access", "<div id=\"cf-error-details\">"}},
    {"datadome",
     {"<script data-cfasync=\"false\">", "var dd={'rt':'c','cid':'x'}",
      "</script>//geo.captcha-delivery.com"}},
    {"datadome", {"<iframe src=\"https://geo.captcha-delivery.com/captcha/?x=1\">"}},
    {"perimeterx",
     {"<meta name=\"description\" content=\"px-captcha\">", "<script>window._pxAppId='PX1';"}},
    {"perimeterx",
     {"<title>Access to this page has been denied.</title>", "<div id=\"px-captcha\">"}},
    {"akamai",
     {"<TITLE>Access Denied</TITLE>", "You don't have permission to access \"x\" on this server.",
      "Reference&#32;&#35;18&#46;0"}},
    {"akamai",
     {"<title>Access Denied</title>", "You don't have permission to access \"x\" on this server.",
      "<p>https://errors.edgesuite.net/18.0</p>"}},
    {"imperva",
     {"<iframe id=\"main-iframe\" src=\"/_Incapsula_Resource?CWUDNSAI=1\">",
      "Request unsuccessful. Incapsula incident ID: 1-2"}},
    {"imperva",
     {"<META NAME=\"ROBOTS\"", " CONTENT=\"NOINDEX, NOFOLLOW\">",
      "<script src=\"/_Incapsula_Resource?SWJIYLWA=1\">"}},
    {"recaptcha",
     {"<form id=\"captcha-form\" action=\"index\">", "<div class=\"g-recaptcha\">",
      "Our systems have detected unusual traffic"}},
    {"hcaptcha",
     {"<form method=\"post\" id=\"captcha-form\">", "<div class=\"h-captcha\">",
      "Unusual traffic from your network"}},
    {"aws-waf",
     {"<title>Human Verification</title>", "<script>window.awsWafCookieDomainList=[];</script>"}},
    {"aws-waf",
     {"<script type=\"text/javascript\">", "window.gokuProps={\"key\":\"x\"};",
      "AwsWafIntegration.saveReferrer();", "//x.token.awswaf.com/challenge.js"}},
    {"kasada",
     {"<script>window.KPSDK={};", "KPSDK.now=typeof performance", "</script>/149e9513/ips.js"}},
    {"f5",
     {"<title>Request Rejected</title>",
      "The requested URL was rejected. Please consult with your administrator.",
      "Your support ID is: 1"}},
};

/* A page of the pieces but the one numbered `without`. */
static const char *page_of(size_t i, size_t without)
{
    static char page[2048];
    size_t n = (size_t)sprintf(page, "<!doctype html><html><head>");

    for (size_t k = 0; k < COUNT(pages[i].piece) && pages[i].piece[k]; k++)
        if (k != without)
            n += (size_t)sprintf(page + n, "%s\n", pages[i].piece[k]);
    (void)strcpy(page + n, "</head><body></body></html>");
    return page;
}

START_TEST(each_maker_s_page_is_told)
{
    struct fetch_options o = FETCH_OPTIONS_INIT;
    struct pf_bans *bans = bans_of(&o);
    const char *page = page_of((size_t)_i, SIZE_MAX);

    ck_assert_pstr_eq(found(bans, page), pages[_i].maker);
    ck_assert_pstr_eq(pf_bans_find_maker(bans, page, strlen(page)), pages[_i].maker);
    pf_bans_free(bans);
}
END_TEST

START_TEST(without_one_of_its_marks_it_is_a_page)
{
    struct fetch_options o = FETCH_OPTIONS_INIT;
    struct pf_bans *bans = bans_of(&o);

    for (size_t k = 0; k < COUNT(pages[0].piece) && pages[_i].piece[k]; k++) {
        const char *page = page_of((size_t)_i, k);

        ck_assert_msg(found(bans, page) == NULL, "without \"%s\"", pages[_i].piece[k]);
    }
    pf_bans_free(bans);
}
END_TEST

/* An article about them has all the words, as text. */
START_TEST(a_page_about_them_is_a_page)
{
    struct fetch_options o = FETCH_OPTIONS_INIT;
    struct pf_bans *bans = bans_of(&o);
    char article[8192] = "<title>Bot walls</title><p>";
    size_t n = strlen(article);

    for (const char *c = page_of((size_t)_i, SIZE_MAX); *c; c++) {
        if (*c == '<')
            n += (size_t)sprintf(article + n, "&lt;");
        else
            article[n++] = *c;
    }
    article[n] = '\0';
    ck_assert_ptr_null(found(bans, article));
    pf_bans_free(bans);
}
END_TEST

START_TEST(cut_off_anywhere_it_does_no_harm)
{
    struct fetch_options o = FETCH_OPTIONS_INIT;
    struct pf_bans *bans = bans_of(&o);
    const char *page = page_of((size_t)_i, SIZE_MAX);

    for (size_t n = 0; n < strlen(page); n++) {
        const char *reason = found_in(bans, page, n);

        ck_assert(!reason || strcmp(reason, pages[_i].maker) == 0);
    }
    pf_bans_free(bans);
}
END_TEST

START_TEST(they_may_be_switched_off)
{
    struct fetch_options o = FETCH_OPTIONS_INIT;
    const char *page = page_of((size_t)_i, SIZE_MAX);
    struct pf_bans *bans;

    o.ban_pages_pass = 1;
    bans = bans_of(&o);
    ck_assert_ptr_null(found(bans, page));
    ck_assert_ptr_null(pf_bans_find_maker(bans, page, strlen(page)));
    pf_bans_free(bans);
}
END_TEST

/* Where a tag begins, and how large a page is, that is still looked at. */
START_TEST(what_is_looked_at)
{
    static const char tag[] = "<title>Just a moment...</title>", mark[] = "_cf_chl_opt";
    struct fetch_options o = FETCH_OPTIONS_INIT;
    struct pf_bans *bans = bans_of(&o);
    char *page = malloc(PAGE_MAX);

    for (size_t at = PF_MAX_BAN_HEAD - 40; at < PF_MAX_BAN_HEAD + 2; at++) {
        memset(page, ' ', PAGE_MAX);
        memcpy(page + at, tag, sizeof tag - 1);
        memcpy(page + PF_MAX_BAN_PAGE - (sizeof mark - 1), mark, sizeof mark - 1);
        ck_assert_int_eq(found_in(bans, page, PF_MAX_BAN_PAGE) != NULL, at < PF_MAX_BAN_HEAD - 1);
        ck_assert_ptr_null(found_in(bans, page, PF_MAX_BAN_PAGE + 1));
        ck_assert_ptr_null(found_in(bans, page, PF_MAX_BAN_PAGE - 1)); /* the mark is cut off */
    }
    free(page);
    pf_bans_free(bans);
}
END_TEST

START_TEST(pages_of_tags_alone)
{
    struct fetch_options o = FETCH_OPTIONS_INIT;
    struct pf_bans *bans = bans_of(&o);
    char page[PF_MAX_BAN_HEAD];

    memset(page, '<', sizeof page);
    ck_assert_ptr_null(found_in(bans, page, sizeof page));
    for (size_t i = 1; i < sizeof page; i += 2)
        page[i] = 't';
    ck_assert_ptr_null(found_in(bans, page, sizeof page));
    ck_assert_ptr_null(found_in(bans, "", 0));
    ck_assert_ptr_null(found_in(bans, "<", 1));
    ck_assert_ptr_null(found_in(bans, "<\0itle>", 7));
    pf_bans_free(bans);
}
END_TEST

/* A page of bytes: none that could follow a tag's beginning is undefined behaviour or a tag. */
START_TEST(bytes_that_are_no_tag)
{
    struct fetch_options o = FETCH_OPTIONS_INIT;
    struct pf_bans *bans = bans_of(&o);
    char page[3] = "<";

    for (unsigned first = 0; first < 256; first++) {
        for (unsigned second = 0; second < 256; second++) {
            page[1] = (char)first;
            page[2] = (char)second;
            ck_assert_ptr_null(found_in(bans, page, sizeof page));
        }
    }
    pf_bans_free(bans);
}
END_TEST

/* --------------------------------------------------------------- the user -- */

START_TEST(expressions_and_sizes)
{
    static const struct {
        const char *ban, *expect;
        size_t min_bytes;
        const char *body;
        size_t n;
        const char *reason;
    } cases[] = {
        {"go away|no bots", NULL, 0, UNIT_STR("please go away"), "ban_regex"},
        {"go away|no bots", NULL, 0, UNIT_STR("please stay"), NULL},
        {"go away", NULL, 0, UNIT_STR("GO AWAY"), NULL},
        {"b{2}", NULL, 0, UNIT_STR("abba"), "ban_regex"},
        {"away", NULL, 0, UNIT_STR("a\0b\0away"), "ban_regex"},
        {"aw.ay", NULL, 0, UNIT_STR("aw\0ay"), NULL},
        {"^go", NULL, 0, UNIT_STR("x\ngo"), NULL},
        {"^go", NULL, 0, UNIT_STR("go\nx"), "ban_regex"},
        {"go$", NULL, 0, UNIT_STR("go\n"), NULL},
        {"go$", NULL, 0, UNIT_STR("x go"), "ban_regex"},
        {"go$", NULL, 0, UNIT_STR(""), NULL},
        {NULL, "</html>", 0, UNIT_STR("<html></html>"), NULL},
        {NULL, "</html>", 0, UNIT_STR("<html>"), "expect_regex"},
        {NULL, "x", 0, UNIT_STR(""), "expect_regex"},
        {NULL, NULL, 4, UNIT_STR("abc"), "min_bytes"},
        {NULL, NULL, 4, UNIT_STR("abcd"), NULL},
        {NULL, NULL, 1, UNIT_STR(""), "min_bytes"},
        {"a", "b", 9, UNIT_STR("a"), "ban_regex"},
        {"a", "b", 9, UNIT_STR("c"), "expect_regex"},
        {"a", "b", 9, UNIT_STR("b"), "min_bytes"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fetch_options o = FETCH_OPTIONS_INIT;
        struct pf_bans *bans;
        const char *reason;

        o.ban_regex = cases[i].ban;
        o.expect_regex = cases[i].expect;
        o.min_bytes = cases[i].min_bytes;
        bans = bans_of(&o);
        reason = found_in(bans, cases[i].body, cases[i].n);
        ck_assert_msg(reason == cases[i].reason ||
                          (reason && cases[i].reason && strcmp(reason, cases[i].reason) == 0),
                      "case %zu: %s", i, reason ? reason : "a page");
        /* A refusal of the target's is not the user's to judge. */
        ck_assert_ptr_null(pf_bans_find_maker(bans, cases[i].body, cases[i].n));
        pf_bans_free(bans);
    }
}
END_TEST

START_TEST(a_maker_is_named_first)
{
    struct fetch_options o = FETCH_OPTIONS_INIT;
    struct pf_bans *bans;

    o.ban_regex = "html";
    bans = bans_of(&o);
    ck_assert_pstr_eq(found(bans, page_of(0, SIZE_MAX)), pages[0].maker);
    ck_assert_pstr_eq(found(bans, page_of(0, 0)), "ban_regex");
    pf_bans_free(bans);
}
END_TEST

START_TEST(expressions_see_the_beginning)
{
    struct fetch_options o = FETCH_OPTIONS_INIT;
    char *page = malloc(PF_MAX_REGEX_BYTES + 1);
    struct pf_bans *bans;

    o.ban_regex = "away";
    bans = bans_of(&o);
    memset(page, 'x', PF_MAX_REGEX_BYTES + 1);
    memcpy(page + PF_MAX_REGEX_BYTES - 4, "away", 4);
    ck_assert_pstr_eq(found_in(bans, page, PF_MAX_REGEX_BYTES + 1), "ban_regex");
    memcpy(page + PF_MAX_REGEX_BYTES - 4, "xaway", 5);
    ck_assert_ptr_null(found_in(bans, page, PF_MAX_REGEX_BYTES + 1));
    free(page);
    pf_bans_free(bans);
}
END_TEST

START_TEST(broken_expressions_are_refused)
{
    static const char *const broken[] = {"(", "[a", "a{2,1}", "*(", "\\"};

    for (size_t i = 0; i < COUNT(broken); i++)
        for (int expect = 0; expect < 2; expect++) {
            struct fetch_options o = FETCH_OPTIONS_INIT;
            struct fetch_failure failure = {FETCH_OK, ""};
            struct pf_bans *bans = (struct pf_bans *)&failure;

            o.ban_regex = expect ? "fine" : broken[i];
            o.expect_regex = expect ? broken[i] : "fine";
            ck_assert_int_eq(pf_bans_new(&bans, &o, &failure), FETCH_E_INVALID);
            ck_assert_ptr_null(bans);
            ck_assert_int_eq(failure.error, FETCH_E_INVALID);
            ck_assert_msg(strncmp(failure.message, expect ? "expect_regex is" : "ban_regex is",
                                  expect ? 15 : 12) == 0,
                          "%s", failure.message);
        }
    pf_bans_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("banpage");
    TCase *tc = unit_case(suite, "makers");
    const int n = (int)COUNT(pages);

    tcase_add_loop_test(tc, each_maker_s_page_is_told, 0, n);
    tcase_add_loop_test(tc, without_one_of_its_marks_it_is_a_page, 0, n);
    tcase_add_loop_test(tc, a_page_about_them_is_a_page, 0, n);
    tcase_add_loop_test(tc, cut_off_anywhere_it_does_no_harm, 0, n);
    tcase_add_loop_test(tc, they_may_be_switched_off, 0, n);
    tcase_add_test(tc, what_is_looked_at);
    tcase_add_test(tc, pages_of_tags_alone);
    tcase_add_test(tc, bytes_that_are_no_tag);
    tc = unit_case(suite, "the user");
    tcase_add_test(tc, expressions_and_sizes);
    tcase_add_test(tc, a_maker_is_named_first);
    tcase_add_test(tc, expressions_see_the_beginning);
    tcase_add_test(tc, broken_expressions_are_refused);
    return unit_run(suite);
}
