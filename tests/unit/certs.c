#include "unit/certs.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "unit/unit.h"

static void extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;

    X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    ck_assert_ptr_nonnull(extension);
    ck_assert_int_eq(X509_add_ext(cert, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

/* Valid since 30 days ago, unsigned. */
static X509 *new_cert(EVP_PKEY *key, const char *name, long number, int days)
{
    X509 *cert = X509_new();
    X509_NAME *subject;

    ck_assert_ptr_nonnull(cert);
    ck_assert_int_eq(X509_set_version(cert, 2), 1);
    ck_assert_int_eq(ASN1_INTEGER_set(X509_get_serialNumber(cert), number), 1);
    ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notBefore(cert), -30L * 86400));
    ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notAfter(cert), days * 86400L));
    subject = X509_get_subject_name(cert);
    ck_assert_int_eq(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                                (const unsigned char *)name, -1, -1, 0),
                     1);
    ck_assert_int_eq(X509_set_pubkey(cert, key), 1);
    return cert;
}

void certs_init(struct certs *c)
{
    const char *dir = getenv("TMPDIR");
    FILE *file;
    int fd;

    c->key = EVP_EC_gen("P-256");
    ck_assert_ptr_nonnull(c->key);
    c->root = new_cert(c->key, "Root of a test", 1, 30);
    ck_assert_int_eq(X509_set_issuer_name(c->root, X509_get_subject_name(c->root)), 1);
    extend(c->root, c->root, NID_basic_constraints, "critical,CA:TRUE");
    extend(c->root, c->root, NID_key_usage, "critical,keyCertSign,cRLSign");
    extend(c->root, c->root, NID_subject_key_identifier, "hash");
    ck_assert_int_gt(X509_sign(c->root, c->key, EVP_sha256()), 0);
    ck_assert_int_lt(snprintf(c->file, sizeof c->file, "%s/pfetch-ca-XXXXXX",
                              dir && strlen(dir) < 40 ? dir : "/tmp"),
                     (int)sizeof c->file);
    fd = mkstemp(c->file);
    ck_assert_int_ge(fd, 0);
    file = fdopen(fd, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(PEM_write_X509(file, c->root), 1);
    ck_assert_int_eq(fclose(file), 0);
}

void certs_fini(struct certs *c)
{
    (void)unlink(c->file);
    X509_free(c->root);
    EVP_PKEY_free(c->key);
}

SSL_CTX *certs_server(const struct certs *c, const char *names, int days)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    X509 *cert;

    ck_assert_ptr_nonnull(key);
    ck_assert_ptr_nonnull(context);
    cert = new_cert(key, "Server of a test", 2, days);
    ck_assert_int_eq(X509_set_issuer_name(cert, X509_get_subject_name(c->root)), 1);
    extend(cert, c->root, NID_subject_alt_name, names);
    extend(cert, c->root, NID_authority_key_identifier, "keyid");
    ck_assert_int_gt(X509_sign(cert, c->key, EVP_sha256()), 0);
    ck_assert_int_eq(SSL_CTX_use_certificate(context, cert), 1);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey(context, key), 1);
    X509_free(cert);
    EVP_PKEY_free(key);
    return context;
}
