/* SPDX-License-Identifier: BSD-3-Clause */
/* parse_head.c - the header lines: litmus, id, spec, about, needs, profile, mode.
 *
 * Owns: their words and their limits.  Not here: needs that follow from the operations
 * (check.c), whether a clause exists (the clause files are checked against the corpus
 * elsewhere).
 *
 *   I1  `litmus` is the first line that is not blank, and comes once; so do id and mode.
 */
#include <ctype.h>
#include <string.h>

#include "parse.h"

enum { MAX_WORDS = 64, MAX_TRIALS = 10000000 };

static const char *const need_names[] = {
    "faketime",  "parallel", "race",    "gotext",     "gc.precise", "control", "noise",
    "die",       "deadlock", "one",     "chan",       "select",     "mutex",   "rwmutex",
    "wg",        "once",     "cond",    "atomic",     "var",        "timer",   "ticker",
    "afterfunc", "panic",    "recover", "goexit",     "exit",       "fault",   "elem",
    "ptr",       "make",     "procs",   "goroutines", "heap",       "gc",      "sleep",
};

static bool all_of(const struct token *t, const char *extra)
{
    for (int i = 0; i < t->len; i++) {
        char c = t->text[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!is_plain && !(c && strchr(extra, c)))
            return false;
    }
    return t->len > 0;
}

static bool is_clause(const struct token *t)
{
    const char *dot = memchr(t->text, '.', (size_t)t->len);
    if (!dot || dot == t->text || t->text[t->len - 1] == '.')
        return false;
    for (int i = 1; i < t->len; i++) {
        if (t->text[i] == '.' && t->text[i - 1] == '.')
            return false;
    }
    for (int i = 0; i < t->len; i++) {
        if (!isalnum((unsigned char)t->text[i]) && !strchr(".-+", t->text[i]))
            return false;
    }
    return true;
}

static bool is_need(const struct token *t)
{
    for (size_t i = 0; i < sizeof need_names / sizeof *need_names; i++) {
        if (tok_is(t, need_names[i]))
            return true;
    }
    return false;
}

static bool is_profile(const struct token *t)
{
    return all_of(t, ".-<>=_");
}

static void read_words(struct parser *p, int at, struct lit_words *w,
                       bool (*good)(const struct token *), const char *expected)
{
    struct token t;
    int before = w->n;
    while (lex_word(p->line, &at, &t)) {
        if (!good(&t))
            parse_fail(p, t.column, "unexpected '%.*s'; expected %s",
                       t.len > 40 ? 40 : t.len, t.text, expected);
        if (w->n == MAX_WORDS)
            parse_fail(p, t.column, "one word too many; expected at most %d", MAX_WORDS);
        w->v = parse_more(p, w->v, w->n, sizeof *w->v);
        w->v[w->n++] = parse_text(p, t.text, t.len);
    }
    if (w->n == before)
        parse_fail(p, p->line->len + 1, "the line ends; expected %s", expected);
}

/* The one word of a line that may come once. */
static char *read_single(struct parser *p, int at, const char *before, const char *extra,
                         const char *expected)
{
    struct token t, more;
    if (before)
        parse_fail(p, 1, "a second line of this kind; expected one");
    if (!lex_word(p->line, &at, &t))
        parse_fail(p, p->line->len + 1, "the line ends; expected %s", expected);
    if (!all_of(&t, extra))
        parse_fail(p, t.column, "unexpected '%.*s'; expected %s", t.len > 40 ? 40 : t.len,
                   t.text, expected);
    if (lex_word(p->line, &at, &more))
        parse_fail(p, more.column, "unexpected '%.*s'; expected the end of the line",
                   more.len > 40 ? 40 : more.len, more.text);
    return parse_text(p, t.text, t.len);
}

static void read_about(struct parser *p, int at)
{
    struct token t;
    struct lit_words *w = &p->prog->about;
    if (!lex_word(p->line, &at, &t))
        parse_fail(p, p->line->len + 1, "the line ends; expected a sentence");
    if (w->n == MAX_WORDS)
        parse_fail(p, 1, "one about line too many; expected at most %d", MAX_WORDS);
    w->v = parse_more(p, w->v, w->n, sizeof *w->v);
    w->v[w->n++] = parse_text(p, t.text, p->line->len - (t.column - 1));
}

static void read_mode(struct parser *p, int at)
{
    struct token t;
    struct lit_program *prog = p->prog;
    if (p->has_mode)
        parse_fail(p, 1, "a second mode line; expected one");
    p->has_mode = true;
    bool any = lex_word(p->line, &at, &t);
    if (any && tok_is(&t, "stat")) {
        prog->mode = MODE_STAT;
        int64_t n = 0;
        if (!lex_word(p->line, &at, &t))
            parse_fail(p, p->line->len + 1, "the line ends; expected trials=N");
        if (t.len < 8 || memcmp(t.text, "trials=", 7) != 0 ||
            !lex_int(t.text + 7, t.len - 7, &n) || n < 1 || n > MAX_TRIALS)
            parse_fail(p, t.column, "unexpected '%.*s'; expected trials=N, N from 1 to %d",
                       t.len > 40 ? 40 : t.len, t.text, MAX_TRIALS);
        prog->trials = (int)n;
    } else if (any && tok_is(&t, "stress")) {
        prog->mode = MODE_STRESS;
    } else if (!any || !tok_is(&t, "explore")) {
        parse_fail(p, any ? t.column : p->line->len + 1,
                   "unknown mode; expected explore, stat trials=N or stress");
    }
    if (lex_word(p->line, &at, &t))
        parse_fail(p, t.column, "unexpected '%.*s'; expected the end of the line",
                   t.len > 40 ? 40 : t.len, t.text);
}

bool parse_header(struct parser *p)
{
    int at = 0;
    struct token t;
    struct lit_program *prog = p->prog;
    lex_word(p->line, &at, &t);
    bool is_litmus = tok_is(&t, "litmus");
    if (!is_litmus && !prog->path)
        parse_fail(p, 1,
                   "the first line is not the program's name; expected 'litmus PATH'");
    if (is_litmus)
        prog->path = read_single(p, at, prog->path, "/-_.",
                                 "a path of small letters, digits and /-_.");
    else if (tok_is(&t, "id"))
        prog->id =
            read_single(p, at, prog->id, "-", "an id of small letters, digits and -");
    else if (tok_is(&t, "spec"))
        read_words(p, at, &prog->spec, is_clause, "a clause such as chan.send.order");
    else if (tok_is(&t, "needs"))
        read_words(p, at, &prog->needs, is_need,
                   "a capability such as faketime, parallel, race, gotext, gc.precise");
    else if (tok_is(&t, "profile"))
        read_words(p, at, &prog->profile, is_profile, "a profile such as fifo-waiters");
    else if (tok_is(&t, "about"))
        read_about(p, at);
    else if (tok_is(&t, "mode"))
        read_mode(p, at);
    else
        return false;
    return true;
}
