/* SPDX-License-Identifier: BSD-3-Clause */
/* heapcheck_test.c - the equations of the heap: each kind of damage is planted, and
 * named. */
#include "heaprt.h"

static struct heap_meta *meta_of(const void *p)
{
    struct heap_ref r;
    CHECK(heap_find(p, &r));
    return r.meta;
}

static struct heap_meta *small, *large;

static void bad_tag(void)
{
    store_relaxed(&heap_tags[heap_page_no(large) + 1], 0);
}

static void bad_pages(void)
{
    small->npages = 2;
}

static void bad_slots(void)
{
    small->nslots--;
}

static void bad_rest(void)
{
    store_relaxed(&small->alloc[small->nslots / 64], ~(uint64_t)0);
}

static void bad_scan(void)
{
    store_relaxed(&small->scans[0], 1);
}

static void bad_mark(void)
{
    store_relaxed(&small->marks[0], (uint64_t)1 << 40);
}

static void bad_count(void)
{
    small->nalloc++;
}

static void bad_order(void)
{
    static struct special b = {NULL, 16, 0}, a = {&b, 0, 0};
    while (!heap_bit(small->alloc, (uint32_t)(a.offset / 48)))
        a.offset += 48;
    small->specials = &a;
}

static void bad_special(void)
{
    static struct special a = {NULL, 48 * 40, 0};
    small->specials = &a;
}

static void bad_place(void)
{
    small->place = SPAN_SWEEPING;
}

static void bad_list(void)
{
    small->place = SPAN_CACHED;
}

static void bad_class(void)
{
    small->is_noscan = true;
    store_relaxed(&heap_tags[heap_page_no(small)],
                  load_relaxed(&heap_tags[heap_page_no(small)]) | TAG_NOSCAN);
}

static void bad_lost(void)
{
    small->next = 0;
    large->next = 0;
}

static void bad_live(void)
{
    store_relaxed(&heap_state.live, heap_live() - 8);
}

static void bad_gen(void)
{
    store_relaxed(&small->sweep_gen, 0);
}

static void bad_used(void)
{
    page_give(heap_page_no(small), 1);
}

static void damaged_main(void *plant)
{
    void *keep[3];
    for (int i = 0; i < 200; i++) {
        keep[0] = gr_new_array(&gr_type_pointer, 6);
        keep[1] = gr_new_bytes(100000);
        keep[2] = gr_new_bytes(100000);
    }
    small = meta_of(keep[0]);
    large = meta_of(keep[1]);
    collect(keep, 3);
    heap_sweep_all();
    sched_stop_world("test");
    heap_check();
    (*(void (**)(void))plant)();
    heap_check();
}

#define CASE_OF(plant_)                                                                    \
    static void plant_##_is_named(void)                                                    \
    {                                                                                      \
        void (*plant)(void) = plant_;                                                      \
        run_free(1, damaged_main, &plant);                                                 \
    }
CASE_OF(bad_tag)
CASE_OF(bad_pages)
CASE_OF(bad_slots)
CASE_OF(bad_rest)
CASE_OF(bad_scan)
CASE_OF(bad_mark)
CASE_OF(bad_count)
CASE_OF(bad_order)
CASE_OF(bad_special)
CASE_OF(bad_place)
CASE_OF(bad_list)
CASE_OF(bad_class)
CASE_OF(bad_lost)
CASE_OF(bad_live)
CASE_OF(bad_gen)
CASE_OF(bad_used)

#define OURS "fatal error: runtime: heap: "
static const struct unit_case cases[] = {
    UNIT_EXITS(bad_tag_is_named, 2, OURS "a page's tag does not name its span\n"),
    UNIT_EXITS(bad_pages_is_named, 2, OURS "a page's tag does not name its span\n"),
    UNIT_EXITS(bad_slots_is_named, 2, OURS "a span has slots of another class\n"),
    UNIT_EXITS(bad_rest_is_named, 2, OURS "a bit behind the last slot\n"),
    UNIT_EXITS(bad_scan_is_named, 2, OURS "an object is scanned and not marked\n"),
    UNIT_EXITS(bad_mark_is_named, 2, OURS "a free slot is marked\n"),
    UNIT_EXITS(bad_count_is_named, 2, OURS "a span's counter is not what its bits say\n"),
    UNIT_EXITS(bad_order_is_named, 2, OURS "a span's specials are not in order\n"),
    UNIT_EXITS(bad_special_is_named, 2, OURS "a special without an object\n"),
    UNIT_EXITS(bad_place_is_named, 2, OURS "a span at no place\n"),
    UNIT_EXITS(bad_list_is_named, 2, OURS "a span in a list says that it is elsewhere\n"),
    UNIT_EXITS(bad_class_is_named, 2, OURS "a span is in the list of another class\n"),
    UNIT_EXITS(bad_lost_is_named, 2, OURS "a span is in no list, or in two\n"),
    UNIT_EXITS(bad_live_is_named, 2, OURS "bytes of objects are counted wrong\n"),
    UNIT_EXITS(bad_gen_is_named, 2,
               OURS "a span is in the wrong one of the swept and the unswept lists\n"),
    UNIT_EXITS(bad_used_is_named, 2, OURS "a page of a span is free\n"),
};
UNIT_MAIN(cases)
