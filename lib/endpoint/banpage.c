/*
 * A page is looked at once: within its first 4 KiB each "<" is held against a table of openings,
 * which most tags leave at their first letters.  Only where one fits are the other marks
 * looked for.  So an ordinary page costs a memchr() a tag and not a search a maker, and a page that
 * merely writes about a maker has its words, but neither the tags nor all of the marks together.
 */
#include "endpoint/banpage.h"

#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define MAX_TAGS 256u
#define MAX_TAG_BYTES 512u /* of a tag, within which its mark must be */

struct pf_bans {
    bool makers, has_ban, has_expect;
    regex_t ban, expect;
    size_t min_bytes;
};

struct maker {
    const char *name;
    const char *opening;  /* the tag begins so, any case; see may_open()                   */
    const char *within;   /* ... and has this before its ">"; NULL: no matter              */
    const char *marks[3]; /* all of these are somewhere in the page; NULL: no matter        */
};

static const struct maker makers[] = {
    {"cloudflare", "<title>Just a moment...</title>", NULL, {"cf-chl-", "challenge", NULL}},
    {"cloudflare", "<title>Just a moment...</title>", NULL, {"_cf_chl_opt", NULL, NULL}},
    {"cloudflare",
     "<title>Attention Required! | Cloudflare</title>",
     NULL,
     {"cf-error-details", NULL, NULL}},
    {"cloudflare",
     "<title>Access denied | ",
     NULL,
     {"used Cloudflare to restrict access", "cf-error-details", NULL}},
    {"datadome", "<script", NULL, {"var dd={", "captcha-delivery.com", NULL}},
    {"datadome", "<iframe", "captcha-delivery.com/", {"captcha-delivery.com", NULL, NULL}},
    {"perimeterx", "<meta", "px-captcha", {"_pxAppId", NULL, NULL}},
    {"perimeterx", "<title>Access to this page has been denied", NULL, {"px-captcha", NULL, NULL}},
    {"akamai",
     "<title>Access Denied</title>",
     NULL,
     {"You don't have permission to access", "Reference&#32;&#35;", NULL}},
    {"akamai",
     "<title>Access Denied</title>",
     NULL,
     {"You don't have permission to access", "errors.edgesuite.net", NULL}},
    {"imperva", "<iframe", "/_Incapsula_Resource?", {"Incapsula incident ID", NULL, NULL}},
    {"imperva",
     "<script",
     "/_Incapsula_Resource?",
     {"<META NAME=\"ROBOTS\"", "NOINDEX, NOFOLLOW", NULL}},
    {"recaptcha", "<form", "id=\"captcha-form\"", {"g-recaptcha", "nusual traffic", NULL}},
    {"hcaptcha", "<form", "id=\"captcha-form\"", {"h-captcha", "nusual traffic", NULL}},
    {"aws-waf", "<title>Human Verification</title>", NULL, {"awsWafCookieDomainList", NULL, NULL}},
    {"aws-waf", "<script", NULL, {"window.gokuProps", "AwsWafIntegration", "challenge.js"}},
    {"kasada", "<script>window.KPSDK={}", NULL, {"KPSDK.now", "/ips.js", NULL}},
    {"f5",
     "<title>Request Rejected</title>",
     NULL,
     {"The requested URL was rejected. Please consult with your administrator.",
      "Your support ID is", NULL}},
};

/* -------------------------------------------------------------- makers -- */

static bool has_mark(const char *bytes, size_t n, const char *mark)
{
    return !mark || memmem(bytes, n, mark, strlen(mark)) != NULL;
}

static bool opens(const struct maker *m, const char *tag, size_t n)
{
    size_t length = strlen(m->opening);
    const char *end;

    if (length > n || strncasecmp(tag, m->opening, length) != 0)
        return false;
    if (!m->within)
        return true;
    end = memchr(tag, '>', n < MAX_TAG_BYTES ? n : MAX_TAG_BYTES);
    return end && has_mark(tag, (size_t)(end - tag), m->within);
}

static bool has_marks(const struct maker *m, const char *body, size_t n)
{
    for (size_t i = 0; i < COUNT(m->marks); i++)
        if (!has_mark(body, n, m->marks[i]))
            return false;
    return true;
}

