/* SPDX-License-Identifier: BSD-3-Clause */
/* check.c - whether a plan that was read can run: every index, every kind, every
 * capability.
 *
 * Owns: plan_finish, that is invariants I1 and I2 of plan.h.  Not here: the text
 * (plan.c).
 *
 * Idea: the operand letters say what to check, as they said what to read.  The one thing
 * that they do not say is which kinds of object an operation works on: a set of kinds per
 * operation, below.
 *
 *   I1  A capability that is missing is no error: skip names the operation, as for an
 *       unknown one.
 */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

#define BIT(kind) (1u << (kind))

enum {
    CHANS = BIT(GL_CHAN) | BIT(GL_NILCHAN),
    TIMERS = BIT(GL_TIMER) | BIT(GL_TICKER),
    LOCKS = BIT(GL_MUTEX) | BIT(GL_RWMUTEX),
    POINTERS = BIT(GL_PTR) | BIT(GL_APTR),
};

/* The kinds of object that an operation takes. */
static unsigned kinds_of(enum op op)
{
    switch (op) {
    case OP_SEND:
    case OP_CLOSE:
    case OP_MAKE:
        return CHANS;
    case OP_RECV0:
    case OP_RECV1:
    case OP_RECV2:
    case OP_RANGE:
    case OP_LEN:
    case OP_CAP:
        return CHANS | TIMERS;
    case OP_LOCK:
    case OP_UNLOCK:
    case OP_TRYLOCK:
        return LOCKS;
    case OP_RLOCK:
    case OP_RUNLOCK:
    case OP_TRYRLOCK:
        return BIT(GL_RWMUTEX);
    case OP_CWAIT:
    case OP_SIGNAL:
    case OP_BROADCAST:
        return BIT(GL_COND);
    case OP_WGADD:
    case OP_WGDONE:
    case OP_WGWAIT:
        return BIT(GL_WG);
    case OP_DO:
        return BIT(GL_ONCE);
    case OP_READ:
    case OP_WRITE:
        return BIT(GL_VAR) | BIT(GL_PTR);
    case OP_LOAD:
    case OP_STORE:
    case OP_CAS:
    case OP_SWAP:
        return BIT(GL_ATOMIC) | BIT(GL_APTR);
    case OP_START:
    case OP_STOP:
    case OP_RESET:
        return TIMERS;
    case OP_AFTER:
    case OP_AFTERFUNC:
    case OP_AFTERFUNC1:
        return BIT(GL_TIMER);
    default:
        return BIT(GL_ATOMIC);
    }
}

static void check_ref(struct plan *p, const struct block *b, const struct ref *r, int line)
{
    if (r->kind == REF_REG && (r->v < 0 || r->v >= b->nregs))
        plan_error(p, line, "r%lld; block %s has %d registers", (long long)r->v, b->name,
                   b->nregs);
    if (r->kind == REF_GLOBAL && (r->v < 0 || r->v >= p->nglobals))
        plan_error(p, line, "g%lld; the plan has %d globals", (long long)r->v, p->nglobals);
}

static void check_object(struct plan *p, enum op op, int index, int line)
{
    if (index < 0 || index >= p->nobjects)
        plan_error(p, line, "object %d of %s; the plan has %d objects", index, op_wire(op),
                   p->nobjects);
    else if ((kinds_of(op) & BIT(p->objects[index].kind)) == 0)
        plan_error(p, line, "object %d is of a kind that %s does not take", index,
                   op_wire(op));
}

/* Bytes of an element in memory; what timers carry has eight. */
static size_t elem_bytes(const struct plan *p, int obj)
{
    const struct object *o = &p->objects[obj];
    if (o->kind != GL_CHAN)
        return sizeof(int64_t);
    return o->elem < 0 ? sizeof(void *) : (size_t)o->elem;
}

static void check_cases(struct plan *p, struct block *b, const struct instr *in)
{
    size_t bytes = 0;
    if (in->ncases < in->want_cases)
        plan_error(p, in->line, "select with %d of %d cases", in->ncases, in->want_cases);
    for (int i = 0; i < in->ncases && p->error[0] == '\0'; i++) {
        const struct plan_case *c = &in->cases[i];
        if (c->op == OP_COUNT)
            continue;
        check_object(p, c->op, c->obj, in->line);
        check_ref(p, b, &c->a, in->line);
        check_ref(p, b, &c->d, in->line);
        check_ref(p, b, &c->e, in->line);
        if (p->error[0] == '\0')
            bytes += elem_bytes(p, c->obj);
    }
    if (bytes > b->scratch_bytes)
        b->scratch_bytes = bytes;
}

static bool may_catch(enum op op)
{
    switch (op) {
    case OP_RET:
    case OP_SET:
    case OP_CALC:
    case OP_JMP:
    case OP_UNLESS:
    case OP_RANGE:
    case OP_SELECT:
    case OP_RECOVER:
        return false;
    default:
        return true;
    }
}

static bool takes_argument(enum op op)
{
    return op == OP_SPAWN1 || op == OP_CALL1 || op == OP_DEFER1 || op == OP_AFTERFUNC1 ||
           op == OP_FINALIZER || op == OP_CLEANUP1;
}

