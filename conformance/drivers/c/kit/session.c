/* SPDX-License-Identifier: BSD-3-Clause */
/* session.c - the conversation with the harness.
 *
 * Owns: hello, run, bye (protocol.md sections 1 and 2).  Not here: plans (plan.c), modes
 * (run.c).
 *
 * Idea: the session itself never boots the runtime.  Each run in mode free or control
 * happens in a forked child that has a runtime of its own: runs cannot disturb each
 * other, the leftovers of a run go with its process, and a runtime that can be booted
 * once per process, or that cannot go from free to controlled, needs no care.  A run in
 * mode one happens in the session's own process, which ends with it.
 *
 *   I1  A child that dies takes the session along, in the same way: same signal or same
 *       exit status.
 *   I2  stdout is flushed before each fork and by the child before it ends.
 *   I3  When nobody reads stdout any more the child is ended: no run outlives its harness.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "run.h"
#include "session.h"
#include "wire.h"

enum { STATUS_VERSION = 3, STATUS_SETUP = 2, TAPE_MAX = 1 << 19 };

static bool set_tape(struct request *q, const char *hex)
{
    size_t len = strlen(hex);
    if (strcmp(hex, "-") == 0)
        len = 0;
    if (len % 2 != 0 || len / 2 > TAPE_MAX || strspn(hex, "0123456789abcdefABCDEF") < len)
        return false;
    uint8_t *tape = malloc(len / 2 + 1);
    if (tape == NULL)
        return false;
    for (size_t i = 0; i < len / 2; i++) {
        char two[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        tape[i] = (uint8_t)strtoul(two, NULL, 16);
    }
    free((void *)q->how.tape);
    q->how.tape = tape;
    q->how.tape_len = len / 2;
    return true;
}

/* Index of a word in a list of words, or false. */
static bool choice(const char *s, const char *const *list, int *at)
{
    for (*at = 0; list[*at] != NULL; ++*at)
        if (strcmp(s, list[*at]) == 0)
            return true;
    return false;
}

/* One key=value of a run line; false when the value is not understood. */
static bool set_key(struct request *q, const char *key, const char *value)
{
    static const char *const modes[] = {"free", "one", "control", NULL};
    static const char *const strategies[] = {"zero", "random", "pct", "robin", NULL};
    static const char *const waiters[] = {"fifo", "any", NULL};
    static const char *const clocks[] = {"still", "any", NULL};
    int64_t v = -1;
    int at = 0;
    bool is_number = word_number(value, &v) && v >= 0;
    if (strcmp(key, "iters") == 0)
        return is_number && (q->iters = v, true);
    if (strcmp(key, "seed") == 0)
        return is_number && (q->how.seed = (uint64_t)v, true);
    if (strcmp(key, "join") == 0)
        return is_number && v <= 1 && (q->join = v == 1, true);
    if (strcmp(key, "noise") == 0)
        return is_number && v <= 2 && (q->noise = (int)v, true);
    if (strcmp(key, "procs") == 0)
        return is_number && v <= 4096 && (q->procs = v, true);
    if (strcmp(key, "unit_us") == 0)
        return is_number && v >= 1 && v <= 1000000000 && (q->unit_us = v, true);
    if (strcmp(key, "depth") == 0)
        return is_number && v <= 1000 && (q->how.depth = (int)v, true);
    if (strcmp(key, "mode") == 0)
        return choice(value, modes, &at) && (q->mode = (enum mode)at, true);
    if (strcmp(key, "strat") == 0)
        return choice(value, strategies, &at) &&
               (q->how.strategy = (enum gl_strategy)at, true);
    if (strcmp(key, "waiters") == 0)
        return choice(value, waiters, &at) && (q->how.any_waiter = at == 1, true);
    if (strcmp(key, "clock") == 0)
        return choice(value, clocks, &at) && (q->how.any_time = at == 1, true);
    if (strcmp(key, "tape") == 0)
        return set_tape(q, value);
    return true;
}

/* The run line; why[] is filled when it asks for what this driver cannot do. */
static void read_request(struct request *q, char *line, char *why, size_t why_size)
{
    char *rest = NULL;
    *q = (struct request){.iters = 1, .unit_us = 1000, .join = true, .id = "0"};
    q->how.strategy = GL_RANDOM;
    strtok_r(line, " \r", &rest);
    char *word = strtok_r(NULL, " \r", &rest);
    if (word == NULL || strlen(word) >= sizeof q->id) {
        snprintf(why, why_size, "run without an identifier of at most %d bytes",
                 PLAN_WORD - 1);
        return;
    }
    strcpy(q->id, word);
    while ((word = strtok_r(NULL, " \r", &rest)) != NULL) {
        char *equals = strchr(word, '=');
        if (equals == NULL)
            continue;
        *equals = '\0';
        if (!set_key(q, word, equals + 1) && why[0] == '\0')
            snprintf(why, why_size, "%.20s=%.40s: not a value of this key", word,
                     equals + 1);
    }
    if (why[0] != '\0')
        return;
    if (q->mode == MODE_ONE && !has_word(gl_ops.caps, "one"))
        snprintf(why, why_size, "mode=one: this driver has no capability one");
    if (q->mode == MODE_CONTROL && !has_word(gl_ops.caps, "control"))
        snprintf(why, why_size, "mode=control: this driver has no capability control");
}

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* The work of a child: runs, answers. */
static void answer(const struct request *q, const struct plan *p)
{
    struct report *r = malloc(sizeof *r);
    const char *why = "out of memory";
    int64_t start = now_us();
    bool good = false;
    if (r != NULL) {
        report_init(r, p);
        good = q->mode == MODE_CONTROL ? run_control(q, r, &why) : run_free(q, r, &why);
    }
    if (good) {
        report_print(r, q->id, stdout);
        printf("done %s %lld us=%lld\n", q->id, (long long)q->iters,
               (long long)(now_us() - start));
    } else {
        printf("err %s %s\n", q->id, why);
    }
    fflush(stdout);
    if (r != NULL)
        report_fini(r);
    free(r);
}

