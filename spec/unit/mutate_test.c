/* SPDX-License-Identifier: BSD-3-Clause */
/* mutate_test.c - the parser meets damaged files.
 *
 * Claim: whatever the bytes, lit_parse returns a program that keeps the invariants of
 * plan.h, or an error with a line, a column and a text; formatting a program keeps its
 * plan; nothing crashes. Meant for a build with sanitizers.  usage: mutate_test [--runs N]
 * [--seed S] [FILE...]; without files it mutates a program of its own that uses every
 * statement.
 *
 * A mutation deletes, doubles, swaps or moves lines, replaces words by words of another
 * place, and damages single bytes; one to four of them at a time, from a seed that a
 * failure prints.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lit.h"

enum { MAX_TEXT = 70000, MAX_FILES = 4096 };

static const char every_statement[] =
    "litmus x/all\nid x-1\nspec a.b\nabout All of it.\nmode stat trials=10\n"
    "chan c 3 elem=16 # first\nchan pc 1 elem=ptr\nchan po 1 elem=obj\nnilchan nc\nmutex "
    "m\nrwmutex rw\nwg g\n"
    "once o\ncond cv m\natomic a = -5\nvar x = 3\ntimer t\nticker tk\nptr pv\natomic ap "
    "ptr\n\nmain:\n  go w\n"
    "  call f\n  defer f\n  defer nil\n  defer recover\n  i = 1\n  j = i + 1\n  y = x\n  x "
    "= j\n"
    "  if i == 1\n    c <- 1\n  else\n    c <- nil\n  end\n  while i < 3\n    yield\n  "
    "end\n"
    "  repeat 3 as k\n    repeat 2\n      spin 3\n    end\n  end\n  for v = range c\n"
    "    return\n  end\n  <-c\n  v = <-c\n  v, ok = <-c\n  close c\n  n = len c\n  make c "
    "n\n"
    "  q = select\n    c <- 1\n    <-c\n    v = <-t\n    v, ok = <-tk\n    default\n  end\n"
    "  lock m\n  ok = trylock rw\n  rlock rw\n  wait cv\n  wait g\n  signal cv\n  add g 2\n"
    "  done g\n  do o f\n  r = load a\n  r = add a 2\n  ok = cas a 1 2\n  s = swap a 3\n"
    "  panic nil\n  r = recover\n  e = catch c <- 5\n  e = catch x = 3\n  fault index\n"
    "  sleep 3\n  start t 4\n  after t 3\n  afterfunc t 3 f\n  ok = reset t 3\n  n = now\n"
    "  note -1\n  n = procs 0\n  n = goroutines\n  p = new 2\n  p[0] = p\n  p2 = p[1]\n"
    "  drop p\n  keep p2\n  finalizer p2 h\n  finalizer p2 nil\n  w1 = weak p2\n  p3 = get "
    "w1\n"
    "  gc\n  n = gc until a != 0 max 8\n  n = heap max 3\n  p = &p2[1]\n  p3 = p\n"
    "  cl = cleanup p f\n  cleanup p h(p2)\n  stop cl\n  pv = p\n  p = pv\n  p = load ap\n"
    "  store ap nil\n  ok = cas ap p nil\n  p = swap ap p2\n  po <- p\n  p = <-po\n"
    "  go vv(p)\n  call h(p)\n  defer h(nil)\n  afterfunc t 3 h(p)\n  if p == p2\n"
    "  end\n  p = nil\n  exit 3\n  goexit\n\nw:\n  return\n\nvv(p):\n  return\n\nfunc "
    "h(p):\n  keep p\n\nfunc f:\n"
    "  r = 1\n\nshow main.e f.r log\nwant main.e=0 f.r=1 log=1,2 # fine\n"
    "allow main.e=send-closed f.r=1 log=-\nforbid main.e=7 # not that\nwant panic:index "
    "log=-\n"
    "want race x\nstat seen-all alpha=1e-9\nstat uniform main.e alpha=1e-9 margin=0.05\n"
    "stderr /panic: [0-9]+/\n";

static struct {
    char *text;
    size_t len;
} files[MAX_FILES];
static int nfiles;
static uint64_t rng, run_seed;
static char work[MAX_TEXT];
static size_t len;

static uint64_t next_random(void)
{
    rng += 0x9e3779b97f4a7c15u;
    uint64_t z = (rng ^ (rng >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static size_t below(size_t n)
{
    return n ? (size_t)(next_random() % n) : 0;
}

__attribute__((format(printf, 1, 2), noreturn)) static void fail(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    fputs("mutate_test: ", stderr);
    vfprintf(stderr, format, ap);
    va_end(ap);
    fprintf(stderr, "\nagain: mutate_test --runs 1 --seed %llu FILES\n--- input\n%.*s\n",
            (unsigned long long)run_seed, (int)len, work);
    abort();
}

static void check_ref(const struct lit_program *p, const struct lit_block *b,
                      const struct lit_ref *r)
{
    if (r->kind == REF_REG && (r->v < 0 || r->v >= b->nregs))
        fail("register out of range");
    if (r->kind == REF_GLOBAL && (r->v < 0 || r->v >= p->nglobals))
        fail("global out of range");
}

static void check_instr(const struct lit_program *p, const struct lit_block *b,
                        const struct lit_instr *in)
{
    const char *shape = lit_op_operands(in->op);
    const struct lit_ref *refs[] = {&in->a, &in->b, &in->c, &in->d, &in->e, &in->caught_to};
    for (size_t i = 0; i < sizeof refs / sizeof *refs; i++)
        check_ref(p, b, refs[i]);
    if (in->op >= OP_COUNT)
        fail("unknown instruction");
    if (strchr(shape, 'o') && (in->obj < 0 || in->obj >= p->nobjects))
        fail("object out of range");
    if (strchr(shape, 'l') && (in->target < 0 || in->target >= b->ninstr))
        fail("target out of range");
    bool may_be_nil = in->op == OP_SPAWN || in->op == OP_DEFER || in->op == OP_FINALIZER;
    if (strchr(shape, 'b') && (in->blk < (may_be_nil ? -1 : 0) || in->blk >= p->nblocks))
        fail("block out of range");
    for (int i = 0; i < in->ncases; i++) {
        check_ref(p, b, &in->cases[i].a);
        check_ref(p, b, &in->cases[i].d);
        if (in->cases[i].op != OP_COUNT && in->cases[i].obj < 0)
            fail("case without an object");
    }
}

/* The invariants of plan.h. */
static void check_shape(const struct lit_program *p)
{
    if (p->nblocks < 1 || strcmp(p->blocks[0].name, "main") != 0)
        fail("block 0 is not main");
    for (int b = 0; b < p->nblocks; b++) {
        const struct lit_block *block = &p->blocks[b];
        if (block->ninstr < 1 || block->code[block->ninstr - 1].op != OP_RET)
            fail("block %s does not end with ret", block->name);
        for (int i = 0; i < block->ninstr; i++)
            check_instr(p, block, &block->code[i]);
    }
}

