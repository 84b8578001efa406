/* SPDX-License-Identifier: BSD-3-Clause */
/* program.h - memory of a program: one arena that is freed as a whole.
 *
 * Owns: the arena and the growing of arrays in it.  Not here: what is stored (plan.h).
 *
 * Everything that the parser makes lives exactly as long as the program, so there is no
 * reason to free parts of it.  An array grows by doubling at powers of two, which needs no
 * capacity field: the count alone says when the next copy is due.  What is left behind is
 * at most as large as what is in use, so memory stays within a small multiple of the input.
 *
 *   I1  Memory from the arena is zeroed and aligned for any type.
 *   I2  An array handed to arena_more was made by arena_more, with the same element size.
 */
#ifndef LIT_PROGRAM_H
#define LIT_PROGRAM_H

#include "plan.h"

struct arena;

/* An empty arena, or NULL.  Ownership: the caller's, until arena_free. */
struct arena *arena_new(void);
void arena_free(struct arena *a);

/* size zeroed bytes (I1), or NULL for lack of memory. */
void *arena_take(struct arena *a, size_t size);

/* An array that has room for element n, with the first n elements of old (I2); NULL for
 * lack of memory. */
void *arena_more(struct arena *a, void *old, int n, size_t size);

/* A terminated copy of len bytes, or NULL. */
char *arena_text(struct arena *a, const char *text, size_t len);

#endif
