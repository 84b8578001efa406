/* SPDX-License-Identifier: BSD-3-Clause */
/* model_random_test.c - random programs of all families of operations but the heap's.
 *
 * Owns: their generator.  Not here: what is compared (random.h).
 */
#include <stdbool.h>

#include "random.h"

static char chan_name(void)
{
    return "ab"[random_below(2)];
}
static char reg_name(void)
{
    return "rs"[random_below(2)];
}

static void add_select(void)
{
    random_add("  r = select\n");
    for (unsigned n = 1 + random_below(2); n > 0; n--) {
        if (random_below(2)) {
            random_add("    s = <-%c\n", chan_name());
        } else {
            random_add("    %c <- %u\n", chan_name(), 1 + random_below(3));
        }
    }
    random_add("%s  end\n", random_below(2) ? "    default\n" : "");
}

static void add_chan(void)
{
    switch (random_below(7)) {
    case 0:
    case 1:
        random_add("  %c <- %u\n", chan_name(), 1 + random_below(3));
        break;
    case 2:
        random_add("  %c = <-%c\n", reg_name(), chan_name());
        break;
    case 3:
        random_add("  r, s = <-%c\n", chan_name());
        break;
    case 4:
        random_add("  %s%c\n", random_below(2) ? "r = catch close " : "r = len ",
                   chan_name());
        break;
    case 5:
        random_add("  s = catch %c <- 4\n", chan_name());
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
    random_add("%s", ops[random_below(sizeof ops / sizeof ops[0])]);
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
    random_add("%s", ops[random_below(sizeof ops / sizeof ops[0])]);
}

static void add_time(void)
{
    static const char *const ops[] = {"  sleep 1\n", "  sleep 2\n", "  start t 1\n  <-t\n",
                                      "  sleep 1\n  note 5\n"};
    random_add("%s", ops[random_below(sizeof ops / sizeof ops[0])]);
}

static void add_block(const char *head, unsigned ops, bool timed)
{
    random_add("%s  r = 0\n  s = 0\n", head);
    for (; ops > 0; ops--) {
        unsigned kind = random_below(timed ? 8 : 7);
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
    random_seed(seed);
    bool timed = random_below(4) == 0;
    random_add("litmus unit/random\nid random-1\nspec chan.send\nabout Random.\n%s",
               timed && random_below(2) ? "needs faketime\n" : "");
    random_add(
        "chan a %u\nchan b %u\nmutex m\nrwmutex w\nwg g\nonce o\ncond cv m\natomic x = 0\n"
        "var v = 0\ntimer t\n",
        random_below(3), random_below(2));
    random_add("main:\n  go p\n%s", random_below(2) ? "  go q\n" : "");
    add_block("", 2 + random_below(4), timed);
    add_block("p:\n", 2 + random_below(4), timed);
    add_block("q:\n", 1 + random_below(3), false);
    random_add("func f:\n  r = 0\n  s = 0\n%s%s", random_below(2) ? "  defer h\n" : "",
               bodies[random_below(sizeof bodies / sizeof bodies[0])]);
    random_add("func h:\n  r = recover\nshow main.r main.s p.r%s%s\n",
               random_below(2) ? " h.r" : "", random_below(2) ? " log" : "");
}

int main(int argc, char **argv)
{
    return random_main(argc, argv, 3000, make_program);
}
