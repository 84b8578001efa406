/* SPDX-License-Identifier: BSD-3-Clause */
/* slice.c - who marks for how long, and whether all is marked.
 *
 * Owns: slices of marking, what they have scanned and found in this cycle.
 * Not here: what is done for an entry (mark.c), who marks when (worker.c, assist.c).
 *
 *   I1  In a slice the caller does not leave its processor; nactive counts slices.  So in a
 *       stopped world there are none, and all that is marked and not scanned is in queues.
 */
#include "gc/collect.h"

#define BATCH 16u        /* entries taken at a time */
#define SCAN_BATCH 4u    /* goroutines */
#define LOOK_BYTES 8192u /* and so many steps: looks at the clock are dear */
#define LOOK_STEPS 16u
#define BRIEF_STACK_BYTES ((size_t)4 << 10)
#define BRIEF_OWN_BYTES ((size_t)16 << 10) /* some 8 us */
#define BRIEF_LOOK_BYTES 4096u             /* some us, in the worst case */

static struct {
    atomic_u32 nactive;               /* atomic (I1) */
    atomic_u64 scanned, roots, found; /* atomic; bytes */
} slices;

/* One bit of marking: a batch of entries, else of roots, else of goroutines. */
static bool step(struct work *w, uint32_t batch, bool is_stopped)
{
    uint64_t entry[BATCH];
    uint32_t n = work_take_mine(w, entry, batch);
    if (n == 0 && mark_flush(w)) /* as after each element of a list */
        n = work_take_mine(w, entry, batch);
    if (n == 0)
        n = work_take(w, entry, batch);
    if (n > 0) {
        mark_entries(w, entry, n, is_stopped);
        return true;
    }
    /* Who scans the last goroutines is told that none is left. */
    return root_some(w) || sched_scan_some(SCAN_BATCH) || !work_is_empty();
}

static struct work *slice_begin(void)
{
    add_seq(&slices.nactive, 1);
    return work_mine();
}

static void count_up(atomic_u64 *sum, uint64_t *n)
{
    if (*n > 0)
        add_relaxed(sum, *n);
    *n = 0;
}

static void work_settle(struct work *w)
{
    w->scanned_bytes += w->root_bytes;
    count_up(&slices.scanned, &w->scanned_bytes);
    count_up(&slices.roots, &w->root_bytes);
    count_up(&slices.found, &w->found_bytes);
}

/* Gives: bytes scanned.  Sequentially consistent: pairs with mark_is_done, which looks at
 * queues after nactive. */
static uint64_t slice_end(struct work *w)
{
    mark_flush(w);
    uint64_t bytes = w->scanned_bytes + w->root_bytes;
    work_settle(w);
    sub_seq(&slices.nactive, 1);
    return bytes;
}

bool mark_slice(int64_t until_ns, uint64_t most, uint64_t *bytes)
{
    bool any = false;
    uint64_t look_at = LOOK_BYTES;
    uint32_t batch = (uint32_t)min_u64(most / HEAP_PAGE_BYTES + 1, BATCH);
    struct work *w = slice_begin();
    for (uint32_t i = 1; step(w, batch, false); i++) {
        any = true;
        uint64_t done = w->scanned_bytes + w->root_bytes;
        if (done >= most || is_point_due())
            break;
        if (done < look_at && i % LOOK_STEPS != 0)
            continue;
        if (os_now_ns() >= until_ns)
            break;
        look_at = done + LOOK_BYTES;
    }
    *bytes = slice_end(w);
    return any;
}

void mark_all(void)
{
    struct work *w = slice_begin();
    sched_scan_own();
    while (step(w, BATCH, true))
        ;
    slice_end(w);
}

bool mark_briefly(int64_t until_ns)
{
    if (sched_scan_own_bytes() > BRIEF_OWN_BYTES)
        return false;
    uint64_t look_at = BRIEF_LOOK_BYTES;
    struct work *w = slice_begin();
    sched_scan_own();
    for (uint32_t i = 1; sched_scan_next_bytes() <= BRIEF_STACK_BYTES && step(w, 1, true);
         i++) {
        uint64_t done = w->scanned_bytes + w->root_bytes;
        if (done < look_at && i % LOOK_STEPS != 0)
            continue;
        if (os_now_ns() >= until_ns)
            break;
        look_at = done + BRIEF_LOOK_BYTES;
    }
    slice_end(w);
    return mark_is_done();
}

bool mark_is_done(void)
{
    return load_seq(&slices.nactive) == 0 && root_is_done() && work_is_empty() &&
           !sched_scan_some(0);
}

bool mark_is_idle(void)
{
    return work_is_empty() && root_is_done() && !sched_scan_some(0);
}

uint64_t mark_scanned(void)
{
    return load_relaxed(&slices.scanned);
}

uint64_t mark_scanned_roots(void)
{
    return load_relaxed(&slices.roots);
}

uint64_t mark_found(void)
{
    return load_relaxed(&slices.found);
}

/* What was shaded, and goroutines that were shown, since the last slice of each. */
void mark_settle(void)
{
    work_each(work_settle);
}

void mark_reset(void)
{
    store_relaxed(&slices.scanned, 0);
    store_relaxed(&slices.roots, 0);
    store_relaxed(&slices.found, 0);
}
