/* SPDX-License-Identifier: BSD-3-Clause */
/* govern.c - when a cycle begins: the settings, and the figures that pace.h is given.
 *
 * Owns: gr_gc_percent, gr_mem_limit, heap_trigger.
 * Not here: the decisions (pace.c, gen.c), who acts on them (assist.c, cycle.c).
 *
 *   I1  Figures of cycles change while the world stands still; settings and what follows
 *       from both under lock.
 */
#include "gc/govern.h"

#include "fix/fix.h"
#include "gc/gen.h"
#include "gc/stats.h"
#include "stack/stack.h"

#define LEAST_BYTES ((uint64_t)4 << 20)
#define SMALL_BYTES ((uint64_t)8 << 20)
#define SMALL_STACK_BYTES ((uint64_t)64 << 10)
#define RETAIN_PART 32 /* of the goal, kept beyond it: with metas a tenth at most */
#define RETAIN_LEAST ((uint64_t)2 << 20) /* the same: small heaps overshoot by more */

static struct {
    struct mutex lock;
    struct pace_in in;    /* guarded by lock */
    struct pace_out out;  /* guarded by lock */
    atomic_u64 goal;      /* atomic mirror of out.goal */
    atomic_u64 live;      /* atomic: what the last cycle found; minor ones do not tell in */
    struct gen_luck luck; /* guarded by lock */
    _Atomic bool is_minor; /* atomic, written under lock: the next cycle */
    uint64_t begin_heap;   /* STW only, as the next six */
    uint64_t begin_old;    /* of that, what counts as marked */
    int64_t begin_ns;
    int64_t end_ns;       /* when the last cycle ended, or the first one began */
    uint64_t unused;      /* guarded by lock: in pages in use, when the last cycle ended */
    uint64_t expected;    /* bytes to be scanned in this cycle */
    uint64_t minor_scan;  /* bytes that the last minor one scanned */
    int64_t fill;         /* pace_fill: of the time that marking takes */
    _Atomic bool is_full; /* atomic: it takes too much: no help is asked for */
    bool is_booted;       /* guarded by lock */
} govern = {.lock = MUTEX_INIT(RANK_gccycle),
            .in = {.percent = 100, .least = LEAST_BYTES, .limit = PACE_NO_LIMIT}};

static void trigger_set_locked(void)
{
    govern.out = pace(&govern.in);
    if (MUTANT(gc_percent_ignored) && govern.out.goal != PACE_OFF)
        govern.out.trigger = govern.out.goal = 2 * govern.in.live + LEAST_BYTES;
    store_relaxed(&govern.goal, govern.out.goal);
    struct gen_out next = {.trigger = govern.out.trigger};
    if (load_relaxed(&gc_has_cards))
        next = gen_next(&(struct gen_in){.live = load_relaxed(&govern.live),
                                         .floor = govern.in.live,
                                         .trigger = govern.out.trigger,
                                         .waits = govern.luck.waits});
    store_relaxed(&govern.is_minor, next.is_minor);
    store_relaxed(&heap_trigger, next.trigger);
}

/* By their first pieces: not what single ones have grown by. */
uint64_t govern_stacks(void)
{
    struct stack_stats s;
    stack_stats_read(&s);
    return s.large * (uint64_t)STACK_FIRST_BYTES + (s.live - s.large) * SMALL_STACK_BYTES;
}

/* Bytes of memory beside pages of the heap: stacks and records. */
static uint64_t beside(void)
{
    return govern_stacks() + fixpool_bytes() + heap_room().beside;
}

/* A cycle is over, and nothing is swept: what of pages in use is in no object. */
static uint64_t unused_in_spans(void)
{
    uint64_t inuse = heap_room().inuse, objects = stats_heap_end();
    return inuse > objects ? inuse - objects : 0;
}

static void beside_set_locked(void)
{
    govern.in.beside = beside() + govern.unused;
}

void govern_boot(void)
{
    base_boot();
    mutex_lock(&govern.lock);
    bool was_booted = govern.is_booted;
    govern.is_booted = true;
    if (!was_booted) {
        govern.in.percent = env_knobs.gc_percent;
        govern.in.limit = env_knobs.mem_limit;
        trigger_set_locked();
    }
    mutex_unlock(&govern.lock);
}

/* ---- cycles -------------------------------------------------------------------------- */

void govern_begin(void)
{
    govern.begin_heap = heap_live();
    govern.begin_old = cycle_is_minor() ? heap_old() : 0;
    govern.begin_ns = os_now_ns();
    if (govern.end_ns == 0)
        govern.end_ns = govern.begin_ns;
    govern.expected = cycle_is_minor() ? govern.minor_scan : govern.in.scan;
}

static void minor_end_locked(void)
{
    uint64_t young = govern.begin_heap - govern.begin_old;
    govern.luck = gen_minor(govern.luck, young, mark_found(), mark_scanned());
    govern.minor_scan = mark_scanned();
}

