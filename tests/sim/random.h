/* Random numbers that a seed decides: splitmix64, one stream per purpose, so
 * that switching one class of fault off leaves the others as they were.
 *
 * Spec: Steele, Lea, Flood, "Fast splittable pseudorandom number generators".
 */
#ifndef TESTS_SIM_RANDOM_H
#define TESTS_SIM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

/** Mix 64 bits so that each depends on all; also the simulator's hash. */
static inline uint64_t random_mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/** Draw 64 bits. */
static inline uint64_t random_next(struct random *random)
{
    random->state += 0x9e3779b97f4a7c15u;
    return random_mix(random->state);
}

/** Begin the stream of a purpose under a seed. */
static inline struct random random_stream(uint64_t seed, uint64_t purpose)
{
    return (struct random){random_mix(seed + 1) ^
                           random_mix(purpose * 0x9e3779b97f4a7c15u + 7)};
}

/** Draw from 0 to n - 1; 0 when n is 0. */
static inline uint64_t random_below(struct random *random, uint64_t n)
{
    return n == 0 ? 0 : random_next(random) % n;
}

/** Draw from low to high, both included. */
static inline uint64_t random_between(struct random *random, uint64_t low,
                                      uint64_t high)
{
    return low + random_below(random, high - low + 1);
}

/** Draw from low to high with small numbers as likely as large ones: first the
 * number of bits, then the number. low > 0. */
static inline uint64_t random_scale(struct random *random, uint64_t low,
                                    uint64_t high)
{
    unsigned low_bits = 63u - (unsigned)__builtin_clzll(low);
    unsigned high_bits = 63u - (unsigned)__builtin_clzll(high);
    unsigned bits = (unsigned)random_between(random, low_bits, high_bits);
    uint64_t from = UINT64_C(1) << bits;
    uint64_t to = 2 * from - 1;

    return random_between(random, from < low ? low : from,
                          to > high ? high : to);
}

/** Say yes in that many of a million cases. */
static inline bool random_chance(struct random *random, uint32_t per_million)
{
    return random_below(random, 1000000) < per_million;
}

#endif
