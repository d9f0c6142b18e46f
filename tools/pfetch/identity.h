/*
 * What a target is known by: 128 bits of what it requests.
 *
 * Two targets are the same where they would fetch the same page: URL, method, body, parameters and
 * headers are equal, the last two in any order.  Their id and their place in a list are no part of
 * it, so that a list that grew or was shuffled is taken up where it was left.
 *
 * The bits are the first half of a SHA-256: the URLs of a list may come from the sites themselves,
 * and nobody may be able to write two of which the second would be taken for the first.
 *
 * They are a contract: the records of requests that a URL alone does not tell hold them
 * ("request"), and a later version must come to the same.
 */
#ifndef PFETCH_TOOL_IDENTITY_H
#define PFETCH_TOOL_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pfetch/fetch.h>

#define IDENTITY_HEX 33u /* bytes of its text: 32 hexadecimal digits and a NUL */

struct identity {
    uint64_t high;
    uint64_t low;
};

struct identifier;

/* What the following need to compute with.  NULL: memory. */
struct identifier *identifier_new(void);
void identifier_free(struct identifier *h);

/* Of a target that is its URL alone, of `n` bytes.  All of them: false where memory ran out. */
bool identity_of_url(struct identifier *h, const char *url, size_t n, struct identity *id);
/* Of any target with at most 64 parameters and as many headers. */
bool identity_of_target(struct identifier *h, const struct fetch_target *target,
                        struct identity *id);
/* Of a line of a list that is no target; it is equal to no target's. */
bool identity_of_broken(struct identifier *h, const char *text, size_t n, struct identity *id);

/* Whether the URL tells the whole request. */
bool identity_is_plain(const struct fetch_target *target);

void identity_put(const struct identity *id, char text[IDENTITY_HEX]);
/* False where `n` bytes are no such text. */
bool identity_parse(const char *text, size_t n, struct identity *id);

#endif