static void major_end_locked(uint64_t live, int64_t mark_ns, int64_t all_ns)
{
    govern.luck = gen_major(govern.luck);
    govern.in.live = live;
    govern.in.scan = mark_scanned();
    govern.in.roots = mark_scanned_roots();
    uint64_t program_ns = all_ns > mark_ns ? (uint64_t)(all_ns - mark_ns) : 1;
    govern.in.alloc_bytes = pace_alloc(&govern.in, live - mark_found(), program_ns);
    govern.in.alloc_ns = program_ns;
    govern.in.scan_bytes = mark_scanned();
    govern.in.scan_ns = (uint64_t)mark_ns;
    govern.in.brief_ns = 0;
}

/* What the collector takes from the program is help and the worker's share; what the worker
 * has beyond that, and idle processors do, nobody else wanted. */
static void fill_update(int64_t marking_ns, int64_t all_ns, int64_t full_ns)
{
    int64_t share_ns = marking_ns / GC_SHARE, worker_ns = stats_mark_ns_of(STATS_WORKER);
    int64_t taken_ns = stats_mark_ns_of(STATS_ASSIST);
    taken_ns += worker_ns < share_ns ? worker_ns : share_ns;
    govern.fill =
        pace_fill(govern.fill, taken_ns, all_ns - stats_mark_ns_of(STATS_IDLE), full_ns);
    store_relaxed(&govern.is_full, govern.fill >= full_ns);
}

void govern_end(void)
{
    uint64_t live = heap_live();
    int64_t now_ns = os_now_ns(), procs = gr_procs(0);
    int64_t all_ns = (now_ns - govern.begin_ns) * procs;
    int64_t mark_ns = stats_mark_ns();
    fill_update(all_ns, (now_ns - govern.end_ns) * procs, PACE_FULL_NS * procs);
    govern.end_ns = now_ns;
    mutex_lock(&govern.lock);
    if (cycle_is_minor())
        minor_end_locked();
    else
        major_end_locked(live, mark_ns, all_ns);
    govern.unused = unused_in_spans();
    beside_set_locked();
    store_relaxed(&govern.live, live);
    trigger_set_locked();
    mutex_unlock(&govern.lock);
}

void govern_brief(int64_t ns)
{
    if (load_relaxed(&gc_has_cards))
        return; /* gen.c */
    mutex_lock(&govern.lock);
    govern.in.brief_ns = ns > 0 ? (uint64_t)ns : 0;
    trigger_set_locked();
    mutex_unlock(&govern.lock);
}

bool govern_was_small(void)
{
    return govern.begin_heap <= SMALL_BYTES;
}

bool govern_is_minor(void)
{
    return load_relaxed(&govern.is_minor);
}

uint64_t govern_goal(void)
{
    return load_relaxed(&govern.goal);
}

uint64_t govern_expected(void)
{
    return govern.expected;
}

uint64_t govern_live(void)
{
    return load_relaxed(&govern.live);
}

double govern_ratio(uint64_t unused)
{
    uint64_t expected = govern.expected, goal = govern_goal(), done = mark_scanned();
    if (goal == PACE_OFF || load_relaxed(&govern.is_full))
        return 0;
    done = done > unused ? done - unused : 0;
    uint64_t most = govern.begin_heap - govern.begin_old;
    return pace_ratio(expected, most, done, heap_live(), goal);
}

/* ---- memory that goes back ----------------------------------------------------------- */

uint64_t govern_retain(void)
{
    mutex_lock(&govern.lock);
    uint64_t goal = govern.out.goal, other = govern.in.beside - govern.unused;
    int64_t limit = govern.in.limit;
    mutex_unlock(&govern.lock);
    if (goal == PACE_OFF)
        goal = heap_live();
    uint64_t retain = goal + max_u64(goal / RETAIN_PART, RETAIN_LEAST);
    uint64_t most = limit > 0 && (uint64_t)limit > other ? (uint64_t)limit - other : 0;
    return limit == PACE_NO_LIMIT || retain < most ? retain : most;
}

/* ---- settings ------------------------------------------------------------------------ */

int gr_gc_percent(int percent)
{
    gc_boot();
    mutex_lock(&govern.lock);
    int64_t was = govern.in.percent;
    govern.in.percent = percent < 0 ? -1 : percent;
    trigger_set_locked();
    mutex_unlock(&govern.lock);
    return (int)was;
}

int64_t gr_mem_limit(int64_t bytes)
{
    gc_boot();
    mutex_lock(&govern.lock);
    int64_t was = govern.in.limit;
    if (bytes >= 0) {
        govern.in.limit = bytes;
        beside_set_locked();
        trigger_set_locked();
    }
    mutex_unlock(&govern.lock);
    return was;
}
