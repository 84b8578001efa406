/* SPDX-License-Identifier: BSD-3-Clause */
/* parse_outcome.c - what the file says about outcomes: show, want, allow, forbid, stat,
 * stderr.
 *
 * Owns: terms, statuses, values of outcome lines.  Not here: whether the lists are the
 * model's (model/), and what a complete file should have besides (check.c).
 *
 *   I1  Global register i belongs to the i-th shown term that is no log.
 *   I2  A line that is not `forbid` gives every term that its status keeps.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "code.h"
#include "parse.h"

static int shown(const struct token *t)
{
    return t->len > 40 ? 40 : t->len;
}

bool parse_is_outcome(const struct token *first)
{
    static const char *const words[] = {"show",   "want", "allow",
                                        "forbid", "stat", "stderr"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (tok_is(first, words[i]))
            return true;
    }
    return false;
}

static void add_global(struct parser *p, const struct token *t, struct lit_term *term)
{
    struct lit_program *prog = p->prog;
    const char *dot = memchr(t->text, '.', (size_t)t->len);
    int block = dot ? name_block(p, t->text, (int)(dot - t->text)) : -1;
    int left = dot ? t->len - (int)(dot - t->text) - 1 : 0;
    if (!dot || !lex_is_name(dot + 1, left))
        parse_fail(p, t->column, "unexpected '%.*s'; expected BLOCK.REGISTER or log",
                   shown(t), t->text);
    if (block < 0)
        parse_fail(p, t->column, "no block '%.*s'; expected BLOCK.REGISTER or log",
                   (int)(dot - t->text) > 40 ? 40 : (int)(dot - t->text), t->text);
    term->global = prog->nglobals;
    prog->globals = parse_more(p, prog->globals, prog->nglobals, sizeof *prog->globals);
    prog->globals[prog->nglobals++] =
        (struct lit_global){.block = block, .name = parse_text(p, dot + 1, left)};
}

static void add_term(struct parser *p, const struct token *t)
{
    struct lit_program *prog = p->prog;
    if (prog->nterms == MAX_TERMS)
        parse_fail(p, t->column, "one term too many; expected at most %d", MAX_TERMS);
    for (int i = 0; i < prog->nterms; i++) {
        if (tok_is(t, prog->terms[i].text))
            parse_fail(p, t->column, "'%.*s' is shown twice; expected each term once",
                       shown(t), t->text);
    }
    struct lit_term term = {.global = -1, .text = parse_text(p, t->text, t->len)};
    term.is_log = tok_is(t, "log");
    if (!term.is_log)
        add_global(p, t, &term);
    p->show_column[prog->nterms] = t->column;
    prog->terms = parse_more(p, prog->terms, prog->nterms, sizeof term);
    prog->terms[prog->nterms++] = term;
}

void parse_show(struct parser *p)
{
    int at = 0;
    struct token t;
    if (!p->show)
        return;
    p->line = p->show;
    lex_word(p->line, &at, &t);
    while (lex_word(p->line, &at, &t))
        add_term(p, &t);
    if (p->prog->nterms == 0)
        parse_fail(p, p->line->len + 1, "the line ends; expected BLOCK.REGISTER or log");
    p->global_known = parse_take(p, (size_t)p->prog->nterms);
}

/* A value: an integer, or the name of a code. */
static bool read_value(const char *text, int len, int64_t *v)
{
    if (lit_code_value(text, (size_t)len, v))
        return true;
    return lex_int(text, len, v) && !(*v <= -1000 && *v >= -1999);
}

static bool read_status(struct parser *p, const struct token *t, struct lit_expect *x)
{
    const char *colon = memchr(t->text, ':', (size_t)t->len);
    if (tok_is(t, "ok")) {
        x->status = STATUS_OK;
        return true;
    }
    if (tok_is(t, "deadlock")) {
        x->status = STATUS_DEADLOCK;
        return true;
    }
    if (!colon)
        return false;
    int head = (int)(colon - t->text), left = t->len - head - 1;
    bool good = false;
    if (head == 4 && memcmp(t->text, "exit", 4) == 0) {
        x->status = STATUS_EXIT;
        good = lex_int(colon + 1, left, &x->code) && x->code >= 0 && x->code <= 255;
    } else if (head == 5 && memcmp(t->text, "panic", 5) == 0) {
        x->status = STATUS_PANIC;
        good = read_value(colon + 1, left, &x->code);
    } else if (head == 5 && memcmp(t->text, "fatal", 5) == 0) {
        x->status = STATUS_FATAL;
        good = code_fatal_value(colon + 1, (size_t)left, &x->code);
    }
    if (!good)
        parse_fail(p, t->column,
                   "unknown status '%.*s'; expected ok, exit:N, panic:CODE,"
                   " fatal:CODE or deadlock",
                   shown(t), t->text);
    return true;
}

