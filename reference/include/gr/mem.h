/* SPDX-License-Identifier: BSD-3-Clause */
/* mem.h - collected memory: types, allocation, stores, roots, finalizers, weak pointers.
 *
 *     struct node { struct node *left, *right; int64_t key; };
 *     static const gr_type node_type = GR_TYPE(struct node, GR_AT(struct node, left),
 *                                              GR_AT(struct node, right));
 *     static struct node *top;
 *     GR_ROOT(top);
 *
 *     struct node *n = gr_new(&node_type);     zeroed, and kept while it can be reached
 *     gr_store(&n->left, top);                 how a pointer is put into memory
 *     gr_store(&top, n);
 *
 * An object is kept while a goroutine's stack or registers, a root, or a kept object has
 * its address or one inside it.  Objects never move.  What the collector does not see:
 * memory from malloc, thread-local variables, globals that are no roots, the buffers of
 * untyped channels (gr_chan_make), pointers of which bits were changed.
 *
 * The one duty of a program: a pointer to collected memory is stored into collected memory
 * or into a root by gr_store and its kin below, never by a plain assignment, memcpy or
 * memset.  Locals and what is not collected need nothing; reading needs nothing.
 * GR_DEBUG=gcverify=1 finds the store that was forgotten; with GR_GC_GENERATIONAL=1, where
 * most collections look only at what was allocated since the last one, it finds those too
 * that put something into an older object by a plain assignment.  In a bracket
 * (gr_block_begin) no collected memory may be allocated or stored to; what the function
 * that begins it holds then is kept, what it loads from collected memory inside is not for
 * that reason.
 *
 * Everything here is called on goroutines, by any number of them, unless it says "any
 * thread".
 */
#ifndef GR_MEM_H
#define GR_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chan.h"

/* ---- types --------------------------------------------------------------------------- */

/* What the collector must know: size, and where pointers are.  A constant with static
 * life. */
typedef struct gr_type {
    size_t size;          /* bytes of one; up to 2^40 */
    size_t nwords;        /* words [0, nwords) may hold pointers; 0: none at all */
    const uint64_t *ptrs; /* nwords bits: word i holds a pointer; NULL: see word */
    uint64_t word;        /* the bits, where nwords <= 64 and ptrs is NULL */
    const char *name;     /* for messages; NULL: "?" */
} gr_type;

/* The bit of a member that is a pointer.  For a member that lies in the first 64 words. */
#define GR_AT(T, member) ((uint64_t)1 << (offsetof(T, member) / sizeof(void *)))

/* A type by its pointers: GR_TYPE(struct node, GR_AT(...) | GR_AT(...)). */
#define GR_TYPE(T, bits)                                                                   \
    {                                                                                      \
        .size = sizeof(T),                                                                 \
        .nwords = sizeof(T) / sizeof(void *) < 64 ? sizeof(T) / sizeof(void *) : 64,       \
        .word = (bits), .name = #T                                                         \
    }

/* Without pointers: the collector never looks inside. */
#define GR_TYPE_PLAIN(T)                                                                   \
    {                                                                                      \
        .size = sizeof(T), .name = #T                                                      \
    }

/* A single pointer: the type of elements of arrays and channels of pointers. */
extern const gr_type gr_type_pointer;

/* ---- allocation ---------------------------------------------------------------------- */

/* A zeroed object.  Aligned to its size up to 16 bytes; to a page when it is of whole
 * pages.  Never NULL: no memory is the fatal error GR_FATAL_NO_MEMORY.  May collect. */
void *gr_new(const gr_type *t);

/* n of them in a row, as one object.  Panics: GR_ERR_MAKESLICE_LEN when n < 0 or there is
 * no such amount of memory in the address space.  n == 0, or bytes == 0: a valid address of
 * nothing. */
void *gr_new_array(const gr_type *t, int64_t n);
void *gr_new_bytes(int64_t bytes); /* without pointers */

/* The bytes that an object has, at least those asked for; 0: p is no address inside a live
 * object.  Any thread. */
size_t gr_size_of(const void *p);

/* ---- stores -------------------------------------------------------------------------- */

/* *slot = value, where slot lies in collected memory, in a root, or anywhere else.  A word
 * that other goroutines read at the same time is never torn; order: release. */
void gr_store(void *slot, const void *value);

/* The same as atomic operations, sequentially consistent (atomic.*). */
void *gr_pointer_load(void *slot);
void gr_pointer_store(void *slot, const void *value);
void *gr_pointer_swap(void *slot, const void *value); /* what was there */
bool gr_pointer_cas(void *slot, const void *expected, const void *value);

/* Copies or clears n objects of a type in memory; they may overlap. */
void gr_copy(const gr_type *t, void *to, const void *from, int64_t n);
void gr_clear(const gr_type *t, void *at, int64_t n);

/* *slot = value in an object that nobody but the caller has ever seen, since its gr_new
 * without another allocation, operation or poll between.  The value is one that the caller
 * had before that gr_new, or the object itself: not one that it reads afterwards where
 * others may have put something newer. */
#define gr_init(slot, value) (*(slot) = (value))

/* ---- roots --------------------------------------------------------------------------- */

/* At file level: everything in this variable, or array, that looks like a pointer. */
#define GR_ROOT(var)                                                                       \
    __attribute__((used, section("gr_roots"))) static struct gr_root gr_root_##var = {     \
        (void *)&(var), sizeof(var)}
struct gr_root {
    void *at;
    size_t bytes;
};

