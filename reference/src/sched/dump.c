/* SPDX-License-Identifier: BSD-3-Clause */
/* dump.c - what goroutines are doing, in Go's words: heads, frames, who created whom.
 *
 * Owns: the form of a dump, how long a goroutine has waited.
 * Not here: when there is one (base/fatal.c, panic, prof), names of functions (os), the
 * words for what is waited for (reason.def).
 *
 *     goroutine 7 [chan receive, 3 minutes]:
 *     gr_chan_recv(...)
 *     	/path/of/program:0x4a3c +0x1c8
 *     worker(...)
 *     	/path/of/program:0x12f4 +0x54
 *     created by main_fn in goroutine 1
 *     	/path/of/program:0x1391 +0x31
 *
 * The second line of a frame is the place in the executable's file, as addr2line takes it,
 * and its distance from the function's start.  The runtime's own functions are left out,
 * but for gr_ ones and at detail 2; of more than 100 frames the middle ones are.
 *
 * Dumps walk the list of all cells without any lock, since a dying thread may hold them all
 * and others go on running meanwhile: a goroutine that is being born, woken or buried is
 * printed in one of its states, and what is read of its stack is believed only within
 * memory that stays mapped for ever.  They print with base/fmt.c and allocate nothing.
 *
 *   I1  A walk reads [lo, hi) of a stack that belonged to the goroutine a moment ago; no
 *       stack is ever unmapped, and the guard of one that has grown only moves down while
 *       it is in use.
 */
#include "arch/arch.h"
#include "sched/proc.h"

#define SHOWN_ENDS 50u
#define BELIEVED_BYTES ((size_t)1 << 30)
#define COARSE_SHIFT 32 /* a coarse tick is 4.29 s */

_Atomic uint32_t sched_coarse;

void coarse_update(void)
{
    store_relaxed(&sched_coarse, (uint32_t)(sched_now_ns() >> COARSE_SHIFT));
}

extern const char __start_gr_text[] __attribute__((weak));
extern const char __stop_gr_text[] __attribute__((weak));

/* Where a walk begins: pc stands in the innermost frame, fp is its frame pointer. */
struct trace {
    uintptr_t pc; /* 0: the walk's first return address is the first frame */
    struct frame_walk frames;
};

/* The goroutine whose fault ends the process, and where it stood; set once. */
static struct {
    _Atomic(struct g *) g;
    struct trace trace; /* owner: the thread that set g */
} faulted;

void dump_fault_insig(struct g *g, const struct os_fault *f)
{
    struct g *nobody = NULL;
    if (!cas_relaxed(&faulted.g, &nobody, g))
        return;
    faulted.trace =
        (struct trace){f->pc, frame_walk((const void *)f->fp, g->stack.lo, g->stack.top)};
}

static bool is_shown(uintptr_t pc, int detail)
{
    struct os_symbol s;
    if (detail >= 2 || pc < (uintptr_t)__start_gr_text || pc >= (uintptr_t)__stop_gr_text)
        return true;
    return os_symbol(pc, &s) && __builtin_strncmp(s.name, "gr_", 3) == 0;
}

/* "worker.cold" and "worker.part.0" are pieces of worker. */
static void put_place(int fd, const char *before, uintptr_t pc, const char *after)
{
    char path[256];
    struct os_symbol s;
    if (!os_symbol(pc, &s)) {
        fmt_fd(fd, "%s0x%llx%s\n\tunknown\n", before, (unsigned long long)pc, after);
        return;
    }
    os_program_path(path, sizeof path);
    fmt_fd(fd, "%s%.*s%s\n\t%s:0x%llx +0x%llx\n", before,
           (int)__builtin_strcspn(s.name, "."), s.name, after, path,
           (unsigned long long)s.file_address, (unsigned long long)s.offset);
}

/* The next place to print; 0 at the end.  A return address may be that of the function
 * behind, so the byte before it is looked up. */
static uintptr_t trace_next(struct trace *t, int detail)
{
    for (;;) {
        uintptr_t pc = t->pc;
        if (pc == 0 && (pc = frame_next_insig(&t->frames)) == 0)
            return 0;
        if (t->pc == 0)
            pc--;
        t->pc = 0;
        if (is_shown(pc, detail))
            return pc;
    }
}

static void put_trace(int fd, const struct trace *from, int detail)
{
    struct trace t = *from;
    size_t frames = 0, i = 0;
    while (trace_next(&t, detail) != 0)
        frames++;
    t = *from;
    for (uintptr_t pc; (pc = trace_next(&t, detail)) != 0; i++) {
        if (i < SHOWN_ENDS || i + SHOWN_ENDS >= frames)
            put_place(fd, "", pc, "(...)");
        else if (i == SHOWN_ENDS)
            fmt_fd(fd, "...%zu frames elided...\n", frames - 2 * SHOWN_ENDS);
    }
}

static void put_parent(int fd, struct g *g)
{
    char before[] = "created by ", after[40];
    uintptr_t pc = (uintptr_t)load_relaxed(&g->parent_pc);
    if (pc == 0 || MUTANT(trace_parent_lost))
        return;
    fmt_buf(after, sizeof after, " in goroutine %llu",
            (unsigned long long)load_relaxed(&g->parent_goid));
    put_place(fd, before, pc - 1, after);
}

