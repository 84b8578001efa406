/* SPDX-License-Identifier: BSD-3-Clause */
/* compare.c - whether a file's lists say what the model says.
 *
 * Owns: lit_compare and its complaints.  Not here: checks that need no model.
 *
 * Each complaint is `FILE:LINE:1: what; remedy`, and where lines are missing they follow,
 * ready to paste.  Programs that have no model by nature (heap operations, mode stress) are
 * not judged; other reasons for having none are the author's mistakes.
 */
#include <stdlib.h>
#include <string.h>

#include "code.h"
#include "lit.h"

struct judge {
    const struct lit_program *p;
    const struct lit_model *m;
    FILE *out;
    int complaints, last_line;
};

static void complain(struct judge *j, int line, const char *what)
{
    fprintf(j->out, "%s:%d:1: %s\n", j->p->file ? j->p->file : "?", line > 0 ? line : 1,
            what);
    j->complaints++;
}

static bool same_log(const struct lit_log *a, const struct lit_log *b)
{
    return a->n == b->n &&
           (a->n == 0 || memcmp(a->v, b->v, (size_t)a->n * sizeof *a->v) == 0);
}

/* Whether the line speaks of the outcome; a forbid line may leave terms out. */
static bool matches(const struct lit_program *p, const struct lit_expect *e,
                    const struct lit_outcome *o)
{
    bool coded =
        e->status == STATUS_EXIT || e->status == STATUS_PANIC || e->status == STATUS_FATAL;
    if (e->status != o->status || (coded && e->code != o->code)) {
        return false;
    }
    for (int i = 0; i < p->nterms; i++) {
        bool asked = e->given[i] || e->verb != VERB_FORBID;
        if (p->terms[i].is_log) {
            if (asked && !same_log(&e->log, &o->log)) {
                return false;
            }
        } else if (asked && e->status == STATUS_OK && e->value[i] != o->value[i]) {
            return false;
        }
    }
    return true;
}

/* The outcome of a line in the form of a line, its `ok` left out. */
static char *line_text(const struct judge *j, const struct lit_outcome *o)
{
    size_t size = 128 + (size_t)o->log.n * 24;
    for (int i = 0; i < j->p->nterms; i++) {
        size += strlen(j->p->terms[i].text) + 32;
    }
    char *text = malloc(size);
    if (text) {
        lit_outcome_text(j->p, o, text, size);
        bool ok = strncmp(text, "ok ", 3) == 0;
        memmove(text, text + (ok ? 3 : 0), strlen(text) + 1 - (ok ? 3 : 0));
    }
    return text;
}

static void judge_missing(struct judge *j)
{
    bool first = true;
    for (int k = 0; k < j->m->noutcomes; k++) {
        const struct lit_outcome *o = &j->m->outcomes[k];
        bool listed = false;
        for (int i = 0; i < j->p->nexpects; i++) {
            const struct lit_expect *e = &j->p->expects[i];
            listed |= e->verb != VERB_FORBID && matches(j->p, e, o);
        }
        if (listed) {
            continue;
        }
        if (first) {
            complain(j, j->last_line,
                     "the model allows outcomes that no line lists; add (as allow where a "
                     "runtime need not show it):");
            first = false;
        }
        char *text = line_text(j, o);
        fprintf(j->out, "want   %s\n", text ? text : "?");
        free(text);
    }
}

static void judge_lines(struct judge *j)
{
    for (int i = 0; i < j->p->nexpects; i++) {
        const struct lit_expect *e = &j->p->expects[i];
        bool possible = false;
        for (int k = 0; k < j->m->noutcomes; k++) {
            possible |= matches(j->p, e, &j->m->outcomes[k]);
        }
        if (e->verb == VERB_FORBID && possible) {
            complain(j, e->line,
                     "the model allows what this line forbids; delete the line, "
                     "or correct the program");
        } else if (e->verb != VERB_FORBID && !possible) {
            complain(j, e->line,
                     "the model does not allow this outcome; delete the line, or "
                     "make it a forbid with its reason");
        }
        if (e->verb == VERB_FORBID && !e->why) {
            complain(j, e->line,
                     "a forbid line without a reason; expected `# why it is "
                     "tempting and wrong` behind it");
        }
    }
}

static void judge_races(struct judge *j)
{
    for (int o = 0; o < j->p->nobjects; o++) {
        const struct lit_race *line = NULL;
        char text[160];
        if (!lit_is_plain(&j->p->objects[o])) {
            continue;
        }
        for (int i = 0; i < j->p->nraces; i++) {
            if (j->p->races[i].obj == o) {
                line = &j->p->races[i];
            }
        }
        const char *name = j->p->objects[o].name;
        if (j->m->racy[o] && !(line && line->want)) {
            snprintf(
                text, sizeof text,
                "some execution has a race on %s; order its accesses, or say: want race %s",
                name, name);
            complain(j, line ? line->line : j->p->objects[o].line, text);
        } else if (!j->m->racy[o] && line && line->want) {
            snprintf(text, sizeof text,
                     "no execution has a race on %s; say: forbid race %s", name, name);
            complain(j, line->line, text);
        }
    }
}

/* Reasons that lie in the nature of the program. */
static bool by_nature(const struct judge *j)
{
    return j->p->mode == MODE_STRESS ||
           strncmp(j->m->unmodelled, "heap operations", 15) == 0;
}

int lit_compare(const struct lit_program *p, const struct lit_model *m, FILE *out)
{
    struct judge j = {p, m, out, 0, 1};
    char text[200];
    for (int i = 0; i < p->nexpects; i++) {
        j.last_line = p->expects[i].line > j.last_line ? p->expects[i].line : j.last_line;
    }
    if (m->unmodelled[0]) {
        if (!by_nature(&j)) {
            snprintf(text, sizeof text, "no model: %s; correct the program", m->unmodelled);
            complain(&j, 1, text);
        }
        return j.complaints;
    }
    if (!m->complete) {
        snprintf(
            text, sizeof text,
            "not judged: more than %llu states or a bound of memory or loops; make the "
            "program smaller, or say: mode stress",
            (unsigned long long)m->states);
        complain(&j, 1, text);
        return j.complaints;
    }
    if (m->diverges) {
        complain(&j, 1, "some execution runs for ever; expected a way out of every loop");
    }
    judge_missing(&j);
    judge_lines(&j);
    judge_races(&j);
    return j.complaints;
}
