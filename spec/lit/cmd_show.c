/* SPDX-License-Identifier: BSD-3-Clause */
/* cmd_show.c - what the model says, for people: outcomes, witness, explain.
 *
 * Owns: the layout of these three.  Not here: the model, the JSON that programs read
 * (cmd_json.c).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "json.h"

enum { KEY_SIZE = 8192 };

static const char *class_text(enum lit_class class)
{
    static const char *const texts[] = {
        "batch: it always ends with every goroutine gone",
        "leaky: it can end with goroutines alive",
        "dying: it can end by a panic, a fatal error or exit",
        "hanging: it can come to a deadlock",
    };
    return texts[class];
}

/* Opens, parses and explores; prints why not.  The caller frees both when the status is
 * CMD_OK. */
static int explore_file(const struct cmd *c, struct source *s, bool witnesses,
                        struct lit_model **m)
{
    *m = NULL;
    source_open(s, c->files[0]);
    if (!s->prog) {
        source_print_error(s, stderr);
        source_close(s);
        return CMD_BAD;
    }
    *m = cmd_explore(c, s->prog, witnesses);
    if (!*m) {
        fprintf(stderr, "%s: out of memory\n", s->file);
        source_close(s);
        return CMD_BAD;
    }
    return CMD_OK;
}

static int say_doubt(const struct source *s, const struct lit_model *m)
{
    if (m->unmodelled[0])
        fprintf(stderr, "%s: not modelled: %s; the lists are the author's\n", s->file,
                m->unmodelled);
    else if (!m->complete)
        fprintf(stderr,
                "%s: over the bound of states; expected a smaller program or a larger"
                " --max-states\n",
                s->file);
    else
        return CMD_OK;
    return CMD_FINDINGS;
}

static void print_stats(const struct lit_model *m)
{
    printf("# states %" PRIu64 "  transitions %" PRIu64 "  depth %d  seconds %.6f\n",
           m->states, m->transitions, m->max_depth, m->seconds);
    printf("# goroutines %d  leaked %d  %s%s\n", m->max_goroutines, m->max_leaked,
           class_text(m->class), m->diverges ? "; it can go on for ever" : "");
}

int cmd_outcomes(const struct cmd *c)
{
    struct source s;
    struct lit_model *m;
    int status = explore_file(c, &s, false, &m);
    char *key = malloc(KEY_SIZE);
    if (status != CMD_OK || !key) {
        free(key);
        return CMD_BAD;
    }
    if (c->json) {
        struct json j = {.out = stdout};
        json_open(&j, NULL, '{');
        json_model(&j, s.prog, m);
        json_close(&j, '}');
        putchar('\n');
    }
    for (int i = 0; !c->json && i < m->noutcomes; i++) {
        lit_outcome_text(s.prog, &m->outcomes[i], key, KEY_SIZE);
        if (c->stats)
            printf("%-40s  # schedules %.6g  share %.6f\n", key, m->outcomes[i].paths,
                   m->outcomes[i].weight);
        else
            puts(key);
    }
    if (c->stats && !c->json)
        print_stats(m);
    status = say_doubt(&s, m);
    free(key);
    lit_model_free(m);
    source_close(&s);
    return status;
}

static void print_witness(const struct source *s, const struct lit_outcome *o)
{
    for (int i = 0; i < o->nsteps; i++) {
        const struct lit_step *step = &o->steps[i];
        bool known = step->block >= 0 && step->block < s->prog->nblocks;
        printf("  %3d  g%d %-12s line %-4d %s\n", i + 1, step->g,
               known ? s->prog->blocks[step->block].name : "", step->line, step->what);
    }
}

int cmd_witness(const struct cmd *c)
{
    struct source s;
    struct lit_model *m;
    const char *wanted = c->nfiles > 1 ? c->files[1] : NULL;
    int found = 0, status = explore_file(c, &s, true, &m);
    char *key = malloc(KEY_SIZE);
    if (status != CMD_OK || !key) {
        free(key);
        return CMD_BAD;
    }
    for (int i = 0; i < m->noutcomes; i++) {
        lit_outcome_text(s.prog, &m->outcomes[i], key, KEY_SIZE);
        if (wanted && strcmp(wanted, key) != 0)
            continue;
        printf("%s%s\n", found++ > 0 ? "\n" : "", key);
        print_witness(&s, &m->outcomes[i]);
    }
    status = say_doubt(&s, m);
    if (wanted && !found && status == CMD_OK) {
        fprintf(stderr, "%s: no schedule gives '%s'; expected one of `lit outcomes %s`\n",
                s.file, wanted, s.file);
        status = CMD_FINDINGS;
    }
    free(key);
    lit_model_free(m);
    source_close(&s);
    return status;
}

