#include "surt_session.h"

#include <string.h>

#define SESSION 32u       /* letters and digits of most session numbers */
#define ASP_NAME 8u       /* letters behind "aspsessionid"              */
#define ASP_SESSION 24u   /* letters and digits of Microsoft's          */
#define LOOKED_INTO 4096u /* bytes: something longer is left as it is */

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_alnum(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9');
}

/* How many of the bytes are such. */
static size_t run_of(const char *at, const char *end, bool (*is_such)(char c))
{
    const char *start = at;

    while (at < end && is_such(*at))
        at++;
    return (size_t)(at - start);
}

static bool is_no_and(char c)
{
    return c != '&';
}

/* Each: where the argument that begins at `at` ends, if it is one; else NULL. */
static const char *numbered(const char *at, const char *end, const char *name)
{
    size_t n = strlen(name);

    if ((size_t)(end - at) < n + SESSION || memcmp(at, name, n) != 0)
        return NULL;
    return run_of(at + n, end, is_alnum) == SESSION ? at + n + SESSION : NULL;
}

static const char *java(const char *at, const char *end)
{
    return numbered(at, end, "jsessionid=");
}

static const char *php(const char *at, const char *end)
{
    return numbered(at, end, "phpsessid=");
}

static const char *sid(const char *at, const char *end)
{
    return numbered(at, end, "sid=");
}

static const char *asp(const char *at, const char *end)
{
    static const char name[] = "aspsessionid";
    const size_t n = sizeof(name) - 1;

    if ((size_t)(end - at) < n + ASP_NAME + 1 + ASP_SESSION || memcmp(at, name, n) != 0 ||
        run_of(at + n, end, is_letter) != ASP_NAME || at[n + ASP_NAME] != '=')
        return NULL;
    at += n + ASP_NAME + 1;
    return run_of(at, end, is_letter) == ASP_SESSION ? at + ASP_SESSION : NULL;
}

static const char *coldfusion(const char *at, const char *end)
{
    static const char first[] = "cfid=", second[] = "&cftoken=";
    size_t n;

    if ((size_t)(end - at) < sizeof(first) - 1 || memcmp(at, first, sizeof(first) - 1) != 0)
        return NULL;
    at += sizeof(first) - 1;
    n = run_of(at, end, is_no_and);
    at += n;
    if (n == 0 || (size_t)(end - at) < sizeof(second) - 1 ||
        memcmp(at, second, sizeof(second) - 1) != 0)
        return NULL;
    at += sizeof(second) - 1;
    n = run_of(at, end, is_no_and);
    return n ? at + n : NULL;
}

/* Takes the last one out, with the "&" behind it. */
static void drop(struct bytes *query, const char *(*find)(const char *at, const char *end))
{
    const char *end = query->data + query->len, *after = NULL;
    size_t at = query->len, rest;

    while (at > 0 && !after) {
        after = find(query->data + --at, end);
        if (after && after < end && *after != '&')
            after = NULL;
    }
    if (!after)
        return;
    after += after < end;
    rest = (size_t)(end - after);
    memmove(query->data + at, after, rest);
    bytes_cut(query, at + rest);
}

void surt_session_query(struct bytes *query)
{
    if (query->len > LOOKED_INTO)
        return;
    drop(query, java);
    drop(query, php);
    drop(query, sid);
    drop(query, asp);
    drop(query, coldfusion);
}

/* "(s(24 of them))/", any number of them within, or "(24 of them)/": how long, or 0. */
static size_t bracketed(const char *at, const char *end)
{
    const char *start = at;

    if (at == end || *at++ != '(')
        return 0;
    if (run_of(at, end, is_alnum) == ASP_SESSION) {
        at += ASP_SESSION;
    } else {
        const char *first = at;

        while (end - at > (ptrdiff_t)ASP_SESSION + 2 && is_letter(at[0]) && at[1] == '(' &&
               run_of(at + 2, end, is_alnum) == ASP_SESSION && at[2 + ASP_SESSION] == ')')
            at += ASP_SESSION + 3;
        if (at == first)
            return 0;
    }
    return end - at >= 2 && at[0] == ')' && at[1] == '/' ? (size_t)(at + 2 - start) : 0;
}

void surt_session_path(struct bytes *path)
{
    const char *end = path->data + path->len;

    if (path->len > LOOKED_INTO)
        return;
    for (size_t at = path->len; at-- > 1;) {
        size_t n;

        if (path->data[at] != '(' || path->data[at - 1] != '/')
            continue;
        n = bracketed(path->data + at, end);
        if (n == 0 || path->len - at - n < 6 ||
            !memmem(path->data + at + n + 1, path->len - at - n - 1, ".aspx", 5))
            continue;
        memmove(path->data + at, path->data + at + n, path->len - at - n);
        bytes_cut(path, path->len - n);
        return;
    }
}
