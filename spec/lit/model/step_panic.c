/* SPDX-License-Identifier: BSD-3-Clause */
/* step_panic.c - frames, deferred calls, panic, recover, Goexit.
 *
 * Owns: the stack of a goroutine and how it unwinds.  Not here: which operations panic.
 *
 * Idea.  A panic (THROW) or Goexit (QUIT) is an element on the stack, directly on the frame
 * that it unwinds.  Its next move looks at what lies below: a frame with deferred calls has
 * the last one run on top of it; a frame without any is taken out; an older THROW or QUIT
 * is taken out as aborted; at the bottom the process dies or the goroutine ends.  So a
 * deferred call is run by a panic exactly when the element below its frame is a THROW, and
 * that is all that recover asks.
 *
 * `catch` around a call and `do` push a wrapper: a frame without code whose only deferred
 * call is built in.  Operations that panic themselves need none: the result goes to
 * caught_to.
 *
 *   I1  A recovered panic ends when the deferred call that recovered returns: its frame
 *       then returns, unless the panic had aborted a Goexit, which then goes on.
 *   I2  Each move here is LOCAL but for death, main's end and the completion of a once.
 */
#include "model/heap.h"
#include "model/step.h"

static int64_t nregs_of(const struct state *st, int64_t block)
{
    return block < 0 ? 0 : st->prog->lit->blocks[block].nregs;
}

/* Number of deferred calls of the frame at offset at, whose words end at offset end. */
static int64_t ndefers(const struct state *st, int g, int64_t at, int64_t end)
{
    return end - at - E_REGS - nregs_of(st, words(st, g)[at + E_BLOCK]);
}

static void push_element(struct state *st, int g, int64_t tag, int64_t a, int64_t b)
{
    int64_t *w = touch(st, g);
    int64_t below = w[G_TOP];
    w[G_TOP] = st->part[g].n;
    part_push(st, g, below);
    part_push(st, g, tag);
    part_push(st, g, a);
    part_push(st, g, b);
}

void g_call(struct state *st, int g, int blk, int64_t arg)
{
    push_element(st, g, E_RUNS, blk, 0);
    for (int64_t i = nregs_of(st, blk); i > 0; i--) {
        part_push(st, g, 0);
    }
    if (st->prog->lit->blocks[blk].has_param) {
        st->part[g].w[words(st, g)[G_TOP] + E_REGS] = arg;
    }
}

/* A frame that will run no more code keeps its deferred calls only (I4 of state.h). */
static void strip(struct state *st, int g, int64_t at)
{
    int64_t *w = touch(st, g);
    int n = (int)nregs_of(st, w[at + E_BLOCK]);
    w[at + E_TAG] = E_RETURNS;
    w[at + E_BLOCK] = -1;
    w[at + E_PC] = 0;
    if (n > 0) {
        part_cut(st, g, (int)at + E_REGS, n);
    }
}

void g_return(struct state *st, int g)
{
    strip(st, g, words(st, g)[G_TOP]);
}

void g_defer(struct state *st, int g, int64_t what)
{
    part_push(st, g, what);
}

void g_wrap(struct state *st, int g, int64_t deferred)
{
    push_element(st, g, E_RUNS, -1, 0);
    g_defer(st, g, deferred);
}

void g_raise(struct state *st, int g, int64_t code)
{
    push_element(st, g, E_THROW, code, 0);
}

void g_quit(struct state *st, int g)
{
    push_element(st, g, E_QUIT, 0, 0);
}

/* The instruction of a running frame has panicked with code, and that is caught. */
static void caught(struct state *st, int g, int64_t code)
{
    const struct lit_instr *in = g_instr(st, g);
    const struct lit_ref *to = &in->caught_to;
    int64_t *w = touch(st, g);
    w[w[G_TOP] + E_PC]++;
    if (to->kind == REF_GLOBAL && !st->prog->main_only[to->v]) {
        g_pend(st, g, (int)to->v, code);
    } else {
        g_store(st, g, to, code);
    }
}

void g_fail(struct state *st, int g, int64_t code)
{
    if (g_instr(st, g)->caught) {
        caught(st, g, code);
    } else {
        g_raise(st, g, code);
    }
}

static enum fate defer_fate(int64_t what)
{
    return what <= DEFER_ONCE ? FATE_SHOWN : FATE_LOCAL;
}

static enum fate end_fate(const struct state *st, int g)
{
    bool main_shown = g == part_g0(st) && !IS_MUTANT(MAIN_END_LOCAL);
    return main_shown || st->prog->counts ? FATE_SHOWN : FATE_LOCAL;
}

