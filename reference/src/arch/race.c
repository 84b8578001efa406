/* SPDX-License-Identifier: BSD-3-Clause */
/* race.c - what the runtime tells the race detector of flavour racecheck, and what it does
 * past it.
 *
 * Owns: happens-before edges (RACE_ACQUIRE and RACE_RELEASE of san.h), memory whose past is
 * forgotten; what stands in for libc's functions in the runtime.
 * Not here: fibers, and switching between them (san.c).
 *
 * In this flavour the detector watches the program, not the runtime, which orders what it
 * does by locks that the detector does not see.  So it sees the edges of the language only,
 * which are written out; and what the runtime asks of libc must not be seen, although
 * libc's functions are watched whoever calls them.  The Makefile puts those of this file in
 * their place in all objects of the runtime but this one.
 *
 *   I1  No loop here becomes a call of libc's again: copies go word by word, volatile.
 */
#define _GNU_SOURCE
#include "san.h"

#if GR_RACECHECK

#include <stdlib.h>
#include <sys/mman.h>

void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
void *__tsan_get_current_fiber(void);
void __tsan_switch_to_fiber(void *fiber, unsigned flags);
#define SWITCH_ORDERS_NOTHING 1u

/* The interface that is there for other collectors. */
void __tsan_java_init(unsigned long begin, unsigned long bytes);
void __tsan_java_alloc(unsigned long p, unsigned long bytes);
void __tsan_java_free(unsigned long p, unsigned long bytes);
void __tsan_java_finalize(void);

/* ---- edges --------------------------------------------------------------------------- */

void san_race_acquire(const void *addr)
{
    __tsan_acquire((void *)(uintptr_t)addr);
}

void san_race_release(const void *addr)
{
    __tsan_release((void *)(uintptr_t)addr);
}

void san_race_acquire_as(const struct fiber *f, const void *addr)
{
    void *self = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(f->tsan, SWITCH_ORDERS_NOTHING);
    __tsan_acquire((void *)(uintptr_t)addr);
    __tsan_switch_to_fiber(self, SWITCH_ORDERS_NOTHING);
}

void san_race_release_as(const struct fiber *f, const void *addr)
{
    void *self = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(f->tsan, SWITCH_ORDERS_NOTHING);
    __tsan_release((void *)(uintptr_t)addr);
    __tsan_switch_to_fiber(self, SWITCH_ORDERS_NOTHING);
}

void san_race_acquire_all(void)
{
    __tsan_java_finalize();
}

/* ---- memory that is used again ------------------------------------------------------- */

void san_race_region(const void *p, size_t bytes)
{
    __tsan_java_init((uintptr_t)p, bytes);
}

void san_race_forget(const void *p, size_t bytes)
{
    __tsan_java_free((uintptr_t)p, bytes);
    __tsan_java_alloc((uintptr_t)p, bytes);
}

/* ---- instead of libc's --------------------------------------------------------------- */

void *san_memcpy(void *to, const void *from, size_t bytes);
void *san_memmove(void *to, const void *from, size_t bytes);
void *san_memset(void *at, int byte, size_t bytes);
void *san_mmap(void *at, size_t bytes, int prot, int flags, int fd, off_t from);
void *san_malloc(size_t bytes);
void *san_aligned_alloc(size_t align, size_t bytes);
void *san_realloc(void *at, size_t bytes);
void san_free(void *at);

void *san_memcpy(void *to, const void *from, size_t bytes)
{
    volatile char *t = to;
    const volatile char *f = from;
    size_t i = 0;
    if ((((uintptr_t)to | (uintptr_t)from) & 7) == 0)
        for (; i + 8 <= bytes; i += 8)
            *(volatile uint64_t *)(volatile void *)(t + i) =
                *(const volatile uint64_t *)(const volatile void *)(f + i);
    for (; i < bytes; i++)
        t[i] = f[i];
    return to;
}

void *san_memmove(void *to, const void *from, size_t bytes)
{
    volatile char *t = to;
    const volatile char *f = from;
    if ((uintptr_t)to - (uintptr_t)from >= bytes)
        return san_memcpy(to, from, bytes);
    for (size_t i = bytes; i-- > 0;)
        t[i] = f[i];
    return to;
}

void *san_memset(void *at, int byte, size_t bytes)
{
    volatile char *t = at;
    uint64_t word = (uint8_t)byte * 0x0101010101010101u;
    size_t i = 0;
    if (((uintptr_t)at & 7) == 0)
        for (; i + 8 <= bytes; i += 8)
            *(volatile uint64_t *)(volatile void *)(t + i) = word;
    for (; i < bytes; i++)
        t[i] = (char)byte;
    return at;
}

void AnnotateIgnoreWritesBegin(const char *file, int line);
void AnnotateIgnoreWritesEnd(const char *file, int line);

#define UNWATCHED_CALL(result, call)                                                       \
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);                                         \
    result call;                                                                           \
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__)

/* Memory that is got or given back was written by nobody: what happened there is
 * forgotten. */
void *san_mmap(void *at, size_t bytes, int prot, int flags, int fd, off_t from)
{
    UNWATCHED_CALL(void *got =, mmap(at, bytes, prot, flags, fd, from));
    return got;
}

void *san_malloc(size_t bytes)
{
    UNWATCHED_CALL(void *got =, malloc(bytes));
    return got;
}

void *san_aligned_alloc(size_t align, size_t bytes)
{
    UNWATCHED_CALL(void *got =, aligned_alloc(align, bytes));
    return got;
}

void *san_realloc(void *at, size_t bytes)
{
    UNWATCHED_CALL(void *got =, realloc(at, bytes));
    return got;
}

void san_free(void *at)
{
    UNWATCHED_CALL(, free(at));
}

#endif
