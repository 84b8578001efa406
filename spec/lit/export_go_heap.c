/* SPDX-License-Identifier: BSD-3-Clause */
/* export_go_heap.c - objects of the heap in Go.
 *
 * Owns: registers that hold references, the heap's instructions, their helpers.  Not here:
 * operations that carry pointers as they carry integers (export_go_op.c, ..._chan.c).
 *
 * An object is an array of fields, a pointer the address of one.  Each field knows how many
 * there are from it to the end: so an interior pointer has bounds, and memory that is not
 * whole tells.
 *
 *   I1  Registers that hold references are kept by a deferred call to hold, which has their
 *       addresses: to Go's collector each holds what it has until its activation ends,
 *       used or not.
 */
#include <inttypes.h>

#include "export_go.h"

enum lit_sort go_sort(const struct exporter *x, const struct lit_ref *r)
{
    return r->kind == REF_REG ? (enum lit_sort)x->p->blocks[x->now].sorts[r->v] : SORT_INT;
}

/* nil of this sort. */
static const char *none_of(struct exporter *x, enum lit_sort sort)
{
    if (sort == SORT_POINTER)
        return "nil";
    x->uses |= sort == SORT_WEAK ? USE_WEAK : USE_RUNTIME;
    return sort == SORT_WEAK ? go_text(x, "weak.Pointer[%sfield]{}", x->prefix)
                             : "runtime.Cleanup{}";
}

const char *go_reference(struct exporter *x, enum lit_sort sort, const struct lit_ref *r)
{
    return r->kind == REF_IMM && sort > SORT_INT ? none_of(x, sort) : go_value(x, r);
}

const char *go_carried(struct exporter *x, int obj, const struct lit_ref *r)
{
    bool carries = lit_carries_pointers(&x->p->objects[obj]);
    return go_reference(x, carries ? SORT_POINTER : SORT_INT, r);
}

const char *go_argument(struct exporter *x, const struct lit_instr *in)
{
    bool given = in->op == OP_SPAWN1 || in->op == OP_CALL1 || in->op == OP_DEFER1;
    return given ? go_reference(x, SORT_POINTER, &in->a) : "";
}

/* Declares the registers that hold references, and holds them. */
void go_heap_declare(struct exporter *x)
{
    const struct lit_block *b = &x->p->blocks[x->now];
    const char *held = "";
    for (int r = 0; r < b->nregs; r++) {
        const char *name = b->reg_names[r][0] ? go_register(x, r) : "";
        if (b->sorts[r] <= SORT_INT || !*name)
            continue;
        held = go_text(x, "%s%s&%s", held, *held ? ", " : "", name);
        if (r == 0 && b->has_param)
            continue;
        x->uses |= USE_FIELD | (b->sorts[r] == SORT_WEAK ? USE_WEAK : 0) |
                   (b->sorts[r] == SORT_CLEANUP ? USE_RUNTIME : 0);
        if (b->sorts[r] == SORT_POINTER)
            go_line(x, "var %s *%sfield", name, x->prefix);
        else if (b->sorts[r] == SORT_WEAK)
            go_line(x, "var %s weak.Pointer[%sfield]", name, x->prefix);
        else
            go_line(x, "var %s runtime.Cleanup", name);
    }
    if (*held) {
        x->uses |= USE_HOLD | USE_FIELD;
        go_line(x, "defer %shold(%s)", x->prefix, held);
    }
}

static const char *field_at(struct exporter *x, const struct lit_instr *in)
{
    x->uses |= USE_AT | USE_FIELD;
    return go_text(x, "%sat(%s, %" PRId64 ")", x->prefix, go_value(x, &in->a), in->imm);
}

static void cleanup(struct exporter *x, const struct lit_instr *in)
{
    const char *p = go_value(x, &in->a), *f = x->block[in->blk];
    const char *call =
        in->op == OP_CLEANUP1
            ? go_text(x, "runtime.AddCleanup(%s, %s, %s)", p, f,
                      go_reference(x, SORT_POINTER, &in->b))
            : go_text(x, "runtime.AddCleanup(%s, func(int) { %s() }, 0)", p, f);
    x->uses |= USE_RUNTIME;
    if (go_is_wanted(x, &in->d))
        go_assign(x, &in->d, call);
    else
        go_line(x, "%s", call);
}

static void collection(struct exporter *x, const struct lit_instr *in)
{
    const char *call;
    if (in->op == OP_GC) {
        x->uses |= USE_RUNTIME;
        go_line(x, "runtime.GC()");
        return;
    }
    if (in->op == OP_HEAP) {
        x->uses |= USE_COUNT | USE_BIT;
        call = go_text(x, "%sbit(%sobjects() <= %sbefore+%s)", x->prefix, x->prefix,
                       x->prefix, go_value(x, &in->a));
    } else {
        x->uses |= USE_UNTIL;
        call = go_text(x, "%suntil(&%s, %s, %s)", x->prefix, x->object[in->obj],
                       go_value(x, &in->a), go_value(x, &in->b));
    }
    if (go_is_wanted(x, &in->d) || in->op == OP_HEAP)
        go_assign(x, &in->d, call);
    else
        go_line(x, "%s", call);
}

