/* SPDX-License-Identifier: BSD-3-Clause */
/* model_sync_test.c - locks, wait groups, once, cond, atomics, variables and races in the
 * model.
 *
 * Owns: programs on sync and on the memory model, with the outcomes that follow.
 */
#include "cases.h"

static const struct model_case cases[] = {
    {"mutex_excludes",
     "mutex m\nvar x = 0\nwg g\nmain:\n  add g 2\n  go w\n  go w\n  wait g\n"
     "  r = x\nw:\n  lock m\n  v = x\n  v = v + 1\n  x = v\n  unlock m\n  done g\nshow "
     "main.r\n",
     "ok main.r=2 ; batch norace:x"},
    {"lost_update",
     "var x = 0\nwg g\nmain:\n  add g 2\n  go w\n  go w\n  wait g\n  r = x\n"
     "w:\n  v = x\n  v = v + 1\n  x = v\n  done g\nshow main.r\n",
     "ok main.r=1 | ok main.r=2 ; race:x"},
    {"lock_again", "mutex m\nmain:\n  lock m\n  lock m\nshow log\n", "deadlock log=-"},
    {"unlock_unlocked", "mutex m\nmain:\n  unlock m\nshow log\n",
     "fatal:unlock-unlocked log=- ; dying"},
    {"unlock_by_other",
     "mutex m\nmain:\n  lock m\n  go w\n  lock m\nw:\n  unlock m\nshow log\n", "ok log=-"},
    {"trylock", "mutex m\nmain:\n  a = trylock m\n  b = trylock m\nshow main.a main.b\n",
     "ok main.a=1 main.b=0"},
    {"trylock_parked",
     "mutex m\nmain:\n  lock m\n  go w\n  yield\n  unlock m\n"
     "  a = trylock m\nw:\n  lock m\nshow main.a\n",
     "ok main.a=0 | ok main.a=1"},
    {"rw_readers",
     "rwmutex m\nmain:\n  rlock m\n  rlock m\n  a = trylock m\n  b = tryrlock m\n"
     "show main.a main.b\n",
     "ok main.a=0 main.b=1"},
    {"rw_writer",
     "rwmutex m\nmain:\n  lock m\n  a = tryrlock m\n  unlock m\n  b = trylock m\n"
     "show main.a main.b\n",
     "ok main.a=0 main.b=1"},
    {"rw_unlock_unlocked", "rwmutex m\nmain:\n  unlock m\nshow log\n",
     "fatal:rw-unlock-unlocked log=-"},
    {"runlock_unlocked", "rwmutex m\nmain:\n  runlock m\nshow log\n",
     "fatal:runlock-unlocked log=-"},
    {"rw_writer_waits",
     "rwmutex m\nmain:\n  rlock m\n  go w\n  yield\n  a = tryrlock m\n"
     "w:\n  lock m\nshow main.a\n",
     "ok main.a=0 | ok main.a=1 ; leaky"},
    {"rw_recursive_deadlock",
     "rwmutex m\nchan g 0\nmain:\n  rlock m\n  go w\n  rlock m\n"
     "w:\n  lock m\nshow log\n",
     "deadlock log=- | ok log=- ; hanging"},
    {"rw_readers_let_in",
     "rwmutex m\nwg g\nmain:\n  lock m\n  add g 2\n  go r\n  go r\n"
     "  unlock m\n  wait g\nr:\n  rlock m\n  done g\nshow log\n",
     "ok log=- ; batch"},
    {"wg_waits",
     "wg g\natomic x = 0\nmain:\n  add g 2\n  go w\n  go w\n  wait g\n"
     "  a = load x\nw:\n  add x 1\n  done g\nshow main.a\n",
     "ok main.a=2 ; batch"},
    {"wg_wakes_all",
     "needs faketime\nwg g\nchan c 0\nmain:\n  add g 1\n  go w\n  go w\n  sleep 1\n"
     "  done g\n  <-c\n  <-c\nw:\n  wait g\n  c <- 0\nshow log\n",
     "ok log=-"},
    {"wg_zero", "wg g\nmain:\n  wait g\nshow log\n", "ok log=-"},
    {"wg_negative", "wg g\nmain:\n  e = catch done g\nshow main.e\n",
     "ok main.e=wg-negative"},
    {"wg_never", "wg g\nmain:\n  add g 1\n  wait g\nshow log\n", "deadlock log=-"},
    {"wg_reused",
     "wg g\nmain:\n  add g 1\n  go w\n  e = catch wait g\nw:\n  done g\n  add g 1\n"
     "show main.e\n",
     "deadlock | ok main.e=0 | ok main.e=wg-misuse"},
    {"once_once",
     "once o\natomic x = 0\nmain:\n  go w\n  do o f\n  a = load x\nw:\n  do o f\n"
     "func f:\n  add x 1\nshow main.a\n",
     "ok main.a=1"},
    {"once_panics_counts",
     "once o\nmain:\n  e = catch do o f\n  h = catch do o f\nfunc f:\n"
     "  panic 3\nshow main.e main.h\n",
     "ok main.e=3 main.h=0"},
    {"once_recursive", "once o\nmain:\n  do o f\nfunc f:\n  do o f\nshow log\n",
     "deadlock log=-"},
    {"once_goexit_counts",
     "once o\nchan c 0\nmain:\n  go w\n  <-c\n  do o f\nw:\n  defer d\n"
     "  do o f\nfunc d:\n  c <- 0\nfunc f:\n  note 1\n  goexit\nshow log\n",
     "ok log=1"},
    {"cond_loop",
     "mutex m\ncond v m\nvar r = 0\nmain:\n  go w\n  lock m\n  a = r\n"
     "  while a == 0\n    wait v\n    a = r\n  end\n  unlock m\nw:\n  lock m\n  r = 1\n"
     "  signal v\n  unlock m\nshow main.a\n",
     "ok main.a=1 ; norace:r"},
    {"cond_lost",
     "mutex m\ncond v m\nmain:\n  go w\n  lock m\n  wait v\n  unlock m\nw:\n"
     "  signal v\nshow log\n",
     "deadlock log=- | ok log=- ; hanging"},
    {"cond_unlocked", "mutex m\ncond v m\nmain:\n  wait v\nshow log\n", " ; unmodelled"},
    {"broadcast_all",
     "mutex m\ncond v m\nwg g\nvar n = 0\nmain:\n  add g 2\n  go w\n  go w\n"
     "  lock m\n  a = n\n  while a < 2\n    unlock m\n    yield\n    lock m\n    a = n\n  "
     "end\n"
     "  broadcast v\n  unlock m\n  wait g\nw:\n  lock m\n  k = n\n  k = k + 1\n  n = k\n"
     "  wait v\n  unlock m\n  done g\nshow main.a\n",
     "ok main.a=2"},
    {"signal_wakes_one",
     "mutex m\ncond v m\nvar n = 0\nmain:\n  go w\n  go w\n  lock m\n"
     "  a = n\n  while a < 2\n    unlock m\n    yield\n    lock m\n    a = n\n  end\n"
     "  signal v\n  unlock m\n  select\n  end\nw:\n  lock m\n  k = n\n  k = k + 1\n  n = "
     "k\n"
     "  wait v\n  note 1\n  unlock m\nshow log\n",
     "deadlock log=1"},
    {"atomic_results",
     "atomic x = 5\nmain:\n  a = add x 2\n  b = swap x 9\n  c = cas x 9 1\n"
     "  d = cas x 9 2\n  e = load x\nshow main.a main.b main.c main.d main.e\n",
     "ok main.a=7 main.b=7 main.c=1 main.d=0 main.e=1"},
    {"store_buffer",
     "atomic x = 0\natomic y = 0\nwg g\nmain:\n  add g 1\n  go w\n  store x 1\n"
     "  a = load y\n  wait g\nw:\n  store y 1\n  b = load x\n  done g\nshow main.a w.b\n",
     "ok main.a=0 w.b=1 | ok main.a=1 w.b=0 | ok main.a=1 w.b=1"},
    {"message_passing",
     "atomic f = 0\nvar d = 0\nmain:\n  go w\n  a = load f\n  if a == 1\n"
     "    r = d\n  end\nw:\n  d = 1\n  store f 1\nshow main.a main.r\n",
     "ok main.a=0 main.r=0 | ok main.a=1 main.r=1 ; norace:d"},
    {"race_after_send",
     "chan c 1\nvar x = 0\nmain:\n  go w\n  c <- 0\n  x = 1\nw:\n  <-c\n"
     "  v = x\nshow log\n",
     "ok log=- ; race:x"},
    {"buffered_send_orders",
     "chan c 1\nvar x = 0\nmain:\n  go w\n  <-c\n  r = x\nw:\n  x = 1\n"
     "  c <- 0\nshow main.r\n",
     "ok main.r=1 ; norace:x"},
    {"buffered_receive_does_not",
     "chan c 1\nvar x = 0\nmain:\n  go w\n  c <- 0\n  r = x\nw:\n"
     "  x = 1\n  <-c\nshow main.r\n",
     "ok main.r=0 | ok main.r=1 ; race:x"},
    {"unbuffered_both_ways",
     "chan c 0\nvar x = 0\nmain:\n  go w\n  c <- 0\n  r = x\nw:\n"
     "  x = 1\n  <-c\nshow main.r\n",
     "ok main.r=1 ; norace:x"},
    {"kth_receive_orders",
     "chan c 1\nvar x = 0\nmain:\n  go w\n  c <- 0\n  c <- 0\n  r = x\n"
     "w:\n  x = 1\n  <-c\nshow main.r\n",
     "ok main.r=1 ; norace:x"},
    {"semaphore",
     "chan s 1\nvar x = 0\nwg g\nmain:\n  add g 2\n  go w\n  go w\n  wait g\n"
     "w:\n  s <- 0\n  v = x\n  v = v + 1\n  x = v\n  <-s\n  done g\nshow log\n",
     "ok log=- ; norace:x"},
    {"semaphore_of_two",
     "chan s 2\nvar x = 0\nwg g\nmain:\n  add g 2\n  go w\n  go w\n"
     "  wait g\nw:\n  s <- 0\n  x = 1\n  <-s\n  done g\nshow log\n",
     "ok log=- ; race:x"},
    {"close_orders",
     "chan c 0\nvar x = 0\nmain:\n  go w\n  <-c\n  r = x\nw:\n  x = 1\n"
     "  close c\nshow main.r\n",
     "ok main.r=1 ; norace:x"},
    {"len_does_not_order",
     "chan c 1\nvar x = 0\nmain:\n  go w\n  n = len c\n  while n == 0\n"
     "    yield\n    n = len c\n  end\n  r = x\nw:\n  x = 1\n  c <- 0\nshow main.r\n",
     "ok main.r=1 ; race:x"},
    {"failed_trylock_does_not",
     "mutex m\nvar x = 0\nmain:\n  go w\n  ok = trylock m\n"
     "  if ok == 0\n    x = 2\n  end\nw:\n  x = 1\n  lock m\nshow main.ok\n",
     "ok main.ok=0 | ok main.ok=1 ; race:x"},
    {"exit_does_not_order",
     "var x = 0\nmain:\n  go w\n  n = goroutines\n  while n == 2\n"
     "    yield\n    n = goroutines\n  end\n  r = x\nw:\n  x = 1\nshow main.r\n",
     "ok main.r=1 ; race:x"},
    {"go_orders",
     "var x = 0\nwg g\nmain:\n  x = 1\n  add g 1\n  go w\n  wait g\nw:\n  r = x\n"
     "  done g\nshow w.r\n",
     "ok w.r=1 ; norace:x"},
    {"once_orders",
     "once o\nvar x = 0\nwg g\nmain:\n  add g 1\n  go w\n  do o f\n  r = x\n"
     "  wait g\nw:\n  do o f\n  s = x\n  done g\nfunc f:\n  x = 1\nshow main.r\n",
     "ok main.r=1 ; norace:x"},
    {"rw_orders",
     "rwmutex m\nvar x = 0\nwg g\nmain:\n  add g 2\n  go r\n  go r\n  lock m\n"
     "  x = 1\n  unlock m\n  wait g\nr:\n  rlock m\n  v = x\n  runlock m\n  done g\nshow "
     "log\n",
     "ok log=- ; norace:x"},
    {"reads_do_not_conflict",
     "var x = 3\nwg g\nmain:\n  add g 1\n  go w\n  a = x\n  wait g\n"
     "  x = 4\nw:\n  b = x\n  done g\nshow main.a\n",
     "ok main.a=3 ; norace:x"},
};

int main(int argc, char **argv)
{
    return cases_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
