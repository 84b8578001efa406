/* SPDX-License-Identifier: BSD-3-Clause */
/* base_test.c - floor 0: printing, lists, random numbers, knobs, faults, deaths. */
#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void fmt_converts(void)
{
    char b[128];
    fmt_buf(b, sizeof b, "%d|%5d|%-5d|%05d|%u", -7, 42, 42, -42, 4000000000u);
    CHECK_STR(b, "-7|   42|42   |-0042|4000000000");
    fmt_buf(b, sizeof b, "%lx|%zu|%ld|%llu", 0xdeadbeefcafeul, (size_t)9, INT64_MIN, ~0ull);
    CHECK_STR(b, "deadbeefcafe|9|-9223372036854775808|18446744073709551615");
    fmt_buf(b, sizeof b, "%s|%4s|%-4s|%.2s|%c|%%|%p", "abc", "x", "y", "long", 'z',
            (void *)0x10);
    CHECK_STR(b, "abc|   x|y   |lo|z|%|0x10");
    const char *volatile none = NULL; /* hidden from the format check */
    fmt_buf(b, sizeof b, "%s|%*d|%.*s", none, 4, 7, 1, "qr");
    CHECK_STR(b, "(null)|   7|q");
}

static void fmt_cuts(void)
{
    char b[8];
    memset(b, '#', sizeof b);
    CHECK_EQ(fmt_buf(b, 5, "%s", "abcdefgh"), 4);
    CHECK_STR(b, "abcd");
    CHECK_EQ(b[5], '#');
    CHECK_EQ(fmt_buf(b, 1, "%d", 1), 0);
    CHECK_STR(b, "");
    CHECK_EQ(fmt_buf(b, 0, "%d", 1), 0);
}

static void fmt_writes_in_one_piece(void)
{
    int fds[2];
    char b[32] = {0};
    CHECK(pipe(fds) == 0);
    fmt_fd(fds[1], "n=%d %s\n", 3, "ok");
    CHECK_EQ(read(fds[0], b, sizeof b), 7);
    CHECK_STR(b, "n=3 ok\n");
}

struct item {
    int n;
    struct list_link link;
};

static void lists_keep_order(void)
{
    struct list_link a = LIST_INIT(a), b = LIST_INIT(b);
    struct item it[6];
    int want = 0;
    for (int i = 0; i < 6; i++) {
        it[i].n = i;
        list_push_back(i < 3 ? &a : &b, &it[i].link);
    }
    list_append_all(&a, &b);
    CHECK(list_is_empty(&b) && list_check(&a, 10));
    LIST_EACH(l, &a)
    {
        CHECK_EQ(LIST_ENTRY(l, struct item, link)->n, want++);
        if (want == 3)
            list_remove(l);
    }
    CHECK_EQ(want, 6);
    list_push_front(&a, &it[2].link);
    CHECK(list_pop_front(&a) == &it[2].link && !list_is_linked(&it[2].link));
    it[3].link.prev = &it[5].link;
    CHECK(!list_check(&a, 10));
}

static void bits_round(void)
{
    CHECK_EQ(align_up(4097, 4096), 8192);
    CHECK_EQ(align_down(4097, 4096), 4096);
    CHECK(is_pow2(1) && is_pow2(1ull << 63) && !is_pow2(0) && !is_pow2(6));
    CHECK_EQ(ctz64(8), 3);
    CHECK_EQ(log2_floor(9), 3);
}

static void rand_repeats_and_spreads(void)
{
    struct rand a, b;
    uint32_t hits[7] = {0};
    rand_seed(&a, 42);
    rand_seed(&b, 42);
    for (int i = 0; i < 70000; i++) {
        uint32_t x = rand_below(&a, 7);
        CHECK_EQ(x, rand_below(&b, 7));
        hits[x]++;
    }
    for (int i = 0; i < 7; i++)
        CHECK(hits[i] > 9500 && hits[i] < 10500);
    rand_seed(&b, 43);
    CHECK(rand_u64(&a) != rand_u64(&b));
    uint64_t x = 0;
    CHECK_EQ(splitmix64(&x), 0xe220a8397b1dcdafu);
}

