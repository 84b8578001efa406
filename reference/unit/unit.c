/* SPDX-License-Identifier: BSD-3-Clause */
/* unit.c - the runner behind unit.h.
 *
 * Owns: forking one child per case, its output, the verdict, the summary line.
 * Not here: which cases there are (each NAME_test.c), running many programs (pytest).
 *
 * Idea: the parent has one thread and does nothing but fork, read and wait, so that every
 * case starts from the same clean process, and sanitizers accept threads in the child.
 *
 *   I1  A child's output is read to its end before it is waited for: a full pipe must not
 *       stop it.
 *   I2  Children leave by exit, so that LeakSanitizer looks at each case.
 */
#define _GNU_SOURCE
#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SKIP_STATUS 77
#define OUTPUT_MAX (64u << 10)

enum verdict { PASSED, FAILED, SKIPPED };

struct child {
    int status; /* as waitpid gives it */
    size_t size;
    char output[OUTPUT_MAX + 1];
};

#if GR_TSAN || GR_RACECHECK
/* No second of sleep before the end of each process that has threads: what others did up to
 * then has been looked at. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "atexit_sleep_ms=0";
}
#endif

#if GR_RACECHECK
/* Units are not instrumented either: what they order by atomics the detector does not see,
 * and pointer stores are told to it all the same. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "race:reference/src/gc/barrier.c\n";
}
#endif

void unit_fail(const char *file, int line, const char *what)
{
    fmt_fd(2, "%s:%d: check failed: %s\n", file, line, what);
    _exit(1);
}

void unit_check_eq(const char *file, int line, const char *what, int64_t a, int64_t b)
{
    if (a == b)
        return;
    fmt_fd(2, "%s:%d: check failed: %s: %ld, not %ld\n", file, line, what, a, b);
    _exit(1);
}

void unit_check_str(const char *file, int line, const char *got, const char *want)
{
    if (strcmp(got, want) == 0)
        return;
    fmt_fd(2, "%s:%d: check failed: got  |%s|\nwant |%s|\n", file, line, got, want);
    _exit(1);
}

void unit_skip(const char *why)
{
    fmt_fd(2, "%s\n", why);
    _exit(SKIP_STATUS);
}

uint64_t unit_seed(void)
{
    const char *text = getenv("UNIT_SEED");
    return text != NULL ? strtoull(text, NULL, 0) : 1;
}

bool unit_is_slow(void)
{
    return GR_ASAN || GR_TSAN || GR_RACECHECK || getenv("UNIT_SLOW") != NULL;
}

/* The parent's alarm: a child may have its own ideas about signals. */
static volatile sig_atomic_t child_pid;

static void kill_child(int unused)
{
    (void)unused;
    if (child_pid > 0)
        kill(child_pid, SIGKILL);
}

static NORETURN void child_main(const struct unit_case *c, int out)
{
    dup2(out, 1);
    dup2(out, 2);
    close(out);
    /* what whoever started us ignores, as shells do in the background, cases do not */
    signal(SIGHUP, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGQUIT, SIG_DFL);
    c->fn();
    fflush(NULL);
    exit(0);
}

static void child_read(struct child *ch, int fd)
{
    char waste[4096];
    ch->size = 0;
    for (;;) {
        bool is_full = ch->size == OUTPUT_MAX;
        ssize_t n = is_full ? read(fd, waste, sizeof waste)
                            : read(fd, ch->output + ch->size, OUTPUT_MAX - ch->size);
        if (n <= 0)
            break;
        ch->size += is_full ? 0 : (size_t)n;
    }
    ch->output[ch->size] = '\0';
}

static void child_run(const struct unit_case *c, struct child *ch)
{
    int fds[2];
    if (pipe(fds) != 0)
        die("unit: no pipe for case %s", c->name);
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        die("unit: no process for case %s", c->name);
    if (pid == 0) {
        close(fds[0]);
        child_main(c, fds[1]);
    }
    close(fds[1]);
    child_pid = pid;
    alarm(UNIT_ALARM_S);
    child_read(ch, fds[0]);
    close(fds[0]);
    waitpid(pid, &ch->status, 0);
    alarm(0);
}

