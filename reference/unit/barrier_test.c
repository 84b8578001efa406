/* SPDX-License-Identifier: BSD-3-Clause */
/* barrier_test.c - each way to take a pointer away, at the moment when it matters.
 *
 * On one processor a cycle is begun by hand; the worker has not run yet when the only
 * pointer to an object is taken to the stack, which has been scanned, and its place is
 * overwritten.  Only the barrier can save the object. */
#include "rt.h"

#include "gc/end.h"

struct box {
    struct box *next;
    uint64_t key, check;
};
static const gr_type box_type = GR_TYPE(struct box, GR_AT(struct box, next));

static struct box *top;
GR_ROOT(top);
static struct box *memory[4]; /* registered */
static struct box empty;
static gr_handle *handle;
static gr_weak *weak;
GR_ROOT(weak);

static struct box *box_new(uint64_t key)
{
    struct box *b = gr_new(&box_type);
    b->key = key;
    b->check = ~key;
    return b;
}

/* The address of the new object is in its place alone. */
static NOINLINE void hold(struct box **place)
{
    gr_store(place, box_new(42));
    gr_stack_scrub();
}

static void begin(void)
{
    gr_stack_scrub();
    cycle_begin(cycle_begun() + 1, GC_BY_CALL);
    CHECK(load_relaxed(&gc_is_marking));
}

/* The cycle ends; if b was not marked, others get its place. */
static NOINLINE void end_and_check(struct box *b)
{
    cycle_wait(cycle_begun(), GC_BY_CALL);
    heap_sweep_all();
    for (int i = 0; i < 20000; i++)
        box_new(7);
    CHECK_EQ(b->key, 42);
    CHECK_EQ(b->check, ~(uint64_t)42);
}

/* ---- memory ---- */

static void by_store(struct box **place)
{
    gr_store(place, NULL);
}
static void by_pointer_store(struct box **place)
{
    gr_pointer_store(place, NULL);
}
static void by_swap(struct box **place)
{
    gr_pointer_swap(place, NULL);
}
static void by_cas(struct box **place)
{
    CHECK(gr_pointer_cas(place, *place, NULL));
}
static void by_copy(struct box **place)
{
    struct box *holder = CONTAINER_OF(place, struct box, next);
    gr_copy(&box_type, holder, &empty, 1);
}
static void by_copy_of_words(struct box **place)
{
    static struct box *nothing;
    gr_copy(&gr_type_pointer, place, &nothing, 1);
}
static void by_clear(struct box **place)
{
    gr_clear(&box_type, CONTAINER_OF(place, struct box, next), 1);
}

static void (*take)(struct box **place);

static void taken(void *unused)
{
    (void)unused;
    gr_store(&top, box_new(1));
    for (int i = 0; i < 20; i++) {
        hold(&top->next);
        begin();
        struct box *b = top->next;
        take(&top->next);
        CHECK(top->next == NULL);
        end_and_check(b);
    }
}

/* ---- roots ---- */

static void root_removed(void *unused)
{
    (void)unused;
    gr_root_add(memory, sizeof memory);
    hold(&memory[3]);
    begin();
    struct box *b = memory[3];
    gr_root_remove(memory);
    memory[3] = NULL;
    end_and_check(b);
}

static NOINLINE void hold_by_handle(void)
{
    handle = gr_handle_new(box_new(42));
    gr_stack_scrub();
}

static void handle_freed(void *unused)
{
    (void)unused;
    hold_by_handle();
    begin();
    struct box *b = gr_handle_get(handle);
    gr_handle_free(handle);
    end_and_check(b);
}

static NOINLINE void hold_weakly(void)
{
    gr_store(&weak, gr_weak_new(box_new(42)));
    gr_stack_scrub();
}

static void weak_read(void *unused)
{
    (void)unused;
    hold_weakly();
    begin();
    struct box *b = gr_weak_get(weak);
    CHECK(b != NULL);
    end_and_check(b);
    CHECK(gr_weak_get(weak) == b);
}

static void nothing_more(void *object, void *arg)
{
    (void)object, (void)arg;
}

static NOINLINE void hold_by_finalizer(void)
{
    gr_finalizer(top, nothing_more, box_new(42));
    gr_stack_scrub();
}

static struct box *arg_of_finalizer(void)
{
    struct heap_ref r;
    CHECK(heap_find(top, &r) && r.meta->specials != NULL);
    return CONTAINER_OF(r.meta->specials, struct end, s)->arg;
}

static void finalizer_cleared(void *unused)
{
    (void)unused;
    gr_store(&top, box_new(1));
    hold_by_finalizer();
    begin();
    struct box *b = arg_of_finalizer();
    gr_finalizer(top, NULL, NULL);
    end_and_check(b);
}

#define TAKES(name)                                                                        \
    static void takes_##name(void)                                                         \
    {                                                                                      \
        take = name;                                                                       \
        run_free(1, taken, NULL);                                                          \
    }
TAKES(by_store)
TAKES(by_pointer_store)
TAKES(by_swap)
TAKES(by_cas)
TAKES(by_copy)
TAKES(by_copy_of_words)
TAKES(by_clear)

#define ALONE(fn)                                                                          \
    static void fn##_p1(void)                                                              \
    {                                                                                      \
        run_free(1, fn, NULL);                                                             \
    }
ALONE(root_removed)
ALONE(handle_freed)
ALONE(weak_read)
ALONE(finalizer_cleared)

static const struct unit_case cases[] = {
    UNIT(takes_by_store), UNIT(takes_by_pointer_store), UNIT(takes_by_swap),
    UNIT(takes_by_cas),   UNIT(takes_by_copy),          UNIT(takes_by_copy_of_words),
    UNIT(takes_by_clear), UNIT(root_removed_p1),        UNIT(handle_freed_p1),
    UNIT(weak_read_p1),   UNIT(finalizer_cleared_p1),
};
UNIT_MAIN(cases)
