/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "collect.h"

#define LIVE 3000
#define STEPS 30000

struct owned {
    unsigned char *bytes;
    int64_t size;
};

static const gr_type owned_type = GR_TYPE(struct owned, GR_AT(struct owned, bytes));

static struct owned *all; /* collected */
GR_ROOT(all);
static int64_t nall;

static unsigned char stamp_of(int64_t owner, int64_t size)
{
    return (unsigned char)(owner * 7 + size * 13 + 1);
}

static void own(int64_t i, int64_t size)
{
    unsigned char *p = gr_new_bytes(size);
    memset(p, stamp_of(i, size), (size_t)size);
    gr_store(&all[i].bytes, p);
    all[i].size = size;
}

static void look(int64_t i)
{
    const unsigned char *p = all[i].bytes;
    unsigned char stamp = stamp_of(i, all[i].size);
    need(p[0] == stamp && memcmp(p, p + 1, (size_t)all[i].size - 1) == 0,
         "another owner's stamp");
}

static int by_address(const void *a, const void *b)
{
    const struct owned *x = a, *y = b;
    return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

static void all_apart(void)
{
    struct owned *sorted = malloc((size_t)nall * sizeof *sorted);
    need(sorted != NULL, "memory");
    for (int64_t i = 0; i < nall; i++)
        sorted[i] = all[i];
    qsort(sorted, (size_t)nall, sizeof *sorted, by_address);
    for (int64_t i = 1; i < nall; i++)
        need(sorted[i - 1].bytes + sorted[i - 1].size <= sorted[i].bytes, "two overlap");
    free(sorted);
    for (int64_t i = 0; i < nall; i++)
        look(i);
}

static void room_for(int64_t n)
{
    nall = n;
    gr_store(&all, gr_new_array(&owned_type, n));
}

/* Mostly small, some of many pages. */
static int64_t any_size(uint64_t *random)
{
    int64_t most = (int64_t)16 << pick(random, 13);
    return 1 + pick(random, pick(random, 4) == 0 ? most : 200);
}

static void randomly(void)
{
    uint64_t random = 1;
    room_for(LIVE);
    for (int64_t i = 0; i < LIVE; i++)
        own(i, any_size(&random));
    for (int n = 0; n < STEPS; n++) {
        int64_t i = pick(&random, LIVE);
        look(i);
        own(i, any_size(&random));
    }
    all_apart();
}

/* Every size up to 2100, then those around all multiples of 512 up to 40 KB. */
static void every_size(void)
{
    int64_t n = 0;
    room_for(2100 + 3 * 75);
    for (int64_t size = 1; size <= 2100; size++)
        own(n++, size);
    for (int64_t k = 5; k < 80; k++)
        for (int d = -1; d <= 1; d++)
            own(n++, k * 512 + d);
    all_apart();
    collect();
    all_apart();
}

static void body(void *is_random)
{
    if (is_random != NULL)
        randomly();
    else
        every_size();
    puts("every owner found its stamp");
}

int main(int argc, char **argv)
{
    bool is_random = argc > 1 && strcmp(argv[1], "random") == 0;
    return gr_main(body, is_random ? argv : NULL);
}
