/* SPDX-License-Identifier: BSD-3-Clause */
/* interp.c - what the instructions of a plan do, by way of the runtime's table.
 *
 * Owns: activations and flow.  Not here: the longer operations (chanop.c, timeop.c),
 * checking (check.c).
 *
 * Idea: the table's block function opens a frame of the host and calls gl_block, which
 * interprets until the block returns.  Calls, deferred calls and goroutines all go
 * through the table's block function, so that a panic unwinds, and recover looks at, the
 * host's own frames.
 *
 *   I1  A goroutine's first activation defers goroutine_done before anything else, so
 *       that it runs last, however the goroutine ends; after it the execution is not
 *       touched.
 */
#include "act.h"

/* ---- locks: mutex or rwmutex by the object ---- */

static bool is_rw(const struct act *a, int obj)
{
    return a->x->plan->objects[obj].kind == GL_RWMUTEX;
}

static void do_lock(struct act *a, const struct instr *in)
{
    (is_rw(a, in->obj) ? gl_ops.rw_lock : gl_ops.mutex_lock)(object(a, in->obj));
}

static void do_unlock(struct act *a, const struct instr *in)
{
    (is_rw(a, in->obj) ? gl_ops.rw_unlock : gl_ops.mutex_unlock)(object(a, in->obj));
}

static bool do_trylock(struct act *a, const struct instr *in)
{
    return (is_rw(a, in->obj) ? gl_ops.rw_trylock
                              : gl_ops.mutex_trylock)(object(a, in->obj));
}

static void do_spawn(struct act *a, const struct instr *in)
{
    if (in->blk < 0) {
        gl_ops.go(NULL, NULL);
        return;
    }
    atomic_fetch_add_explicit(&a->x->alive, 1, RELAXED);
    gl_ops.go(enter_block, &a->x->entries[1][in->blk]);
}

static void do_spin(int64_t rounds)
{
    point();
    for (int64_t i = 0; i < rounds; i++)
        __asm__ volatile("" ::: "memory");
}

static int64_t calculate(const struct act *a, const struct instr *in)
{
    uint64_t l = (uint64_t)get(a, &in->a), r = (uint64_t)get(a, &in->b);
    return (int64_t)(in->cmp == CALC_ADD ? l + r : in->cmp == CALC_SUB ? l - r : l * r);
}

static void operate_atomic(struct act *a, const struct instr *in)
{
    enum gl_kind kind = a->x->plan->objects[in->obj].kind;
    if (kind == GL_PTR || kind == GL_APTR) {
        op_pointer(a, in);
        return;
    }
    void *o = object(a, in->obj);
    int64_t v = get(a, &in->a);
    switch (in->op) {
    case OP_LOAD:
        put(a, &in->d, gl_ops.load(o));
        break;
    case OP_STORE:
        gl_ops.store(o, v);
        break;
    case OP_ADD:
        put(a, &in->d, gl_ops.add(o, v));
        break;
    case OP_CAS:
        put(a, &in->d, gl_ops.cas(o, v, get(a, &in->b)));
        break;
    case OP_SWAP:
        put(a, &in->d, gl_ops.swap(o, v));
        break;
    case OP_READ:
        point();
        put(a, &in->d, a->x->slots[in->obj].plain);
        break;
    default: /* OP_WRITE */
        point();
        a->x->slots[in->obj].plain = v;
        break;
    }
}

