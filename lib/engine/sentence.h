/*
 * The sentence on a page that is not ok: what happened, and what to do next.
 */
#ifndef PF_ENGINE_SENTENCE_H
#define PF_ENGINE_SENTENCE_H

#include "endpoint/verdict.h"
#include "engine/call.h"

/* Writes it without the target, which pf_call_say() puts before it; always NUL-terminated. */
void pf_sentence(char *out, size_t cap, const struct fetch_call *call,
                 const struct pf_verdict *verdict);

#endif