static void print_words(const char *title, const struct lit_words *w)
{
    if (w->n == 0)
        return;
    printf("%-9s", title);
    for (int i = 0; i < w->n; i++)
        printf(" %s", w->v[i]);
    putchar('\n');
}

/* Who starts, calls or defers block b. */
static void print_users(const struct lit_program *p, int b)
{
    int n = 0;
    for (int from = 0; from < p->nblocks; from++) {
        for (int i = 0; i < p->blocks[from].ninstr; i++) {
            const struct lit_instr *in = &p->blocks[from].code[i];
            if (in->blk != b || !strchr(lit_op_operands(in->op), 'b'))
                continue;
            const char *how = in->op == OP_SPAWN || in->op == OP_SPAWN1 ? "started"
                              : in->op == OP_CALL                       ? "called"
                              : in->op == OP_DEFER                      ? "deferred"
                                                                        : "run";
            printf("%s %s by %s (line %d)", n++ > 0 ? "," : "", how, p->blocks[from].name,
                   in->line);
        }
    }
    puts(n > 0 ? "" : b == 0 ? " the program's start" : " never used");
}

static void print_shape(const struct lit_program *p)
{
    static const char *const kinds[] = {
        [OBJ_CHAN] = "channel",        [OBJ_NILCHAN] = "nil channel",
        [OBJ_MUTEX] = "mutex",         [OBJ_RWMUTEX] = "rwmutex",
        [OBJ_WG] = "wait group",       [OBJ_ONCE] = "once",
        [OBJ_COND] = "cond",           [OBJ_ATOMIC] = "atomic",
        [OBJ_VAR] = "plain variable",  [OBJ_TIMER] = "timer",
        [OBJ_TICKER] = "ticker",       [OBJ_PTR] = "pointer variable",
        [OBJ_APTR] = "atomic pointer",
    };
    for (int i = 0; i < p->nobjects; i++) {
        const struct lit_object *o = &p->objects[i];
        printf("object    %s: %s", o->name, kinds[o->kind]);
        if (o->kind == OBJ_CHAN && o->cap == 0)
            fputs(", unbuffered", stdout);
        else if (o->kind == OBJ_CHAN)
            printf(", room for %" PRId64, o->cap);
        if (o->kind == OBJ_CHAN && o->elem == LIT_ELEM_PTR)
            fputs(", of pointers", stdout);
        else if (o->kind == OBJ_CHAN && o->elem == LIT_ELEM_OBJ)
            fputs(", of pointers to objects", stdout);
        else if (o->kind == OBJ_CHAN && o->elem != 8)
            printf(", elements of %d bytes", o->elem);
        if (o->kind == OBJ_COND)
            printf(" on %s", p->objects[o->mutex].name);
        if (o->kind == OBJ_ATOMIC || o->kind == OBJ_VAR)
            printf(", at first %" PRId64, o->init);
        putchar('\n');
    }
    for (int b = 0; b < p->nblocks; b++) {
        printf("%-9s %s, %d instructions:", p->blocks[b].is_func ? "func" : "goroutine",
               p->blocks[b].name, p->blocks[b].ninstr);
        print_users(p, b);
    }
}

int cmd_explain(const struct cmd *c)
{
    struct source s;
    struct lit_model *m;
    int status = explore_file(c, &s, true, &m);
    char *key = malloc(KEY_SIZE);
    if (status != CMD_OK || !key) {
        free(key);
        return CMD_BAD;
    }
    printf("%s%s%s\n", s.prog->path, s.prog->id ? "  " : "", s.prog->id ? s.prog->id : "");
    for (int i = 0; i < s.prog->about.n; i++)
        puts(s.prog->about.v[i]);
    print_words("shows", &s.prog->spec);
    print_words("needs", &s.prog->needs);
    print_words("relies on", &s.prog->profile);
    print_shape(s.prog);
    if (!m->unmodelled[0] && m->complete) {
        printf("\n%s\n%d outcome%s:\n", class_text(m->class), m->noutcomes,
               m->noutcomes == 1 ? "" : "s");
        for (int i = 0; i < m->noutcomes; i++) {
            lit_outcome_text(s.prog, &m->outcomes[i], key, KEY_SIZE);
            printf("\n%s    (%.3g schedules)\n", key, m->outcomes[i].paths);
            print_witness(&s, &m->outcomes[i]);
        }
    }
    status = say_doubt(&s, m);
    free(key);
    lit_model_free(m);
    source_close(&s);
    return status;
}
