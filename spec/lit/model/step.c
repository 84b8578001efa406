/* SPDX-License-Identifier: BSD-3-Clause */
/* step.c - which step a goroutine can take now, and taking it.
 *
 * Owns: the dispatch over instructions, and the instructions that are flow or arithmetic.
 * Not here: the operations on objects, by noun in step_*.c.
 *
 * A shown register that main does not own alone is stored by a SET or CALC in the one step
 * of the instruction: its operands are the goroutine's own, so that nothing lies between.
 */
#include "model/heap.h"
#include "model/step.h"

static int64_t calc(enum lit_cmp cmp, int64_t a, int64_t b)
{
    uint64_t x = (uint64_t)a, y = (uint64_t)b;
    return (int64_t)(cmp == CALC_ADD ? x + y : cmp == CALC_SUB ? x - y : x * y);
}

static bool compare(enum lit_cmp cmp, int64_t a, int64_t b)
{
    switch (cmp) {
    case CMP_EQ:
        return a == b;
    case CMP_NE:
        return a != b;
    case CMP_LT:
        return a < b;
    case CMP_LE:
        return a <= b;
    case CMP_GT:
        return a > b;
    default:
        return a >= b;
    }
}

static enum fate instr_fate(const struct state *st, int g, const int64_t *e)
{
    switch (st->prog->cls[e[E_BLOCK]][e[E_PC]]) {
    case INSTR_LOCAL:
        return FATE_LOCAL;
    case INSTR_RETURN:
        return control_fate(st, g);
    case INSTR_LOCK: {
        int obj = st->prog->lit->blocks[e[E_BLOCK]].code[e[E_PC]].obj;
        return obj_words(st, obj)[M_LOCKED] ? FATE_OFF : FATE_SHOWN;
    }
    default:
        return FATE_SHOWN;
    }
}

enum fate fate_of(const struct state *st, int g)
{
    if (!g_alive(st, g)) {
        return FATE_OFF;
    }
    if (words(st, g)[G_STAT] >= G_COLLECTS) {
        return heap_fate(st, g);
    }
    if (words(st, g)[G_STAT] != G_RUNS) {
        return lock_fate(st, g);
    }
    const int64_t *e = g_top(st, g);
    switch (e[E_TAG]) {
    case E_RUNS:
        return e[E_BLOCK] < 0 ? control_fate(st, g) : instr_fate(st, g, e);
    case E_PEND:
    case E_CHECK:
        return FATE_SHOWN;
    default:
        return control_fate(st, g);
    }
}

static void step_spawn(struct state *st, int g, const struct lit_instr *in)
{
    if (in->blk < 0) {
        say(st, "go nil");
        state_die(st, STATUS_FATAL, FATAL_GO_NIL);
        return;
    }
    say(st, "go %s", st->prog->lit->blocks[in->blk].name);
    int child = g_new(st, in->blk, in->op == OP_SPAWN1 ? g_value(st, g, &in->a) : 0);
    if (child >= 0) {
        knows(st, child, words(st, g)[G_KNOW]);
    }
    st->note.partner = child;
    g_done(st, g);
}

/* Stores at once: one step for the operands and the result. */
static void step_assign(struct state *st, int g, const struct lit_instr *in, int64_t v)
{
    g_store(st, g, &in->d, v);
    say(st, "sets %lld", (long long)v);
    g_done(st, g);
}

static void step_panic(struct state *st, int g, int64_t code)
{
    say(st, "panic %lld", (long long)code);
    g_fail(st, g, code == CODE_NIL ? CODE_PANIC_NIL : code);
}

static void step_procs(struct state *st, int g, const struct lit_instr *in)
{
    int64_t now = words(st, PART_SHARED)[S_PROCS], want = g_value(st, g, &in->a);
    if (!now && in->d.kind != REF_NONE) {
        state_unmodelled(st, "the number of processors is not known before it is set", "");
    }
    if (want > 0) {
        touch(st, PART_SHARED)[S_PROCS] = want;
    }
    struct result res = {&in->d, now};
    g_finish(st, g, &res, 1, -1);
}

static void step_goroutines(struct state *st, int g, const struct lit_instr *in)
{
    int64_t n = 0;
    for (int k = part_g0(st); k < st->nparts; k++) {
        n += g_alive(st, k);
    }
    struct result res = {&in->d, n};
    say(st, "counts %lld", (long long)n);
    g_finish(st, g, &res, 1, -1);
}

