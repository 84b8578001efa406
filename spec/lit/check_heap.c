/* SPDX-License-Identifier: BSD-3-Clause */
/* check_heap.c - registers hold integers, pointers or weak pointers, each one sort for
 * good.
 *
 * Owns: the sorts of registers and their agreement.  Not here: what a heap operation does.
 *
 * A driver keeps references in the same register file as integers, so that liveness is
 * exactly "still in a register".  Taking an integer for a reference would crash it;
 * therefore the sort of a register follows from the instructions that set it, all must
 * agree, and each use must fit.  The order of instructions plays no part, which makes one
 * pass for setting and one for using enough.
 *
 *   I1  Only new, hget and wget set pointers, only weak sets weak pointers.
 *   I2  A shown register is an integer.
 */
#include "check.h"

enum sort { SORT_NONE, SORT_INT, SORT_POINTER, SORT_WEAK };

static const char *const sort_texts[] = {"nothing", "an integer", "a pointer",
                                         "a weak pointer"};

static enum sort sort_set_by(enum lit_op op)
{
    switch (op) {
    case OP_NEW:
    case OP_HGET:
    case OP_WGET:
        return SORT_POINTER;
    case OP_WEAK:
        return SORT_WEAK;
    default:
        return SORT_INT;
    }
}

static void set_sort(struct parser *p, enum sort *sorts, const struct lit_instr *in,
                     const struct lit_ref *d, enum sort sort)
{
    if (d->kind == REF_GLOBAL && sort != SORT_INT)
        parse_fail_at(p, in->line, 1,
                      "a shown register takes %s; expected a register that no show"
                      " line names",
                      sort_texts[sort]);
    if (d->kind != REF_REG)
        return;
    enum sort *now = &sorts[d->v];
    if (*now != SORT_NONE && *now != sort)
        parse_fail_at(p, in->line, 1,
                      "a register of %s takes %s here; expected another register",
                      sort_texts[*now], sort_texts[sort]);
    *now = sort;
}

static void need_sort(struct parser *p, const enum sort *sorts, const struct lit_instr *in,
                      const struct lit_ref *r, enum sort sort)
{
    enum sort has = SORT_INT;
    if (r->kind == REF_NONE)
        return;
    if (r->kind == REF_REG)
        has = sorts[r->v];
    if (r->kind == REF_IMM && r->v == CODE_NIL && sort == SORT_POINTER)
        return;
    if (has != sort)
        parse_fail_at(p, in->line, 1,
                      "%s is used as %s; expected a register that holds one",
                      sort_texts[has], sort_texts[sort]);
}

static bool is_reference(const enum sort *sorts, const struct lit_ref *r)
{
    return r->kind == REF_REG && sorts[r->v] != SORT_INT && sorts[r->v] != SORT_NONE;
}

static bool is_nil(const struct lit_ref *r)
{
    return r->kind == REF_IMM && r->v == CODE_NIL;
}

/* `if q == nil` is the one comparison that references have. */
static void use_in_test(struct parser *p, const enum sort *sorts,
                        const struct lit_instr *in)
{
    bool equality = in->cmp == CMP_EQ || in->cmp == CMP_NE;
    if (equality && ((is_reference(sorts, &in->a) && is_nil(&in->b)) ||
                     (is_reference(sorts, &in->b) && is_nil(&in->a))))
        return;
    need_sort(p, sorts, in, &in->a, SORT_INT);
    need_sort(p, sorts, in, &in->b, SORT_INT);
}

static void use_sorts(struct parser *p, const enum sort *sorts, const struct lit_instr *in)
{
    enum sort a = SORT_INT, b = SORT_INT;
    switch (in->op) {
    case OP_UNLESS:
        use_in_test(p, sorts, in);
        return;
    case OP_HSET:
        a = b = SORT_POINTER;
        break;
    case OP_HGET:
    case OP_FINALIZER:
    case OP_CLEANUP:
    case OP_WEAK:
        a = SORT_POINTER;
        break;
    case OP_WGET:
        a = SORT_WEAK;
        break;
    case OP_DROP:
    case OP_KEEP:
        a = is_reference(sorts, &in->a) ? sorts[in->a.v] : SORT_POINTER;
        break;
    default:
        break;
    }
    need_sort(p, sorts, in, &in->a, a);
    need_sort(p, sorts, in, &in->b, b);
    need_sort(p, sorts, in, &in->c, SORT_INT);
    for (int i = 0; i < in->ncases; i++)
        need_sort(p, sorts, in, &in->cases[i].a, SORT_INT);
}

void check_heap(struct parser *p)
{
    for (int b = 0; b < p->prog->nblocks; b++) {
        const struct lit_block *block = &p->prog->blocks[b];
        enum sort sorts[MAX_REGISTERS] = {SORT_NONE};
        for (int i = 0; i < block->ninstr; i++) {
            const struct lit_instr *in = &block->code[i];
            set_sort(p, sorts, in, &in->d, sort_set_by(in->op));
            set_sort(p, sorts, in, &in->e, SORT_INT);
            set_sort(p, sorts, in, &in->caught_to, SORT_INT);
            for (int k = 0; k < in->ncases; k++) {
                set_sort(p, sorts, in, &in->cases[k].d, SORT_INT);
                set_sort(p, sorts, in, &in->cases[k].e, SORT_INT);
            }
        }
        for (int i = 0; i < block->ninstr; i++)
            use_sorts(p, sorts, &block->code[i]);
    }
}
