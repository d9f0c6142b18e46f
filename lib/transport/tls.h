/*
 * TLS as this library wants it (OpenSSL): 1.2 at least, chain and host name
 * checked, SNI, sessions resumed.
 */
#ifndef PF_TRANSPORT_TLS_H
#define PF_TRANSPORT_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

#include "pfetch/fetch.h"

#define PF_TLS_TICKETS 8

struct pf_tls {
    SSL_CTX *context;
    bool insecure;
};

/* What lets the next connections to one origin skip most of the handshake; newest last.
 * A TLS 1.3 ticket is used once (RFC 8446 C.4). */
struct pf_tls_tickets {
    SSL_SESSION *session[PF_TLS_TICKETS];
    unsigned count;
};

/*
 * `ca_file`: PEM, or NULL for the system's trust store; `insecure`: nothing is checked.
 * FETCH_E_CERTIFICATE (ca_file cannot be read), FETCH_E_NOMEM; the reason in *failure (may be NULL).
 */
enum fetch_error pf_tls_init(struct pf_tls *tls, const char *ca_file, bool insecure,
                             struct fetch_failure *failure);
/* A zeroed one is fine. */
void pf_tls_fini(struct pf_tls *tls);
void pf_tls_tickets_fini(struct pf_tls_tickets *tickets);

/* What a connection offers to speak (ALPN, RFC 7301). */
enum pf_alpn { PF_ALPN_ANY, PF_ALPN_H1, PF_ALPN_H2 };

/*
 * A connection's state for `host`, a name or an address literal; gives (SSL_free(), or the
 * bufferevent's).  `tickets` (kept) gives a session and receives new ones.  NULL: out of memory.
 */
SSL *pf_tls_connection(struct pf_tls *tls, const char *host, struct pf_tls_tickets *tickets,
                       enum pf_alpn alpn);

/* Whether the peer chose HTTP/2. */
bool pf_tls_speaks_h2(const SSL *ssl);

/* Why a handshake failed: FETCH_E_CERTIFICATE or FETCH_E_TLS, with a half-sentence in `why`. */
enum fetch_error pf_tls_failure(const SSL *ssl, unsigned long openssl_error, char *why, size_t cap);

/* Reads application data: > 0 bytes; PF_TLS_AGAIN, PF_TLS_CLOSED (close_notify), PF_TLS_BROKEN. */
#define PF_TLS_CLOSED 0
#define PF_TLS_AGAIN (-1)
#define PF_TLS_BROKEN (-2)
long pf_tls_read(SSL *ssl, char *to, size_t n);

/* From the next records on, as many are taken off the socket at a time as usually wait there where
 * one connection carries many pages. */
void pf_tls_read_wide(SSL *ssl);

/* Writes what the socket takes now; 0 if nothing. */
size_t pf_tls_write(SSL *ssl, const char *from, size_t n);

#endif
