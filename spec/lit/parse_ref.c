/* SPDX-License-Identifier: BSD-3-Clause */
/* parse_ref.c - operands of statements: registers, values, objects, functions.
 *
 * Owns: the registers of the block in work.  Not here: which operand comes when
 * (parse_stmt.c).
 *
 * A register comes into being where it is first named.  One that is read somewhere in its
 * block but set nowhere is nearly always a slip of the pen, so it is refused once the block
 * is complete.
 *
 *   I1  A shown register has a global reference and takes no local place.
 *   I2  Named and hidden registers of a block are at most MAX_REGISTERS.
 */
#include <string.h>

#include "parse_block.h"

/* A local register's place; name "" for a hidden one. */
static int new_local(struct parser *p, const char *name, int column)
{
    struct lit_block *b = block_now(p);
    if (b->nregs == MAX_REGISTERS)
        parse_fail(p, column,
                   "one register too many in block %s; expected at most %d"
                   " (a loop takes one)",
                   b->name, MAX_REGISTERS);
    b->reg_names = parse_more(p, b->reg_names, b->nregs, sizeof *b->reg_names);
    b->reg_names[b->nregs] = parse_text(p, name, (int)strlen(name));
    return b->nregs++;
}

static struct lit_ref new_ref(struct parser *p, const struct token *t, char *name)
{
    for (int g = 0; g < p->prog->nglobals; g++) {
        const struct lit_global *global = &p->prog->globals[g];
        if (global->block == p->block && strcmp(global->name, name) == 0) {
            p->global_known[g] = true;
            return (struct lit_ref){REF_GLOBAL, g};
        }
    }
    return (struct lit_ref){REF_REG, new_local(p, name, t->column)};
}

static struct reg *find_register(struct parser *p, const struct token *t)
{
    for (int i = 0; i < p->nregs; i++) {
        const char *name = p->regs[i].name;
        if (strncmp(name, t->text, (size_t)t->len) == 0 && name[t->len] == 0)
            return &p->regs[i];
    }
    int o = name_object(p, t->text, t->len);
    if (o >= 0)
        parse_fail(p, t->column, "'%.*s' is %s; expected a register", t->len, t->text,
                   kind_text(p->prog->objects[o].kind));
    if (name_block(p, t->text, t->len) >= 0)
        parse_fail(p, t->column, "'%.*s' is a block; expected a register", t->len, t->text);
    name_check_new(p, t);
    char *name = parse_text(p, t->text, t->len);
    struct lit_ref ref = new_ref(p, t, name);
    p->regs = parse_scratch_more(p, p->regs, p->nregs, sizeof *p->regs);
    p->regs[p->nregs] = (struct reg){.name = name, .ref = ref};
    return &p->regs[p->nregs++];
}

struct lit_ref operand_target(struct parser *p, const struct token *t)
{
    if (t->kind != TOK_NAME)
        parse_fail(p, t->column, "unexpected '%.*s'; expected a register",
                   t->len > 40 ? 40 : t->len, t->text);
    if (tok_is(t, "_"))
        return (struct lit_ref){0};
    struct reg *r = find_register(p, t);
    r->is_set = true;
    return r->ref;
}

struct lit_ref operand_register(struct parser *p, const struct token *t)
{
    if (t->kind != TOK_NAME)
        parse_fail(p, t->column, "unexpected '%.*s'; expected a register",
                   t->len > 40 ? 40 : t->len, t->text);
    struct reg *r = find_register(p, t);
    if (r->read_line == 0) {
        r->read_line = p->line->number;
        r->read_column = t->column;
    }
    return r->ref;
}

struct lit_ref operand_value(struct parser *p)
{
    const struct token *t = tok_now(p);
    if (t->kind == TOK_INT || t->kind == TOK_CODE) {
        if (t->kind == TOK_INT && t->value <= -1000 && t->value >= -1999)
            tok_unexpected(p, "the name of the code: these numbers stand for codes");
        p->at++;
        return (struct lit_ref){REF_IMM, t->value};
    }
    if (t->kind != TOK_NAME || name_is_reserved(t->text, t->len))
        tok_unexpected(p, "an integer, a register or a code");
    struct lit_ref ref = operand_register(p, t);
    p->at++;
    return ref;
}

int operand_object(struct parser *p, unsigned kinds, const char *what)
{
    const struct token *t = tok_now(p);
    if (t->kind != TOK_NAME)
        tok_unexpected(p, what);
    int o = name_object(p, t->text, t->len);
    if (o < 0)
        parse_fail(p, t->column, "no object '%.*s'; expected %s", t->len > 40 ? 40 : t->len,
                   t->text, what);
    if (!(KIND_BIT(p->prog->objects[o].kind) & kinds))
        parse_fail(p, t->column, "'%.*s' is %s; expected %s", t->len, t->text,
                   kind_text(p->prog->objects[o].kind), what);
    p->at++;
    return o;
}

int operand_func(struct parser *p)
{
    const struct token *t = tok_now(p);
    int b = t->kind == TOK_NAME ? name_block(p, t->text, t->len) : -1;
    if (t->kind == TOK_NAME && b < 0)
        parse_fail(p, t->column, "no func '%.*s'; expected the name of a func block",
                   t->len > 40 ? 40 : t->len, t->text);
    if (b < 0)
        tok_unexpected(p, "the name of a func block");
    if (!p->prog->blocks[b].is_func)
        parse_fail(p, t->column, "'%.*s' is a goroutine's block; expected a func block",
                   t->len, t->text);
    p->at++;
    return b;
}

void operand_parameter(struct parser *p)
{
    const struct token *t = &p->params[p->block];
    if (t->kind == TOK_END)
        return;
    struct reg *r = find_register(p, t);
    r->is_set = true;
    if (r->ref.kind != REF_REG)
        parse_fail(p, t->column,
                   "parameter '%s' is shown; expected a register of another"
                   " name in the show line",
                   r->name);
}

struct lit_ref operand_hidden(struct parser *p, int depth)
{
    if (p->hidden[depth] < 0)
        p->hidden[depth] = new_local(p, "", 1);
    return (struct lit_ref){REF_REG, p->hidden[depth]};
}

void operand_check_block(struct parser *p)
{
    for (int i = 0; i < p->nregs; i++) {
        const struct reg *r = &p->regs[i];
        if (r->read_line > 0 && !r->is_set)
            parse_fail_at(
                p, r->read_line, r->read_column,
                "register '%s' is never set in block %s; expected a register that is,"
                " or a declared name",
                r->name, block_now(p)->name);
    }
}
