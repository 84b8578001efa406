/* SPDX-License-Identifier: BSD-3-Clause */
/* check_heap.c - registers hold integers, pointers, weak pointers or cleanups, each one
 * sort for good.
 *
 * Owns: the sorts of registers and their agreement.  Not here: what a heap operation does.
 *
 * A driver keeps references in the same register file as integers, so that liveness is
 * exactly "still in a register".  Taking an integer for a reference would crash it;
 * therefore the sort of a register follows from the instructions that set it, all must
 * agree, and each use must fit.  A copy (`q = p`) passes a sort on, so sorts are set until
 * nothing changes; `x = nil` fits any and decides none.
 *
 *   I1  Pointers come from new, fields, get, a parameter, and from what carries them
 *       (lit_carries_pointers).
 *   I2  A shown register is an integer.
 *   I3  Afterwards the literal nil is 0 wherever a reference is due.
 */
#include "check.h"

static const char *const sort_texts[] = {"nothing", "an integer", "a pointer",
                                         "a weak pointer", "a cleanup"};

static bool carries(const struct parser *p, int obj)
{
    return obj >= 0 && lit_carries_pointers(&p->prog->objects[obj]);
}

static bool is_nil(const struct lit_ref *r)
{
    return r->kind == REF_IMM && r->v == CODE_NIL;
}

/* What the first result of an instruction is; SORT_NONE: not known yet, or any. */
static enum lit_sort sort_of_result(const struct parser *p, const unsigned char *sorts,
                                    const struct lit_instr *in)
{
    switch (in->op) {
    case OP_NEW:
    case OP_HGET:
    case OP_HADDR:
    case OP_WGET:
        return SORT_POINTER;
    case OP_WEAK:
        return SORT_WEAK;
    case OP_CLEANUP:
    case OP_CLEANUP1:
        return SORT_CLEANUP;
    case OP_SET:
        if (in->a.kind == REF_REG)
            return (enum lit_sort)sorts[in->a.v];
        return is_nil(&in->a) ? SORT_NONE : SORT_INT;
    case OP_RECV1:
    case OP_RECV2:
    case OP_RANGE:
    case OP_LOAD:
    case OP_SWAP:
    case OP_READ:
        return carries(p, in->obj) ? SORT_POINTER : SORT_INT;
    default:
        return SORT_INT;
    }
}

/* True: something new was learnt. */
static bool set_sort(struct parser *p, unsigned char *sorts, int line,
                     const struct lit_ref *d, enum lit_sort sort)
{
    if (d->kind == REF_GLOBAL && sort > SORT_INT)
        parse_fail_at(p, line, 1,
                      "a shown register takes %s; expected a register that no show"
                      " line names",
                      sort_texts[sort]);
    if (d->kind != REF_REG || sort == SORT_NONE)
        return false;
    enum lit_sort now = (enum lit_sort)sorts[d->v];
    if (now != SORT_NONE && now != sort)
        parse_fail_at(p, line, 1,
                      "a register of %s takes %s here; expected another register",
                      sort_texts[now], sort_texts[sort]);
    sorts[d->v] = (unsigned char)sort;
    return now != sort;
}

static bool set_sorts(struct parser *p, unsigned char *sorts, const struct lit_instr *in)
{
    bool news = set_sort(p, sorts, in->line, &in->d, sort_of_result(p, sorts, in));
    news |= set_sort(p, sorts, in->line, &in->e, SORT_INT);
    news |= set_sort(p, sorts, in->line, &in->caught_to, SORT_INT);
    for (int k = 0; k < in->ncases; k++) {
        const struct lit_case *c = &in->cases[k];
        enum lit_sort sort = carries(p, c->obj) ? SORT_POINTER : SORT_INT;
        news |= set_sort(p, sorts, in->line, &c->d, sort);
        news |= set_sort(p, sorts, in->line, &c->e, SORT_INT);
    }
    return news;
}

static void need_sort(struct parser *p, const unsigned char *sorts, int line,
                      struct lit_ref *r, enum lit_sort sort)
{
    enum lit_sort has = SORT_INT;
    if (r->kind == REF_NONE)
        return;
    if (r->kind == REF_REG)
        has = (enum lit_sort)sorts[r->v];
    if (is_nil(r) && (sort == SORT_POINTER || sort == SORT_WEAK)) {
        r->v = 0;
        return;
    }
    if (has != sort)
        parse_fail_at(p, line, 1, "%s is used as %s; expected a register that holds one",
                      sort_texts[has], sort_texts[sort]);
}

