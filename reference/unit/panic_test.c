/* SPDX-License-Identifier: BSD-3-Clause */
/* panic_test.c - floor panic: defers, nested panics, recover's reach, Goexit, faults,
 * reports. */
#include "digits.h"

/* Recovers; notes the value's last digit, 0 for nothing. */
static void recover_note(void *arg)
{
    gr_value v = gr_recover();
    (void)arg;
    note(v.kind == GR_INT ? v.u.i % 10 : v.kind == GR_ERROR ? 9 : 0);
}

/* The digits of fn's run, which must end well. */
static int64_t digits(gr_fn fn)
{
    char text[160];
    enum gr_end end = run_with(fn, 1, text, sizeof text);
    CHECK_STR(text, "");
    CHECK_EQ(end, GR_END_OK);
    return seen;
}

/* ---- defer --------------------------------------------------------------------------- */

static void defers_seven(void *unused)
{
    GR_FUNC;
    (void)unused;
    for (intptr_t i = 1; i <= 7; i++)
        GR_DEFER(note_arg, n(i));
    note(8);
}

static void defers_run_last_first(void)
{
    CHECK_EQ(digits(defers_seven), 87654321);
}

static GR_NOINLINE void defers_inside(void *arg)
{
    GR_FUNC;
    GR_DEFER(note_arg, arg);
    note(1);
}

static void defers_nested(void *unused)
{
    GR_FUNC;
    (void)unused;
    GR_DEFER(note_arg, n(4));
    GR_DEFER(defers_inside, n(2));
    note(5);
}

static void deferred_calls_defer(void)
{
    CHECK_EQ(digits(defers_nested), 5124);
}

static int64_t count;
static void count_one(void *arg)
{
    CHECK_EQ((int64_t)(intptr_t)arg, --count);
}

static void defers_many(void *unused)
{
    GR_FUNC;
    (void)unused;
    for (count = 0; count < 100000; count++)
        GR_DEFER(count_one, n(count));
}

static void recover_any(void *unused)
{
    (void)unused;
    gr_recover();
}

/* Leaves k records by returning, or by a panic that the oldest of one more recovers. */
static GR_NOINLINE void leave_with(int64_t k, bool by_panic)
{
    GR_FUNC;
    if (by_panic)
        GR_DEFER(recover_any, NULL);
    for (count = 0; count < k; count++)
        GR_DEFER(count_one, n(count));
    if (by_panic)
        gr_panic(gr_int(1));
}

static void leave_each(void *unused)
{
    (void)unused;
    for (int64_t k = 0; k < GR_DEFER_INLINE + 2 * GR_DEFER_BLOCK + 3; k++) {
        leave_with(k, false);
        CHECK_EQ(count, 0);
        leave_with(k, true);
        CHECK_EQ(count, 0);
    }
}

/* Records lie in blocks: none is lost or run twice where one ends. */
static void blocks_end_anywhere(void)
{
    digits(leave_each);
    CHECK_EQ(gr_main(leave_each, NULL), 0);
}

static void a_loop_defers_without_bound(void)
{
    digits(defers_many);
    CHECK_EQ(count, 0);
}

/* ---- recover ------------------------------------------------------------------------- */

static GR_NOINLINE void panics_under(gr_fn under, int64_t value)
{
    GR_FUNC;
    GR_DEFER(note_arg, n(1));
    GR_DEFER(under, NULL);
    GR_DEFER(note_arg, n(2));
    gr_panic(gr_int(value));
}

static void recover_simple(void *unused)
{
    (void)unused;
    panics_under(recover_note, 7);
    note(3);
}

static void recover_goes_on_with_the_rest(void)
{
    CHECK_EQ(digits(recover_simple), 2713);
}

static GR_NOINLINE void help_recover(void)
{
    recover_note(NULL);
    __asm__ volatile("");
}

static void call_helper(void *unused)
{
    (void)unused;
    help_recover();
    __asm__ volatile(""); /* no tail call, which would share the frame */
}

static void recover_helper(void *unused)
{
    GR_FUNC;
    (void)unused;
    GR_DEFER(recover_note, NULL);
    panics_under(call_helper, 7);
    note(3);
}