/* Ends this process as the child ended (I1).  No second core file. */
static _Noreturn void end_like(int status)
{
    if (!WIFSIGNALED(status))
        _exit(WEXITSTATUS(status));
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    signal(WTERMSIG(status), SIG_DFL);
    raise(WTERMSIG(status));
    _exit(128 + WTERMSIG(status));
}

/* Waits until the child has ended, and ends it when nobody reads our answers any more. */
static void await_child(pid_t pid)
{
    struct pollfd fd[2] = {{.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN},
                           {.fd = STDOUT_FILENO}};
    if (fd[0].fd < 0)
        return;
    while (fd[0].revents == 0 && (fd[1].revents & POLLERR) == 0)
        if (poll(fd, 2, -1) < 0 && errno != EINTR)
            break;
    if (fd[0].revents == 0)
        kill(pid, SIGKILL);
    close(fd[0].fd);
}

static void run_in_child(const struct request *q, const struct plan *p)
{
    static int *finished; /* shared with the child */
    int status = 0;
    if (finished == NULL) {
        void *page = mmap(NULL, sizeof *finished, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        finished = page == MAP_FAILED ? NULL : page;
    }
    fflush(stdout);
    pid_t pid = finished == NULL ? -1 : (*finished = 0, fork());
    if (pid < 0) {
        printf("err %s cannot start a process: %s\n", q->id, strerror(errno));
        fflush(stdout);
        return;
    }
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        answer(q, p);
        *finished = 1;
        exit(0);
    }
    await_child(pid);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (!*finished)
        end_like(status);
}

/* Reads the plan up to `end`; false at the end of the input. */
static bool read_plan(struct wire *w, struct plan *p)
{
    char *line;
    for (;;) {
        long len = wire_line(w, &line);
        if (len == WIRE_END)
            return false;
        if (len == WIRE_TOO_LONG)
            plan_error(p, p->nlines + 1, "too long");
        else if (strcmp(line, "end") == 0 || strcmp(line, "end\r") == 0)
            return true;
        else
            plan_line(p, line, (size_t)len);
    }
}

/* False: the input ended within the command, or the process has done its one run. */
static bool command_run(struct wire *w, char *line)
{
    struct request q;
    char why[128] = "";
    read_request(&q, line, why, sizeof why);
    struct plan *p = plan_new();
    if (p == NULL) {
        fputs("driver: out of memory\n", stderr);
        exit(STATUS_SETUP);
    }
    bool whole = read_plan(w, p), good = whole && plan_finish(p);
    if (whole && p->skip[0] != '\0')
        printf("skip %s %s\n", q.id, p->skip);
    else if (whole && (why[0] != '\0' || !good))
        printf("err %s %s\n", q.id, why[0] != '\0' ? why : p->error);
    fflush(stdout);
    good = good && why[0] == '\0';
    if (good && q.mode == MODE_ONE)
        exit(run_one(&q, p) ? 0 : STATUS_SETUP);
    if (good)
        run_in_child(&q, p);
    plan_free(p);
    free((void *)q.how.tape);
    return whole;
}

static void command_hello(const char *line)
{
    struct words w;
    bool whole = split(line, strlen(line), &w);
    word_next(&w);
    if (!whole || strcmp(word_next(&w), "gl/1") != 0) {
        puts("err version gl/1");
        fflush(stdout);
        exit(STATUS_VERSION);
    }
    printf("hi gl/1 name=%s version=%s ops=1 procs=%ld\n", gl_ops.name, gl_ops.version,
           sysconf(_SC_NPROCESSORS_ONLN));
    printf("cap %s %s\n", gl_ops.caps, gl_ops.more_caps != NULL ? gl_ops.more_caps() : "");
    printf("limit goroutines=%lld\nok\n", (long long)gl_ops.max_goroutines);
    fflush(stdout);
}

static bool starts_with(const char *line, const char *word)
{
    size_t n = strlen(word);
    return strncmp(line, word, n) == 0 && strchr(" \r", line[n]) != NULL;
}

void session(int fd)
{
    struct wire w;
    char *line;
    long len;
    bool more = true;
    wire_init(&w, fd);
    while (more && (len = wire_line(&w, &line)) != WIRE_END) {
        if (len == WIRE_TOO_LONG)
            puts("err 0 a command that is too long");
        else if (starts_with(line, "hello"))
            command_hello(line);
        else if (starts_with(line, "run"))
            more = command_run(&w, line);
        else if (starts_with(line, "bye"))
            more = false;
        else if (line[0] != '#' && line[strspn(line, " \r")] != '\0')
            printf("err 0 `%.40s`: expected hello, run or bye\n", line);
        fflush(stdout);
    }
    wire_fini(&w);
}
