/* SPDX-License-Identifier: BSD-3-Clause */
/* san.h - fibers: contexts that AddressSanitizer and ThreadSanitizer know about.
 *
 * Owns: every call into a sanitizer's interface.  Without sanitizers a fiber is a context
 * and nothing more.  san.c is compiled without instrumentation, since a sanitizer must not
 * see the instructions between "about to switch" and the switch.  race.c is for flavour
 * racecheck alone.
 *
 *   I1  A fiber is created on the goroutine or thread that starts it (fiber_init), which is
 *       what TSan takes as the happens-before edge from `go` to the new goroutine.
 *   I2  fiber_fini is called after the last switch away, by somebody else.
 *
 * Flavour tsan switches with synchronisation: it looks for races in the runtime itself.
 * Flavour racecheck switches without: there the edges are the language's own, put in by
 * RACE_ACQUIRE and RACE_RELEASE, which mean nothing in all other flavours.
 */
#ifndef ARCH_SAN_H
#define ARCH_SAN_H

#include "ctx.h"

#define SAN_FIBERS (GR_ASAN || GR_TSAN || GR_RACECHECK)

struct fiber {
    struct ctx ctx;
#if SAN_FIBERS
    void *tsan;     /* TSan's fiber */
    void *fake;     /* ASan's fake stack while the fiber does not run */
    const void *lo; /* the stack, for ASan */
    size_t bytes;
    void (*entry)(void *);
    void *arg;
#endif
};

#if SAN_FIBERS

/* A new fiber on the stack [lo, top), which will run entry(arg); entry must not return. */
void fiber_init(struct fiber *f, void *lo, void *top, void (*entry)(void *), void *arg);

/* Makes f stand for the calling thread's own stack.  No fini is due. */
void fiber_adopt(struct fiber *f);

/* Gives back what fiber_init took.  The stack itself is the caller's matter. */
void fiber_fini(struct fiber *f);

/* Leaves the running fiber `from` and continues `to`; returns when somebody comes back. */
void fiber_switch(struct fiber *from, struct fiber *to);

/* Leaves `from` for the last time. */
NORETURN void fiber_switch_last(struct fiber *from, struct fiber *to);

#else

static inline void fiber_init(struct fiber *f, void *lo, void *top, void (*entry)(void *),
                              void *arg)
{
    (void)lo;
    ctx_init(&f->ctx, top, entry, arg);
}

static inline void fiber_adopt(struct fiber *f)
{
    f->ctx = (struct ctx){.sp = NULL};
}

static inline void fiber_fini(struct fiber *f)
{
    (void)f;
}

static ALWAYS_INLINE void fiber_switch(struct fiber *from, struct fiber *to)
{
    ctx_switch(&from->ctx, &to->ctx);
}

static ALWAYS_INLINE NORETURN void fiber_switch_last(struct fiber *from, struct fiber *to)
{
    ctx_switch(&from->ctx, &to->ctx);
    __builtin_unreachable();
}

#endif

/* Calls for what a switch to f will read; f may be running.  Sanitizers need no speed. */
static ALWAYS_INLINE void fiber_prefetch(const struct fiber *f, int lines)
{
    if (!SAN_FIBERS)
        ctx_prefetch(&f->ctx, lines);
}

#if GR_ASAN

/* Forgets what ASan knows about [lo, hi): before a stack is pooled, before frames are
 * left. */
void san_unpoison(const void *lo, const void *hi);

/* Any access to [lo, hi) is a mistake from now on. */
void san_poison(const void *lo, const void *hi);

/* Tells LeakSanitizer that pointers may lie in [lo, hi).  When there are too many such
 * regions to scan, leak checking is off for the rest of the process. */
void san_root_add(const void *lo, const void *hi);

#else

static inline void san_unpoison(const void *lo, const void *hi)
{
    (void)lo, (void)hi;
}
static inline void san_poison(const void *lo, const void *hi)
{
    (void)lo, (void)hi;
}
static inline void san_root_add(const void *lo, const void *hi)
{
    (void)lo, (void)hi;
}

#endif

/* Where a sanitizer is at work stacks must be larger by this factor. */
#define SAN_STACK_FACTOR (SAN_FIBERS ? 4 : 1)

#if GR_RACECHECK
/* The caller has synchronised with every RACE_RELEASE on this address so far. */
void san_race_acquire(const void *addr);
/* What the caller did up to now is visible to later acquirers; earlier releases stay too.
 * TSan's public interface has no release that replaces: where the language wants one,
 * acquire the same address first, then both are the same. */
void san_race_release(const void *addr);
/* The same on behalf of a fiber that does not run now. */
void san_race_acquire_as(const struct fiber *f, const void *addr);
void san_race_release_as(const struct fiber *f, const void *addr);
/* What happened so far to the memory of [p, p + bytes), inside the one region that was
 * named once, is no concern of whoever uses it now.  Needs: multiples of 8. */
void san_race_region(const void *p, size_t bytes);
void san_race_forget(const void *p, size_t bytes);
/* The caller has synchronised with all that anybody did so far: a collection has seen every
 * goroutine stand still. */
void san_race_acquire_all(void);
#define RACE_ACQUIRE(addr) san_race_acquire(addr)
#define RACE_RELEASE(addr) san_race_release(addr)
#define RACE_RELEASE_MERGE(addr) san_race_release(addr)
#else
#define RACE_ACQUIRE(addr) ((void)(addr))
#define RACE_RELEASE(addr) ((void)(addr))
#define RACE_RELEASE_MERGE(addr) ((void)(addr))
static inline void san_race_acquire_all(void) {}
static inline void san_race_region(const void *p, size_t bytes)
{
    (void)p, (void)bytes;
}
static inline void san_race_forget(const void *p, size_t bytes)
{
    (void)p, (void)bytes;
}
#endif

#endif
