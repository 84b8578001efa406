/* SPDX-License-Identifier: BSD-3-Clause */
/* parse_block.c - bodies of blocks: nesting, loops and branches become jumps.
 *
 * Owns: if, while, repeat, for, select's frame, and the patching of targets.
 * Not here: operations (parse_stmt.c).
 *
 * What each form becomes (h is a hidden register of the loop's depth):
 *
 *   if a == b     unless a == b ELSE; body; jmp END; ELSE: body; END:     (no else, or an
 *   empty
 *                                                                           one: no jmp)
 *   while a == b  TOP: unless a == b END; body; jmp TOP; END:
 *   repeat N as i set h 0; TOP: unless h < N END; set i h; body; calc h + h 1; jmp TOP;
 *   END: for v = range TOP: range c v END; body; jmp TOP; END:
 *
 * The exporter reads these shapes back, so they are a contract within the library.
 *
 *   I1  Every target is patched before its block is done; nothing jumps behind the last
 *       `ret`.
 */
#include <string.h>

#include "parse_block.h"

struct lit_block *block_now(struct parser *p)
{
    return &p->prog->blocks[p->block];
}

struct lit_instr instr_new(struct parser *p, enum lit_op op)
{
    return (struct lit_instr){
        .op = op, .obj = -1, .blk = -1, .target = -1, .line = p->line->number};
}

int instr_emit(struct parser *p, const struct lit_instr *in)
{
    struct lit_block *b = block_now(p);
    if (p->ninstr == MAX_INSTRUCTIONS)
        parse_fail(p, 1, "one instruction too many; expected at most %d", MAX_INSTRUCTIONS);
    b->code = parse_more(p, b->code, b->ninstr, sizeof *b->code);
    b->code[b->ninstr] = *in;
    p->ninstr++;
    return b->ninstr++;
}

static struct flow *flow_push(struct parser *p, enum flow_kind kind)
{
    if (p->nflow == MAX_NESTING)
        parse_fail(p, p->tok[0].column, "nested too deeply; expected at most %d levels",
                   MAX_NESTING);
    struct flow *f = &p->flow[p->nflow++];
    *f = (struct flow){.kind = kind,
                       .start = block_now(p)->ninstr,
                       .patch = -1,
                       .line = p->line->number,
                       .column = p->tok[0].column};
    return f;
}

enum lit_cmp parse_comparison(struct parser *p)
{
    static const char *const signs[] = {"==", "!=", "<", "<=", ">", ">="};
    for (int i = 0; i < 6; i++) {
        if (tok_accept(p, signs[i]))
            return (enum lit_cmp)(CMP_EQ + i);
    }
    tok_unexpected(p, "== != < <= > or >=");
}

/* The test of an if or a while. */
static void emit_test(struct parser *p, struct flow *f)
{
    struct lit_instr in = instr_new(p, OP_UNLESS);
    in.a = operand_value(p);
    in.cmp = parse_comparison(p);
    in.b = operand_value(p);
    tok_end(p);
    f->patch = instr_emit(p, &in);
}

static void emit_jump(struct parser *p, int target)
{
    struct lit_instr in = instr_new(p, OP_JMP);
    in.target = target;
    instr_emit(p, &in);
}

static void begin_repeat(struct parser *p)
{
    const struct token *t = tok_now(p);
    if (t->kind != TOK_INT || t->value < 0 || t->value > MAX_REPEAT)
        tok_unexpected(p, "a number of times from 0 to 1000000");
    p->at++;
    struct lit_ref h = operand_hidden(p, p->nflow);
    struct lit_instr in = instr_new(p, OP_SET);
    in.d = h;
    in.a = (struct lit_ref){REF_IMM, 0};
    instr_emit(p, &in);
    struct flow *f = flow_push(p, FLOW_REPEAT);
    f->hidden = (int)h.v;
    in = instr_new(p, OP_UNLESS);
    in.a = h;
    in.cmp = CMP_LT;
    in.b = (struct lit_ref){REF_IMM, t->value};
    f->patch = instr_emit(p, &in);
    if (tok_accept(p, "as")) {
        in = instr_new(p, OP_SET);
        in.d = operand_target(p, tok_now(p));
        in.a = h;
        p->at++;
        if (in.d.kind != REF_NONE)
            instr_emit(p, &in);
    }
    tok_end(p);
}

static void begin_for(struct parser *p)
{
    struct lit_instr in = instr_new(p, OP_RANGE);
    if (!tok_is(tok_now(p), "range")) {
        if (tok_now(p)->kind != TOK_NAME)
            tok_unexpected(p, "'for range CHANNEL' or 'for v = range CHANNEL'");
        in.d = operand_target(p, tok_now(p));
        p->at++;
        if (!tok_accept(p, "="))
            tok_unexpected(p, "= range CHANNEL");
    }
    if (!tok_accept(p, "range"))
        tok_unexpected(p, "range CHANNEL");
    in.obj = operand_object(p, KINDS_CHAN, "a channel");
    tok_end(p);
    struct flow *f = flow_push(p, FLOW_FOR);
    f->patch = instr_emit(p, &in);
}

