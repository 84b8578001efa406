/* SPDX-License-Identifier: BSD-3-Clause */
/* assist_test.c - who allocates while a cycle marks: beyond the goal everybody waits.
 */
#include "nodes.h"
#include "rt.h"

#include "gc/collect.h"
#include "gc/govern.h"
#include "sched/proc.h"

#define CROWD 64u

/* Marking stands still while is_held: whoever comes to this root stays. */
static _Atomic bool is_held, stop;
static struct g *_Atomic holder;

/* No thread is frozen where it is called (sched/freeze.c). */
__attribute__((section("gr_text"))) static void hold(void (*see)(const void *word))
{
    (void)see;
    store_relaxed(&holder, g_self());
    while (load_acquire(&is_held)) /* pairs with the release in crowd */
        os_thread_yield();
}

static __attribute__((constructor)) void hold_boot(void)
{
    gc_on_roots(hold);
}

static struct g *_Atomic eaters[CROWD];
static gr_wg over;

static struct node *top;
GR_ROOT(top);

/* To be scanned as well: then more is done than there was memory, and debts are small. */
static void *wide_root[1 << 17];
GR_ROOT(wide_root);

/* As much as fits before the first cycle: then nearly all that there is, is live. */
static void fill(void)
{
    for (int i = 0; i < 36000; i++) {
        struct node *n = gr_new(&node_type);
        gr_init(&n->left, top);
        gr_store(&top, n);
    }
}

static void eater(void *number)
{
    store_relaxed(&eaters[(uintptr_t)number], g_self());
    while (!load_relaxed(&stop))
        gr_new_bytes(64);
    gr_wg_done(&over);
}

/* It has no memory left to wait for, or it is the one that marks. */
static bool is_at_rest(struct g *g)
{
    return g != NULL &&
           (g == load_relaxed(&holder) || (load_relaxed(&g->state) == G_WAITING &&
                                           load_relaxed(&g->why) == PARK_GC_ASSIST));
}

static bool are_at_rest(void)
{
    for (uint32_t i = 0; i < CROWD; i++)
        if (!is_at_rest(load_relaxed(&eaters[i])))
            return false;
    return true;
}

/* The cycle cannot end, and nothing is left to be marked: each gets what he does not yet
 * owe for.  A span each, and not the 256 KB for which a debt would be worth the trouble. */
static void crowd(void *unused)
{
    (void)unused;
    fill();
    store_relaxed(&is_held, true);
    gr_wg_add(&over, CROWD);
    for (uintptr_t i = 0; i < CROWD; i++)
        gr_go(eater, (void *)i); /* a number, no pointer */
    while (!are_at_rest())
        gr_yield();
    uint64_t heap = heap_live(), goal = govern_goal();
    CHECK(heap >= goal);
    CHECK(heap <= goal + (uint64_t)(CROWD + 4) * 2 * HEAP_PAGE_BYTES);
    store_relaxed(&stop, true);
    store_release(&is_held, false); /* pairs with the acquire in hold */
    gr_wg_wait(&over);
}

static void nobody_passes_the_goal(void)
{
    run_free(4, crowd, NULL);
}

static const struct unit_case cases[] = {
    UNIT(nobody_passes_the_goal),
};
UNIT_MAIN(cases)
