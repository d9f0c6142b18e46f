#include "draw.h"

#include <math.h>

/* The finisher of splitmix64: each input bit moves about half of the output bits. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

uint64_t sandbox_hash(const char *bytes, size_t len)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a, 64 bits */

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return mix(hash);
}

uint64_t sandbox_random_next(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    return mix(*state);
}

double sandbox_draw(uint64_t seed, uint64_t target, uint64_t n, enum sandbox_question question)
{
    uint64_t x = seed;

    x = sandbox_random_next(&x) ^ target;
    x = sandbox_random_next(&x) ^ (n << 8 | (uint64_t)question);
    x = sandbox_random_next(&x);
    return (double)(x >> 11) * 0x1p-53;
}

double sandbox_dist_sample(const struct sandbox_dist *dist, double u, double v, double max)
{
    const double two_pi = 6.283185307179586;
    double value = dist->a;

    switch (dist->shape) {
    case SANDBOX_FIXED:
        break;
    case SANDBOX_UNIFORM:
        value = dist->a + (dist->b - dist->a) * u;
        break;
    case SANDBOX_LOGNORMAL:
        /* Box and Muller's normal sample; 1 - u keeps the logarithm away from 0. */
        value = dist->a * exp(dist->b * sqrt(-2 * log(1 - u)) * cos(two_pi * v));
        break;
    }
    return value < max ? value : max;
}
