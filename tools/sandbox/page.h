/*
 * The pages: bytes that depend on the target URL and the size alone, so that a test knows what
 * must arrive without having asked, and two runs archive the same.
 *
 * Each function gives memory (free()) and its length in *len, or returns NULL where memory
 * ran out.  A NUL follows the bytes and is not counted.
 */
#ifndef SANDBOX_PAGE_H
#define SANDBOX_PAGE_H

#include <stddef.h>

/*
 * HTML in UTF-8 that has the URL (escaped) in its title and heading, links to other pages of
 * the same site, and filler up to `size_bytes`.  Never shorter than what all that takes, so a
 * small size gives a page without filler.
 */
char *sandbox_page(const char *url, size_t size_bytes, size_t *len);

/* Bytes that are valid in no text encoding of today: the first one never begins a UTF-8
 * character.  `size_bytes` of them, at least 1. */
char *sandbox_page_binary(const char *url, size_t size_bytes, size_t *len);

/* A page that asks whether the reader is human, as it comes under a 200. */
char *sandbox_page_captcha(const char *url, size_t *len);

/* What a site says about a page that it does not have. */
char *sandbox_page_not_found(const char *url, size_t *len);

/* What a site says that cannot show the page now. */
char *sandbox_page_failed(const char *url, size_t *len);

#endif
