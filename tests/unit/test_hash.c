/* SipHash-2-4 with folded case: the authors' vectors, OpenSSL's opinion, and the folding. */
#include "unit/unit.h"

#include <ctype.h>
#include <stdint.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/hash.h"
#include "base/random.h"

/* 00 01 02 ... 0f */
static const uint64_t vector_key[2] = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};

/* Messages 00, 00 01, 00 01 02, ...: no letters among them. */
START_TEST(answers_as_published)
{
    static const uint64_t expected[] = {UINT64_C(0x726fdb47dd0e0e31), UINT64_C(0x74f839c593dc67fd),
                                        UINT64_C(0x0d6c8009d9a94f5a), UINT64_C(0x85676696d7fb7e2d)};
    struct unit_guard g = {0};
    char message[16];

    for (size_t i = 0; i < sizeof message; i++)
        message[i] = (char)i;
    for (size_t n = 0; n < sizeof expected / sizeof expected[0]; n++)
        ck_assert_uint_eq(pf_hash_nocase(vector_key, unit_guard_put(&g, message, n), n),
                          expected[n]);
    ck_assert_uint_eq(pf_hash_nocase(vector_key, unit_guard_put(&g, message, 15), 15),
                      UINT64_C(0xa129ca6149be45e5));
    unit_guard_fini(&g);
}
END_TEST

static uint64_t openssl_says(EVP_MAC *mac, const unsigned char key[16], const char *s, size_t n)
{
    size_t size = 8, len;
    OSSL_PARAM params[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
                           OSSL_PARAM_construct_end()};
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
    unsigned char out[8];
    uint64_t hash = 0;

    ck_assert_int_eq(EVP_MAC_init(ctx, key, 16, params), 1);
    ck_assert_int_eq(EVP_MAC_update(ctx, (const unsigned char *)s, n), 1);
    ck_assert_int_eq(EVP_MAC_final(ctx, out, &len, sizeof out), 1);
    EVP_MAC_CTX_free(ctx);
    for (unsigned i = 0; i < 8; i++)
        hash |= (uint64_t)out[i] << (8 * i);
    return hash;
}

/* Bytes of every value and any number of them, folded by hand for OpenSSL. */
START_TEST(agrees_with_openssl_about_folded_text)
{
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
    struct unit_guard g = {0};
    struct pf_random random;
    char text[300], folded[300];

    ck_assert_ptr_nonnull(mac);
    pf_random_init_seed(&random, 1);
    for (size_t n = 0; n < sizeof text; n++) {
        unsigned char bytes[16];
        uint64_t key[2];

        for (size_t i = 0; i < n; i++) {
            text[i] = (char)pf_random_u64(&random);
            folded[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + 32) : text[i];
        }
        for (unsigned k = 0; k < 2; k++) {
            key[k] = pf_random_u64(&random);
            for (unsigned i = 0; i < 8; i++)
                bytes[8 * k + i] = (unsigned char)(key[k] >> (8 * i));
        }
        ck_assert_uint_eq(pf_hash_nocase(key, unit_guard_put(&g, text, n), n),
                          openssl_says(mac, bytes, folded, n));
    }
    unit_guard_fini(&g);
    EVP_MAC_free(mac);
}
END_TEST

/* Each byte at each place of a word: only the 26 letters are folded. */
START_TEST(folds_letters_and_nothing_else)
{
    for (unsigned at = 0; at < 11; at++) {
        for (unsigned c = 0; c < 128; c++) {
            char a[11] = "...........", b[11] = "...........";

            a[at] = (char)c;
            b[at] = (char)(c ^ 0x20);
            ck_assert_int_eq(pf_hash_nocase(vector_key, a, 11) == pf_hash_nocase(vector_key, b, 11),
                             isalpha((int)c) != 0);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hash");
    TCase *tc = unit_case(suite, "siphash");

    tcase_add_test(tc, answers_as_published);
    tcase_add_test(tc, agrees_with_openssl_about_folded_text);
    tcase_add_test(tc, folds_letters_and_nothing_else);
    return unit_run(suite);
}
