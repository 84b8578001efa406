/* SPDX-License-Identifier: BSD-3-Clause */
/* block.c - brackets around calls that may block the thread in the system.
 *
 * Owns: entering and leaving a bracket, taking the P of a blocked thread away, and
 * gr_block_*.
 * Not here: when it is taken (sysmon.c), whom it is given to (idle.c).
 *
 * Most such calls end at once, so the thread keeps its P, in the state P_BLOCKED.  Both
 * ends of a bracket are plain stores; the second one is followed by a look whether anybody
 * wants the P, which may be done before the stores are seen.  Whoever wants it pays for
 * that: it says so, passes a barrier on all threads, and only then looks whether the thread
 * is still inside.  So either the thread has come back visibly, or it sees that its P is
 * wanted, and they settle it under the lock.  Where the system has no such barrier the
 * thread swaps.  A thread that finds its P gone takes an idle one, best its old one, else
 * its goroutine goes to the global queue and the thread to sleep.
 *
 *      M:      m->block_word = p->state = w ... call ... block_word = 0; p->wanted >= w?
 *      sysmon: p->wanted = w; barrier; block_word == w?  then p is its own, to hand on
 *
 * reference/model/bracket.pml is this for the model checker.
 *
 *   I1  The word of a blocked P holds the number of the bracket, p->nblocks, which no other
 *       bracket of any P has, later ones of a P have greater ones: nobody who was late
 *       takes the P of the next one that blocks with it.
 *   I2  sched.nblocked counts threads in brackets whose P was taken, until they have a P or
 *       their goroutine is in the global queue; it holds off the deadlock verdict, as a P
 *       in P_BLOCKED does by being counted in nbusy.
 *   I3  In a bracket m->p is NULL: whoever calls the runtime there has no P to touch.
 *   I4  A blocked P is taken under sched.lock, by who has passed the barrier after it wrote
 *       p->wanted, or who has the lock since before that.  p->wanted never falls: a thread
 *       whose P was taken finds at least its own word there, though others lost the P
 *       since.
 */
#include "gr/thread.h"

#include <errno.h>

#include "sched/proc.h"

STATIC_ASSERT(ENV_PROCS_MAX <= 1 << (64 - P_STATE_BITS - P_NBLOCKS_BITS), "I1");

void block_init(struct p *p)
{
    p->nblocks = (uint64_t)p->id << P_NBLOCKS_BITS;
}

/* Off goroutines and in controlled runs a bracket does nothing. */
static bool is_nothing(const struct m *m)
{
    return m->cur == NULL || m->control != NULL;
}

static COLD void begin_without_p(struct m *m)
{
    if (!is_nothing(m))
        die("gr_block_begin: called between gr_block_begin and gr_block_end");
}

/* ---- beginning ----------------------------------------------------------------------- */

static ALWAYS_INLINE void block_begin(void)
{
    struct m *m = m_self();
    if (UNLIKELY(m == NULL))
        return;
    struct p *p = m->p;
    struct g *g = m->cur;
    if (UNLIKELY(p == NULL || g == NULL)) {
        begin_without_p(m);
        return;
    }
    uint64_t word = ++p->nblocks << P_STATE_BITS | P_BLOCKED;
    store_relaxed(&g->state, G_BLOCKED);
    m->block_p = p;
    m->p = NULL;
    store_relaxed(&m->block_word, word); /* ordered by the next store */
    store_release(&p->state, word);      /* pairs with the acquire in block_take_locked */
}

static _Atomic bool is_collected; /* atomic: there is collected memory */

void sched_scan_needed(void)
{
    store_relaxed(&is_collected, true);
}

/* Called by block_begin_held alone, so that the frame with all registers lies above this
 * one.  Word by word, unwatched: it is no frame of ours. */
UNWATCHED static NOINLINE void hold_from_here(const char *cfa)
{
    const volatile uint64_t *at = __builtin_frame_address(0);
    struct m *m = m_self();
    if (m == NULL || m->p == NULL || m->cur == NULL)
        return;
    struct block_held *h = &m->held;
    h->n = 0;
    h->sp = cfa;
    h->was_shown = false;
    for (; (const char *)at < cfa; at++) {
        if (h->n == HELD_WORDS)
            throw("gr_block_begin: its frames are larger than expected");
        h->words[h->n++] = *at;
    }
    h->of = m->cur;
    m->cur->bound_m = m;
}

/* With a note of what the goroutine holds.  cfa: the end of the frame of the function that
 * was called to begin the bracket: what its caller had in registers lies below, once they
 * have been saved here, and the caller's stack above. */
static NOINLINE void block_begin_held(const char *cfa)
{
    __builtin_unwind_init(); /* registers that a call preserves go to our frame */
    hold_from_here(cfa);
    block_begin();
}

static ALWAYS_INLINE void block_begin_any(const char *cfa)
{
    if (UNLIKELY(load_relaxed(&is_collected)))
        block_begin_held(cfa);
    else
        block_begin();
}

void sched_block_begin(void)
{
    block_begin_any(__builtin_dwarf_cfa());
}

/* Never inlined: they run on the thread of the moment (the TLS rule). */
static NOINLINE int errno_get(void)
{
    __asm__ volatile("" ::: "memory");
    return errno;
}

static NOINLINE void errno_set(int value)
{
    __asm__ volatile("" ::: "memory");
    errno = value;
}

