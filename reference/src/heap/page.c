/* SPDX-License-Identifier: BSD-3-Clause */
/* page.c - the page heap: bitmaps of free pages, a summary for each 4 MB, first fit.
 *
 * Owns: which pages are free, which free pages the system has back.
 * Not here: what lies on the others (span.c), when pages are given back (floor gc), huge
 * pages of the system (huge.c; its state is guarded by the lock here).
 *
 * Idea: the lowest fit keeps the heap dense at its low end, so that its high end comes free
 * as a whole and can go back to the system.  A summary of a chunk tells the free pages at
 * its start, at its end, and the longest run inside: the search looks at 8 bytes for each
 * 4 MB, and into the bitmap of one chunk only.  Freed neighbours merge by themselves.
 * Most requests are for a single page, which asks no summary, so summaries are renewed when
 * somebody looks at them.
 *
 *   I1  Bit p of free: page p is in no span, and nobody is giving it to the system.
 *   I2  Bit p of clean: it is free, and reads as zero without having been written to: the
 *       system has it.
 *   I3  sums[c] is chunk c's, unless it is marked as old; its nfree is right always.  All
 *       chunks below `first` have no free page.
 *   I4  Chunks exist as they are needed, from the low end; page 0 is never free, so that 0
 *       can mean none.
 */
#include "heap/huge.h"
#include "sched/sched.h"

#define WORDS (PAGE_CHUNK / 64)
#define SCAVENGE_PAGES 8u /* runs shorter than 64 KB are kept */
#define AHEAD_PAGES 4096u /* heaps of 32 MB have memory that is touched ahead */

struct sum {
    uint16_t nfree;           /* pages of the chunk */
    uint16_t start, max, end; /* runs of free ones; max is OLD before the look */
};
#define OLD UINT16_MAX

static struct {
    struct mutex lock;
    size_t max;             /* const after boot: pages that may exist */
    uint64_t *free, *clean; /* guarded by lock */
    struct sum *sums;       /* guarded by lock */
    size_t first;           /* guarded by lock (I3): a chunk */
    atomic_u64 top;         /* atomic, written under lock: pages that exist */
    size_t nfree, nclean;   /* guarded by lock */
    size_t nleaving;        /* guarded by lock: being given to the system */
    size_t nhuge;           /* guarded by lock: blocks that small objects began */
} pages = {.lock = MUTEX_INIT(RANK_pages)};

bool page_boot(size_t npages)
{
    size_t bitmap = npages / 8, sums = npages / PAGE_CHUNK * sizeof(struct sum);
    size_t nblocks = npages / HUGE_PAGES;
    pages.max = npages;
    char *at = os_reserve(2 * bitmap + sums + align_up(nblocks, 64) / 8, os_page_bytes());
    if (at == NULL)
        return false;
    pages.free = (uint64_t *)(void *)at;
    pages.clean = (uint64_t *)(void *)(at + bitmap);
    pages.sums = (struct sum *)(void *)(at + 2 * bitmap);
    huge_boot((uint64_t *)(void *)(at + 2 * bitmap + sums), nblocks);
    return true;
}

/* ---- bits ---------------------------------------------------------------------------- */

/* Bits [from, 64) of a word, or [from, from + n) if that is less. */
static uint64_t word_mask(size_t from, size_t n)
{
    uint64_t all = n >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << n) - 1;
    return all << from;
}

/* Sets or clears bits [at, at + n); gives how many changed. */
static size_t bits_put(uint64_t *bits, size_t at, size_t n, bool is_set)
{
    size_t changed = 0;
    while (n > 0) {
        size_t from = at % 64, take = min_u64(n, 64 - from);
        uint64_t *w = &bits[at / 64], mask = word_mask(from, take);
        uint64_t is = is_set ? *w | mask : *w & ~mask;
        changed += popcount64(is ^ *w);
        *w = is;
        at += take;
        n -= take;
    }
    return changed;
}

/* The first bit in [at, end) that is as asked, or end. */
static size_t bits_find(const uint64_t *bits, size_t at, size_t end, bool is_set)
{
    while (at < end) {
        uint64_t w = is_set ? bits[at / 64] : ~bits[at / 64];
        w &= ~(uint64_t)0 << at % 64;
        if (w != 0)
            return min_u64(align_down(at, 64) + ctz64(w), end);
        at = align_down(at, 64) + 64;
    }
    return end;
}

