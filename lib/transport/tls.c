#include "transport/tls.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

/* A new session or ticket; the count taken over is ours (return 1). */
static int on_session(SSL *ssl, SSL_SESSION *session)
{
    struct pf_tls_tickets *t = SSL_get_app_data(ssl);

    if (!t)
        return 0;
    if (t->count == PF_TLS_TICKETS) {
        SSL_SESSION_free(t->session[0]);
        memmove(t->session, t->session + 1, (PF_TLS_TICKETS - 1) * sizeof *t->session);
        t->count--;
    }
    t->session[t->count++] = session;
    return 1;
}

static enum fetch_error load_trust(SSL_CTX *context, const char *ca_file,
                                   struct fetch_failure *failure)
{
    int ok = ca_file ? SSL_CTX_load_verify_file(context, ca_file)
                     : SSL_CTX_set_default_verify_paths(context);

    ERR_clear_error();
    if (ok)
        return FETCH_OK;
    if (failure) {
        failure->error = FETCH_E_CERTIFICATE;
        if (ca_file)
            (void)snprintf(failure->message, sizeof failure->message,
                           "%.180s holds no certificates in PEM form that can be read", ca_file);
        else
            (void)snprintf(failure->message, sizeof failure->message,
                           "the system's trust store cannot be read: install ca-certificates");
    }
    return FETCH_E_CERTIFICATE;
}

enum fetch_error pf_tls_init(struct pf_tls *tls, const char *ca_file, bool insecure,
                             struct fetch_failure *failure)
{
    enum fetch_error e;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    tls->context = NULL;
    tls->insecure = insecure;
    if (!context)
        return FETCH_E_NOMEM;
    if (!SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION)) {
        SSL_CTX_free(context);
        return FETCH_E_NOMEM;
    }
    e = insecure ? FETCH_OK : load_trust(context, ca_file, failure);
    if (e != FETCH_OK) {
        SSL_CTX_free(context);
        return e;
    }
    SSL_CTX_set_verify(context, insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context, 1); /* a record with one read(), not its header first */
    SSL_CTX_set_session_cache_mode(context,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(context, on_session);
    tls->context = context;
    return FETCH_OK;
}

void pf_tls_fini(struct pf_tls *tls)
{
    SSL_CTX_free(tls->context);
    tls->context = NULL;
}

void pf_tls_tickets_fini(struct pf_tls_tickets *tickets)
{
    while (tickets->count > 0)
        SSL_SESSION_free(tickets->session[--tickets->count]);
}

static bool is_address(const char *host)
{
    unsigned char bytes[16];

    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

/* SNI carries names only (RFC 6066 section 3); an address is checked as one. */
static bool expect_host(SSL *ssl, const char *host)
{
    if (is_address(host))
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    /* SSL_set_tlsext_host_name() without its cast, which clang warns about. */
    return SSL_set1_host(ssl, host) == 1 &&
           SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                    (void *)(uintptr_t)host) == 1;
}

/* SSL_set_alpn_protos() returns 0 where it succeeds. */
static bool offer(SSL *ssl, enum pf_alpn alpn)
{
    static const unsigned char protocols[] = "\x02h2\x08http/1.1";

    switch (alpn) {
    case PF_ALPN_H1:
        return SSL_set_alpn_protos(ssl, protocols + 3, 9) == 0;
    case PF_ALPN_H2:
        return SSL_set_alpn_protos(ssl, protocols, 3) == 0;
    case PF_ALPN_ANY:
        break;
    }
    return SSL_set_alpn_protos(ssl, protocols, 12) == 0;
}

bool pf_tls_speaks_h2(const SSL *ssl)
{
    const unsigned char *name;
    unsigned n;

    SSL_get0_alpn_selected(ssl, &name, &n);
    return n == 2 && memcmp(name, "h2", 2) == 0;
}

SSL *pf_tls_connection(struct pf_tls *tls, const char *host, struct pf_tls_tickets *tickets,
                       enum pf_alpn alpn)
{
    SSL *ssl = SSL_new(tls->context);

    if (!ssl)
        return NULL;
    if (!expect_host(ssl, host) || !offer(ssl, alpn)) {
        SSL_free(ssl);
        return NULL;
    }
    SSL_set_app_data(ssl, tickets);
    if (tickets->count > 0) {
        SSL_SESSION *session = tickets->session[tickets->count - 1];

        (void)SSL_set_session(ssl, session);
        if (SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION) {
            SSL_SESSION_free(session);
            tickets->count--;
        }
    }
    return ssl;
}

enum fetch_error pf_tls_failure(const SSL *ssl, unsigned long openssl_error, char *why, size_t cap)
{
    long verdict = SSL_get_verify_result(ssl);

    if (verdict != X509_V_OK && SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE) {
        (void)snprintf(why, cap, "its certificate is not accepted: %s",
                       X509_verify_cert_error_string(verdict));
        return FETCH_E_CERTIFICATE;
    }
    if (openssl_error && ERR_reason_error_string(openssl_error))
        (void)snprintf(why, cap, "the TLS handshake failed: %s",
                       ERR_reason_error_string(openssl_error));
    else
        (void)snprintf(why, cap, "the connection ended within the TLS handshake");
    return FETCH_E_TLS;
}

long pf_tls_read(SSL *ssl, char *to, size_t n)
{
    int got;

    ERR_clear_error();
    got = SSL_read(ssl, to, n > INT_MAX ? INT_MAX : (int)n);
    if (got > 0)
        return got;
    switch (SSL_get_error(ssl, got)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return PF_TLS_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return PF_TLS_CLOSED;
    default:
        ERR_clear_error();
        return PF_TLS_BROKEN;
    }
}

/*
 * Seven full records: a fifth less CPU for pages of 100 KiB over HTTP/2, a tenth for those of 10.
 * OpenSSL has the memory only while a record is read in part.  Not for a page a connection: there
 * many are, and it costs more than the calls it saves.
 */
void pf_tls_read_wide(SSL *ssl)
{
    SSL_set_default_read_buffer_len(ssl,
                                    7u * (SSL3_RT_MAX_ENCRYPTED_LENGTH + SSL3_RT_HEADER_LENGTH));
}

size_t pf_tls_write(SSL *ssl, const char *from, size_t n)
{
    int put;

    ERR_clear_error();
    put = SSL_write(ssl, from, n > INT_MAX ? INT_MAX : (int)n);
    if (put <= 0)
        ERR_clear_error(); /* what is wrong will be read */
    return put > 0 ? (size_t)put : 0;
}
