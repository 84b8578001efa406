/* SPDX-License-Identifier: BSD-3-Clause */
/* soak.c - claim: under a mixed load nothing is lost and nothing is left behind.
 *
 * All kinds of load at the same time: trees of goroutines that end in every way, messages
 * on several channels, timers that fire or are stopped, a mutex held across yields, calls
 * that block their thread or are tied to it, connections to an echo server, and the number
 * of processors changing meanwhile.  Each kind keeps accounts; at the end of a round all
 * must balance and no goroutine may be left.
 *
 * About once a second, and at the end, a line `soak: {...}` on stderr has the sums so far
 * and the memory that is there between two rounds; `gauntlet soak` reads them.
 *
 * Every round does the same amount of work, so that memory that grows is a leak.
 */
#include <time.h>

#include "stress.h"

enum {
    NODES = 1500,
    CHANNELS = 4,
    TALKERS = 6,
    MESSAGES = 300,
    TIMERS = 400,
    FIGHTERS = 8,
    TURNS = 100,
    BLOCKERS = 12,
    FLIPS = 10,
    CONNECTIONS = 4,
    ECHOES = 25,
    ECHO_MOST = 3000, /* bytes */
};

/* What a kind of load counts, in this round and in all. */
enum kind { SPAWNED, SENT, FIRED, STOPPED, LOCKED, BLOCKED, FLIPPED, ECHOED, KINDS };

static const char *const kind_name[KINDS] = {"spawned", "messages", "fired",   "stopped",
                                             "locked",  "blocked",  "flipped", "echoed"};

static struct round {
    gr_wg all;
    gr_atomic count[KINDS];
    uint64_t seed;
    int procs;
} now;

static uint64_t total[KINDS], rounds;
static int64_t started_ns, told_ns;

static struct stress_random own_random(int number)
{
    struct stress_random r = {now.seed + (uint64_t)number};
    stress_next(&r);
    return r;
}

static void add(enum kind kind, int64_t n)
{
    gr_atomic_add(&now.count[kind], n);
}

static void expect(enum kind kind, int64_t n)
{
    int64_t is = gr_atomic_load(&now.count[kind]);

    if (is != n)
        stress_fail("%s: %lld of %lld", kind_name[kind], (long long)is, (long long)n);
}

/* ---- trees of goroutines ---- */

static struct node {
    int number;
    gr_atomic runs;
} node[NODES];

static void tree_end(void *arg)
{
    (void)arg;
    gr_value v = gr_recover();
    if (v.kind != GR_NIL && v.kind != GR_INT)
        stress_fail("recovered a value of kind %d", (int)v.kind);
    add(SPAWNED, 1);
    gr_wg_done(&now.all);
}

/* Uses some stack. */
static GR_NOINLINE int dig(int depth)
{
    volatile char frame[500];

    frame[0] = (char)depth;
    return depth == 0 ? frame[0] : dig(depth - 1) + frame[0];
}

static void tree(void *arg)
{
    struct node *n = arg;
    GR_FUNC;
    struct stress_random r = own_random(n->number);

    GR_DEFER(tree_end, NULL);
    gr_atomic_add(&n->runs, 1);
    for (int child = 3 * n->number + 1; child <= 3 * n->number + 3 && child < NODES;
         child++)
        gr_go(tree, &node[child]);
    switch (stress_below(&r, 5)) {
    case 0:
        gr_goexit();
    case 1:
        gr_panic(gr_int(n->number));
    case 2:
        gr_yield();
        break;
    case 3:
        dig((int)stress_below(&r, 80));
        break;
    default:
        break;
    }
}

/* ---- messages ---- */

static gr_chan *channel[CHANNELS];
static gr_wg talkers;
static gr_atomic sum_sent, sum_received, received;

