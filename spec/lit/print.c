/* SPDX-License-Identifier: BSD-3-Clause */
/* print.c - the canonical layout of a source file.
 *
 * Owns: spacing, indentation, alignment of outcome lines.  Not here: any change of meaning;
 * words and their order stay, comments stay.
 *
 * Works on lines alone, so that comments keep their place.  Runs of outcome lines are laid
 * out together: the i-th words of lines that give the same term there share a column.
 *
 *   I1  Formatting a formatted text changes nothing.
 *   I2  The plan of a formatted text is the plan of the text.
 */
#include <stdlib.h>
#include <string.h>

#include "lex.h"
#include "lit.h"

enum { MAX_WORDS_ALIGNED = 40 };

struct printer {
    FILE *out;
    const char *text;
    size_t len;
    int depth;     /* 0: outside blocks */
    bool any, gap; /* something is printed; a blank line is due */
};

static bool word_is(const struct token *t, const char *s)
{
    return strlen(s) == (size_t)t->len && memcmp(t->text, s, (size_t)t->len) == 0;
}

static bool one_of(const struct token *t, const char *const *words)
{
    for (; *words; words++) {
        if (word_is(t, *words))
            return true;
    }
    return false;
}

static void print_comment(const struct line *l, FILE *out)
{
    if (l->comment)
        fprintf(out, "%s#%s%.*s", l->len > 0 ? "    " : "", l->comment_len > 0 ? " " : "",
                l->comment_len, l->comment);
    fputc('\n', out);
}

/* Is there a blank between these two tokens?  first: before is the line's first token. */
static bool is_spaced(const struct token *before, const struct token *t, bool first)
{
    static const char *const tight[] = {",", ":", "[", "]", "(", ")", NULL};
    static const char *const opens[] = {"[", "(", "&", NULL};
    if (one_of(t, tight) || one_of(before, opens))
        return false;
    if (word_is(before, "<-"))
        return !first && before->kind == TOK_SIGN && before->value == 1;
    return true;
}

/* The tokens from number `from` on. */
static void print_tokens(struct printer *pr, const struct line *l, int from)
{
    struct token tok[LEX_MAX_TOKENS + 1];
    struct lex_error err;
    int n = lex_tokens(l, 0, tok, &err);
    for (int i = from; i < n; i++) {
        /* An arrow with a name before it sends: it stands free; its value marks that. */
        if (word_is(&tok[i], "<-"))
            tok[i].value =
                i > 0 && tok[i - 1].kind == TOK_NAME && !word_is(&tok[i - 1], "catch");
        bool elem = i > 1 &&
                    (word_is(&tok[i - 1], "elem") || word_is(&tok[i - 2], "elem")) &&
                    pr->depth == 0;
        if (i > from && !elem && is_spaced(&tok[i - 1], &tok[i], i == 1))
            fputc(' ', pr->out);
        fprintf(pr->out, "%.*s", tok[i].len, tok[i].text);
    }
    print_comment(l, pr->out);
}

static void print_statement(struct printer *pr, const struct line *l,
                            const struct token *first)
{
    static const char *const opens[] = {"if", "while", "repeat", "for", "select", NULL};
    bool ends = word_is(first, "end"), turns = word_is(first, "else");
    if ((ends || turns) && pr->depth > 1)
        pr->depth--;
    fprintf(pr->out, "%*s", 2 * pr->depth, "");
    print_tokens(pr, l, 0);
    struct token tok[LEX_MAX_TOKENS + 1];
    struct lex_error err;
    int n = lex_tokens(l, 0, tok, &err);
    bool is_named = n > 1 && (word_is(&tok[1], "=") || word_is(&tok[1], "<-"));
    bool selects = n == 3 && word_is(&tok[1], "=") && word_is(&tok[2], "select");
    if (turns || selects || (!is_named && one_of(first, opens)))
        pr->depth++;
}

/* The words of a line behind its keyword, joined by one blank. */
static void print_words(struct printer *pr, const struct line *l, int width)
{
    int at = 0;
    struct token t;
    lex_word(l, &at, &t);
    fprintf(pr->out, "%-*.*s", width - 1, t.len, t.text);
    if (word_is(&t, "about") || word_is(&t, "stderr")) {
        if (lex_word(l, &at, &t))
            fprintf(pr->out, " %.*s", l->len - (t.column - 1), t.text);
    } else {
        while (lex_word(l, &at, &t))
            fprintf(pr->out, " %.*s", t.len, t.text);
    }
    print_comment(l, pr->out);
}

/* Length of the `TERM=` in front of a word; the whole word when there is none. */
static int term_length(const struct token *t)
{
    const char *sign = memchr(t->text, '=', (size_t)t->len);
    return sign ? (int)(sign - t->text) + 1 : t->len;
}

static int read_words(const struct line *l, struct token *out)
{
    int at = 0, n = 0;
    while (n < MAX_WORDS_ALIGNED && lex_word(l, &at, &out[n]))
        n++;
    return n;
}

/* Width of word i among the lines of the run that give the same term there. */
static int column_width(const struct line *run, int n, const struct token *word, int i)
{
    int width = word->len, head = term_length(word);
    struct token other[MAX_WORDS_ALIGNED];
    for (int k = 0; k < n; k++) {
        int m = read_words(&run[k], other);
        if (i < m && term_length(&other[i]) == head && other[i].len > width &&
            memcmp(other[i].text, word->text, (size_t)head) == 0)
            width = other[i].len;
    }
    return width;
}

