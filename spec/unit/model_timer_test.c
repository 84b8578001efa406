/* SPDX-License-Identifier: BSD-3-Clause */
/* model_timer_test.c - sleep, timers, tickers and the two clocks in the model.
 *
 * Owns: programs on time, with the outcomes that follow from the rules of litmus.md.
 */
#include "cases.h"

#define FAKE "needs faketime\n"

static const struct model_case cases[] = {
    {"sleep_ends", "main:\n  sleep 5\n  note 1\nshow log\n", "ok log=1 ; batch"},
    {"sleep_zero", "main:\n  sleep 0\nshow log\n", "ok log=-"},
    {"timer_fires", "timer t\nmain:\n  start t 3\n  v, ok = <-t\nshow main.v main.ok\n",
     "ok main.v=1 main.ok=1"},
    {"timer_once", "timer t\nmain:\n  start t 3\n  <-t\n  <-t\nshow log\n",
     "deadlock log=-"},
    {"stop_pending_or_not",
     "timer t\nmain:\n  start t 3\n  a = stop t\n  b = stop t\n"
     "show main.a main.b\n",
     "ok main.a=1 main.b=0"},
    {"stop_then_nothing",
     "timer t\nmain:\n  start t 3\n  sleep 5\n  a = stop t\n  k = select\n"
     "    <-t\n    default\n  end\nshow main.a main.k\n",
     "ok main.a=1 main.k=1"},
    {"stop_after_receive",
     "timer t\nmain:\n  start t 3\n  <-t\n  a = stop t\nshow main.a\n", "ok main.a=0"},
    {"reset_rearms",
     "timer t\nmain:\n  start t 3\n  <-t\n  a = reset t 2\n  <-t\nshow main.a\n",
     "ok main.a=0"},
    {"reset_unreceived",
     "timer t\nmain:\n  start t 1\n  sleep 2\n  a = reset t 2\n  <-t\n"
     "  k = select\n    <-t\n    default\n  end\nshow main.a main.k\n",
     "ok main.a=1 main.k=1"},
    {"unset", "timer t\nmain:\n  <-t\nshow log\n", " ; unmodelled"},
    {"len_of_timer",
     "timer t\nmain:\n  start t 1\n  sleep 2\n  a = len t\n  b = cap t\n"
     "show main.a main.b\n",
     "ok main.a=0 main.b=0"},
    {"any_moment",
     "timer t\nmain:\n  start t 5\n  k = select\n    <-t\n    default\n  end\n"
     "show main.k\n",
     "ok main.k=0 | ok main.k=1"},
    {"fake_not_before",
     FAKE "timer t\nmain:\n  start t 5\n  k = select\n    <-t\n    default\n"
          "  end\nshow main.k\n",
     "ok main.k=1"},
    {"order_kept",
     "timer a\ntimer b\nmain:\n  start a 1\n  start b 9\n  <-b\n  k = select\n"
     "    <-a\n    default\n  end\nshow main.k\n",
     "ok main.k=0"},
    {"slow_starter",
     "main:\n  go w\n  sleep 9\n  note 1\n  sleep 9\nw:\n  sleep 1\n  note 2\n"
     "show log\n",
     "ok log=1 | ok log=1,2 | ok log=2,1 ; leaky"},
    {"fake_sleepers",
     FAKE "main:\n  go w\n  sleep 9\n  note 1\nw:\n  sleep 1\n  note 2\n"
          "show log\n",
     "ok log=2,1"},
    {"second_sleep_late",
     "main:\n  go w\n  sleep 5\n  note 1\nw:\n  sleep 1\n  note 2\n"
     "  sleep 1\n  note 3\nshow log\n",
     "ok log=1 | ok log=1,2 | ok log=1,2,3 | ok log=2,1 | ok log=2,1,3 | ok log=2,3,1"},
    {"fake_now", FAKE "main:\n  a = now\n  sleep 3\n  b = now\n  b = b - a\nshow main.b\n",
     "ok main.b=3"},
    {"fake_equal",
     FAKE "main:\n  go w\n  sleep 5\n  note 1\n  sleep 1\nw:\n  sleep 5\n  note 2\n"
          "show log\n",
     "ok log=1,2 | ok log=2,1"},
    {"afterfunc_runs",
     "timer t\nchan c 0\nmain:\n  afterfunc t 2 f\n  <-c\nfunc f:\n  c <- 1\n"
     "show log\n",
     "ok log=-"},
    {"afterfunc_stop",
     "timer t\nchan c 1\nmain:\n  afterfunc t 2 f\n  a = stop t\n  k = a\n"
     "  if a == 0\n    <-c\n  end\nfunc f:\n  c <- 1\nshow main.k\n",
     "ok main.k=0 | ok main.k=1"},
    {"afterfunc_channel_nil",
     "timer t\nmain:\n  afterfunc t 2 f\n  <-t\nfunc f:\n  note 1\n"
     "show log\n",
     "deadlock log=1"},
    {"afterfunc_panics",
     "timer t\nmain:\n  afterfunc t 1 f\n  sleep 9\n  sleep 9\nfunc f:\n"
     "  panic 3\nshow log\n",
     "ok log=- | panic:3 log=- ; dying"},
    {"no_wake_no_life", "timer t\nchan c 0\nmain:\n  start t 9\n  <-c\nshow log\n",
     "deadlock log=-"},
    {"sleep_is_life", "chan c 0\nmain:\n  go w\n  <-c\nw:\n  sleep 9\n  c <- 0\nshow log\n",
     "ok log=-"},
    {"ticker_ticks",
     "ticker t\nmain:\n  start t 2\n  <-t\n  <-t\n  <-t\n  stop t\nshow log\n", "ok log=-"},
    {"fake_ticker_drops",
     FAKE "ticker t\nmain:\n  start t 2\n  sleep 9\n  <-t\n  k = select\n"
          "    <-t\n    default\n  end\nshow main.k\n",
     "ok main.k=1"},
    {"ticker_stop_blocks", "ticker t\nmain:\n  start t 2\n  stop t\n  <-t\nshow log\n",
     "deadlock log=-"},
    {"ticker_period", "ticker t\nmain:\n  e = catch start t 0\nshow main.e\n",
     "ok main.e=ticker-period"},
    {"after_in_select",
     "timer t\nchan c 0\nmain:\n  after t 3\n  k = select\n    <-c\n    <-t\n"
     "  end\nshow main.k\n",
     "ok main.k=1"},
    {"timer_orders",
     "timer t\nvar x = 0\nmain:\n  x = 1\n  afterfunc t 1 f\n  sleep 5\nfunc f:\n"
     "  v = x\nshow log\n",
     "ok log=- ; norace:x"},
    {"sleep_does_not_order",
     "var x = 0\nmain:\n  go w\n  sleep 5\n  r = x\nw:\n  x = 1\n"
     "show log\n",
     "ok log=- ; race:x"},
};

int main(int argc, char **argv)
{
    return cases_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
