/* SPDX-License-Identifier: BSD-3-Clause */
/* cmd_json.c - `lit json`: a file, its plan and its model as one line of JSON.
 *
 * Owns: the keys of that line, which are the harness's only input.  Not here: quoting
 * (json.c). Every file gets its line, in the order of the command line; a bad one has the
 * key `error` and nothing besides.  Keys are added, never renamed.
 */
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "code.h"
#include "json.h"
#include "lint.h"

enum { KEY_SIZE = 8192 };

static void words(struct json *j, const char *key, const struct lit_words *w)
{
    json_open(j, key, '[');
    for (int i = 0; i < w->n; i++)
        json_text(j, NULL, w->v[i]);
    json_close(j, ']');
}

/* The key of an outcome line: the terms that it gives, in the order of show. */
static void expect_text(const struct lit_program *p, const struct lit_expect *x, FILE *out)
{
    char buf[40], number[24];
    fputs(code_status_text(x->status, x->code, buf), out);
    for (int i = 0; i < p->nterms; i++) {
        const struct lit_term *t = &p->terms[i];
        if (!x->given[i])
            continue;
        fprintf(out, " %s=", t->text);
        if (!t->is_log)
            fputs(code_value_text(x->value[i], number), out);
        else if (x->log.n == 0)
            fputc('-', out);
        for (int k = 0; t->is_log && k < x->log.n; k++)
            fprintf(out, "%s%s", k > 0 ? "," : "", code_value_text(x->log.v[k], number));
    }
}

static bool is_partial(const struct lit_program *p, const struct lit_expect *x)
{
    for (int i = 0; i < p->nterms; i++) {
        if (!x->given[i] && (x->status == STATUS_OK || p->terms[i].is_log))
            return true;
    }
    return false;
}

static void expects(struct json *j, const struct lit_program *p)
{
    static const char *const verbs[] = {"allow", "want", "forbid"};
    json_open(j, "expects", '[');
    for (int i = 0; i < p->nexpects; i++) {
        const struct lit_expect *x = &p->expects[i];
        char *key = NULL;
        size_t len = 0;
        FILE *f = open_memstream(&key, &len);
        if (f) {
            expect_text(p, x, f);
            fclose(f);
        }
        json_open(j, NULL, '{');
        json_text(j, "verb", verbs[x->verb]);
        json_text(j, "key", key);
        json_bool(j, "partial", is_partial(p, x));
        json_text(j, "why", x->why);
        json_int(j, "line", x->line);
        json_close(j, '}');
        free(key);
    }
    json_close(j, ']');
}

static void rules(struct json *j, const struct lit_program *p)
{
    json_open(j, "races", '[');
    for (int i = 0; i < p->nraces; i++) {
        json_open(j, NULL, '{');
        json_bool(j, "want", p->races[i].want);
        json_text(j, "var", p->objects[p->races[i].obj].name);
        json_close(j, '}');
    }
    json_close(j, ']');
    json_open(j, "stats", '[');
    for (int i = 0; i < p->nstats; i++) {
        const struct lit_stat *s = &p->stats[i];
        json_open(j, NULL, '{');
        json_text(j, "rule", s->rule == STAT_UNIFORM ? "uniform" : "seen-all");
        json_text(j, "term", s->term >= 0 ? p->terms[s->term].text : NULL);
        json_real(j, "alpha", s->alpha);
        json_real(j, "margin", s->margin);
        json_close(j, '}');
    }
    json_close(j, ']');
    words(j, "stderr", &p->stderrs);
}

