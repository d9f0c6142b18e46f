/*
 * What a call asks for, read the way its dialect is called: from the query, from header fields
 * or from JSON that is posted.
 */
#ifndef SANDBOX_ASK_H
#define SANDBOX_ASK_H

#include <stddef.h>

struct evkeyvalq;
struct sandbox_dialect;

/* A request as it came; everything is borrowed. */
struct sandbox_request {
    const char *query;               /* NULL: there was none */
    const struct evkeyvalq *headers; /* NULL: none           */
    const char *body;                /* may be NULL          */
    size_t body_len;
};

/* A call as it was understood.  All strings are in `memory`, or NULL where not given. */
struct sandbox_ask {
    char *memory;
    const char *url;     /* the target, decoded; an absolute http or https URL */
    const char *render;  /* as given                                           */
    const char *session; /* as given                                           */
    int use_headers;     /* the call's own header fields go to the target      */
};

/* Why a call is refused at the door. */
enum sandbox_refusal_cause {
    SANDBOX_REFUSED_KEY,     /* the dialect's "bad-key"                       */
    SANDBOX_REFUSED_REQUEST, /* its "bad-request"                             */
    SANDBOX_REFUSED_MEMORY   /* ran out                                       */
};

struct sandbox_refusal {
    enum sandbox_refusal_cause cause;
    const char *body; /* JSON, static: for a dialect that has no words of its own */
};

/*
 * Reads a call.  Returns 0 and gives the memory behind *ask (sandbox_ask_fini()), or returns
 * -1 and fills *refusal; *ask then needs no end.
 *
 * The key is looked at first, as providers do: a call with neither a key nor a target is
 * unauthorized.
 */
int sandbox_ask_read(struct sandbox_ask *ask, const struct sandbox_dialect *dialect,
                     const struct sandbox_request *request, const char *key,
                     struct sandbox_refusal *refusal);

void sandbox_ask_fini(struct sandbox_ask *ask);

#endif
