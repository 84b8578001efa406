/* SPDX-License-Identifier: BSD-3-Clause */
/* model_random_heap_test.c - random programs of objects, finalizers, cleanups, weak
 * pointers and collections.
 *
 * Owns: their generator.  Not here: what is compared (random.h).  A second generator of the
 * kind, for the second model, is conformance/test_model_heap.py.
 */
#include <stdbool.h>

#include "random.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define ANY(a) (a)[random_below(COUNT(a))]

/* p and q are pointers, w and u weak pointers, c a cleanup, r and s integers. */
static const char *const statements[] = {
    "  p = new 2\n  finalizer p fin\n",
    "  q = new 1\n  finalizer q late\n",
    "  p = new 2\n  finalizer p fin\n  p[1] = q\n  w = weak p\n",
    "  q = new 2\n  q[0] = p\n  c = cleanup q free\n",
    "  p = new 2\n  c = cleanup p free\n  finalizer p late\n",
    "  q = new 1\n  p = new 2\n  p[0] = q\n  q[0] = p\n  w = weak p\n",
    "  p = new 2\n  q = &p[1]\n  finalizer p fin\n  drop p\n",
    "  r = catch p[0] = q\n",
    "  s = catch q[1] = nil\n",
    "  if p != nil\n    c = cleanup p free\n  end\n",
    "  q = new 1\n  if p != nil\n    cleanup p one(q)\n    drop q\n  end\n",
    "  if p != nil\n    q = p[0]\n  end\n",
    "  stop c\n",
    "  w = weak p\n",
    "  w = weak q\n",
    "  q = get w\n",
    "  p = get w\n  r = 0\n  if p == nil\n    r = 1\n  end\n",
    "  if p == q\n    s = 3\n  end\n",
    "  if w == u\n    s = 4\n  end\n  u = w\n",
    "  drop p\n",
    "  drop q\n  gc\n",
    "  p = q\n",
    "  keep p\n",
    "  p = nil\n  gc\n",
    "  gc\n",
    "  s = gc until n != 0 max 2\n",
    "  a <- p\n  drop p\n",
    "  q = <-a\n",
    "  r = select\n    a <- p\n    q = <-a\n    default\n  end\n",
    "  store x p\n",
    "  q = load x\n",
    "  p = swap x q\n",
    "  r = cas x nil q\n",
    "  v = p\n",
    "  q = v\n",
    "  go last(p)\n",
    "  call last(q)\n",
    "  defer last(p)\n",
    "  r = catch call deep(p)\n",
    "  r = load n\n",
    "  note s\n",
    "  lock m\n  s = 5\n  unlock m\n",
    "  lock m\n",
    "  b <- 2\n",
    "  s = <-b\n",
    "  add g 1\n",
    "  wait g\n",
    "  afterfunc t 1 last(p)\n",
    "  panic 3\n",
    "  goexit\n",
    "  return\n",
    "  yield\n"};

static const char *const ends[] = {"  add n 1\n",
                                   "  note 2\n",
                                   "  lock m\n  note 3\n  unlock m\n",
                                   "  b <- 1\n",
                                   "  done g\n",
                                   "  wait g\n  note 8\n",
                                   "  gc\n",
                                   "  r = gc until n != 0 max 1\n  note r\n",
                                   "  p = load x\n  drop p\n",
                                   "  panic 4\n",
                                   "  goexit\n"};

/* Of a finalizer, whose object is o. */
static const char *const ends_with[] = {
    "  store x o\n",
    "  q = o[0]\n  keep q\n",
    "  drop o\n  add n 1\n",
    "  finalizer o late\n",
    "  cleanup o free\n",
    "  w = weak o\n  q = get w\n  if q == o\n    note 7\n  end\n",
    "  p = new 1\n  finalizer p late\n  drop p\n  note 4\n"};

/* An object whose end can be seen, and a look at the end of the scene. */
static const char *const made[] = {"  p = new 2\n",
                                   "  p = new 2\n  q = new 2\n  q[1] = p\n",
                                   "  q = new 2\n  p = new 2\n  p[0] = q\n",
                                   "  q = new 1\n  p = new 2\n  p[0] = q\n  q[0] = p\n"};
static const char *const seen[] = {"  finalizer p fin\n",
                                   "  c = cleanup p free\n",
                                   "  w = weak p\n",
                                   "  w = weak q\n",
                                   "  if q != nil\n    finalizer q late\n  end\n",
                                   "  cleanup p one(q)\n"};
static const char *const held[] = {"",
                                   "",
                                   "",
                                   "  store x p\n",
                                   "  v = p\n",
                                   "  go last(p)\n",
                                   "  defer last(p)\n",
                                   "  afterfunc t 1 last(p)\n",
                                   "  q = &p[1]\n",
                                   "  u = weak p\n  q = get u\n",
                                   "  go sends(p)\n  yield\n"};
static const char *const looks[] = {
    "  q = get w\n  r = 0\n  if q == nil\n    r = 1\n  end\n", "  s = load n\n",
    "  s = gc until n != 0 max 2\n"};

static void add_scene(void)
{
    unsigned first = random_below(COUNT(seen)), step = 1 + random_below(COUNT(seen) - 1);
    random_add("%s%s", ANY(made), seen[first]);
    if (random_below(3)) {
        random_add("%s", seen[(first + step) % COUNT(seen)]);
    }
    random_add("%s%s  drop p\n%s%s  gc\n%s", ANY(held), ANY(statements),
               random_below(3) ? "  drop q\n" : "", random_below(2) ? ANY(statements) : "",
               ANY(looks));
}

static void add_block(const char *head, unsigned ops)
{
    /* What never runs gives the registers their sorts. */
    random_add("%s  w = weak p\n  u = w\n  r = 0\n  s = 0\n  q = nil\n  if w != u\n"
               "    c = cleanup p free\n    p = new 0\n    q = p\n  end\n",
               head);
    if (*head == 0) {
        add_scene();
    }
    for (; ops > 0; ops--) {
        random_add("%s", ANY(statements));
    }
}

static void make_program(uint64_t seed)
{
    random_seed(seed);
    random_add("litmus unit/random\nid random-1\nspec gc.force\nabout Random.\n%s%s",
               random_below(3) ? "needs gc.precise\n" : "",
               random_below(2) ? "needs faketime\n" : "");
    random_add("chan a %u elem=obj\nchan b %u\nmutex m\nwg g\natomic n = 0\n"
               "atomic x ptr\nptr v\ntimer t\nmain:\n  p = nil\n%s",
               random_below(2), random_below(2), random_below(2) ? "  go other(p)\n" : "");
    add_block("", 1 + random_below(2));
    add_block("other(p):\n", 1 + random_below(2));
    if (random_below(2)) {
        random_add("func fin(o):\n%s", ANY(ends));
    } else {
        random_add("func fin(o):\n%s", ANY(ends_with));
    }
    random_add("func late(o):\n  %s\nfunc free:\n%s",
               random_below(2) ? "note 9" : "add n 1", ANY(ends));
    random_add("func one(o):\n  keep o\nsends(o):\n  a <- o\nfunc last(o):\n%s",
               random_below(2) ? "  keep o\n  gc\n" : "  drop o\n  gc\n");
    random_add("func deep(o):\n  q = new 1\n  w = weak q\n  drop q\n  q = o[0]\n"
               "  q = get w\nshow main.r main.s%s\n",
               random_below(2) ? " log" : "");
}

int main(int argc, char **argv)
{
    return random_main(argc, argv, 400, make_program);
}