/* With a heap each frame that goes may hold the last pointer to something. */
enum fate control_fate(const struct state *st, int g)
{
    const int64_t *w = words(st, g);
    if (st->prog->heap && !st->counting) {
        return FATE_SHOWN;
    }
    int64_t top = w[G_TOP], end = st->part[g].n, below = w[top + E_PREV];
    if (w[top + E_TAG] == E_THROW || w[top + E_TAG] == E_QUIT) {
        if (!below) {
            return w[top + E_TAG] == E_THROW ? FATE_SHOWN : end_fate(st, g);
        }
        if (w[below + E_TAG] == E_THROW || w[below + E_TAG] == E_QUIT) {
            return FATE_LOCAL;
        }
        return ndefers(st, g, below, top) ? defer_fate(w[top - 1]) : FATE_LOCAL;
    }
    if (ndefers(st, g, top, end)) {
        return defer_fate(w[end - 1]);
    }
    return below ? FATE_LOCAL : end_fate(st, g);
}

static void g_end(struct state *st, int g, bool returned)
{
    touch(st, g);
    st->part[g].n = 0;
    say(st, returned ? "returns" : "ends by goexit");
    if (returned && g == part_g0(st)) {
        state_die(st, STATUS_OK, 0);
    }
}

/* Runs a deferred call on the top of the stack; a catch is the caller's business. */
static void run_deferred(struct state *st, int g, int64_t what)
{
    if (what >= 0) {
        g_call(st, g, (int)(what % 64), what / 64);
    } else if (what == DEFER_NIL) {
        g_raise(st, g, CODE_NIL_DEREF);
    } else if (what <= DEFER_ONCE && IS_MUTANT(ONCE_NOT_ON_PANIC) &&
               g_top(st, g)[E_TAG] == E_THROW) {
        obj_touch(st, (int)(DEFER_ONCE - what))[V_VALUE] = ONCE_FRESH;
    } else if (what <= DEFER_ONCE) {
        once_finish(st, g, (int)(DEFER_ONCE - what));
    }
}

/* Takes the element on top off the stack. */
static void pop(struct state *st, int g)
{
    int64_t *w = touch(st, g);
    int64_t top = w[G_TOP];
    w[G_TOP] = w[top + E_PREV];
    st->part[g].n = (int)top;
}

/* A deferred call of a recovered panic has returned (I1); the panic is on top. */
static void recovered(struct state *st, int g)
{
    bool over_quit = g_top(st, g)[P_FLAGS] & THROW_OVER_QUIT;
    pop(st, g);
    if (over_quit && !IS_MUTANT(RECOVERY_ENDS_GOEXIT)) {
        g_quit(st, g);
    }
}

/* The frame on top has returned and has nothing deferred. */
static void leave_frame(struct state *st, int g)
{
    if (!g_top(st, g)[E_PREV]) {
        g_end(st, g, true);
        return;
    }
    pop(st, g);
    const int64_t *e = g_top(st, g);
    if (e[E_TAG] == E_RUNS && e[E_BLOCK] < 0) {
        touch(st, g);
        strip(st, g, words(st, g)[G_TOP]);
    } else if (e[E_TAG] == E_RUNS) {
        g_done(st, g);
    } else if (e[E_TAG] == E_THROW && (e[P_FLAGS] & THROW_RECOVERED)) {
        recovered(st, g);
    }
}

/* Takes the element below the top out of the stack. */
static void splice(struct state *st, int g)
{
    int64_t *w = touch(st, g);
    int64_t top = w[G_TOP], below = w[top + E_PREV];
    w[top + E_PREV] = w[below + E_PREV];
    part_cut(st, g, (int)below, (int)(top - below));
    touch(st, g)[G_TOP] = below;
}

/* The panic on top meets the wrapper of a catch: its value is the result. */
static void catch_throw(struct state *st, int g)
{
    int64_t code = g_top(st, g)[P_VALUE];
    bool over_quit = g_top(st, g)[P_FLAGS] & THROW_OVER_QUIT;
    pop(st, g);
    pop(st, g);
    if (over_quit) {
        g_quit(st, g);
    } else {
        caught(st, g, code);
    }
}

static void unwind(struct state *st, int g)
{
    int64_t *w = touch(st, g);
    int64_t top = w[G_TOP], below = w[top + E_PREV];
    bool throws = w[top + E_TAG] == E_THROW;
    if (!below && throws) {
        say(st, "dies of panic %lld", (long long)w[top + P_VALUE]);
        state_die(st, STATUS_PANIC, w[top + P_VALUE]);
        return;
    }
    if (!below) {
        g_end(st, g, false);
        return;
    }
    if (w[below + E_TAG] == E_THROW || w[below + E_TAG] == E_QUIT) {
        bool quit = w[below + E_TAG] == E_QUIT || (w[below + P_FLAGS] & THROW_OVER_QUIT);
        w[top + P_FLAGS] |= throws && quit ? THROW_OVER_QUIT : 0;
        splice(st, g);
        return;
    }
    if (w[below + E_TAG] == E_RUNS) {
        int64_t cut = nregs_of(st, w[below + E_BLOCK]);
        strip(st, g, below);
        touch(st, g)[G_TOP] = top -= cut;
        w = touch(st, g);
    }
    if (!ndefers(st, g, below, top)) {
        splice(st, g);
        return;
    }
    int64_t what = w[top - 1];
    part_cut(st, g, (int)top - 1, 1);
    touch(st, g)[G_TOP] = top - 1;
    if (what == DEFER_CATCH && throws) {
        catch_throw(st, g);
    } else {
        run_deferred(st, g, what);
    }
}

