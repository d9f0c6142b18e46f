/*
 * One HTTP request and response with the endpoint, as the pool and its
 * connections see it.  The engine embeds it in whatever it wants fetched.
 */
#ifndef PF_TRANSPORT_EXCHANGE_H
#define PF_TRANSPORT_EXCHANGE_H

#include "base/list.h"
#include "protocol/h2.h"
#include "protocol/message.h"
#include "protocol/response.h"

struct pf_conn;
struct pf_pool;

struct pf_exchange {
    struct pf_link link;  /* in the pool's list of those that wait for a connection */
    struct pf_pool *pool; /* NULL: not under way */
    struct pf_conn *conn; /* NULL: waits for one */
    struct pf_response response;
    struct pf_stream stream; /* where it goes over HTTP/2 */
    bool fresh;              /* wants a new connection: a kept one has failed it */
    unsigned resends;        /* uncounted repetitions so far */
    bool calm;               /* the endpoint asked for less, in its protocol's own way */

    enum fetch_error error; /* of its end */
    enum fetch_phase phase;
    char *detail; /* half-sentence on a failure, owned; NULL if there is none */

    /* Fills in the request (lent until the next call of it) when it is about to be sent.
     * FETCH_E_NOMEM. */
    enum fetch_error (*describe)(struct pf_exchange *x, struct pf_request *request);
    /* It has ended and is detached from everything: error, phase and response tell how.
     * Called from the loop, once for each start, never from pf_pool_start(). */
    void (*on_end)(struct pf_exchange *x);
};

/* Allocates nothing.  pf_response_init() is for each start, by the owner. */
void pf_exchange_init(struct pf_exchange *x,
                      enum fetch_error (*describe)(struct pf_exchange *, struct pf_request *),
                      void (*on_end)(struct pf_exchange *));
/* Frees what it holds; it must not be under way. */
void pf_exchange_fini(struct pf_exchange *x);

/* Notes how it ended; `detail` is copied, NULL for none. */
void pf_exchange_note(struct pf_exchange *x, enum fetch_error error, enum fetch_phase phase,
                      const char *detail);

/* How far an exchange that was sent has come. */
enum fetch_phase pf_exchange_phase(const struct pf_exchange *x);

#endif
