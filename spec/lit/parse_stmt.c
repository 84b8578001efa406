/* SPDX-License-Identifier: BSD-3-Clause */
/* parse_stmt.c - operations: one line, one instruction.
 *
 * Owns: the table of plain operations, and the forms that follow no table (assignments,
 * receives, catch).  Not here: flow and select's frame (parse_block.c), operands
 * (parse_ref.c), heap operations that follow no table (parse_heap.c).
 *
 * A line is told apart by its first two words: `c <- V` and `x = ...` are what they are
 * whatever x and c are called, so that a channel may be called done or stop.
 *
 *   I1  The table's shape letters are filled from left to right into the fields of plan.h
 *       (I3).
 */
#include <string.h>

#include "parse_block.h"

enum result { RESULT_NONE, RESULT_MAY, RESULT_MUST };

/* Shape letters: v value, h register, c chan, n chan or nilchan, l channel or timer, m
 * lock, r rwmutex, k cond, g wg, A atomic or atomic pointer, o once, t timer, T timer or
 * ticker, f func. */
static const struct verb {
    const char *word, *shape;
    enum lit_op op;
    enum result result;
} verbs[] = {
    {"exit", "v", OP_EXIT, RESULT_NONE},
    {"panic", "v", OP_PANIC, RESULT_NONE},
    {"note", "v", OP_NOTE, RESULT_NONE},
    {"spin", "v", OP_SPIN, RESULT_NONE},
    {"sleep", "v", OP_SLEEP, RESULT_NONE},
    {"yield", "", OP_YIELD, RESULT_NONE},
    {"goexit", "", OP_GOEXIT, RESULT_NONE},
    {"return", "", OP_RET, RESULT_NONE},
    {"call", "f", OP_CALL, RESULT_NONE},
    {"close", "n", OP_CLOSE, RESULT_NONE},
    {"make", "cv", OP_MAKE, RESULT_NONE},
    {"len", "l", OP_LEN, RESULT_MUST},
    {"cap", "l", OP_CAP, RESULT_MUST},
    {"lock", "m", OP_LOCK, RESULT_NONE},
    {"unlock", "m", OP_UNLOCK, RESULT_NONE},
    {"trylock", "m", OP_TRYLOCK, RESULT_MAY},
    {"rlock", "r", OP_RLOCK, RESULT_NONE},
    {"runlock", "r", OP_RUNLOCK, RESULT_NONE},
    {"tryrlock", "r", OP_TRYRLOCK, RESULT_MAY},
    {"signal", "k", OP_SIGNAL, RESULT_NONE},
    {"broadcast", "k", OP_BROADCAST, RESULT_NONE},
    {"done", "g", OP_WGDONE, RESULT_NONE},
    {"do", "of", OP_DO, RESULT_NONE},
    {"load", "A", OP_LOAD, RESULT_MUST},
    {"store", "Av", OP_STORE, RESULT_NONE},
    {"cas", "Avv", OP_CAS, RESULT_MAY},
    {"swap", "Av", OP_SWAP, RESULT_MAY},
    {"recover", "", OP_RECOVER, RESULT_MAY},
    {"now", "", OP_NOW, RESULT_MUST},
    {"start", "Tv", OP_START, RESULT_NONE},
    {"after", "tv", OP_AFTER, RESULT_NONE},
    {"afterfunc", "tvf", OP_AFTERFUNC, RESULT_NONE},
    {"stop", "T", OP_STOP, RESULT_MAY},
    {"reset", "Tv", OP_RESET, RESULT_MAY},
    {"procs", "v", OP_PROCS, RESULT_MAY},
    {"goroutines", "", OP_GOROUTINES, RESULT_MUST},
    {"new", "v", OP_NEW, RESULT_MUST},
    {"drop", "h", OP_DROP, RESULT_NONE},
    {"keep", "h", OP_KEEP, RESULT_NONE},
    {"weak", "h", OP_WEAK, RESULT_MUST},
    {"get", "h", OP_WGET, RESULT_MUST},
};

/* Words whose operands follow no shape. */
static const char *const odd_words[] = {"go",    "defer",     "wait",    "add",
                                        "fault", "finalizer", "cleanup", "gc"};