/* Only makers' tags begin so; "| 0x20" makes a letter small. */
static bool may_open(const char *tag)
{
    unsigned char first = (unsigned char)tag[1], second = (unsigned char)tag[2];

    switch ((first | 0x20) << 8 | (second | 0x20)) {
    case 'f' << 8 | 'o':
    case 'i' << 8 | 'f':
    case 'm' << 8 | 'e':
    case 's' << 8 | 'c':
    case 't' << 8 | 'i':
        return true;
    default:
        return false;
    }
}

static const char *find_maker(const char *body, size_t n)
{
    const char *end = body + (n < PF_MAX_BAN_HEAD ? n : PF_MAX_BAN_HEAD), *at = body;

    if (n > PF_MAX_BAN_PAGE)
        return NULL;
    for (unsigned tags = 0; tags < MAX_TAGS; tags++, at++) {
        at = memchr(at, '<', (size_t)(end - at));
        if (!at || end - at < 2 || body + n - at < 3)
            return NULL;
        if (!may_open(at))
            continue;
        for (size_t i = 0; i < COUNT(makers); i++)
            if (opens(&makers[i], at, n - (size_t)(at - body)) && has_marks(&makers[i], body, n))
                return makers[i].name;
    }
    return NULL;
}

/* --------------------------------------------------------- expressions -- */

static bool matches(const regex_t *regex, const char *body, size_t n)
{
    regmatch_t all = {.rm_so = 0};

    all.rm_eo = (regoff_t)(n < PF_MAX_REGEX_BYTES ? n : PF_MAX_REGEX_BYTES);
    return regexec(regex, body, 0, &all, REG_STARTEND) == 0;
}

static enum fetch_error compile(regex_t *regex, bool *has, const char *text, const char *option,
                                struct fetch_failure *failure)
{
    char why[120];
    int rc;

    if (!text)
        return FETCH_OK;
    rc = regcomp(regex, text, REG_EXTENDED | REG_NOSUB);
    *has = rc == 0;
    if (rc == 0)
        return FETCH_OK;
    (void)regerror(rc, regex, why, sizeof why);
    failure->error = rc == REG_ESPACE ? FETCH_E_NOMEM : FETCH_E_INVALID;
    (void)snprintf(failure->message, sizeof failure->message,
                   "%s is no POSIX extended expression: %s", option, why);
    return failure->error;
}

/* ---------------------------------------------------------------- life -- */

enum fetch_error pf_bans_new(struct pf_bans **out, const struct fetch_options *o,
                             struct fetch_failure *failure)
{
    struct pf_bans *bans = calloc(1, sizeof *bans);
    enum fetch_error e;

    *out = NULL;
    if (!bans) {
        failure->error = FETCH_E_NOMEM;
        (void)snprintf(failure->message, sizeof failure->message, "%s",
                       fetch_strerror(FETCH_E_NOMEM));
        return FETCH_E_NOMEM;
    }
    bans->makers = !o->ban_pages_pass;
    bans->min_bytes = o->min_bytes;
    e = compile(&bans->ban, &bans->has_ban, o->ban_regex, "ban_regex", failure);
    if (e == FETCH_OK)
        e = compile(&bans->expect, &bans->has_expect, o->expect_regex, "expect_regex", failure);
    if (e != FETCH_OK) {
        pf_bans_free(bans);
        return e;
    }
    *out = bans;
    return FETCH_OK;
}

void pf_bans_free(struct pf_bans *bans)
{
    if (!bans)
        return;
    if (bans->has_ban)
        regfree(&bans->ban);
    if (bans->has_expect)
        regfree(&bans->expect);
    free(bans);
}

const char *pf_bans_find(const struct pf_bans *bans, const char *body, size_t n)
{
    const char *maker = bans->makers ? find_maker(body, n) : NULL;

    if (maker)
        return maker;
    if (bans->has_ban && matches(&bans->ban, body, n))
        return "ban_regex";
    if (bans->has_expect && !matches(&bans->expect, body, n))
        return "expect_regex";
    return n < bans->min_bytes ? "min_bytes" : NULL;
}

const char *pf_bans_find_maker(const struct pf_bans *bans, const char *body, size_t n)
{
    return bans->makers ? find_maker(body, n) : NULL;
}
