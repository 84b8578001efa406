/* SPDX-License-Identifier: BSD-3-Clause */
/* class.c - size classes: the table as made by ci/make_classes.py, and the lookup by size.
 *
 * Idea: one byte for each 16 bytes of size.  That is 2 KB, of which a program uses a line
 * or two; a search or a second table for large sizes would cost a branch.
 */
#include "heap/class.h"

/* Rounded up: then offset * magic >> 32 == offset / bytes for all offsets inside a span (a
 * unit test tries all of them). */
#define MAGIC(bytes_) (uint32_t)((((uint64_t)1 << 32) + (bytes_)-1) / (bytes_))

const struct heap_class heap_classes[] = {
    {0, 0, 1, 0},
#define CLASS_DEF(bytes_, npages_, nslots_) {bytes_, npages_, nslots_, MAGIC(bytes_)},
#include "heap/class.def"
};

uint8_t heap_class_by_granule[HEAP_SMALL_BYTES / 16 + 1];

void class_boot(void)
{
    uint32_t n = 1, late = MUTANT(alloc_class_off_by_one) ? 16 : 0;
    for (uint32_t i = 0; i < ARRAY_LEN(heap_class_by_granule); i++) {
        n += i * 16 > heap_classes[n].bytes + late;
        heap_class_by_granule[i] = (uint8_t)n;
    }
    if (MUTANT(alloc_classes_swapped))
        heap_class_by_granule[8192 / 16]++;
}
