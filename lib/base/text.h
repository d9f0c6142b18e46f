/*
 * Reading text of strangers: every function takes a pointer and a length, reads
 * nothing beyond it, and needs no NUL.  All of them borrow what they read, none
 * allocates, none depends on the locale.
 */
#ifndef PF_BASE_TEXT_H
#define PF_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The one parser for numbers: decimal digits only, all `n` of them.  False for
 * an empty text, a sign, a space, any other byte, and what does not fit into 64
 * bits; *out is then untouched.  Leading zeros are fine.
 */
bool pf_text_u64(const char *s, size_t n, uint64_t *out);

/* Whether both are the same but for the case of ASCII letters. */
bool pf_text_eq_nocase(const char *a, size_t an, const char *b, size_t bn);

/* Whether it is a token (RFC 9110 section 5.6.2), as names of header fields and methods are. */
bool pf_text_is_token(const char *s, size_t n);

/* Whether it is UTF-8 throughout (RFC 3629); an empty text is. */
bool pf_text_is_utf8(const char *s, size_t n);

/*
 * The next element of a comma-separated list (RFC 9110 section 5.6.1).  *cursor
 * begins at the list's first byte and moves on.  Empty elements and white space
 * around elements are skipped; parameters (from ';' on, quoted strings with
 * commas in them included) are skipped too.  False at the list's end; otherwise
 * *token (lent, part of the list) has *n > 0 bytes.  A token is not checked for
 * being one in the sense of section 5.6.2: compare it with known words.
 */
bool pf_text_next_token(const char **cursor, const char *end, const char **token, size_t *n);

/*
 * Copies for a terminal or a log line: each C0 control, DEL, C1 control, line or
 * paragraph separator (U+2028, U+2029), bidirectional control (U+202A to U+202E,
 * U+2066 to U+2069) and each byte that is not part of valid UTF-8 becomes one '?'.
 * dst is always NUL-terminated where cap > 0; what does not fit into its `cap`
 * bytes is cut between characters.  dst and src do not overlap.
 */
void pf_text_printable(char *dst, size_t cap, const char *src, size_t n);

#endif
