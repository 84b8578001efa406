/* SPDX-License-Identifier: BSD-3-Clause */
/* brief_test.c - cycles of a small heap are over in one stop, keep what any cycle does, and
 * become whole ones where there is more to mark; what is shown in a stop has a bound.
 *
 * No case depends on how fast anything is: marking in a stop has all the time there is, or
 * none.
 */
#include "rt.h"

#include "gc/collect.h"
#include "sched/proc.h"

struct node {
    struct node *next;
    uint64_t key;
    uint64_t pad[6];
};
static const gr_type node_type = GR_TYPE(struct node, GR_AT(struct node, next));

static struct node *top;
GR_ROOT(top);

static NOINLINE struct node *list(uint64_t n, uint64_t key)
{
    struct node *first = NULL;
    for (uint64_t i = 0; i < n; i++) {
        struct node *it = gr_new(&node_type);
        CHECK_EQ(it->key, 0);
        it->key = key;
        gr_init(&it->next, first);
        first = it;
    }
    return first;
}

static void nodes_check(const struct node *it, uint64_t n, uint64_t key)
{
    for (; it != NULL; it = it->next, n--)
        CHECK_EQ(it->key, key);
    CHECK_EQ(n, 0);
}

/* Makes garbage that takes the places of what was freed by mistake, for so many cycles. */
static void churn(uint64_t cycles)
{
    struct gr_mem_stats s;
    gr_mem_stats(&s);
    for (uint64_t until = s.num_gc + cycles; s.num_gc < until; gr_mem_stats(&s))
        for (int i = 0; i < 100; i++)
            list(100, UINT64_MAX);
}

static gr_chan *go_on;
static atomic_u32 ready;

/* Holds some of them on its stack, as deep as the stack is asked to be. */
static NOINLINE void hold(uint64_t bytes)
{
    volatile char deep[256];
    deep[0] = 1;
    if (bytes > sizeof deep) {
        hold(bytes - sizeof deep);
    } else {
        struct node *mine = list(10, 7);
        add_release(&ready, 1);
        recv(go_on);
        nodes_check(mine, 10, 7);
        gr_keep_alive(mine);
    }
    CHECK_EQ(deep[0], 1);
}

static gr_wg over;

static void holder(void *bytes)
{
    hold((uintptr_t)bytes);
    gr_wg_done(&over);
}

static void holder_start(uintptr_t bytes)
{
    uint32_t n = load_acquire(&ready); /* pairs with the release in hold, as below */
    gr_wg_add(&over, 1);
    gr_go(holder, (void *)bytes); /* a number, no pointer */
    while (load_acquire(&ready) == n)
        gr_yield();
}

#define FOR_EVER (INT64_MAX / 2)

static void in_one_stop(void *unused)
{
    (void)unused;
    struct gr_mem_stats s, before;
    cycle_brief_ns = FOR_EVER;
    gr_store(&top, list(10, 3));
    go_on = gr_chan_make(sizeof(int64_t), 0);
    holder_start(0);
    churn(4); /* the first ones mark more than they were told to expect */
    gr_mem_stats(&before);
    churn(4);
    gr_mem_stats(&s);
    CHECK(s.num_gc >= before.num_gc + 4);
    CHECK_EQ(s.num_pauses - before.num_pauses, s.num_gc - before.num_gc);
    nodes_check(top, 10, 3);
    send(go_on, 1);
    gr_wg_wait(&over);
}

/* Each cycle is told that its time is up, and goes on beside the program. */
static void given_up(void *unused)
{
    (void)unused;
    struct gr_mem_stats s, before;
    cycle_brief_ns = 0;
    gr_store(&top, list(200, 3)); /* enough for a look at the clock */
    go_on = gr_chan_make(sizeof(int64_t), 0);
    holder_start(0);
    churn(4);
    gr_mem_stats(&before);
    churn(4);
    gr_mem_stats(&s);
    nodes_check(top, 200, 3);
    /* One may have had its first stop before, another its second one not yet. */
    CHECK(s.num_pauses - before.num_pauses + 1 >= 2 * (s.num_gc - before.num_gc));
    send(go_on, 1);
    gr_wg_wait(&over);
}

/* A deep stack, then many objects, that the cycle before knew nothing of. */
static void then_more(void *unused)
{
    (void)unused;
    cycle_brief_ns = FOR_EVER; /* the stack alone ends it */
    churn(3);
    go_on = gr_chan_make(sizeof(int64_t), 0);
    holder_start(100 << 10);
    churn(3);
    gr_store(&top, list(20000, 5));
    churn(3);
    nodes_check(top, 20000, 5);
    send(go_on, 1);
    gr_wg_wait(&over);
}

/* ---- a deep stack of who collects ---- */

static void (*scan_really)(const void *lo, const void *hi);
static atomic_u64 in_stops, outside; /* bytes of goroutines that were shown */

/* No thread is frozen where it is called (sched/freeze.c). */
__attribute__((section("gr_text"))) static void scan_counted(const void *lo, const void *hi)
{
    uint64_t bytes = (uint64_t)((const char *)hi - (const char *)lo);
    add_relaxed(stop_is_mine() ? &in_stops : &outside, bytes);
    scan_really(lo, hi);
}

static NOINLINE void collect_deep(uint64_t bytes)
{
    volatile char deep[256];
    deep[bytes % sizeof deep] = 1; /* all of it is needed */
    if (bytes > sizeof deep) {
        collect_deep(bytes - sizeof deep);
    } else {
        struct node *mine = list(10, 7);
        for (int i = 0; i < 3; i++) {
            gr_gc();
            churn(2);
            nodes_check(mine, 10, 7);
        }
    }
    CHECK_EQ(deep[bytes % sizeof deep], 1);
}

static void collector_main(void *unused)
{
    (void)unused;
    gr_gc();
    scan_really = gc_hooks.scan;
    gc_hooks.scan = scan_counted;
    collect_deep(64 << 10);
    CHECK_EQ(load_relaxed(&in_stops), 0);
    CHECK(load_relaxed(&outside) > 9 * (64 << 10));
    gc_hooks.scan = scan_really;
}

static void no_stop_walks_its_caller(void)
{
    run_free(1, collector_main, NULL);
}

static void one_stop_keeps_p1(void)
{
    run_free(1, in_one_stop, NULL);
}
static void one_stop_keeps_p2(void)
{
    run_free(2, in_one_stop, NULL);
}
static void given_up_keeps_p1(void)
{
    run_free(1, given_up, NULL);
}
static void given_up_keeps_p2(void)
{
    run_free(2, given_up, NULL);
}
static void more_is_kept_p1(void)
{
    run_free(1, then_more, NULL);
}
static void more_is_kept_p2(void)
{
    run_free(2, then_more, NULL);
}

static const struct unit_case cases[] = {
    UNIT(one_stop_keeps_p1), UNIT(one_stop_keeps_p2),        UNIT(more_is_kept_p1),
    UNIT(more_is_kept_p2),   UNIT(no_stop_walks_its_caller), UNIT(given_up_keeps_p1),
    UNIT(given_up_keeps_p2),
};
UNIT_MAIN(cases)