static char *plan_text(const struct lit_program *p)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        fail("no memory");
    lit_plan_print(p, f);
    fclose(f);
    return text;
}

/* fmt keeps the plan, and formatting twice is formatting once. */
static void check_format(const struct lit_program *p)
{
    char *once = NULL, *twice = NULL;
    size_t n = 0, m = 0;
    struct lit_error err;
    FILE *f = open_memstream(&once, &n);
    lit_format(p, work, len, f);
    fclose(f);
    if (n > 65536) { /* indentation may push it over the limit */
        free(once);
        return;
    }
    struct lit_program *q = lit_parse("formatted", once, n, &err);
    if (!q)
        fail("formatted text does not parse: %d:%d: %s\n%s", err.line, err.column, err.text,
             once);
    char *before = plan_text(p), *after = plan_text(q);
    if (strcmp(before, after) != 0)
        fail("the plan changed by formatting:\n%s", once);
    f = open_memstream(&twice, &m);
    lit_format(q, once, n, f);
    fclose(f);
    if (n != m || memcmp(once, twice, n) != 0)
        fail("formatting twice differs:\n%s---\n%s", once, twice);
    lit_program_free(q);
    free(before);
    free(after);
    free(once);
    free(twice);
}

static void export_somewhere(const struct lit_program *p)
{
    char why[120] = "";
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    bool good = lit_export_go(p, f, why, sizeof why);
    fclose(f);
    if (!good && !why[0])
        fail("no reason why it cannot be exported");
    if (good && n == 0)
        fail("an empty export");
    free(text);
}

/* Parses the text in work; true when it is a program. */
static bool try_text(void)
{
    struct lit_error err = {0};
    char *exact = malloc(len + 1); /* no byte behind the end, for the sanitizer to see */
    memcpy(exact, work, len);
    exact = realloc(exact, len ? len : 1);
    struct lit_program *p = lit_parse("mutant", exact, len, &err);
    if (p) {
        check_shape(p);
        free(plan_text(p));
        check_format(p);
        export_somewhere(p);
    } else if (err.line < 1 || err.column < 1 || !err.text[0]) {
        fail("an error without place or text");
    }
    bool good = p != NULL;
    lit_program_free(p);
    free(exact);
    return good;
}

