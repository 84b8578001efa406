/* SPDX-License-Identifier: BSD-3-Clause */
/* boehm.cpp - the collector of Boehm, Demers and Weiser does heap.c and gc.c, loop by loop: it
 * marks conservatively in a stopped world, on as many threads as there are processors.
 */
#define GC_THREADS
#include <gc/gc.h>
#include <pthread.h>

#include <algorithm>

#include "peer.hpp"

static void *volatile sink;

template <std::size_t bytes> static void alloc(std::int64_t n)
{
    for (std::int64_t i = 0; i < n; i++)
        sink = GC_MALLOC(bytes);
}

static struct {
    void *volatile sink;
    char pad[120];
} sides[2];

struct side {
    void *volatile *sink;
    std::int64_t n;
};

static void *alloc_side(void *arg)
{
    side *s = static_cast<side *>(arg);
    for (std::int64_t i = 0; i < s->n; i++)
        *s->sink = GC_MALLOC(64);
    return nullptr;
}

static void alloc_64_both(std::int64_t n)
{
    side side[2];
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        side[i] = {&sides[i].sink, n / 2};
        if (pthread_create(&threads[i], nullptr, alloc_side, &side[i]) != 0)
            std::abort();
    }
    for (pthread_t t : threads)
        pthread_join(t, nullptr);
}

struct tree {
    tree *left, *right;
};

static tree *grow(std::int64_t depth)
{
    tree *t = static_cast<tree *>(GC_MALLOC(sizeof(tree)));
    if (depth > 0) {
        t->left = grow(depth - 1);
        t->right = grow(depth - 1);
    }
    return t;
}

static std::int64_t count(const tree *t)
{
    return t->left == nullptr ? 1 : 1 + count(t->left) + count(t->right);
}

static double trees(std::int64_t deepest)
{
    std::int64_t start = now_ns(), nodes = 0;
    tree *lives = grow(deepest - 1);
    for (std::int64_t depth = 4; depth <= deepest; depth += 4)
        for (std::int64_t i = 0; i < std::int64_t(1) << (deepest - depth + 4); i++)
            nodes += count(grow(depth));
    if (nodes == 0 || count(lives) != (std::int64_t(1) << deepest) - 1)
        std::abort();
    return double(now_ns() - start) / 1e6;
}

struct node {
    node *left, *right;
    std::int64_t words[6];
};

static node *volatile top; /* read by nobody: kept all the same */

static __attribute__((noinline)) void build(std::int64_t n)
{
    node **all = static_cast<node **>(GC_MALLOC(std::size_t(n) * sizeof *all));
    for (std::int64_t i = 0; i < n; i++) {
        all[i] = static_cast<node *>(GC_MALLOC(sizeof(node)));
        all[i]->words[0] = i;
    }
    for (std::int64_t i = 1; i < n / 2; i++) {
        all[i]->left = all[2 * i];
        all[i]->right = all[2 * i + 1];
    }
    top = all[1];
}

static double mark(std::int64_t n)
{
    std::int64_t took[3];
    n = std::max<std::int64_t>(n, 32);
    build(n);
    GC_gcollect();
    for (std::int64_t &t : took) {
        std::int64_t start = now_ns();
        GC_gcollect();
        t = now_ns() - start;
    }
    std::sort(took, took + 3);
    return double(took[1]) / double(n);
}

int main(int argc, char **argv)
{
    static const peer_bench list[] = {
        {"alloc-16", "1 2", alloc<16>, nullptr},
        {"alloc-64", "1 2", alloc<64>, nullptr},
        {"alloc-256", "1 2", alloc<256>, nullptr},
        {"alloc-4096", "1 2", alloc<4096>, nullptr},
        {"alloc-64-both", "2", alloc_64_both, nullptr},
        {"trees", "1 2", nullptr, trees},
        {"mark", "1 2", nullptr, mark},
        {nullptr, nullptr, nullptr, nullptr},
    };
    GC_set_markers_count(unsigned(peer_procs()));
    GC_INIT();
    return peer_main(argc, argv, list);
}
