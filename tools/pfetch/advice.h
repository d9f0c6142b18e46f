/*
 * What an outcome means for whoever wanted the page, and what to do about it.
 */
#ifndef PFETCH_TOOL_ADVICE_H
#define PFETCH_TOOL_ADVICE_H

#include <pfetch/fetch.h>

/* A sentence without its full stop; "" for pages that are ok.  Static. */
const char *outcome_advice(enum fetch_outcome outcome);

/* What comes of asking for a page once more. */
enum outcome_prospect {
    OUTCOME_FINAL,   /* nothing: it is ok, no target, or not there                            */
    OUTCOME_OWED,    /* a page: the account alone stood in the way; due without being asked for */
    OUTCOME_MENDABLE /* perhaps a page                                                        */
};

/* `status` is the target's. */
enum outcome_prospect outcome_prospect(enum fetch_outcome outcome, int status);

#endif