static void helpers_do_not_recover(void)
{
    CHECK_EQ(digits(recover_helper), 2017);
}

static void recover_twice(void *unused)
{
    (void)unused;
    note(gr_recover().u.i);
    note(gr_recover().kind == GR_NIL ? 0 : 8);
}

static GR_NOINLINE void defers_recover(void *unused)
{
    GR_FUNC;
    (void)unused;
    GR_DEFER(recover_note, NULL);
}

static void recover_variants(void *unused)
{
    (void)unused;
    note(gr_recover().kind == GR_NIL ? 1 : 2);
    panics_under(recover_twice, 5);
}

static void second_recover_is_nil(void)
{
    CHECK_EQ(digits(recover_variants), 12501);
}

/* A deferred call of a deferred call is one too far away. */
static void recover_too_deep(void *unused)
{
    GR_FUNC;
    (void)unused;
    GR_DEFER(recover_note, NULL);
    panics_under(defers_recover, 6);
}

static void nested_defers_do_not_recover(void)
{
    CHECK_EQ(digits(recover_too_deep), 2016);
}

static void panic_nil(void *unused)
{
    GR_FUNC;
    (void)unused;
    GR_DEFER(recover_note, NULL);
    gr_panic(gr_nil());
}

static void panic_of_nil_is_an_error(void)
{
    CHECK_EQ(digits(panic_nil), 9);
}

static void defer_nil(void *unused)
{
    GR_FUNC;
    (void)unused;
    GR_DEFER(recover_note, NULL);
    GR_DEFER(note_arg, n(2));
    GR_DEFER(NULL, NULL);
    GR_DEFER(note_arg, n(1));
    note(3);
}

static void nil_function_panics_when_it_runs(void)
{
    CHECK_EQ(digits(defer_nil), 3129);
}

/* ---- nested panics ------------------------------------------------------------------- */

static void panic_arg(void *arg)
{
    gr_panic(gr_int((int64_t)(intptr_t)arg));
}

static void replace_body(void *unused)
{
    GR_FUNC;
    (void)unused;
    GR_DEFER(recover_note, NULL);
    GR_DEFER(note_arg, n(1));
    GR_DEFER(panic_arg, n(6));
    GR_DEFER(note_arg, n(2));
    gr_panic(gr_int(5));
}

static void newer_panic_replaces(void)
{
    CHECK_EQ(digits(replace_body), 216);
}

static GR_NOINLINE void panic_and_recover_inside(void *unused)
{
    GR_FUNC;
    (void)unused;
    GR_DEFER(recover_note, NULL);
    gr_panic(gr_int(6));
}

static void inside_body(void *unused)
{
    GR_FUNC;
    (void)unused;
    GR_DEFER(recover_note, NULL);
    GR_DEFER(panic_and_recover_inside, NULL);
    gr_panic(gr_int(5));
}

static void older_panic_stays(void)
{
    CHECK_EQ(digits(inside_body), 65);
}

static void recover_and_panic(void *arg)
{
    note(gr_recover().u.i);
    gr_panic(gr_int((int64_t)(intptr_t)arg));
}

/* The older one is gone with the newer: nothing is left to recover, and what follows is a
 * fresh panic. */
static GR_NOINLINE void abort_inner(void)
{
    GR_FUNC;
    GR_DEFER(panic_arg, n(6));
    gr_panic(gr_int(5));
}

static GR_NOINLINE void abort_outer(void)
{
    GR_FUNC;
    GR_DEFER(recover_note, NULL);
    abort_inner();
}

static void abort_body(void *unused)
{
    GR_FUNC;
    (void)unused;
    GR_DEFER(recover_note, NULL);
    abort_outer();
    CHECK(gr_recover().kind == GR_NIL);
    note(1);
    gr_panic(gr_int(2));
}

static void recovering_the_newer_ends_the_older(void)
{
    CHECK_EQ(digits(abort_body), 612);
}

static GR_NOINLINE void deep(int64_t depth)
{
    GR_FUNC;
    GR_DEFER(recover_and_panic, n(depth));
    if (depth == 0)
        gr_panic(gr_int(7));
    deep(depth - 1);
}

