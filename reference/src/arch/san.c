/* SPDX-License-Identifier: BSD-3-Clause */
/* san.c - fibers under the sanitizers: with race.c the only file that calls their
 * interfaces.
 *
 * Owns: the order "announce, switch, confirm" around ctx_switch; stack bounds of adopted
 * threads; what ASan may see, LeakSanitizer's regions.
 * Not here: fibers without sanitizers (inline in san.h), all else that flavour racecheck
 * says to its detector (race.c).
 *
 * Idea: this file is compiled without instrumentation in every flavour.  TSan counts calls
 * and returns on the shadow stack of the *current* fiber: were fiber_switch instrumented,
 * its entry would be counted on one fiber and its exit on another.
 *
 *   I1  Between __tsan_switch_to_fiber and ctx_switch nothing instrumented runs.
 *   I2  The first thing on a new stack is fiber_main, which confirms the switch to ASan.
 *   I3  LeakSanitizer must not read guards, so regions are single stacks, not slabs.
 */
#define _GNU_SOURCE
#include "san.h"

#if SAN_FIBERS

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#define HAS_TSAN (GR_TSAN || GR_RACECHECK)

#if HAS_TSAN
void *__tsan_get_current_fiber(void);
void *__tsan_create_fiber(unsigned flags);
void __tsan_destroy_fiber(void *fiber);
void __tsan_switch_to_fiber(void *fiber, unsigned flags);
/* 1: the switch itself orders nothing. */
#define SWITCH_FLAGS (GR_RACECHECK ? 1u : 0u)
#endif

#if GR_ASAN
void __sanitizer_start_switch_fiber(void **fake_save, const void *bottom, size_t size);
void __sanitizer_finish_switch_fiber(void *fake_save, const void **bottom_old,
                                     size_t *size_old);
void __asan_unpoison_memory_region(void const volatile *addr, size_t size);
void __asan_poison_memory_region(void const volatile *addr, size_t size);
void __lsan_register_root_region(const void *p, size_t size);
int __lsan_is_turned_off(void);
#endif

/* Announces the switch; fake is where ASan keeps the leaver's fake stack, NULL when the
 * leaver will not come back. */
static void switch_begin(void **fake, const struct fiber *to)
{
    (void)fake;
#if GR_ASAN
    __sanitizer_start_switch_fiber(fake, to->lo, to->bytes);
#endif
#if HAS_TSAN
    __tsan_switch_to_fiber(to->tsan, SWITCH_FLAGS);
#endif
    (void)to;
}

static void switch_end(const struct fiber *self)
{
#if GR_ASAN
    __sanitizer_finish_switch_fiber(self->fake, NULL, NULL);
#endif
    (void)self;
}

static void fiber_main(void *arg)
{
    struct fiber *self = arg;
    switch_end(self);
    self->entry(self->arg);
    throw("a fiber's entry function returned");
}

void fiber_init(struct fiber *f, void *lo, void *top, void (*entry)(void *), void *arg)
{
    *f = (struct fiber){
        .lo = lo,
        .bytes = (size_t)((char *)top - (char *)lo),
        .entry = entry,
        .arg = arg,
    };
#if HAS_TSAN
    f->tsan = __tsan_create_fiber(0);
#endif
    ctx_init(&f->ctx, top, fiber_main, f);
}

/* Asked once per thread: the C library reads a file of the system for it. */
static void own_stack(void **at, size_t *size)
{
    static _Thread_local void *lo;
    static _Thread_local size_t bytes;
    pthread_attr_t attr;
    *at = lo;
    *size = bytes;
    if (lo != NULL)
        return;
    if (pthread_getattr_np(pthread_self(), &attr) != 0)
        throw("a thread's stack bounds cannot be found");
    pthread_attr_getstack(&attr, &lo, &bytes);
    pthread_attr_destroy(&attr);
    *at = lo;
    *size = bytes;
}

void fiber_adopt(struct fiber *f)
{
    void *lo;
    size_t bytes;
    own_stack(&lo, &bytes);
    *f = (struct fiber){.lo = lo, .bytes = bytes};
#if HAS_TSAN
    f->tsan = __tsan_get_current_fiber();
#endif
}

void fiber_fini(struct fiber *f)
{
#if HAS_TSAN
    __tsan_destroy_fiber(f->tsan);
#endif
    f->tsan = NULL;
}

void fiber_switch(struct fiber *from, struct fiber *to)
{
    switch_begin(&from->fake, to);
    ctx_switch(&from->ctx, &to->ctx);
    switch_end(from);
}

void fiber_switch_last(struct fiber *from, struct fiber *to)
{
    switch_begin(NULL, to);
    ctx_switch(&from->ctx, &to->ctx);
    __builtin_unreachable();
}

#endif

#if GR_ASAN

/* Scanning a region costs a read of each of its pages at exit. */
#define ROOTS_MAX 4096

static atomic_u32 root_count;

void san_unpoison(const void *lo, const void *hi)
{
    if (lo < hi)
        __asan_unpoison_memory_region(lo, (size_t)((const char *)hi - (const char *)lo));
}

void san_poison(const void *lo, const void *hi)
{
    if (lo < hi)
        __asan_poison_memory_region(lo, (size_t)((const char *)hi - (const char *)lo));
}

void san_root_add(const void *lo, const void *hi)
{
    if (add_relaxed(&root_count, 1) < ROOTS_MAX)
        __lsan_register_root_region(lo, (size_t)((const char *)hi - (const char *)lo));
}

/* LeakSanitizer asks before it looks for leaks. */
__attribute__((visibility("default"))) int __lsan_is_turned_off(void)
{
    return load_relaxed(&root_count) > ROOTS_MAX;
}

#endif