static void read_log(struct parser *p, const struct token *t, const char *text, int len,
                     struct lit_log *log)
{
    if (len == 1 && *text == '-')
        return;
    for (int i = 0; i <= len;) {
        const char *comma = memchr(text + i, ',', (size_t)(len - i));
        int end = comma ? (int)(comma - text) : len;
        int64_t v;
        if (!read_value(text + i, end - i, &v) || log->n == MAX_LOG)
            parse_fail(p, t->column, "unexpected '%.*s'; expected log=1,2,3 or log=-",
                       shown(t), t->text);
        log->v = parse_more(p, log->v, log->n, sizeof *log->v);
        log->v[log->n++] = v;
        i = end + 1;
    }
}

static int find_term(const struct parser *p, const char *text, int len)
{
    for (int i = 0; i < p->prog->nterms; i++) {
        const char *name = p->prog->terms[i].text;
        if (strncmp(name, text, (size_t)len) == 0 && name[len] == 0)
            return i;
    }
    return -1;
}

static void read_pair(struct parser *p, const struct token *t, struct lit_expect *x)
{
    const char *sign = memchr(t->text, '=', (size_t)t->len);
    if (!sign)
        parse_fail(p, t->column, "unexpected '%.*s'; expected TERM=VALUE", shown(t),
                   t->text);
    int head = (int)(sign - t->text), left = t->len - head - 1;
    int term = find_term(p, t->text, head);
    if (term < 0)
        parse_fail(p, t->column, "'%.*s' is not shown; expected a term of the show line",
                   head > 40 ? 40 : head, t->text);
    if (x->given[term])
        parse_fail(p, t->column, "'%.*s' is given twice; expected it once", head, t->text);
    x->given[term] = true;
    if (p->prog->terms[term].is_log)
        read_log(p, t, sign + 1, left, &x->log);
    else if (x->status != STATUS_OK)
        parse_fail(p, t->column,
                   "'%.*s' with a status that is not ok; expected the log at most", head,
                   t->text);
    else if (!read_value(sign + 1, left, &x->value[term]))
        parse_fail(p, t->column, "unexpected '%.*s'; expected an integer or a code",
                   left > 40 ? 40 : left, sign + 1);
}

static void check_given(struct parser *p, const struct lit_expect *x)
{
    for (int i = 0; i < p->prog->nterms; i++) {
        const struct lit_term *t = &p->prog->terms[i];
        if (!x->given[i] && x->verb != VERB_FORBID && (x->status == STATUS_OK || t->is_log))
            parse_fail(p, p->line->len + 1,
                       "%s is missing; expected a value for every term", t->text);
    }
}

static bool same_outcome(const struct lit_program *prog, const struct lit_expect *x,
                         const struct lit_expect *y)
{
    if (x->status != y->status || x->code != y->code)
        return false;
    for (int i = 0; i < prog->nterms; i++) {
        if (x->given[i] != y->given[i] || x->value[i] != y->value[i])
            return false;
    }
    return x->log.n == y->log.n &&
           (x->log.n == 0 ||
            memcmp(x->log.v, y->log.v, (size_t)x->log.n * sizeof *x->log.v) == 0);
}

static void read_race(struct parser *p, int at, bool want)
{
    struct lit_program *prog = p->prog;
    struct token t, more;
    bool any = lex_word(p->line, &at, &t);
    int o = any ? name_object(p, t.text, t.len) : -1;
    if (o < 0 || !lit_is_plain(&prog->objects[o]) || lex_word(p->line, &at, &more))
        parse_fail(p, any ? t.column : p->line->len + 1,
                   "no var after race; expected the name of one");
    for (int i = 0; i < prog->nraces; i++) {
        if (prog->races[i].obj == o)
            parse_fail(p, t.column,
                       "a second race line for this var; expected one (line %d)",
                       prog->races[i].line);
    }
    prog->races = parse_more(p, prog->races, prog->nraces, sizeof *prog->races);
    prog->races[prog->nraces++] =
        (struct lit_race){.want = want, .obj = o, .line = p->line->number};
}

static void read_expect(struct parser *p, int at, enum lit_verb verb)
{
    struct lit_program *prog = p->prog;
    struct lit_expect x = {.verb = verb, .line = p->line->number};
    struct token t;
    bool any = lex_word(p->line, &at, &t);
    if (!any)
        parse_fail(p, p->line->len + 1, "the line ends; expected a status or TERM=VALUE");
    x.given = parse_take(p, (size_t)prog->nterms + 1);
    x.value = parse_take(p, ((size_t)prog->nterms + 1) * sizeof *x.value);
    if (read_status(p, &t, &x))
        any = lex_word(p->line, &at, &t);
    for (; any; any = lex_word(p->line, &at, &t))
        read_pair(p, &t, &x);
    check_given(p, &x);
    if (p->line->comment_len > 0)
        x.why = parse_text(p, p->line->comment, p->line->comment_len);
    for (int i = 0; i < prog->nexpects; i++) {
        if (same_outcome(prog, &x, &prog->expects[i]))
            parse_fail(p, 1, "the outcome of line %d again; expected it once",
                       prog->expects[i].line);
    }
    if (prog->nexpects == MAX_EXPECTS)
        parse_fail(p, 1, "one outcome line too many; expected at most %d", MAX_EXPECTS);
    prog->expects = parse_more(p, prog->expects, prog->nexpects, sizeof x);
    prog->expects[prog->nexpects++] = x;
}

