/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

#define WEAK 2000
#define READERS 4
#define STEPS 60000
#define KEPT 50 /* objects that each reader has found and keeps for a while */

static gr_weak *weak[WEAK];
GR_ROOT(weak);
static gr_mutex lock[WEAK];
static gr_wg all;
static gr_atomic left;

static void renew(int64_t i)
{
    gr_store(&weak[i], gr_weak_new(object_new(i)));
}

/* What was found is known to this goroutine alone, and put where it is read from again. */
static void reader(void *arg)
{
    uint64_t random = (uintptr_t)arg;
    struct object **kept = gr_new_array(&gr_type_pointer, KEPT);
    int64_t numbers[KEPT] = {0};
    for (int n = 0; n < STEPS; n++) {
        int64_t i = pick(&random, WEAK), k = pick(&random, KEPT);
        need(kept[k] == NULL || is_whole(kept[k], numbers[k]), "what was found");
        gr_mutex_lock(&lock[i]);
        struct object *o = gr_weak_get(weak[i]);
        need(o == NULL || is_whole(o, i), "a weak pointer");
        need(o == NULL || gr_weak_new(o) == weak[i], "two weak pointers to one object");
        if (o == NULL)
            renew(i);
        gr_mutex_unlock(&lock[i]);
        gr_store(&kept[k], o);
        numbers[k] = i;
    }
    gr_wg_done(&all);
}

static void read_all(void *unused)
{
    (void)unused;
    gr_atomic_store(&left, 0);
    for (int64_t i = 0; i < WEAK; i++) {
        struct object *o = gr_weak_get(weak[i]);
        need(o == NULL || is_whole(o, i), "a weak pointer");
        gr_atomic_add(&left, o != NULL);
    }
}

static void body(void *unused)
{
    struct collecting c = {0};
    (void)unused;
    for (int64_t i = 0; i < WEAK; i++)
        renew(i);
    gr_wg_add(&all, READERS);
    for (uintptr_t i = 0; i < READERS; i++)
        gr_go(reader, (void *)i);
    collecting_begin(&c);
    gr_wg_wait(&all);
    collecting_end(&c);
    puts("whole or nothing");
    gr_atomic_store(&left, WEAK);
    for (int n = 0; n < CYCLES && gr_atomic_load(&left) > WEAK / 100; n++) {
        collect();
        elsewhere(read_all, NULL);
    }
    need(gr_atomic_load(&left) <= WEAK / 100, "weak pointers keep objects");
    puts("nothing in the end");
}

int main(void)
{
    return gr_main(body, NULL);
}
