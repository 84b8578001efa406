/* SPDX-License-Identifier: BSD-3-Clause */
/* export_go_name.c - Go names for objects, blocks and registers.
 *
 * Owns: which names are taken, and by what they are replaced.  Not here: where they are
 * used.
 *
 *   I1  A name that Go, an imported package or the exporter itself uses, or that ends with
 *       '_', gets one '_' more; so the mapping of register names is one to one.
 *   I2  Names at the top level differ from each other; a clash is settled by a number.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "export_go.h"

static const char *const taken[] = {
    "any",     "append",   "atomic",   "bit",         "bool",      "break", "byte",
    "cap",     "case",     "catch",    "chan",        "clear",     "close", "code",
    "complex", "const",    "continue", "copy",        "default",   "defer", "delete",
    "deref",   "else",     "error",    "fallthrough", "false",     "fill",  "fmt",
    "for",     "func",     "go",       "got",         "goto",      "if",    "imag",
    "import",  "init",     "int",      "int64",       "interface", "iota",  "len",
    "logged",  "loggedMu", "main",     "make",        "map",       "max",   "min",
    "new",     "nil",      "none",     "note",        "open",      "os",    "package",
    "panic",   "print",    "println",  "raise",       "range",     "real",  "recover",
    "ref",     "return",   "rune",     "runtime",     "select",    "size",  "spin",
    "string",  "strings",  "struct",   "switch",      "sync",      "text",  "time",
    "true",    "type",     "uint8",    "unpack",      "var",       "zero",  "body",
    "sink",    "start",    "at",       "cycle",       "field",     "held",  "hold",
    "keep",    "object",   "objects",  "until",       "unsafe",    "weak",  "argument",
    "before",  "same",
};

static void *need(struct exporter *x, void *memory)
{
    if (!memory)
        longjmp(x->out_of_memory, 1);
    return memory;
}

char *go_text(struct exporter *x, const char *format, ...)
{
    va_list ap, again;
    va_start(ap, format);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, format, ap);
    char *s = need(x, arena_take(x->arena, (size_t)n + 1));
    vsnprintf(s, (size_t)n + 1, format, again);
    va_end(again);
    va_end(ap);
    return s;
}

static bool is_taken(const char *name)
{
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        if (strcmp(taken[i], name) == 0)
            return true;
    }
    bool is_pack = strncmp(name, "pack", 4) == 0, is_round = strncmp(name, "round", 5) == 0;
    return is_pack || is_round || name[strlen(name) - 1] == '_';
}

static char *safe(struct exporter *x, const char *name)
{
    return go_text(x, "%s%s", name, is_taken(name) ? "_" : "");
}

static bool is_used(const struct exporter *x, const char *name)
{
    for (int i = 0; i < x->p->nobjects; i++) {
        if (x->object[i] && strcmp(x->object[i], name) == 0)
            return true;
    }
    for (int i = 0; i < x->p->nblocks; i++) {
        if (x->block[i] && strcmp(x->block[i], name) == 0)
            return true;
    }
    for (int i = 0; i < x->p->nglobals; i++) {
        if (x->global[i] && strcmp(x->global[i], name) == 0)
            return true;
    }
    return false;
}

static char *top_name(struct exporter *x, const char *name)
{
    char *s = go_text(x, "%s%s", x->prefix, safe(x, name));
    for (int n = 2; is_used(x, s); n++)
        s = go_text(x, "%s%s%d", x->prefix, name, n);
    return s;
}

const char *go_register(struct exporter *x, int64_t reg)
{
    return safe(x, x->p->blocks[x->now].reg_names[reg]);
}

const char *go_type(struct exporter *x, const struct lit_object *o)
{
    if (o->kind == OBJ_NILCHAN || o->elem == 8)
        return "int64";
    if (o->elem == LIT_ELEM_OBJ) {
        x->uses |= USE_FIELD;
        return go_text(x, "*%sfield", x->prefix);
    }
    return o->elem == LIT_ELEM_PTR ? "*int64" : go_text(x, "[%d]byte", o->elem);
}

/* Marks what runs outside main's goroutine: spawned blocks, timers' functions, and what
 * they call. */
static void mark_spawned(const struct lit_program *p, bool *spawned)
{
    for (int round = 0; round <= p->nblocks; round++) {
        for (int b = 0; b < p->nblocks; b++) {
            for (int i = 0; i < p->blocks[b].ninstr; i++) {
                const struct lit_instr *in = &p->blocks[b].code[i];
                bool starts = in->op == OP_SPAWN || in->op == OP_AFTERFUNC ||
                              in->op == OP_SPAWN1 || in->op == OP_AFTERFUNC1 ||
                              in->op == OP_FINALIZER || in->op == OP_CLEANUP ||
                              in->op == OP_CLEANUP1;
                if (in->blk >= 0 && (starts || spawned[b]))
                    spawned[in->blk] = true;
            }
        }
    }
}

void go_name_all(struct exporter *x)
{
    const struct lit_program *p = x->p;
    size_t pointer = sizeof(char *);
    bool *spawned = need(x, arena_take(x->arena, (size_t)p->nblocks));
    x->object = need(x, arena_take(x->arena, (size_t)(p->nobjects + 1) * pointer));
    x->block = need(x, arena_take(x->arena, (size_t)p->nblocks * pointer));
    x->global = need(x, arena_take(x->arena, (size_t)(p->nglobals + 1) * pointer));
    x->shared = need(x, arena_take(x->arena, (size_t)(p->nglobals + 1)));
    x->reads = need(x, arena_take(x->arena, 64));
    mark_spawned(p, spawned);
    for (int i = 0; i < p->nobjects; i++)
        x->object[i] = top_name(x, p->objects[i].name);
    for (int i = 0; i < p->nblocks; i++)
        x->block[i] = top_name(x, i == 0 ? "body" : p->blocks[i].name);
    for (int i = 0; i < p->nglobals; i++) {
        const struct lit_global *g = &p->globals[i];
        x->shared[i] = spawned[g->block];
        if (g->block == 0 && x->is_inline)
            x->global[i] = safe(x, g->name);
        else
            x->global[i] =
                top_name(x, go_text(x, "%s_%s", p->blocks[g->block].name, g->name));
    }
}
