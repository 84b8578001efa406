/* SPDX-License-Identifier: BSD-3-Clause */
/* main.c - the `lit` command: its command line, its files, and the short subcommands.
 *
 * Owns: options, exit statuses, check, fmt, plan, hash, export.  Not here: json
 * (cmd_json.c), outcomes, witness and explain (cmd_show.c).
 *
 * Exit status 0: all is well; 1: findings (complaints of check, files that fmt would
 * change); 2: bad usage, or a file that cannot be read or does not parse.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "lex.h"
#include "lint.h"

static const char help[] =
    "usage: lit COMMAND [OPTION...] FILE...\n"
    "\n"
    "  check [--no-model] [--no-reduction] FILE...\n"
    "                               errors, and complaints about lists that are not the "
    "model's\n"
    "  fmt [-w] FILE...             canonical layout; -w writes it back\n"
    "  plan [--needs] FILE          the flat plan; or the capabilities that it needs\n"
    "  outcomes [--stats] [--no-reduction] [--json] FILE\n"
    "                               every outcome that the model allows\n"
    "  witness FILE [OUTCOME]       a shortest schedule for each outcome, or for this one\n"
    "  explain FILE                 the program in plain words\n"
    "  export --go FILE [-o OUT]    a stand-alone Go program; --package --func NAME: a "
    "function\n"
    "  hash FILE...                 names a program's meaning: equal for equal plans and "
    "lists\n"
    "  json [--no-model] FILE...    one JSON object per file, one per line\n"
    "\n"
    "options: --profile spec|fifo-waiters   instead of the file's own profile lines\n"
    "         --max-states N                give up beyond N states (default 1000000)\n"
    "exit status: 0 fine, 1 findings, 2 usage or bad input\n";

static int check_one(const struct cmd *c, const struct source *s)
{
    int n = lint_program(s->prog, stdout);
    if (!c->no_model && s->prog->mode != MODE_STRESS) {
        struct lit_model *m = cmd_explore(c, s->prog, false);
        if (!m) {
            fprintf(stderr, "%s: out of memory\n", s->file);
            return CMD_BAD;
        }
        n += lit_compare(s->prog, m, stdout);
        lit_model_free(m);
    }
    return n > 0 ? CMD_FINDINGS : CMD_OK;
}

static int write_back(const struct source *s, const char *text, size_t len)
{
    if (len == s->len && memcmp(text, s->text, len) == 0)
        return CMD_OK;
    FILE *f = fopen(s->file, "wb");
    bool good = f && fwrite(text, 1, len, f) == len;
    if (f && fclose(f) != 0)
        good = false;
    if (!good)
        fprintf(stderr, "%s: cannot write it: %s\n", s->file, strerror(errno));
    return good ? CMD_OK : CMD_BAD;
}

static int fmt_one(const struct cmd *c, const struct source *s)
{
    char *text = NULL;
    size_t len = 0;
    int status = CMD_OK;
    FILE *f = open_memstream(&text, &len);
    if (!f)
        return CMD_BAD;
    lit_format(s->prog, s->text, s->len, f);
    fclose(f);
    if (c->write)
        status = write_back(s, text, len);
    else
        fwrite(text, 1, len, stdout);
    free(text);
    return status;
}

static int plan_one(const struct cmd *c, const struct source *s)
{
    if (!c->needs) {
        lit_plan_print(s->prog, stdout);
        return CMD_OK;
    }
    for (int i = 0; i < s->prog->needs.n; i++)
        printf("%s%s", i > 0 ? " " : "", s->prog->needs.v[i]);
    putchar('\n');
    return CMD_OK;
}

/* 64-bit FNV-1a. */
static uint64_t hash_text(uint64_t h, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)text[i]) * 0x100000001b3u;
    return h;
}

static int hash_one(const struct cmd *c, const struct source *s)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    (void)c;
    if (!f)
        return CMD_BAD;
    lit_plan_print(s->prog, f);
    for (int i = 0; i < s->prog->nexpects; i++) {
        const struct lit_expect *x = &s->prog->expects[i];
        fprintf(f, "%d %d %" PRId64, x->verb, x->status, x->code);
        for (int t = 0; t < s->prog->nterms; t++)
            fprintf(f, " %d:%" PRId64, x->given[t], x->value[t]);
        for (int k = 0; k < x->log.n; k++)
            fprintf(f, ",%" PRId64, x->log.v[k]);
        fputc('\n', f);
    }
    fclose(f);
    printf("%016" PRIx64 "  %s\n", hash_text(0xcbf29ce484222325u, text, len), s->file);
    free(text);
    return CMD_OK;
}

/* Runs one of the subcommands that take files one by one; the worst status counts. */
static int each_file(const struct cmd *c,
                     int (*one)(const struct cmd *, const struct source *))
{
    int worst = CMD_OK;
    for (int i = 0; i < c->nfiles; i++) {
        struct source s;
        int status = CMD_BAD;
        source_open(&s, c->files[i]);
        if (s.prog)
            status = one(c, &s);
        else
            source_print_error(&s, stderr);
        source_close(&s);
        worst = status > worst ? status : worst;
    }
    return worst;
}

static int export_one(const struct cmd *c, const struct source *s)
{
    char why[120];
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    if (!f)
        return CMD_BAD;
    bool good = lit_export_go_func(s->prog, c->func, f, why, sizeof why);
    fclose(f);
    if (!good)
        fprintf(stderr, "%s: cannot be exported: %s\n", s->file, why);
    FILE *out = good && c->out ? fopen(c->out, "wb") : stdout;
    bool written = good && out && fwrite(text, 1, len, out) == len;
    if (out && out != stdout && fclose(out) != 0)
        written = false;
    if (good && !written)
        fprintf(stderr, "%s: cannot write it: %s\n", c->out ? c->out : "stdout",
                strerror(errno));
    free(text);
    return written ? CMD_OK : good ? CMD_BAD : CMD_FINDINGS;
}

