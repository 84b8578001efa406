/* SPDX-License-Identifier: BSD-3-Clause */
/* report_test.c - floor panic: machine faults, what an uncaught panic prints,
 * verdicts, dropped goroutines. */
#include "digits.h"

static void panic_arg(void *arg)
{
    gr_panic(gr_int((int64_t)(intptr_t)arg));
}

static GR_NOINLINE void abort_inner(void)
{
    GR_FUNC;
    GR_DEFER(panic_arg, n(6));
    gr_panic(gr_int(5));
}

static void recover_and_panic(void *arg)
{
    note(gr_recover().u.i);
    gr_panic(gr_int((int64_t)(intptr_t)arg));
}

/* ---- machine faults ------------------------------------------------------------------ */

static enum gr_err last_error;

static void recover_error(void *unused)
{
    gr_value v = gr_recover();
    (void)unused;
    last_error = v.kind == GR_ERROR ? v.u.err : 0;
}

static GR_NOINLINE void fault(int which, int64_t zero)
{
    GR_FUNC;
    GR_DEFER(recover_error, NULL);
    if (which == 0)
        gr_deref(NULL);
    else if (which == 1)
        gr_div(7, zero);
    else
        gr_check_index(3 - zero, 3);
}

static void fault_body(void *unused)
{
    static const enum gr_err want[] = {GR_ERR_NIL_DEREF, GR_ERR_DIV_ZERO, GR_ERR_INDEX};
    int64_t five = 5;
    (void)unused;
    for (int i = 0; i < 300; i++) {
        fault(i % 3, 0);
        CHECK_EQ(last_error, want[i % 3]);
    }
    CHECK_EQ(gr_deref(&five), 5);
    CHECK_EQ(gr_div(INT64_MIN, -1), INT64_MIN);
    CHECK_EQ(gr_div(-7, 2), -3);
    gr_check_index(2, 3);
}

static void faults_are_panics(void)
{
    CHECK_EQ(run_with(fault_body, 1, NULL, 0), GR_END_OK);
}

/* ---- reports ------------------------------------------------------------------------- */

#define END "\n\ngoroutine 1 [running]:\n"

static void die_int(void *unused)
{
    (void)unused, gr_panic(gr_int(42));
}
static void die_lines(void *unused)
{
    (void)unused, gr_panic(gr_str("two\nlines"));
}
static void die_index(void *unused)
{
    (void)unused, gr_check_index(5, 3);
}
static void die_nil(void *unused)
{
    (void)unused, gr_deref(NULL);
}
static void die_abort(void *unused)
{
    (void)unused, abort_inner();
}

static void repanic(void *unused)
{
    (void)unused;
    gr_panic(gr_recover());
}

static void die_repanic(void *unused)
{
    GR_FUNC;
    (void)unused;
    GR_DEFER(repanic, NULL);
    GR_DEFER(repanic, NULL);
    gr_panic(gr_int(1));
}

static void die_recovered(void *unused)
{
    GR_FUNC;
    (void)unused;
    GR_DEFER(recover_and_panic, n(2));
    gr_panic(gr_int(1));
}

static void prints_int(void)
{
    gr_main(die_int, NULL);
}
static void prints_lines(void)
{
    gr_main(die_lines, NULL);
}
static void prints_index(void)
{
    gr_main(die_index, NULL);
}
static void prints_signal(void)
{
    gr_main(die_nil, NULL);
}
static void prints_chain(void)
{
    gr_main(die_abort, NULL);
}
static void prints_repanicked(void)
{
    gr_main(die_repanic, NULL);
}
static void prints_recovered(void)
{
    gr_main(die_recovered, NULL);
}

static void verdict_of_panic(void)
{
    char text[160];
    CHECK_EQ(run_with(die_recovered, 1, text, sizeof text), GR_END_PANIC);
    CHECK_STR(text, "panic: 1 [recovered]");
}

static gr_chan *never;

static void parked_with_defers(void *unused)
{
    GR_FUNC;
    (void)unused;
    for (intptr_t i = 0; i < 10; i++)
        GR_DEFER(note_arg, n(i));
    gr_chan_recv(never, NULL);
}

static void drop_body(void *unused)
{
    (void)unused;
    for (int i = 0; i < 5; i++)
        gr_go(parked_with_defers, NULL);
    gr_yield();
}

/* Under ASan the leak checker looks at the pools' chunks; here only that nothing runs. */
static void dropped_goroutines_run_no_defers(void)
{
    for (uint64_t seed = 1; seed <= 100; seed++) {
        CHECK_EQ(run_with(drop_body, seed, NULL, 0), GR_END_OK);
        CHECK_EQ(seen, 0);
    }
}

static void die_soon(void *arg)
{
    gr_yield();
    gr_panic(gr_int((int64_t)(intptr_t)arg));
}

static void die_together(void *unused)
{
    (void)unused;
    for (int i = 0; i < 4; i++)
        gr_go(die_soon, n(3));
    gr_chan_recv(NULL, NULL);
}

static void one_report_of_many(void)
{
    gr_main(die_together, NULL);
}

static const struct unit_case cases[] = {
    UNIT(faults_are_panics),
    UNIT(verdict_of_panic),
    UNIT(dropped_goroutines_run_no_defers),
    UNIT_EXITS(prints_int, 2, "panic: 42" END),
    UNIT_EXITS(prints_lines, 2, "panic: two\n\tlines" END),
    UNIT_EXITS(prints_index, 2,
               "panic: runtime error: index out of range [5] with length 3" END),
    UNIT_EXITS(prints_signal, 2,
               "panic: runtime error: invalid memory address or nil pointer dereference\n"
               "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x"),
    UNIT_EXITS(prints_chain, 2, "panic: 5\n\tpanic: 6" END),
    UNIT_EXITS(prints_repanicked, 2, "panic: 1 [recovered, repanicked]" END),
    UNIT_EXITS(prints_recovered, 2, "panic: 1 [recovered]\n\tpanic: 2" END),
    UNIT_EXITS(one_report_of_many, 2, "panic: 3\n\ngoroutine "),
};

UNIT_MAIN(cases)