static void witness(struct json *j, const struct lit_program *p,
                    const struct lit_outcome *o)
{
    json_open(j, "witness", '[');
    for (int i = 0; i < o->nsteps; i++) {
        const struct lit_step *s = &o->steps[i];
        json_open(j, NULL, '{');
        json_int(j, "g", s->g);
        json_text(j, "block",
                  s->block >= 0 && s->block < p->nblocks ? p->blocks[s->block].name : "");
        json_int(j, "line", s->line);
        json_int(j, "partner", s->partner);
        json_text(j, "what", s->what);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void outcomes(struct json *j, const struct lit_program *p, const struct lit_model *m)
{
    char *key = malloc(KEY_SIZE);
    json_open(j, "outcomes", '[');
    for (int i = 0; key && i < m->noutcomes; i++) {
        const struct lit_outcome *o = &m->outcomes[i];
        lit_outcome_text(p, o, key, KEY_SIZE);
        json_open(j, NULL, '{');
        json_text(j, "key", key);
        json_real(j, "paths", o->paths);
        json_real(j, "weight", o->weight);
        witness(j, p, o);
        json_close(j, '}');
    }
    json_close(j, ']');
    json_open(j, "racy", '[');
    for (int i = 0; m->racy && i < p->nobjects; i++) {
        if (m->racy[i])
            json_text(j, NULL, p->objects[i].name);
    }
    json_close(j, ']');
    free(key);
}

void json_model(struct json *j, const struct lit_program *p, const struct lit_model *m)
{
    static const char *const classes[] = {"batch", "leaky", "dying", "hanging"};
    json_open(j, "model", '{');
    json_bool(j, "complete", m->complete);
    json_text(j, "unmodelled", m->unmodelled);
    json_bool(j, "diverges", m->diverges);
    json_text(j, "class", classes[m->class]);
    json_bool(j, "can_leak", m->can_leak);
    json_bool(j, "can_die", m->can_die);
    json_bool(j, "can_hang", m->can_hang);
    json_int(j, "max_leaked", m->max_leaked);
    json_int(j, "max_goroutines", m->max_goroutines);
    json_int(j, "max_depth", m->max_depth);
    json_int(j, "states", (int64_t)m->states);
    json_real(j, "seconds", m->seconds);
    outcomes(j, p, m);
    json_close(j, '}');
}

static void header(struct json *j, const struct source *s)
{
    static const char *const modes[] = {"explore", "stat", "stress"};
    const struct lit_program *p = s->prog;
    json_text(j, "path", p->path);
    json_text(j, "id", p->id ? p->id : "");
    words(j, "spec", &p->spec);
    words(j, "needs", &p->needs);
    words(j, "profile", &p->profile);
    words(j, "about", &p->about);
    json_text(j, "mode", modes[p->mode]);
    json_int(j, "trials", p->trials);
    char *plan = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&plan, &len);
    if (f) {
        lit_plan_print(p, f);
        fclose(f);
    }
    s->text[s->len] = 0; /* the parser refused longer texts, so there is room */
    json_text(j, "source", s->text);
    json_text(j, "plan", plan);
    free(plan);
    json_open(j, "terms", '[');
    for (int i = 0; i < p->nterms; i++)
        json_text(j, NULL, p->terms[i].text);
    json_close(j, ']');
}

static void blocks(struct json *j, const struct source *s)
{
    int lines = 0;
    json_open(j, "blocks", '[');
    for (int b = 0; b < s->prog->nblocks; b++)
        json_text(j, NULL, s->prog->blocks[b].name);
    json_close(j, ']');
    for (size_t i = 0; i < s->len; i++)
        lines += s->text[i] == '\n';
    json_int(j, "lines", lines + (s->len > 0 && s->text[s->len - 1] != '\n'));
}

/* The model, or null for a program of which there is none, and the complaints of check. */
static void verdict(struct json *j, const struct cmd *c, const struct source *s)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    bool is_modelled = !c->no_model && s->prog->mode != MODE_STRESS;
    struct lit_model *m = is_modelled ? cmd_explore(c, s->prog, true) : NULL;
    if (f)
        lint_program(s->prog, f);
    if (m)
        json_model(j, s->prog, m);
    else
        json_null(j, "model");
    if (m && f)
        lit_compare(s->prog, m, f);
    lit_model_free(m);
    if (f)
        fclose(f);
    json_open(j, "complaints", '[');
    for (char *line = text ? strtok(text, "\n") : NULL; line; line = strtok(NULL, "\n"))
        json_text(j, NULL, line);
    json_close(j, ']');
    free(text);
}

int cmd_json(const struct cmd *c)
{
    int worst = CMD_OK;
    for (int i = 0; i < c->nfiles; i++) {
        struct json j = {.out = stdout};
        struct source s;
        char *error = NULL;
        size_t len = 0;
        source_open(&s, c->files[i]);
        json_open(&j, NULL, '{');
        json_text(&j, "file", s.file);
        if (s.prog) {
            json_null(&j, "error");
            header(&j, &s);
            expects(&j, s.prog);
            rules(&j, s.prog);
            blocks(&j, &s);
            verdict(&j, c, &s);
        } else {
            FILE *f = open_memstream(&error, &len);
            if (f) {
                fprintf(f, "%s:%d:%d: %s", s.file, s.err.line, s.err.column, s.err.text);
                fclose(f);
            }
            json_text(&j, "error", error);
            free(error);
            worst = CMD_BAD;
        }
        json_close(&j, '}');
        putchar('\n');
        source_close(&s);
    }
    return worst;
}
