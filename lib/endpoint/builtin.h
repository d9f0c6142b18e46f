/*
 * The built-in profiles' texts, which the build makes of lib/endpoint/profiles/ (see embed.awk
 * there).
 */
#ifndef PF_ENDPOINT_BUILTIN_H
#define PF_ENDPOINT_BUILTIN_H

extern const char *const pf_builtin_names[]; /* NULL-terminated */
extern const char *const pf_builtin_texts[]; /* in the same order */

#endif
