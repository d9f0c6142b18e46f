/*
 * What an outcome means for whoever wanted the page, and what to do about it.
 */
#ifndef PFETCH_TOOL_ADVICE_H
#define PFETCH_TOOL_ADVICE_H

#include <stdbool.h>

#include <pfetch/fetch.h>

/* A sentence without its full stop; "" for pages that are ok.  Static. */
const char *outcome_advice(enum fetch_outcome outcome);

/*
 * Whether another attempt may mend a page that ended so; `status` is the target's.  A line that is
 * no target stays none, and a page that is not there (404, 410) is not there later either.
 */
bool outcome_may_mend(enum fetch_outcome outcome, int status);

#endif
