/* SPDX-License-Identifier: BSD-3-Clause */
/* plan.h - a plan as the driver holds it: objects, blocks of instructions, what to show.
 *
 * Built line by line by plan_line, checked as a whole by plan_finish (check.c), read-only
 * afterwards.
 *
 *   I1  After plan_finish every index is in range and of the kind that its instruction
 *       wants, so that the interpreter checks nothing.
 *   I2  Every block ends with an instruction that does not fall through.
 *   I3  Memory is bounded by the limits below, whatever is read.
 *   I4  Operands: first v in a, second in b, third in c; first d in d, second in e.
 */
#ifndef KIT_PLAN_H
#define KIT_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ops.h"
#include "word.h"

enum {
    PLAN_OBJECTS = 64,
    PLAN_BLOCKS = 64,
    PLAN_REGS = 128,
    PLAN_GLOBALS = 1024,
    PLAN_TERMS = 64,
    PLAN_CASES = 64,
    PLAN_FIELDS = 1000000,     /* of an object */
    PLAN_CODE = 65536,         /* instructions in a plan */
    PLAN_CHAN_BYTES = 1 << 28, /* buffer of one channel */
    ELEM_MAX = 65535,
    ELEM_PTR = -1,
    ELEM_OBJ = -2,
};

enum op {
#define OP(name, wire, operands, cap) OP_##name,
#include "op.def"
#undef OP
    OP_COUNT
};

enum ref_kind { REF_NONE, REF_IMM, REF_REG, REF_GLOBAL };

struct ref {
    enum ref_kind kind;
    int64_t v;
};

enum cmp { CMP_EQ, CMP_NE, CMP_LT, CMP_LE, CMP_GT, CMP_GE, CALC_ADD, CALC_SUB, CALC_MUL };

struct plan_case {
    enum op op; /* OP_SEND, OP_RECV0, OP_RECV1, OP_RECV2; OP_COUNT: default */
    int obj;
    struct ref a, d, e;
};

struct instr {
    enum op op;
    bool caught; /* the result of catch goes to caught_to */
    bool has_default;
    struct ref caught_to;
    struct ref a, b, c, d, e;
    int obj, blk, target;
    enum cmp cmp;
    int64_t fault;
    int64_t imm; /* number of a field */
    int ncases, want_cases;
    struct plan_case *cases;
    int line;
};

struct block {
    char name[PLAN_WORD];
    int nregs, ncode, room;
    struct instr *code;
    size_t scratch_bytes; /* room that its largest operation needs for elements */
    int line;
};

struct object {
    enum gl_kind kind;
    int64_t cap; /* chan */
    int elem;    /* chan: bytes, ELEM_PTR or ELEM_OBJ */
    int mutex;   /* cond */
    int64_t init;
    int line;
};

struct plan {
    int nglobals, nobjects, nblocks, nterms;
    bool shows_log, has_show;
    bool uses_heap;       /* objects of the heap may be in registers */
    int term[PLAN_TERMS]; /* index of a global; -1: the log */
    struct object objects[PLAN_OBJECTS];
    struct block blocks[PLAN_BLOCKS];
    int ncode, nlines;
    unsigned uses[OP_COUNT];  /* how often each operation occurs */
    char skip[PLAN_WORD + 8]; /* not empty: what is not known, "op frob" */
    char error[200];          /* not empty: "line 3: what is wrong" */
};

struct plan *plan_new(void);
void plan_free(struct plan *p);

/* Takes one line of the plan, without its newline.  The first complaint is kept in
 * p->error or p->skip and the rest is read without effect. */
void plan_line(struct plan *p, const char *line, size_t len);

/* After the last line: checks every index and whether the runtime has what the plan
 * uses.  True when the plan can run; else error or skip says why. */
bool plan_finish(struct plan *p);

/* Records the first complaint about a line. */
void plan_error(struct plan *p, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

const char *op_wire(enum op op);
const char *op_operands(enum op op);
const char *op_cap(enum op op);

#endif