static const struct kind_letter {
    char letter;
    unsigned kinds;
    const char *what;
} kind_letters[] = {
    {'c', KIND_BIT(OBJ_CHAN), "a channel"},     {'n', KINDS_CHAN, "a channel"},
    {'l', KINDS_RECV, "a channel or a timer"},  {'m', KINDS_LOCK, "a mutex or an rwmutex"},
    {'r', KIND_BIT(OBJ_RWMUTEX), "an rwmutex"}, {'k', KIND_BIT(OBJ_COND), "a cond"},
    {'g', KIND_BIT(OBJ_WG), "a wait group"},    {'A', KINDS_ATOMIC, "an atomic"},
    {'o', KIND_BIT(OBJ_ONCE), "a once"},        {'t', KIND_BIT(OBJ_TIMER), "a timer"},
    {'T', KINDS_TIMER, "a timer or a ticker"},
};

static int object_of_letter(struct parser *p, char letter)
{
    for (size_t i = 0; i < sizeof kind_letters / sizeof *kind_letters; i++) {
        if (kind_letters[i].letter == letter)
            return operand_object(p, kind_letters[i].kinds, kind_letters[i].what);
    }
    return -1;
}

static const struct verb *find_verb(const struct token *t)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (tok_is(t, verbs[i].word))
            return &verbs[i];
    }
    return NULL;
}

static bool is_odd(const struct token *t)
{
    for (size_t i = 0; i < sizeof odd_words / sizeof *odd_words; i++) {
        if (tok_is(t, odd_words[i]))
            return true;
    }
    return false;
}

static void read_shape(struct parser *p, struct lit_instr *in, const char *shape)
{
    struct lit_ref *values[] = {&in->a, &in->b, &in->c};
    int n = 0;
    for (; *shape; shape++) {
        if (*shape == 'v') {
            *values[n++] = operand_value(p);
        } else if (*shape == 'h') {
            *values[n++] = operand_register(p, tok_now(p));
            p->at++;
        } else if (*shape == 'f') {
            in->blk = operand_func(p);
            parse_argument(p, in, values[n]);
        } else {
            in->obj = object_of_letter(p, *shape);
        }
    }
}

static void read_fault(struct parser *p, struct lit_instr *in)
{
    const struct token *t = tok_now(p);
    if (t->kind != TOK_CODE ||
        (t->value != CODE_NIL_DEREF && t->value != CODE_INDEX && t->value != CODE_DIV_ZERO))
        tok_unexpected(p, "nil-deref, index or div-zero");
    in->op = OP_FAULT;
    in->fault = t->value;
    p->at++;
}

static bool is_in_loop(const struct parser *p)
{
    for (int i = 0; i < p->nflow; i++) {
        if (p->flow[i].kind >= FLOW_WHILE)
            return true;
    }
    return false;
}

static void read_go(struct parser *p, struct lit_instr *in)
{
    const struct token *t = tok_now(p);
    in->op = OP_SPAWN;
    if (tok_accept(p, "nil"))
        return;
    if (t->kind != TOK_NAME)
        tok_unexpected(p, "the name of a block, or nil");
    in->blk = name_block(p, t->text, t->len);
    if (in->blk < 0)
        parse_fail(p, t->column, "no block '%.*s'; expected the name of a block, or nil",
                   t->len > 40 ? 40 : t->len, t->text);
    if (in->blk == 0)
        parse_fail(p, t->column, "main is started already; expected another block");
    p->at++;
    parse_argument(p, in, &in->a);
    p->gos = parse_scratch_more(p, p->gos, p->ngos, sizeof *p->gos);
    p->gos[p->ngos++] = (struct go_site){in->blk, in->line, t->column, is_in_loop(p)};
}

static void read_defer(struct parser *p, struct lit_instr *in)
{
    in->op = OP_DEFER;
    if (tok_accept(p, "recover")) {
        in->op = OP_DEFERREC;
    } else if (!tok_accept(p, "nil")) {
        in->blk = operand_func(p);
        parse_argument(p, in, &in->a);
    }
}

