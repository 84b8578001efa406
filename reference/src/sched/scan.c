/* SPDX-License-Identifier: BSD-3-Clause */
/* scan.c - what goroutines hold, shown to the collector: each once in a cycle, before it
 * runs again.
 *
 * Owns: which goroutines have been shown in this cycle, what of one is shown, whether a
 * goroutine that marks should give way.
 * Not here: what becomes of the words (gc_hooks), stopping the world (stop.c).
 *
 * Nothing is walked while the world stands still, and a switch between goroutines costs
 * nothing more than before.  Who runs a goroutine asks whether its stack is where it
 * belongs, anyway (run_begin).  The word for that has two forms, and sched_here says which
 * of them holds: with one store of it, all stacks that exist are elsewhere, as it were.
 * Whoever runs a goroutine then fetches the stack (stack_fetch), which means: shows it.
 * Those that wait are shown by whoever marks, from the list of all goroutines.
 *
 *      HERE, as in the last cycle --claim--> TAKEN --shown--> HERE, as in this cycle
 *      AWAY, the same             --claim--> TAKEN --shown--> AWAY, the same
 *
 * In generational mode the word for it changes at the end of a cycle, too, and showing is
 * nothing then: so there are three forms in turn, and at the beginning of the next cycle
 * the form tells who has run since.  When a cycle ends all objects are old (gc/card.c).  So
 * a goroutine that has not run since then has nothing young, unless somebody else has put
 * it on its stack: what waits on a stack that is its own alone (no_escape) need not be
 * shown in a minor cycle.  The runtime itself puts something there, or into the stash, and
 * makes it runnable before the world can stop: then it does not wait any more.
 *
 * What of a goroutine is shown depends on how it left off:
 *
 *   switched away    its stack from sp on, less a red zone; all registers lie there
 *   squeezed         the image of that
 *   in a bracket     its stack as of gr_block_begin, and the registers that a call
 *                    preserves
 *   frozen           its stack, and what the signal saved of the processor
 *   not yet run      the argument
 *   who began it     its stack from sched_scan_own on
 *
 * A bracket goes on while it is looked at.  What it holds is what its function held when it
 * began; but the compiler may move a word from one place of the frame to another meanwhile.
 * So a goroutine that was shown in a bracket is shown again when it comes out.
 *
 *   I1  A goroutine that runs, or is about to, has been shown in this cycle: run_begin,
 *       bound_hand (frozen and tied ones), block_end_slow.  Who began the cycle shows
 *       itself as soon as the world goes on (sched_scan_own): stops do not depend on how
 *       deep a stack is.  The quick way out of a bracket is never taken in a cycle that
 *       began meanwhile: a stop takes the P of each bracket (stop.c I1), and who finds its
 *       P gone takes the slow one (block.c I4).
 *   I2  TAKEN belongs to who set it; a flip of sched_here does not touch it.  It is set by
 *       who shows the goroutine, and by the goroutine on its way out of a bracket.
 *   I3  When sched_scan_some says that it is over, all goroutines that live have the form
 *       of this cycle, so the next flip finds them all unshown.  New ones are born with it.
 *   I4  scan.nseeing counts who shows goroutines of the list, and who owes itself.
 *   I5  sched_here changes at most twice while somebody has a stack TAKEN or HELD: the next
 *       marking does not end before it is let go.  With three forms none is mistaken.
 */
#include "sched/proc.h"

#define RED_ZONE 128u

_Atomic uint8_t sched_here = STACK_HERE;

static struct {
    struct mutex lock;
    struct g *next;   /* guarded by lock: from here on nobody was looked for */
    uint32_t nseeing; /* guarded by lock (I4) */
    bool is_minor;    /* STW only */
    struct g *own;    /* owner: who began the cycle, and has not shown itself; or NULL */
} scan = {.lock = MUTEX_INIT(RANK_allgs)};

static void (*shows[4])(struct g *g); /* const after boot */

/* The next form in turn, which is that of two changes ago. */
static uint8_t form_after(uint8_t here)
{
    return (uint8_t)((stack_form(here) + 1) % 3);
}

/* All that exist are elsewhere, but for the caller. */
static void here_change(struct g *g)
{
    uint8_t here = (uint8_t)(STACK_HERE | form_after(load_relaxed(&sched_here)));
    store_relaxed(&sched_here, here);
    store_relaxed(&g->stack_at, here); /* who squeezes and believes to hold it does not */
}

void sched_on_scan(void (*show)(struct g *g))
{
    for (size_t i = 0; i < ARRAY_LEN(shows); i++) {
        if (shows[i] == NULL) {
            shows[i] = show;
            return;
        }
    }
    throw("sched_on_scan: more users than places");
}

/* ---- what one goroutine holds -------------------------------------------------------- */

static void see(const void *lo, const void *hi)
{
    lo = (const void *)align_down((uintptr_t)lo, sizeof(uintptr_t));
    if (lo < hi)
        gc_hooks.scan(lo, hi);
}