static int cmd_export(const struct cmd *c)
{
    if (!c->go || c->package != (c->func != NULL)) {
        fputs("lit: export wants --go, and --package and --func NAME together or not at "
              "all\n",
              stderr);
        return CMD_BAD;
    }
    if (c->func && !lex_is_name(c->func, (int)strnlen(c->func, 40)) &&
        strlen(c->func) < 32) {
        fprintf(stderr, "lit: '%s' is not a name for a function\n", c->func);
        return CMD_BAD;
    }
    return each_file(c, export_one);
}

static int cmd_check(const struct cmd *c)
{
    return each_file(c, check_one);
}
static int cmd_fmt(const struct cmd *c)
{
    return each_file(c, fmt_one);
}
static int cmd_plan(const struct cmd *c)
{
    return each_file(c, plan_one);
}
static int cmd_hash(const struct cmd *c)
{
    return each_file(c, hash_one);
}

static const struct command {
    const char *name;
    int (*run)(const struct cmd *c);
    int max_files;
    const char
        *options; /* letters: m no-model, w write, n needs, s stats, r no-reduction, j json,
                            p profile, x max-states, g go, o out, k package, f func */
} commands[] = {
    {"check", cmd_check, 1 << 20, "mrpx"},
    {"fmt", cmd_fmt, 1 << 20, "w"},
    {"plan", cmd_plan, 1, "n"},
    {"hash", cmd_hash, 1 << 20, ""},
    {"json", cmd_json, 1 << 20, "mpx"},
    {"outcomes", cmd_outcomes, 1, "srjpx"},
    {"witness", cmd_witness, 2, "px"},
    {"explain", cmd_explain, 1, "px"},
    {"export", cmd_export, 1, "gokf"},
};

static int usage(const char *what, const char *word)
{
    fprintf(stderr, "lit: %s '%s'; expected one that `lit --help` lists\n", what, word);
    return CMD_BAD;
}

struct option_word {
    const char *word;
    char letter;
};

static char option_letter(const char *word)
{
    static const struct option_word words[] = {
        {"--no-model", 'm'},   {"-w", 'w'},
        {"--needs", 'n'},      {"--stats", 's'},
        {"--json", 'j'},       {"--profile", 'p'},
        {"--max-states", 'x'}, {"--no-reduction", 'r'},
        {"--go", 'g'},         {"-o", 'o'},
        {"--package", 'k'},    {"--func", 'f'},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i].word, word) == 0)
            return words[i].letter;
    }
    return 0;
}

/* Sets the option; arg is the next word, used up when the result is 2.  0: it is not
 * good. */
static int set_option(struct cmd *c, char letter, const char *arg)
{
    bool *flags[128] = {['m'] = &c->no_model, ['w'] = &c->write,        ['n'] = &c->needs,
                        ['s'] = &c->stats,    ['r'] = &c->no_reduction, ['j'] = &c->json,
                        ['g'] = &c->go,       ['k'] = &c->package};
    int64_t n = 0;
    if (flags[(unsigned char)letter]) {
        *flags[(unsigned char)letter] = true;
        return 1;
    }
    if (!arg)
        return 0;
    if (letter == 'o')
        c->out = arg;
    else if (letter == 'f')
        c->func = arg;
    else if (letter == 'p' && strcmp(arg, "fifo-waiters") == 0)
        c->fifo = true;
    else if (letter == 'p' && strcmp(arg, "spec") != 0)
        return 0;
    else if (letter == 'x' && (!lex_int(arg, (int)strnlen(arg, 40), &n) || n < 1))
        return 0;
    c->max_states = letter == 'x' ? (uint64_t)n : c->max_states;
    return 2;
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

/* Sorts the words behind the command into options and files.  False: one is bad, and
 * named. */
static bool read_words(struct cmd *c, const struct command *command, int argc, char **argv)
{
    c->files = argv;
    for (int i = 2; i < argc;) {
        if (argv[i][0] != '-' || strcmp(argv[i], "-") == 0) {
            c->files[c->nfiles++] = argv[i++]; /* never overtakes the words not yet read */
            continue;
        }
        char letter = option_letter(argv[i]);
        int used = 0;
        if (letter && strchr(command->options, letter))
            used = set_option(c, letter, i + 1 < argc ? argv[i + 1] : NULL);
        if (used == 0) {
            usage("bad option", argv[i]);
            return false;
        }
        i += used;
    }
    if (c->nfiles == 0)
        usage("no file for", c->name);
    else if (c->nfiles > command->max_files)
        usage("too many files for", c->name);
    return c->nfiles > 0 && c->nfiles <= command->max_files;
}

int main(int argc, char **argv)
{
    struct cmd c = {.name = argc > 1 ? argv[1] : ""};
    const struct command *command = find_command(c.name);
    bool is_help = strcmp(c.name, "--help") == 0 || strcmp(c.name, "help") == 0 ||
                   (argc > 2 && strcmp(argv[2], "--help") == 0);
    if (argc < 2 || is_help) {
        fputs(help, is_help ? stdout : stderr);
        return is_help ? CMD_OK : CMD_BAD;
    }
    if (!command)
        return usage("unknown command", c.name);
    if (!read_words(&c, command, argc, argv))
        return CMD_BAD;
    int status = command->run(&c);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "lit: cannot write the output: %s\n", strerror(errno));
        return CMD_BAD;
    }
    return status;
}