static enum lit_sort sort_of(const unsigned char *sorts, const struct lit_ref *r)
{
    return r->kind == REF_REG ? (enum lit_sort)sorts[r->v] : SORT_INT;
}

/* Pointers, and weak pointers, are compared for being the same, and with nil. */
static void use_in_test(struct parser *p, const unsigned char *sorts, struct lit_instr *in)
{
    enum lit_sort a = sort_of(sorts, &in->a), b = sort_of(sorts, &in->b);
    enum lit_sort sort = a > b ? a : b;
    bool equality = in->cmp == CMP_EQ || in->cmp == CMP_NE;
    if (sort == SORT_CLEANUP || (sort > SORT_INT && !equality))
        parse_fail_at(
            p, in->line, 1,
            "%s in this comparison; expected integers, or pointers behind == or !=",
            sort_texts[sort]);
    need_sort(p, sorts, in->line, &in->a, sort);
    need_sort(p, sorts, in->line, &in->b, sort);
}

/* The sorts of an instruction's values a, b and c. */
static void sorts_of_values(const struct parser *p, const unsigned char *sorts,
                            const struct lit_instr *in, enum lit_sort need[3])
{
    enum lit_sort carried = carries(p, in->obj) ? SORT_POINTER : SORT_INT;
    need[0] = need[1] = need[2] = SORT_INT;
    switch (in->op) {
    case OP_HSET:
    case OP_CLEANUP1:
        need[0] = need[1] = SORT_POINTER;
        break;
    case OP_HGET:
    case OP_HADDR:
    case OP_KEEP:
    case OP_FINALIZER:
    case OP_CLEANUP:
    case OP_WEAK:
    case OP_SPAWN1:
    case OP_CALL1:
    case OP_DEFER1:
        need[0] = SORT_POINTER;
        break;
    case OP_AFTERFUNC1:
        need[1] = SORT_POINTER;
        break;
    case OP_WGET:
        need[0] = SORT_WEAK;
        break;
    case OP_CSTOP:
        need[0] = SORT_CLEANUP;
        break;
    case OP_DROP:
        need[0] = sort_of(sorts, &in->a) > SORT_INT ? sort_of(sorts, &in->a) : SORT_POINTER;
        break;
    case OP_SET:
        need[0] = in->a.kind == REF_IMM ? sort_of(sorts, &in->d) : sort_of(sorts, &in->a);
        break;
    case OP_SEND:
    case OP_STORE:
    case OP_SWAP:
    case OP_WRITE:
        need[0] = carried;
        break;
    case OP_CAS:
        need[0] = need[1] = carried;
        break;
    default:
        break;
    }
}

static void use_sorts(struct parser *p, const unsigned char *sorts, struct lit_instr *in)
{
    enum lit_sort need[3];
    if (in->op == OP_UNLESS) {
        use_in_test(p, sorts, in);
        return;
    }
    sorts_of_values(p, sorts, in, need);
    need_sort(p, sorts, in->line, &in->a, need[0]);
    need_sort(p, sorts, in->line, &in->b, need[1]);
    need_sort(p, sorts, in->line, &in->c, need[2]);
    for (int i = 0; i < in->ncases; i++)
        need_sort(p, sorts, in->line, &in->cases[i].a,
                  carries(p, in->cases[i].obj) ? SORT_POINTER : SORT_INT);
}

static void check_block(struct parser *p, struct lit_block *b)
{
    b->sorts = parse_take(p, (size_t)b->nregs + 1);
    if (b->has_param)
        b->sorts[0] = SORT_POINTER;
    for (bool news = true; news;) {
        news = false;
        for (int i = 0; i < b->ninstr; i++)
            news |= set_sorts(p, b->sorts, &b->code[i]);
    }
    for (int r = 0; r < b->nregs; r++)
        b->sorts[r] = b->sorts[r] == SORT_NONE ? SORT_INT : b->sorts[r];
    for (int i = 0; i < b->ninstr; i++)
        use_sorts(p, b->sorts, &b->code[i]);
}

void check_heap(struct parser *p)
{
    for (int b = 0; b < p->prog->nblocks; b++)
        check_block(p, &p->prog->blocks[b]);
}
