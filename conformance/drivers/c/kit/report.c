/* SPDX-License-Identifier: BSD-3-Clause */
/* report.c - the histogram of outcomes.
 *
 * Owns: what makes two outcomes the same, and how one is written.  Not here: reading a
 * runtime's end (the table), judging (the harness).
 *
 * Idea: an outcome is a short vector of integers, found by hash in a table that never
 * grows: a program with more than REPORT_OUTCOMES outcomes is no litmus program.  Text is
 * made only when printing, so that counting an execution costs tens of nanoseconds.
 *
 *   I1  words = end, code, values of the shown globals in order (status ok only), then
 *       the log.  The number of values is known from the plan and the status, so the
 *       vector is unambiguous.
 *   I2  Vectors are built on the heap: goroutines, whose stacks may be small, call this.
 */
#include "report.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 2 * REPORT_OUTCOMES };

void report_init(struct report *r, const struct plan *p)
{
    memset(r, 0, sizeof *r);
    r->plan = p;
}

void report_fini(struct report *r)
{
    for (int i = 0; i < SLOTS; i++)
        if (r->table[i] != NULL) {
            free(r->table[i]->tape);
            free(r->table[i]);
        }
}

/* I1.  Gives the number of words. */
static int to_words(const struct exec *x, const struct gl_verdict *v, int64_t *w)
{
    const struct plan *p = x->plan;
    int n = 0;
    w[n++] = v->end;
    w[n++] = v->code;
    if (v->end == GL_OK)
        for (int t = 0; t < p->nterms; t++)
            if (p->term[t] >= 0)
                w[n++] = x->shown[t];
    int nlog = x->returned ? x->nlog_shown : exec_log_len(x);
    for (int i = 0; i < nlog; i++)
        w[n++] = atomic_load_explicit(&x->log[i], memory_order_relaxed);
    return n;
}

static uint64_t hash_words(const int64_t *w, int n)
{
    uint64_t h = (uint64_t)n;
    for (int i = 0; i < n; i++) {
        h = (h ^ (uint64_t)w[i]) * 0x9E3779B97F4A7C15u;
        h ^= h >> 29;
    }
    return h;
}

static struct outcome *new_outcome(struct report *r, uint64_t hash, const int64_t *w, int n)
{
    if (r->n == REPORT_OUTCOMES) {
        r->overflow = true;
        return NULL;
    }
    struct outcome *o = calloc(1, sizeof *o + (size_t)n * sizeof o->words[0]);
    if (o == NULL) {
        r->overflow = true;
        return NULL;
    }
    o->hash = hash;
    o->nwords = n;
    memcpy(o->words, w, (size_t)n * sizeof *w);
    r->n++;
    return o;
}

void report_add(struct report *r, const struct exec *x, struct gl_verdict *v)
{
    int64_t *w = r->words;
    if (v->end == GL_STEPS) {
        r->undecided++;
        free(v->tape);
        v->tape = NULL;
        return;
    }
    int n = to_words(x, v, w);
    uint64_t hash = hash_words(w, n);
    size_t i = hash % SLOTS;
    for (; r->table[i] != NULL; i = (i + 1) % SLOTS) {
        const struct outcome *o = r->table[i];
        if (o->hash == hash && o->nwords == n &&
            memcmp(o->words, w, (size_t)n * sizeof *w) == 0)
            break;
    }
    if (r->table[i] == NULL) {
        r->table[i] = new_outcome(r, hash, w, n);
        if (r->table[i] != NULL) {
            r->table[i]->tape = v->tape;
            r->table[i]->tape_len = v->tape_len;
            v->tape = NULL;
        }
    }
    if (r->table[i] != NULL)
        r->table[i]->count++;
    free(v->tape);
    v->tape = NULL;
}

static void print_status(const int64_t *w, FILE *out)
{
    static const char *const fatal[] = {
        [GL_UNLOCK_UNLOCKED] = "unlock-unlocked",
        [GL_RW_UNLOCK_UNLOCKED] = "rw-unlock-unlocked",
        [GL_RUNLOCK_UNLOCKED] = "runlock-unlocked",
        [GL_GO_NIL] = "go-nil",
        [GL_NO_GOROUTINES] = "no-goroutines",
        [GL_FATAL_OTHER] = "other",
    };
    switch (w[0]) {
    case GL_OK:
        fputs("ok", out);
        break;
    case GL_EXIT:
        fprintf(out, "exit:%lld", (long long)w[1]);
        break;
    case GL_PANIC:
        fprintf(out, "panic:%lld", (long long)w[1]);
        break;
    case GL_FATAL:
        fprintf(out, "fatal:%s", fatal[w[1]]);
        break;
    default:
        fputs("deadlock", out);
        break;
    }
}

static void print_words(const struct plan *p, const int64_t *w, int n, FILE *out)
{
    int values = 0, at = 2;
    print_status(w, out);
    for (int t = 0; t < p->nterms; t++)
        values += p->term[t] >= 0;
    int log = w[0] == GL_OK ? 2 + values : 2;
    for (int t = 0; t < p->nterms; t++) {
        if (p->term[t] >= 0) {
            if (w[0] == GL_OK)
                fprintf(out, " %lld", (long long)w[at++]);
            continue;
        }
        if (log == n)
            fputs(" -", out);
        for (int i = log; i < n; i++)
            fprintf(out, "%c%lld", i == log ? ' ' : ',', (long long)w[i]);
    }
}

void report_write(const struct exec *x, const struct gl_verdict *v, FILE *out)
{
    int64_t *w = malloc(REPORT_WORDS * sizeof *w);
    if (v->end == GL_STEPS || w == NULL)
        fputs("undecided", out);
    else
        print_words(x->plan, w, to_words(x, v, w), out);
    free(w);
}

/* A longer tape is left out: its line would be longer than a harness reads, and the seed
 * leads to the same execution. */
#define TAPE_PRINTED_MAX 30000

static void print_tape(const struct outcome *o, const char *id, FILE *out)
{
    if (o->tape_len > TAPE_PRINTED_MAX)
        return;
    fprintf(out, "tape %s ", id);
    for (size_t i = 0; i < o->tape_len; i++)
        fprintf(out, "%02x", o->tape[i]);
    fputs(o->tape_len == 0 ? "-\n" : "\n", out);
}

static int by_count(const void *a, const void *b)
{
    const struct outcome *l = *(const struct outcome *const *)a;
    const struct outcome *r = *(const struct outcome *const *)b;
    if (l->count != r->count)
        return l->count < r->count ? 1 : -1;
    return l->hash < r->hash ? -1 : l->hash > r->hash;
}

void report_print(const struct report *r, const char *id, FILE *out)
{
    const struct outcome **sorted = malloc(sizeof(void *) * (size_t)(r->n + 1));
    int n = 0;
    if (sorted == NULL)
        return;
    for (int i = 0; i < SLOTS; i++)
        if (r->table[i] != NULL)
            sorted[n++] = r->table[i];
    qsort(sorted, (size_t)n, sizeof *sorted, by_count);
    for (int i = 0; i < n; i++) {
        fprintf(out, "out %s %lld ", id, (long long)sorted[i]->count);
        print_words(r->plan, sorted[i]->words, sorted[i]->nwords, out);
        fputc('\n', out);
        if (sorted[i]->tape != NULL)
            print_tape(sorted[i], id, out);
    }
    if (r->undecided > 0)
        fprintf(out, "undecided %s %lld\n", id, (long long)r->undecided);
    free(sorted);
}
