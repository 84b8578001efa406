/* SPDX-License-Identifier: BSD-3-Clause */
/* heap.h - the door of floor heap: where objects lie, and which of them exist.
 *
 * Owns: address space of the heap, its pages, spans of equal slots, who allocates from
 * which, sweeping, what goes back to the system, special records of objects.
 * Not here: which objects are reachable (floor gc).
 *
 *     heap_base
 *     | page | page | page | ...                  8 KB each; objects
 *     | tag  | tag  | tag  | ...                  4 bytes each: what lies on the page
 *     | meta | meta | meta | ...                  512 bytes each; that of a span's first
 *                                                 page holds all about the span
 *     | 16 cards | 16 cards | ...                 1 byte each, in generational mode: 512
 *                                                 bytes to which pointers were stored
 *
 * Arrays in address space that is committed as it is touched.  So from an address to
 * its object's bits is arithmetic and two loads, and nothing has to be looked up.
 *
 * A span is a run of pages cut into slots of one class; a large object is a span of one
 * slot.  In a span, slot i has bit i in each of its bitmaps:
 *
 *     alloc  it is in use: set for what survived the last sweep of this span, and for what
 *            was handed out since
 *     marks  it was reached in this cycle; sweeping is alloc &= marks: a pointer behind the
 *            end of an object may mark a free slot
 *     scans  its pointers were looked at in this cycle, or need not be: it is new
 *     olds   generational mode only: it survived the last sweep
 *
 * In generational mode sweeping leaves marks and scans as they are: what survived a cycle
 * is old, and a minor cycle begins with all of that marked and scanned.
 *
 * A processor's cache owns one span per class and takes slots out of it run by run; what it
 * has not handed out yet it knows alone.  While a cycle marks, all free slots of an owned
 * span count as marked and scanned: what is allocated then survives the cycle, and nobody
 * looks at it, without another word.
 *
 *   I1  tags of free pages are 0; all pages of a span have tags that name its first page.
 *   I2  A span is in exactly one place: a cache, a list of its class, the list of large
 *       ones, or with the one thread that sweeps it.
 *   I3  alloc is exact, but in spans that are owned by a cache: there slots beyond what the
 *       owner has handed out are free whatever alloc says.  When the world stands still
 *       after heap_flush there are none of those.
 *   I4  A span is swept before any slot of it is handed out; heap.sweep_gen says by which
 *       cycle: meta.sweep_gen == heap.sweep_gen: swept; one less: not yet.
 *   I5  Free slots have undefined contents, but in spans with is_zero; what is handed out
 *       is zero.
 *   I6  While marking, nobody frees a slot; sweeping is over before marking begins.
 */
#ifndef HEAP_HEAP_H
#define HEAP_HEAP_H

#include "base/base.h"
#include "gr/mem.h"
#include "lock/lock.h"
#include "sched/sched.h"

#define HEAP_PAGE_SHIFT 13
#define HEAP_PAGE_BYTES ((size_t)1 << HEAP_PAGE_SHIFT)
#define HEAP_SMALL_BYTES 32768u /* larger objects have spans of their own */
#define HEAP_BITS_BYTES 512u    /* up to that size pointers are known by bits per word */
#define HEAP_SLOTS_MAX 512u     /* of a span */
#define HEAP_TYPES_MAX 16u      /* slots of a span of larger objects: a type for each */

/* A tag: in use (1) | without pointers (1) | class (7) | first page of the span (23). */
typedef uint32_t heap_tag;
#define TAG_USED ((heap_tag)1 << 31)
#define TAG_NOSCAN ((heap_tag)1 << 30)
#define TAG_CLASS_SHIFT 23
#define TAG_CLASS_MASK 127u
#define TAG_PAGE_MASK (((heap_tag)1 << TAG_CLASS_SHIFT) - 1)
#define CLASS_LARGE 0u /* of large objects: a span of one slot */

