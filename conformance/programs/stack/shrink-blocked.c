/* SPDX-License-Identifier: BSD-3-Clause */
/* Goroutines go deep, come back and wait; their stacks are trimmed meanwhile; then they go
 * on with all that they had.
 */
#include <stdio.h>

#include "gr.h"

#define GOROUTINES 40
#define WORDS 60

static gr_chan *numbers, *pairs, *ready, *results;

static int64_t deep(int64_t n)
{
    volatile int64_t frame[100];
    frame[n % 100] = n;
    return n == 0 ? 0 : deep(n - 1) + frame[n % 100] - n + 1;
}

static int64_t wait_in(int kind)
{
    int64_t got = -1, pair[2] = {-1, -1};
    struct gr_case cases[2] = {{.dir = GR_RECV, .ch = numbers, .elem = &got},
                               {.dir = GR_RECV, .ch = pairs, .elem = pair}};
    if (kind == 0)
        gr_chan_recv(numbers, &got);
    else if (kind == 1)
        gr_chan_recv(pairs, pair);
    else
        gr_select(cases, 2, false);
    return got >= 0 ? got : pair[0] + pair[1];
}

static void worker(void *arg)
{
    volatile int64_t mine[WORDS];
    int number = (int)(uintptr_t)arg;
    int64_t depth = 3000, one = 1, result = 0;
    for (int i = 0; i < WORDS; i++)
        mine[i] = number * 1000 + i;
    result += deep(depth) == depth;
    gr_chan_send(ready, &one);
    result += wait_in(number % 3) == 7;
    for (int i = 0; i < WORDS; i++)
        result += mine[i] == number * 1000 + i;
    result += deep(depth) == depth;
    gr_chan_send(results, &result);
}

static void program(void *unused)
{
    int64_t seven = 7, pair[2] = {3, 4}, sum = 0, result;
    (void)unused;
    numbers = gr_chan_make(sizeof seven, 0);
    pairs = gr_chan_make(sizeof pair, 0);
    ready = gr_chan_make(sizeof seven, 0);
    results = gr_chan_make(sizeof seven, GOROUTINES);
    for (int i = 0; i < GOROUTINES; i++)
        gr_go_opt(worker, (void *)(uintptr_t)i, i % 2 == 0 ? GR_NOESCAPE : 0);
    for (int i = 0; i < GOROUTINES; i++)
        gr_chan_recv(ready, &result);
    for (int i = 0; i < 100; i++)
        gr_yield();
    gr_stack_trim();
    for (int i = 0; i < GOROUTINES; i++) {
        struct gr_case cases[2] = {{.dir = GR_SEND, .ch = numbers, .elem = &seven},
                                   {.dir = GR_SEND, .ch = pairs, .elem = pair}};
        gr_select(cases, 2, false);
    }
    for (int i = 0; i < GOROUTINES; i++) {
        gr_chan_recv(results, &result);
        sum += result;
    }
    printf("%lld of %d\n", (long long)sum, GOROUTINES * (WORDS + 3));
}

int main(void)
{
    return gr_main(program, NULL);
}
