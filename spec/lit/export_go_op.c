/* SPDX-License-Identifier: BSD-3-Clause */
/* export_go_op.c - the other instructions in Go: control, locks, atomics, panics.
 *
 * Owns: one instruction, one or a few lines of Go, with the construct that Go itself has
 * for it. Not here: channels and timers (export_go_chan.c), loops and branches
 * (export_go_block.c).
 */
#include <inttypes.h>
#include <stdlib.h>

#include "export_go.h"

static void go_catch(struct exporter *x, const struct lit_instr *in)
{
    struct lit_instr inner = *in;
    char *text = NULL;
    size_t len = 0;
    FILE *out = x->out, *f = open_memstream(&text, &len);
    inner.caught = false;
    x->uses |= USE_CATCH | USE_CODE;
    if (!f)
        longjmp(x->out_of_memory, 1);
    int lines = 0, indent = x->indent;
    x->out = f;
    x->indent = in->op == OP_CALL ? 0 : indent + 1;
    go_instr(x, &inner);
    x->out = out;
    x->indent = indent;
    fclose(f);
    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    const char *catch;
    if (in->op == OP_CALL)
        catch = go_text(x, "%scatch(%s)", x->prefix, x->block[in->blk]);
    else if (lines == 1)
        catch = go_text(x, "%scatch(func() { %.*s })", x->prefix, (int)len - 2 - indent,
                        text + indent + 1);
    else
        catch = go_text(x, "%scatch(func() {\n%.*s%.*s})", x->prefix, (int)len, text,
                        indent, "\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t");
    free(text);
    go_assign(x, &in->caught_to, catch);
}

static void spawn_or_defer(struct exporter *x, const struct lit_instr *in)
{
    const char *word = in->op == OP_SPAWN || in->op == OP_SPAWN1 ? "go" : "defer";
    if (in->blk >= 0) {
        go_line(x, "%s %s(%s)", word, x->block[in->blk], go_argument(x, in));
        return;
    }
    go_line(x, "{");
    go_line(x, "\tvar none func()");
    go_line(x, "\t%s none()", word);
    go_line(x, "}");
}

static void fault(struct exporter *x, const struct lit_instr *in)
{
    if (in->fault == CODE_NIL_DEREF) {
        go_line(x, "var none *int64");
        go_line(x, "*none = 1");
    } else if (in->fault == CODE_INDEX) {
        go_line(x, "var none []int64");
        go_line(x, "none[0] = 1");
    } else {
        go_line(x, "zero := 0");
        go_line(x, "_ = 1 / zero");
    }
}

static void raise_value(struct exporter *x, const struct lit_instr *in)
{
    bool is_literal = in->a.kind == REF_IMM;
    if (is_literal && !(in->a.v <= -1000 && in->a.v >= -1999)) {
        go_line(x, "panic(%" PRId64 ")", in->a.v);
        return;
    }
    x->uses |= USE_RAISE;
    x->raised |= is_literal ? 1u << (CODE_NIL - in->a.v) : ~0u;
    go_line(x, "%sraise(%s)", x->prefix, go_value(x, &in->a));
}

/* Literals are worked out here, since Go's compiler refuses a constant that overflows. */
static void calculate(struct exporter *x, const struct lit_instr *in)
{
    static const char signs[] = "+-*";
    if (in->a.kind != REF_IMM || in->b.kind != REF_IMM) {
        go_assign(x, &in->d,
                  go_text(x, "%s %c %s", go_value(x, &in->a), signs[in->cmp - CALC_ADD],
                          go_value(x, &in->b)));
        return;
    }
    uint64_t a = (uint64_t)in->a.v, b = (uint64_t)in->b.v;
    uint64_t v = in->cmp == CALC_ADD ? a + b : in->cmp == CALC_SUB ? a - b : a * b;
    go_assign(x, &in->d, go_text(x, "%" PRId64, (int64_t)v));
}

static void with_bool(struct exporter *x, const struct lit_instr *in, const char *call)
{
    if (!go_is_wanted(x, &in->d)) {
        go_line(x, "%s", call);
        return;
    }
    x->uses |= USE_BIT;
    go_assign(x, &in->d, go_text(x, "%sbit(%s)", x->prefix, call));
}

static void with_value(struct exporter *x, const struct lit_instr *in, const char *call)
{
    if (go_is_wanted(x, &in->d))
        go_assign(x, &in->d, call);
    else
        go_line(x, "%s", call);
}

static bool lock_instr(struct exporter *x, const struct lit_instr *in)
{
    const char *o = in->obj >= 0 ? x->object[in->obj] : "";
    static const char *const calls[OP_COUNT] = {
        [OP_LOCK] = "Lock",       [OP_UNLOCK] = "Unlock",       [OP_RLOCK] = "RLock",
        [OP_RUNLOCK] = "RUnlock", [OP_CWAIT] = "Wait",          [OP_SIGNAL] = "Signal",
        [OP_WGDONE] = "Done",     [OP_BROADCAST] = "Broadcast", [OP_WGWAIT] = "Wait",
    };
    if (calls[in->op])
        go_line(x, "%s.%s()", o, calls[in->op]);
    else if (in->op == OP_TRYLOCK || in->op == OP_TRYRLOCK)
        with_bool(x, in,
                  go_text(x, "%s.Try%s()", o, in->op == OP_TRYLOCK ? "Lock" : "RLock"));
    else if (in->op == OP_WGADD && in->a.kind == REF_IMM)
        go_line(x, "%s.Add(%" PRId64 ")", o, in->a.v);
    else if (in->op == OP_WGADD)
        go_line(x, "%s.Add(int(%s))", o, go_value(x, &in->a));
    else if (in->op == OP_DO)
        go_line(x, "%s.Do(%s)", o, x->block[in->blk]);
    else
        return false;
    return true;
}