/* ---- mutations ---- */

static void replace(size_t at, size_t old, const char *text, size_t n)
{
    if (at + old > len || len - old + n > sizeof work)
        return;
    memmove(work + at + n, work + at + old, len - at - old);
    memcpy(work + at, text, n);
    len = len - old + n;
}

/* A random line of a text: its start and its length with the newline. */
static void pick_line(const char *text, size_t size, size_t *at, size_t *n)
{
    size_t i = below(size);
    while (i > 0 && text[i - 1] != '\n')
        i--;
    size_t end = i;
    while (end < size && text[end++] != '\n')
        continue;
    *at = i;
    *n = end - i;
}

static void pick_word(const char *text, size_t size, size_t *at, size_t *n)
{
    size_t i = below(size);
    while (i < size && strchr(" \n\t=,", text[i]))
        i++;
    size_t end = i;
    while (end < size && !strchr(" \n\t=,", text[end]))
        end++;
    while (i > 0 && !strchr(" \n\t=,", text[i - 1]))
        i--;
    *at = i;
    *n = end - i;
}

static void mutate_words(const char *donor, size_t donor_len)
{
    static const char *const odd[] = {"9223372036854775807",
                                      "-9223372036854775808",
                                      "#",
                                      "end",
                                      "1000000",
                                      "-1000",
                                      "\r",
                                      "\xc3\xa9",
                                      "\xff",
                                      "<-",
                                      "nil"};
    size_t at, n, from, m;
    pick_word(work, len, &at, &n);
    if (below(4) == 0) {
        const char *text = odd[below(sizeof odd / sizeof *odd)];
        replace(at, n, text, strlen(text));
    } else {
        char word[64];
        pick_word(donor, donor_len, &from, &m);
        m = m > sizeof word ? sizeof word : m;
        memcpy(word, donor + from, m);
        replace(at, n, word, m);
    }
}

static void mutate_lines(const char *donor, size_t donor_len)
{
    static char line[MAX_TEXT];
    size_t at, n, from, m;
    pick_line(work, len, &at, &n);
    pick_line(donor, donor_len, &from, &m);
    memcpy(line, donor + from, m);
    switch (below(3)) {
    case 0:
        replace(at, n, "", 0);
        break;
    case 1:
        replace(at, n, line, m);
        break;
    default:
        replace(at, 0, line, m);
        break;
    }
}

static void mutate_once(void)
{
    size_t other = below((size_t)nfiles);
    const char *donor = files[other].text;
    size_t donor_len = files[other].len;
    char byte = (char)next_random();
    switch (below(6)) {
    case 0:
        replace(below(len + 1), below(2), &byte, 1);
        break;
    case 1:
        len = below(len + 1);
        break;
    case 2:
    case 3:
        mutate_words(donor, donor_len);
        break;
    default:
        mutate_lines(donor, donor_len);
        break;
    }
}

static void add_file(const char *name)
{
    FILE *f = fopen(name, "rb");
    if (!f || nfiles == MAX_FILES) {
        fprintf(stderr, "mutate_test: cannot read %s\n", name);
        exit(2);
    }
    files[nfiles].text = malloc(65536);
    files[nfiles].len = fread(files[nfiles].text, 1, 65536, f);
    fclose(f);
    nfiles++;
}

int main(int argc, char **argv)
{
    long runs = 2000, good = 0;
    uint64_t seed = 1;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--runs") == 0 && i + 1 < argc)
            runs = atol(argv[++i]);
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            seed = strtoull(argv[++i], NULL, 10);
        else
            add_file(argv[i]);
    }
    if (nfiles == 0) {
        files[0].text = strdup(every_statement);
        files[0].len = strlen(every_statement);
        nfiles = 1;
    }
    for (int i = 0; i < nfiles; i++) {
        len = files[i].len;
        memcpy(work, files[i].text, len);
        if (!try_text())
            fail("a file of the corpus does not parse");
    }
    for (long r = 0; r < runs; r++) {
        run_seed = rng = seed + (uint64_t)r;
        size_t first = below((size_t)nfiles);
        len = files[first].len;
        memcpy(work, files[first].text, len);
        for (size_t k = 1 + below(3) * below(2); k > 0; k--)
            mutate_once();
        good += try_text();
    }
    printf("mutate_test: %ld mutants of %d files, %ld of them programs, seed %llu\n", runs,
           nfiles, good, (unsigned long long)seed);
    for (int i = 0; i < nfiles; i++)
        free(files[i].text);
    return 0;
}
