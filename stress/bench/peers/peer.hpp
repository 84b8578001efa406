/* SPDX-License-Identifier: BSD-3-Clause */
/* peer.hpp - the frame of a peer, another library that does some of the benchmarks' work:
 * `peer NAME OPS` prints a line NAME VALUE, as the themes do (bench.h).
 *
 * `peer --list` prints each name with the numbers of processors that it can be asked for; the
 * number is the environment's, PEER_PROCS.
 */
#ifndef PEER_HPP
#define PEER_HPP

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

struct peer_bench {
    const char *name, *procs;
    void (*work)(std::int64_t n);     /* timed by the frame */
    double (*figure)(std::int64_t n); /* or by itself */
};

static inline std::int64_t now_ns()
{
    using namespace std::chrono;
    return duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
}

static inline int peer_procs()
{
    const char *text = std::getenv("PEER_PROCS");
    int n = text ? std::atoi(text) : 1;
    return n > 0 ? n : 1;
}

static inline double peer_figure(const peer_bench *b, std::int64_t n)
{
    if (b->figure)
        return b->figure(n);
    b->work(n / 10 + 1);
    std::int64_t start = now_ns();
    b->work(n);
    return double(now_ns() - start) / double(n);
}

static inline int peer_main(int argc, char **argv, const peer_bench *list)
{
    if (argc == 2 && std::strcmp(argv[1], "--list") == 0) {
        for (const peer_bench *b = list; b->name; b++)
            std::printf("%s %s\n", b->name, b->procs);
        return 0;
    }
    for (const peer_bench *b = list; argc == 3 && b->name; b++) {
        std::int64_t n = std::atoll(argv[2]);
        if (std::strcmp(b->name, argv[1]) != 0 || n < 1)
            continue;
        std::printf("%s %.6g\n", b->name, peer_figure(b, n));
        return 0;
    }
    std::fprintf(stderr, "usage: %s NAME OPS | --list; OPS above 0\n", argv[0]);
    return 2;
}

#endif
