#include "endpoint/profile_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "base/url.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* ------------------------------------------------------------- messages -- */

bool pf_reader_wrong(struct pf_reader *r, const char *format, ...)
{
    char *to = r->failure->message;
    size_t cap = sizeof r->failure->message;
    int n = r->line ? snprintf(to, cap, "%.80s:%u: ", r->file, r->line)
                    : snprintf(to, cap, "%.80s: ", r->file);
    char what[sizeof r->failure->message];
    va_list args;

    r->failure->error = FETCH_E_PROFILE;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    pf_text_printable(to + n, cap - (size_t)n, what, strlen(what));
    return false;
}

bool pf_reader_no_memory(struct pf_reader *r)
{
    r->failure->error = FETCH_E_NOMEM;
    (void)snprintf(r->failure->message, sizeof r->failure->message, "%s",
                   fetch_strerror(FETCH_E_NOMEM));
    return false;
}

/* ---------------------------------------------------------------- words -- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

char *pf_reader_word(char **at)
{
    char *word = *at, *to, *from;
    bool quoted = false;

    while (is_blank(*word))
        word++;
    if (*word == '\0')
        return NULL;
    for (to = from = word; *from && (quoted || !is_blank(*from)); from++) {
        if (*from == '"')
            quoted = !quoted;
        else
            *to++ = *from;
    }
    *at = *from ? from + 1 : from;
    *to = '\0';
    return word;
}

/* ---------------------------------------------------------------- lines -- */

static char *trim(char *from, char *to)
{
    while (from < to && is_blank(*from))
        from++;
    while (to > from && is_blank(to[-1]))
        to--;
    *to = '\0';
    return from;
}

static bool read_line(struct pf_reader *r, char *line, size_t n)
{
    char *mark, *name;
    size_t quotes = 0;

    if (n > 0 && line[n - 1] == '\r')
        n--;
    if (n > PF_MAX_PROFILE_LINE)
        return pf_reader_wrong(r, "a line has at most %u bytes", PF_MAX_PROFILE_LINE);
    for (size_t i = 0; i < n; i++) {
        if (((unsigned char)line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f)
            return pf_reader_wrong(r, "a control character: a profile is plain text");
        quotes += line[i] == '"';
    }
    if (!pf_text_is_utf8(line, n))
        return pf_reader_wrong(r, "a line that is not UTF-8");
    line = trim(line, line + n);
    if (*line == '\0' || *line == '#')
        return true;
    mark = strchr(line, '=');
    if (!mark)
        return pf_reader_wrong(r, "a line is \"NAME = VALUE\" or begins with #");
    name = trim(line, mark);
    line = mark + 1 + strspn(mark + 1, " \t");
    if (*line == '\0')
        return pf_reader_wrong(r, "\"%.40s\" has no value: leave the line out", name);
    if (quotes % 2 != 0)
        return pf_reader_wrong(r, "a quotation mark that no other one closes");
    return pf_reader_setting(r, name, line);
}

static bool read_lines(struct pf_reader *r, char *text)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";

    if (strncmp(text, byte_order_mark, sizeof byte_order_mark - 1) == 0)
        text += sizeof byte_order_mark - 1;
    while (*text) {
        size_t n = strcspn(text, "\n");
        char *next = text[n] ? text + n + 1 : text + n;

        r->line++;
        if (!read_line(r, text, n))
            return false;
        text = next;
    }
    r->line = 0;
    return true;
}

/* ------------------------------------------------------------ the whole -- */

/* What a setting is nothing without. */
static bool check_pairs(struct pf_reader *r)
{
    static const char *const needs[][2] = {
        {"render_off", "render"},
        {"premium_off", "premium"},
        {"country_needs_premium", "country"},
        {"country_needs_premium", "premium"},
        {"session_values", "session"},
        {"headers_on", "headers"},
        {"body", "method"},
        {"error_in_success", "error_code"},
        {"envelope_status", "envelope_body"},
        {"envelope_final_url", "envelope_body"},
        {"envelope_headers", "envelope_body"},
        {"envelope_retryable", "envelope_body"},
    };

    for (size_t i = 0; i < COUNT(needs); i++)
        if (pf_reader_has(r, needs[i][0]) && !pf_reader_has(r, needs[i][1]))
            return pf_reader_wrong(r, "it has %s and no %s", needs[i][0], needs[i][1]);
    return true;
}

static bool check_whole(struct pf_reader *r)
{
    static const char *const required[] = {"name", "key", "target", "timeout", "rule"};
    const struct pf_profile *p = r->profile;

    for (size_t i = 0; i < COUNT(required); i++)
        if (!pf_reader_has(r, required[i]))
            return pf_reader_wrong(r, "it has no %s: see pfetch-profile(5)", required[i]);
    if (!check_pairs(r))
        return false;
    if (p->json && (p->key_place == PF_KEY_QUERY || p->headers_way == PF_HEADERS_QUERY ||
                    p->method_way == PF_METHOD_PASS))
        return pf_reader_wrong(r, "target is json, so neither key nor headers can be query, nor "
                                  "method pass");
    if (!p->json && (p->headers_way == PF_HEADERS_JSON || p->method_way == PF_METHOD_JSON))
        return pf_reader_wrong(r, "headers or method are json, so target must be json too");
    if (p->body_name && p->method_way != PF_METHOD_JSON)
        return pf_reader_wrong(r, "method is not json, so a body has no member");
    if (p->key_place == PF_KEY_QUERY && strcmp(p->key_name, p->target) == 0)
        return pf_reader_wrong(r, "key and target are the same parameter");
    return true;
}

enum fetch_error pf_profile_parse(struct pf_profile **profile, const char *text, size_t n,
                                  const char *file, struct fetch_failure *failure)
{
    struct pf_reader r = {.file = file, .failure = failure};
    struct pf_profile *p = calloc(1, sizeof *p);

    *profile = NULL;
    r.profile = p;
    if (!p || !(p->text = malloc(n + 1))) {
        (void)pf_reader_no_memory(&r);
        pf_profile_free(p);
        return FETCH_E_NOMEM;
    }
    if (n > 0)
        memcpy(p->text, text, n);
    p->text[n] = '\0';
    if (n > PF_MAX_PROFILE_BYTES)
        (void)pf_reader_wrong(&r, "it is over 64 KiB, and so no profile");
    else if (memchr(p->text, '\0', n))
        (void)pf_reader_wrong(&r, "it has a NUL in it, and so is no text");
    else if (read_lines(&r, p->text) && check_whole(&r)) {
        *profile = p;
        return FETCH_OK;
    }
    pf_profile_free(p);
    return failure->error;
}

void pf_profile_free(struct pf_profile *p)
{
    if (!p)
        return;
    free(p->fixed.item);
    free(p->render.item);
    free(p->render_off.item);
    free(p->premium.item);
    free(p->premium_off.item);
    free(p->country.item);
    free(p->session.item);
    free(p->device.item);
    free(p->headers_on.item);
    free(p->rule);
    free(p->text);
    free(p);
}