static void read_odd(struct parser *p, struct lit_instr *in, const struct token *word)
{
    unsigned wg = KIND_BIT(OBJ_WG);
    if (tok_is(word, "go")) {
        read_go(p, in);
    } else if (tok_is(word, "defer")) {
        read_defer(p, in);
    } else if (tok_is(word, "fault")) {
        read_fault(p, in);
    } else if (tok_is(word, "wait")) {
        in->obj = operand_object(p, wg | KIND_BIT(OBJ_COND), "a cond or a wait group");
        in->op = p->prog->objects[in->obj].kind == OBJ_WG ? OP_WGWAIT : OP_CWAIT;
    } else if (tok_is(word, "add")) {
        in->obj = operand_object(p, wg | KIND_BIT(OBJ_ATOMIC), "a wait group or an atomic");
        in->op = p->prog->objects[in->obj].kind == OBJ_WG ? OP_WGADD : OP_ADD;
        in->a = operand_value(p);
    } else if (tok_is(word, "gc")) {
        in->op = OP_GC;
    } else if (tok_is(word, "cleanup")) {
        parse_cleanup(p, in);
    } else {
        parse_finalizer(p, in);
    }
}

/* Whether `stop` stands before a cleanup's register and not before a timer. */
static bool stops_cleanup(struct parser *p, const struct verb *v)
{
    const struct token *t = tok_now(p);
    return v->op == OP_STOP && t->kind == TOK_NAME && name_object(p, t->text, t->len) < 0;
}

/* An operation without results.  False: the word starts none. */
static bool read_operation(struct parser *p, struct lit_instr *in)
{
    const struct token *word = tok_now(p);
    const struct verb *v = word->kind == TOK_NAME ? find_verb(word) : NULL;
    if (tok_is(word, "<-")) {
        p->at++;
        in->op = OP_RECV0;
        in->obj = operand_object(p, KINDS_RECV, "a channel or a timer");
    } else if (v) {
        if (v->result == RESULT_MUST)
            parse_fail(p, word->column, "'%s' without a result; expected 'x = %s ...'",
                       v->word, v->word);
        p->at++;
        in->op = stops_cleanup(p, v) ? OP_CSTOP : v->op;
        read_shape(p, in, in->op == OP_CSTOP ? "h" : v->shape);
    } else if (word->kind == TOK_NAME && is_odd(word)) {
        p->at++;
        read_odd(p, in, word);
    } else {
        return false;
    }
    return true;
}

/* `c <- V` and `y = V` with a var: operations that begin with an object. */
static bool read_object_first(struct parser *p, struct lit_instr *in)
{
    const struct token *t = tok_now(p), *sign = tok_next(p, 1);
    if (t->kind == TOK_NAME && tok_is(sign, "<-")) {
        in->op = OP_SEND;
        in->obj = operand_object(p, KINDS_CHAN, "a channel");
        p->at++;
        in->a = operand_value(p);
        return true;
    }
    int o = t->kind == TOK_NAME ? name_object(p, t->text, t->len) : -1;
    if (o < 0 || !tok_is(sign, "=") || !(KINDS_VAR & KIND_BIT(p->prog->objects[o].kind)))
        return false;
    in->op = OP_WRITE;
    in->obj = o;
    p->at += 2;
    in->a = operand_value(p);
    return true;
}

/* `p[I] = V`. */
static bool read_field_first(struct parser *p, struct lit_instr *in)
{
    if (tok_now(p)->kind != TOK_NAME || !tok_is(tok_next(p, 1), "["))
        return false;
    in->op = OP_HSET;
    parse_index(p, &in->a, &in->imm);
    if (!tok_accept(p, "="))
        tok_unexpected(p, "= V");
    in->b = operand_value(p);
    return true;
}

static void read_catch(struct parser *p, struct lit_instr *in)
{
    static const enum lit_op refused[] = {OP_RET, OP_RECOVER, OP_DEFER, OP_DEFER1,
                                          OP_DEFERREC};
    const struct token *t = tok_now(p);
    if (!read_field_first(p, in) && !read_object_first(p, in) && !read_operation(p, in))
        tok_unexpected(p, "an operation without results after catch");
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        if (in->op == refused[i])
            parse_fail(p, t->column,
                       "'%.*s' after catch; expected an operation that can panic", t->len,
                       t->text);
    }
}

void parse_receive(struct parser *p, struct lit_instr *in)
{
    in->op = OP_RECV0;
    if (!tok_is(tok_now(p), "<-")) {
        in->op = OP_RECV1;
        in->d = operand_target(p, tok_now(p));
        p->at++;
        if (tok_accept(p, ",")) {
            in->op = OP_RECV2;
            in->e = operand_target(p, tok_now(p));
            p->at++;
        }
        if (!tok_accept(p, "="))
            tok_unexpected(p, "= <-CHANNEL");
    }
    if (!tok_accept(p, "<-"))
        tok_unexpected(p, "<-CHANNEL");
    in->obj = operand_object(p, KINDS_RECV, "a channel or a timer");
    tok_end(p);
}

