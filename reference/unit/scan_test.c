/* SPDX-License-Identifier: BSD-3-Clause */
/* scan_test.c - what goroutines hold is shown to the collector, wherever it is.  That
 * nobody runs before that is scanstorm_test.c's.
 */
#define _GNU_SOURCE
#include "plant.h"

#include <sys/auxv.h>

#include "gr/thread.h"
#include "os/os.h"

/* ---- the stack of one that waits ----------------------------------------------------- */

static NOINLINE void deep(int depth)
{
    volatile uintptr_t here = depth == 0 ? PLANT : 0;
    if (depth > 0)
        deep(depth - 1);
    else
        pass_gate();
    here = 0;
    (void)here;
}

static void holder(void *depth)
{
    deep((int)(uintptr_t)depth);
    scrub();
    pass_gate();
    add_acq_rel(&ready, 1);
}

/* The compiler may keep a second copy. */
static void check_found(bool is_there)
{
    uint32_t n = cycle();
    CHECK(is_there ? n >= 1 && n <= 3 : n == 0);
}

static void stack_main(void *unused)
{
    (void)unused;
    gate = gr_chan_make(0, 0);
    gr_go(holder, (void *)100);
    wait_for(&ready, 1);
    gr_yield();
    check_found(true);
    check_found(true);
    gr_chan_send(gate, "");
    wait_for(&ready, 2);
    check_found(false);
    gr_chan_send(gate, "");
    wait_for(&ready, 3);
}

static void deep_stack_p1(void)
{
    with_procs(1, stack_main);
}

static void deep_stack_p4(void)
{
    with_procs(4, stack_main);
}

/* ---- the caller itself --------------------------------------------------------------- */

static void caller_main(void *unused)
{
    volatile uintptr_t here = PLANT;
    (void)unused;
    check_found(true);
    here = 0;
    (void)here;
    scrub();
    check_found(false);
}

static void caller_is_shown(void)
{
    with_procs(1, caller_main);
}

/* ---- births -------------------------------------------------------------------------- */

/* One processor, so nobody runs before we let it. */
static NOINLINE void spawn_plants(int n)
{
    for (int i = 0; i < n; i++)
        gr_go(newborn, (void *)PLANT);
}

static void births_main(void *unused)
{
    (void)unused;
    spawn_plants(1000);
    scrub();
    mark_begin();
    store_relaxed(&found, 0);
    /* If we were preempted some have run, and some have a place in the ring. */
    uint32_t births = load_relaxed(&m_self()->p->q.fresh.n);
    uint32_t left = 1000 - load_relaxed(&ready);
    sched_scan_births();
    CHECK_EQ(load_relaxed(&found), births);
    mark_end();
    CHECK(load_relaxed(&found) >= left);
    wait_for(&ready, 1000);
    scrub();
    check_found(false);
}

static void births_are_shown(void)
{
    with_procs(1, births_main);
}

static void open_gate(void *unused)
{
    (void)unused;
    gr_chan_close(gate);
}

/* Nobody looks at the queue: each is shown as it begins. */
static void born_main(void *unused)
{
    (void)unused;
    gate = gr_chan_make(0, 0);
    gr_go(open_gate, NULL);
    spawn_plants(300);
    scrub();
    mark_begin();
    uint32_t left = 300 - load_relaxed(&ready);
    gr_chan_recv(gate, NULL); /* no yield, which would have them queue as goroutines */
    wait_for(&ready, 300);
    CHECK(load_relaxed(&found) >= left && left > 0);
    mark_end();
}

static void births_are_shown_when_taken(void)
{
    with_procs(1, born_main);
}

/* The number of processors falls: births become goroutines without stacks, all of which are
 * shown whether they run or not. */
static void unborn_main(void *unused)
{
    (void)unused;
    spawn_plants(100);
    gr_procs(1);
    scrub();
    uint32_t left = 100 - load_acquire(&ready);
    CHECK(cycle() >= left / 2 || left < 10);
    wait_for(&ready, 100);
}

