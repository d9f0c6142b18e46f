/*
 * The name of the file that a page's body goes to, from its request alone.
 *
 *     k/7q/example.com_a_b-k7qz….html
 *     ^ ^^ ^^^^^^^^^^^^^^^ ^^^^^ ^^^^
 *     | |  legible part    |     by content type
 *     | |                  the request's identity, 26 digits in base 32
 *     two folders: its first digit, and the two that follow
 *
 * 32 folders of 1,024 folders each: a hundred million pages are 3,052 files a folder, and a million
 * are 30.  Fewer would hold too many in the end, and more would cost runs of ordinary size a folder
 * a page.
 *
 * Only letters, digits, `.`, `-` and `_` of ASCII are in a name, no part begins with a dot or a
 * hyphen, no part is a device of Windows, and none ends in a dot.  So it is the same on every file
 * system, leaves no directory and is nobody's option; there is nothing in it to normalise.  The
 * identity tells requests apart that the legible part makes equal, and since its digits have one
 * case, on file systems that ignore case too.
 */
#ifndef PFETCH_TOOL_PAGE_NAME_H
#define PFETCH_TOOL_PAGE_NAME_H

#include <stddef.h>
#include <stdint.h>

#include "identity.h"

#define PAGE_NAME_LEGIBLE 120u /* bytes of the legible part                   */
#define PAGE_NAME_MAX 192u     /* bytes of the whole path and NUL, never met  */

struct page_name {
    char first[2];            /* the folder in the directory                 */
    char second[3];           /* the folder in that                          */
    char path[PAGE_NAME_MAX]; /* from the directory on                       */
    size_t stem;              /* bytes of it in front of mark and extension  */
    const char *extension;
};

/* `content_type` may be NULL. */
void page_name_make(struct page_name *n, const struct identity *id, const char *url,
                    const char *content_type);
/* Marks it with what tells it from another page of the same request; not 0. */
void page_name_mark(struct page_name *n, uint64_t mark);
/* The file's own name, within path. */
const char *page_name_leaf(const struct page_name *n);

#endif