/* An idle P for m, best the one that it had. */
static struct p *idle_p_for_locked(struct m *m)
{
    struct p *old = m->block_p;
    if (p_state(old) != P_IDLE)
        return idle_p_pop_locked();
    idle_p_remove_locked(old);
    busy_start_locked(old);
    return old;
}

/* Somebody wants or wanted the P of the bracket with this word. */
static COLD void block_end_slow(struct m *m, uint64_t word)
{
    int saved = errno_get();
    struct p *p = m->block_p;
    struct g *g = m->cur;
    mutex_lock(&sched.lock);
    if (load_relaxed(&p->state) == word) {
        store_relaxed(&p->state, P_BUSY);
    } else {
        p = idle_p_for_locked(m);
        if (p != NULL)
            sched.nblocked--;
    }
    mutex_unlock(&sched.lock);
    m_take(m, p);
    /* From now on whoever would show it to the collector does not find it inside. */
    m->shut = scan_shut(g);
    bool is_stale = m->held.was_shown || stack_is_unseen(m->shut);
    if (p != NULL) {
        store_relaxed(&g->state, G_RUNNING);
        scan_open(g, load_relaxed(&sched_here));
    } else {
        sched_leave_to(m, AFTER_BLOCK, NULL); /* goes on with a P, perhaps elsewhere */
    }
    if (UNLIKELY(is_stale))
        scan_again();
    errno_set(saved);
}

void arrive_after_block(struct g *prev)
{
    prev->link = NULL;
    store_relaxed(&prev->state, G_RUNNABLE);
    scan_open(prev, m_self()->shut);
    mutex_lock(&sched.lock);
    global_append_locked(prev);
    sched.nblocked--;
    mutex_unlock(&sched.lock);
    /* An idle P that came meanwhile is found by idle_without_p, which we are bound for; but
     * an M that is apart waits for its own goroutine alone, or ends. */
    if (m_self()->is_apart)
        idle_wake_foreign();
}

static COLD void end_without_begin(struct m *m)
{
    if (!is_nothing(m))
        die("gr_block_end: called without gr_block_begin");
}

/* The order that the barrier rules out, slowly. */
static uint64_t look_early(struct m *m, struct p *p)
{
    uint64_t wanted = load_relaxed(&p->wanted);
    for (int i = 0; i < 2000; i++)
        cpu_relax();
    store_relaxed(&m->block_word, 0);
    return wanted;
}

/* m says that it is back, then looks: gives the last word that was wanted of p. */
static ALWAYS_INLINE uint64_t come_back(struct m *m, struct p *p)
{
    if (MUTANT(block_looks_early))
        return look_early(m, p);
    if (LIKELY(load_relaxed(&lock_has_barrier))) {
        store_relaxed(&m->block_word, 0);
        /* The compiler keeps the order; the processor is held to it by block_barrier. */
        atomic_signal_fence(memory_order_seq_cst);
        return load_relaxed(&p->wanted);
    }
    /* Sequentially consistent, as are the store and the load of the taker: pairs with
     * block_want_locked and block_take_locked. */
    swap_seq(&m->block_word, 0);
    return load_seq(&p->wanted);
}

static ALWAYS_INLINE void block_end(void)
{
    struct m *m = m_self();
    if (UNLIKELY(m == NULL))
        return;
    uint64_t word = load_relaxed(&m->block_word);
    if (UNLIKELY(word == 0)) {
        end_without_begin(m);
        return;
    }
    struct p *p = m->block_p;
    if (UNLIKELY(come_back(m, p) >= word)) {
        block_end_slow(m, word);
        return;
    }
    ASSERT(!stack_is_unseen(load_relaxed(&m->cur->stack_at)));
    store_relaxed(&p->state, P_BUSY);
    m->p = p;
    store_relaxed(&m->cur->state, G_RUNNING);
}

void sched_block_end(void)
{
    block_end();
}

bool block_want_locked(struct p *p, uint64_t word)
{
    if (word % (1u << P_STATE_BITS) != P_BLOCKED || load_relaxed(&p->state) != word)
        return false;
    store_seq(&p->wanted, word); /* pairs with come_back, by the barrier to come */
    return true;
}

void block_barrier(void)
{
    if (load_relaxed(&lock_has_barrier))
        os_barrier();
}

/* Whether the thread of that bracket has not come back, now that p is wanted (I4). */
static bool is_inside(struct p *p, uint64_t word)
{
    struct m *m = load_acquire(&p->m); /* pairs with m_take */
    /* Pairs with come_back. */
    return load_relaxed(&p->wanted) == word && load_seq(&m->block_word) == word;
}

bool block_take_locked(struct p *p, uint64_t word)
{
    enum p_state state = word % (1u << P_STATE_BITS);
    if (state != P_BLOCKED && state != P_FROZEN)
        return false;
    /* Pairs with the releases in block_begin and freeze_insig. */
    if (load_acquire(&p->state) != word || (state == P_BLOCKED && !is_inside(p, word)))
        return false;
    store_relaxed(&p->state, P_BUSY);
    sched.nblocked += state == P_BLOCKED;
    return true;
}

void gr_block_begin(void)
{
    sched_point();
    block_begin_any(__builtin_dwarf_cfa());
}

void gr_block_end(void)
{
    block_end();
}
