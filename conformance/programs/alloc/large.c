/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

#define MB ((int64_t)1 << 20)
#define LOOKS 61 /* bytes of each that are looked at, and its last */

static char *large; /* collected */
GR_ROOT(large);

static void make(void *mb)
{
    int64_t bytes = (intptr_t)mb * MB;
    gr_store(&large, gr_new_bytes(bytes));
    for (int64_t i = 0; i < bytes; i += bytes / LOOKS)
        need(large[i] == 0, "not zero");
    need(large[bytes - 1] == 0, "not zero at the end");
    for (int64_t i = 0; i < bytes; i += bytes / LOOKS)
        large[i] = (char)(i % 100 + 1);
    large[bytes - 1] = 77;
}

static void look(void *mb)
{
    int64_t bytes = (intptr_t)mb * MB;
    for (int64_t i = 0; i < bytes - 1; i += bytes / LOOKS)
        need(large[i] == (char)(i % 100 + 1), "not what was written");
    need(large[bytes - 1] == 77, "not what was written at the end");
    gr_store(&large, NULL);
}

/* What the heap has from the system and has not given back. */
static int64_t held(void)
{
    static struct gr_mem_stats s;
    gr_mem_stats(&s);
    return (int64_t)(s.heap_sys - s.heap_released);
}

static void body(void *unused)
{
    static const int64_t sizes[] = {1, 17, 64, 300, 1025};
    (void)unused;
    for (int i = 0; i < 5; i++) {
        elsewhere(make, (void *)(intptr_t)sizes[i]);
        collect();
        elsewhere(look, (void *)(intptr_t)sizes[i]);
        printf("%d MB\n", (int)sizes[i]);
        if (i < 4)
            continue;
        int64_t before = held();
        gr_stack_scrub();
        gr_mem_trim();
        need(before - held() >= 1000 * MB, "it stays with the process");
    }
    puts("what was dropped is the system's again");
}

int main(void)
{
    return gr_main(body, NULL);
}
