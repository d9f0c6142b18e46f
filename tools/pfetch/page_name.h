/*
 * The name of the file that a page's body goes to, from its URL alone.
 *
 *     3f/example.com_a_b.html-3f9ac2….html
 *     ^^ ^^^^^^^^^^^^^^^^^^^^ ^^^^^^^^^^^^^
 *     |  legible part         hash    by content type
 *     folder: two digits of the hash, so that no folder grows large
 *
 * Only letters, digits, `.`, `-` and `_` of ASCII are in it and no part begins with a dot or a
 * hyphen, so it is the same on every file system, leaves no directory and is nobody's option; the
 * hash (80 bits of SHA-256) tells URLs apart that the legible part makes equal, on file systems
 * that ignore case too.
 */
#ifndef PFETCH_TOOL_PAGE_NAME_H
#define PFETCH_TOOL_PAGE_NAME_H

#include <stdbool.h>
#include <stdint.h>

#define PAGE_NAME_LEGIBLE 120u /* bytes of the legible part                      */
#define PAGE_NAME_MAX 256u     /* bytes of folder, name and NUL, never reached   */

struct page_name {
    char folder[3];           /* two hexadecimal digits                          */
    char path[PAGE_NAME_MAX]; /* folder, slash, name                             */
};

/*
 * `content_type` may be NULL.  `twin` is 0, or else what tells this page from an earlier one of
 * the same URL.  False where the digest cannot be made (memory).
 */
bool page_name_make(struct page_name *n, const char *url, const char *content_type, uint64_t twin);

#endif
