/* SPDX-License-Identifier: BSD-3-Clause */
/* export_go_block.c - functions of the exported program: jumps become loops and branches
 * again.
 *
 * Owns: reading back the shapes that parse_block.c makes, and the entry function.
 * Not here: single instructions.
 *
 * The shape of an `unless` at i with target T follows from the instruction before T: a jump
 * back to i makes it a loop (counted, when it tests a hidden register), a jump to T or
 * beyond makes it an if with an else, anything else an if without.
 *
 *   I1  emit_range(from, to) never looks behind `to`; its nesting is the source's, at most
 *       16.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export_go.h"

static void emit_range(struct exporter *x, int from, int to);

static const struct lit_block *block_now(const struct exporter *x)
{
    return &x->p->blocks[x->now];
}

static bool is_hidden(const struct exporter *x, const struct lit_ref *r)
{
    return r->kind == REF_REG && block_now(x)->reg_names[r->v][0] == 0;
}

static const char *condition(struct exporter *x, const struct lit_instr *in)
{
    static const char *const signs[] = {"==", "!=", "<", "<=", ">", ">="};
    enum lit_sort of_a = go_sort(x, &in->a), of_b = go_sort(x, &in->b);
    enum lit_sort sort = of_a > of_b ? of_a : of_b;
    const char *a = go_reference(x, sort, &in->a), *b = go_reference(x, sort, &in->b);
    if (sort > SORT_INT) {
        x->uses |= USE_SAME;
        return go_text(x, "%s%ssame(%s, %s)", in->cmp == CMP_NE ? "!" : "", x->prefix, a,
                       b);
    }
    return go_text(x, "%s %s %s", a, signs[in->cmp], b);
}

static void emit_body(struct exporter *x, int from, int to)
{
    x->indent++;
    emit_range(x, from, to);
    x->indent--;
}

static void emit_counted(struct exporter *x, int i, int end)
{
    const struct lit_instr *in = &block_now(x)->code[i];
    x->rounds++;
    const char *n = go_value(x, &in->a);
    go_line(x, "for %s := int64(0); %s < %" PRId64 "; %s++ {", n, n, in->b.v, n);
    emit_body(x, i + 1, end - 2); /* less the count and the jump */
    go_line(x, "}");
    x->rounds--;
}

/* Emits the nest that begins at i; returns the index behind it. */
static int emit_nest(struct exporter *x, int i)
{
    const struct lit_instr *code = block_now(x)->code, *in = &code[i];
    int end = in->target;
    const struct lit_instr *last = &code[end - 1];
    bool jumps = end - 1 > i && last->op == OP_JMP;
    if (jumps && last->target == i && is_hidden(x, &in->a)) {
        emit_counted(x, i, end);
    } else if (jumps && last->target == i) {
        go_line(x, "for %s {", condition(x, in));
        emit_body(x, i + 1, end - 1);
        go_line(x, "}");
    } else if (jumps && last->target >= end) {
        go_line(x, "if %s {", condition(x, in));
        emit_body(x, i + 1, end - 1);
        go_line(x, "} else {");
        emit_body(x, end, last->target);
        go_line(x, "}");
        end = last->target;
    } else {
        go_line(x, "if %s {", condition(x, in));
        emit_body(x, i + 1, end);
        go_line(x, "}");
    }
    return end;
}

static void emit_range(struct exporter *x, int from, int to)
{
    const struct lit_block *b = block_now(x);
    for (int i = from; i < to;) {
        const struct lit_instr *in = &b->code[i];
        if (in->op == OP_UNLESS) {
            i = emit_nest(x, i);
        } else if (in->op == OP_RANGE) {
            go_range(x, in);
            emit_range(x, i + 1, in->target - 1);
            x->indent--;
            go_line(x, "}");
            i = in->target;
        } else {
            bool is_start = in->op == OP_SET && is_hidden(x, &in->d);
            if (!is_start && !(in->op == OP_RET && i == b->ninstr - 1))
                go_instr(x, in);
            i++;
        }
    }
}

static void mark_read(struct exporter *x, const struct lit_ref *r)
{
    if (r->kind == REF_REG)
        x->reads[r->v] = true;
}