static void visits_each_once(struct rand_walk w)
{
    uint64_t seen = 0;
    uint32_t first = w.at;
    for (uint32_t i = 0; i < w.n; i++) {
        uint32_t at = walk_next(&w);
        CHECK(at < w.n);
        CHECK((seen & (uint64_t)1 << at) == 0);
        seen |= (uint64_t)1 << at;
    }
    CHECK_EQ(w.at, first);
}

/* Thieves go by it: a victim that is left out keeps its work. */
static void walks_visit_each_once(void)
{
    for (uint32_t n = 1; n <= 64; n++)
        for (uint32_t at = 0; at < n; at++)
            for (uint32_t most = 1; most <= n; most++)
                visits_each_once(walk_from(n, at, most));
}

static void walks_differ(void)
{
    struct rand r;
    uint32_t steps = 0, places = 0;
    rand_seed(&r, 42);
    for (int i = 0; i < 1000; i++) {
        struct rand_walk w = rand_walk(&r, 8);
        steps |= 1u << w.step;
        places |= 1u << w.at;
    }
    CHECK_EQ(steps, 1u << 1 | 1u << 3 | 1u << 5 | 1u << 7);
    CHECK_EQ(places, 0xff);
}

static void env_parses(void)
{
    char e[256];
    CHECK(env_parse_procs("3", e, sizeof e));
    CHECK_EQ(env_knobs.procs, 3);
    CHECK(env_parse_procs(NULL, e, sizeof e) && env_parse_procs("", e, sizeof e));
    CHECK(env_parse_debug("abort=1,check=2", e, sizeof e));
    CHECK_EQ(env_knobs.abort, 1);
    CHECK(assert_is_slow_on());
    CHECK(env_parse_debug("fail=thread_start:2,fail=memory-reserve", e, sizeof e));
    CHECK(FAILURE(thread_start) && FAILURE(thread_start) && !FAILURE(thread_start));
    for (int i = 0; i < 9; i++)
        CHECK(FAILURE(memory_reserve));
    CHECK(!FAILURE(guard_madvise));
}

static void env_memory(void)
{
    char e[256];
    CHECK(env_knobs.gc_percent == 100 && env_knobs.mem_limit == INT64_MAX);
    env_parse_gc("37");
    CHECK_EQ(env_knobs.gc_percent, 37);
    env_parse_gc("much");
    env_parse_gc("-5");
    env_parse_gc("");
    env_parse_gc(NULL);
    CHECK_EQ(env_knobs.gc_percent, 37);
    env_parse_gc("off");
    CHECK_EQ(env_knobs.gc_percent, -1);
    CHECK(env_parse_memlimit(NULL, e, sizeof e) && env_parse_memlimit("off", e, sizeof e));
    CHECK(env_knobs.mem_limit == INT64_MAX);
    CHECK(env_parse_memlimit("123", e, sizeof e) && env_knobs.mem_limit == 123);
    CHECK(env_parse_memlimit("5B", e, sizeof e) && env_knobs.mem_limit == 5);
    CHECK(env_parse_memlimit("64MiB", e, sizeof e) && env_knobs.mem_limit == 64 << 20);
    CHECK(!env_parse_memlimit("-1", e, sizeof e) &&
          !env_parse_memlimit("5MB", e, sizeof e));
    CHECK(!env_parse_memlimit("9223372036854775807KiB", e, sizeof e));
    CHECK(!env_parse_memlimit("99999999999999999999", e, sizeof e));
    CHECK(!env_parse_memlimit("much", e, sizeof e) && env_knobs.mem_limit == 64 << 20);
    CHECK_STR(e,
              "malformed GR_MEMLIMIT=much: give a number of bytes, or of KiB, MiB, GiB or "
              "TiB, as in 100MiB; or off");
}

