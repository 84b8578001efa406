/* SPDX-License-Identifier: BSD-3-Clause */
/* plan.h - a litmus program after parsing: objects, blocks of flat instructions, outcome
 * lists.
 *
 * This is the one form that everything behind the parser works on: the plan printer, the Go
 * exporter, the model, the fuzzers. Built by lit_parse (lit.h) and read-only afterwards;
 * freed as a whole by lit_program_free.
 *
 *   I1  blocks[0] is main.  Every block ends with an instruction that never falls through
 * (OP_RET is added). I2  Every index (object, block, target, register) is in range and of
 * the kind that its instruction wants. I3  Operand fields: first v in a, second v in b,
 * third v in c; first d in d, second d in e; o in obj; b in blk (-1 = nil); l in target; p
 * and q in cmp; f in fault; i in imm; n in ncases.
 */
#ifndef LIT_PLAN_H
#define LIT_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lit_op {
#define OP(name, wire, operands, cap) OP_##name,
#include "op.def"
#undef OP
    OP_COUNT
};

enum lit_code {
    CODE_NIL = -1000,
    CODE_SEND_CLOSED = -1001,
    CODE_CLOSE_CLOSED = -1002,
    CODE_CLOSE_NIL = -1003,
    CODE_MAKECHAN_SIZE = -1004,
    CODE_NIL_DEREF = -1005,
    CODE_INDEX = -1006,
    CODE_DIV_ZERO = -1007,
    CODE_WG_NEGATIVE = -1008,
    CODE_WG_MISUSE = -1009,
    CODE_DAMAGED = -1010,
    CODE_TICKER_PERIOD = -1011,
    CODE_PANIC_NIL = -1012,
    CODE_ERROR_OTHER = -1013,
};

enum lit_fatal {
    FATAL_UNLOCK,
    FATAL_RW_UNLOCK,
    FATAL_RUNLOCK,
    FATAL_GO_NIL,
    FATAL_NO_GOROUTINES
};

enum lit_status { STATUS_OK, STATUS_EXIT, STATUS_PANIC, STATUS_FATAL, STATUS_DEADLOCK };

/* A value or a destination. */
enum lit_ref_kind { REF_NONE, REF_IMM, REF_REG, REF_GLOBAL };
struct lit_ref {
    enum lit_ref_kind kind;
    int64_t v; /* the literal, or the register's index */
};

enum lit_cmp {
    CMP_EQ,
    CMP_NE,
    CMP_LT,
    CMP_LE,
    CMP_GT,
    CMP_GE,
    CALC_ADD,
    CALC_SUB,
    CALC_MUL
};

/* One case of a select: op is OP_SEND, OP_RECV0, OP_RECV1, OP_RECV2, or OP_COUNT for
 * default. */
struct lit_case {
    enum lit_op op;
    int obj;
    struct lit_ref a;    /* value to send */
    struct lit_ref d, e; /* value received, ok */
};

struct lit_instr {
    enum lit_op op;
    bool caught; /* wrapped in catch: its result goes to caught_to */
    struct lit_ref caught_to;
    struct lit_ref a, b, c;
    struct lit_ref d, e;  /* kind REF_NONE: dropped */
    int obj, blk, target; /* -1: none; blk -1 with OP_SPAWN/OP_DEFER: nil */
    enum lit_cmp cmp;
    int64_t fault; /* CODE_NIL_DEREF, CODE_INDEX or CODE_DIV_ZERO */
    int64_t imm;
    int ncases;
    struct lit_case *cases;
    int line; /* of the source */
};

/* What a register holds, for good. */
enum lit_sort { SORT_NONE, SORT_INT, SORT_POINTER, SORT_WEAK, SORT_CLEANUP };

struct lit_block {
    char *name;
    bool is_func;
    bool has_param; /* register 0, a pointer */
    int nregs;
    char **reg_names;     /* nregs names; a compiler's own ("" ) has none */
    unsigned char *sorts; /* nregs, enum lit_sort; none is SORT_NONE */
    int ninstr;
    struct lit_instr *code;
    int line;
};

enum lit_kind {
    OBJ_CHAN,
    OBJ_NILCHAN,
    OBJ_MUTEX,
    OBJ_RWMUTEX,
    OBJ_WG,
    OBJ_ONCE,
    OBJ_COND,
    OBJ_ATOMIC,
    OBJ_VAR,
    OBJ_TIMER,
    OBJ_TICKER,
    OBJ_PTR, /* plain variable that holds a pointer */
    OBJ_APTR /* atomic one */
};

#define LIT_ELEM_PTR (-1) /* a value, by a pointer to it */
#define LIT_ELEM_OBJ (-2) /* a pointer of the program */

struct lit_object {
    enum lit_kind kind;
    char *name;
    int64_t cap;  /* chan */
    int elem;     /* chan: bytes, LIT_ELEM_PTR or LIT_ELEM_OBJ */
    int mutex;    /* cond: object index */
    int64_t init; /* atomic, var */
    int line;
};

/* A global register: which block's register it is. */
struct lit_global {
    int block;
    char *name;
};

struct lit_term {
    bool is_log;
    int global; /* index, when not the log */
    char *text; /* "main.a" or "log" */
};

struct lit_log {
    int n;
    int64_t *v;
};

enum lit_verb { VERB_ALLOW, VERB_WANT, VERB_FORBID };

struct lit_expect {
    enum lit_verb verb;
    enum lit_status status;
    int64_t code;   /* exit status, panic value, enum lit_fatal */
    bool *given;    /* per shown term; forbid lines may leave terms out */
    int64_t *value; /* per shown term, but the log's */
    struct lit_log log;
    char *why; /* NULL: none */
    int line;
};

struct lit_race {
    bool want;
    int obj;
    int line;
};

enum lit_stat_rule { STAT_SEEN_ALL, STAT_UNIFORM };
struct lit_stat {
    enum lit_stat_rule rule;
    int term; /* uniform: index of the shown term */
    double alpha, margin;
    int line;
};

enum lit_mode { MODE_EXPLORE, MODE_STAT, MODE_STRESS };

struct lit_words {
    int n;
    char **v;
};

struct lit_program {
    char *file, *path, *id;
    struct lit_words spec, needs, profile, about,
        stderrs; /* needs: as written plus inferred */
    enum lit_mode mode;
    int trials;
    int nobjects;
    struct lit_object *objects;
    int nblocks;
    struct lit_block *blocks;
    int nglobals;
    struct lit_global *globals;
    int nterms;
    struct lit_term *terms;
    int nexpects;
    struct lit_expect *expects;
    int nraces;
    struct lit_race *races;
    int nstats;
    struct lit_stat *stats;
    void *arena; /* owner of all the memory above */
};

/* Whether the object carries pointers of the program: a channel, a variable. */
static inline bool lit_carries_pointers(const struct lit_object *o)
{
    return o->kind == OBJ_PTR || o->kind == OBJ_APTR ||
           (o->kind == OBJ_CHAN && o->elem == LIT_ELEM_OBJ);
}

/* A variable that goroutines can race on. */
static inline bool lit_is_plain(const struct lit_object *o)
{
    return o->kind == OBJ_VAR || o->kind == OBJ_PTR;
}

static inline bool lit_op_is_heap(enum lit_op op)
{
    return op >= OP_NEW && op <= OP_HEAP;
}

const char *lit_op_wire(enum lit_op op);
const char *lit_op_operands(enum lit_op op);

#endif