/* The same at run time, for memory of any kind; until it is taken back by the same
 * address.  Any thread for memory that nobody uses yet. */
void gr_root_add(void *at, size_t bytes);
void gr_root_remove(void *at);

/* A place that keeps an object for somebody the collector does not see: memory from malloc,
 * a library's callback. */
typedef struct gr_handle gr_handle;
gr_handle *gr_handle_new(void *p);
void *gr_handle_get(gr_handle *h);
void gr_handle_free(gr_handle *h);

/* p, and all that it keeps, is kept up to this point at least. */
static inline void gr_keep_alive(const void *p)
{
    __asm__ volatile("" ::"r"(p) : "memory");
}

/* Overwrites what calls have left on the caller's stack below it, so that no stale pointer
 * there keeps anything.  For tests that ask what is collected. */
void gr_stack_scrub(void);

/* A collected channel whose elements are of this type: gr_chan_free does nothing to it, and
 * it keeps what is in its buffer.  Pointers are received into collected memory by such
 * channels only.  Otherwise as gr_chan_make. */
gr_chan *gr_chan_new(const gr_type *elem, int64_t cap);

/* ---- ends of objects ----------------------------------------------------------------- */

/* When p can no longer be reached, fn(p, arg) runs once in a goroutine of the runtime, the
 * object and all that it refers to intact; a later collection frees it, unless it became
 * reachable or has a finalizer again.  arg is kept as long.  fn == NULL takes the finalizer
 * back.  Fatal: p is not the address of an object, or it has one already.  Memory that is
 * not collected: nothing happens (gc.finalizer.*). */
void gr_finalizer(void *p, void (*fn)(void *object, void *arg), void *arg);

/* fn(arg) runs some time after p, an address anywhere in an object, can no longer be
 * reached; the object is gone by then.  Any number per object.  arg is kept until then; an
 * arg that is the object itself panics: GR_ERR_CLEANUP_ARG (gc.cleanup.*). */
typedef struct gr_cleanup {
    uint64_t id;
    void *where; /* private */
} gr_cleanup;
gr_cleanup gr_cleanup_add(void *p, void (*fn)(void *arg), void *arg);
void gr_cleanup_stop(gr_cleanup c); /* no effect once it is queued */

/* A pointer that keeps nothing: an object itself, collected.  Two to the same address are
 * the same pointer.  gr_weak_get: the address, or NULL when the object is gone or about to
 * be finalized.  gr_weak_new(NULL) is NULL, and so is gr_weak_get(NULL) (gc.weak.*). */
typedef struct gr_weak gr_weak;
gr_weak *gr_weak_new(void *p);
void *gr_weak_get(gr_weak *w);

/* ---- the collector ------------------------------------------------------------------- */

/* A whole collection that began after the call, sweep included.  Blocks: G. */
void gr_gc(void);
/* In generational mode one of what was allocated since the last collection: nothing older
 * is freed, and goroutines that have waited since then on a stack of their own
 * (GR_NOESCAPE) are not looked at.  Else the same. */
void gr_gc_minor(void);

/* How much the heap may grow over what is live, in percent, before a collection begins, but
 * 4 MB at 100 and in proportion; negative: collections are off.  Gives the former value.
 * First GR_GC, else 100.  A program that keeps next to nothing may collect each MB, while
 * that takes less time than memory that is still in the processor's caches saves. */
int gr_gc_percent(int percent);

/* How many bytes the runtime may have from the system, softly; negative: only asks.  Gives
 * the former value; INT64_MAX: no limit.  First GR_MEMLIMIT. */
int64_t gr_mem_limit(int64_t bytes);

/* Collects, and gives all that is free back to the system.  Nobody has to call it: after
 * each collection what the heap has beyond its next goal and a thirtieth more goes back in
 * the background, a GB in a few seconds, in a twentieth of the time of one processor. */
void gr_mem_trim(void);

#define GR_PAUSES 256
#define GR_PAUSE_BUCKETS 40

/* Bytes and counts as of one moment (alloc.accounting.*, gc.stats). */
struct gr_mem_stats {
    uint64_t heap_alloc;     /* of live objects, and of those not yet swept */
    uint64_t total_alloc;    /* of all objects so far */
    uint64_t mallocs, frees; /* objects so far */
    uint64_t heap_objects;   /* mallocs - frees */
    uint64_t heap_sys;       /* from the system for the heap: heap_inuse + heap_idle */
    uint64_t heap_inuse, heap_idle;
    uint64_t heap_released; /* of heap_idle: given back to the system */
    uint64_t stack_inuse;   /* of stacks of goroutines */
    uint64_t other_sys;     /* the runtime's own records of all kinds */
    uint64_t sys;           /* heap_sys + stack_inuse + other_sys */
    uint64_t next_gc;       /* the heap at which the next collection should be over */
    uint64_t last_gc_ns;    /* when the last one ended, by gr_now_ns; 0: none */
    uint64_t num_gc, num_minor, num_forced;
    uint64_t pause_total_ns;
    uint64_t pause_ns[GR_PAUSES]; /* the last ones: number i at i % GR_PAUSES */
    uint64_t num_pauses;
    uint64_t pauses[GR_PAUSE_BUCKETS]; /* how many took less than 1 us, 2^(1/2) us ... */
    uint64_t assist_ns, mark_ns;       /* processor time of goroutines, of workers */
};
void gr_mem_stats(struct gr_mem_stats *s);

#endif
