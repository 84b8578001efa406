/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gr.h"
#include "signal/subscribe.h"

#define EACH 10
#define STARTERS 4

static gr_wg all, ended;
static gr_atomic stop;

static int run(const char *script, char *text, size_t size)
{
    char *argv[] = {"sh", "-c", (char *)script, NULL};
    gr_fd ends[2];
    int64_t n;
    size_t sum = 0;
    int status;
    need(gr_pipe(ends) == 0, "pipe");
    struct gr_process p = {.argv = argv, .out = ends[1]};
    int64_t pid = gr_process_start(&p);
    need(pid > 0 && gr_close(ends[1]) == 0, "start");
    while ((n = gr_read(ends[0], text + sum, size - 1 - sum)) > 0)
        sum += (size_t)n;
    text[sum] = '\0';
    gr_close(ends[0]);
    need(gr_process_wait(pid, &status) == 0, "wait");
    return status;
}

static void starter(void *arg)
{
    char text[256];
    (void)arg;
    for (int i = 0; i < EACH; i++) {
        unsigned long long blocked = 0, ignored = 0, caught = 0;
        need(run("sed -n 's/^Sig[BIC]..://p' /proc/self/status", text, sizeof text) == 0 &&
                 sscanf(text, "%llx %llx %llx", &blocked, &ignored, &caught) == 3,
             "status");
        need(((blocked | ignored | caught) & 0x7fffffff) == 0, text);
    }
    gr_wg_done(&all);
}

static void sender(void *arg)
{
    (void)arg;
    while (!gr_atomic_load(&stop)) {
        send(SIGUSR1);
        gr_yield();
    }
    gr_wg_done(&ended);
}

static void body(void *arg)
{
    const int sigs[] = {SIGUSR1, SIGTERM};
    char text[8];
    (void)arg;
    subscribe(1, sigs, 2);
    gr_wg_add(&all, STARTERS);
    for (int i = 0; i < STARTERS; i++)
        gr_go(starter, NULL);
    gr_wg_add(&ended, 1);
    gr_go(sender, NULL);
    gr_wg_wait(&all);
    gr_atomic_store(&stop, 1);
    gr_wg_wait(&ended);
    puts("children under signals: clean masks and handlers");
    int status = run("kill -TERM $$; sleep 10", text, sizeof text);
    need(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "died by the signal");
    status = run("exit 9", text, sizeof text);
    need(WIFEXITED(status) && WEXITSTATUS(status) == 9, "exited");
    puts("their ends: told apart");
}

int main(void)
{
    return gr_main(body, NULL);
}