static bool variable_instr(struct exporter *x, const struct lit_instr *in)
{
    const char *o = in->obj >= 0 ? x->object[in->obj] : "";
    switch (in->op) {
    case OP_SET:
        go_assign(x, &in->d, go_reference(x, go_sort(x, &in->d), &in->a));
        return true;
    case OP_CALC:
        calculate(x, in);
        return true;
    case OP_LOAD:
        with_value(x, in, go_text(x, "%s.Load()", o));
        return true;
    case OP_STORE:
        go_line(x, "%s.Store(%s)", o, go_carried(x, in->obj, &in->a));
        return true;
    case OP_ADD:
        with_value(x, in, go_text(x, "%s.Add(%s)", o, go_value(x, &in->a)));
        return true;
    case OP_SWAP:
        with_value(x, in, go_text(x, "%s.Swap(%s)", o, go_carried(x, in->obj, &in->a)));
        return true;
    case OP_CAS:
        with_bool(x, in,
                  go_text(x, "%s.CompareAndSwap(%s, %s)", o, go_carried(x, in->obj, &in->a),
                          go_carried(x, in->obj, &in->b)));
        return true;
    case OP_READ:
        go_assign(x, &in->d, o);
        return true;
    case OP_WRITE:
        go_line(x, "%s = %s", o, go_carried(x, in->obj, &in->a));
        return true;
    default:
        return false;
    }
}

static void use(struct exporter *x, unsigned what)
{
    x->uses |= what;
}

static void recover_value(struct exporter *x, const struct lit_instr *in)
{
    if (go_is_wanted(x, &in->d)) {
        use(x, USE_CODE);
        go_assign(x, &in->d, go_text(x, "%scode(recover())", x->prefix));
    } else {
        go_line(x, "recover()");
    }
}

static void processors(struct exporter *x, const struct lit_instr *in)
{
    const char *n = in->a.kind == REF_IMM ? go_value(x, &in->a)
                                          : go_text(x, "int(%s)", go_value(x, &in->a));
    use(x, USE_RUNTIME);
    if (go_is_wanted(x, &in->d))
        go_assign(x, &in->d, go_text(x, "int64(runtime.GOMAXPROCS(%s))", n));
    else
        go_line(x, "runtime.GOMAXPROCS(%s)", n);
}

static void control_instr(struct exporter *x, const struct lit_instr *in)
{
    switch (in->op) {
    case OP_SPAWN:
    case OP_SPAWN1:
    case OP_DEFER:
    case OP_DEFER1:
        spawn_or_defer(x, in);
        break;
    case OP_CALL:
    case OP_CALL1:
        go_line(x, "%s(%s)", x->block[in->blk], go_argument(x, in));
        break;
    case OP_DEFERREC:
        go_line(x, "defer recover()");
        break;
    case OP_RET:
        go_line(x, "return");
        break;
    case OP_GOEXIT:
        use(x, USE_RUNTIME);
        go_line(x, "runtime.Goexit()");
        break;
    case OP_EXIT:
        use(x, USE_OS);
        go_line(x, in->a.kind == REF_IMM ? "os.Exit(%s)" : "os.Exit(int(%s))",
                go_value(x, &in->a));
        break;
    case OP_PANIC:
        raise_value(x, in);
        break;
    case OP_RECOVER:
        recover_value(x, in);
        break;
    case OP_FAULT:
        go_line(x, "{");
        x->indent++;
        fault(x, in);
        x->indent--;
        go_line(x, "}");
        break;
    case OP_YIELD:
        use(x, USE_RUNTIME);
        go_line(x, "runtime.Gosched()");
        break;
    case OP_SPIN:
        use(x, USE_SPIN);
        go_line(x, "%sspin(%s)", x->prefix, go_value(x, &in->a));
        break;
    case OP_NOTE:
        use(x, USE_NOTE);
        go_line(x, "%snote(%s)", x->prefix, go_value(x, &in->a));
        break;
    case OP_PROCS:
        processors(x, in);
        break;
    case OP_GOROUTINES:
        use(x, USE_RUNTIME);
        go_assign(x, &in->d, "int64(runtime.NumGoroutine())");
        break;
    default:
        break; /* jumps belong to export_go_block.c */
    }
}

void go_instr(struct exporter *x, const struct lit_instr *in)
{
    if (in->caught)
        go_catch(x, in);
    else if (in->op == OP_MAKE && in->a.kind == REF_IMM &&
             (in->a.v < 0 || in->a.v > INT32_MAX)) {
        go_line(x, "{");
        x->indent++;
        go_chan_instr(x, in);
        x->indent--;
        go_line(x, "}");
    } else if (!go_chan_instr(x, in) && !go_timer_instr(x, in) && !lock_instr(x, in) &&
               !variable_instr(x, in) && !go_heap_instr(x, in))
        control_instr(x, in);
}
