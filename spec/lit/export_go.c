/* SPDX-License-Identifier: BSD-3-Clause */
/* export_go.c - a program as stand-alone Go source.
 *
 * Owns: what can be exported, the order of the file, objects as variables.
 * Not here: names, operands, instructions, blocks, helpers (export_go_*.c).
 *
 * Every operation becomes the construct that Go has for it, no interpreter in between, so
 * that the program can be read, changed, and pasted into a report.  It prints `note: N` for
 * each note and `outcome: KEY` when main returns; how it dies otherwise is up to the
 * runtime.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export_go.h"

static bool is_needed(const struct lit_program *p, const char *word)
{
    for (int i = 0; i < p->needs.n; i++) {
        if (strcmp(p->needs.v[i], word) == 0)
            return true;
    }
    return false;
}

/* main's block can be the body of Go's main when nothing leaves it early. */
static bool can_inline(const struct lit_program *p)
{
    const struct lit_block *b = &p->blocks[0];
    for (int i = 0; i < b->ninstr - 1; i++) {
        enum lit_op op = b->code[i].op;
        if (op == OP_RET || op == OP_DEFER || op == OP_DEFER1 || op == OP_DEFERREC)
            return false;
    }
    return true;
}

static void declare_object(struct exporter *x, int i)
{
    const struct lit_object *o = &x->p->objects[i];
    static const char *const types[] = {
        [OBJ_MUTEX] = "sync.Mutex",    [OBJ_RWMUTEX] = "sync.RWMutex",
        [OBJ_WG] = "sync.WaitGroup",   [OBJ_ONCE] = "sync.Once",
        [OBJ_ATOMIC] = "atomic.Int64", [OBJ_TIMER] = "*time.Timer",
        [OBJ_TICKER] = "*time.Ticker",
    };
    fprintf(x->out, "var %s", x->object[i]);
    switch (o->kind) {
    case OBJ_CHAN:
        fprintf(x->out, " = make(chan %s", go_type(x, o));
        if (o->cap > 0)
            fprintf(x->out, ", %" PRId64, o->cap);
        fputs(")\n", x->out);
        return;
    case OBJ_NILCHAN:
        fputs(" chan int64\n", x->out);
        return;
    case OBJ_COND:
        x->uses |= USE_SYNC;
        fprintf(x->out, " = sync.NewCond(&%s)\n", x->object[o->mutex]);
        return;
    case OBJ_PTR:
        fprintf(x->out, " *%sfield\n", x->prefix);
        x->uses |= USE_FIELD;
        return;
    case OBJ_APTR:
        fprintf(x->out, " atomic.Pointer[%sfield]\n", x->prefix);
        x->uses |= USE_FIELD | USE_ATOMIC;
        return;
    case OBJ_VAR:
        fputs(" int64", x->out);
        if (o->init != 0)
            fprintf(x->out, " = %" PRId64, o->init);
        fputc('\n', x->out);
        return;
    case OBJ_ATOMIC:
        x->uses |= USE_ATOMIC;
        break;
    case OBJ_TIMER:
    case OBJ_TICKER:
        x->uses |= USE_TIME;
        break;
    default:
        x->uses |= USE_SYNC;
        break;
    }
    fprintf(x->out, " %s\n", types[o->kind]);
}

static void declare_all(struct exporter *x)
{
    if (x->p->nobjects > 0)
        fputc('\n', x->out);
    for (int i = 0; i < x->p->nobjects; i++)
        declare_object(x, i);
    bool any = false;
    for (int i = 0; i < x->p->nglobals; i++) {
        if (x->p->globals[i].block == 0 && x->is_inline)
            continue;
        fprintf(x->out, "%svar %s %s\n", any ? "" : "\n", x->global[i],
                x->shared[i] ? "atomic.Int64" : "int64");
        x->uses |= x->shared[i] ? USE_ATOMIC : 0;
        any = true;
    }
}

static void print_head(struct exporter *x)
{
    const struct lit_program *p = x->p;
    fprintf(x->out, "// %s%s%s\n", p->path, p->id ? ", " : "", p->id ? p->id : "");
    for (int i = 0; i < p->about.n; i++)
        fprintf(x->out, "// %s\n", p->about.v[i]);
    fputs(
        "//\n// Exported from a litmus program. It prints its outcome when main returns;\n",
        x->out);
    fputs("// a time unit is a millisecond.\n", x->out);
    if (is_needed(p, "faketime"))
        fputs("//\n// It counts on a clock that stands still while a goroutine can run:\n"
              "// build it with -tags faketime.\n",
              x->out);
    fputs("\npackage main\n\n", x->out);
}

/* Does any literal of the program stand for a code?  Then outcomes may show one. */
static bool has_codes(const struct lit_program *p)
{
    for (int b = 0; b < p->nblocks; b++) {
        for (int i = 0; i < p->blocks[b].ninstr; i++) {
            const struct lit_instr *in = &p->blocks[b].code[i];
            const struct lit_ref *refs[] = {&in->a, &in->b, &in->c};
            for (int k = 0; k < 3; k++) {
                if (refs[k]->kind == REF_IMM && lit_code_name(refs[k]->v))
                    return true;
            }
            for (int k = 0; k < in->ncases; k++) {
                if (in->cases[k].a.kind == REF_IMM && lit_code_name(in->cases[k].a.v))
                    return true;
            }
        }
    }
    return false;
}

static bool export_all(struct exporter *x, FILE *out)
{
    char *text = NULL;
    size_t len = 0;
    if (setjmp(x->out_of_memory)) {
        snprintf(x->why, x->why_size, "out of memory");
        return false;
    }
    x->uses = has_codes(x->p) ? USE_TEXT : 0;
    x->is_inline = can_inline(x->p);
    go_name_all(x);
    x->out = open_memstream(&text, &len);
    if (!x->out)
        longjmp(x->out_of_memory, 1);
    declare_all(x);
    for (int b = x->is_inline ? 1 : 0; b < x->p->nblocks; b++)
        go_block(x, b);
    go_entry(x);
    fclose(x->out);
    x->out = out;
    print_head(x);
    go_imports(x);
    fwrite(text, 1, len, out);
    go_helpers(x);
    go_heap_helpers(x);
    free(text);
    return true;
}

bool lit_export_go_func(const struct lit_program *p, const char *func, FILE *out, char *why,
                        size_t why_size)
{
    struct exporter *x = calloc(1, sizeof *x);
    bool good = false;
    snprintf(why, why_size, "out of memory");
    if (x) {
        x->arena = arena_new();
        x->p = p;
        x->why = why;
        x->why_size = why_size;
        x->prefix = "";
        x->entry = func ? func : "main";
        if (x->arena && func) {
            char *prefix = arena_take(x->arena, strlen(func) + 2);
            x->prefix = prefix ? strcat(strcpy(prefix, func), "_") : "";
        }
        good = x->arena && export_all(x, out);
        arena_free(x->arena);
    }
    free(x);
    return good;
}

bool lit_export_go(const struct lit_program *p, FILE *out, char *why, size_t why_size)
{
    return lit_export_go_func(p, NULL, out, why, why_size);
}
