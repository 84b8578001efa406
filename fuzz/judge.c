/* SPDX-License-Identifier: BSD-3-Clause */
/* judge.c - explore once, run a few schedules, look each outcome up.
 *
 * Owns: judge.h.  Outcomes are compared as a driver writes them: the model's are put into
 * that form once per program.
 *
 * Four schedules are run: the tape with zeros behind it, the tape with random decisions
 * behind it, and two of the strategies that find what random ones rarely do.  The tape is
 * the part that the fuzzer can steer, the others make each input worth its exploration.
 *
 * A source may say what a controlled run cannot honour (capabilities, fifo waiters) or what
 * would take long without a decision in it (loops, large buffers): those are skipped.
 */
#include "judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"

enum {
    MAX_STATES = 2000,
    MAX_STEPS = 4000,
    MAX_LOOPS = 2,
    MAX_ROUNDS = 16,
    MAX_BUFFER = 65536,
    MAX_AMOUNT = 64
};

struct wire {
    char *text; /* one outcome after another, each terminated */
    size_t len;
};

static bool has_word(const struct lit_words *words, const char *word)
{
    for (int i = 0; i < words->n; i++) {
        if (strcmp(words->v[i], word) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_small(const struct lit_ref *v)
{
    return v->kind == REF_IMM && v->v <= MAX_AMOUNT;
}

static bool fits_instruction(const struct lit_instr *in, int at, int *loops)
{
    switch (in->op) {
    case OP_JMP:
        return in->target > at || ++*loops <= MAX_LOOPS;
    case OP_UNLESS:
        return in->b.kind != REF_IMM || (in->b.v <= MAX_ROUNDS && in->b.v >= -MAX_ROUNDS);
    case OP_MAKE:
    case OP_SPIN:
        return is_small(&in->a);
    case OP_PROCS:
    case OP_GOROUTINES:
    case OP_NOW:
        return false;
    default:
        return true;
    }
}

/* Whether a controlled run honours what the program asks for, in bounded time. */
static bool fits(const struct lit_program *p)
{
    static const char *const beyond[] = {"faketime", "parallel",   "race",
                                         "gotext",   "gc.precise", "sleep",
                                         "timer",    "ticker",     "afterfunc"};
    int loops = 0;
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        if (has_word(&p->needs, beyond[i])) {
            return false;
        }
    }
    for (int i = 0; i < p->nobjects; i++) {
        const struct lit_object *o = &p->objects[i];
        if (o->kind == OBJ_CHAN && o->cap * (o->elem > 8 ? o->elem : 8) > MAX_BUFFER) {
            return false;
        }
    }
    for (int b = 0; b < p->nblocks; b++) {
        for (int i = 0; i < p->blocks[b].ninstr; i++) {
            if (!fits_instruction(&p->blocks[b].code[i], i, &loops)) {
                return false;
            }
        }
    }
    return p->mode != MODE_STRESS && !has_word(&p->profile, "fifo-waiters");
}

/* ---- outcomes as a driver writes them ---- */

static void write_status(const struct lit_outcome *o, FILE *out)
{
    long long code = (long long)o->code;
    switch (o->status) {
    case STATUS_OK:
        fputs("ok", out);
        break;
    case STATUS_EXIT:
        fprintf(out, "exit:%lld", code);
        break;
    case STATUS_PANIC:
        fprintf(out, "panic:%lld", code);
        break;
    case STATUS_FATAL:
        fprintf(out, "fatal:%s", lit_fatal_name((enum lit_fatal)o->code));
        break;
    case STATUS_DEADLOCK:
        fputs("deadlock", out);
        break;
    }
}

static void write_outcome(const struct lit_program *p, const struct lit_outcome *o,
                          FILE *out)
{
    write_status(o, out);
    for (int i = 0; i < p->nterms; i++) {
        if (!p->terms[i].is_log) {
            if (o->status == STATUS_OK) {
                fprintf(out, " %lld", (long long)o->value[i]);
            }
            continue;
        }
        fputs(o->log.n == 0 ? " -" : "", out);
        for (int k = 0; k < o->log.n; k++) {
            fprintf(out, "%c%lld", k == 0 ? ' ' : ',', (long long)o->log.v[k]);
        }
    }
    fputc('\0', out);
}

static bool wire_make(struct wire *w, const struct lit_program *p,
                      const struct lit_model *m)
{
    FILE *out = open_memstream(&w->text, &w->len);
    if (out == NULL) {
        return false;
    }
    for (int i = 0; i < m->noutcomes; i++) {
        write_outcome(p, &m->outcomes[i], out);
    }
    return fclose(out) == 0;
}

static bool wire_has(const struct wire *w, const char *text)
{
    for (size_t at = 0; at < w->len; at += strlen(w->text + at) + 1) {
        if (strcmp(w->text + at, text) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- runs ---- */

static enum judged run_once(struct judge *j, const struct plan *plan, const struct wire *w,
                            const struct gl_control *how)
{
    struct gl_result r;
    enum judged judged = JUDGED_FINE;
    if (!gl_plan_run(plan, how, &r)) {
        snprintf(j->why, sizeof j->why, "out of memory");
        return JUDGED_SKIP;
    }
    bool is_whole = strlen(r.text) + 2 < sizeof r.text && r.verdict.end != GL_STEPS;
    if (is_whole && !wire_has(w, r.text)) {
        snprintf(j->seen, sizeof j->seen, "%s", r.text);
        j->tape = r.verdict.tape;
        j->tape_len = r.verdict.tape_len;
        r.verdict.tape = NULL;
        judged = JUDGED_FORBIDDEN;
    }
    gl_result_fini(&r);
    return judged;
}

static enum judged run_all(struct judge *j, const struct plan *plan, const struct wire *w,
                           const uint8_t *tape, size_t tape_len, uint64_t seed)
{
    struct gl_control how[] = {
        {.strategy = GL_ZERO, .tape = tape, .tape_len = tape_len},
        {.strategy = GL_RANDOM, .tape = tape, .tape_len = tape_len},
        {.strategy = GL_RANDOM},
        {.strategy = GL_PCT, .depth = 3, .steps = 32},
    };
    enum judged judged = JUDGED_FINE;
    for (size_t i = 0; i < sizeof how / sizeof *how && judged == JUDGED_FINE; i++) {
        how[i].seed = seed + i;
        how[i].any_waiter = true;
        how[i].max_steps = MAX_STEPS;
        judged = run_once(j, plan, w, &how[i]);
    }
    return judged;
}

static struct plan *make_plan(struct judge *j)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    struct plan *plan = NULL;
    if (out != NULL) {
        lit_plan_print(j->program, out);
        fclose(out);
        plan = gl_plan_parse(text, len, j->why, sizeof j->why);
    }
    free(text);
    return plan;
}

static enum judged judge_model(struct judge *j, const uint8_t *tape, size_t tape_len,
                               uint64_t seed)
{
    struct wire w = {0};
    struct plan *plan = make_plan(j);
    if (plan == NULL) {
        return strncmp(j->why, "skip", 4) == 0 ? JUDGED_SKIP : JUDGED_BROKEN;
    }
    enum judged judged = JUDGED_SKIP;
    if (wire_make(&w, j->program, j->model)) {
        judged = run_all(j, plan, &w, tape, tape_len, seed);
    }
    free(w.text);
    gl_plan_free(plan);
    return judged;
}

static bool model_is_usable(const struct judge *j)
{
    const struct lit_model *m = j->model;
    if (m == NULL || !m->complete || m->unmodelled[0] != '\0') {
        return false;
    }
    for (int i = 0; i < j->program->nobjects; i++) {
        if (m->racy[i]) {
            return false;
        }
    }
    return true;
}

enum judged judge_explore(struct judge *j, const char *text, size_t len)
{
    struct lit_error err;
    struct lit_explore_options opt = {.max_states = MAX_STATES, .max_bytes = 64u << 20};
    memset(j, 0, sizeof *j);
    j->program = lit_parse("fuzz.lit", text, len, &err);
    if (j->program == NULL) {
        snprintf(j->why, sizeof j->why, "line %d: %.200s", err.line, err.text);
        return JUDGED_BROKEN;
    }
    if (!fits(j->program)) {
        return JUDGED_SKIP;
    }
    j->model = lit_explore(j->program, &opt);
    return model_is_usable(j) ? JUDGED_FINE : JUDGED_SKIP;
}

enum judged judge_run(struct judge *j, const char *text, size_t len, const uint8_t *tape,
                      size_t tape_len, uint64_t seed)
{
    enum judged judged = judge_explore(j, text, len);
    return judged == JUDGED_FINE ? judge_model(j, tape, tape_len, seed) : judged;
}

bool judge_cross(struct judge *j)
{
    struct lit_explore_options opt = {.no_reduction = true, .max_states = 20 * MAX_STATES};
    struct wire reduced = {0}, full = {0};
    struct lit_model *m = lit_explore(j->program, &opt);
    bool same = true;
    if (m != NULL && m->complete && m->unmodelled[0] == '\0' &&
        wire_make(&reduced, j->program, j->model) && wire_make(&full, j->program, m)) {
        same = reduced.len == full.len && memcmp(reduced.text, full.text, full.len) == 0;
        snprintf(j->why, sizeof j->why, "%d outcomes with reduction, %d without",
                 j->model->noutcomes, m->noutcomes);
    }
    free(reduced.text);
    free(full.text);
    if (m != NULL) {
        lit_model_free(m);
    }
    return same;
}

void judge_fini(struct judge *j)
{
    if (j->model != NULL) {
        lit_model_free(j->model);
    }
    if (j->program != NULL) {
        lit_program_free(j->program);
    }
    free(j->tape);
    memset(j, 0, sizeof *j);
}
