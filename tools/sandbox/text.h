/*
 * A stretch of text with its length, and the readers of all text the sandbox takes:
 * the spec, the controls in a target's query, Accept-Encoding, the command line.
 *
 * Nothing here needs a NUL at the end, nothing allocates, and a number is digits only:
 * no sign, no white space, no exponent.
 */
#ifndef SANDBOX_TEXT_H
#define SANDBOX_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* `at` is borrowed from the string it was made of; NULL means "there is no text". */
struct sandbox_text {
    const char *at;
    size_t len;
};

/* The whole of `string` (borrowed, not NULL). */
struct sandbox_text sandbox_text_of(const char *string);

/* 1 where `text` is `word`, to the byte; 0 otherwise. */
int sandbox_text_is(struct sandbox_text text, const char *word);

/* The same for ASCII letters of any case. */
int sandbox_text_is_anycase(struct sandbox_text text, const char *word);

/*
 * Gives what stands before the first `separator` and moves *rest behind it.  Where there is
 * none, gives all of *rest and sets rest->at to NULL, so that the loop over a list is
 * `while (rest.at != NULL)`.
 */
struct sandbox_text sandbox_text_take(struct sandbox_text *rest, char separator);

/* 1 and moves *text behind `prefix` where it begins so, else 0 and leaves it. */
int sandbox_text_skip(struct sandbox_text *text, const char *prefix);

/* 1 and shortens *text by `suffix` where it ends so, else 0 and leaves it. */
int sandbox_text_drop(struct sandbox_text *text, const char *suffix);

/* Takes spaces and tabs off both ends. */
struct sandbox_text sandbox_text_trim(struct sandbox_text text);

/* Digits only, 0 to `max`.  Returns 0, or -1 and leaves *number. */
int sandbox_text_number(struct sandbox_text text, uint64_t max, uint64_t *number);

/* Digits with at most one point ("2", "0.05", ".5"), 0 to `max`.  Returns 0, or -1. */
int sandbox_text_decimal(struct sandbox_text text, double max, double *number);

/* A count of bytes with an optional k or m for 1,024 or 1,048,576.  Returns 0, or -1. */
int sandbox_text_bytes(struct sandbox_text text, uint64_t max, uint64_t *bytes);

#endif
