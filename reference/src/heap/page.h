/* SPDX-License-Identifier: BSD-3-Clause */
/* page.h - pages of the heap: which are free, and which of those are with the system.
 *
 * Not here: what lies on pages that are in use (span.c).
 */
#ifndef HEAP_PAGE_H
#define HEAP_PAGE_H

#include "heap/heap.h"

#define PAGE_CHUNK 512u /* pages: 4 MB */

/* Before anything else here; pages [0, npages) of address space are there.  False: no
 * memory. */
bool page_boot(size_t npages);

/* The lowest n free pages in a row, now in use: the first one's number.  0: there is no
 * room.  is_dense: all of them will be written to soon.  is_zero: they have never been
 * written to, or not since the system had them. */
size_t page_take(size_t n, bool is_dense, bool *is_zero);
void page_give(size_t first, size_t n);

/* Pages that ever were in use, or were touched ahead, lie below. */
size_t page_top(void);

/* Touches a piece that will be needed next, so that nobody has to wait for it then.
 * False: enough is ready, or nothing is left.  On a goroutine, no lock; blocks: G. */
bool page_ahead(void);
extern _Atomic bool page_ahead_is_due; /* atomic: a large heap has begun another piece */

/* Gives free pages back to the system, what was touched ahead first, then the highest,
 * until the heap has at most `retain` bytes from it, or about `most` are given.  Gives:
 * bytes. */
size_t page_scavenge(uint64_t retain, size_t most);

struct page_stats {
    size_t top;    /* pages below page_top() */
    size_t in_use; /* of them: taken, page 0 included */
    size_t clean;  /* of the others: with the system, those touched ahead not counted */
    size_t huge;   /* blocks of the size of huge pages that small objects began */
};
void page_stats(struct page_stats *s);

/* Bitmaps, summaries and counters agree.  used(page) says whether a page belongs to a span.
 * Dies by naming what is wrong.  The world stands still. */
void page_check(bool (*used)(size_t page));

#endif
