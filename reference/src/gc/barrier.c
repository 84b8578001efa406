/* SPDX-License-Identifier: BSD-3-Clause */
/* barrier.c - how a program puts pointers into memory.
 *
 * Owns: gr_store and its kin, shading of words and of typed memory.
 * Not here: marking (mark.c), cards (card.c).
 *
 * All stores shade what they overwrite, while a cycle marks, before they overwrite it
 * (gc.h I1); what they put in needs no shade (I2).  They are functions of the runtime's
 * text, where no thread is frozen: whether a cycle marks, what was there, and the store are
 * one step in the eyes of a stop.
 *
 *   I1  Of two stores to one word at a time one may overwrite what the other has put there
 *       and shade something else.  That does no harm: what must be shaded is what was there
 *       when the cycle began, and both have seen that, or who overwrote it has.
 */
#include "gc/collect.h"

#include <string.h>

/* ---- shading ------------------------------------------------------------------------- */

void shade_word(const void *word)
{
    mark_word(work_mine(), (uintptr_t)word);
}

void scan_words(const void *lo, const void *hi)
{
    mark_range(work_mine(), lo, hi);
}

void gc_shade_many_slow(const gr_type *t, const void *at, size_t n)
{
    mark_typed(work_mine(), t, at, n);
}

/* ---- what race detectors are told ---------------------------------------------------- */

/* In flavour racecheck the runtime is not instrumented: what it does for the program is
 * told, plain accesses as plain ones, atomic operations by the sanitizer's own. */
#if GR_RACECHECK

void __tsan_write8(void *at);
void __tsan_read_range(void *at, unsigned long bytes);
void __tsan_write_range(void *at, unsigned long bytes);
int64_t __tsan_atomic64_load(const volatile int64_t *a, int order);
void __tsan_atomic64_store(volatile int64_t *a, int64_t v, int order);
int64_t __tsan_atomic64_exchange(volatile int64_t *a, int64_t v, int order);
int __tsan_atomic64_compare_exchange_strong(volatile int64_t *a, int64_t *old, int64_t v,
                                            int order, int failure);

#define TELL_WRITE(slot) __tsan_write8(slot)
#define TELL_READS(at, n) __tsan_read_range((void *)(uintptr_t)(at), (n))
#define TELL_WRITES(at, n) __tsan_write_range((at), (n))
#define RAW(a) ((volatile int64_t *)(void *)(a))
#define DO_LOAD(a) ((void *)__tsan_atomic64_load(RAW(a), __ATOMIC_SEQ_CST))
#define DO_STORE(a, v) __tsan_atomic64_store(RAW(a), (int64_t)(v), __ATOMIC_SEQ_CST)
#define DO_SWAP(a, v)                                                                      \
    ((void *)__tsan_atomic64_exchange(RAW(a), (int64_t)(v), __ATOMIC_SEQ_CST))
#define DO_CAS(a, old, v)                                                                  \
    (__tsan_atomic64_compare_exchange_strong(RAW(a), (int64_t *)(void *)(old),             \
                                             (int64_t)(v), __ATOMIC_SEQ_CST,               \
                                             __ATOMIC_SEQ_CST) != 0)

#else

#define TELL_WRITE(slot) ((void)0)
#define TELL_READS(at, n) ((void)0)
#define TELL_WRITES(at, n) ((void)0)
/* Sequentially consistent: each pairs with all others (mem.atomic-sc). */
#define DO_LOAD(a) load_seq(a)
#define DO_STORE(a, v) store_seq(a, v)
#define DO_SWAP(a, v) swap_seq(a, v)
#define DO_CAS(a, old, v) cas_seq((a), (old), (v))

#endif

/* ---- single words -------------------------------------------------------------------- */

typedef void *_Atomic slot_t;

static NOINLINE void store_watched(slot_t *s, const void *value)
{
    if (load_relaxed(&gc_is_marking) && !MUTANT(gc_store_unshaded))
        shade_word(load_relaxed(s));
    store_release(s, (void *)(uintptr_t)value); /* pairs with whoever follows the pointer */
    if (!MUTANT(gc_card_store_lost))
        gc_wrote((void *)s, sizeof(void *));
}

void gr_store(void *slot, const void *value)
{
    slot_t *s = slot;
    TELL_WRITE(slot);
    if (UNLIKELY(load_relaxed(&gc_is_marking) || load_relaxed(&gc_has_cards)))
        store_watched(s, value);
    else
        store_release(s, (void *)(uintptr_t)value); /* as above */
}