enum span_place {
    SPAN_FREE,     /* no span at all */
    SPAN_CACHED,   /* a processor's */
    SPAN_PARTIAL,  /* in a list of its class: has free slots */
    SPAN_FULL,     /* in a list of its class: none when it was swept */
    SPAN_LARGE,    /* in the list of large ones */
    SPAN_SWEEPING, /* with the thread that took it out of its list */
    SPAN_NEW,      /* its one object is not ready: no object at all yet */
};

/* What is remembered of an object beside its contents: how such a record begins. */
struct special {
    struct special *next;
    uint64_t offset; /* of what it is about, from the span's first byte */
    uint32_t kind;   /* floor gc's */
};

/* All about the span that begins with this page. */
struct heap_meta {
    /* the first line: what everybody reads */
    uint32_t slot_bytes;       /* const while it is a span; 0 of a large one */
    uint32_t npages;           /* the same */
    uint16_t nslots;           /* the same */
    uint8_t class;             /* the same */
    bool is_noscan;            /* the same */
    uint8_t place;             /* enum span_place; its owner (I2) */
    bool is_zero;              /* owner: free slots are zero */
    _Atomic uint8_t is_queued; /* floor gc: it is in a queue of spans */
    atomic_u32 sweep_gen;      /* atomic (I4) */
    /* guarded by the list's lock: a page; 0: none.  Out of lists it is a hint */
    uint32_t next;
    uint32_t nalloc;          /* owner: bits set in alloc when it was last in a list */
    struct special *specials; /* guarded by special_lock(): sorted by offset, kind */
    atomic_u64 marks[HEAP_SLOTS_MAX / 64] CACHE_ALIGNED; /* atomic; set by anybody */
    /* atomic; before marks where both are set */
    atomic_u64 scans[HEAP_SLOTS_MAX / 64];
    atomic_u64 alloc[HEAP_SLOTS_MAX / 64]; /* atomic; written by the owner */
    union {
        /* objects up to HEAP_BITS_BYTES: bit w is word w of the span */
        atomic_u64 ptrs[HEAP_PAGE_BYTES / 8 / 64]; /* atomic; written by the owner */
        /* larger ones: the type of what lies in each slot, repeated to its end */
        const gr_type *_Atomic types[HEAP_TYPES_MAX];
    };
    atomic_u64 olds[HEAP_SLOTS_MAX / 64]; /* atomic; written by the owner */
    uint8_t pad1[CACHE_LINE];
} CACHE_ALIGNED;
STATIC_ASSERT(sizeof(struct heap_meta) == 512, "one shift from page to meta");

struct heap_class {
    uint32_t bytes;  /* of a slot */
    uint32_t npages; /* of a span */
    uint32_t nslots;
    uint32_t magic; /* (offset * magic) >> 32 == offset / bytes, inside a span */
};
enum { HEAP_CLASSES = 61 }; /* heap_classes[0] is that of large ones: zeros */
extern const struct heap_class heap_classes[HEAP_CLASSES];

/* const after heap_boot; heap_base is NULL before the first allocation of the process */
extern char *heap_base;
extern size_t heap_bytes;     /* of address space */
extern atomic_u32 *heap_tags; /* per page; written under the page heap's lock, release */
extern struct heap_meta *heap_metas;
/* Atomic: a byte for each 512 of address space, not 0: dirty; NULL without gc_has_cards. */
extern _Atomic uint8_t *heap_cards;
#define HEAP_CARD_SHIFT 9
#define HEAP_CARD_BYTES ((size_t)1 << HEAP_CARD_SHIFT)
#define HEAP_PAGE_CARDS (HEAP_PAGE_BYTES / HEAP_CARD_BYTES)

/* ---- from addresses to objects ------------------------------------------------------- */

struct heap_ref {
    struct heap_meta *meta;
    char *base;    /* of the object */
    uint32_t slot; /* its number */
};

