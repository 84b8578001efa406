/* SPDX-License-Identifier: BSD-3-Clause */
/* heapop.c - objects of the heap, finalizers, cleanups, weak pointers, collections.
 *
 * Owns: the layout of an object, its marks, and the records by which a runtime calls blocks
 * with an argument.  Not here: collected memory itself (the table), channels of pointers
 * (chanop.c).
 *
 * Idea.  An object of N fields is N slots in a row, each a pointer and the mark of its
 * place, so that a pointer to any field leads to the whole, and damage shows in the marks.
 * Registers lie on the goroutine's stack, where a collector looks: a register holds its
 * object until it is dropped.  Nothing else here may keep a pointer longer than its
 * operation, therefore every function that has one on its stack is no part of the
 * interpreter's frame, and what calls have left below is overwritten before a collection.
 * So it is before a block or a finalizer begins: frames have words that nobody writes, and
 * the stack may have been another goroutine's, with an object at the same address.
 *
 *   I1  An entry with an argument is collected memory: who keeps the entry keeps the
 *       argument.  It is taken out when the block begins, but for timers, which may run
 *       again.
 *   I2  Finalizers and cleanups that come after main has returned do nothing: the
 *       generation of the execution is not theirs (exec.h I4).
 */
#include "act.h"

#include <string.h>

enum {
    INDEX_BITS = 20,
    INDEX_MASK = (1 << INDEX_BITS) - 1,
    LOOKS = 300,
    NAPS = 20,
    WIPE = 4096
};

struct slot_mark {
    void *p;
    uint64_t mark;
};

__attribute__((noinline)) void wipe_stack(void)
{
    unsigned char below[WIPE];
    memset(below, 0, sizeof below);
    __asm__ volatile("" ::"r"(below) : "memory");
}

/* What was on this stack before is gone.  Done by the runtime, where it can: who is stopped
 * while it wipes has the rest in its frame. */
static void renew_stack(void)
{
    if (gl_ops.stack_scrub != NULL)
        gl_ops.stack_scrub();
    else
        wipe_stack();
}

void enter_block(void *entry)
{
    const struct entry *e = entry;
    if (e->x->plan->uses_heap)
        renew_stack();
    gl_ops.block(entry);
}

static uint64_t mark_of(uint64_t index, uint64_t fields)
{
    uint64_t at = index | fields << INDEX_BITS;
    uint64_t hash = (at + 1) * 0x9E3779B97F4A7C15u; /* never 0: memory that was cleared */
    return at | hash >> (2 * INDEX_BITS) << (2 * INDEX_BITS);
}

static void damaged(void)
{
    gl_ops.panic(GL_DAMAGED);
}

/* Index and number of fields by the mark of a slot. */
static uint64_t whole(const struct slot_mark *s, uint64_t *fields)
{
    uint64_t index = s->mark & INDEX_MASK;
    *fields = s->mark >> INDEX_BITS & INDEX_MASK;
    if (s->mark != mark_of(index, *fields))
        damaged();
    return index;
}

static __attribute__((noinline)) void *new_object(int64_t fields)
{
    struct slot_mark *s = gl_ops.slots_new(fields);
    int64_t n = fields > 0 ? fields : 1;
    if ((uintptr_t)s % (2 * sizeof(void *)) != 0)
        damaged();
    for (int64_t i = 0; i < n; i++) {
        if (s[i].p != NULL || s[i].mark != 0)
            damaged();
        s[i].mark = mark_of((uint64_t)i, (uint64_t)fields);
    }
    return s;
}

/* All marks of the object that s leads to. */
static __attribute__((noinline)) void check_object(const struct slot_mark *s)
{
    uint64_t fields, index;
    if (s == NULL)
        return;
    index = whole(s, &fields);
    for (uint64_t i = 0; i < fields; i++)
        if (s[(int64_t)i - (int64_t)index].mark != mark_of(i, fields))
            damaged();
}

/* p[i], or the run-time error for it. */
static struct slot_mark *field(struct slot_mark *s, int64_t i)
{
    uint64_t fields, index;
    if (s == NULL)
        gl_ops.fault(GL_NIL_DEREF);
    index = whole(s, &fields);
    if (index + (uint64_t)i >= fields)
        gl_ops.fault(GL_INDEX);
    return s + i;
}

