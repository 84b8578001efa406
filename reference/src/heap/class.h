/* SPDX-License-Identifier: BSD-3-Clause */
/* class.h - which class serves a size.  The table itself: class.def, by ci/make_classes.py.
 */
#ifndef HEAP_CLASS_H
#define HEAP_CLASS_H

#include "heap/heap.h"

/* The class of sizes (i - 1) * 16 + 1 .. i * 16; filled at boot, const after that. */
extern uint8_t heap_class_by_granule[HEAP_SMALL_BYTES / 16 + 1];

/* The smallest class whose slots hold so many bytes.  Needs: 1 .. HEAP_SMALL_BYTES. */
static ALWAYS_INLINE uint32_t class_of(size_t bytes)
{
    return heap_class_by_granule[(bytes + 15) / 16];
}

/* All about a class and whether it has pointers: one number, for tables. */
#define CLASS_KINDS (HEAP_CLASSES * 2)
static ALWAYS_INLINE uint32_t class_kind(uint32_t class, bool is_noscan)
{
    return class * 2 + is_noscan;
}

void class_boot(void);

#endif
