/*
 * One run of the program: everything opened and checked, then fetched, then told.
 */
#ifndef PFETCH_TOOL_RUN_H
#define PFETCH_TOOL_RUN_H

#include "options.h"

/* The exit status; a contract. */
enum run_exit {
    RUN_OK = 0,          /* every page ok                           */
    RUN_SOME_FAILED = 1, /* some page is not                        */
    RUN_USAGE = 2,       /* usage or configuration, nothing sent    */
    RUN_ACCOUNT = 3,     /* bad key or no credits                   */
    RUN_OUTPUT = 4,      /* output could not be written             */
    RUN_LIMIT = 5,       /* a limit of the run was reached          */
    RUN_SIGNAL = 128     /* plus the signal's number                */
};

/* Does it all, messages included, and returns the exit status. */
int run_pfetch(struct options *options);

#endif