static void unborn_are_shown(void)
{
    with_procs(2, unborn_main);
}

/* ---- frozen -------------------------------------------------------------------------- */

#if defined(__x86_64__)

static atomic_u32 hog_stop;

/* The plant is in one register only, and in no memory. */
static NO_STACK_WATCH void register_hog(void *unused)
{
    (void)unused;
    __asm__ volatile("movq %[half], %%rbx\n\t"
                     "xorq %[other], %%rbx\n\t"
                     "movl $1, %[ready]\n"
                     "1:\tcmpl $0, %[stop]\n\t"
                     "je 1b\n\t"
                     "xorl %%ebx, %%ebx"
                     : [ready] "+m"(ready)
                     : [half] "m"(half), [other] "m"(other), [stop] "m"(hog_stop)
                     : "rbx", "memory", "cc");
    store_release(&ready, 2);
}

static NO_STACK_WATCH void vector_hog(void *unused)
{
    (void)unused;
    __asm__ volatile("movq %[half], %%rbx\n\t"
                     "xorq %[other], %%rbx\n\t"
                     "movq %%rbx, %%xmm11\n\t"
                     "xorl %%ebx, %%ebx\n\t"
                     "movl $1, %[ready]\n"
                     "1:\tcmpl $0, %[stop]\n\t"
                     "je 1b\n\t"
                     "pxor %%xmm11, %%xmm11"
                     : [ready] "+m"(ready)
                     : [half] "m"(half), [other] "m"(other), [stop] "m"(hog_stop)
                     : "rbx", "xmm11", "memory", "cc");
    store_release(&ready, 2);
}

static void hog_case(gr_fn hog)
{
    store_relaxed(&ready, 0);
    store_relaxed(&hog_stop, 0);
    gr_go(hog, NULL);
    wait_for(&ready, 1);
    check_found(true);
    check_found(true);
    store_relaxed(&hog_stop, 1);
    wait_for(&ready, 2);
    scrub();
    check_found(false);
}

static void hogs_main(void *unused)
{
    (void)unused;
    hog_case(register_hog);
    hog_case(vector_hog);
}

static void frozen_registers(void)
{
    if (SAN_FIBERS || getauxval(AT_BASE) == 0)
        unit_skip("nobody is frozen under a sanitizer or in a static program");
    with_procs(2, hogs_main);
}

/* ---- in a bracket -------------------------------------------------------------------- */

/* rbx holds the plant from before the bracket to behind it. */
static NO_STACK_WATCH void bracket_register(void *unused)
{
    (void)unused;
    __asm__ volatile("movq %%rsp, %%r12\n\t"
                     "subq $256, %%rsp\n\t"
                     "andq $-16, %%rsp\n\t"
                     "movq %[half], %%rbx\n\t"
                     "xorq %[other], %%rbx\n\t"
                     "call gr_block_begin\n\t"
                     "movl $1, %[ready]\n"
                     "1:\tcmpl $0, %[stop]\n\t"
                     "je 1b\n\t"
                     "call gr_block_end\n\t"
                     "movq %%r12, %%rsp\n\t"
                     "xorl %%ebx, %%ebx"
                     : [ready] "+m"(ready)
                     : [half] "m"(half), [other] "m"(other), [stop] "m"(hog_stop)
                     : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11",
                       "r12", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6",
                       "xmm7", "memory", "cc");
    store_release(&ready, 2);
}

static void bracket_main(void *unused)
{
    (void)unused;
    hog_case(bracket_register);
}

static void bracket_registers(void)
{
    with_procs(2, bracket_main);
}

#else

static void frozen_registers(void)
{
    unit_skip("it names registers of x86-64");
}

static void bracket_registers(void)
{
    unit_skip("it names registers of x86-64");
}

#endif

static NOINLINE void in_bracket(void)
{
    volatile uintptr_t here = PLANT;
    gr_block_begin();
    store_release(&ready, 1);
    while (load_acquire(&go_on) == 0)
        os_thread_yield();
    here = 0;
    gr_block_end();
    (void)here;
}