static size_t longest_run(uint64_t w)
{
    size_t n = 0;
    for (; w != 0; w &= w << 1)
        n++;
    return n;
}

static struct sum summary(const uint64_t *w)
{
    size_t run = 0, max = 0, start = PAGE_CHUNK;
    for (size_t i = 0; i < WORDS; i++) {
        if (w[i] == ~(uint64_t)0) {
            run += 64;
            continue;
        }
        run += ctz64(~w[i]);
        if (start == PAGE_CHUNK)
            start = run;
        max = max_u64(max, run);
        if (popcount64(w[i]) > max)
            max = max_u64(max, longest_run(w[i]));
        run = (size_t)__builtin_clzll(~w[i]);
    }
    max = max_u64(max, run);
    return (struct sum){0, (uint16_t)start, (uint16_t)max, (uint16_t)run};
}

static struct sum sum_locked(size_t chunk)
{
    struct sum *s = &pages.sums[chunk];
    if (s->max == OLD) {
        uint16_t nfree = s->nfree;
        *s = summary(&pages.free[chunk * WORDS]);
        s->nfree = nfree;
    }
    return *s;
}

/* ---- taking and giving --------------------------------------------------------------- */

/* Pages [at, at + n) become free or not, summaries follow. */
static void free_put_locked(size_t at, size_t n, bool is_free)
{
    size_t changed = bits_put(pages.free, at, n, is_free);
    ASSERT(changed == n);
    pages.nfree = is_free ? pages.nfree + changed : pages.nfree - changed;
    while (n > 0) {
        struct sum *s = &pages.sums[at / PAGE_CHUNK];
        size_t take = min_u64(n, PAGE_CHUNK - at % PAGE_CHUNK);
        s->nfree = (uint16_t)(is_free ? s->nfree + take : s->nfree - take);
        s->max = OLD;
        at += take;
        n -= take;
    }
}

static void free_locked(size_t at, size_t n)
{
    free_put_locked(at, n, true);
    pages.first = min_u64(pages.first, at / PAGE_CHUNK);
}

/* More chunks, for n pages.  False: no address space is left. */
static bool grow_locked(size_t n)
{
    size_t top = load_relaxed(&pages.top), taken = top == 0; /* I4 */
    size_t more = align_up(n + taken, PAGE_CHUNK);
    if (FAILURE(heap_grow) || more > pages.max - top)
        return false;
    store_relaxed(&pages.top, top + more);
    pages.nclean += bits_put(pages.clean, top + taken, more - taken, true);
    free_locked(top + taken, more - taken);
    return true;
}

/* ---- huge pages of the system -------------------------------------------------------- */

_Atomic bool page_ahead_is_due;

static bool is_clean_locked(size_t block)
{
    size_t at = block * HUGE_PAGES;
    return bits_find(pages.clean, at, at + HUGE_PAGES, false) == at + HUGE_PAGES;
}

/* Pages of memory: of those that exist the system has not got the rest. */
static size_t present_locked(void)
{
    return load_relaxed(&pages.top) - pages.nclean + huge_nready() * HUGE_PAGES;
}

/* The page is about to be taken for small objects.  Gives: for its block the system is to
 * be asked for a huge page.  A small program is not given more than it touches. */
static bool begin_locked(size_t at)
{
    if (at < PAGE_CHUNK || !is_clean_locked(at / HUGE_PAGES))
        return false;
    if (present_locked() >= AHEAD_PAGES)
        store_relaxed(&page_ahead_is_due, true);
    pages.nhuge++;
    return huge_begin(at / HUGE_PAGES);
}

/* The first run of n in the chunk.  Needs: there is one. */
static size_t chunk_find_locked(size_t chunk, size_t n)
{
    size_t at = chunk * PAGE_CHUNK, end = at + PAGE_CHUNK;
    for (;;) {
        at = bits_find(pages.free, at, end, true);
        if (n == 1)
            return at;
        size_t stop = bits_find(pages.free, at, end, false);
        ASSERT(at < end);
        if (stop - at >= n)
            return at;
        at = stop;
    }
}

