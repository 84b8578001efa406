/* SPDX-License-Identifier: BSD-3-Clause */
/* squeeze.c - stacks of goroutines that wait: taken from them for a moment, trimmed, or
 * copied away and dropped.
 *
 * Owns: the right to touch the stack of a goroutine that waits (stack_at), images of
 * squeezed stacks, the thread that squeezes, gr_stack_trim's pass.
 * Not here: growth and free stacks (floor stack), running goroutines.
 *
 * A goroutine that waits needs some hundred bytes of its stack, but holds a page at least.
 * Squeezing copies [sp - red zone, top) to an image of a size class, drops the pages, and
 * copies the bytes back to the same addresses before the goroutine runs again: no pointer
 * into the stack changes.  In between nobody may use one, and only the program can know: so
 * goroutines are squeezed that were spawned with GR_NOESCAPE, or all but the main one by
 * GR_DEBUG=squeeze=1.  The runtime itself keeps to the rule: what it gives to a goroutine
 * that waits it writes to the cell (g_stash), or pins the stack (is_pinned).
 *
 *   STACK_HERE -> STACK_HELD -> STACK_HERE         trimmed, or let go
 *                      '------> STACK_AWAY -> STACK_HERE (by who runs the goroutine)
 *
 * HERE and AWAY in the form that they have: which one is the collector's matter (scan.c).
 *
 * Whoever runs a goroutine makes sure that its stack is STACK_HERE, by one load, and sets
 * its state before; the holder sets STACK_HELD and looks at the state after.  That needs a
 * barrier between store and load on both sides.  The runner's would be on every switch, so
 * the holder has it done for all threads of the process at once (membarrier), a batch of
 * goroutines at a time.
 *
 *   I1  After the barrier: the state is G_WAITING, and then stack_at is still STACK_HELD =>
 *       nobody runs the goroutine before its stack is let go.
 *   I2  stack_at is set to G_WAITING's partner only by who has finished with the stack:
 *       G_WAITING is stored after the switch away (arrive_after_park).
 *   I3  A commit does not look at the stack of the goroutine that parks.
 */
#include "gr/task.h"
#include "sched/proc.h"

#define BATCH 64u
#define RED_ZONE 128u
#define STEP 64u
#define IMAGE_MAX 2048u
#define SLOW_NS 1000000000
#define FAST_NS 50000
#define OLD_TICKS 1u /* of sched_coarse: 4 to 8 s */

enum wish { WISH_SQUEEZE, WISH_TRIM_GROWN, WISH_TRIM_ALL };

static struct fixpool images[IMAGE_MAX / STEP] = {
#define IMAGE(i) FIXPOOL_INIT(((i) + 1) * STEP)
#define IMAGE4(i) IMAGE(i), IMAGE((i) + 1), IMAGE((i) + 2), IMAGE((i) + 3)
    IMAGE4(0),  IMAGE4(4),  IMAGE4(8),  IMAGE4(12),
    IMAGE4(16), IMAGE4(20), IMAGE4(24), IMAGE4(28),
};

static _Atomic bool is_passing; /* atomic; somebody goes through all goroutines */
static atomic_u64 squeezed;     /* atomic; for statistics */

static size_t image_bytes(const struct g *g)
{
    return align_up((size_t)(g->stack.top - (char *)g->fiber.ctx.sp) + RED_ZONE, STEP);
}

/* Word by word, unwatched: memcpy would look at what sanitizers know of the stack. */
UNWATCHED static void copy_words(void *to, const void *from, size_t bytes)
{
    for (size_t i = 0; i < bytes / sizeof(uint64_t); i++)
        ((volatile uint64_t *)to)[i] = ((const volatile uint64_t *)from)[i];
}

UNWATCHED void squeeze_map(const struct g *g, struct frame_walk *w)
{
    char *image = g->image;
    size_t bytes = image_bytes(g);
    w->floor = (uintptr_t)g->stack.top - bytes;
    w->moved = (intptr_t)image - (intptr_t)w->floor;
    if (image == NULL || bytes > IMAGE_MAX)
        w->at = 0; /* it has been restored meanwhile */
}

