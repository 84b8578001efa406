/* SPDX-License-Identifier: BSD-3-Clause */
/* model_random_test.c - on random programs the reduction changes nothing that is judged.
 *
 * Owns: a generator of small programs over all families of operations, and the comparison
 * of the model with and without reduction: outcomes, races, class, divergence.  Not here:
 * whether the outcomes are right (model_*_test.c, conformance/test_model.py).
 *
 *   I1  Run r of seed s is the program of seed s + r, so a failure is repeated by
 *       `model_random_test --seed S --runs 1`.
 *   I2  A program over the bound of states is not compared; at least the number asked for
 *       is.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lit.h"

static uint64_t rng;
static char text[8192];
static size_t len;

static unsigned below(unsigned n)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return (unsigned)((rng * 0x2545f4914f6cdd1du >> 33) % n);
}

static void __attribute__((format(printf, 1, 2))) add(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    len += (size_t)vsnprintf(text + len, sizeof text - len, format, args);
    va_end(args);
}

static char chan_name(void)
{
    return "ab"[below(2)];
}
static char reg_name(void)
{
    return "rs"[below(2)];
}

static void add_select(void)
{
    add("  r = select\n");
    for (unsigned n = 1 + below(2); n > 0; n--) {
        if (below(2)) {
            add("    s = <-%c\n", chan_name());
        } else {
            add("    %c <- %u\n", chan_name(), 1 + below(3));
        }
    }
    add("%s  end\n", below(2) ? "    default\n" : "");
}

static void add_chan(void)
{
    switch (below(7)) {
    case 0:
    case 1:
        add("  %c <- %u\n", chan_name(), 1 + below(3));
        break;
    case 2:
        add("  %c = <-%c\n", reg_name(), chan_name());
        break;
    case 3:
        add("  r, s = <-%c\n", chan_name());
        break;
    case 4:
        add("  %s%c\n", below(2) ? "r = catch close " : "r = len ", chan_name());
        break;
    case 5:
        add("  s = catch %c <- 4\n", chan_name());
        break;
    default:
        add_select();
        break;
    }
}

static void add_sync(void)
{
    static const char *const ops[] = {"  lock m\n  v = 1\n  unlock m\n",
                                      "  r = trylock m\n",
                                      "  lock m\n",
                                      "  rlock w\n",
                                      "  rlock w\n  s = v\n  runlock w\n",
                                      "  r = trylock w\n",
                                      "  lock w\n  unlock w\n",
                                      "  add g 1\n  done g\n",
                                      "  wait g\n",
                                      "  s = catch done g\n",
                                      "  do o f\n",
                                      "  r = catch do o f\n",
                                      "  lock m\n  wait cv\n  unlock m\n",
                                      "  signal cv\n",
                                      "  broadcast cv\n",
                                      "  r = tryrlock w\n"};
    add("%s", ops[below(sizeof ops / sizeof ops[0])]);
}

static void add_plain(void)
{
    static const char *const ops[] = {"  r = add x 1\n",
                                      "  s = load x\n",
                                      "  store x 2\n",
                                      "  r = cas x 0 5\n",
                                      "  s = swap x 7\n",
                                      "  v = 3\n",
                                      "  s = v\n",
                                      "  yield\n",
                                      "  r = s + 1\n",
                                      "  note 1\n",
                                      "  note s\n",
                                      "  call f\n",
                                      "  r = catch call f\n",
                                      "  defer f\n",
                                      "  goexit\n",
                                      "  panic 2\n",
                                      "  r = catch panic 3\n",
                                      "  return\n",
                                      "  s = 4\n",
                                      "  r = 6\n",
                                      "  if r == 1\n    s = 2\n  end\n"};
    add("%s", ops[below(sizeof ops / sizeof ops[0])]);
}

static void add_time(void)
{
    static const char *const ops[] = {"  sleep 1\n", "  sleep 2\n", "  start t 1\n  <-t\n",
                                      "  sleep 1\n  note 5\n"};
    add("%s", ops[below(sizeof ops / sizeof ops[0])]);
}

static void add_block(const char *head, unsigned ops, bool timed)
{
    add("%s:\n  r = 0\n  s = 0\n", head);
    for (; ops > 0; ops--) {
        unsigned kind = below(timed ? 8 : 7);
        if (kind < 3) {
            add_chan();
        } else if (kind < 5) {
            add_sync();
        } else if (kind < 7) {
            add_plain();
        } else {
            add_time();
        }
    }
}

static void make_program(uint64_t seed)
{
    static const char *const bodies[] = {
        "  note 8\n", "  panic 6\n", "  r = recover\n", "  s = add x 1\n",
        "  goexit\n", "  v = 9\n",   "  a <- 1\n",      "  r = <-b\n"};
    rng = seed * 0x9e3779b97f4a7c15u + 1;
    below(2);
    len = 0;
    bool timed = below(4) == 0;
    add("litmus unit/random\nid random-1\nspec chan.send\nabout Random.\n%s",
        timed && below(2) ? "needs faketime\n" : "");
    add("chan a %u\nchan b %u\nmutex m\nrwmutex w\nwg g\nonce o\ncond cv m\natomic x = 0\n"
        "var v = 0\ntimer t\n",
        below(3), below(2));
    add("main:\n  go p\n%s", below(2) ? "  go q\n" : "");
    size_t mark = len;
    add_block("main", 2 + below(4), timed);
    memmove(text + mark, text + mark + 6, len - mark - 5); /* its body only */
    len -= 6;
    add_block("p", 2 + below(4), timed);
    add_block("q", 1 + below(3), false);
    add("func f:\n  r = 0\n  s = 0\n%s%s", below(2) ? "  defer h\n" : "",
        bodies[below(sizeof bodies / sizeof bodies[0])]);
    add("func h:\n  r = recover\nshow main.r main.s p.r%s%s\n", below(2) ? " h.r" : "",
        below(2) ? " log" : "");
}