/* The lowest run of n; 0: none.  *tail: free pages at the very end. */
static size_t find_locked(size_t n, size_t *tail)
{
    size_t nchunks = load_relaxed(&pages.top) / PAGE_CHUNK, run = 0, at = 0;
    while (pages.first < nchunks && pages.sums[pages.first].nfree == 0)
        pages.first++;
    if (n == 1 && pages.first < nchunks)
        return chunk_find_locked(pages.first, 1);
    for (size_t c = pages.first; c < nchunks; c++) {
        struct sum s = sum_locked(c);
        if (run == 0)
            at = c * PAGE_CHUNK;
        if (s.start > 0 && run + s.start >= n)
            return at;
        if (s.max >= n)
            return chunk_find_locked(c, n);
        if (s.end == PAGE_CHUNK) {
            run += PAGE_CHUNK;
            continue;
        }
        run = s.end;
        at = (c + 1) * PAGE_CHUNK - run;
    }
    *tail = run;
    return 0;
}

size_t page_take(size_t n, bool is_dense, bool *is_zero)
{
    size_t tail = 0;
    mutex_lock_p(&pages.lock);
    bool is_huge = huge_is_dense(n, is_dense) && is_dense;
    size_t at = find_locked(n, &tail);
    if (at == 0 && grow_locked(n - tail))
        at = find_locked(n, &tail);
    is_huge = is_huge && at != 0 && begin_locked(at);
    if (at != 0) {
        free_put_locked(at, n, false);
        size_t was_clean = bits_put(pages.clean, at, n, false);
        pages.nclean -= was_clean;
        *is_zero = was_clean == n;
        huge_taken(at, n);
    }
    mutex_unlock_p(&pages.lock);
    if (is_huge)
        huge_ask(at / HUGE_PAGES); /* before the first touch, but by others as quick */
    return at;
}

void page_give(size_t first, size_t n)
{
    mutex_lock_p(&pages.lock);
    free_locked(first, n);
    mutex_unlock_p(&pages.lock);
}

size_t page_top(void)
{
    return load_relaxed(&pages.top);
}

/* ---- touched ahead ------------------------------------------------------------------- */

/* The lowest block that is free, that the system has, and that nobody will have touched
 * before we do; 0: none. */
static size_t ahead_find_locked(void)
{
    size_t nchunks = load_relaxed(&pages.top) / PAGE_CHUNK, skip = huge_nready() == 0;
    for (size_t c = pages.first; c < nchunks; c++) {
        if (pages.sums[c].nfree < HUGE_PAGES)
            continue;
        for (size_t at = c * PAGE_CHUNK; at < (c + 1) * PAGE_CHUNK; at += HUGE_PAGES) {
            size_t block = at / HUGE_PAGES;
            if (is_clean_locked(block) && !huge_is_ready(block) && skip-- == 0)
                return block;
        }
    }
    return 0;
}

bool page_ahead(void)
{
    size_t block = 0;
    bool is_new = false;
    mutex_lock_p(&pages.lock);
    if (huge_nready() < HUGE_AHEAD) {
        block = ahead_find_locked();
        if (block == 0 && grow_locked(PAGE_CHUNK))
            block = ahead_find_locked();
        is_new = block != 0 && huge_begin(block);
    }
    mutex_unlock_p(&pages.lock);
    if (block == 0)
        return false;
    sched_block_begin();
    if (is_new)
        huge_ask(block);
    huge_touch(block);
    sched_block_end();
    mutex_lock_p(&pages.lock);
    if (is_clean_locked(block) && !huge_is_ready(block) && huge_nready() < HUGE_AHEAD)
        huge_ready_put(block);
    bool is_more = huge_nready() < HUGE_AHEAD;
    mutex_unlock_p(&pages.lock);
    return is_more;
}

/* ---- back to the system -------------------------------------------------------------- */

/* The highest run below `end` of pages that are free and not clean, in one chunk, as long
 * as SCAVENGE_PAGES at least, most * 8 KB at most, and aligned to the system's pages. */
static bool dirty_run_locked(size_t *end, size_t most, size_t *at, size_t *n)
{
    size_t align = max_u64(1, os_page_bytes() >> HEAP_PAGE_SHIFT);
    while (*end > 0) {
        size_t hi = *end;
        size_t w = (hi - 1) / 64, lo_bound = align_down(hi - 1, PAGE_CHUNK);
        uint64_t dirty = pages.free[w] & ~pages.clean[w] & word_mask(0, (hi - 1) % 64 + 1);
        if (dirty == 0) {
            *end = w * 64;
            continue;
        }
        hi = w * 64 + log2_floor(dirty) + 1;
        size_t lo = hi - 1;
        while (lo > lo_bound && hi - lo < most &&
               (pages.free[(lo - 1) / 64] & ~pages.clean[(lo - 1) / 64]) >> (lo - 1) % 64 &
                   1)
            lo--;
        *end = lo;
        lo = align_up(lo, align);
        hi = align_down(hi, align);
        if (hi < lo + SCAVENGE_PAGES)
            continue;
        *at = lo;
        *n = hi - lo;
        return true;
    }
    return false;
}

