/*
 * The account's key as a secret: where it is read from, and how its copies end.
 */
#ifndef PFETCH_TOOL_KEY_H
#define PFETCH_TOOL_KEY_H

#include <stdbool.h>
#include <stddef.h>

#define KEY_MAX 4096u /* bytes */

/* Whether it can be a key: not empty, not over KEY_MAX, no blank, no control character. */
bool key_is_valid(const char *key);

/* Wipes and frees a copy; *key is NULL then. */
void key_drop(char **key);

/*
 * The first line of a file, without white space around it, as a copy in *key (key_drop()).  False
 * and a sentence, which never holds the key, where the file cannot be read or holds none.
 */
bool key_read(const char *path, char **key, char *error, size_t error_len);

#endif
