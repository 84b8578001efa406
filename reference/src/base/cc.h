/* SPDX-License-Identifier: BSD-3-Clause */
/* cc.h - vocabulary of the compiler: attributes, short names for atomics, assertions.
 *
 * Owns: the switches of the build as numbers (0 or 1, so that -Wundef stays quiet), the
 * attributes that the runtime uses, typedefs and one-word wrappers for C11 atomics whose
 * name carries the memory order, the three kinds of assertion.
 *
 * Idea: a memory order is part of a call's name, so that no call has a default; each
 * non-relaxed one needs a comment that names its partner.
 */
#ifndef BASE_CC_H
#define BASE_CC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef GR_ASAN
#define GR_ASAN 0
#endif
#ifndef GR_TSAN
#define GR_TSAN 0
#endif
#ifndef GR_RACECHECK
#define GR_RACECHECK 0
#endif
#ifndef GR_MUTANTS
#define GR_MUTANTS 0
#endif
#ifndef GR_DEBUG_CHECKS
#define GR_DEBUG_CHECKS 0
#endif

#define NOINLINE __attribute__((noinline))
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define NORETURN __attribute__((noreturn))
#define UNUSED __attribute__((unused))
#define COLD __attribute__((cold, noinline))
#define MUST_USE __attribute__((warn_unused_result))
#define CACHE_LINE 64
#define CACHE_ALIGNED __attribute__((aligned(CACHE_LINE)))
/* For functions that may look at what others change, and believe nothing. */
#define UNWATCHED __attribute__((no_sanitize("address", "thread")))
#define FORMAT(fmt_arg, first) __attribute__((format(printf, fmt_arg, first)))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#define STATIC_ASSERT(cond, text) _Static_assert(cond, text)
#define STRINGIFY_(x) #x
#define STRINGIFY(x) STRINGIFY_(x)

typedef _Atomic uint8_t atomic_u8;
typedef _Atomic uint32_t atomic_u32;
typedef _Atomic uint64_t atomic_u64;
typedef _Atomic int32_t atomic_i32;
typedef _Atomic int64_t atomic_i64;

#define load_relaxed(p) atomic_load_explicit((p), memory_order_relaxed)
#define load_acquire(p) atomic_load_explicit((p), memory_order_acquire)
#define load_seq(p) atomic_load_explicit((p), memory_order_seq_cst)
#define store_relaxed(p, v) atomic_store_explicit((p), (v), memory_order_relaxed)
#define store_release(p, v) atomic_store_explicit((p), (v), memory_order_release)
#define store_seq(p, v) atomic_store_explicit((p), (v), memory_order_seq_cst)
#define add_relaxed(p, v) atomic_fetch_add_explicit((p), (v), memory_order_relaxed)
#define add_release(p, v) atomic_fetch_add_explicit((p), (v), memory_order_release)
#define add_acq_rel(p, v) atomic_fetch_add_explicit((p), (v), memory_order_acq_rel)
#define add_seq(p, v) atomic_fetch_add_explicit((p), (v), memory_order_seq_cst)
#define sub_seq(p, v) atomic_fetch_sub_explicit((p), (v), memory_order_seq_cst)
#define swap_acquire(p, v) atomic_exchange_explicit((p), (v), memory_order_acquire)
#define swap_release(p, v) atomic_exchange_explicit((p), (v), memory_order_release)
#define swap_seq(p, v) atomic_exchange_explicit((p), (v), memory_order_seq_cst)
#define swap_acq_rel(p, v) atomic_exchange_explicit((p), (v), memory_order_acq_rel)
/* On failure *old_p holds what was there; the failure order is relaxed for cas_relaxed and
 * cas_release, acquire for the others. */
#define cas_relaxed(p, old_p, v)                                                           \
    atomic_compare_exchange_strong_explicit((p), (old_p), (v), memory_order_relaxed,       \
                                            memory_order_relaxed)
#define cas_acquire(p, old_p, v)                                                           \
    atomic_compare_exchange_strong_explicit((p), (old_p), (v), memory_order_acquire,       \
                                            memory_order_acquire)
#define cas_release(p, old_p, v)                                                           \
    atomic_compare_exchange_strong_explicit((p), (old_p), (v), memory_order_release,       \
                                            memory_order_relaxed)
#define cas_acq_rel(p, old_p, v)                                                           \
    atomic_compare_exchange_strong_explicit((p), (old_p), (v), memory_order_acq_rel,       \
                                            memory_order_acquire)
#define cas_seq(p, old_p, v)                                                               \
    atomic_compare_exchange_strong_explicit((p), (old_p), (v), memory_order_seq_cst,       \
                                            memory_order_seq_cst)

static inline void cpu_relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#else
    __asm__ volatile("" ::: "memory");
#endif
}

/* Writes to a byte what is there, in one step, so that nobody's write is lost: its page is
 * committed.  Not in C: a compiler may make it a load, and for a sanitizer it would be an
 * access. */
static inline void write_nothing(void *at)
{
#if defined(__x86_64__)
    __asm__ volatile("lock orb $0, (%0)" ::"r"(at) : "cc", "memory");
#elif defined(__aarch64__)
    uint32_t is, failed;
    __asm__ volatile("1: ldxrb %w0, [%2]\n\t"
                     "stxrb %w1, %w0, [%2]\n\t"
                     "cbnz %w1, 1b"
                     : "=&r"(is), "=&r"(failed)
                     : "r"(at)
                     : "memory");
#else
    atomic_fetch_or_explicit((_Atomic char *)at, 0, memory_order_relaxed);
#endif
}

/* ASSERT: cheap, in builds with checks.  ASSERT_SLOW: validators, and only when
 * GR_DEBUG=check=2 asks for them.  A failed one is a throw: our bug. */
NORETURN void assert_failed(const char *file, int line, const char *cond);
bool assert_is_slow_on(void);

#if GR_DEBUG_CHECKS
#define ASSERT(cond) ((cond) ? (void)0 : assert_failed(__FILE__, __LINE__, #cond))
#define ASSERT_SLOW(cond) (assert_is_slow_on() ? ASSERT(cond) : (void)0)
#else
#define ASSERT(cond) ((void)sizeof((cond) ? 1 : 0))
#define ASSERT_SLOW(cond) ((void)sizeof((cond) ? 1 : 0))
#endif

#endif