/* KEY=NUMBER with a number in (0, 1). */
static double read_share(struct parser *p, int *at, const char *key)
{
    struct token t;
    char number[32];
    int n = (int)strlen(key);
    if (!lex_word(p->line, at, &t))
        parse_fail(p, p->line->len + 1, "the line ends; expected %sNUMBER", key);
    int left = t.len - n;
    char *end = number;
    double v = 0;
    if (left > 0 && left < (int)sizeof number && memcmp(t.text, key, (size_t)n) == 0) {
        memcpy(number, t.text + n, (size_t)left);
        number[left] = 0;
        if (strspn(number, "0123456789.e-") == (size_t)left)
            v = strtod(number, &end);
    }
    if (end == number || *end || !(v > 0 && v < 1))
        parse_fail(p, t.column, "unexpected '%.*s'; expected %sNUMBER between 0 and 1",
                   shown(&t), t.text, key);
    return v;
}

static void read_stat(struct parser *p, int at)
{
    struct lit_program *prog = p->prog;
    struct lit_stat s = {.term = -1, .line = p->line->number};
    struct token t;
    bool any = lex_word(p->line, &at, &t);
    if (prog->mode != MODE_STAT)
        parse_fail(p, 1,
                   "stat without mode stat; expected 'mode stat trials=N' in the header");
    if (any && tok_is(&t, "uniform")) {
        s.rule = STAT_UNIFORM;
        any = lex_word(p->line, &at, &t);
        s.term = any ? find_term(p, t.text, t.len) : -1;
        if (s.term < 0 || prog->terms[s.term].is_log)
            parse_fail(p, any ? t.column : p->line->len + 1,
                       "no shown term; expected 'uniform TERM alpha=A margin=M'");
        s.alpha = read_share(p, &at, "alpha=");
        s.margin = read_share(p, &at, "margin=");
    } else if (any && tok_is(&t, "seen-all")) {
        s.rule = STAT_SEEN_ALL;
        s.alpha = read_share(p, &at, "alpha=");
    } else {
        parse_fail(
            p, any ? t.column : p->line->len + 1,
            "unknown rule; expected 'seen-all alpha=A' or 'uniform TERM alpha=A margin=M'");
    }
    if (lex_word(p->line, &at, &t))
        parse_fail(p, t.column, "unexpected '%.*s'; expected the end of the line",
                   shown(&t), t.text);
    prog->stats = parse_more(p, prog->stats, prog->nstats, sizeof s);
    prog->stats[prog->nstats++] = s;
}

static void read_stderr(struct parser *p, int at)
{
    struct lit_words *w = &p->prog->stderrs;
    struct token t;
    bool any = lex_word(p->line, &at, &t);
    int from = t.column; /* behind the slash */
    if (!any || *t.text != '/' || p->line->len <= from ||
        p->line->text[p->line->len - 1] != '/')
        parse_fail(p, any ? t.column : p->line->len + 1,
                   "no /REGEX/; expected it between slashes, a '#' in it as \\x23");
    w->v = parse_more(p, w->v, w->n, sizeof *w->v);
    w->v[w->n++] = parse_text(p, p->line->text + from, p->line->len - from - 1);
}

void parse_outcome(struct parser *p)
{
    int at = 0;
    struct token t, second;
    lex_word(p->line, &at, &t);
    if (tok_is(&t, "show"))
        return;
    if (tok_is(&t, "stat")) {
        read_stat(p, at);
        return;
    }
    if (tok_is(&t, "stderr")) {
        read_stderr(p, at);
        return;
    }
    int behind = at;
    bool is_race = lex_word(p->line, &behind, &second) && tok_is(&second, "race");
    if (is_race && tok_is(&t, "allow"))
        parse_fail(p, second.column, "allow race; expected want race or forbid race");
    if (is_race)
        read_race(p, behind, tok_is(&t, "want"));
    else
        read_expect(p, at,
                    tok_is(&t, "want")    ? VERB_WANT
                    : tok_is(&t, "allow") ? VERB_ALLOW
                                          : VERB_FORBID);
}

void parse_outcomes_done(struct parser *p)
{
    p->line = p->show;
    for (int i = 0; i < p->prog->nterms; i++) {
        int g = p->prog->terms[i].global;
        if (g >= 0 && !p->global_known[g])
            parse_fail(p, p->show_column[i],
                       "block %s has no register '%s'; expected one that it"
                       " sets",
                       p->prog->blocks[p->prog->globals[g].block].name,
                       p->prog->globals[g].name);
    }
}
