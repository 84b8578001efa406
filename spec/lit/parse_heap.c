/* SPDX-License-Identifier: BSD-3-Clause */
/* parse_heap.c - operations on objects of the heap, and the one argument of a block.
 *
 * Owns: fields, addresses, finalizers, cleanups, collections.  Not here: which register may
 * hold what (check_heap.c).
 *
 * A block may have one parameter, which is a pointer: `func f(p):`.  Whoever starts, calls
 * or defers it gives one argument; a finalizer's is the object.
 *
 *   I1  An instruction whose block has a parameter is the form with an argument (OP_SPAWN1
 *       beside OP_SPAWN), but for finalizers.
 */
#include "parse_block.h"

/* p[I], with the cursor at p. */
void parse_index(struct parser *p, struct lit_ref *pointer, int64_t *index)
{
    *pointer = operand_register(p, tok_now(p));
    p->at += 2;
    const struct token *t = tok_now(p);
    if (t->kind != TOK_INT || t->value < 0 || t->value > MAX_FIELD)
        tok_unexpected(p, "a field's number from 0 to 1000000");
    *index = t->value;
    p->at++;
    if (!tok_accept(p, "]"))
        tok_unexpected(p, "]");
}

/* `q = &p[I]`, with the cursor behind the sign. */
void parse_address(struct parser *p, struct lit_instr *in)
{
    in->op = OP_HADDR;
    if (tok_now(p)->kind != TOK_NAME || !tok_is(tok_next(p, 1), "["))
        tok_unexpected(p, "the field of an object, as in &p[0]");
    parse_index(p, &in->a, &in->imm);
}

/* The same instruction with an argument. */
static enum lit_op op_with_argument(enum lit_op op)
{
    switch (op) {
    case OP_SPAWN:
        return OP_SPAWN1;
    case OP_CALL:
        return OP_CALL1;
    case OP_DEFER:
        return OP_DEFER1;
    case OP_AFTERFUNC:
        return OP_AFTERFUNC1;
    case OP_CLEANUP:
        return OP_CLEANUP1;
    default:
        return op;
    }
}

void parse_argument(struct parser *p, struct lit_instr *in, struct lit_ref *argument)
{
    const struct token *t = tok_now(p);
    const struct lit_block *b = &p->prog->blocks[in->blk];
    bool given = tok_accept(p, "(");
    if (given && !b->has_param)
        parse_fail(p, t->column, "block %s has no parameter; expected no argument",
                   b->name);
    if (!given && b->has_param)
        parse_fail(p, t->column, "block %s has a parameter; expected %s(POINTER)", b->name,
                   b->name);
    if (!given)
        return;
    *argument = operand_value(p);
    if (!tok_accept(p, ")"))
        tok_unexpected(p, ")");
    in->op = op_with_argument(in->op);
}

void parse_finalizer(struct parser *p, struct lit_instr *in)
{
    in->op = OP_FINALIZER;
    in->a = operand_register(p, tok_now(p));
    p->at++;
    if (tok_accept(p, "nil"))
        return;
    const struct token *t = tok_now(p);
    in->blk = operand_func(p);
    if (!p->prog->blocks[in->blk].has_param)
        parse_fail(p, t->column,
                   "func %s has no parameter; expected one, a finalizer gets its object",
                   p->prog->blocks[in->blk].name);
}

void parse_cleanup(struct parser *p, struct lit_instr *in)
{
    in->op = OP_CLEANUP;
    in->a = operand_register(p, tok_now(p));
    p->at++;
    in->blk = operand_func(p);
    parse_argument(p, in, &in->b);
}

/* `n = gc until x != V max K` behind gc. */
void parse_gc_until(struct parser *p, struct lit_instr *in)
{
    in->op = OP_GCUNTIL;
    if (!tok_accept(p, "until"))
        tok_unexpected(p, "until ATOMIC != V max K");
    in->obj = operand_object(p, KIND_BIT(OBJ_ATOMIC), "an atomic");
    if (!tok_accept(p, "!="))
        tok_unexpected(p, "!=");
    in->a = operand_value(p);
    if (!tok_accept(p, "max"))
        tok_unexpected(p, "max K");
    const struct token *t = tok_now(p);
    if (t->kind != TOK_INT || t->value < 1 || t->value > MAX_CYCLES)
        tok_unexpected(p, "a number of collections from 1 to 100");
    in->b = operand_value(p);
}

/* `ok = heap max B` behind heap. */
void parse_heap_max(struct parser *p, struct lit_instr *in)
{
    in->op = OP_HEAP;
    if (!tok_accept(p, "max"))
        tok_unexpected(p, "max B");
    in->a = operand_value(p);
}