static void talk(void *arg)
{
    struct stress_random r = own_random((int)(intptr_t)arg);

    for (int i = 0; i < MESSAGES; i++) {
        int64_t v = (int64_t)stress_below(&r, 1000);
        gr_chan *a = channel[stress_below(&r, CHANNELS)];
        struct gr_case cases[2] = {
            {.dir = GR_SEND, .ch = a, .elem = &v},
            {.dir = GR_SEND, .ch = channel[stress_below(&r, CHANNELS)], .elem = &v}};
        if (stress_below(&r, 2))
            gr_chan_send(a, &v);
        else
            gr_select(cases, 2, false);
        gr_atomic_add(&sum_sent, v);
        add(SENT, 1);
    }
    gr_wg_done(&talkers);
}

static void listen(void *arg)
{
    gr_chan *c[CHANNELS];
    int open = CHANNELS;
    int64_t v[CHANNELS];

    (void)arg;
    memcpy(c, channel, sizeof c);
    while (open > 0) {
        struct gr_case cases[CHANNELS];
        for (int i = 0; i < CHANNELS; i++)
            cases[i] = (struct gr_case){.dir = GR_RECV, .ch = c[i], .elem = &v[i]};
        int i = gr_select(cases, CHANNELS, false);
        if (cases[i].ok) {
            gr_atomic_add(&sum_received, v[i]);
            gr_atomic_add(&received, 1);
        } else {
            c[i] = NULL;
            open--;
        }
    }
    gr_wg_done(&now.all);
}

static void channels(void *arg)
{
    static const int cap[CHANNELS] = {0, 0, 1, 64};

    (void)arg;
    for (int i = 0; i < CHANNELS; i++)
        channel[i] = gr_chan_make(sizeof(int64_t), cap[i]);
    gr_wg_add(&talkers, TALKERS);
    gr_wg_add(&now.all, TALKERS);
    for (int i = 0; i < TALKERS; i++) {
        gr_go(talk, (void *)(intptr_t)(NODES + i));
        gr_go(listen, NULL);
    }
    gr_wg_wait(&talkers);
    for (int i = 0; i < CHANNELS; i++)
        gr_chan_close(channel[i]);
    gr_wg_done(&now.all);
}

/* ---- timers ---- */

static void fire(void *arg)
{
    (void)arg;
    add(FIRED, 1);
    gr_wg_done(&now.all);
}

static void stop(gr_timer *t)
{
    if (gr_timer_stop(t)) {
        add(STOPPED, 1);
        gr_wg_done(&now.all);
    }
}

static void timers(void *arg)
{
    struct stress_random r = own_random(NODES + TALKERS);
    gr_timer *t[TIMERS];

    (void)arg;
    gr_wg_add(&now.all, TIMERS);
    for (int i = 0; i < TIMERS; i++)
        t[i] = gr_timer_func((int64_t)stress_below(&r, 3000000), fire, NULL);
    for (int i = 0; i < TIMERS; i++) {
        if (stress_below(&r, 50) == 0)
            gr_sleep_ns((int64_t)stress_below(&r, 300000));
        if (stress_below(&r, 2))
            stop(t[i]);
    }
    int64_t until = gr_now_ns() + 3000000;
    gr_sleep_ns(3000000);
    if (gr_now_ns() < until)
        stress_fail("a sleep ended early");
    for (int i = 0; i < TIMERS; i++) {
        stop(t[i]); /* nothing, unless it is late */
        gr_timer_free(t[i]);
    }
    gr_wg_done(&now.all);
}

/* ---- a mutex ---- */

static gr_mutex mutex;
static int64_t guarded;

static void fight(void *arg)
{
    struct stress_random r = own_random((int)(intptr_t)arg);

    for (int i = 0; i < TURNS; i++) {
        gr_mutex_lock(&mutex);
        int64_t was = guarded;
        if (stress_below(&r, 4) == 0)
            gr_yield();
        guarded = was + 1;
        gr_mutex_unlock(&mutex);
        add(LOCKED, 1);
    }
    gr_wg_done(&now.all);
}

