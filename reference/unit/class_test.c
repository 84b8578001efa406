/* SPDX-License-Identifier: BSD-3-Clause */
/* class_test.c - size classes: every size, every offset, the limits of waste. */
#include "unit.h"

#include "heap/class.h"

static void each_size_has_the_smallest_class_that_holds_it(void)
{
    class_boot();
    for (uint32_t bytes = 1; bytes <= HEAP_SMALL_BYTES; bytes++) {
        uint32_t c = class_of(bytes);
        CHECK(c >= 1 && c < HEAP_CLASSES);
        CHECK(heap_classes[c].bytes >= bytes);
        CHECK(c == 1 || heap_classes[c - 1].bytes < bytes);
    }
}

static void waste_of_a_slot_is_bounded(void)
{
    class_boot();
    for (uint32_t bytes = 1; bytes <= HEAP_SMALL_BYTES; bytes++) {
        uint32_t slot = heap_classes[class_of(bytes)].bytes, waste = slot - bytes;
        CHECK(bytes < 128 ? waste < 16 : waste * 8 <= slot);
    }
}

static void spans_fit_their_metas(void)
{
    for (uint32_t i = 1; i < HEAP_CLASSES; i++) {
        const struct heap_class *c = &heap_classes[i];
        uint32_t bytes = c->npages * (uint32_t)HEAP_PAGE_BYTES;
        CHECK(c->bytes % 16 == 0 && c->nslots == bytes / c->bytes);
        CHECK((bytes - c->nslots * c->bytes) * 8 <= bytes);
        if (c->bytes <= HEAP_BITS_BYTES)
            CHECK(c->npages == 1 && c->nslots <= HEAP_SLOTS_MAX);
        else
            CHECK(c->nslots >= 2 && c->nslots <= HEAP_TYPES_MAX);
    }
}

static void offsets_become_slots(void)
{
    for (uint32_t i = 1; i < HEAP_CLASSES; i++) {
        const struct heap_class *c = &heap_classes[i];
        for (uint64_t at = 0; at < c->npages * HEAP_PAGE_BYTES; at++)
            CHECK(at * c->magic >> 32 == at / c->bytes);
    }
}

static bool is_a_class(uint32_t bytes)
{
    return heap_classes[class_of(bytes)].bytes == bytes;
}

static void aligned_sizes_are_classes(void)
{
    class_boot();
    for (uint32_t bytes = 16; bytes <= HEAP_SMALL_BYTES; bytes *= 2)
        CHECK(is_a_class(bytes));
    for (uint32_t bytes = 4096; bytes <= HEAP_SMALL_BYTES; bytes += 4096)
        CHECK(is_a_class(bytes));
}

static const struct unit_case cases[] = {
    UNIT(each_size_has_the_smallest_class_that_holds_it),
    UNIT(waste_of_a_slot_is_bounded),
    UNIT(spans_fit_their_metas),
    UNIT(offsets_become_slots),
    UNIT(aligned_sizes_are_classes),
};
UNIT_MAIN(cases)