static void env_explains_mistakes(void)
{
    char e[256];
    CHECK(env_parse_generational(NULL, e, sizeof e) &&
          env_parse_generational("", e, sizeof e) && env_knobs.generational == 0);
    CHECK(env_parse_generational("1", e, sizeof e) && env_knobs.generational == 1);
    CHECK(env_parse_generational("0", e, sizeof e) && env_knobs.generational == 0);
    CHECK(!env_parse_generational("2", e, sizeof e) &&
          !env_parse_generational("yes", e, sizeof e) && env_knobs.generational == 0);
    CHECK_STR(e,
              "malformed GR_GC_GENERATIONAL=yes: give 1 for collections of young objects, "
              "or 0");
    CHECK(!env_parse_procs("zero", e, sizeof e));
    CHECK_STR(e, "GR_PROCS=zero: give a number from 1 to 1024");
    CHECK(!env_parse_procs("0", e, sizeof e) && !env_parse_procs("9x", e, sizeof e));
    CHECK(!env_parse_debug("nonsense=1,strict=1", e, sizeof e));
    CHECK_STR(e, "GR_DEBUG: unknown key nonsense; GR_DEBUG=help lists the keys");
    CHECK(!env_parse_debug("check=7", e, sizeof e));
    CHECK_STR(e, "GR_DEBUG: check=7: give a number from 0 to 2");
    CHECK(!env_parse_debug("check", e, sizeof e));
    CHECK_STR(e, "GR_DEBUG: check: no value; write key=value,...");
    CHECK(!env_parse_debug("fail=sun", e, sizeof e));
    CHECK(strstr(e, "names: barrier guard-madvise") != NULL);
    CHECK(!env_parse_debug("fail=thread_start:", e, sizeof e));
    CHECK(!env_parse_debug("fail=thread_start:1+", e, sizeof e));
    CHECK(!env_parse_debug("fail=thread_start+1:1", e, sizeof e));
    CHECK(!env_parse_debug("fail=thread_start:x", e, sizeof e));
}

/* As env.godebug.parse has it. */
static void env_ignores_unknown_keys(void)
{
    char e[256];
    CHECK(env_parse_debug("nonsense=1,abort=1,,rubbish,check=2,check=0", e, sizeof e));
    CHECK(env_knobs.abort == 1 && env_knobs.check == 0);
}

static void env_traceback_levels(void)
{
    static const struct {
        const char *text;
        int traceback, is_all, is_crash;
    } want[] = {{"none", 0, 0, 0}, {"all", 1, 1, 0}, {"single", 1, 0, 0},
                {"0", 0, 0, 0},    {"2", 2, 1, 0},   {"crash", 2, 1, 1},
                {"", 1, 0, 0},     {"1", 1, 1, 0},   {NULL, 1, 1, 0}};
    char e[256];
    CHECK(env_knobs.traceback == 1 && !env_knobs.is_traceback_all && !env_knobs.is_crash);
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        CHECK(env_parse_traceback(want[i].text, e, sizeof e));
        CHECK_EQ(env_knobs.traceback, want[i].traceback);
        CHECK_EQ(env_knobs.is_traceback_all, want[i].is_all);
        CHECK_EQ(env_knobs.is_crash, want[i].is_crash);
    }
    CHECK(!env_parse_traceback("some", e, sizeof e));
    CHECK_STR(e, "GR_TRACEBACK=some: give none, single, all, system, crash, 0, 1 or 2");
}

/* A set-user-ID program does not let its caller look into it. */
static void env_secure_mode(void)
{
    char e[256];
    setenv("GR_PROCS", "3", 1);
    setenv("GR_DEBUG", "check=7", 1);
    setenv("GR_TRACEBACK", "crash", 1);
    CHECK(!env_read(true, e, sizeof e) && env_knobs.is_crash);
    CHECK(env_read(false, e, sizeof e));
    CHECK(env_knobs.procs == 3 && env_knobs.traceback == 0 && !env_knobs.is_crash);
}

static void boot_with_bad_debug(void)
{
    setenv("GR_DEBUG", "color=1,strict=1", 1);
    base_boot();
}

static void boot_with_help(void)
{
    setenv("GR_DEBUG", "help", 1);
    base_boot();
}

static void boot_with_bad_mutant(void)
{
    setenv("GR_MUTANT", "no-such", 1);
    base_boot();
}

/* The identifiers as written in fault.def, not as shown. */
static void faults_are_sorted(void)
{
    static const char *const failures[] = {
#define FAILURE_DEF(name, help) #name,
#include "base/fault.def"
    };
    static const char *const mutants[] = {
#define MUTANT_DEF(name, clause) #name,
#include "base/fault.def"
        NULL,
    };
    for (size_t i = 1; i < ARRAY_LEN(failures); i++)
        if (strcmp(failures[i - 1], failures[i]) >= 0)
            unit_fail("base/fault.def", 0, failures[i]);
    for (size_t i = 1; i + 1 < ARRAY_LEN(mutants); i++)
        if (strcmp(mutants[i - 1], mutants[i]) >= 0)
            unit_fail("base/fault.def", 0, mutants[i]);
}

