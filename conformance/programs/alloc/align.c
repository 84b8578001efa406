/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdalign.h>

#include "collect.h"

#define ROUNDS 2000
#define PAGE 8192 /* of an allocator */

struct odd {
    char bytes[3];
};
struct mixed {
    char first;
    int64_t number;
    void *pointer;
    char last;
};

static const gr_type types[] = {
    GR_TYPE_PLAIN(char),
    GR_TYPE_PLAIN(int16_t),
    GR_TYPE_PLAIN(int32_t),
    GR_TYPE_PLAIN(int64_t),
    GR_TYPE_PLAIN(double),
    GR_TYPE_PLAIN(struct odd),
    GR_TYPE(struct mixed, GR_AT(struct mixed, pointer)),
    GR_TYPE_PLAIN(max_align_t),
};
static const size_t alignments[] = {
    alignof(char),   alignof(int16_t),    alignof(int32_t),      alignof(int64_t),
    alignof(double), alignof(struct odd), alignof(struct mixed), alignof(max_align_t),
};
#define NTYPES ((int)(sizeof types / sizeof types[0]))

static void check(const void *p, int type)
{
    need((uintptr_t)p % alignments[type] == 0, types[type].name);
}

static void body(void *unused)
{
    uint64_t random = 1;
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        for (int t = 0; t < NTYPES; t++)
            check(gr_new(&types[t]), t);
        check(gr_new(&types[pick(&random, NTYPES)]), 0);
        int t = (int)pick(&random, NTYPES);
        check(gr_new_array(&types[t], 1 + pick(&random, 100)), t);
    }
    for (int64_t pages = 1; pages <= 8; pages++)
        for (int i = 0; i < 20; i++)
            need((uintptr_t)gr_new_bytes(pages * PAGE) % 4096 == 0, "whole pages");
    puts("all are aligned");
}

int main(void)
{
    return gr_main(body, NULL);
}
