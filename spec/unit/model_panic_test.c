/* SPDX-License-Identifier: BSD-3-Clause */
/* model_panic_test.c - defer, panic, recover, Goexit, exit and deaths in the model.
 *
 * Owns: programs on unwinding, with the outcomes that follow from the language.
 */
#include "cases.h"

static const struct model_case cases[] = {
    {"defer_lifo",
     "main:\n  call f\n  note 9\nfunc f:\n  defer a\n  defer b\n  note 1\n"
     "func a:\n  note 2\nfunc b:\n  note 3\nshow log\n",
     "ok log=1,3,2,9"},
    {"main_defers", "main:\n  defer a\n  note 1\nfunc a:\n  note 2\nshow log\n",
     "ok log=1,2"},
    {"defer_in_loop",
     "main:\n  call f\nfunc f:\n  repeat 3\n    defer a\n  end\nfunc a:\n"
     "  note 1\nshow log\n",
     "ok log=1,1,1"},
    {"defer_of_deferred",
     "main:\n  call f\nfunc f:\n  defer a\n  defer c\nfunc a:\n  note 1\n"
     "func c:\n  defer d\n  note 2\nfunc d:\n  note 3\nshow log\n",
     "ok log=2,3,1"},
    {"panic_dies", "main:\n  defer a\n  panic 5\nfunc a:\n  note 1\nshow log\n",
     "panic:5 log=1 ; dying"},
    {"recovers",
     "main:\n  call f\n  note 2\nfunc f:\n  defer r\n  panic 5\n  note 1\nfunc r:\n"
     "  x = recover\nshow r.x log\n",
     "ok r.x=5 log=2"},
    {"recover_twice",
     "main:\n  call f\nfunc f:\n  defer r\n  panic 5\nfunc r:\n  x = recover\n"
     "  y = recover\nshow r.x r.y\n",
     "ok r.x=5 r.y=nil"},
    {"recover_outside", "main:\n  x = recover\nshow main.x\n", "ok main.x=nil"},
    {"recover_in_helper",
     "main:\n  call f\nfunc f:\n  defer d\n  panic 5\nfunc d:\n  call h\n"
     "func h:\n  x = recover\n  note x\nshow log\n",
     "panic:5 log=nil"},
    {"recover_in_nested_defer",
     "main:\n  call f\nfunc f:\n  defer d\n  panic 5\nfunc d:\n"
     "  defer h\nfunc h:\n  x = recover\n  note x\nshow log\n",
     "panic:5 log=nil"},
    {"defer_recover_itself",
     "main:\n  call f\nfunc f:\n  defer recover\n  panic 5\nshow log\n", "panic:5 log=-"},
    {"newest_replaces",
     "main:\n  call f\n  note 1\nfunc f:\n  defer r\n  defer p\n  panic 1\n"
     "func p:\n  panic 2\nfunc r:\n  x = recover\n  y = recover\nshow r.x r.y log\n",
     "ok r.x=2 r.y=nil log=1"},
    {"inner_recovered",
     "main:\n  call f\nfunc f:\n  defer o\n  defer d\n  panic 1\nfunc d:\n"
     "  call g\nfunc g:\n  defer r\n  panic 2\nfunc r:\n  x = recover\nfunc o:\n  y = "
     "recover\n"
     "show r.x o.y\n",
     "ok r.x=2 o.y=1"},
    {"repanic",
     "main:\n  call f\nfunc f:\n  defer o\n  call g\nfunc g:\n  defer r\n  panic 1\n"
     "func r:\n  x = recover\n  panic 2\nfunc o:\n  y = recover\nshow r.x o.y\n",
     "ok r.x=1 o.y=2"},
    {"newest_dies", "main:\n  defer p\n  panic 1\nfunc p:\n  panic 2\nshow log\n",
     "panic:2 log=-"},
    {"rest_after_recovery",
     "main:\n  call f\n  note 9\nfunc f:\n  defer a\n  defer r\n"
     "  defer b\n  panic 1\nfunc a:\n  note 1\nfunc b:\n  note 2\nfunc r:\n  x = recover\n"
     "show log\n",
     "ok log=2,1,9"},
    {"catches_nothing", "main:\n  e = catch note 1\nshow main.e log\n",
     "ok main.e=0 log=1"},
    {"catches_call",
     "main:\n  e = catch call f\n  note 1\nfunc f:\n  panic 4\n"
     "show main.e log\n",
     "ok main.e=4 log=1"},
    {"catches_panic_nil", "main:\n  e = catch panic nil\nshow main.e\n",
     "ok main.e=panic-nil"},
    {"faults",
     "main:\n  a = catch fault nil-deref\n  b = catch fault index\n"
     "  c = catch fault div-zero\nshow main.a main.b main.c\n",
     "ok main.a=nil-deref main.b=index main.c=div-zero"},
    {"defer_nil",
     "main:\n  call f\n  note 3\nfunc f:\n  defer r\n  defer nil\n  note 1\n"
     "func r:\n  x = recover\n  note 2\nshow r.x log\n",
     "ok r.x=nil-deref log=1,2,3"},
    {"panic_in_goroutine",
     "main:\n  go w\n  call f\nw:\n  panic 7\nfunc f:\n  defer r\nfunc r:\n"
     "  x = recover\nshow r.x\n",
     "ok r.x=nil | panic:7 ; dying"},
    {"goexit_defers",
     "chan c 0\nmain:\n  go w\n  <-c\nw:\n  defer d\n  goexit\n  note 9\n"
     "func d:\n  x = recover\n  note x\n  c <- 0\nshow log\n",
     "ok log=nil ; batch"},
    {"goexit_from_call",
     "chan c 0\nmain:\n  go w\n  <-c\nw:\n  defer d\n  call f\n  note 9\n"
     "func f:\n  goexit\nfunc d:\n  c <- 0\nshow log\n",
     "ok log=-"},
    {"goexit_main", "main:\n  go w\n  goexit\nw:\n  note 1\nshow log\n",
     "fatal:no-goroutines log=1 ; dying"},
    {"goexit_main_deadlock", "chan c 0\nmain:\n  go w\n  goexit\nw:\n  <-c\nshow log\n",
     "deadlock log=-"},
    {"goexit_main_exit", "main:\n  go w\n  goexit\nw:\n  exit 3\nshow log\n",
     "exit:3 log=- ; dying"},
    {"goexit_survives_recovery",
     "chan c 0\nmain:\n  go w\n  <-c\nw:\n  defer z\n  call f\n"
     "  note 9\nfunc f:\n  defer r\n  defer p\n  goexit\nfunc p:\n  panic 1\nfunc r:\n"
     "  x = recover\n  note x\nfunc z:\n  c <- 0\nshow log\n",
     "ok log=1"},
    {"goexit_aborts_panic",
     "chan c 0\nmain:\n  go w\n  <-c\nw:\n  defer z\n  defer q\n  panic 1\n"
     "func q:\n  goexit\nfunc z:\n  x = recover\n  note x\n  c <- 0\nshow log\n",
     "ok log=nil"},
    {"panic_over_goexit_dies",
     "chan c 0\nmain:\n  go w\n  <-c\nw:\n  defer p\n  goexit\nfunc p:\n"
     "  panic 6\nshow log\n",
     "panic:6 log=-"},
    {"go_nil", "main:\n  go nil\nshow log\n", "fatal:go-nil log=- ; dying"},
    {"exit_status", "main:\n  note 1\n  exit 4\nshow log\n", "exit:4 log=1"},
    {"exit_skips_defers", "main:\n  defer a\n  exit 4\nfunc a:\n  note 1\nshow log\n",
     "exit:4 log=-"},
    {"notes_survive", "main:\n  go w\n  note 1\n  panic 2\nw:\n  note 3\nshow log\n",
     "panic:2 log=1 | panic:2 log=1,3 | panic:2 log=3,1"},
    {"arithmetic",
     "main:\n  a = 2 - 5\n  b = a * a\n  repeat 4 as i\n    s = s + i\n  end\n"
     "  if b > 8\n    d = 1\n  else\n    d = 2\n  end\nshow main.a main.b main.s main.d\n",
     "ok main.a=-3 main.b=9 main.s=6 main.d=1"},
    {"deep_loop", "main:\n  repeat 100000 as i\n    s = s + 1\n  end\nshow main.s\n",
     "ok main.s=100000"},
    {"spin_on_atomic",
     "atomic x = 0\nmain:\n  go w\n  a = load x\n  while a == 0\n    yield\n"
     "    a = load x\n  end\nw:\n  store x 1\nshow main.a\n",
     "ok main.a=1"},
    {"runs_for_ever", "main:\n  a = 0\n  while a == 0\n    yield\n  end\nshow main.a\n",
     " ; diverges"},
    {"spinner_is_no_harm",
     "main:\n  go w\nw:\n  a = 0\n  while a == 0\n    yield\n  end\nshow log\n",
     "ok log=- ; leaky"},
    {"counts_goroutines",
     "chan c 0\nmain:\n  go w\n  a = goroutines\n  <-c\nw:\n  c <- 0\n"
     "show main.a\n",
     "ok main.a=2"},
};

int main(int argc, char **argv)
{
    return cases_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
