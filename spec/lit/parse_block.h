/* SPDX-License-Identifier: BSD-3-Clause */
/* parse_block.h - emitting instructions and reading operands, shared by flow and
 * statements.
 *
 * Owns: the interface between parse_block.c (flow), parse_stmt.c (operations) and
 * parse_ref.c (registers, values, objects).  Not here: the parser's state (parse.h).
 */
#ifndef LIT_PARSE_BLOCK_H
#define LIT_PARSE_BLOCK_H

#include "parse.h"

/* Sets of object kinds. */
#define KIND_BIT(k) (1u << (k))
enum {
    KINDS_CHAN = KIND_BIT(OBJ_CHAN) | KIND_BIT(OBJ_NILCHAN),
    KINDS_TIMER = KIND_BIT(OBJ_TIMER) | KIND_BIT(OBJ_TICKER),
    KINDS_RECV = KINDS_CHAN | KINDS_TIMER,
    KINDS_VAR = KIND_BIT(OBJ_VAR) | KIND_BIT(OBJ_PTR),
    KINDS_ATOMIC = KIND_BIT(OBJ_ATOMIC) | KIND_BIT(OBJ_APTR),
    KINDS_LOCK = KIND_BIT(OBJ_MUTEX) | KIND_BIT(OBJ_RWMUTEX),
};

/* An empty instruction of the line in work. */
struct lit_instr instr_new(struct parser *p, enum lit_op op);
/* Appends it to the block in work; returns its index. */
int instr_emit(struct parser *p, const struct lit_instr *in);
struct lit_block *block_now(struct parser *p);

/* Reads one operand at the cursor.  `what` says what was expected. */
struct lit_ref operand_value(struct parser *p);
struct lit_ref operand_target(struct parser *p,
                              const struct token *t); /* a register to write */
struct lit_ref operand_register(struct parser *p,
                                const struct token *t); /* a register to read */
int operand_object(struct parser *p, unsigned kinds, const char *what);
int operand_func(struct parser *p);
struct lit_ref operand_hidden(struct parser *p, int depth);
/* Fails for a register that is read and never set. */
void operand_check_block(struct parser *p);

/* The register that the block's head names, if it does. */
void operand_parameter(struct parser *p);

/* Heap operations, with the cursor behind their word (parse_heap.c). */
void parse_index(struct parser *p, struct lit_ref *pointer, int64_t *index);
void parse_address(struct parser *p, struct lit_instr *in);
void parse_finalizer(struct parser *p, struct lit_instr *in);
void parse_cleanup(struct parser *p, struct lit_instr *in);
void parse_gc_until(struct parser *p, struct lit_instr *in);
void parse_heap_max(struct parser *p, struct lit_instr *in);
/* The argument that the block of an instruction wants, if it does. */
void parse_argument(struct parser *p, struct lit_instr *in, struct lit_ref *argument);

/* One statement that is no flow: appends its instruction. */
void parse_statement(struct parser *p);
/* `<-c`, with results already read: op is set by their number. */
void parse_receive(struct parser *p, struct lit_instr *in);
enum lit_cmp parse_comparison(struct parser *p);

#endif
