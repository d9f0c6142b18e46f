/*
 * How an endpoint of ProxiesAPI's kind is called and how it refuses.
 *
 * Everything a provider spells in its own way stands here, and nothing else does: the rest of
 * the sandbox knows a `struct sandbox_ask` and a `struct sandbox_refusal`.  Another provider
 * is another pair of functions like these two.
 */
#ifndef SANDBOX_PROXIESAPI_H
#define SANDBOX_PROXIESAPI_H

/* A call as it was understood.  All strings are in `memory`, or NULL where not given. */
struct sandbox_ask {
    char *memory;
    const char *url;     /* the target, decoded; an absolute http or https URL */
    const char *render;  /* as given                                           */
    const char *session; /* as given                                           */
    int use_headers;     /* the call's own headers go to the target            */
};

/* Why a call is refused at the door. */
struct sandbox_refusal {
    int status;       /* of the reply: 400, 401; 500 where memory ran out */
    const char *body; /* JSON, static                                     */
};

/*
 * Reads the query (borrowed; NULL: there was none) of a call.  Returns 0 and gives the memory
 * behind *ask (sandbox_ask_fini()), or returns -1 and fills *refusal; *ask then needs no end.
 *
 * The key, as `auth_key` or `key`, is looked at first, as providers do: a call with neither
 * a key nor a target is unauthorized.
 */
int sandbox_proxiesapi_read(struct sandbox_ask *ask, const char *query, const char *key,
                            struct sandbox_refusal *refusal);

void sandbox_ask_fini(struct sandbox_ask *ask);

/* JSON bodies of replies that are decided later; static. */
const char *sandbox_proxiesapi_throttled(void);
const char *sandbox_proxiesapi_failed(void);

#endif
