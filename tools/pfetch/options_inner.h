/*
 * The inside of the options, between options.c (each alone) and options_check.c (all together).
 */
#ifndef PFETCH_TOOL_OPTIONS_INNER_H
#define PFETCH_TOOL_OPTIONS_INNER_H

#include "options.h"

struct options_parser {
    struct options *o;
    char *error; /* OPTIONS_ERROR bytes */
    enum options_action action;
};

/* options.c: fills in `error`; false. */
__attribute__((format(printf, 2, 3))) bool options_wrong(struct options_parser *p,
                                                         const char *format, ...);

/* options_check.c: false, and `error` says what does not fit.  May turn the action into another. */
bool options_check(struct options_parser *p);

#endif