/* Recover called in the frame on top: the value of the panic that runs this frame, which
 * ends with it, or CODE_NIL. */
static int64_t recover_on_top(struct state *st, int g)
{
    int64_t below = g_top(st, g)[E_PREV];
    if (IS_MUTANT(RECOVER_IN_HELPER) && below && words(st, g)[below + E_TAG] == E_RUNS) {
        below = words(st, g)[below + E_PREV];
    }
    if (!below || words(st, g)[below + E_TAG] != E_THROW ||
        (words(st, g)[below + P_FLAGS] & THROW_RECOVERED)) {
        return CODE_NIL;
    }
    touch(st, g)[below + P_FLAGS] |= THROW_RECOVERED;
    return words(st, g)[below + P_VALUE];
}

void control_step(struct state *st, int g)
{
    int64_t tag = g_top(st, g)[E_TAG];
    if (tag == E_THROW || tag == E_QUIT) {
        unwind(st, g);
        return;
    }
    int64_t end = st->part[g].n;
    if (!ndefers(st, g, words(st, g)[G_TOP], end)) {
        leave_frame(st, g);
        return;
    }
    int64_t what = words(st, g)[end - 1];
    touch(st, g);
    st->part[g].n--;
    /* A builtin that a returning frame deferred counts as that frame's own call. */
    if (what == DEFER_RECOVER) {
        recover_on_top(st, g);
    } else {
        run_deferred(st, g, what);
    }
}

void step_recover(struct state *st, int g)
{
    int64_t code = recover_on_top(st, g);
    struct result res = {&g_instr(st, g)->d, code};
    say(st, "recovers %lld", (long long)code);
    g_finish(st, g, &res, 1, -1);
}

void step_call(struct state *st, int g)
{
    const struct lit_instr *in = g_instr(st, g);
    int64_t arg = in->op == OP_CALL1 ? g_value(st, g, &in->a) : 0;
    if (in->caught) {
        g_wrap(st, g, DEFER_CATCH);
    }
    say(st, "call %s", st->prog->lit->blocks[in->blk].name);
    g_call(st, g, in->blk, arg);
}

/* A call deferred inside a catch belongs to the catch's function, which then returns. */
void step_defer(struct state *st, int g)
{
    const struct lit_instr *in = g_instr(st, g);
    int64_t what = in->op == OP_DEFERREC ? DEFER_RECOVER
                   : in->blk < 0         ? DEFER_NIL
                   : in->op == OP_DEFER1 ? heap_call(in->blk, g_value(st, g, &in->a))
                                         : in->blk;
    if (in->caught) {
        g_wrap(st, g, DEFER_CATCH);
        g_defer(st, g, what);
        g_return(st, g);
        return;
    }
    g_done(st, g);
    g_defer(st, g, what);
}

void step_do(struct state *st, int g)
{
    const struct lit_instr *in = g_instr(st, g);
    const int64_t *o = obj_words(st, in->obj);
    if (o[V_VALUE] == ONCE_DONE) {
        say(st, "%s is done", obj_name(st, in->obj));
        knows(st, g, o[V_KNOW]);
        g_done(st, g);
    } else if (o[V_VALUE] == ONCE_RUNS) {
        say(st, "parks on %s", obj_name(st, in->obj));
        g_park(st, g, G_ONCES);
    } else {
        say(st, "do %s", obj_name(st, in->obj));
        obj_touch(st, in->obj)[V_VALUE] = ONCE_RUNS;
        if (in->caught) {
            g_wrap(st, g, DEFER_CATCH);
        }
        g_wrap(st, g, DEFER_ONCE - in->obj);
        g_call(st, g, in->blk, 0);
    }
}

void once_finish(struct state *st, int g, int obj)
{
    int64_t *o = obj_touch(st, obj);
    o[V_VALUE] = ONCE_DONE;
    o[V_KNOW] |= words(st, g)[G_KNOW];
    int64_t know = o[V_KNOW];
    say(st, "completes %s", obj_name(st, obj));
    for (int k = part_g0(st); k < st->nparts; k++) {
        if (g_alive(st, k) && words(st, k)[G_STAT] == G_ONCES &&
            g_instr(st, k)->obj == obj) {
            g_unpark(st, k);
            knows(st, k, know);
            g_done(st, k);
        }
    }
}