static void deep_body(void *unused)
{
    GR_FUNC;
    (void)unused;
    GR_DEFER(recover_note, NULL);
    deep(5);
}

/* From the deepest: 7, then each level sees the value of the one below it. */
static void repanics_keep_their_values(void)
{
    CHECK_EQ(digits(deep_body), 7012345);
}

static void many_body(void *unused)
{
    (void)unused;
    for (int i = 0; i < 200000; i++) {
        seen = 0;
        panics_under(recover_note, 4);
    }
}

static void panics_leave_nothing_behind(void)
{
    CHECK_EQ(digits(many_body), 241);
}

/* ---- Goexit -------------------------------------------------------------------------- */

static gr_wg group;
static void group_done(void *unused)
{
    (void)unused, gr_wg_done(&group);
}

static void exits(void *unused)
{
    GR_FUNC;
    (void)unused;
    GR_DEFER(group_done, NULL);
    GR_DEFER(note_arg, n(3));
    GR_DEFER(recover_note, NULL);
    note(1);
    gr_goexit();
}

static void in_goroutine(gr_fn fn)
{
    gr_wg_add(&group, 1);
    gr_go(fn, NULL);
    gr_wg_wait(&group);
    note(4);
}

static void exit_body(void *unused)
{
    (void)unused, in_goroutine(exits);
}
static void goexit_runs_defers(void)
{
    CHECK_EQ(digits(exit_body), 1034);
}

static GR_NOINLINE void exits_and_panics(void)
{
    GR_FUNC;
    GR_DEFER(note_arg, n(3));
    GR_DEFER(recover_note, NULL);
    GR_DEFER(panic_arg, n(6));
    gr_goexit();
}

static void exits_recovers(void *unused)
{
    GR_FUNC;
    (void)unused;
    GR_DEFER(group_done, NULL);
    GR_DEFER(recover_note, NULL);
    exits_and_panics();
    note(9);
}

static void cancel_body(void *unused)
{
    (void)unused, in_goroutine(exits_recovers);
}

static void recovered_panic_does_not_cancel_goexit(void)
{
    CHECK_EQ(digits(cancel_body), 6304);
}

static void goexit_arg(void *unused)
{
    (void)unused, gr_goexit();
}

static void exits_in_panic(void *unused)
{
    GR_FUNC;
    (void)unused;
    GR_DEFER(group_done, NULL);
    GR_DEFER(recover_note, NULL);
    GR_DEFER(goexit_arg, NULL);
    gr_panic(gr_int(5));
}

static void in_panic_body(void *unused)
{
    (void)unused, in_goroutine(exits_in_panic);
}
static void goexit_aborts_a_panic(void)
{
    CHECK_EQ(digits(in_panic_body), 4);
}

static void main_exits(void)
{
    char text[160];
    CHECK_EQ(run_with(goexit_arg, 1, text, sizeof text), GR_END_DEADLOCK);
    CHECK_STR(text, "fatal error: no goroutines (main called runtime.Goexit) - deadlock!");
}

static const struct unit_case cases[] = {
    UNIT(defers_run_last_first),
    UNIT(deferred_calls_defer),
    UNIT(a_loop_defers_without_bound),
    UNIT(blocks_end_anywhere),
    UNIT(recover_goes_on_with_the_rest),
    UNIT(helpers_do_not_recover),
    UNIT(second_recover_is_nil),
    UNIT(nested_defers_do_not_recover),
    UNIT(panic_of_nil_is_an_error),
    UNIT(nil_function_panics_when_it_runs),
    UNIT(newer_panic_replaces),
    UNIT(older_panic_stays),
    UNIT(recovering_the_newer_ends_the_older),
    UNIT(repanics_keep_their_values),
    UNIT(panics_leave_nothing_behind),
    UNIT(goexit_runs_defers),
    UNIT(recovered_panic_does_not_cancel_goexit),
    UNIT(goexit_aborts_a_panic),
    UNIT(main_exits),
};

UNIT_MAIN(cases)
