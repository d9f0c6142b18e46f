#include "base/hash.h"

#include <string.h>

static uint64_t turned(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

/* Little-endian, whatever the machine: the same hash everywhere. */
static uint64_t word_of(const unsigned char *s, size_t n)
{
    uint64_t w = 0;

    for (size_t i = 0; i < n; i++)
        w |= (uint64_t)s[i] << (8 * i);
    return w;
}

/*
 * Each byte from 'A' to 'Z' with 0x20 added, eight at a time: in the seven low bits of a byte,
 * adding 0x80 - 'A' sets the high bit from 'A' on, and adding 0x80 - '[' from behind 'Z' on.
 */
static uint64_t small(uint64_t w)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t low = w & (0x7f * ones);
    uint64_t from_a = low + (0x80 - 'A') * ones, behind_z = low + (0x80 - '[') * ones;

    return w | (((from_a & ~behind_z & ~w) & (0x80 * ones)) >> 2);
}

static void rounds(uint64_t v[4], unsigned n)
{
    while (n-- > 0) {
        v[0] += v[1];
        v[1] = turned(v[1], 13) ^ v[0];
        v[0] = turned(v[0], 32);
        v[2] += v[3];
        v[3] = turned(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = turned(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = turned(v[1], 17) ^ v[2];
        v[2] = turned(v[2], 32);
    }
}

static void compress(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    rounds(v, 2);
    v[0] ^= word;
}

uint64_t pf_hash_nocase(const uint64_t key[2], const char *s, size_t n)
{
    /* "somepseudorandomlygeneratedbytes" */
    uint64_t v[4] = {key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
                     key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573)};
    const unsigned char *at = (const unsigned char *)s;
    size_t left = n;

    for (; left >= 8; left -= 8, at += 8)
        compress(v, small(word_of(at, 8)));
    compress(v, small(word_of(at, left)) | (uint64_t)n << 56);
    v[2] ^= 0xff;
    rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
