/*
 * A certificate authority that lives as long as a test, and TLS servers with certificates of it.
 */
#ifndef PF_TESTS_CERTS_H
#define PF_TESTS_CERTS_H

#include <openssl/ssl.h>

struct certs {
    EVP_PKEY *key;
    X509 *root;
    char file[64]; /* PEM, for fetch_options.ca_file; removed by certs_fini() */
};

void certs_init(struct certs *c);
void certs_fini(struct certs *c);

/*
 * A server's context with a certificate for `names` ("DNS:a.test,IP:127.0.0.1") that ends
 * `days` from now (below 0: it has ended).  Gives it (SSL_CTX_free()).
 */
SSL_CTX *certs_server(const struct certs *c, const char *names, int days);

#endif
