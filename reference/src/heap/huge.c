/* SPDX-License-Identifier: BSD-3-Clause */
/* huge.c - huge pages of the system: where the heap asks for them, which are there ahead.
 *
 * Owns: which blocks were asked for, which have been touched and not yet taken.
 * Not here: which pages are free (page.c), who touches ahead (floor gc).
 *
 * Where pages of small objects come to lie the system is asked for huge pages: such pages
 * are filled from one end to the other and looked at all over, and with huge ones
 * allocation and marking are some percent faster.  Elsewhere it is not: large objects may
 * never be touched.
 *
 * The first touch of a huge page holds up whoever does it, and the stop that waits for him,
 * for some 100 us, or 5 ms in a virtual machine that must ask its host.  So a large heap
 * has some touched before they are needed, by a goroutine of the runtime that nobody waits
 * for.  With none ready it begins with the block after the next: who allocates fast is at
 * the next one already.
 *
 *   I1  A block that is ready is free, and in the bitmap of page.c the system has all of
 *       it: it reads as zero.
 *   I2  At most HUGE_AHEAD are ready.
 */
#include "heap/huge.h"

#define META_BLOCKS (OS_HUGE_BYTES / sizeof(struct heap_meta) / HUGE_PAGES)

static struct {
    uint64_t *asked;          /* bits */
    size_t nblocks;           /* const after boot */
    size_t ndense, nsparse;   /* of the last pages taken, old ones less */
    size_t ready[HUGE_AHEAD]; /* the first nready of them (I1) */
    size_t nready;
} huge;

void huge_boot(uint64_t *asked, size_t nblocks)
{
    huge.asked = asked;
    huge.nblocks = nblocks;
}

/* ---- where the system is asked ------------------------------------------------------- */

bool huge_is_dense(size_t n, bool is_dense)
{
    *(is_dense ? &huge.ndense : &huge.nsparse) += min_u64(n, PAGE_CHUNK);
    if (huge.ndense + huge.nsparse > PAGE_CHUNK) {
        huge.ndense /= 2;
        huge.nsparse /= 2;
    }
    return huge.ndense > huge.nsparse;
}

bool huge_begin(size_t block)
{
    uint64_t bit = (uint64_t)1 << block % 64, was = huge.asked[block / 64];
    huge.asked[block / 64] = was | bit;
    return (was & bit) == 0;
}

/* The first block of those whose metas fill a huge page asks for that one too. */
void huge_ask(size_t block)
{
    os_prefer_huge(heap_page_at(block * HUGE_PAGES), OS_HUGE_BYTES);
    if (block % META_BLOCKS == 0 && block + META_BLOCKS <= huge.nblocks)
        os_prefer_huge(&heap_metas[block * HUGE_PAGES], OS_HUGE_BYTES);
}

/* ---- ahead of need ------------------------------------------------------------------- */

void huge_touch(size_t block)
{
    write_nothing(heap_page_at(block * HUGE_PAGES));
    if (MUTANT(alloc_ahead_written))
        *heap_page_at(block * HUGE_PAGES) = 1;
    write_nothing(&heap_metas[block * HUGE_PAGES]);
}

size_t huge_nready(void)
{
    return huge.nready;
}

bool huge_is_ready(size_t block)
{
    for (size_t i = 0; i < huge.nready; i++)
        if (huge.ready[i] == block)
            return true;
    return false;
}

void huge_ready_put(size_t block)
{
    ASSERT(huge.nready < HUGE_AHEAD && !huge_is_ready(block));
    huge.ready[huge.nready++] = block;
}

size_t huge_ready_last(void)
{
    size_t last = 0;
    for (size_t i = 0; i < huge.nready; i++)
        last = max_u64(last, huge.ready[i]);
    return last;
}

void huge_taken(size_t at, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < huge.nready; i++) {
        size_t page = huge.ready[i] * HUGE_PAGES;
        if (page + HUGE_PAGES <= at || page >= at + n)
            huge.ready[kept++] = huge.ready[i];
    }
    huge.nready = kept;
}