/* ---- who runs a goroutine ------------------------------------------------------------ */

static void image_restore(struct g *g)
{
    size_t bytes = image_bytes(g);
    copy_words(g->stack.top - bytes, g->image,
               MUTANT(squeeze_drops_bytes) ? bytes - 2 * STEP : bytes);
    fixpool_release(&images[bytes / STEP - 1], g->image);
    g->image = NULL;
    store_relaxed(&g->stack_at, load_relaxed(&sched_here));
}

void stack_fetch(struct p *p, struct g *g)
{
    uint8_t at;
    /* Pairs with the releases in let_go and scan.c. */
    while ((at = load_acquire(&g->stack_at)) != load_relaxed(&sched_here)) {
        if (MUTANT(gc_root_runs_unshown) && stack_kind(at) == STACK_HERE) {
            cas_acquire(&g->stack_at, &at, load_relaxed(&sched_here));
        } else if (stack_is_unseen(at)) {
            scan_claim(g, at);
        } else if (at == STACK_NONE) {
            scan_unborn(g);
            spawn_bind(p, g);
        } else if (stack_kind(at) == STACK_AWAY) {
            image_restore(g);
        } else {
            os_thread_yield();
        }
    }
}

bool squeeze_image(const struct g *g, const char **lo, const char **hi)
{
    size_t bytes = image_bytes(g);
    *lo = g->image;
    *hi = *lo + bytes;
    return *lo != NULL && bytes <= IMAGE_MAX;
}

/* ---- who holds stacks ---------------------------------------------------------------- */

struct batch {
    struct g *g[BATCH];
    uint8_t was[BATCH]; /* stack_at before it was HELD */
    struct os_range drop[BATCH];
    size_t n;
    enum wish wish;
};

static bool may_squeeze(const struct g *g)
{
    return g->no_escape && !g->is_pinned;
}

/* A guess: g may run meanwhile. */
UNWATCHED static bool is_candidate(struct g *g, enum wish wish)
{
    if (load_relaxed(&g->state) != G_WAITING || load_relaxed(&g->is_system) ||
        stack_kind(load_relaxed(&g->stack_at)) != STACK_HERE)
        return false;
    if (wish == WISH_TRIM_ALL)
        return true;
    struct stack s = g->stack;
    if (wish == WISH_TRIM_GROWN)
        return stack_is_grown(&s);
    uint16_t age = (uint16_t)(load_relaxed(&sched_coarse) - load_relaxed(&g->parked_at));
    return g->no_escape && !g->is_pinned && (age > OLD_TICKS || env_knobs.squeeze > 1);
}

/* I1, first half. */
static void take(struct batch *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++) {
        uint8_t at = load_relaxed(&b->g[i]->stack_at);
        if (stack_kind(at) != STACK_HERE ||
            !cas_relaxed(&b->g[i]->stack_at, &at, STACK_HELD))
            continue;
        b->was[n] = at;
        b->g[n++] = b->g[i];
    }
    b->n = n;
    os_barrier();
}

/* I1, second half.  Acquire: pairs with the release in arrive_after_park. */
static bool is_mine(struct g *g)
{
    return load_acquire(&g->state) == G_WAITING && load_relaxed(&g->stack_at) == STACK_HELD;
}

/* stack_at is no longer ours when the goroutine has ended meanwhile. */
static void let_go(struct g *g, enum stack_at at, uint8_t was)
{
    uint8_t held = STACK_HELD;
    /* Pairs with the acquire in stack_fetch. */
    cas_release(&g->stack_at, &held, (uint8_t)(at | stack_form(was)));
}

/* What can be dropped when the image is saved; nothing when it is too large or no memory is
 * left. */
