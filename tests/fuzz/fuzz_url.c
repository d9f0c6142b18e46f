/*
 * Any bytes as an endpoint, as a target and as a redirect.  What is accepted is held to its
 * promises: a parsed URL lies within its string, an encoded one decodes to the same bytes, a
 * resolved one is a URL again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_within(const char *part, size_t len, const char *s, size_t n)
{
    check(len == 0 || (part >= s && part + len <= s + n));
}

static int hex(char c)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;

    check(at != NULL);
    return (int)(at - digits);
}

static void round_trip(const char *s, size_t n)
{
    struct pf_buf out;
    size_t at = 0;

    pf_buf_init(&out, 3 * n);
    check(pf_url_encode(&out, s, n) == FETCH_OK);
    for (size_t i = 0; i < n; i++, at++) {
        char c = out.data[at];

        if (c == '%') {
            c = (char)(hex(out.data[at + 1]) << 4 | hex(out.data[at + 2]));
            at += 2;
        }
        check(c == s[i]);
    }
    check(at == out.len);
    pf_buf_fini(&out);
}

static void resolve(const char *s, size_t n)
{
    static const char home[] = "https://example.com/a/b?c";
    struct pf_url base, there;
    struct pf_buf out;
    const char *why;

    check(pf_url_parse(&base, home, sizeof home - 1, &why));
    pf_buf_init(&out, PF_MAX_URL);
    if (pf_url_resolve(&out, &base, s, n) == FETCH_OK)
        pf_url_parse(&there, out.data, out.len, &why);
    pf_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *s = (const char *)data, *why;
    struct pf_url url;

    if (size == 0)
        return 0;
    if (pf_url_parse(&url, s, size, &why)) {
        check(url.host_len > 0);
        check_within(url.host, url.host_len, s, size);
        check_within(url.authority, url.authority_len, s, size);
        check_within(url.path, url.path_len, s, size);
    } else {
        check(why != NULL);
    }
    pf_url_target_fault(s, size);
    round_trip(s, size);
    resolve(s, size);
    return 0;
}