/* A sanitizer reports the signal and exits instead of letting it kill. */
static bool died_as_reported(const struct child *ch)
{
    return unit_is_slow() && WIFEXITED(ch->status) && WEXITSTATUS(ch->status) != 0 &&
           strstr(ch->output, "Sanitizer") != NULL;
}

static enum verdict judge(const struct unit_case *c, const struct child *ch)
{
    bool has_exited = WIFEXITED(ch->status);
    int status = has_exited ? WEXITSTATUS(ch->status) : -1;
    if (status == SKIP_STATUS)
        return SKIPPED;
    if (c->text != NULL && strncmp(ch->output, c->text, strlen(c->text)) != 0)
        return FAILED;
    if (c->signal == 0)
        return status == c->status ? PASSED : FAILED;
    if (WIFSIGNALED(ch->status) && WTERMSIG(ch->status) == c->signal)
        return PASSED;
    return died_as_reported(ch) ? PASSED : FAILED;
}

static void explain(const char *program, const struct unit_case *c, const struct child *ch)
{
    int sig = WIFSIGNALED(ch->status) ? WTERMSIG(ch->status) : 0;
    if (c->text != NULL)
        printf("# wanted output that begins: %s\n", c->text);
    if (c->signal != 0)
        printf("# wanted signal %d\n", c->signal);
    else
        printf("# wanted exit status %d\n", c->status);
    if (sig != 0)
        printf("# got signal %d%s\n", sig, sig == SIGKILL ? " (it hung)" : "");
    else
        printf("# got exit status %d\n", WEXITSTATUS(ch->status));
    for (const char *p = ch->output; *p != '\0';) {
        int n = (int)strcspn(p, "\n");
        printf("# | %.*s\n", n, p);
        p += n + (p[n] == '\n');
    }
    printf("# again: UNIT_SEED=%llu %s %s\n", (unsigned long long)unit_seed(), program,
           c->name);
}

static const struct unit_case *find(const struct unit_case *cases, size_t count,
                                    const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(cases[i].name, name) == 0)
            return &cases[i];
    fmt_fd(2, "unit: no case %s; --list names them\n", name);
    exit(2);
}

static enum verdict run(const char *program, const struct unit_case *c, size_t number)
{
    static struct child ch;
    child_run(c, &ch);
    enum verdict v = judge(c, &ch);
    printf("%s %zu - %s", v == FAILED ? "not ok" : "ok", number, c->name);
    if (v == SKIPPED)
        printf(" # SKIP %.*s", (int)strcspn(ch.output, "\n"), ch.output);
    printf("\n");
    if (v == FAILED)
        explain(program, c, &ch);
    fflush(stdout);
    return v;
}

int unit_main(int argc, char **argv, const struct unit_case *cases, size_t count)
{
    size_t tally[3] = {0, 0, 0};
    bool is_some = argc > 1;
    struct sigaction on_alarm = {.sa_handler = kill_child, .sa_flags = SA_RESTART};
    if (is_some && strcmp(argv[1], "--list") == 0) {
        for (size_t i = 0; i < count; i++)
            printf("%s\n", cases[i].name);
        return 0;
    }
    for (int i = 1; i < argc; i++)
        find(cases, count, argv[i]);
    sigaction(SIGALRM, &on_alarm, NULL);
    size_t n = is_some ? (size_t)argc - 1 : count;
    printf("1..%zu\n", n);
    for (size_t i = 0; i < n; i++) {
        const struct unit_case *c = is_some ? find(cases, count, argv[i + 1]) : &cases[i];
        tally[run(argv[0], c, i + 1)]++;
    }
    printf("%zu passed, %zu failed, %zu skipped\n", tally[PASSED], tally[FAILED],
           tally[SKIPPED]);
    return tally[FAILED] > 0;
}
