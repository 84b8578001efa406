/* SPDX-License-Identifier: BSD-3-Clause */
/* model_chan_test.c - channels and select in the model.
 *
 * Owns: programs on send, receive, range, close, len, cap, make, nil channels and select,
 * with the outcomes that follow from the language.
 */
#include "cases.h"

static const struct model_case cases[] = {
    {"rendezvous", "chan c 0\nmain:\n  go w\n  v = <-c\nw:\n  c <- 5\nshow main.v\n",
     "ok main.v=5 ; batch"},
    {"buffered_order",
     "chan c 2\nmain:\n  c <- 1\n  c <- 2\n  a = <-c\n  b = <-c\n"
     "show main.a main.b\n",
     "ok main.a=1 main.b=2 ; batch"},
    {"send_alone", "chan c 0\nmain:\n  c <- 1\nshow log\n", "deadlock log=- ; hanging"},
    {"two_senders",
     "chan c 0\nmain:\n  go x\n  go y\n  a = <-c\n  b = <-c\nx:\n  c <- 1\n"
     "y:\n  c <- 2\nshow main.a main.b\n",
     "ok main.a=1 main.b=2 | ok main.a=2 main.b=1"},
    {"buffer_before_parked_sender",
     "chan c 1\nchan g 0\nmain:\n  c <- 1\n  go w\n  <-g\n"
     "  a = <-c\n  b = <-c\nw:\n  g <- 0\n  c <- 2\nshow main.a main.b\n",
     "ok main.a=1 main.b=2"},
    {"close_drains",
     "chan c 2\nmain:\n  c <- 7\n  close c\n  a, x = <-c\n  b, y = <-c\n"
     "show main.a main.x main.b main.y\n",
     "ok main.a=7 main.x=1 main.b=0 main.y=0"},
    {"send_on_closed", "chan c 1\nmain:\n  close c\n  e = catch c <- 1\nshow main.e\n",
     "ok main.e=send-closed"},
    {"send_on_closed_dies", "chan c 1\nmain:\n  close c\n  c <- 1\nshow log\n",
     "panic:send-closed log=- ; dying"},
    {"close_twice", "chan c 1\nmain:\n  close c\n  e = catch close c\nshow main.e\n",
     "ok main.e=close-closed"},
    {"close_nil", "nilchan c\nmain:\n  e = catch close c\nshow main.e\n",
     "ok main.e=close-nil"},
    {"nil_blocks", "nilchan c\nmain:\n  v = <-c\nshow main.v\n", "deadlock ; hanging"},
    {"nil_send_blocks", "nilchan c\nmain:\n  c <- 1\nshow log\n", "deadlock log=-"},
    {"nil_len", "nilchan c\nmain:\n  a = len c\n  b = cap c\nshow main.a main.b\n",
     "ok main.a=0 main.b=0"},
    {"close_wakes_senders",
     "chan c 0\nchan d 0\nmain:\n  go w\n  go w2\n  sleep 1\n"
     "  close c\n  a = <-d\n  b = <-d\nw:\n  e = catch c <- 1\n  d <- e\nw2:\n"
     "  e = catch c <- 2\n  d <- e\nshow main.a main.b\n",
     "ok main.a=send-closed main.b=send-closed"},
    {"close_races_send",
     "chan c 1\nchan d 0\nmain:\n  go k\n  e = catch c <- 5\n  <-d\n"
     "  v, ok = <-c\nk:\n  close c\n  close d\nshow main.e main.v main.ok\n",
     "ok main.e=0 main.v=5 main.ok=1 | ok main.e=send-closed main.v=0 main.ok=0"},
    {"range_ends",
     "chan c 3\nmain:\n  c <- 1\n  c <- 2\n  close c\n  for v = range c\n"
     "    s = s + v\n  end\nshow main.s main.v\n",
     "ok main.s=3 main.v=2"},
    {"len_cap", "chan c 3\nmain:\n  c <- 1\n  a = len c\n  b = cap c\nshow main.a main.b\n",
     "ok main.a=1 main.b=3"},
    {"len_unbuffered",
     "chan c 0\nmain:\n  go w\n  yield\n  a = len c\n  <-c\nw:\n  c <- 1\n"
     "show main.a\n",
     "ok main.a=0"},
    {"make_grows",
     "chan c 0\nmain:\n  make c 2\n  c <- 1\n  a = cap c\n  b = len c\n"
     "show main.a main.b\n",
     "ok main.a=2 main.b=1"},
    {"make_negative", "chan c 0\nmain:\n  n = 0 - 1\n  e = catch make c n\nshow main.e\n",
     "ok main.e=makechan-size"},
    {"late_store", "chan c 0\nmain:\n  go w\n  c <- 5\nw:\n  v = <-c\nshow w.v\n",
     "ok w.v=0 | ok w.v=5"},
    {"late_stores_in_order",
     "chan c 0\nmain:\n  go w\n  c <- 5\nw:\n  v, ok = <-c\n"
     "show w.v w.ok\n",
     "ok w.v=0 w.ok=0 | ok w.v=5 w.ok=0 | ok w.v=5 w.ok=1"},
    {"leaves_receiver", "chan c 0\nmain:\n  go w\nw:\n  <-c\nshow log\n",
     "ok log=- ; leaky"},
    {"tail_is_not_left",
     "chan c 0\nmain:\n  go w\n  <-c\nw:\n  c <- 1\n  x = 1\nshow log\n",
     "ok log=- ; batch"},
    {"fifo_pair",
     "chan c 0\nchan g 0\nmain:\n  go x\n  <-g\n  yield\n  a = <-c\n  b = <-c\n"
     "x:\n  go y\n  c <- 1\ny:\n  g <- 0\n  c <- 2\nshow main.a main.b\n",
     "ok main.a=1 main.b=2 | ok main.a=2 main.b=1"},
    {"select_ready",
     "chan a 1\nchan b 1\nmain:\n  a <- 1\n  b <- 2\n  k = select\n    v = <-a\n"
     "    v = <-b\n  end\nshow main.k main.v\n",
     "ok main.k=0 main.v=1 | ok main.k=1 main.v=2"},
    {"select_default",
     "chan a 0\nmain:\n  k = select\n    <-a\n    default\n  end\n"
     "show main.k\n",
     "ok main.k=1"},
    {"select_default_not_if_ready",
     "chan a 1\nmain:\n  a <- 3\n  k = select\n    default\n"
     "    v = <-a\n  end\nshow main.k main.v\n",
     "ok main.k=1 main.v=3"},
    {"select_default_or_partner",
     "chan a 0\nmain:\n  go w\n  yield\n  k = select\n"
     "    v = <-a\n    default\n  end\nw:\n  a <- 3\nshow main.k main.v\n",
     "ok main.k=0 main.v=3 | ok main.k=1 main.v=0 ; leaky"},
    {"select_empty", "main:\n  select\n  end\nshow log\n", "deadlock log=-"},
    {"select_nil",
     "nilchan n\nchan a 1\nmain:\n  k = select\n    <-n\n    n <- 1\n    a <- 2\n"
     "  end\nshow main.k\n",
     "ok main.k=2"},
    {"select_not_with_itself",
     "chan a 0\nmain:\n  select\n    a <- 1\n    <-a\n  end\n"
     "show log\n",
     "deadlock log=-"},
    {"select_pairs",
     "chan a 0\nchan b 0\nmain:\n  go w\n  k = select\n    a <- 1\n"
     "    v = <-b\n  end\n  <-d\nchan d 1\nw:\n  j = select\n    v = <-a\n    b <- 2\n  "
     "end\n"
     "  d <- 0\nshow main.k main.v w.j w.v\n",
     "ok main.k=0 main.v=0 w.j=0 w.v=1 | ok main.k=1 main.v=2 w.j=1 w.v=0"},
    {"select_send_closed",
     "chan a 0\nmain:\n  close a\n  call f\nfunc f:\n  defer r\n"
     "  select\n    a <- 1\n    default\n  end\nfunc r:\n  x = recover\nshow r.x\n",
     "ok r.x=send-closed"},
    {"select_closed_both_ways",
     "chan a 0\nchan g 0\nmain:\n  go w\n  <-g\n  sleep 1\n"
     "  close a\n  <-g\nw:\n  call f\n  g <- 0\nfunc f:\n  defer r\n  g <- 0\n  k = "
     "select\n"
     "    a <- 1\n    <-a\n  end\nfunc r:\n  x = recover\nshow f.k r.x\n",
     "ok f.k=0 r.x=send-closed | ok f.k=1 r.x=nil"},
    {"select_takes_one",
     "chan a 1\nchan b 1\nmain:\n  a <- 1\n  b <- 1\n  select\n    <-a\n"
     "    <-b\n  end\n  x = len a\n  y = len b\nshow main.x main.y\n",
     "ok main.x=0 main.y=1 | ok main.x=1 main.y=0"},
    {"loser_leaves_queue",
     "chan a 0\nchan b 0\nmain:\n  go w\n  a <- 1\n  k = select\n"
     "    b <- 2\n    default\n  end\nw:\n  select\n    <-a\n    <-b\n  end\nshow main.k\n",
     "ok main.k=1"},
    {"arrival_order",
     "needs faketime\nchan c 0\natomic x = 0\nmain:\n  go p\n  sleep 1\n"
     "  go q\n  sleep 1\n  c <- 1\n  c <- 2\n  sleep 1\n  a = load x\np:\n  v = <-c\n"
     "  store x v\nq:\n  <-c\nshow main.a\n",
     "ok main.a=1 | ok main.a=2 ; fifo:1"},
    {"fifo_senders",
     "chan c 0\nmain:\n  go p\n  n = goroutines\n  while n < 3\n    yield\n"
     "    n = goroutines\n  end\n  a = <-c\n  b = <-c\np:\n  go q\n  c <- 1\nq:\n  c <- 2\n"
     "show main.a main.b\n",
     "ok main.a=1 main.b=2 | ok main.a=2 main.b=1 ; fifo:2"},
    {"late_set", "main:\n  go w\nw:\n  s = 5\n  t = s + 1\nshow w.s w.t\n",
     "ok w.s=0 w.t=0 | ok w.s=5 w.t=0 | ok w.s=5 w.t=6"},
    {"close_wakes_receiver",
     "needs faketime\nchan c 0\nmain:\n  go k\n  v = 3\n  v, ok = <-c\n"
     "k:\n  sleep 1\n  close c\nshow main.v main.ok\n",
     "ok main.v=0 main.ok=0"},
    {"zero_size", "chan c 2 elem=0\nmain:\n  c <- 0\n  v, ok = <-c\nshow main.v main.ok\n",
     "ok main.v=0 main.ok=1"},
};

int main(int argc, char **argv)
{
    return cases_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
