/* SPDX-License-Identifier: BSD-3-Clause */
/* export_go_ref.c - lines, values and targets of the exported program.
 *
 * Owns: how a register, a shown register and a channel's element are read and written in
 * Go. Not here: which instruction reads what.
 *
 * Go refuses a local variable that is never read, so a register that nothing reads becomes
 * `_`. A shown register is a local of main, a plain variable, or an atomic, as little as
 * will do.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "export_go.h"

void go_line(struct exporter *x, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    for (int i = 0; i < x->indent; i++)
        fputc('\t', x->out);
    vfprintf(x->out, format, ap);
    fputc('\n', x->out);
    va_end(ap);
}

const char *go_value(struct exporter *x, const struct lit_ref *r)
{
    switch (r->kind) {
    case REF_IMM:
        return go_text(x, "%" PRId64, r->v);
    case REF_GLOBAL:
        return x->shared[r->v] ? go_text(x, "%s.Load()", x->global[r->v]) : x->global[r->v];
    case REF_REG:
        if (x->p->blocks[x->now].reg_names[r->v][0])
            return go_register(x, r->v);
        return x->rounds > 1 ? go_text(x, "round%d", x->rounds) : "round";
    case REF_NONE:
        break;
    }
    return "0";
}

const char *go_element(struct exporter *x, int obj, const struct lit_ref *r)
{
    const struct lit_object *o = &x->p->objects[obj];
    if (o->kind == OBJ_NILCHAN || o->elem == 8)
        return go_value(x, r);
    if (o->elem == LIT_ELEM_OBJ)
        return go_carried(x, obj, r);
    if (o->elem == LIT_ELEM_PTR) {
        x->uses |= USE_REF;
        return go_text(x, "%sref(%s)", x->prefix, go_value(x, r));
    }
    x->sizes[o->elem] = true;
    x->uses |= USE_FILL;
    return go_text(x, "%spack%d(%s)", x->prefix, o->elem, go_value(x, r));
}

/* A time in units of a millisecond; times is " * " or "*", as gofmt has it in that
 * place. */
const char *go_span(struct exporter *x, const struct lit_ref *r, const char *times)
{
    x->uses |= USE_TIME;
    if (r->kind == REF_IMM)
        return go_text(x, "%" PRId64 "%stime.Millisecond", r->v, times);
    return go_text(x, "time.Duration(%s)%stime.Millisecond", go_value(x, r), times);
}

bool go_is_wanted(struct exporter *x, const struct lit_ref *d)
{
    return d->kind == REF_GLOBAL || (d->kind == REF_REG && x->reads[d->v]);
}

bool go_is_direct(struct exporter *x, const struct lit_ref *d)
{
    return !(d->kind == REF_GLOBAL && x->shared[d->v]);
}

const char *go_target(struct exporter *x, const struct lit_ref *d)
{
    if (!go_is_wanted(x, d))
        return "_";
    return d->kind == REF_GLOBAL ? x->global[d->v] : go_register(x, d->v);
}

void go_assign(struct exporter *x, const struct lit_ref *d, const char *expression)
{
    if (go_is_direct(x, d))
        go_line(x, "%s = %s", go_target(x, d), expression);
    else
        go_line(x, "%s.Store(%s)", x->global[d->v], expression);
}