/* The page p lies on, or false. */
static ALWAYS_INLINE bool heap_page_of(const void *p, size_t *page)
{
    size_t offset = (size_t)((const char *)p - heap_base);
    *page = offset >> HEAP_PAGE_SHIFT;
    return offset < heap_bytes;
}

static inline char *heap_page_at(size_t page)
{
    return heap_base + (page << HEAP_PAGE_SHIFT);
}

static inline size_t heap_page_no(const struct heap_meta *m)
{
    return (size_t)(m - heap_metas);
}

/* The slot that p lies in, whatever is or is not allocated there.  False: on no span, or in
 * the rest behind the last slot. */
static ALWAYS_INLINE bool heap_find(const void *p, struct heap_ref *out)
{
    size_t page;
    if (!heap_page_of(p, &page))
        return false;
    heap_tag tag = load_acquire(&heap_tags[page]); /* pairs with the release in span_make */
    if ((tag & TAG_USED) == 0)
        return false;
    uint32_t class = tag >> TAG_CLASS_SHIFT & TAG_CLASS_MASK;
    size_t first = tag & TAG_PAGE_MASK;
    out->meta = &heap_metas[first];
    out->base = heap_page_at(first);
    out->slot = 0;
    if (class == CLASS_LARGE)
        return true;
    const struct heap_class *c = &heap_classes[class];
    uint64_t offset = (uint64_t)((const char *)p - out->base);
    out->slot = (uint32_t)(offset * c->magic >> 32);
    out->base += (size_t)out->slot * c->bytes;
    return out->slot < c->nslots;
}

static inline bool heap_bit(const atomic_u64 *bits, uint32_t i)
{
    return (load_relaxed((atomic_u64 *)(uintptr_t)&bits[i / 64]) >> i % 64 & 1) != 0;
}

/* Whether that slot holds an object.  Exact while marking (I3, I6), else for objects that
 * the caller knows to be reachable; a slot of an owned span that is free may count as one
 * while marking: it is marked then. */
bool heap_is_object(const struct heap_ref *r);

/* The bytes of the slot. */
static inline size_t heap_ref_bytes(const struct heap_ref *r)
{
    return r->meta->slot_bytes != 0 ? r->meta->slot_bytes
                                    : (size_t)r->meta->npages << HEAP_PAGE_SHIFT;
}

/* Sets its mark; true: it was not set.  order: sequentially consistent, as what follows in
 * floor gc, a look at is_queued: pairs with who takes the span from its queue, and looks at
 * the marks after it has cleared that (gc/mark.c). */
static ALWAYS_INLINE bool heap_mark(const struct heap_ref *r)
{
    atomic_u64 *word = &r->meta->marks[r->slot / 64];
    uint64_t bit = (uint64_t)1 << r->slot % 64;
    if ((load_relaxed(word) & bit) != 0)
        return false;
    return (atomic_fetch_or_explicit(word, bit, memory_order_seq_cst) & bit) == 0;
}

/* ---- special records ----------------------------------------------------------------- */

/* The lock of a span's records; some spans share one.  It lies beside the metas because an
 * old address may lead to a span that is gone, and whose meta the system has. */
#define SPECIAL_LOCKS 64u
struct special_lock {
    struct mutex lock;
} CACHE_ALIGNED;
extern struct special_lock special_locks[SPECIAL_LOCKS];
static inline struct mutex *special_lock(const struct heap_meta *m)
{
    return &special_locks[heap_page_no(m) % SPECIAL_LOCKS].lock;
}

/* Before a record is inserted, without a lock.  False: no memory for that. */
bool special_ready(void);

/* Where the first record at (offset, kind) or behind that hangs.  Under special_lock, as
 * the next three. */