static bool image_save(struct g *g, struct os_range *drop)
{
    size_t bytes = image_bytes(g);
    if (bytes > IMAGE_MAX || !may_squeeze(g) || g->stack.top - bytes < g->stack.lo)
        return false;
    g->image = fixpool_acquire(&images[bytes / STEP - 1]);
    copy_words(g->image, g->stack.top - bytes, bytes);
    stack_settle(&g->stack);
    *drop = (struct os_range){g->stack.lo, stack_depth(&g->stack)};
    add_relaxed(&squeezed, 1);
    return true;
}

/* What lies below the part in use. */
static void find_unused(struct g *g, struct os_range *drop)
{
    char *sp = (char *)align_down((uintptr_t)g->fiber.ctx.sp - RED_ZONE, os_page_bytes());
    if (MUTANT(stack_trim_too_much))
        sp += os_page_bytes();
    if (stack_is_grown(&g->stack) && (size_t)(g->stack.top - sp) < STACK_FIRST_BYTES)
        stack_settle(&g->stack);
    *drop =
        (struct os_range){g->stack.lo, sp > g->stack.lo ? (size_t)(sp - g->stack.lo) : 0};
}

static void batch_do(struct batch *b)
{
    enum stack_at at[BATCH];
    size_t drops = 0;
    take(b);
    for (size_t i = 0; i < b->n; i++) {
        struct os_range drop = {NULL, 0};
        at[i] = STACK_HERE;
        if (!is_mine(b->g[i]))
            continue;
        if (image_save(b->g[i], &drop))
            at[i] = STACK_AWAY;
        else if (b->wish != WISH_SQUEEZE)
            find_unused(b->g[i], &drop);
        if (drop.bytes > 0)
            b->drop[drops++] = drop;
    }
    os_dontneed_many(b->drop, drops);
    for (size_t i = 0; i < b->n; i++)
        let_go(b->g[i], at[i], b->was[i]);
    b->n = 0;
}

/* False: somebody else is at it. */
static bool pass(enum wish wish)
{
    static struct batch b; /* owner: who set is_passing */
    if (GR_ASAN || !os_barrier_init())
        return true;
    /* Pairs with the release below. */
    if (atomic_exchange_explicit(&is_passing, true, memory_order_acquire))
        return false;
    b.wish = wish;
    for (struct g *g = g_first(); g != NULL; g = g->all_next) {
        if (!is_candidate(g, wish))
            continue;
        b.g[b.n++] = g;
        if (b.n == BATCH)
            batch_do(&b);
    }
    batch_do(&b);
    store_release(&is_passing, false); /* pairs with the exchange above */
    return true;
}

void sched_stack_trim(void)
{
    while (!sched_controlled() && !pass(WISH_TRIM_ALL))
        sched_yield_now();
    stack_trim();
}

void squeeze_look(void)
{
    static size_t seen; /* owner: sysmon */
    static uint32_t seen_at;
    uint32_t now = load_relaxed(&sched_coarse);
    if (now == seen_at)
        return;
    seen_at = now;
    size_t grown = stack_grown();
    if (grown != seen && pass(WISH_TRIM_GROWN))
        seen = grown;
}

uint64_t squeeze_count(void)
{
    return load_relaxed(&squeezed);
}

static void squeeze_loop(void *unused)
{
    static atomic_u32 never;
    (void)unused;
    while ((load_relaxed(&sched_attention) & ATT_STOP) == 0) {
        os_futex_wait(&never, 0, env_knobs.squeeze > 1 ? FAST_NS : SLOW_NS);
        coarse_update();
        pass(WISH_SQUEEZE);
    }
}

/* Without the thread nothing is squeezed but by gr_stack_trim. */
void squeeze_start(void)
{
    static _Atomic bool was_started;
    static struct os_thread thread;
    if (load_relaxed(&was_started) ||
        atomic_exchange_explicit(&was_started, true, memory_order_relaxed))
        return;
    if (os_thread_start(&thread, squeeze_loop, NULL, 0))
        os_thread_detach(&thread);
}