static void *pointer(const struct act *a, const struct ref *r)
{
    return (void *)(intptr_t)get(a, r);
}

static void put_pointer(struct act *a, const struct ref *r, const void *p)
{
    put(a, r, (int64_t)(intptr_t)p);
}

/* ---- blocks that get an argument ---- */

static __attribute__((noinline)) struct entry *new_entry(const struct act *a, int blk,
                                                         void *arg, enum entry_kind kind)
{
    struct entry *e = gl_ops.slots_new((int64_t)(sizeof *e / sizeof(struct slot_mark)));
    e->x = a->x;
    e->call = entry_call(blk, kind, atomic_load_explicit(&a->x->generation, RELAXED));
    if (arg != NULL)
        gl_ops.field_set(&e->arg, arg);
    return e;
}

int64_t entry_take(struct entry *e)
{
    void *arg = e->arg;
    if (arg != NULL && entry_kind(e) != ENTRY_TIMER)
        gl_ops.field_set(&e->arg, NULL);
    return (int64_t)(intptr_t)arg;
}

/* A finalizer or cleanup begins: false when its execution's main has returned. */
static bool begin_end(const struct entry *e)
{
    struct exec *x = e->x;
    /* Pairs with exec_over: one of the two sees the other. */
    atomic_fetch_add(&x->alive, 1);
    if ((uint32_t)atomic_load(&x->generation) == entry_generation(e))
        return true;
    atomic_fetch_sub_explicit(&x->alive, 1, memory_order_release);
    return false;
}

static void run_finalizer(void *object, void *arg)
{
    const struct entry *e = arg;
    struct act a = {.x = e->x};
    renew_stack();
    if (begin_end(e))
        enter_block(new_entry(&a, entry_block(e), object, ENTRY_GOROUTINE));
}

static void run_cleanup(void *arg)
{
    struct entry *e = arg;
    if (begin_end(e))
        enter_block(e);
}

static __attribute__((noinline)) void op_entry(struct act *a, const struct instr *in)
{
    switch (in->op) {
    case OP_SPAWN1:
        atomic_fetch_add_explicit(&a->x->alive, 1, RELAXED);
        gl_ops.go(enter_block, new_entry(a, in->blk, pointer(a, &in->a), ENTRY_GOROUTINE));
        break;
    case OP_CALL1:
        enter_block(new_entry(a, in->blk, pointer(a, &in->a), ENTRY_CALL));
        break;
    default: /* OP_DEFER1 */
        gl_ops.defer(a->frame, gl_ops.block,
                     new_entry(a, in->blk, pointer(a, &in->a), ENTRY_CALL));
        break;
    }
}

void *entry_of_timer(struct act *a, const struct instr *in)
{
    return new_entry(a, in->blk, pointer(a, &in->b), ENTRY_TIMER);
}

static __attribute__((noinline)) void op_finalizer(struct act *a, const struct instr *in)
{
    if (in->blk < 0)
        gl_ops.finalizer(pointer(a, &in->a), NULL, NULL);
    else
        gl_ops.finalizer(pointer(a, &in->a), run_finalizer,
                         new_entry(a, in->blk, NULL, ENTRY_GOROUTINE));
}

static __attribute__((noinline)) void op_cleanup(struct act *a, const struct instr *in)
{
    void *arg = in->op == OP_CLEANUP1 ? pointer(a, &in->b) : NULL;
    struct owned *o = exec_own(a->x, OWN_CELL, NULL);
    struct entry *e = new_entry(a, in->blk, arg, ENTRY_GOROUTINE);
    gl_ops.cleanup_add(pointer(a, &in->a), run_cleanup, e, o->handle);
    put_pointer(a, &in->d, o);
}

static void op_stop_cleanup(struct act *a, const struct instr *in)
{
    const struct owned *o = pointer(a, &in->a);
    if (o != NULL)
        gl_ops.cleanup_stop(o->handle);
}

/* ---- fields and weak pointers ---- */