static void mutants_are_named(void)
{
    size_t n = 0;
    for (; gr_mutant_name(n) != NULL; n++) {
        CHECK(strchr(gr_mutant_name(n), '_') == NULL);
        CHECK(strchr(gr_mutant_clause(n), '.') != NULL);
        CHECK_EQ(gr_mutant_enable(gr_mutant_name(n)), GR_MUTANTS);
        CHECK_EQ(load_relaxed(&mutant_is_on[n]), GR_MUTANTS);
    }
    CHECK_EQ(n, MUTANT_COUNT);
    CHECK(gr_mutant_clause(n) == NULL && gr_mutant_name(n + 9) == NULL);
    CHECK(!gr_mutant_enable("no-such"));
}

static void dump_nothing(int fd, bool is_ours)
{
    (void)is_ours;
    fmt_fd(fd, "\ngoroutine 1 [running]:\n");
}

static void fatal_dumps(void)
{
    base_hooks.dump = dump_nothing;
    fatal(GR_FATAL_DEADLOCK);
}

static void fatal_unlock(void)
{
    fatal(GR_FATAL_UNLOCK);
}
static void fatal_no_goroutines(void)
{
    fatal(GR_FATAL_NO_GOROUTINES);
}
static void fatal_go_nil(void)
{
    fatal(GR_FATAL_GO_NIL);
}

static void dump_dies_too(int fd, bool is_ours)
{
    (void)fd, (void)is_ours;
    throw("again");
}

static void death_in_a_death_ends(void)
{
    base_hooks.dump = dump_dies_too;
    fatal(GR_FATAL_RW_UNLOCK);
}

static void escape(enum gr_fatal code, const char *text)
{
    CHECK_EQ(code, GR_FATAL_RW_RUNLOCK);
    CHECK_STR(text, "sync: RUnlock of unlocked RWMutex");
    _exit(0);
}

static void hook_takes_over(void)
{
    base_hooks.on_fatal = escape;
    fatal(GR_FATAL_RW_RUNLOCK);
}

static void throw_aborts(void)
{
    env_knobs.abort = 1;
    throw("planted");
}

static void assert_throws(void)
{
    int two = 2;
    if (!GR_DEBUG_CHECKS)
        unit_skip("a build without checks");
    ASSERT(two == 3);
}

static const struct unit_case cases[] = {
    UNIT(fmt_converts),
    UNIT(fmt_cuts),
    UNIT(fmt_writes_in_one_piece),
    UNIT(lists_keep_order),
    UNIT(bits_round),
    UNIT(rand_repeats_and_spreads),
    UNIT(walks_visit_each_once),
    UNIT(walks_differ),
    UNIT(env_parses),
    UNIT(env_explains_mistakes),
    UNIT(env_ignores_unknown_keys),
    UNIT(env_memory),
    UNIT(env_traceback_levels),
    UNIT(env_secure_mode),
    UNIT_EXITS(boot_with_bad_debug, 2, "gr: GR_DEBUG: unknown key color; "),
    UNIT_EXITS(boot_with_help, 0,
               "GR_DEBUG           key=value,...   help prints this table"),
    UNIT_EXITS(boot_with_bad_mutant, 2, "gr: GR_MUTANT=no-such: "),
    UNIT(faults_are_sorted),
    UNIT(mutants_are_named),
    UNIT_EXITS(fatal_dumps, 2,
               "fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 ["),
    UNIT_EXITS(fatal_unlock, 2, "fatal error: sync: unlock of unlocked mutex\n"),
    UNIT_EXITS(fatal_no_goroutines, 2,
               "fatal error: no goroutines (main called runtime.Goexit) - deadlock!\n"),
    UNIT_EXITS(fatal_go_nil, 2, "fatal error: go of nil func value\n"),
    UNIT_EXITS(death_in_a_death_ends, 2, "fatal error: sync: Unlock of unlocked RWMutex\n"),
    UNIT(hook_takes_over),
    UNIT_DIES(throw_aborts, SIGABRT),
    UNIT_EXITS(assert_throws, 2, "fatal error: runtime: "),
};

UNIT_MAIN(cases)