static void see_stack(struct g *g, const char *sp)
{
    see(sp > g->stack.lo ? sp : g->stack.lo, g->stack.top);
}

/* It does not run below what it held then, nor come out before we are done. */
UNWATCHED static void see_blocked(struct g *g)
{
    struct m *m = g->bound_m;
    struct block_held *h = m == NULL ? NULL : &m->held;
    if (h == NULL || h->of != g)
        return; /* it began before there was any collected memory */
    h->was_shown = true;
    if (!MUTANT(gc_root_bracket_regs))
        see(h->words, h->words + h->n);
    if (!MUTANT(gc_root_bracket_stack))
        see_stack(g, h->sp);
}

UNWATCHED static void see_frozen(struct g *g)
{
    const struct os_interrupted *at = &g->bound_m->frozen;
    for (size_t i = 0; i < ARRAY_LEN(at->regs) && !MUTANT(gc_root_frozen_regs); i++)
        see(at->regs[i].lo, at->regs[i].hi);
    see_stack(g, (const char *)at->sp - RED_ZONE);
}

UNWATCHED static void see_switched(struct g *g, enum stack_at at)
{
    const struct ctx *c = &g->fiber.ctx;
    const char *lo, *hi;
    see(c, c + 1);
    if (at == STACK_AWAY && squeeze_image(g, &lo, &hi))
        see(lo, hi);
    else if (at == STACK_HERE)
        see_stack(g, (const char *)c->sp - RED_ZONE);
}

/* What hangs from it and not from its stack. */
static void see_record(struct g *g)
{
    gc_hooks.shade(load_relaxed(&g->arg));
    for (size_t i = 0; i < ARRAY_LEN(shows) && shows[i] != NULL; i++)
        shows[i](g);
}

/* at: where its stack was before it was claimed. */
static void see_claimed(struct g *g, enum stack_at at)
{
    switch (load_relaxed(&g->state)) {
    case G_BLOCKED:
        see_blocked(g);
        break;
    case G_FROZEN:
        see_frozen(g);
        break;
    case G_WAITING:
    case G_RUNNABLE:
        see_switched(g, at);
        break;
    default:
        return; /* of a program that is over (sched_stop_here) */
    }
    see_record(g);
}

/* Whether g, which had this form, waits, and has not run since the last cycle. */
static bool is_unchanged(const struct g *g, uint8_t at)
{
    return scan.is_minor &&
           (stack_form(at) == form_after(load_relaxed(&sched_here)) ||
            MUTANT(gc_stack_touched_skipped)) &&
           load_relaxed(&g->state) == G_WAITING &&
           (g->no_escape || MUTANT(gc_stack_foreign_skipped));
}

bool scan_claim(struct g *g, uint8_t at)
{
    /* Acquire: pairs with the release below, of who had it TAKEN before. */
    if (!cas_acquire(&g->stack_at, &at, STACK_TAKEN))
        return false;
    if (load_relaxed(&gc_is_marking) && !is_unchanged(g, at))
        see_claimed(g, stack_kind(at));
    /* Pairs with the acquires in run_begin and stack_fetch: the stack is its own again. */
    store_release(&g->stack_at, stack_kind(at) | stack_form(load_relaxed(&sched_here)));
    return true;
}

void scan_unborn(struct g *g)
{
    if (UNLIKELY(load_relaxed(&gc_is_marking)))
        gc_hooks.shade(load_relaxed(&g->arg));
}

/* ---- by itself ----------------------------------------------------------------------- */

/* Called by see_self alone: the caller's frame, with all registers, lies above this one. */
static NOINLINE void see_from_here(struct g *g)
{
    see_stack(g, __builtin_frame_address(0));
    see_record(g);
}

static NOINLINE void see_self(struct g *g)
{
    __builtin_unwind_init(); /* registers that a call preserves go to our frame */
    see_from_here(g);
    __asm__ volatile("" ::: "memory"); /* the call is no tail call */
}

uint8_t scan_shut(struct g *g)
{
    for (;;) {
        uint8_t at = load_acquire(&g->stack_at); /* pairs with the releases of holders */
        if (stack_kind(at) == STACK_HERE && cas_acquire(&g->stack_at, &at, STACK_TAKEN))
            return at;
        os_thread_yield();
    }
}

void scan_open(struct g *g, uint8_t at)
{
    store_release(&g->stack_at, at); /* pairs with the acquires of claimers */
}

void scan_again(void)
{
    if (load_relaxed(&gc_is_marking))
        see_self(g_self());
}

/* ---- all of them --------------------------------------------------------------------- */

void sched_scan_begin(bool is_minor)
{
    struct g *g = g_self();
    ASSERT(g != NULL && (sched_controlled() || stop_is_mine()) && scan.next == NULL);
    here_change(g);
    scan.is_minor = is_minor;
    scan.next = g_first();
    scan.own = g;
    scan.nseeing = 1;
}

