/* SPDX-License-Identifier: BSD-3-Clause */
/* net.c - an echo server for 100 connections, a goroutine for each.
 *
 * Owns: row 38 of the table of goals (figures.toml).  The other side is go/net.go; the load
 * is echo_load.c, a process of its own, which prints the rate and has the rest to tell.
 */
#include <sys/resource.h>
#include <unistd.h>

#include "bench.h"

enum { CONNECTIONS = 100 };

#define PATIENCE_NS 10000000000LL /* for the load to start */

static _Noreturn void fail(const char *what, int64_t error)
{
    fprintf(stderr, "net: %s: %s\n", what, gr_io_text(error));
    exit(1);
}

static void serve(void *arg)
{
    gr_fd *conn = arg, fd = *conn;
    char buf[512];
    int64_t n;

    free(conn);
    while ((n = gr_read(fd, buf, sizeof buf)) > 0)
        if (gr_write(fd, buf, (size_t)n, NULL) < 0)
            break;
    gr_close(fd);
}

static void accept_all(void *arg)
{
    gr_fd listener = *(gr_fd *)arg;

    for (;;) {
        gr_fd *conn = malloc(sizeof *conn);
        *conn = gr_accept(listener);
        if (*conn < 0) {
            free(conn);
            return;
        }
        gr_go(serve, conn);
    }
}

/* CPU time of this process, all threads. */
static double cpu_us(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

/* echo_load, in the folder of this program. */
static void start_load(int port, int64_t n)
{
    char path[4096], words[3][24];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 16);

    if (len < 0)
        fail("readlink /proc/self/exe", -errno);
    path[len] = 0;
    char *name = strrchr(path, '/') + 1;
    strcpy(name, "echo_load");
    snprintf(words[0], sizeof words[0], "%d", port);
    snprintf(words[1], sizeof words[1], "%d", CONNECTIONS);
    snprintf(words[2], sizeof words[2], "%lld", (long long)n);
    char *argv[] = {path, words[0], words[1], words[2], NULL};
    int64_t pid = gr_process_start(&(struct gr_process){.argv = argv});
    if (pid < 0)
        fail(path, pid);
}

static void echo(int64_t n)
{
    gr_fd listener = gr_listen("tcp", "127.0.0.1:0");

    if (listener < 0)
        fail("listen", listener);
    start_load(gr_local_port(listener), n);
    gr_set_deadline(listener, GR_READ, gr_now_ns() + PATIENCE_NS);
    gr_fd control = gr_accept(listener);
    if (control < 0)
        fail("accept", control);
    gr_set_deadline(listener, GR_READ, 0);
    gr_go(accept_all, &listener);
    double start = 0;
    char word;
    while (gr_read(control, &word, 1) == 1) {
        if (word == 'b')
            start = cpu_us();
        else
            bench_print("echo", "cpu", (cpu_us() - start) / (double)n);
        gr_write(control, &word, 1, NULL);
    }
}

int main(int argc, char **argv)
{
    static const struct bench list[] = {
        {"echo", NULL, echo, "OPS requests of 100 connections: rate, us of CPU for each"},
        {0},
    };
    return bench_main(argc, argv, "net", list);
}
