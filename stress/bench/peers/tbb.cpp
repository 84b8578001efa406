/* SPDX-License-Identifier: BSD-3-Clause */
/* tbb.cpp - oneTBB does the fork and join of algo.c; its tasks have no stack of their own and
 * cannot block, so it is the yardstick for what forking can cost, not a rival.
 */
#include <tbb/global_control.h>
#include <tbb/task_group.h>

#include "peer.hpp"

static std::int64_t fib_of(std::int64_t n)
{
    if (n < 2)
        return n;
    std::int64_t left = 0;
    tbb::task_group joined;
    joined.run([&left, n] { left = fib_of(n - 1); });
    std::int64_t right = fib_of(n - 2);
    joined.wait();
    return left + right;
}

static std::int64_t fib_plain(std::int64_t n)
{
    return n < 2 ? n : fib_plain(n - 1) + fib_plain(n - 2);
}

static double fib(std::int64_t n)
{
    tbb::global_control procs(tbb::global_control::max_allowed_parallelism,
                              std::size_t(peer_procs()));
    fib_of(n > 5 ? n - 5 : n);
    std::int64_t start = now_ns();
    std::int64_t value = fib_of(n), took = now_ns() - start;
    if (value != fib_plain(n))
        std::abort();
    return double(took) / double(fib_plain(n + 1) - 1);
}

int main(int argc, char **argv)
{
    static const peer_bench list[] = {
        {"fib", "1 2 4 8 16", nullptr, fib},
        {nullptr, nullptr, nullptr, nullptr},
    };
    return peer_main(argc, argv, list);
}
