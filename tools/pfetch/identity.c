/*
 * What is hashed is a letter that says what follows, then the URL; for a target that is more than
 * that, each further part with a letter and its length before it, so that no two requests give the
 * same bytes:
 *
 *   u URL                        a plain target
 *   b TEXT                       a line that is no target
 *   t URL  m METHOD  d BODY  { p NAME v VALUE }  { h NAME v VALUE }
 *
 * Parts that are what they are by default (the method GET, or POST with a body) are left out.
 * Names of headers are equal in any case, so they are hashed in lower case.
 */
#include "identity.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PAIRS_MAX 64u /* the library's ceiling for each kind */

struct identifier {
    EVP_MD *sha256; /* fetched once: looking it up costs more than hashing */
    EVP_MD_CTX *hash;
};

struct identifier *identifier_new(void)
{
    struct identifier *h = calloc(1, sizeof(*h));

    if (!h)
        return NULL;
    h->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    h->hash = EVP_MD_CTX_new();
    if (h->sha256 && h->hash && EVP_DigestInit_ex2(h->hash, h->sha256, NULL) == 1)
        return h;
    identifier_free(h);
    return NULL;
}

void identifier_free(struct identifier *h)
{
    if (!h)
        return;
    EVP_MD_CTX_free(h->hash);
    EVP_MD_free(h->sha256);
    free(h);
}

static bool begin(struct identifier *h, char letter)
{
    return EVP_DigestInit_ex2(h->hash, NULL, NULL) == 1 && /* the same again, at less cost */
           EVP_DigestUpdate(h->hash, &letter, 1) == 1;
}

static bool add(struct identifier *h, const void *data, size_t n)
{
    return EVP_DigestUpdate(h->hash, data, n) == 1;
}

static uint64_t word_of(const unsigned char *bytes)
{
    uint64_t word = 0;

    for (unsigned i = 0; i < 8; i++)
        word = word << 8 | bytes[i];
    return word;
}

static bool end(struct identifier *h, struct identity *id)
{
    unsigned char digest[EVP_MAX_MD_SIZE];

    if (EVP_DigestFinal_ex(h->hash, digest, NULL) != 1)
        return false;
    id->high = word_of(digest);
    id->low = word_of(digest + 8);
    return true;
}

bool identity_of_url(struct identifier *h, const char *url, size_t n, struct identity *id)
{
    return begin(h, 'u') && add(h, url, n) && end(h, id);
}

bool identity_of_broken(struct identifier *h, const char *text, size_t n, struct identity *id)
{
    return begin(h, 'b') && add(h, text, n) && end(h, id);
}

static bool add_length(struct identifier *h, char letter, size_t n)
{
    unsigned char head[9] = {(unsigned char)letter};

    for (unsigned i = 0; i < 8; i++)
        head[1 + i] = (unsigned char)((uint64_t)n >> (56 - 8 * i));
    return add(h, head, sizeof(head));
}

static bool add_part(struct identifier *h, char letter, const void *data, size_t n)
{
    return add_length(h, letter, n) && add(h, data, n);
}

/* In pieces, so that no length of a name is too long. */
static bool add_header_name(struct identifier *h, const char *name)
{
    size_t n = strlen(name);
    char lower[64];

    if (!add_length(h, 'h', n))
        return false;
    for (size_t i = 0; i < n; i += sizeof(lower)) {
        size_t piece = n - i < sizeof(lower) ? n - i : sizeof(lower);

        for (size_t k = 0; k < piece; k++) {
            char c = name[i + k];

            lower[k] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        }
        if (!add(h, lower, piece))
            return false;
    }
    return true;
}

/* By name; those of one name stay in their order, which may matter. */
static void sort(const struct fetch_pair *pairs, size_t count, const struct fetch_pair **sorted,
                 int (*compare)(const char *, const char *))
{
    for (size_t i = 0; i < count; i++) {
        size_t at = i;

        for (; at > 0 && compare(sorted[at - 1]->name, pairs[i].name) > 0; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = &pairs[i];
    }
}

static bool add_params(struct identifier *h, const struct fetch_target *target)
{
    const struct fetch_pair *sorted[PAIRS_MAX];
    size_t count = target->param_count < PAIRS_MAX ? target->param_count : PAIRS_MAX;

    sort(target->params, count, sorted, strcmp);
    for (size_t i = 0; i < count; i++) {
        if (!add_part(h, 'p', sorted[i]->name, strlen(sorted[i]->name)) ||
            !add_part(h, 'v', sorted[i]->value, strlen(sorted[i]->value)))
            return false;
    }
    return true;
}

static bool add_headers(struct identifier *h, const struct fetch_target *target)
{
    const struct fetch_pair *sorted[PAIRS_MAX];
    size_t count = target->header_count < PAIRS_MAX ? target->header_count : PAIRS_MAX;

    sort(target->headers, count, sorted, strcasecmp);
    for (size_t i = 0; i < count; i++) {
        if (!add_header_name(h, sorted[i]->name) ||
            !add_part(h, 'v', sorted[i]->value, strlen(sorted[i]->value)))
            return false;
    }
    return true;
}

/* The method where it is not what it would be anyway, else NULL. */
static const char *own_method(const struct fetch_target *target)
{
    const char *usual = target->body ? "POST" : "GET";

    return target->method && strcmp(target->method, usual) != 0 ? target->method : NULL;
}

bool identity_is_plain(const struct fetch_target *target)
{
    return target->param_count == 0 && target->header_count == 0 && !target->body &&
           !own_method(target);
}

bool identity_of_target(struct identifier *h, const struct fetch_target *target,
                        struct identity *id)
{
    const char *method = own_method(target);

    if (identity_is_plain(target))
        return identity_of_url(h, target->url, strlen(target->url), id);
    return begin(h, 't') && add_part(h, 'u', target->url, strlen(target->url)) &&
           (!method || add_part(h, 'm', method, strlen(method))) &&
           (!target->body || add_part(h, 'd', target->body, target->body_len)) &&
           add_params(h, target) && add_headers(h, target) && end(h, id);
}

void identity_put(const struct identity *id, char text[IDENTITY_HEX])
{
    static const char digits[] = "0123456789abcdef";

    for (unsigned i = 0; i < 32; i++) {
        uint64_t word = i < 16 ? id->high : id->low;

        text[i] = digits[word >> (60 - 4 * (i % 16)) & 15];
    }
    text[32] = '\0';
}

bool identity_parse(const char *text, size_t n, struct identity *id)
{
    uint64_t word[2] = {0, 0};

    if (n != IDENTITY_HEX - 1)
        return false;
    for (unsigned i = 0; i < 32; i++) {
        char c = text[i];
        unsigned digit;

        if (c >= '0' && c <= '9')
            digit = (unsigned)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (unsigned)(c - 'a') + 10;
        else
            return false;
        word[i / 16] = word[i / 16] << 4 | digit;
    }
    *id = (struct identity){.high = word[0], .low = word[1]};
    return true;
}
