/* SPDX-License-Identifier: BSD-3-Clause */
/* model_heap_test.c - objects, reachability, finalizers, cleanups and weak pointers in the
 * model.
 *
 * Owns: programs on the heap, with the outcomes that follow.  FENCE is an object that dies
 * at once and whose finalizer ends the wait group f: after `wait f` a collection has found
 * dead what it had to find.
 */
#include "cases.h"

#define PRECISE "needs gc.precise\n"
#define FENCE "func fence(o):\n  done f\n"
#define RAISE_FENCE                                                                        \
    "  add f 1\n  s = new 0\n  finalizer s fence\n  drop s\n  gc\n  wait f\n"
#define RAN "func ran(o):\n  add n 1\n  done g\n"

static const struct model_case cases[] = {
    {"finalizer_runs",
     PRECISE "wg g\natomic n = 0\nmain:\n  add g 1\n  p = new 1\n  finalizer p ran\n"
             "  drop p\n  gc\n  wait g\n  a = load n\n" RAN "show main.a\n",
     "ok main.a=1 ; batch"},
    {"finalizer_may_never_run",
     "wg g\natomic n = 0\nmain:\n  add g 1\n  p = new 1\n  finalizer p ran\n"
     "  drop p\n  gc\n  a = load n\n" RAN "show main.a\n",
     "ok main.a=0 | ok main.a=1"},
    {"conservative_may_hang",
     "wg g\natomic n = 0\nmain:\n  add g 1\n  p = new 1\n  finalizer p ran\n"
     "  drop p\n  gc\n  wait g\n  a = load n\n" RAN "show main.a\n",
     "deadlock | ok main.a=1 ; hanging"},
    {"a_collection_comes_by_itself",
     "atomic n = 0\nwg g\nmain:\n  p = new 1\n  finalizer p ran\n  a = load n\n  drop p\n"
     "  b = load n\nfunc ran(o):\n  add n 1\nshow main.a main.b\n",
     "ok main.a=0 main.b=0 | ok main.a=0 main.b=1"},
    {"register_holds",
     PRECISE "wg f\natomic n = 0\nmain:\n  p = new 1\n  finalizer p ran\n" RAISE_FENCE
             "  a = load n\n  keep p\nfunc ran(o):\n  add n 1\n" FENCE "show main.a\n",
     "ok main.a=0 ; batch"},
    {"field_holds",
     PRECISE "wg f\natomic n = 0\nmain:\n  p = new 1\n  q = new 1\n  finalizer q ran\n"
             "  p[0] = q\n  drop q\n" RAISE_FENCE
             "  a = load n\n  keep p\nfunc ran(o):\n  add n 1\n" FENCE "show main.a\n",
     "ok main.a=0 ; batch"},
    {"interior_holds",
     PRECISE "wg f\natomic n = 0\nmain:\n  p = new 2\n  finalizer p ran\n  q = &p[1]\n"
             "  drop p\n" RAISE_FENCE
             "  a = load n\n  keep q\nfunc ran(o):\n  add n 1\n" FENCE "show main.a\n",
     "ok main.a=0 ; batch"},
    {"variable_holds",
     PRECISE "wg f\nptr v\natomic n = 0\nmain:\n  p = new 1\n  finalizer p ran\n  v = p\n"
             "  drop p\n" RAISE_FENCE "  a = load n\nfunc ran(o):\n  add n 1\n" FENCE
             "show main.a\n",
     "ok main.a=0 ; batch"},
    {"atomic_holds",
     PRECISE "wg f\natomic v ptr\natomic n = 0\nmain:\n  p = new 1\n  finalizer p ran\n"
             "  p = swap v p\n" RAISE_FENCE "  a = load n\nfunc ran(o):\n  add n 1\n" FENCE
             "show main.a\n",
     "ok main.a=0 ; batch"},
    {"buffer_holds",
     PRECISE
     "wg f\nchan c 1 elem=obj\natomic n = 0\nmain:\n  p = new 1\n  finalizer p ran\n"
     "  c <- p\n  drop p\n" RAISE_FENCE "  a = load n\nfunc ran(o):\n  add n 1\n" FENCE
     "show main.a\n",
     "ok main.a=0 ; batch"},
    {"sender_holds",
     PRECISE "wg f\nchan c 0 elem=obj\natomic n = 0\nmain:\n  go w\n  yield\n" RAISE_FENCE
             "  a = load n\n  <-c\nw:\n  p = new 1\n  finalizer p ran\n  c <- p\n"
             "func ran(o):\n  add n 1\n" FENCE "show main.a\n",
     "ok main.a=0 ; batch"},
    {"deferred_argument_holds",
     PRECISE "wg f\natomic n = 0\nmain:\n  call d\n  b = load n\nfunc d:\n  p = new 1\n"
             "  finalizer p ran\n  defer h(p)\n  drop p\n" RAISE_FENCE
             "func h(p):\n  a = load n\n  keep p\nfunc ran(o):\n  add n 1\n" FENCE
             "show h.a\n",
     "ok h.a=0 ; batch"},
    {"argument_of_go_holds",
     PRECISE
     "wg f\nchan c 0\natomic n = 0\nmain:\n  p = new 1\n  finalizer p ran\n"
     "  go w(p)\n  drop p\n" RAISE_FENCE
     "  a = load n\n  c <- 1\nw(p):\n  <-c\n  keep p\nfunc ran(o):\n  add n 1\n" FENCE
     "show main.a\n",
     "ok main.a=0"},
    {"argument_of_timer_holds",
     PRECISE "needs faketime\nwg f\nwg g\ntimer t\natomic n = 0\nmain:\n  add g 1\n"
             "  p = new 1\n  finalizer p ran\n  afterfunc t 5 h(p)\n  drop p\n" RAISE_FENCE
             "  a = load n\n  wait g\nfunc h(p):\n  keep p\n  done g\nfunc ran(o):\n"
             "  add n 1\n" FENCE "show main.a\n",
     "ok main.a=0 ; batch"},
    {"dropped_is_found_dead",
     PRECISE "wg f\natomic n = 0\nwg g\nmain:\n  add g 2\n  p = new 1\n  q = new 1\n"
             "  p[0] = q\n  q[0] = p\n  finalizer q ran\n  p[0] = nil\n  drop p\n  drop q\n"
             "  gc\n  done g\n  wait g\n  a = load n\n" RAN "show main.a\n",
     "ok main.a=1 ; batch"},
    {"cycle_with_finalizer_stays",
     PRECISE "wg f\natomic n = 0\nmain:\n  p = new 1\n  q = new 1\n  p[0] = q\n  q[0] = p\n"
             "  finalizer p ran\n  drop p\n  drop q\n" RAISE_FENCE RAISE_FENCE
             "  a = load n\nfunc ran(o):\n  add n 1\n" FENCE "show main.a\n",
     "ok main.a=0 ; batch"},
    {"cycle_with_cleanup_goes",
     PRECISE "wg g\natomic n = 0\nmain:\n  add g 1\n  p = new 1\n  q = new 1\n  p[0] = q\n"
             "  q[0] = p\n  cleanup p c\n  drop p\n  drop q\n  gc\n  wait g\n  a = load n\n"
             "func c:\n  add n 1\n  done g\nshow main.a\n",
     "ok main.a=1 ; batch"},
    {"order_is_referrer_first",
     PRECISE "atomic n = 0\nmain:\n  p = new 1\n  q = new 0\n  p[0] = q\n"
             "  finalizer p one\n  finalizer q two\n  drop p\n  drop q\n"
             "  a = gc until n != 0 max 2\nfunc one(o):\n  note 1\n"
             "func two(o):\n  note 2\n  add n 1\nshow log main.a\n",
     "ok log=1,2 main.a=1 ; batch"},
    {"running_finalizer_holds",
     PRECISE
     "wg g\nwg h\nwg f\natomic n = 0\nmain:\n  add g 1\n  add h 1\n  p = new 1\n"
     "  q = new 0\n  p[0] = q\n  finalizer p one\n  finalizer q two\n  drop p\n"
     "  drop q\n  gc\n  wait g\n  gc\n  a = load n\n  done h\n"
     "func one(o):\n  drop o\n  done g\n  wait h\nfunc two(o):\n  add n 1\nshow main.a\n",
     "ok main.a=0 ; batch"},
    {"once",
     PRECISE "wg g\nwg f\natomic n = 0\nmain:\n  add g 1\n  p = new 1\n  finalizer p ran\n"
             "  drop p\n  gc\n  wait g\n" RAISE_FENCE "  a = load n\n" RAN FENCE
             "show main.a\n",
     "ok main.a=1 ; batch"},
    {"resurrected",
     PRECISE
     "wg g\nwg f\natomic n = 0\nptr v\nmain:\n  add g 1\n  p = new 1\n  q = new 0\n"
     "  p[0] = q\n  drop q\n  finalizer p save\n  drop p\n  gc\n  wait g\n" RAISE_FENCE
     "  a = load n\n  p = v\n  q = p[0]\n  b = 1\n  if q == nil\n    b = 0\n"
     "  end\nfunc save(o):\n  v = o\n  add n 1\n  done g\n" FENCE "show main.a main.b\n",
     "ok main.a=1 main.b=1 ; batch"},
    {"reset_in_finalizer",
     PRECISE "wg g\nmain:\n  add g 1\n  p = new 1\n  finalizer p one\n  drop p\n  gc\n"
             "  wait g\nfunc one(o):\n  finalizer o two\n  note 1\n  done g\nfunc two(o):\n"
             "  note 2\nshow log\n",
     "ok log=1 | ok log=1,2"},
    {"cleared",
     PRECISE
     "wg f\natomic n = 0\nmain:\n  p = new 1\n  finalizer p ran\n  finalizer p nil\n"
     "  drop p\n" RAISE_FENCE "  a = load n\nfunc ran(o):\n  add n 1\n" FENCE
     "show main.a\n",
     "ok main.a=0 ; batch"},
    {"cleanup_stopped",
     PRECISE "wg f\natomic n = 0\nmain:\n  p = new 1\n  c = cleanup p ran\n  stop c\n"
             "  stop c\n  drop p\n" RAISE_FENCE "  a = load n\nfunc ran:\n  add n 1\n" FENCE
             "show main.a\n",
     "ok main.a=0 ; batch"},
    {"cleanups_all_run",
     PRECISE "wg g\natomic n = 0\nmain:\n  add g 2\n  p = new 1\n  cleanup p c\n"
             "  cleanup p c\n  drop p\n  gc\n  wait g\n  a = load n\nfunc c:\n  add n 1\n"
             "  done g\nshow main.a\n",
     "ok main.a=2 ; batch"},
    {"cleanup_after_finalizer",
     PRECISE "wg g\nmain:\n  add g 1\n  p = new 1\n  cleanup p c\n  finalizer p ran\n"
             "  drop p\n  gc\n  wait g\nfunc ran(o):\n  note 1\n  done g\nfunc c:\n"
             "  note 2\nshow log\n",
     "ok log=1 | ok log=1,2"},
    {"cleanup_waits_for_finalizer",
     PRECISE "wg g\nwg f\nptr v\natomic n = 0\nmain:\n  add g 1\n  p = new 1\n"
             "  cleanup p c\n  finalizer p save\n  drop p\n  gc\n  wait g\n" RAISE_FENCE
             "  a = load n\nfunc save(o):\n  v = o\n  done g\nfunc c:\n  add n 1\n" FENCE
             "show main.a\n",
     "ok main.a=0 ; batch"},
    {"cleanup_keeps_its_argument",
     PRECISE "wg f\natomic n = 0\nmain:\n  p = new 1\n  q = new 1\n  finalizer q ran\n"
             "  cleanup p c(q)\n  drop q\n" RAISE_FENCE
             "  a = load n\n  keep p\nfunc c(q):\n  keep q\nfunc ran(o):\n  add n 1\n" FENCE
             "show main.a\n",
     "ok main.a=0 ; batch"},
    {"weak_gives_and_is_nil",
     PRECISE "wg f\nmain:\n  p = new 1\n  w = weak p\n  q = get w\n  a = 0\n  if p == q\n"
             "    a = 1\n  end\n  drop p\n  drop q\n" RAISE_FENCE
             "  q = get w\n  b = 1\n  if q == nil\n    b = 0\n  end\n" FENCE
             "show main.a main.b\n",
     "ok main.a=1 main.b=0 ; batch"},
    {"weak_keeps_nothing_for_sure",
     "main:\n  p = new 1\n  w = weak p\n  drop p\n  q = get w\n  b = 1\n  if q == nil\n"
     "    b = 0\n  end\nshow main.b\n",
     "ok main.b=0 | ok main.b=1"},
    {"weak_equal",
     PRECISE "wg f\nmain:\n  p = new 2\n  u = weak p\n  v = weak p\n  i = &p[1]\n"
             "  w = weak i\n  a = 0\n  if u == v\n    a = 1\n  end\n  b = 0\n  if u == w\n"
             "    b = 1\n  end\n  drop i\n  drop p\n" RAISE_FENCE
             "  c = 0\n  if u == v\n    c = 1\n  end\n" FENCE "show main.a main.b main.c\n",
     "ok main.a=1 main.b=0 main.c=1 ; batch"},
    {"weak_nil_before_finalizer",
     PRECISE
     "wg g\nptr v\nmain:\n  add g 1\n  p = new 1\n  finalizer p save\n  w = weak p\n"
     "  drop p\n  gc\n  wait g\n  q = get w\n  a = 0\n  if q == nil\n    a = 1\n  end\n"
     "func save(o):\n  v = o\n  done g\nshow main.a\n",
     "ok main.a=1 ; batch"},
    {"weak_zero",
     "main:\n  drop p\n  w = weak p\n  q = get w\n  a = 0\n  if q == nil\n    a = 1\n  "
     "end\n"
     "  if w == nil\n    a = 2\n  end\n  p = new 0\nshow main.a\n",
     "ok main.a=2 ; batch"},
    {"weak_get_against_gc",
     PRECISE "chan c 0\nmain:\n  p = new 1\n  w = weak p\n  drop p\n  go k\n  q = get w\n"
             "  <-c\n  r = get w\n  a = 0\n  if q == r\n    a = 1\n  end\n  b = 0\n"
             "  if q == nil\n    b = 1\n  end\nk:\n  gc\n  close c\nshow main.a main.b\n",
     "ok main.a=1 main.b=0 | ok main.a=1 main.b=1 ; batch"},
    {"nil_field", "main:\n  p = new 1\n  drop p\n  e = catch p[0] = nil\nshow main.e\n",
     "ok main.e=nil-deref ; batch"},
    {"field_beyond", "main:\n  p = new 2\n  e = catch p[2] = p\nshow main.e\n",
     "ok main.e=index ; batch"},
    {"fields_are_nil_at_first",
     "main:\n  p = new 3\n  q = p[2]\n  a = 0\n  if q == nil\n    a = 1\n  end\nshow "
     "main.a\n",
     "ok main.a=1 ; batch"},
    {"field_raced",
     "main:\n  p = new 1\n  go w(p)\n  p[0] = p\nw(p):\n  q = p[0]\nshow log\n",
     " ; unmodelled"},
    {"field_published",
     "chan c 0 elem=obj\nmain:\n  go w\n  p = <-c\n  q = p[0]\n  a = 0\n  if p == q\n"
     "    a = 1\n  end\nw:\n  p = new 1\n  p[0] = p\n  c <- p\nshow main.a\n",
     "ok main.a=1 ; batch"},
    {"pointer_raced", "ptr v\nmain:\n  go w\n  v = nil\nw:\n  v = nil\nshow log\n",
     "ok log=- ; race:v"},
    {"cas_of_pointers",
     "atomic v ptr\nmain:\n  p = new 0\n  a = cas v nil p\n  b = cas v nil p\n"
     "  c = cas v p nil\nshow main.a main.b main.c\n",
     "ok main.a=1 main.b=0 main.c=1 ; batch"},
    {"gc_until",
     PRECISE
     "atomic n = 0\nmain:\n  p = new 1\n  finalizer p ran\n  m = gc until n != 0 max 2\n"
     "  drop p\n  a = gc until n != 0 max 3\nfunc ran(o):\n  add n 1\n"
     "show main.m main.a\n",
     "ok main.m=0 main.a=1"},
    {"gc_until_chain",
     PRECISE
     "atomic n = 0\nmain:\n  p = new 1\n  q = new 1\n  r = new 1\n  p[0] = q\n"
     "  q[0] = r\n  finalizer p ran\n  finalizer q ran\n  finalizer r last\n  drop p\n"
     "  drop q\n  drop r\n  a = gc until n != 2 max 1\n  b = gc until n != 0 max 4\n"
     "func ran(o):\n  add n 0\nfunc last(o):\n  add n 1\nshow main.a main.b\n",
     "ok main.a=0 main.b=1 | ok main.a=1 main.b=1"},
    {"heap_max",
     PRECISE "main:\n  repeat 3\n    p = new 5\n    p[0] = p\n    drop p\n  end\n"
             "  a = heap max 2\nshow main.a\n",
     "ok main.a=1 ; batch"},
    {"heap_max_needs_room",
     PRECISE "main:\n  p = new 5\n  a = heap max 1\n  keep p\nshow main.a\n",
     " ; unmodelled"},
    {"second_finalizer",
     "main:\n  p = new 0\n  finalizer p f\n  finalizer p f\nfunc f(o):\n  keep o\nshow "
     "log\n",
     " ; unmodelled"},
    {"finalizer_that_waits_for_another",
     PRECISE "wg g\nwg h\nmain:\n  add g 1\n  add h 1\n  p = new 0\n  finalizer p one\n"
             "  drop p\n  p = new 0\n  finalizer p two\n  drop p\n  gc\n  wait g\n"
             "func one(o):\n  wait h\n  done g\nfunc two(o):\n  done h\nshow log\n",
     "deadlock log=- | ok log=- ; hanging"},
    {"finalizer_behind_one_that_locks",
     PRECISE "chan c 0\nmutex m\nmain:\n  lock m\n  p = new 0\n  finalizer p one\n"
             "  drop p\n  p = new 0\n  finalizer p two\n  drop p\n  gc\n  <-c\n"
             "  unlock m\n  <-c\nfunc one(o):\n  lock m\n  unlock m\n  c <- 1\n"
             "func two(o):\n  c <- 1\nshow log\n",
     "deadlock log=- | ok log=- ; hanging"},
    {"finalizer_may_be_left_at_a_lock",
     PRECISE "wg g\nmutex m\nmain:\n  add g 1\n  lock m\n  p = new 0\n  finalizer p f\n"
             "  drop p\n  gc\n  wait g\nfunc f(o):\n  done g\n  lock m\nshow log\n",
     " ; unmodelled"},
    {"finalizer_panics",
     PRECISE "chan c 0\nmain:\n  p = new 0\n  finalizer p f\n  drop p\n  gc\n  <-c\n"
             "func f(o):\n  panic 4\nshow log\n",
     "panic:4 log=- ; dying"},
};

int main(int argc, char **argv)
{
    return cases_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