static void print_model(const struct lit_program *p, const struct lit_model *m,
                        const char *how)
{
    static char line[4096];
    printf("  %s: leak %d die %d hang %d diverges %d race %d '%s'\n", how, m->can_leak,
           m->can_die, m->can_hang, m->diverges, m->racy[8], m->unmodelled);
    for (int i = 0; i < m->noutcomes; i++) {
        lit_outcome_text(p, &m->outcomes[i], line, sizeof line);
        printf("    %s\n", line);
    }
}

static bool same(const struct lit_program *p, const struct lit_model *a,
                 const struct lit_model *b)
{
    static char x[4096], y[4096];
    if (!a->unmodelled[0] != !b->unmodelled[0]) {
        return false;
    }
    if (a->unmodelled[0]) {
        return true;
    }
    bool eq = a->noutcomes == b->noutcomes && a->can_leak == b->can_leak &&
              a->can_die == b->can_die && a->can_hang == b->can_hang &&
              a->diverges == b->diverges && a->max_leaked == b->max_leaked;
    for (int o = 0; o < p->nobjects; o++) {
        eq &= a->racy[o] == b->racy[o];
    }
    for (int i = 0; eq && i < a->noutcomes; i++) {
        lit_outcome_text(p, &a->outcomes[i], x, sizeof x);
        lit_outcome_text(p, &b->outcomes[i], y, sizeof y);
        eq = strcmp(x, y) == 0;
    }
    return eq;
}

/* 1: compared and equal, 0: over the bound, -1: different. */
static int try_program(const struct lit_program *p, bool fifo)
{
    struct lit_explore_options less = {.fifo_waiters = fifo, .max_states = 20000};
    struct lit_explore_options all = less;
    all.no_reduction = true;
    struct lit_model *a = lit_explore(p, &less), *b = lit_explore(p, &all);
    int result = !a->complete || !b->complete ? 0 : same(p, a, b) ? 1 : -1;
    if (result < 0) {
        printf("%s", text);
        print_model(p, a, "reduced");
        print_model(p, b, "in full");
    }
    lit_model_free(a);
    lit_model_free(b);
    return result;
}

int main(int argc, char **argv)
{
    long runs = 3000, compared = 0, tried = 0;
    uint64_t seed = 1;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--runs") == 0) {
            runs = atol(argv[i + 1]);
        } else if (strcmp(argv[i], "--seed") == 0) {
            seed = strtoull(argv[i + 1], NULL, 10);
        }
    }
    for (; compared < runs && tried < 4 * runs + 16; tried++) {
        struct lit_error err;
        make_program(seed + (uint64_t)tried);
        struct lit_program *p = lit_parse("random.lit", text, len, &err);
        int result = p ? try_program(p, (seed + (uint64_t)tried) % 4 == 3) : -1;
        if (!p) {
            printf("%s%d:%d: %s\n", text, err.line, err.column, err.text);
        }
        lit_program_free(p);
        if (result < 0) {
            printf("not ok; again: %s --seed %llu --runs 1\n", argv[0],
                   (unsigned long long)(seed + (uint64_t)tried));
            return 1;
        }
        compared += result;
    }
    printf("%ld random programs compared, %ld over the bound\n", compared,
           tried - compared);
    return compared < runs;
}