static void print_expect(struct printer *pr, const struct line *run, int n, int k)
{
    struct token word[MAX_WORDS_ALIGNED];
    int m = read_words(&run[k], word);
    fprintf(pr->out, "%-6.*s", word[0].len, word[0].text);
    for (int i = 1; i < m; i++) {
        bool is_last = i == m - 1 && !run[k].comment;
        int width = is_last ? word[i].len : column_width(run, n, &word[i], i);
        fprintf(pr->out, " %-*.*s", width, word[i].len, word[i].text);
    }
    print_comment(&run[k], pr->out);
}

/* The line, its first word padded to width. */
static void print_object(struct printer *pr, const struct line *l, int width)
{
    struct token first;
    int at = 0;
    lex_word(l, &at, &first);
    fprintf(pr->out, "%-*.*s ", width, first.len, first.text);
    print_tokens(pr, l, 1);
}

/* Lines of one group that follow each other are laid out together. */
enum group { GROUP_NONE, GROUP_OBJECT, GROUP_EXPECT };

static enum group group_of(const struct line *l)
{
    static const char *const verbs[] = {"want", "allow", "forbid", NULL};
    static const char *const kinds[] = {"chan",   "nilchan", "mutex",  "rwmutex", "wg",
                                        "once",   "cond",    "atomic", "var",     "timer",
                                        "ticker", "ptr",     NULL};
    int at = 0;
    struct token t, second;
    if (l->len == 0 || l->is_indented || l->text[l->len - 1] == ':')
        return GROUP_NONE;
    lex_word(l, &at, &t);
    if (one_of(&t, kinds))
        return GROUP_OBJECT;
    if (!one_of(&t, verbs) || (lex_word(l, &at, &second) && word_is(&second, "race")))
        return GROUP_NONE;
    struct token word[MAX_WORDS_ALIGNED];
    return read_words(l, word) < MAX_WORDS_ALIGNED ? GROUP_EXPECT : GROUP_NONE;
}

static void print_top(struct printer *pr, const struct line *l, const struct token *first)
{
    static const char *const heads[] = {"litmus", "id",      "spec", "about",
                                        "needs",  "profile", "mode", NULL};
    static const char *const tails[] = {"show", "want",   "allow", "forbid",
                                        "stat", "stderr", NULL};
    bool is_block = l->text[l->len - 1] == ':';
    pr->depth = 0;
    if (is_block)
        print_tokens(pr, l, 0);
    else if (one_of(first, heads))
        print_words(pr, l, 8);
    else if (one_of(first, tails))
        print_words(pr, l, 7);
    else
        print_tokens(pr, l, 0);
    pr->depth = is_block ? 1 : 0;
}

static void print_line(struct printer *pr, const struct line *l)
{
    int at = 0;
    struct token first;
    if (l->len == 0 && !l->comment) {
        pr->gap = pr->any;
        return;
    }
    if (pr->gap)
        fputc('\n', pr->out);
    pr->gap = false;
    pr->any = true;
    lex_word(l, &at, &first);
    if (l->len == 0) {
        fprintf(pr->out, "%*s", *l->text == '#' ? 0 : 2 * pr->depth, "");
        print_comment(l, pr->out);
    } else if (l->is_indented && pr->depth > 0) {
        print_statement(pr, l, &first);
    } else {
        print_top(pr, l, &first);
    }
}

/* Run of lines of one group that begins at *pos; what follows is left in *pos. */
static int read_run(struct printer *pr, size_t *pos, int *number, struct line *run, int max)
{
    int n = 1;
    size_t next = *pos;
    int count = *number;
    enum group group = group_of(&run[0]);
    while (n < max && lex_line(pr->text, pr->len, &next, &count, &run[n]) &&
           group_of(&run[n]) == group) {
        n++;
        *pos = next;
        *number = count;
    }
    return n;
}

static void print_run(struct printer *pr, const struct line *run, int n)
{
    int width = 0;
    if (pr->gap)
        fputc('\n', pr->out);
    pr->gap = false;
    pr->any = true;
    pr->depth = 0;
    for (int k = 0; k < n; k++) {
        struct token first;
        int at = 0;
        lex_word(&run[k], &at, &first);
        width = first.len > width ? first.len : width;
    }
    for (int k = 0; k < n; k++) {
        if (group_of(&run[k]) == GROUP_OBJECT)
            print_object(pr, &run[k], width);
        else
            print_expect(pr, run, n, k);
    }
}

void lit_format(const struct lit_program *p, const char *text, size_t len, FILE *out)
{
    enum { MAX_RUN = 64 };
    struct printer pr = {.out = out, .text = text, .len = len};
    struct line run[MAX_RUN];
    size_t pos = 0;
    int number = 0;
    (void)p;
    while (lex_line(text, len, &pos, &number, &run[0])) {
        if (group_of(&run[0]) == GROUP_NONE)
            print_line(&pr, &run[0]);
        else
            print_run(&pr, run, read_run(&pr, &pos, &number, run, MAX_RUN));
    }
}
