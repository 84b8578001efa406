/* SPDX-License-Identifier: BSD-3-Clause */
/* export_go.h - what the files of the Go exporter share.
 *
 * Owns: the exporter's state and the calls between its files.  Not here: the door (lit.h).
 *
 * The functions of the program are printed first, into memory, and note what they use; then
 * the head of the file is printed with just the imports and helpers that are used.
 *
 *   I1  Every text comes from the exporter's arena and lives until the end of the export.
 *   I2  Lines are laid out as gofmt lays them out: a tab per level, declarations one by
 *       one, no comment behind code, so that nothing needs aligning.
 */
#ifndef LIT_EXPORT_GO_H
#define LIT_EXPORT_GO_H

#include <setjmp.h>

#include "lit.h"
#include "program.h"

/* What the program uses, one bit each. */
enum go_use {
    USE_BIT = 1 << 0, /* bool to integer */
    USE_CATCH = 1 << 1,
    USE_CODE = 1 << 2, /* panic value to integer */
    USE_RAISE = 1 << 3,
    USE_NOTE = 1 << 4,
    USE_TEXT = 1 << 5, /* integer to the name of a code */
    USE_SPIN = 1 << 6,
    USE_FILL = 1 << 7,
    USE_UNPACK = 1 << 8,
    USE_REF = 1 << 9,
    USE_DEREF = 1 << 10,
    USE_ATOMIC = 1 << 11, /* from here on: packages */
    USE_SYNC = 1 << 12,
    USE_TIME = 1 << 13,
    USE_OS = 1 << 14,
    USE_RUNTIME = 1 << 15,
    USE_STRINGS = 1 << 16,
    USE_START = 1 << 17, /* when the program began */
    USE_FIELD = 1 << 18, /* from here on: the heap */
    USE_NEW = 1 << 19,
    USE_AT = 1 << 20, /* a field's address */
    USE_KEEP = 1 << 21,
    USE_HOLD = 1 << 22,  /* registers that hold to the end of their activation */
    USE_UNTIL = 1 << 23, /* gc until */
    USE_COUNT = 1 << 24, /* heap max */
    USE_WEAK = 1 << 25,
    USE_SAME = 1 << 26, /* comparison of references */
};

struct exporter {
    const struct lit_program *p;
    struct arena *arena;
    FILE *out;
    const char *prefix; /* of every name at the top level; "" or "NAME_" */
    const char *entry;  /* name of the function that runs the program */
    unsigned uses;
    unsigned raised;   /* codes that USE_RAISE must know, by bit CODE_NIL - code */
    bool sizes[65536]; /* element sizes that need a pack function */
    char **object, **block, **global;
    bool *shared;            /* per global: goroutines other than main's write it */
    bool is_inline;          /* main's block is the body of the entry function */
    int now, indent, rounds; /* block in work, depth of lines, depth of counted loops */
    bool *reads;     /* per register of the block in work: some instruction reads it */
    bool needs_open; /* the block in work has a variable `open` */
    char *why;
    size_t why_size;
    jmp_buf out_of_memory;
};

/* Names and texts (export_go_name.c). */
__attribute__((format(printf, 2, 3))) char *go_text(struct exporter *x, const char *format,
                                                    ...);
void go_name_all(struct exporter *x);
const char *go_register(struct exporter *x, int64_t reg);
void go_print(struct exporter *x, const char *text); /* '@': the prefix */
const char *go_type(struct exporter *x,
                    const struct lit_object *o); /* of a channel's element */

/* Lines and operands (export_go_ref.c). */
__attribute__((format(printf, 2, 3))) void go_line(struct exporter *x, const char *format,
                                                   ...);
const char *go_value(struct exporter *x, const struct lit_ref *r);
const char *go_element(struct exporter *x, int obj, const struct lit_ref *r);
const char *go_span(struct exporter *x, const struct lit_ref *r, const char *times);
bool go_is_wanted(struct exporter *x, const struct lit_ref *d);
bool go_is_direct(struct exporter *x,
                  const struct lit_ref *d); /* a plain variable takes it */
const char *go_target(struct exporter *x, const struct lit_ref *d); /* its name, or "_" */
void go_assign(struct exporter *x, const struct lit_ref *d, const char *expression);

/* Instructions (export_go_op.c, export_go_chan.c). */
void go_instr(struct exporter *x, const struct lit_instr *in);
bool go_chan_instr(struct exporter *x, const struct lit_instr *in);
bool go_timer_instr(struct exporter *x, const struct lit_instr *in);
void go_range(struct exporter *x, const struct lit_instr *in); /* the head of the loop */

/* The heap (export_go_heap.c): values where a reference is due, instructions, registers. */
const char *go_reference(struct exporter *x, enum lit_sort sort, const struct lit_ref *r);
const char *go_carried(struct exporter *x, int obj, const struct lit_ref *r);
const char *go_argument(struct exporter *x, const struct lit_instr *in); /* "p", or "" */
bool go_heap_instr(struct exporter *x, const struct lit_instr *in);
void go_heap_declare(struct exporter *x);
void go_heap_helpers(struct exporter *x);
enum lit_sort go_sort(const struct exporter *x, const struct lit_ref *r);

/* Blocks (export_go_block.c): functions, and the program's entry. */
void go_block(struct exporter *x, int block);
void go_entry(struct exporter *x);

/* Helpers that the program uses (export_go_help.c). */
void go_imports(struct exporter *x);
void go_helpers(struct exporter *x);

#endif
