/* SPDX-License-Identifier: BSD-3-Clause */
/* huge.h - huge pages of the system: where the heap asks for them, which are there ahead.
 *
 * Not here: which pages are free, and which of them the system has (page.c).
 *
 * A block is as many pages of the heap as a huge one of the system, and begins where such
 * a one may.  All but huge_ask and huge_touch: with the lock of pages (page.c).
 */
#ifndef HEAP_HUGE_H
#define HEAP_HUGE_H

#include "heap/page.h"
#include "os/os.h"

#define HUGE_PAGES (OS_HUGE_BYTES >> HEAP_PAGE_SHIFT)
#define HUGE_AHEAD 2u /* blocks that are touched before somebody needs them, at most */

/* A bit for each block of the heap, zero. */
void huge_boot(uint64_t *asked, size_t nblocks);

/* n pages are being taken, to be written to soon or perhaps never.  Gives: so were most of
 * those before, with these: the former. */
bool huge_is_dense(size_t n, bool is_dense);

/* The block is to be filled.  False: the system was asked for a huge page there before. */
bool huge_begin(size_t block);

/* Asks the system for a huge page there, for what is written down about it too.  Any
 * thread, no lock. */
void huge_ask(size_t block);
/* All of the block is there afterwards if the system gives a huge page for it.  Nothing
 * changes: others may have taken it meanwhile.  Blocks: M, for milliseconds, in a virtual
 * machine that must ask its host.  Any thread, no lock. */
void huge_touch(size_t block);

/* Blocks that were touched and are free: with the system in the eyes of page.c. */
size_t huge_nready(void);
bool huge_is_ready(size_t block);
void huge_ready_put(size_t block); /* needs: fewer than HUGE_AHEAD are */
size_t huge_ready_last(void);      /* the highest; needs: one is */
/* Pages [at, at + n), which the system had, are taken: no block of theirs is ready. */
void huge_taken(size_t at, size_t n);

#endif
