/*
 * A keyed hash for tables whose keys come from strangers.
 */
#ifndef PF_BASE_HASH_H
#define PF_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/*
 * SipHash-2-4 (Aumasson, Bernstein, 2012) of `n` bytes with the capital letters of ASCII read as
 * small ones.  Without the key nobody can choose texts that fall together.
 */
uint64_t pf_hash_nocase(const uint64_t key[2], const char *s, size_t n);

#endif
