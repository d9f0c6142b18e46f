/*
 * UTF-8, strictly: no overlong form, no surrogate, nothing beyond U+10FFFF (RFC 3629).
 */
#ifndef PFETCH_TOOL_UTF8_H
#define PFETCH_TOOL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"

/*
 * Reads the character at the start of `n` bytes (n at least 1; borrowed).
 * Returns its length, 1 to 4, and the code point, or 0 where no valid character begins there.
 */
unsigned utf8_decode(const unsigned char *s, size_t n, uint32_t *code_point);

/*
 * True for a character that acts on a terminal or on the order of the text beside it instead
 * of being seen: C0, DEL, C1, line separators, marks and overrides of writing direction.
 */
bool utf8_is_hidden(uint32_t code_point);

/*
 * Appends `n` bytes of somebody else's text in a form fit for a terminal: one `?` in the place
 * of each hidden character and each byte that is no UTF-8; where `ascii` is set (the terminal
 * does not speak UTF-8, and would see C1 codes in its bytes), of every other character too.
 */
void utf8_put_visible(struct bytes *out, const char *text, size_t n, bool ascii);

#endif
