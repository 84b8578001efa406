/* SPDX-License-Identifier: BSD-3-Clause */
/* cases.c - small programs with the outcomes that a person worked out for them.
 *
 * Owns: cases.h.  A failure prints the program, both sets and the command that repeats it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "lit.h"

enum { SIZE = 16384 };
static const char HEAD[] =
    "litmus unit/case\nid unit-1\nspec chan.send\nabout A unit test.\n";

static const char *class_name(const struct lit_model *m)
{
    static const char *const names[] = {"batch", "leaky", "dying", "hanging"};
    return names[m->class];
}

static void outcomes_text(const struct lit_program *p, const struct lit_model *m, char *buf)
{
    size_t n = 0;
    buf[0] = '\0';
    for (int i = 0; i < m->noutcomes && n + 512 < SIZE; i++) {
        n += (size_t)snprintf(buf + n, SIZE - n, "%s", i ? " | " : "");
        lit_outcome_text(p, &m->outcomes[i], buf + n, SIZE - n);
        n += strlen(buf + n);
    }
}

static bool word_holds(const struct lit_program *p, const struct lit_model *m,
                       const char *word)
{
    const char *colon = strchr(word, ':');
    for (int o = 0; colon && o < p->nobjects; o++) {
        if (strcmp(p->objects[o].name, colon + 1) == 0) {
            return m->racy[o] == (strncmp(word, "race:", 5) == 0);
        }
    }
    if (strncmp(word, "fifo:", 5) == 0) {
        return true; /* the other exploration's */
    }
    return strcmp(word, "diverges") == 0     ? m->diverges
           : strcmp(word, "unmodelled") == 0 ? m->unmodelled[0] != '\0'
                                             : strcmp(word, class_name(m)) == 0;
}

/* The text of the first thing that is not as due, or NULL. */
static const char *judge(const struct lit_program *p, const struct lit_model *m,
                         const char *want, char *seen)
{
    static char words[256];
    const char *semi = strstr(want, " ; ");
    size_t len = semi ? (size_t)(semi - want) : strlen(want);
    outcomes_text(p, m, seen);
    if (!m->complete) {
        return "incomplete";
    }
    if (strlen(seen) != len || strncmp(seen, want, len) != 0) {
        return "outcomes";
    }
    snprintf(words, sizeof words, "%s", semi ? semi + 3 : "");
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
        if (!word_holds(p, m, word)) {
            return word;
        }
    }
    return NULL;
}

/* Whether every outcome of m is one of all's. */
static bool within(const struct lit_program *p, const struct lit_model *m,
                   const struct lit_model *all)
{
    static char a[SIZE], b[SIZE];
    for (int i = 0; i < m->noutcomes; i++) {
        bool found = false;
        lit_outcome_text(p, &m->outcomes[i], a, sizeof a);
        for (int k = 0; k < all->noutcomes && !found; k++) {
            lit_outcome_text(p, &all->outcomes[k], b, sizeof b);
            found = strcmp(a, b) == 0;
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

static const char *witness_gap(const struct lit_model *m)
{
    for (int i = 0; i < m->noutcomes; i++) {
        const struct lit_outcome *o = &m->outcomes[i];
        if (o->weight <= 0 || (o->nsteps == 0 && !m->unmodelled[0])) {
            return "an outcome without witness or weight";
        }
    }
    return NULL;
}

static const char *run_case(const struct lit_program *p, const struct model_case *c,
                            char *seen)
{
    struct lit_explore_options plain = {.witnesses = true}, full = {.no_reduction = true},
                               fifo = {.fifo_waiters = true};
    struct lit_model *m = lit_explore(p, &plain), *n = lit_explore(p, &full);
    struct lit_model *f = lit_explore(p, &fifo);
    static char other[SIZE];
    const char *bad = judge(p, m, c->want, seen);
    bad = bad ? bad : witness_gap(m);
    bad = bad ? bad : judge(p, n, c->want, other) ? "without reduction" : NULL;
    bad = bad ? bad : within(p, f, m) ? NULL : "fifo-waiters adds an outcome";
    const char *fifo_due = strstr(c->want, "fifo:");
    if (!bad && fifo_due && f->noutcomes != atoi(fifo_due + 5)) {
        bad = "number of outcomes with fifo-waiters";
    }
    lit_model_free(m);
    lit_model_free(n);
    lit_model_free(f);
    return bad;
}

static bool check_case(const char *prog, const struct model_case *c)
{
    static char text[SIZE], seen[SIZE];
    struct lit_error err;
    int len = snprintf(text, sizeof text, "%s%s", HEAD, c->text);
    struct lit_program *p = lit_parse(c->name, text, (size_t)len, &err);
    if (!p) {
        printf("not ok - %s: %d:%d: %s\n%s", c->name, err.line, err.column, err.text, text);
        return false;
    }
    const char *bad = run_case(p, c, seen);
    if (bad) {
        printf("not ok - %s: %s\n%s  want %s\n  seen %s\n  again: %s %s\n", c->name, bad,
               text, c->want, seen, prog, c->name);
    }
    lit_program_free(p);
    return bad == NULL;
}

int cases_main(int argc, char **argv, const struct model_case *cases, size_t count)
{
    int failed = 0, ran = 0;
    bool list = argc > 1 && strcmp(argv[1], "--list") == 0;
    for (size_t i = 0; i < count; i++) {
        bool named = argc == 1;
        for (int k = 1; k < argc; k++) {
            named |= strcmp(argv[k], cases[i].name) == 0;
        }
        if (list) {
            printf("%s\n", cases[i].name);
        } else if (named) {
            ran++;
            failed += !check_case(argv[0], &cases[i]);
        }
    }
    if (!list) {
        printf("%d cases, %d failed\n", ran, failed);
    }
    return failed || (!list && !ran);
}
