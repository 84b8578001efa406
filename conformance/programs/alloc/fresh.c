/* SPDX-License-Identifier: BSD-3-Clause */
#include "need.h"

#define ALL ((int64_t)96 << 20)
#define PIECE ((int64_t)1 << 20) /* between two of them others may run */
#define WORDS_MOST 64

static int64_t **kept; /* collected: what was handed out */
GR_ROOT(kept);

/* Of i: sizes of one to 64 words. */
static int64_t words_of(int64_t i)
{
    return 1 + i * 7919 % WORDS_MOST;
}

static int64_t *zeros(int64_t words)
{
    int64_t *p = gr_new_bytes(words * 8);
    for (int64_t w = 0; w < words; w++)
        need(p[w] == 0, "it is not zero");
    return p;
}

/* Gives: how many. */
static int64_t grow(void)
{
    int64_t n = 0, bytes = 0, pause = PIECE;
    while (bytes < ALL) {
        int64_t words = words_of(n), *p = zeros(words);
        for (int64_t w = 0; w < words; w++)
            p[w] = n + w;
        gr_store(&kept[n++], p);
        bytes += words * 8;
        if (bytes < pause)
            continue;
        pause += PIECE;
        gr_sleep_ns(100000);
    }
    return n;
}

static void body(void *unused)
{
    (void)unused;
    gr_store(&kept, gr_new_array(&gr_type_pointer, ALL / 8 / WORDS_MOST * 3));
    int64_t n = grow();
    puts("all of it was zero");
    for (int64_t i = 0; i < n; i++)
        for (int64_t w = 0; w < words_of(i); w++)
            need(kept[i][w] == i + w, "it has been written to");
    puts("all of it is as it was written");
}

int main(void)
{
    return gr_main(body, NULL);
}