/* Their metas too: those of pages in no span say nothing. */
static void run_dontneed(size_t at, size_t n)
{
    char *metas = (char *)&heap_metas[at], *end = (char *)&heap_metas[at + n];
    size_t page = os_page_bytes(), skip = (page - (uintptr_t)metas % page) % page;
    os_dontneed(heap_page_at(at), (n + (MUTANT(alloc_scavenges_used) ? 1 : 0))
                                      << HEAP_PAGE_SHIFT);
    metas += skip;
    end -= (uintptr_t)end % page;
    if (metas < end)
        os_dontneed(metas, (size_t)(end - metas));
}

static void to_system_locked(size_t at, size_t n)
{
    free_put_locked(at, n, false);
    pages.nclean -= bits_put(pages.clean, at, n, false);
    huge_taken(at, n);
    pages.nleaving += n;
    mutex_unlock_p(&pages.lock);
    run_dontneed(at, n);
    mutex_lock_p(&pages.lock);
    pages.nleaving -= n;
    pages.nclean += bits_put(pages.clean, at, n, true);
    free_locked(at, n);
}

size_t page_scavenge(uint64_t retain, size_t most)
{
    size_t given = 0, at, n;
    mutex_lock_p(&pages.lock);
    size_t end = load_relaxed(&pages.top);
    while (given < most) {
        uint64_t has = present_locked();
        uint64_t over = has - min_u64(has, retain >> HEAP_PAGE_SHIFT);
        uint64_t want = min_u64(over, ((most - given - 1) >> HEAP_PAGE_SHIFT) + 1);
        if (want == 0)
            break;
        if (huge_nready() > 0) {
            at = huge_ready_last() * HUGE_PAGES;
            n = HUGE_PAGES;
        } else if (!dirty_run_locked(&end, max_u64(want, SCAVENGE_PAGES), &at, &n)) {
            break;
        }
        to_system_locked(at, n);
        given += n << HEAP_PAGE_SHIFT;
    }
    mutex_unlock_p(&pages.lock);
    return given;
}

/* ---- figures and validation ---------------------------------------------------------- */

void page_stats(struct page_stats *s)
{
    mutex_lock_p(&pages.lock);
    s->top = load_relaxed(&pages.top);
    s->in_use = s->top - pages.nfree - pages.nleaving;
    s->clean = s->top - present_locked();
    s->huge = pages.nhuge;
    mutex_unlock_p(&pages.lock);
}

static bool is_set(const uint64_t *bits, size_t i)
{
    return (bits[i / 64] >> i % 64 & 1) != 0;
}

void page_check(bool (*used)(size_t page))
{
    size_t top = page_top(), nfree = 0, nclean = 0;
    for (size_t p = 1; p < top; p++) {
        bool is_free = is_set(pages.free, p);
        nfree += is_free;
        nclean += is_set(pages.clean, p);
        if (is_free && used(p))
            throw("heap: a page of a span is free");
        if (!is_free && !used(p) && pages.nleaving == 0)
            throw("heap: a page is neither free nor in a span");
        if (is_set(pages.clean, p) && !is_free)
            throw("heap: a page in use counts as the system's");
    }
    if (nfree != pages.nfree || nclean != pages.nclean)
        throw("heap: counters of free pages are wrong");
    for (size_t c = 0; c < top / PAGE_CHUNK; c++) {
        struct sum is = sum_locked(c), should = summary(&pages.free[c * WORDS]);
        if (is.start != should.start || is.max != should.max || is.end != should.end)
            throw("heap: the summary of a chunk is wrong");
        if (c < pages.first && is.max > 0)
            throw("heap: a chunk with free pages lies below the first one");
        nfree -= is.nfree;
    }
    for (size_t b = 0; b < top / HUGE_PAGES; b++)
        if (huge_is_ready(b) && !is_clean_locked(b))
            throw("heap: a block that was touched ahead is in use");
    if (nfree != 0)
        throw("heap: counters of the free pages of chunks are wrong");
}
