/* SPDX-License-Identifier: BSD-3-Clause */
/* noise.c - stress noise: yields, spins and short sleeps at the places where races hide.
 *
 * Owns: gr_noise, the profiles, each goroutine's generator.
 * Not here: where the sites are (their callers).
 *
 * Each goroutine draws from its own generator, seeded by (seed, goroutine number): no
 * shared state, hence no accidental synchronisation.  At sites with a lock held only the
 * thread is disturbed, never the goroutine switched; so on g0, where the processor's
 * generator is drawn from.
 *
 *            yield    spin of 2^u pauses, u in 0..12    sleep of the thread, 1..50 us
 *   low      1/16     -                                 -
 *   high     1/4      1/8                               1/256
 */
#include "sched/proc.h"

static atomic_u32 noise_level;
static atomic_u64 noise_seed;
static atomic_u32 noise_epoch;

void gr_noise(int level, uint64_t seed)
{
    store_relaxed(&noise_level, (uint32_t)(level < 0 ? 0 : level > 2 ? 2 : level));
    store_relaxed(&noise_seed, seed);
    add_relaxed(&noise_epoch, 1);
    if (level > 0)
        atomic_fetch_or_explicit(&sched_attention, ATT_NOISE, memory_order_relaxed);
    else
        atomic_fetch_and_explicit(&sched_attention, ~(uint32_t)ATT_NOISE,
                                  memory_order_relaxed);
}

static uint64_t noise_draw(struct g *g)
{
    uint64_t goid = load_relaxed(&g->goid);
    uint64_t key = goid << 16 | (load_relaxed(&noise_epoch) & 0xffff);
    if (g->noise_key != key) {
        g->noise_key = key;
        rand_seed(&g->noise, load_relaxed(&noise_seed) ^ mix64(goid));
    }
    return rand_u64(&g->noise);
}

static void nap(uint64_t r)
{
    static atomic_u32 never;
    os_futex_wait(&never, 0, (int64_t)(1000 + r % 49000));
}

static void spin(uint64_t r)
{
    for (uint64_t n = (uint64_t)1 << r % 13; n > 0; n--)
        cpu_relax();
}

/* In generational mode the world does not stop between what is put onto the stack of a
 * goroutine that waits and its waking (scan.c). */
static bool may_yield(const struct g *g, enum noise_site site)
{
    return g != NULL && site < NOISE_LOCKED &&
           !(site == NOISE_AFTER_UNLOCK && load_relaxed(&gc_has_cards));
}

void noise_strike(struct g *g, enum noise_site site)
{
    struct m *m = m_self();
    if (m == NULL || m->p == NULL || m->control != NULL)
        return;
    uint64_t r = g != NULL ? noise_draw(g) : rand_u64(&m->p->rng);
    bool is_high = load_relaxed(&noise_level) == 2;
    uint64_t what = r % 256;
    r >>= 8;
    if (what < (is_high ? 64u : 16u)) {
        if (may_yield(g, site))
            sched_yield_now();
        else
            os_thread_yield();
    } else if (is_high && what < 96) {
        spin(r);
    } else if (is_high && what == 255) {
        nap(r);
    }
}

void noise_point_slow(enum noise_site site)
{
    noise_strike(g_self(), site);
}