/* ---- calls that block, processors that change ---- */

static void block(void *arg)
{
    struct stress_random r = own_random((int)(intptr_t)arg);
    bool is_tied = stress_below(&r, 3) == 0;

    if (is_tied)
        gr_thread_lock();
    for (int i = 0; i < 3; i++) {
        struct timespec d = {.tv_nsec = (long)stress_below(&r, 1000000)};
        gr_block_begin();
        nanosleep(&d, NULL);
        gr_block_end();
        add(BLOCKED, 1);
    }
    if (is_tied && stress_below(&r, 2)) /* else its thread ends with it */
        gr_thread_unlock();
    gr_wg_done(&now.all);
}

static void flip(void *arg)
{
    struct stress_random r = own_random(-1);

    (void)arg;
    for (int i = 0; i < FLIPS; i++) {
        gr_procs(1 + (int)stress_below(&r, 8));
        gr_sleep_ns((int64_t)stress_below(&r, 500000));
        add(FLIPPED, 1);
    }
    gr_procs(now.procs);
    gr_wg_done(&now.all);
}

/* ---- an echo server ---- */

static void must(const char *what, int64_t result)
{
    if (result < 0)
        stress_fail("%s: %s", what, gr_io_text(result));
}

static void serve(void *arg)
{
    gr_fd fd = (gr_fd)(intptr_t)arg;
    char buf[ECHO_MOST];
    int64_t n;

    while ((n = gr_read(fd, buf, sizeof buf)) > 0)
        must("write", gr_write(fd, buf, (size_t)n, NULL));
    must("read", n);
    must("close", gr_close(fd));
    gr_wg_done(&now.all);
}

static void expect_echo(gr_fd fd, const char *sent, size_t size)
{
    char got[ECHO_MOST];

    for (size_t at = 0; at < size;) {
        int64_t n = gr_read(fd, got + at, size - at);
        must("read", n);
        if (n == 0)
            stress_fail("the end after %zu bytes of %zu", at, size);
        at += (size_t)n;
    }
    if (memcmp(sent, got, size) != 0)
        stress_fail("the echo of %zu bytes differs", size);
}

static int port;

static void dial(void *arg)
{
    struct stress_random r = own_random((int)(intptr_t)arg);
    char address[32], sent[ECHO_MOST], end;

    snprintf(address, sizeof address, "127.0.0.1:%d", port);
    gr_fd fd = gr_dial("tcp", address, 0);
    must("dial", fd);
    for (int i = 0; i < ECHOES; i++) {
        size_t size = 1 + stress_below(&r, ECHO_MOST);
        memset(sent, (int)stress_below(&r, 256), size);
        must("write", gr_write(fd, sent, size, NULL));
        expect_echo(fd, sent, size);
        add(ECHOED, 1);
    }
    must("shutdown", gr_shutdown(fd, GR_WRITE));
    if (gr_read(fd, &end, 1) != 0)
        stress_fail("no end after the other side was told ours");
    must("close", gr_close(fd));
    gr_wg_done(&now.all);
}

static void echo(void *arg)
{
    (void)arg;
    gr_fd listener = gr_listen("tcp", "127.0.0.1:0");
    must("listen", listener);
    port = gr_local_port(listener);
    gr_wg_add(&now.all, 2 * CONNECTIONS);
    for (int i = 0; i < CONNECTIONS; i++)
        gr_go(dial, (void *)(intptr_t)(4 * NODES + i));
    for (int i = 0; i < CONNECTIONS; i++) {
        gr_fd fd = gr_accept(listener);
        must("accept", fd);
        gr_go(serve, (void *)(intptr_t)fd);
    }
    must("close", gr_close(listener));
    gr_wg_done(&now.all);
}

/* ---- accounts ---- */