static void bracket_stack(void *unused)
{
    (void)unused;
    in_bracket();
    store_release(&ready, 2);
}

static void bracket_stack_main(void *unused)
{
    (void)unused;
    gr_go(bracket_stack, NULL);
    wait_for(&ready, 1);
    CHECK(cycle() >= 1);
    CHECK(cycle() >= 1);
    store_release(&go_on, 1);
    wait_for(&ready, 2);
    scrub();
    check_found(false);
}

static void bracket_stacks(void)
{
    with_procs(2, bracket_stack_main);
}

/* It comes out while a cycle marks, and is shown once more, for what it held may have moved
 * meanwhile. */
static void out_main(void *unused)
{
    (void)unused;
    gr_go(bracket_stack, NULL);
    wait_for(&ready, 1);
    mark_begin();
    while (sched_scan_some(100))
        gr_yield();
    uint32_t shown = load_relaxed(&ranges);
    store_release(&go_on, 1);
    wait_for(&ready, 2);
    CHECK(load_relaxed(&ranges) > shown);
    mark_end();
}

static void out_of_a_bracket(void)
{
    with_procs(2, out_main);
}

/* It began before there was anything to collect. */
static void early_main(void *unused)
{
    (void)unused;
    gr_go(bracket_stack, NULL);
    wait_for(&ready, 1);
    rec_install();
    cycle();
    CHECK(load_relaxed(&ready) == 1);
    store_release(&go_on, 1);
    wait_for(&ready, 2);
    cycle();
}

static void early_bracket(void)
{
    base_boot();
    env_knobs.procs = 2;
    CHECK_EQ(gr_main(early_main, NULL), 0);
}

/* ---- squeezed ------------------------------------------------------------------------ */

static void squeezed_main(void *unused)
{
    (void)unused;
    gate = gr_chan_make(0, 0);
    gr_go_opt(holder, (void *)2, GR_NOESCAPE); /* an image is small */
    wait_for(&ready, 1);
    while (squeeze_count() == 0)
        gr_yield();
    check_found(true);
    check_found(true);
    CHECK_EQ(squeeze_count(), 1); /* it was left as it was */
    gr_chan_send(gate, "");
    wait_for(&ready, 2);
    gr_chan_send(gate, "");
    wait_for(&ready, 3);
    check_found(false);
}

static void squeezed_images(void)
{
    if (GR_ASAN || !os_barrier_init())
        unit_skip("nothing is squeezed here");
    base_boot();
    env_knobs.squeeze = 2;
    with_procs(1, squeezed_main);
}

/* ---- controlled runs ----------------------------------------------------------------- */

static void controlled_main(void *unused)
{
    (void)unused;
    store_relaxed(&ready, 0);
    gate = gr_chan_make(0, 0);
    gr_go(holder, (void *)100);
    wait_for(&ready, 1);
    check_found(true);
    check_found(true);
    gr_chan_send(gate, "");
    wait_for(&ready, 2);
    scrub();
    check_found(false);
    gr_chan_send(gate, "");
    wait_for(&ready, 3);
    gr_chan_free(gate);
}

static void controlled_runs(void)
{
    rec_install();
    for (uint64_t seed = 1; seed <= 20; seed++)
        run_seeded(controlled_main, NULL, seed, GR_END_OK);
}

static const struct unit_case cases[] = {
    UNIT(deep_stack_p1),
    UNIT(deep_stack_p4),
    UNIT(caller_is_shown),
    UNIT(births_are_shown),
    UNIT(births_are_shown_when_taken),
    UNIT(unborn_are_shown),
    UNIT(frozen_registers),
    UNIT(bracket_registers),
    UNIT(bracket_stacks),
    UNIT(out_of_a_bracket),
    UNIT(early_bracket),
    UNIT(squeezed_images),
    UNIT(controlled_runs),
};
UNIT_MAIN(cases)