/* Every instruction but flow.  May leave by a panic. */
static void operate(struct act *a, const struct instr *in)
{
    void *o = in->obj >= 0 ? object(a, in->obj) : NULL;
    switch (in->op) {
    case OP_SPAWN:
        do_spawn(a, in);
        break;
    case OP_CALL:
        enter_block(&a->x->entries[0][in->blk]);
        break;
    case OP_DEFER:
        gl_ops.defer(a->frame, in->blk < 0 ? NULL : gl_ops.block,
                     in->blk < 0 ? NULL : &a->x->entries[0][in->blk]);
        break;
    case OP_DEFERREC:
        gl_ops.defer_recover(a->frame);
        break;
    case OP_GOEXIT:
        gl_ops.goexit();
        break;
    case OP_EXIT:
        gl_ops.exit((int)get(a, &in->a));
        break;
    case OP_SET:
        put(a, &in->d, get(a, &in->a));
        break;
    case OP_CALC:
        put(a, &in->d, calculate(a, in));
        break;
    case OP_SEND:
        op_send(a, in);
        break;
    case OP_RECV0:
        gl_ops.chan_recv(channel(a, in->obj), NULL);
        break;
    case OP_RECV1:
        op_recv(a, in);
        break;
    case OP_RECV2:
        put(a, &in->e, op_recv(a, in));
        break;
    case OP_CLOSE:
        gl_ops.chan_close(o);
        break;
    case OP_LEN:
        put(a, &in->d, gl_ops.chan_len(channel(a, in->obj)));
        break;
    case OP_CAP:
        put(a, &in->d, gl_ops.chan_cap(channel(a, in->obj)));
        break;
    case OP_MAKE:
        op_make(a, in);
        break;
    case OP_SELECT:
        op_select(a, in);
        break;
    case OP_LOCK:
        do_lock(a, in);
        break;
    case OP_UNLOCK:
        do_unlock(a, in);
        break;
    case OP_TRYLOCK:
        put(a, &in->d, do_trylock(a, in));
        break;
    case OP_RLOCK:
        gl_ops.rw_rlock(o);
        break;
    case OP_RUNLOCK:
        gl_ops.rw_runlock(o);
        break;
    case OP_TRYRLOCK:
        put(a, &in->d, gl_ops.rw_tryrlock(o));
        break;
    case OP_CWAIT:
        gl_ops.cond_wait(o);
        break;
    case OP_SIGNAL:
        gl_ops.cond_signal(o);
        break;
    case OP_BROADCAST:
        gl_ops.cond_broadcast(o);
        break;
    case OP_WGADD:
        gl_ops.wg_add(o, get(a, &in->a));
        break;
    case OP_WGDONE:
        gl_ops.wg_done(o);
        break;
    case OP_WGWAIT:
        gl_ops.wg_wait(o);
        break;
    case OP_DO:
        gl_ops.once_do(o, gl_ops.block, &a->x->entries[0][in->blk]);
        break;
    case OP_PANIC:
        gl_ops.panic(get(a, &in->a));
        break;
    case OP_RECOVER:
        put(a, &in->d, gl_ops.recover(a->frame));
        break;
    case OP_FAULT:
        gl_ops.fault(in->fault);
        break;
    case OP_YIELD:
        gl_ops.yield();
        break;
    case OP_SPIN:
        do_spin(get(a, &in->a));
        break;
    case OP_SLEEP:
        gl_ops.sleep_ns(units(a, get(a, &in->a)));
        break;
    case OP_NOW:
        put(a, &in->d, (gl_ops.now_ns() - a->x->start_ns) / a->x->unit_ns);
        break;
    case OP_START:
    case OP_AFTER:
        op_start(a, in);
        break;
    case OP_AFTERFUNC:
    case OP_AFTERFUNC1:
        op_afterfunc(a, in);
        break;
    case OP_STOP:
        op_stop(a, in);
        break;
    case OP_RESET:
        op_reset(a, in);
        break;
    case OP_NOTE:
        point();
        exec_note(a->x, get(a, &in->a));
        break;
    case OP_PROCS:
        put(a, &in->d, gl_ops.procs((int)get(a, &in->a)));
        break;
    case OP_GOROUTINES:
        put(a, &in->d, gl_ops.goroutines() - a->x->baseline);
        break;
    default:
        if (in->op >= OP_NEW || in->op == OP_SPAWN1 || in->op == OP_CALL1 ||
            in->op == OP_DEFER1)
            op_heap(a, in);
        else
            operate_atomic(a, in);
        break;
    }
}

static bool compare(const struct act *a, const struct instr *in)
{
    int64_t l = get(a, &in->a), r = get(a, &in->b);
    switch (in->cmp) {
    case CMP_EQ:
        return l == r;
    case CMP_NE:
        return l != r;
    case CMP_LT:
        return l < r;
    case CMP_LE:
        return l <= r;
    case CMP_GT:
        return l > r;
    default:
        return l >= r;
    }
}

struct caught {
    struct act *a;
    const struct instr *in;
};

/* Deferred calls of a caught instruction belong to the catching frame. */
static void operate_caught(void *arg, void *frame)
{
    struct caught *c = arg;
    c->a->frame = frame;
    operate(c->a, c->in);
}

static void operate_catching(struct act *a, const struct instr *in)
{
    struct caught c = {a, in};
    void *frame = a->frame;
    int64_t value = gl_ops.attempt(operate_caught, &c);
    a->frame = frame;
    put(a, &in->caught_to, value);
}

static void interpret(struct act *a)
{
    const struct instr *code = a->b->code;
    for (int pc = 0;;) {
        const struct instr *in = &code[pc++];
        if (in->caught) {
            operate_catching(a, in);
            continue;
        }
        switch (in->op) {
        case OP_RET:
            return;
        case OP_JMP:
            pc = in->target;
            break;
        case OP_UNLESS:
            if (!compare(a, in))
                pc = in->target;
            break;
        case OP_RANGE:
            if (!op_recv(a, in))
                pc = in->target;
            break;
        default:
            operate(a, in);
        }
    }
}

static void goroutine_done(void *arg)
{
    struct exec *x = arg;
    /* Pairs with the acquire in run.c that waits for 0. */
    atomic_fetch_sub_explicit(&x->alive, 1, memory_order_release);
}

void gl_block(void *arg, void *frame)
{
    struct entry *e = arg;
    struct exec *x = e->x;
    bool goroutine = entry_kind(e) != ENTRY_CALL;
    struct act a;
    if (x->plan->uses_heap)
        wipe_stack();
    a.x = x;
    a.b = &x->plan->blocks[entry_block(e)];
    a.frame = frame;
    a.scratch = NULL;
    /* As small as can be: programs recurse, and goroutines' stacks are small. */
    size_t near_bytes = a.b->scratch_bytes <= NEAR_BYTES ? a.b->scratch_bytes : 0;
    a.r = __builtin_alloca((size_t)a.b->nregs * sizeof *a.r + 1);
    a.near = __builtin_alloca(near_bytes + 1);
    for (int i = 0; i < a.b->nregs; i++)
        a.r[i] = 0;
    if (e->arg != NULL)
        a.r[0] = entry_take(e);
    if (goroutine && gl_ops.defer != NULL)
        gl_ops.defer(frame, goroutine_done, x);
    interpret(&a);
    drop_room(&a);
    if (goroutine && gl_ops.defer == NULL)
        goroutine_done(x);
}