struct special **special_find_locked(struct heap_meta *m, uint64_t offset, uint32_t kind);
void special_insert_locked(struct heap_meta *m, struct special *s);
struct special *special_take_locked(struct heap_meta *m, struct special **at);
/* Whether the object in that slot is about to be swept. */
bool special_is_dead_locked(const struct heap_meta *m, uint32_t slot);

/* Shows spans that have records, or had some: a group of them at a time. */
uint32_t special_groups(void);
void special_visit(uint32_t group, void (*see)(struct heap_meta *m, void *arg), void *arg);

/* ---- what the collector asks for ----------------------------------------------------- */

/* Owned by floor gc, filled at its boot; const after that. */
struct heap_hooks {
    /* The heap has reached heap_trigger, or somebody allocated while a cycle marks:
     * `bytes` is what this P has allocated since the last call.  On the goroutine that
     * allocates, before it gets its object, with no lock; may park, may collect. */
    void (*allocated)(size_t bytes);
    /* A span is being swept, and this object of it has specials and no mark.  *at is the
     * first of them.  True: it goes, and all of them were taken out of the list.  False: it
     * stays after all (a finalizer), and its mark is set.  Under special_lock, which makes
     * this, the end of the object and sweep_gen one step.  Allocates nothing. */
    bool (*died)(struct heap_meta *m, uint32_t slot, struct special **at);
    /* There is no memory: collects.  Called as allocated() is; when there is still none
     * after it, the process dies. */
    void (*starved)(void);
    /* heap_ahead has something to do.  Called as allocated() is; does not park. */
    void (*ahead)(void);
};
extern struct heap_hooks heap_hooks;
extern atomic_u64 heap_trigger; /* atomic: heap_live() at which allocated() is called */

/* Bytes of objects that the last cycle found, and of those allocated since, caches' runs
 * included: what sweeping has yet to free does not count. */
uint64_t heap_live(void);
/* Of those, what has survived a cycle. */
uint64_t heap_old(void);
size_t heap_page_top(void); /* pages that ever were in use lie below */

/* The world stands still: all caches give their spans back (I3). */
void heap_flush(void);
/* Before a cycle that is not minor, in generational mode: takes back all marks.  After
 * heap_sweep_all, beside programs that run; elsewhere sweeping has done it. */
void heap_marks_clear(void);
/* The same moment as heap_flush, before marking: from now on, and until heap_mark_end, free
 * slots of spans that caches take count as marked. */
void heap_mark_begin(bool is_minor);
/* The world stands still, all is marked, and heap_mark has set marks of `found` bytes, in a
 * minor cycle of so many new ones: flushes, and everything is to be swept; gives nothing
 * back yet. */
void heap_mark_end(uint64_t found);

/* Sweeps about n pages of what is left.  False: nothing was left.  Goroutines, no lock. */
bool heap_sweep_some(size_t npages);
void heap_sweep_all(void); /* all that is left, what others are sweeping included */

/* Visits all spans in use.  The world stands still, or nothing is freed meanwhile (I6):
 * then spans made since may be missing. */
void heap_each_span(void (*see)(struct heap_meta *m, void *arg), void *arg);

/* Gives pages back to the system: until heap memory from it is at most `retain` bytes, in
 * pieces of about `most`.  Gives: how many bytes. */
size_t heap_scavenge(uint64_t retain, size_t most);
/* Gets and touches a piece of memory that the heap will need next, of some MB: who needs it
 * then does not wait for the system.  False: enough is ready.  On a goroutine of the
 * runtime, no lock.  Blocks: G. */
bool heap_ahead(void);

/* Bytes of pages in use, and of what the heap has from the system to describe pages. */
struct heap_room {
    uint64_t inuse, beside;
};
struct heap_room heap_room(void);
void heap_stats(struct gr_mem_stats *s); /* fills what is the heap's */

/* Every equation of spans, lists, tags and counters.  The world stands still.  Dies by
 * naming what is wrong. */
void heap_check(void);

void heap_boot(void); /* by the first who needs it; any number of times */

#endif