/* Of a goroutine that does not run; false when it has no frames yet. */
UNWATCHED static bool trace_of(struct g *g, struct trace *t)
{
    /* Pairs with let_go, squeeze.c. */
    enum stack_at at = stack_kind(load_acquire(&g->stack_at));
    if (at == STACK_NONE || at == STACK_HELD || at == STACK_TAKEN)
        return false;
    struct stack s = g->stack;
    struct ctx c = g->fiber.ctx;
    if (s.lo == NULL || s.lo >= s.top || (size_t)(s.top - s.lo) > BELIEVED_BYTES ||
        (char *)c.sp < s.lo || (char *)c.sp > s.top ||
        (uintptr_t)c.pc == (uintptr_t)ctx_entry)
        return false;
    *t = (struct trace){(uintptr_t)c.pc, frame_walk(c.fp, s.lo, s.top)};
    if (at == STACK_AWAY)
        squeeze_map(g, &t->frames);
    return true;
}

static const char *state_text(struct g *g)
{
    switch (load_relaxed(&g->state)) {
    case G_RUNNABLE:
    case G_FROZEN:
        return "runnable";
    case G_RUNNING:
        return "running";
    case G_BLOCKED:
        return "syscall";
    default:
        return park_reason_text(load_relaxed(&g->why));
    }
}

static unsigned minutes_waited(struct g *g)
{
    if (load_relaxed(&g->state) != G_WAITING || sched_controlled())
        return 0;
    uint32_t now = (uint32_t)(sched_now_ns() >> COARSE_SHIFT);
    uint16_t ticks = (uint16_t)(now - load_relaxed(&g->parked_at));
    return (unsigned)(((uint64_t)ticks << COARSE_SHIFT) / UINT64_C(60000000000));
}

static void put_head(int fd, struct g *g)
{
    char waited[32] = "";
    unsigned minutes = minutes_waited(g);
    if (minutes >= 1)
        fmt_buf(waited, sizeof waited, ", %u minutes", minutes);
    fmt_fd(fd, "\ngoroutine %llu [%s%s%s]:\n", (unsigned long long)load_relaxed(&g->goid),
           state_text(g), waited, load_relaxed(&g->is_bound) ? ", locked to thread" : "");
}

/* UNWATCHED: g->fn may change under a dump that comes at a bad moment. */
UNWATCHED static void dump_other(int fd, struct g *g, int detail)
{
    struct trace t;
    put_head(fd, g);
    uint32_t state = load_relaxed(&g->state);
    if (state == G_RUNNING || state == G_BLOCKED || state == G_FROZEN)
        fmt_fd(fd, "\tgoroutine running on other thread; stack unavailable\n");
    else if (trace_of(g, &t))
        put_trace(fd, &t, detail);
    else
        put_place(fd, "", (uintptr_t)g->fn, "(...)");
    put_parent(fd, g);
}

static void dump_self(int fd, struct g *g, const void *fp, int detail)
{
    struct trace t = {0, frame_walk(fp, g->stack.lo, g->stack.top)};
    put_head(fd, g);
    put_trace(fd, load_relaxed(&faulted.g) == g ? &faulted.trace : &t, detail);
    put_parent(fd, g);
}

/* Has not run yet. */
static void dump_birth(const struct birth *b, void *at)
{
    struct g g = {.fn = b->fn};
    store_relaxed(&g.goid, b->goid);
    store_relaxed(&g.state, G_RUNNABLE);
    store_relaxed(&g.parent_goid, b->parent_goid);
    store_relaxed(&g.parent_pc, b->parent_pc);
    dump_other(*(const int *)at, &g, 1);
}

static void dump_births(int fd)
{
    for (uint32_t i = 0; !SAN_FIBERS && i < load_acquire(&sched.nps); i++)
        fresh_look(&load_relaxed(&sched.ps[i])->q.fresh, dump_birth, &fd);
}

static bool is_dumped(struct g *g, const struct g *me, int detail)
{
    uint32_t state = load_relaxed(&g->state);
    return g != me && state != G_IDLE && state != G_DEAD &&
           (detail >= 2 || !load_relaxed(&g->is_system));
}

/* Goroutines in order of their numbers would need memory; the main one first and the others
 * newest cell first does not. */
void sched_dump_detail(int fd, bool all, int detail)
{
    struct g *me = g_self();
    if (me != NULL)
        dump_self(fd, me, __builtin_frame_address(0), detail);
    for (int others = 0; all && others < 2; others++)
        for (struct g *g = g_first(); g != NULL; g = g->all_next)
            if (is_dumped(g, me, detail) && (load_relaxed(&g->goid) != 1) == others)
                dump_other(fd, g, detail);
    if (all)
        dump_births(fd); /* the acquire of nps pairs with nprocs_set */
}

void sched_dump(int fd, bool all)
{
    sched_dump_detail(fd, all, max_u64(env_knobs.traceback, 1) > 1 ? 2 : 1);
}
