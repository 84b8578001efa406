/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

#define LIVE ((int64_t)8 << 20) /* bytes */
#define PHASES 16               /* sizes come twice */

static void **kept; /* collected */
GR_ROOT(kept);

/* In each phase every other object of the last one is dropped at first, the rest when the
 * new ones are there: what is free lies scattered. */
static void phase(void *number)
{
    static const int64_t sizes[] = {48, 3000, 200, 20000, 96, 70000, 1000, 16};
    int64_t size = sizes[(intptr_t)number % 8], n = LIVE / size;
    void **old = kept, **new = gr_new_array(&gr_type_pointer, n);
    int64_t nold = old == NULL ? 0 : (int64_t)(gr_size_of(old) / sizeof *old);
    for (int64_t i = 0; i < nold; i += 2)
        gr_store(&old[i], NULL);
    for (int64_t i = 0; i < n; i++)
        gr_store(&new[i], gr_new_bytes(size));
    gr_store(&kept, new);
}

/* The most that the heap has had from the system after the phases so far. */
static int64_t most(int phases)
{
    static struct gr_mem_stats s;
    static int64_t most;
    for (intptr_t i = 0; i < phases; i++) {
        elsewhere(phase, (void *)i);
        gr_mem_stats(&s);
        int64_t held = (int64_t)(s.heap_sys - s.heap_released);
        most = held > most ? held : most;
    }
    return most;
}

static void body(void *unused)
{
    (void)unused;
    int64_t at_first = most(PHASES), later = most(3 * PHASES);
    if (later > 3 * at_first)
        printf("%d MB at first, then %d\n", (int)(at_first >> 20), (int)(later >> 20));
    else
        puts("the heap does not grow from phase to phase");
}

int main(void)
{
    return gr_main(body, NULL);
}
