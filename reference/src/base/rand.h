/* SPDX-License-Identifier: BSD-3-Clause */
/* rand.h - seeded random numbers: splitmix64 for seeding, a multiply-fold generator for
 * use; walks in a random order.
 *
 * Both are a few instructions, have 64 bits of state and are the same on every machine.
 * Not for secrets.  One generator belongs to one owner; nothing here is atomic.
 */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include "cc.h"

struct rand {
    uint64_t state;
};

/* The next number of the splitmix sequence that *x walks. */
static inline uint64_t splitmix64(uint64_t *x)
{
    uint64_t z = (*x += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* One word mixed: equal in, equal out. */
static inline uint64_t mix64(uint64_t x)
{
    return splitmix64(&x);
}

static inline void rand_seed(struct rand *r, uint64_t seed)
{
    r->state = mix64(seed);
}

static inline uint64_t rand_u64(struct rand *r)
{
    r->state += 0xa0761d6478bd642fu;
    unsigned __int128 m = (unsigned __int128)r->state * (r->state ^ 0xe7037ed1a0b428dbu);
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Uniform in 0..n-1, up to a bias below n / 2^32.  Needs: n > 0. */
static inline uint32_t rand_below(struct rand *r, uint32_t n)
{
    return (uint32_t)(((rand_u64(r) >> 32) * n) >> 32);
}

/* ---- a walk: each of 0..n-1 once ----------------------------------------------------- */

/* From some place on, in steps of a size that has no divisor in common with n: an order
 * that costs no memory, and in which two that walk at once soon part. */
struct rand_walk {
    uint32_t n, at, step;
};

static inline uint32_t greatest_divisor(uint32_t a, uint32_t b)
{
    while (b != 0) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* The step is `most`, or the next smaller one that is allowed.  Needs: at < n < 2^31,
 * 0 < most <= n. */
static inline struct rand_walk walk_from(uint32_t n, uint32_t at, uint32_t most)
{
    while (greatest_divisor(n, most) != 1)
        most--;
    return (struct rand_walk){n, at, most};
}

static inline struct rand_walk rand_walk(struct rand *r, uint32_t n)
{
    uint32_t at = rand_below(r, n);
    return walk_from(n, at, 1 + rand_below(r, n));
}

/* The next place; the n-th leads back to the first. */
static inline uint32_t walk_next(struct rand_walk *w)
{
    uint32_t at = w->at, next = at + w->step;
    w->at = next >= w->n ? next - w->n : next;
    return at;
}

#endif