static __attribute__((noinline)) void op_object(struct act *a, const struct instr *in)
{
    switch (in->op) {
    case OP_NEW:
        put_pointer(a, &in->d, new_object(get(a, &in->a)));
        break;
    case OP_HSET:
        gl_ops.field_set(&field(pointer(a, &in->a), in->imm)->p, pointer(a, &in->b));
        break;
    case OP_HGET:
        put_pointer(a, &in->d, field(pointer(a, &in->a), in->imm)->p);
        break;
    case OP_HADDR:
        put_pointer(a, &in->d, field(pointer(a, &in->a), in->imm));
        break;
    case OP_DROP:
        put(a, &in->a, 0);
        break;
    case OP_KEEP:
        check_object(pointer(a, &in->a));
        break;
    case OP_WEAK:
        put_pointer(a, &in->d, gl_ops.weak_new(pointer(a, &in->a)));
        break;
    default: /* OP_WGET */
        put_pointer(a, &in->d, gl_ops.weak_get(pointer(a, &in->a)));
        break;
    }
}

/* ---- variables ---- */

__attribute__((noinline)) void op_pointer(struct act *a, const struct instr *in)
{
    void **at = &a->x->held[in->obj];
    switch (in->op) {
    case OP_READ:
        point();
        (void)*(volatile int64_t *)&a->x->slots[in->obj].plain; /* for race detectors */
        put_pointer(a, &in->d, __atomic_load_n(at, __ATOMIC_RELAXED));
        break;
    case OP_WRITE:
        point();
        *(volatile int64_t *)&a->x->slots[in->obj].plain = 1;
        gl_ops.field_set(at, pointer(a, &in->a));
        break;
    case OP_LOAD:
        put_pointer(a, &in->d, gl_ops.pointer_load(at));
        break;
    case OP_STORE:
        gl_ops.pointer_store(at, pointer(a, &in->a));
        break;
    case OP_CAS:
        put(a, &in->d, gl_ops.pointer_cas(at, pointer(a, &in->a), pointer(a, &in->b)));
        break;
    default: /* OP_SWAP */
        put_pointer(a, &in->d, gl_ops.pointer_swap(at, pointer(a, &in->a)));
        break;
    }
}

/* ---- collections ---- */

int64_t heap_objects(void)
{
    gl_ops.stack_scrub();
    gl_ops.gc();
    return gl_ops.heap_objects();
}

/* Gives what is due time to run: gives way often, then sleeps a little. */
static void await_change(const struct act *a, void *atomic, int64_t v)
{
    bool sleeps = a->x->may_sleep && gl_ops.sleep_ns != NULL;
    for (int i = 0; i < LOOKS && gl_ops.load(atomic) == v; i++) {
        gl_ops.yield();
        if (sleeps && i >= LOOKS - NAPS)
            gl_ops.sleep_ns(1000000);
    }
}

static __attribute__((noinline)) void op_gc(struct act *a, const struct instr *in)
{
    void *x = in->op == OP_GCUNTIL ? object(a, in->obj) : NULL;
    int64_t v = get(a, &in->a), most = get(a, &in->b);
    gl_ops.stack_scrub();
    if (in->op == OP_GC) {
        gl_ops.gc();
    } else if (in->op == OP_HEAP) {
        put(a, &in->d, heap_objects() - a->x->heap_base <= v);
    } else {
        for (int64_t i = 0; i < most && gl_ops.load(x) == v; i++) {
            gl_ops.gc();
            await_change(a, x, v);
            gl_ops.stack_scrub();
        }
        put(a, &in->d, gl_ops.load(x));
    }
}

void op_heap(struct act *a, const struct instr *in)
{
    switch (in->op) {
    case OP_SPAWN1:
    case OP_CALL1:
    case OP_DEFER1:
        op_entry(a, in);
        break;
    case OP_FINALIZER:
        op_finalizer(a, in);
        break;
    case OP_CLEANUP:
    case OP_CLEANUP1:
        op_cleanup(a, in);
        break;
    case OP_CSTOP:
        op_stop_cleanup(a, in);
        break;
    case OP_GC:
    case OP_GCUNTIL:
    case OP_HEAP:
        op_gc(a, in);
        break;
    default:
        op_object(a, in);
        break;
    }
    wipe_stack();
}
