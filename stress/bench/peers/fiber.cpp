/* SPDX-License-Identifier: BSD-3-Clause */
/* fiber.cpp - Boost.Fiber does some of the benchmarks' work, on one thread with its default
 * scheduler: sched.c and chan.c, loop by loop.
 */
#include <boost/fiber/all.hpp>

#include "peer.hpp"

namespace fibers = boost::fibers;
typedef fibers::unbuffered_channel<std::int64_t> rendezvous;
typedef fibers::buffered_channel<std::int64_t> buffer;

static void yields(std::int64_t n)
{
    for (std::int64_t i = 0; i < n; i++)
        boost::this_fiber::yield();
}

static void yield_2(std::int64_t n)
{
    fibers::fiber a(yields, n / 2 + 1), b(yields, n / 2 + 1);
    a.join();
    b.join();
}

static void spawn_join(std::int64_t n)
{
    for (std::int64_t i = 0; i < n; i++)
        fibers::fiber([] {}).join();
}

static void ping_pong(std::int64_t n)
{
    rendezvous there, back;
    fibers::fiber echo([&] {
        std::int64_t v;
        for (std::int64_t i = 0; i < n; i++) {
            there.pop(v);
            back.push(v);
        }
    });
    std::int64_t v = 1;
    for (std::int64_t i = 0; i < n; i++) {
        there.push(v);
        back.pop(v);
    }
    echo.join();
}

template <typename channel> static void stream_through(channel &c, std::int64_t n)
{
    fibers::fiber receiver([&] {
        std::int64_t v;
        while (c.pop(v) == fibers::channel_op_status::success)
            continue;
    });
    fibers::fiber sender([&] {
        for (std::int64_t i = 0; i < n; i++)
            c.push(i);
    });
    sender.join();
    c.close();
    receiver.join();
}

static void stream(std::int64_t n)
{
    rendezvous c;
    stream_through(c, n);
}

static void stream_128(std::int64_t n)
{
    buffer c(128);
    stream_through(c, n);
}

int main(int argc, char **argv)
{
    static const peer_bench list[] = {
        {"yield-2", "1", yield_2, nullptr},       {"spawn-join", "1", spawn_join, nullptr},
        {"ping-pong", "1", ping_pong, nullptr},   {"stream", "1", stream, nullptr},
        {"stream-128", "1", stream_128, nullptr}, {nullptr, nullptr, nullptr, nullptr},
    };
    return peer_main(argc, argv, list);
}