/* `x = V`, `x = V + V` */
static void read_calculation(struct parser *p, struct lit_instr *in)
{
    static const char *const signs[] = {"+", "-", "*"};
    in->op = OP_SET;
    in->a = operand_value(p);
    for (int i = 0; i < 3; i++) {
        if (!tok_accept(p, signs[i]))
            continue;
        in->op = OP_CALC;
        in->cmp = (enum lit_cmp)(CALC_ADD + i);
        in->b = operand_value(p);
        return;
    }
}

/* What stands right of `x =`: one operation with a result. */
static void read_right(struct parser *p, struct lit_instr *in)
{
    const struct token *t = tok_now(p);
    const struct verb *v = t->kind == TOK_NAME ? find_verb(t) : NULL;
    int o = t->kind == TOK_NAME ? name_object(p, t->text, t->len) : -1;
    bool is_var = o >= 0 && (KINDS_VAR & KIND_BIT(p->prog->objects[o].kind));
    if (is_var && tok_next(p, 1)->kind == TOK_END) {
        in->op = OP_READ;
        in->obj = o;
        p->at++;
    } else if (is_var) {
        p->at++;
        tok_unexpected(p, "the end of the line: a read of a var stands alone");
    } else if (tok_is(t, "add")) {
        p->at++;
        in->op = OP_ADD;
        in->obj = operand_object(p, KIND_BIT(OBJ_ATOMIC), "an atomic");
        in->a = operand_value(p);
    } else if (tok_accept(p, "gc")) {
        parse_gc_until(p, in);
    } else if (tok_accept(p, "heap")) {
        parse_heap_max(p, in);
    } else if (tok_accept(p, "cleanup")) {
        parse_cleanup(p, in);
    } else if (tok_accept(p, "&")) {
        parse_address(p, in);
    } else if (tok_accept(p, "catch")) {
        in->caught = true;
        in->caught_to = in->d;
        in->d = (struct lit_ref){0};
        read_catch(p, in);
    } else if (tok_is(tok_next(p, 1), "[")) {
        in->op = OP_HGET;
        parse_index(p, &in->a, &in->imm);
    } else if (v && v->result != RESULT_NONE) {
        p->at++;
        in->op = v->op;
        read_shape(p, in, v->shape);
        if (p->prog->objects && in->obj >= 0 &&
            p->prog->objects[in->obj].kind == OBJ_TICKER &&
            (in->op == OP_STOP || in->op == OP_RESET))
            parse_fail(p, t->column, "a ticker's %s has no result; expected none", v->word);
    } else if (v || is_odd(t)) {
        parse_fail(p, t->column, "'%.*s' has no result; expected it alone", t->len,
                   t->text);
    } else {
        read_calculation(p, in);
    }
}

/* `x = ...`, `x, y = <-c`, `k = select`.  False: the line is none. */
static bool assignment(struct parser *p, struct lit_instr *in)
{
    const struct token *t = tok_now(p), *sign = tok_next(p, 1);
    bool is_pair = tok_is(sign, ",");
    if (t->kind != TOK_NAME || !(tok_is(sign, "=") || is_pair))
        return false;
    if (is_pair || tok_is(tok_next(p, 2), "<-")) {
        parse_receive(p, in);
        return true;
    }
    in->d = operand_target(p, t);
    p->at += 2;
    if (tok_accept(p, "select")) {
        tok_end(p);
        in->op = OP_SELECT;
    } else {
        read_right(p, in);
    }
    return true;
}

void parse_statement(struct parser *p)
{
    struct lit_instr in = instr_new(p, OP_COUNT);
    const struct token *t = tok_now(p);
    if (tok_is(t, "select") && tok_next(p, 1)->kind == TOK_END) {
        p->at++;
        in.op = OP_SELECT;
    } else if (!read_field_first(p, &in) && !read_object_first(p, &in) &&
               !assignment(p, &in) && !read_operation(p, &in)) {
        tok_unexpected(p, "a statement");
    }
    tok_end(p);
    if (in.op == OP_SELECT) {
        p->select = parse_take(p, sizeof *p->select);
        *p->select = in;
    } else {
        instr_emit(p, &in);
    }
}