bool go_heap_instr(struct exporter *x, const struct lit_instr *in)
{
    const char *p = go_value(x, &in->a);
    switch (in->op) {
    case OP_NEW:
        x->uses |= USE_NEW | USE_FIELD;
        go_assign(x, &in->d, go_text(x, "%sobject(%s)", x->prefix, p));
        return true;
    case OP_HSET:
        go_line(x, "%s.to = %s", field_at(x, in), go_reference(x, SORT_POINTER, &in->b));
        return true;
    case OP_HGET:
        go_assign(x, &in->d, go_text(x, "%s.to", field_at(x, in)));
        return true;
    case OP_HADDR:
        go_assign(x, &in->d, field_at(x, in));
        return true;
    case OP_DROP:
        go_assign(x, &in->a, none_of(x, go_sort(x, &in->a)));
        return true;
    case OP_KEEP:
        x->uses |= USE_KEEP | USE_AT | USE_FIELD;
        go_line(x, "%skeep(%s)", x->prefix, p);
        return true;
    case OP_FINALIZER:
        x->uses |= USE_RUNTIME;
        go_line(x, "runtime.SetFinalizer(%s, %s)", p,
                in->blk < 0 ? "nil" : x->block[in->blk]);
        return true;
    case OP_CLEANUP:
    case OP_CLEANUP1:
        cleanup(x, in);
        return true;
    case OP_CSTOP:
        go_line(x, "%s.Stop()", p);
        return true;
    case OP_WEAK:
        x->uses |= USE_WEAK;
        go_assign(x, &in->d, go_text(x, "weak.Make(%s)", p));
        return true;
    case OP_WGET:
        go_assign(x, &in->d, go_text(x, "%s.Value()", p));
        return true;
    case OP_GC:
    case OP_GCUNTIL:
    case OP_HEAP:
        collection(x, in);
        return true;
    default:
        return false;
    }
}

static const char field_text[] =
    "// @field is one of an object's: a pointer, and how many there are from it on.\n"
    "type @field struct {\n"
    "\tto   *@field\n"
    "\tleft int64\n"
    "}\n";

static const char object_text[] = "//go:noinline\n"
                                  "func @object(n int64) *@field {\n"
                                  "\tsize := n\n"
                                  "\tif n == 0 {\n"
                                  "\t\tsize = 1\n"
                                  "\t}\n"
                                  "\tfields := make([]@field, size)\n"
                                  "\tfor i := int64(0); i < n; i++ {\n"
                                  "\t\tfields[i].left = n - i\n"
                                  "\t}\n"
                                  "\treturn &fields[0]\n"
                                  "}\n";

static const char at_text[] =
    "// @at is the address of field i, counted from p.\n"
    "func @at(p *@field, i int64) *@field {\n"
    "\tif i >= p.left {\n"
    "\t\tvar none []@field\n"
    "\t\treturn &none[i]\n"
    "\t}\n"
    "\treturn (*@field)(unsafe.Add(unsafe.Pointer(p), uintptr(i)*unsafe.Sizeof(*p)))\n"
    "}\n";

static const char keep_text[] =
    "// @keep panics with damaged when the object is not whole.\n"
    "func @keep(p *@field) {\n"
    "\tfor i := int64(0); p != nil && i < p.left; i++ {\n"
    "\t\tif @at(p, i).left != p.left-i {\n"
    "\t\t\tpanic(-1010)\n"
    "\t\t}\n"
    "\t}\n"
    "}\n";

static const char hold_text[] = "// @hold is deferred with the addresses of variables, "
                                "which keep what they have so long.\n"
                                "//\n"
                                "//go:noinline\n"
                                "func @hold(...any) {\n"
                                "}\n";

static const char same_text[] =
    "// @same compares at once: the compiler may put off a comparison, and keep what it "
    "compares.\n"
    "//\n"
    "//go:noinline\n"
    "func @same[T comparable](a, b T) bool {\n"
    "\treturn a == b\n"
    "}\n";

static const char until_text[] =
    "// @until collects as long as x is v, and gives finalizers and cleanups time.\n"
    "func @until(x *atomic.Int64, v int64, most int) int64 {\n"
    "\tfor cycle := 1; cycle <= most && x.Load() == v; cycle++ {\n"
    "\t\truntime.GC()\n"
    "\t\tfor i := 0; i < 20*cycle && x.Load() == v; i++ {\n"
    "\t\t\ttime.Sleep(time.Millisecond)\n"
    "\t\t}\n"
    "\t}\n"
    "\treturn x.Load()\n"
    "}\n";

static const char count_text[] =
    "// @before is what the process had before the program began.\n"
    "var @before int64\n"
    "\n"
    "func @objects() int64 {\n"
    "\tvar m runtime.MemStats\n"
    "\truntime.GC()\n"
    "\truntime.ReadMemStats(&m)\n"
    "\treturn int64(m.HeapObjects)\n"
    "}\n";

void go_heap_helpers(struct exporter *x)
{
    static const struct {
        unsigned use;
        const char *text;
    } texts[] = {
        {USE_FIELD, field_text}, {USE_NEW, object_text}, {USE_AT, at_text},
        {USE_KEEP, keep_text},   {USE_HOLD, hold_text},  {USE_UNTIL, until_text},
        {USE_COUNT, count_text}, {USE_SAME, same_text},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (x->uses & texts[i].use)
            go_print(x, texts[i].text);
    }
}