static long resident_kb(void)
{
    long all = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");

    if (!f || fscanf(f, "%ld %ld", &all, &resident) != 2)
        stress_fail("cannot read /proc/self/statm");
    fclose(f);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void tell(void)
{
    char line[500];
    int64_t now_ns = gr_now_ns();
    int n = snprintf(line, sizeof line, "soak: {\"seconds\": %.1f, \"rounds\": %llu",
                     (double)(now_ns - started_ns) / 1e9, (unsigned long long)rounds);

    for (int i = 0; i < KINDS; i++)
        n += snprintf(line + n, sizeof line - (size_t)n, ", \"%s\": %llu", kind_name[i],
                      (unsigned long long)total[i]);
    fprintf(stderr, "%s, \"resident_kb\": %ld}\n", line, resident_kb());
    told_ns = now_ns;
}

static void balance(void)
{
    for (int i = 0; i < NODES; i++)
        if (gr_atomic_load(&node[i].runs) != 1)
            stress_fail("goroutine %d ran %lld times", i,
                        (long long)gr_atomic_load(&node[i].runs));
    expect(SPAWNED, NODES);
    expect(SENT, TALKERS * MESSAGES);
    if (gr_atomic_load(&received) != TALKERS * MESSAGES ||
        gr_atomic_load(&sum_sent) != gr_atomic_load(&sum_received))
        stress_fail("%lld messages received of %d", (long long)gr_atomic_load(&received),
                    TALKERS * MESSAGES);
    expect(FIRED, TIMERS - gr_atomic_load(&now.count[STOPPED]));
    expect(LOCKED, FIGHTERS * TURNS);
    if (guarded != FIGHTERS * TURNS)
        stress_fail("%lld turns under the mutex of %d", (long long)guarded,
                    FIGHTERS * TURNS);
    expect(BLOCKED, 3 * BLOCKERS);
    expect(FLIPPED, FLIPS);
    expect(ECHOED, CONNECTIONS * ECHOES);
    /* Who has told its end may still be on its way out: waits for that, not for a time. */
    for (int i = 0; gr_num_goroutines() > 1; i++) {
        if (i == 10000)
            stress_fail("%zu goroutines are left", gr_num_goroutines() - 1);
        gr_sleep_ns(100000);
    }
}

static uint64_t one_round(uint64_t seed)
{
    uint64_t ops = 0;

    if (started_ns == 0)
        started_ns = told_ns = gr_now_ns();
    memset(&now, 0, sizeof now);
    now.seed = seed;
    now.procs = gr_procs(0);
    guarded = 0;
    gr_atomic_store(&sum_sent, 0);
    gr_atomic_store(&sum_received, 0);
    gr_atomic_store(&received, 0);
    for (int i = 0; i < NODES; i++)
        node[i] = (struct node){.number = i};
    gr_wg_add(&now.all, NODES + 4 + FIGHTERS + BLOCKERS);
    gr_go(tree, &node[0]);
    gr_go(channels, NULL);
    gr_go(timers, NULL);
    gr_go(flip, NULL);
    gr_go(echo, NULL);
    for (int i = 0; i < FIGHTERS; i++)
        gr_go(fight, (void *)(intptr_t)(2 * NODES + i));
    for (int i = 0; i < BLOCKERS; i++)
        gr_go(block, (void *)(intptr_t)(3 * NODES + i));
    gr_wg_wait(&now.all);
    balance();
    for (int i = 0; i < CHANNELS; i++)
        gr_chan_free(channel[i]);
    for (int i = 0; i < KINDS; i++) {
        uint64_t n = (uint64_t)gr_atomic_load(&now.count[i]);
        total[i] += n;
        ops += n;
    }
    rounds++;
    if (gr_now_ns() - told_ns >= 1000000000)
        tell();
    return ops;
}

int main(int argc, char **argv)
{
    stress_finish = tell;
    return stress_main(argc, argv, "soak",
                       "under a mixed load nothing is lost and nothing is left behind",
                       one_round);
}