static void begin_else(struct parser *p)
{
    struct flow *f = p->nflow > 0 ? &p->flow[p->nflow - 1] : NULL;
    if (!f || f->kind != FLOW_IF)
        parse_fail(p, p->tok[0].column, "else without if; expected it inside 'if ... end'");
    tok_end(p);
    emit_jump(p, -1);
    block_now(p)->code[f->patch].target = block_now(p)->ninstr;
    f->kind = FLOW_ELSE;
    f->patch = block_now(p)->ninstr - 1;
}

static void end_repeat(struct parser *p, const struct flow *f)
{
    struct lit_instr in = instr_new(p, OP_CALC);
    in.d = in.a = (struct lit_ref){REF_REG, f->hidden};
    in.cmp = CALC_ADD;
    in.b = (struct lit_ref){REF_IMM, 1};
    instr_emit(p, &in);
}

static void end_flow(struct parser *p)
{
    tok_end(p);
    if (p->nflow == 0)
        parse_fail(
            p, p->tok[0].column,
            "end without a beginning; expected if, while, repeat, for or select before it");
    const struct flow *f = &p->flow[--p->nflow];
    struct lit_block *b = block_now(p);
    if (f->kind == FLOW_ELSE && f->patch == b->ninstr - 1) {
        b->ninstr--; /* nothing in the else: its jump goes, and the test skips to here */
        p->ninstr--;
        for (int i = 0; i < b->ninstr; i++) {
            if (b->code[i].target == b->ninstr + 1)
                b->code[i].target = b->ninstr;
        }
        return;
    }
    if (f->kind == FLOW_REPEAT)
        end_repeat(p, f);
    if (f->kind == FLOW_WHILE || f->kind == FLOW_REPEAT || f->kind == FLOW_FOR)
        emit_jump(p, f->start);
    b->code[f->patch].target = b->ninstr;
}

/* Begins, turns or ends a nest.  False: the line is none of it. */
static bool flow_line(struct parser *p)
{
    if (tok_accept(p, "if"))
        emit_test(p, flow_push(p, FLOW_IF));
    else if (tok_accept(p, "while"))
        emit_test(p, flow_push(p, FLOW_WHILE));
    else if (tok_accept(p, "repeat"))
        begin_repeat(p);
    else if (tok_accept(p, "for"))
        begin_for(p);
    else if (tok_accept(p, "else"))
        begin_else(p);
    else if (tok_accept(p, "end"))
        end_flow(p);
    else
        return false;
    return true;
}

/* `d <- V`, `<-c`, `v = <-c`, `v, ok = <-c`, default. */
static void select_case(struct parser *p)
{
    struct lit_instr in = instr_new(p, OP_COUNT);
    const struct token *t = tok_now(p);
    if (tok_accept(p, "default")) {
        tok_end(p);
        for (int i = 0; i < p->select->ncases; i++) {
            if (p->select->cases[i].op == OP_COUNT)
                parse_fail(p, t->column, "a second default; expected one");
        }
    } else if (tok_is(tok_next(p, 1), "<-")) {
        in.op = OP_SEND;
        in.obj = operand_object(p, KINDS_CHAN, "a channel");
        p->at++;
        in.a = operand_value(p);
        tok_end(p);
    } else if (t->kind == TOK_NAME || tok_is(t, "<-")) {
        parse_receive(p, &in);
    } else {
        tok_unexpected(p,
                       "a case 'c <- V', '<-c', 'v = <-c', 'v, ok = <-c', default, or end");
    }
    if (p->select->ncases == MAX_CASES)
        parse_fail(p, t->column, "one case too many; expected at most %d", MAX_CASES);
    p->select->cases =
        parse_more(p, p->select->cases, p->select->ncases, sizeof(struct lit_case));
    p->select->cases[p->select->ncases++] =
        (struct lit_case){.op = in.op, .obj = in.obj, .a = in.a, .d = in.d, .e = in.e};
}

static void body_line(struct parser *p)
{
    struct lex_error le;
    p->ntok = lex_tokens(p->line, 0, p->tok, &le);
    p->at = 0;
    if (p->ntok < 0)
        parse_fail_at(p, le.line, le.column, "%s", le.text);
    if (p->select && tok_accept(p, "end")) {
        tok_end(p);
        instr_emit(p, p->select);
        p->select = NULL;
    } else if (p->select) {
        select_case(p);
    } else if (!flow_line(p)) {
        parse_statement(p);
    }
}

void parse_body(struct parser *p, int block)
{
    p->block = block;
    p->regs = NULL;
    p->nregs = p->nflow = 0;
    p->select = NULL;
    for (int i = 0; i < MAX_NESTING; i++)
        p->hidden[i] = -1;
    p->line = &p->lines[p->prog->blocks[block].line - 1];
    operand_parameter(p);
    for (int i = p->first_line[block]; i < p->last_line[block]; i++) {
        p->line = &p->lines[i];
        if (p->line->len > 0)
            body_line(p);
    }
    if (p->select)
        parse_fail_at(p, p->select->line, 1, "select is not closed; expected 'end'");
    if (p->nflow > 0)
        parse_fail_at(p, p->flow[p->nflow - 1].line, p->flow[p->nflow - 1].column,
                      "not closed in block %s; expected 'end'", block_now(p)->name);
    struct lit_instr ret = instr_new(p, OP_RET);
    instr_emit(p, &ret);
    operand_check_block(p);
}