static void check_instr(struct plan *p, struct block *b, const struct instr *in)
{
    const char *letters = op_operands(in->op);
    check_ref(p, b, &in->a, in->line);
    check_ref(p, b, &in->b, in->line);
    check_ref(p, b, &in->c, in->line);
    check_ref(p, b, &in->d, in->line);
    check_ref(p, b, &in->e, in->line);
    check_ref(p, b, &in->caught_to, in->line);
    if (strchr(letters, 'o') != NULL)
        check_object(p, in->op, in->obj, in->line);
    if (strpbrk(letters, "bB") != NULL && in->blk >= p->nblocks)
        plan_error(p, in->line, "block %d; the plan has %d blocks", in->blk, p->nblocks);
    if (strchr(letters, 'l') != NULL && in->target >= b->ncode)
        plan_error(p, in->line, "instruction %d; block %s has %d", in->target, b->name,
                   b->ncode);
    if (takes_argument(in->op) && in->blk >= 0 && in->blk < p->nblocks &&
        p->blocks[in->blk].nregs == 0)
        plan_error(p, in->line, "block %d gets an argument and has no register", in->blk);
    if (in->op == OP_DROP && in->a.kind != REF_REG)
        plan_error(p, in->line, "drop of what is no register");
    if (in->caught && !may_catch(in->op))
        plan_error(p, in->line, "%s cannot be caught", op_wire(in->op));
    if (p->error[0] != '\0')
        return;
    if (in->op == OP_SELECT)
        check_cases(p, b, in);
    else if (in->obj >= 0 && elem_bytes(p, in->obj) > b->scratch_bytes)
        b->scratch_bytes = elem_bytes(p, in->obj);
}

static void check_one_object(struct plan *p, const struct object *o)
{
    if (o->kind == GL_COND &&
        (o->mutex >= p->nobjects || p->objects[o->mutex].kind != GL_MUTEX))
        plan_error(p, o->line, "object %d is no mutex", o->mutex);
    if (o->kind != GL_CHAN)
        return;
    int64_t bytes = o->elem < 0 ? (int64_t)sizeof(void *) : o->elem;
    if (o->cap > PLAN_CHAN_BYTES / (bytes > 0 ? bytes : 1))
        plan_error(p, o->line, "a buffer of more than %d bytes", PLAN_CHAN_BYTES);
}

/* A block that does not end with a jump or a ret gets one (I2). */
static void close_block(struct plan *p, struct block *b)
{
    enum op last = b->ncode > 0 ? b->code[b->ncode - 1].op : OP_COUNT;
    if (last == OP_RET || last == OP_JMP)
        return;
    struct instr *code = realloc(b->code, (size_t)(b->ncode + 1) * sizeof *code);
    if (code == NULL) {
        plan_error(p, b->line, "out of memory");
        return;
    }
    b->code = code;
    b->room = b->ncode + 1;
    b->code[b->ncode++] =
        (struct instr){.op = OP_RET, .obj = -1, .blk = -1, .target = -1, .line = b->line};
}

static bool lacks(struct plan *p, const char *cap, const char *name)
{
    if (cap[0] == '\0' || has_word(gl_ops.caps, cap))
        return false;
    strcpy(p->skip, "op ");
    strncat(p->skip, name, PLAN_WORD);
    return true;
}

/* Capabilities that objects need beyond what operations say; kinds of no plain operation.
 */
static bool object_lacks(struct plan *p, const struct object *o)
{
    static const char *const cap[GL_KINDS] = {
        [GL_CHAN] = "chan",       [GL_NILCHAN] = "chan",  [GL_MUTEX] = "mutex",
        [GL_RWMUTEX] = "rwmutex", [GL_WG] = "wg",         [GL_ONCE] = "once",
        [GL_COND] = "cond",       [GL_ATOMIC] = "atomic", [GL_VAR] = "var",
        [GL_TIMER] = "timer",     [GL_TICKER] = "ticker", [GL_PTR] = "heap",
        [GL_APTR] = "heap",
    };
    if (lacks(p, cap[o->kind], cap[o->kind]))
        return true;
    if (o->kind != GL_CHAN || o->elem == (int)sizeof(int64_t))
        return false;
    const char *word = o->elem == ELEM_PTR ? "ptr" : o->elem == ELEM_OBJ ? "heap" : "elem";
    if (o->elem == ELEM_OBJ && gl_ops.chan_of_pointers == NULL) {
        strcpy(p->skip, "op obj");
        return true;
    }
    return lacks(p, word, word);
}

bool plan_finish(struct plan *p)
{
    if (p->error[0] != '\0' || p->skip[0] != '\0')
        return false;
    for (int op = 0; op < OP_COUNT; op++)
        if (p->uses[op] > 0 && lacks(p, op_cap((enum op)op), op_wire((enum op)op)))
            return false;
    for (int i = 0; i < p->nobjects; i++)
        if (object_lacks(p, &p->objects[i]))
            return false;
    for (int op = OP_NEW; op <= OP_WGET; op++)
        p->uses_heap |= p->uses[op] > 0;
    for (int i = 0; i < p->nobjects; i++)
        p->uses_heap |= (BIT(p->objects[i].kind) & POINTERS) != 0 ||
                        (p->objects[i].kind == GL_CHAN && p->objects[i].elem == ELEM_OBJ);
    if (p->nblocks == 0)
        plan_error(p, p->nlines, "no block 0; expected `blk 0 main N`");
    for (int i = 0; i < p->nobjects; i++)
        check_one_object(p, &p->objects[i]);
    for (int b = 0; b < p->nblocks && p->error[0] == '\0'; b++) {
        close_block(p, &p->blocks[b]);
        for (int i = 0; i < p->blocks[b].ncode; i++)
            check_instr(p, &p->blocks[b], &p->blocks[b].code[i]);
    }
    return p->error[0] == '\0';
}
