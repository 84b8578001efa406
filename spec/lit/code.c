/* SPDX-License-Identifier: BSD-3-Clause */
/* code.c - the words of the language and the numbers behind them.
 *
 * Owns: names of codes, of fatal errors and of statuses; wire names and operands of
 * instructions. Not here: what they mean (litmus.md section 8, protocol.md section 3).
 *
 *   I1  Each table is indexed by its enumeration, or searched; none is longer than the
 *       enumeration.
 */
#include <inttypes.h>
#include <string.h>

#include "code.h"
#include "lit.h"

static const struct code_name {
    const char *name;
    int64_t code;
} code_names[] = {
    {"nil", CODE_NIL},
    {"send-closed", CODE_SEND_CLOSED},
    {"close-closed", CODE_CLOSE_CLOSED},
    {"close-nil", CODE_CLOSE_NIL},
    {"makechan-size", CODE_MAKECHAN_SIZE},
    {"nil-deref", CODE_NIL_DEREF},
    {"index", CODE_INDEX},
    {"div-zero", CODE_DIV_ZERO},
    {"wg-negative", CODE_WG_NEGATIVE},
    {"wg-misuse", CODE_WG_MISUSE},
    {"damaged", CODE_DAMAGED},
    {"ticker-period", CODE_TICKER_PERIOD},
    {"panic-nil", CODE_PANIC_NIL},
    {"error-other", CODE_ERROR_OTHER},
};

static const char *const fatal_names[] = {
    [FATAL_UNLOCK] = "unlock-unlocked",      [FATAL_RW_UNLOCK] = "rw-unlock-unlocked",
    [FATAL_RUNLOCK] = "runlock-unlocked",    [FATAL_GO_NIL] = "go-nil",
    [FATAL_NO_GOROUTINES] = "no-goroutines",
};

static const char *const wire_names[] = {
#define OP(name, wire, operands, cap) wire,
#include "op.def"
#undef OP
};

static const char *const operand_letters[] = {
#define OP(name, wire, operands, cap) operands,
#include "op.def"
#undef OP
};

static const char *const capabilities[] = {
#define OP(name, wire, operands, cap) cap,
#include "op.def"
#undef OP
};

enum {
    NCODES = sizeof code_names / sizeof *code_names,
    NFATALS = sizeof fatal_names / sizeof *fatal_names,
};

const char *lit_code_name(int64_t code)
{
    if (code > CODE_NIL || code <= CODE_NIL - NCODES)
        return NULL;
    return code_names[CODE_NIL - code].name;
}

bool lit_code_value(const char *name, size_t len, int64_t *code)
{
    for (int i = 0; i < NCODES; i++) {
        if (strlen(code_names[i].name) == len &&
            memcmp(code_names[i].name, name, len) == 0) {
            *code = code_names[i].code;
            return true;
        }
    }
    return false;
}

const char *lit_fatal_name(enum lit_fatal f)
{
    return (unsigned)f < NFATALS ? fatal_names[f] : "?";
}

bool code_fatal_value(const char *name, size_t len, int64_t *fatal)
{
    for (int i = 0; i < NFATALS; i++) {
        if (strlen(fatal_names[i]) == len && memcmp(fatal_names[i], name, len) == 0) {
            *fatal = i;
            return true;
        }
    }
    return false;
}

const char *lit_op_wire(enum lit_op op)
{
    return (unsigned)op < OP_COUNT ? wire_names[op] : "?";
}

const char *lit_op_operands(enum lit_op op)
{
    return (unsigned)op < OP_COUNT ? operand_letters[op] : "";
}

const char *code_op_capability(enum lit_op op)
{
    return (unsigned)op < OP_COUNT ? capabilities[op] : "";
}

const char *code_value_text(int64_t v, char buf[24])
{
    const char *name = lit_code_name(v);
    if (name)
        return name;
    snprintf(buf, 24, "%" PRId64, v);
    return buf;
}

const char *code_status_text(enum lit_status status, int64_t code, char buf[40])
{
    char number[24];
    switch (status) {
    case STATUS_OK:
        return "ok";
    case STATUS_DEADLOCK:
        return "deadlock";
    case STATUS_EXIT:
        snprintf(buf, 40, "exit:%" PRId64, code);
        return buf;
    case STATUS_PANIC:
        snprintf(buf, 40, "panic:%s", code_value_text(code, number));
        return buf;
    case STATUS_FATAL:
        snprintf(buf, 40, "fatal:%s", lit_fatal_name((enum lit_fatal)code));
        return buf;
    }
    return "?";
}

bool lit_value_fits(const struct lit_object *o, int64_t v)
{
    if (o->kind != OBJ_CHAN || o->elem >= 8 || o->elem < 0)
        return true;
    return v >= 0 && v >> (8 * o->elem) == 0;
}