size_t sched_scan_own_bytes(void)
{
    struct g *g = scan.own;
    return g != NULL ? (size_t)(g->stack.top - (char *)__builtin_frame_address(0)) : 0;
}

void sched_scan_own(void)
{
    struct g *g = scan.own;
    if (g == NULL)
        return;
    ASSERT(g == g_self());
    if (!MUTANT(gc_root_caller_skipped))
        see_self(g);
    scan.own = NULL;
    mutex_lock(&scan.lock);
    scan.nseeing--;
    mutex_unlock(&scan.lock);
}

/* Whoever holds it lets go soon, or shows it. */
static void scan_one(struct g *g)
{
    for (;;) {
        uint8_t at = load_acquire(&g->stack_at); /* pairs with the releases of holders */
        if (stack_is_unseen(at)) {
            if (scan_claim(g, at))
                return;
        } else if (at == STACK_NONE) {
            if (load_relaxed(&g->state) == G_RUNNABLE)
                gc_hooks.shade(load_relaxed(&g->arg));
            return;
        } else if (at >= STACK_HERE) {
            return;
        } else {
            os_thread_yield();
        }
    }
}

/* A guess: one in a bracket may come out meanwhile, and does not count. */
UNWATCHED size_t sched_scan_next_bytes(void)
{
    struct g *g = scan.next;
    enum g_state state = g != NULL ? load_relaxed(&g->state) : G_BLOCKED;
    if (state != G_WAITING && state != G_RUNNABLE && state != G_FROZEN)
        return 0;
    uint8_t at = load_acquire(&g->stack_at); /* pairs with the releases of holders */
    if (!stack_is_unseen(at) || stack_kind(at) != STACK_HERE)
        return 0;
    const char *sp = state == G_FROZEN ? (const char *)g->bound_m->frozen.sp
                                       : (const char *)g->fiber.ctx.sp;
    return (size_t)((const char *)g->stack.top - sp);
}

bool sched_scan_some(size_t n)
{
    mutex_lock(&scan.lock);
    struct g *from = scan.next, *to = from;
    for (size_t i = 0; i < n && to != NULL; i++)
        to = to->all_next;
    scan.next = to;
    scan.nseeing += from != NULL;
    bool is_over = from == NULL && scan.nseeing == 0;
    mutex_unlock(&scan.lock);
    if (from == NULL)
        return !is_over;
    for (struct g *g = from; g != to; g = g->all_next)
        if (!MUTANT(gc_root_batch_end) || g->all_next != to)
            scan_one(g);
    mutex_lock(&scan.lock);
    is_over = --scan.nseeing == 0 && scan.next == NULL;
    mutex_unlock(&scan.lock);
    return !is_over;
}

void sched_scan_end(void)
{
    ASSERT(scan.next == NULL && scan.nseeing == 0);
    if (load_relaxed(&gc_has_cards))
        here_change(g_self());
}

static void see_birth(const struct birth *b)
{
    gc_hooks.shade(b->arg);
}

void sched_scan_births(void)
{
    if (MUTANT(gc_root_births))
        return;
    for (uint32_t i = 0; i < load_acquire(&sched.nps); i++) /* pairs with nprocs_set */
        fresh_show(&load_relaxed(&sched.ps[i])->q.fresh, see_birth);
}

const void *sched_scan_at(const struct g *g, const void *p)
{
    const char *lo, *hi;
    if (g->image == NULL || !sched_on_stack(g, p) || !squeeze_image(g, &lo, &hi))
        return p;
    return hi - (g->stack.top - (const char *)p);
}

/* ---- processors ---------------------------------------------------------------------- */

/* What another P could give away: not the goroutine that it runs next. */
static bool has_to_spare(struct p *p)
{
    return runq_len(&p->q) > 0 || load_relaxed(&p->q.fresh.n) > 1;
}

bool sched_is_wanted(void)
{
    struct m *m = m_self();
    if (m->control != NULL)
        return false;
    if (load_relaxed(&m->p->preempt)) {
        store_relaxed(&m->p->preempt, false); /* the caller does what was asked for */
        return true;
    }
    if ((load_relaxed(&sched_attention) & (ATT_STOP | ATT_WORLD)) != 0 ||
        !runq_is_empty(&m->p->q) || load_relaxed(&sched.nglobal) > 0 || poll_is_due())
        return true;
    int64_t next = timer_next_ns(&m->p->timers);
    if (next != TIMER_NEVER && next <= sched_now_ns())
        return true;
    for (uint32_t i = 0; i < load_relaxed(&sched.nprocs); i++)
        if (has_to_spare(load_relaxed(&sched.ps[i])))
            return true;
    return false;
}

void sched_wake_idle(void)
{
    struct m *m = m_self();
    if (m->control == NULL)
        idle_wake();
}