static void step_unless(struct state *st, int g, const struct lit_instr *in)
{
    bool holds = compare(in->cmp, g_value(st, g, &in->a), g_value(st, g, &in->b));
    g_finish(st, g, NULL, 0, holds ? -1 : in->target);
}

/* Flow and arithmetic; false: not one of them. */
static bool step_flow(struct state *st, int g, const struct lit_instr *in)
{
    switch (in->op) {
    case OP_SPAWN:
    case OP_SPAWN1:
        step_spawn(st, g, in);
        return true;
    case OP_CALL:
    case OP_CALL1:
        step_call(st, g);
        return true;
    case OP_DEFER:
    case OP_DEFER1:
    case OP_DEFERREC:
        step_defer(st, g);
        return true;
    case OP_RET:
        g_return(st, g);
        control_step(st, g);
        return true;
    case OP_GOEXIT:
        g_quit(st, g);
        return true;
    case OP_EXIT:
        say(st, "exit");
        state_die(st, STATUS_EXIT, g_value(st, g, &in->a));
        return true;
    case OP_SET:
        step_assign(st, g, in, g_value(st, g, &in->a));
        return true;
    case OP_CALC:
        step_assign(st, g, in,
                    calc(in->cmp, g_value(st, g, &in->a), g_value(st, g, &in->b)));
        return true;
    case OP_JMP:
        g_finish(st, g, NULL, 0, in->target);
        return true;
    case OP_UNLESS:
        step_unless(st, g, in);
        return true;
    case OP_PANIC:
        step_panic(st, g, g_value(st, g, &in->a));
        return true;
    case OP_FAULT:
        step_panic(st, g, in->fault);
        return true;
    case OP_RECOVER:
        step_recover(st, g);
        return true;
    case OP_YIELD:
    case OP_SPIN:
        g_done(st, g);
        return true;
    default:
        return false;
    }
}

static void step_note(struct state *st, int g, const struct lit_instr *in)
{
    int64_t v = g_value(st, g, &in->a);
    say(st, "note %lld", (long long)v);
    part_push(st, PART_SHARED, v);
    g_done(st, g);
}

static void step_object(struct state *st, int g, const struct lit_instr *in)
{
    switch (in->op) {
    case OP_SEND:
        step_send(st, g);
        break;
    case OP_RECV0:
    case OP_RECV1:
    case OP_RECV2:
    case OP_RANGE:
        step_receive(st, g);
        break;
    case OP_CLOSE:
        step_close(st, g);
        break;
    case OP_LEN:
    case OP_CAP:
        step_len(st, g);
        break;
    case OP_MAKE:
        step_make(st, g);
        break;
    case OP_SELECT:
        step_select(st, g);
        break;
    case OP_DO:
        step_do(st, g);
        break;
    case OP_NOTE:
        step_note(st, g, in);
        break;
    case OP_PROCS:
        step_procs(st, g, in);
        break;
    case OP_GOROUTINES:
        step_goroutines(st, g, in);
        break;
    case OP_SLEEP:
    case OP_NOW:
    case OP_START:
    case OP_AFTER:
    case OP_AFTERFUNC:
    case OP_AFTERFUNC1:
    case OP_STOP:
    case OP_RESET:
        step_timer(st, g);
        break;
    default:
        if (lit_op_is_heap(in->op)) {
            step_heap(st, g);
        } else {
            step_sync(st, g);
        }
        break;
    }
}

/* The store on top of the stack (PEND) is made. */
static void step_store(struct state *st, int g)
{
    int64_t *w = touch(st, g);
    int64_t top = w[G_TOP], global = w[top + D_GLOBAL], v = w[top + D_VALUE];
    w[G_TOP] = w[top + E_PREV];
    st->part[g].n = (int)top;
    touch(st, PART_SHARED)[S_GLOBALS + global] = v;
    say(st, "stores %s = %lld", st->prog->lit->globals[global].name, (long long)v);
}

void step_goroutine(struct state *st, int g)
{
    const int64_t *w = words(st, g);
    if (w[G_STAT] != G_RUNS) {
        (w[G_STAT] >= G_COLLECTS ? step_collects : step_wake)(st, g);
        return;
    }
    const int64_t *e = w + w[G_TOP];
    if (e[E_TAG] == E_PEND) {
        step_store(st, g);
    } else if (e[E_TAG] == E_CHECK) {
        step_check(st, g);
    } else if (e[E_TAG] != E_RUNS || e[E_BLOCK] < 0) {
        control_step(st, g);
    } else {
        const struct lit_instr *in = g_instr(st, g);
        if (!step_flow(st, g, in)) {
            step_object(st, g, in);
        }
    }
}