void *gr_pointer_load(void *slot)
{
    sched_point();
    return DO_LOAD((slot_t *)slot);
}

void gr_pointer_store(void *slot, const void *value)
{
    sched_point();
    if (UNLIKELY(load_relaxed(&gc_is_marking)) && !MUTANT(gc_pointer_store_unshaded))
        shade_word(load_relaxed((slot_t *)slot));
    DO_STORE((slot_t *)slot, (void *)(uintptr_t)value);
    if (!MUTANT(gc_card_pointer_store_lost))
        gc_wrote(slot, sizeof(void *));
}

void *gr_pointer_swap(void *slot, const void *value)
{
    sched_point();
    void *was = DO_SWAP((slot_t *)slot, (void *)(uintptr_t)value);
    if (!MUTANT(gc_swap_unshaded))
        gc_shade(was);
    if (!MUTANT(gc_card_swap_lost))
        gc_wrote(slot, sizeof(void *));
    return was;
}

bool gr_pointer_cas(void *slot, const void *expected, const void *value)
{
    sched_point();
    void *old = (void *)(uintptr_t)expected;
    if (!DO_CAS((slot_t *)slot, &old, (void *)(uintptr_t)value))
        return false;
    if (!MUTANT(gc_cas_unshaded))
        gc_shade(expected);
    if (!MUTANT(gc_card_cas_lost))
        gc_wrote(slot, sizeof(void *));
    return true;
}

/* ---- many words ---------------------------------------------------------------------- */

#define PIECE_BYTES ((size_t)64 << 10) /* so much is done without a look at who waits */

/* Word by word, none torn, which memmove does not promise. */
static UNWATCHED void words_move(volatile uintptr_t *to, const volatile uintptr_t *from,
                                 size_t n)
{
    if ((uintptr_t)to - (uintptr_t)from >= n * sizeof *to)
        for (size_t i = 0; i < n; i++)
            to[i] = from[i];
    else
        for (size_t i = n; i-- > 0;)
            to[i] = from[i];
}

/* from == NULL: clears. */
static void piece_write(const gr_type *t, char *to, const char *from, size_t n)
{
    size_t bytes = n * t->size, words = t->nwords > 0 ? bytes / sizeof(uintptr_t) : 0;
    if (from == NULL ? !MUTANT(gc_clear_unshaded) : !MUTANT(gc_copy_unshaded))
        gc_shade_many(t, to, n);
    if (from == NULL) {
        static const uintptr_t zeros[64];
        for (size_t i = 0; i < words; i += ARRAY_LEN(zeros))
            words_move((uintptr_t *)(void *)to + i, zeros,
                       words - i < ARRAY_LEN(zeros) ? words - i : ARRAY_LEN(zeros));
        memset(to + words * sizeof(uintptr_t), 0, bytes - words * sizeof(uintptr_t));
        return;
    }
    if (words == 0) {
        memmove(to, from, bytes);
        return;
    }
    words_move((uintptr_t *)(void *)to, (const uintptr_t *)(const void *)from, words);
    if (!MUTANT(gc_card_copy_lost))
        gc_wrote(to, bytes);
}

static size_t piece_count(const gr_type *t)
{
    return t->size < PIECE_BYTES ? PIECE_BYTES / t->size : 1;
}

void gr_copy(const gr_type *t, void *to, const void *from, int64_t n)
{
    size_t left = n > 0 ? (size_t)n : 0, most = piece_count(t);
    bool is_up = (uintptr_t)to - (uintptr_t)from >= left * t->size; /* else from the end */
    TELL_READS(from, left * t->size);
    TELL_WRITES(to, left * t->size);
    for (size_t at = 0; left > 0;) {
        size_t now = left < most ? left : most;
        left -= now;
        size_t i = is_up ? at : left;
        piece_write(t, (char *)to + i * t->size, (const char *)from + i * t->size, now);
        at += now;
        if (left > 0)
            sched_point();
    }
}

void gr_clear(const gr_type *t, void *at, int64_t n)
{
    size_t left = n > 0 ? (size_t)n : 0, most = piece_count(t);
    char *to = at;
    TELL_WRITES(at, left * t->size);
    while (left > 0) {
        size_t now = left < most ? left : most;
        piece_write(t, to, NULL, now);
        to += now * t->size;
        left -= now;
        if (left > 0)
            sched_point();
    }
}