static void mark_reads(struct exporter *x)
{
    const struct lit_block *b = block_now(x);
    for (int r = 0; r < b->nregs; r++)
        x->reads[r] = b->sorts[r] > SORT_INT; /* it holds, and that is a use */
    for (int i = 0; i < b->ninstr; i++) {
        const struct lit_instr *in = &b->code[i];
        mark_read(x, &in->a);
        mark_read(x, &in->b);
        mark_read(x, &in->c);
        for (int k = 0; k < in->ncases; k++)
            mark_read(x, &in->cases[k].a);
    }
}

/* The registers that are read, as one declaration. */
static void declare(struct exporter *x)
{
    const struct lit_block *b = block_now(x);
    const char *names = "";
    for (int i = 0; i < b->nregs; i++) {
        if (b->reg_names[i][0] && x->reads[i] && b->sorts[i] <= SORT_INT)
            names = go_text(x, "%s%s%s", names, *names ? ", " : "", go_register(x, i));
    }
    for (int g = 0; x->now == 0 && x->is_inline && g < x->p->nglobals; g++) {
        if (x->p->globals[g].block == 0)
            names = go_text(x, "%s%s%s", names, *names ? ", " : "", x->global[g]);
    }
    if (*names)
        go_line(x, "var %s int64", names);
    if (x->needs_open)
        go_line(x, "var open bool");
    go_heap_declare(x);
}

/* The body goes to memory first, because its declarations depend on it. */
static void emit_block(struct exporter *x, int block)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = x->out;
    x->now = block;
    x->needs_open = false;
    x->rounds = 0;
    x->indent = 1;
    mark_reads(x);
    x->out = open_memstream(&text, &len);
    if (!x->out)
        longjmp(x->out_of_memory, 1);
    emit_range(x, 0, block_now(x)->ninstr);
    fclose(x->out);
    x->out = out;
    declare(x);
    fwrite(text, 1, len, x->out);
    free(text);
    x->indent = 0;
}

void go_block(struct exporter *x, int block)
{
    x->now = block;
    if (x->p->blocks[block].has_param)
        fprintf(x->out, "\nfunc %s(%s *%sfield) {\n", x->block[block], go_register(x, 0),
                x->prefix);
    else
        fprintf(x->out, "\nfunc %s() {\n", x->block[block]);
    emit_block(x, block);
    fputs("}\n", x->out);
}

static void print_outcome(struct exporter *x)
{
    const struct lit_program *p = x->p;
    const char *format = "outcome: ok", *values = "";
    bool named = (x->uses & (USE_CODE | USE_UNPACK | USE_DEREF | USE_TEXT)) != 0;
    for (int i = 0; i < p->nterms; i++) {
        const struct lit_term *t = &p->terms[i];
        struct lit_ref r = {REF_GLOBAL, t->global};
        if (t->is_log) {
            x->uses |= USE_NOTE;
            format = go_text(x, "%s log=%%s", format);
            values = go_text(x, "%s, %slogText()", values, x->prefix);
        } else if (named) {
            x->uses |= USE_TEXT;
            format = go_text(x, "%s %s=%%s", format, t->text);
            values = go_text(x, "%s, %stext(%s)", values, x->prefix, go_value(x, &r));
        } else {
            format = go_text(x, "%s %s=%%d", format, t->text);
            values = go_text(x, "%s, %s", values, go_value(x, &r));
        }
    }
    if (*values)
        go_line(x, "fmt.Printf(\"%s\\n\"%s)", format, values);
    else
        go_line(x, "fmt.Println(\"%s\")", format);
}

static bool counts_objects(const struct lit_program *p)
{
    for (int b = 0; b < p->nblocks; b++) {
        for (int i = 0; i < p->blocks[b].ninstr; i++) {
            if (p->blocks[b].code[i].op == OP_HEAP)
                return true;
        }
    }
    return false;
}

void go_entry(struct exporter *x)
{
    const struct lit_program *p = x->p;
    fprintf(x->out, "\nfunc %s() {\n", x->entry);
    x->indent = 1;
    for (int i = 0; i < p->nobjects; i++) {
        if (p->objects[i].kind == OBJ_ATOMIC && p->objects[i].init != 0)
            go_line(x, "%s.Store(%" PRId64 ")", x->object[i], p->objects[i].init);
    }
    if (counts_objects(p))
        go_line(x, "%sbefore = %sobjects()", x->prefix, x->prefix);
    if (x->is_inline)
        emit_block(x, 0);
    else
        go_line(x, "%s()", x->block[0]);
    x->indent = 1;
    print_outcome(x);
    x->indent = 0;
    fputs("}\n", x->out);
}
