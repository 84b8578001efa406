/* SPDX-License-Identifier: BSD-3-Clause */
/* plan.c - a program as the flat plan of protocol.md section 3.
 *
 * Owns: the text form of objects, blocks and instructions.  Not here: the table of
 * instructions (op.def gives wire names and operands; this file only walks the operands).
 */
#include <inttypes.h>
#include <string.h>

#include "lit.h"

static void print_value(const struct lit_ref *r, FILE *out)
{
    static const char sigil[] = {
        [REF_NONE] = '_', [REF_IMM] = '#', [REF_REG] = 'r', [REF_GLOBAL] = 'g'};
    fprintf(out, " %c%" PRId64, sigil[r->kind], r->v);
}

static void print_target(const struct lit_ref *r, FILE *out)
{
    if (r->kind == REF_NONE)
        fputs(" >_", out);
    else
        fprintf(out, " >%c%" PRId64, r->kind == REF_REG ? 'r' : 'g', r->v);
}

static const char *comparison(enum lit_cmp c)
{
    static const char *const signs[] = {"==", "!=", "<", "<=", ">", ">=", "+", "-", "*"};
    return signs[c];
}

static void print_operands(const struct lit_instr *in, FILE *out)
{
    const struct lit_ref *values[] = {&in->a, &in->b, &in->c};
    const struct lit_ref *targets[] = {&in->d, &in->e};
    int v = 0, d = 0;
    for (const char *c = lit_op_operands(in->op); *c; c++) {
        if (*c == 'v')
            print_value(values[v++], out);
        else if (*c == 'd')
            print_target(targets[d++], out);
        else if (*c == 'o')
            fprintf(out, " %d", in->obj);
        else if (*c == 'b' && in->blk < 0)
            fputs(" nil", out);
        else if (*c == 'b')
            fprintf(out, " %d", in->blk);
        else if (*c == 'l')
            fprintf(out, " %d", in->target);
        else if (*c == 'p' || *c == 'q')
            fprintf(out, " %s", comparison(in->cmp));
        else if (*c == 'f')
            fprintf(out, " %s", lit_code_name(in->fault));
        else if (*c == 'i')
            fprintf(out, " %" PRId64, in->imm);
        else if (*c == 'n')
            fprintf(out, " %d", in->ncases);
    }
}

static void print_case(const struct lit_case *c, FILE *out)
{
    if (c->op == OP_COUNT) {
        fputs(" case default\n", out);
        return;
    }
    fprintf(out, " case %s %d", lit_op_wire(c->op), c->obj);
    if (c->op == OP_SEND)
        print_value(&c->a, out);
    if (c->op == OP_RECV1 || c->op == OP_RECV2)
        print_target(&c->d, out);
    if (c->op == OP_RECV2)
        print_target(&c->e, out);
    fputc('\n', out);
}

static void print_instr(const struct lit_instr *in, FILE *out)
{
    if (in->caught) {
        fputs(" catch", out);
        print_target(&in->caught_to, out);
    }
    fprintf(out, " %s", lit_op_wire(in->op));
    print_operands(in, out);
    fputc('\n', out);
    for (int i = 0; i < in->ncases; i++)
        print_case(&in->cases[i], out);
}

static void print_object(int i, const struct lit_object *o, FILE *out)
{
    static const char *const names[] = {
        [OBJ_CHAN] = "chan",       [OBJ_NILCHAN] = "nilchan", [OBJ_MUTEX] = "mutex",
        [OBJ_RWMUTEX] = "rwmutex", [OBJ_WG] = "wg",           [OBJ_ONCE] = "once",
        [OBJ_COND] = "cond",       [OBJ_ATOMIC] = "atomic",   [OBJ_VAR] = "var",
        [OBJ_TIMER] = "timer",     [OBJ_TICKER] = "ticker",   [OBJ_PTR] = "ptr",
        [OBJ_APTR] = "aptr",
    };
    fprintf(out, "obj %d %s", i, names[o->kind]);
    if (o->kind == OBJ_CHAN && o->elem == LIT_ELEM_PTR)
        fprintf(out, " %" PRId64 " ptr", o->cap);
    else if (o->kind == OBJ_CHAN && o->elem == LIT_ELEM_OBJ)
        fprintf(out, " %" PRId64 " obj", o->cap);
    else if (o->kind == OBJ_CHAN)
        fprintf(out, " %" PRId64 " %d", o->cap, o->elem);
    else if (o->kind == OBJ_COND)
        fprintf(out, " %d", o->mutex);
    else if (o->kind == OBJ_ATOMIC || o->kind == OBJ_VAR)
        fprintf(out, " %" PRId64, o->init);
    fputc('\n', out);
}

void lit_plan_print(const struct lit_program *p, FILE *out)
{
    fprintf(out, "globals %d\n", p->nglobals);
    for (int i = 0; i < p->nobjects; i++)
        print_object(i, &p->objects[i], out);
    for (int b = 0; b < p->nblocks; b++) {
        fprintf(out, "blk %d %s %d\n", b, p->blocks[b].name, p->blocks[b].nregs);
        for (int i = 0; i < p->blocks[b].ninstr; i++)
            print_instr(&p->blocks[b].code[i], out);
    }
    fputs("show", out);
    for (int i = 0; i < p->nterms; i++) {
        if (p->terms[i].is_log)
            fputs(" log", out);
        else
            fprintf(out, " g%d", p->terms[i].global);
    }
    fputc('\n', out);
}
