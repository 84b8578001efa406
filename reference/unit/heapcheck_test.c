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

#define DAMAGES(X)                                                                         \
    X(bad_tag, "a page's tag does not name its span")                                      \
    X(bad_pages, "a page's tag does not name its span")                                    \
    X(bad_slots, "a span has slots of another class")                                      \
    X(bad_rest, "a bit behind the last slot")                                              \
    X(bad_scan, "an object is scanned and not marked")                                     \
    X(bad_mark, "a free slot is marked")                                                   \
    X(bad_count, "a span's counter is not what its bits say")                              \
    X(bad_order, "a span's specials are not in order")                                     \
    X(bad_special, "a special without an object")                                          \
    X(bad_place, "a span at no place")                                                     \
    X(bad_list, "a span in a list says that it is elsewhere")                              \
    X(bad_class, "a span is in the list of another class")                                 \
    X(bad_lost, "a span is in no list, or in two")                                         \
    X(bad_live, "bytes of objects are counted wrong")                                      \
    X(bad_gen, "a span is in the wrong one of the swept and the unswept lists")            \
    X(bad_used, "a page of a span is free")

#define CASE_OF(plant_, text_)                                                             \
    static void plant_##_is_named(void)                                                    \
    {                                                                                      \
        void (*plant)(void) = plant_;                                                      \
        run_free(1, damaged_main, &plant);                                                 \
    }
DAMAGES(CASE_OF)

#define ROW_OF(plant_, text_)                                                              \
    UNIT_EXITS(plant_##_is_named, 2, "fatal error: runtime: heap: " text_ "\n"),
static const struct unit_case cases[] = {DAMAGES(ROW_OF)};
UNIT_MAIN(cases)
