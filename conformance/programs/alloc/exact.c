/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

#define COUNT 1000

static const int64_t sizes[] = {32, 100, 512, 1000, 4096, 33000, 40000};
#define NSIZES ((int)(sizeof sizes / sizeof sizes[0]))

static void **kept; /* collected */
GR_ROOT(kept);
static struct gr_mem_stats before, after;

static void one_size(int64_t size)
{
    size_t has = gr_size_of(kept[COUNT]);
    need(has >= (size_t)size, "an object is smaller than it should be");
    gr_mem_stats(&before);
    for (int i = 0; i < COUNT; i++)
        gr_store(&kept[i], gr_new_bytes(size));
    gr_mem_stats(&after);
    need(after.mallocs - before.mallocs == COUNT, "number of objects");
    need(after.total_alloc - before.total_alloc == COUNT * has, "bytes of objects");
    need(after.heap_objects - before.heap_objects == COUNT, "live objects");
    need(after.heap_alloc - before.heap_alloc == COUNT * has, "live bytes");
}

static void fill(void *size)
{
    gr_store(&kept[COUNT], gr_new_bytes((intptr_t)size));
    one_size((intptr_t)size);
}

static void body(void *unused)
{
    (void)unused;
    gr_gc_percent(-1);
    gr_store(&kept, gr_new_array(&gr_type_pointer, COUNT + 1));
    for (int i = 0; i < NSIZES; i++) {
        elsewhere(fill, (void *)(intptr_t)sizes[i]);
        collect();
    }
    printf("sizes %d to %d: exact\n", (int)sizes[0], (int)sizes[NSIZES - 1]);
    collect();
    gr_mem_stats(&before);
    size_t has = gr_size_of(kept[COUNT]);
    gr_clear(&gr_type_pointer, kept, COUNT);
    collect();
    gr_mem_stats(&after);
    uint64_t freed = after.frees - before.frees,
             bytes = before.heap_alloc - after.heap_alloc;
    /* A stale word on a stack may keep one or two. */
    need(freed >= COUNT - 2 && freed <= COUNT, "number of objects freed");
    need(bytes == freed * has, "bytes freed");
    puts("after they were dropped: exact");
}

int main(void)
{
    return gr_main(body, NULL);
}
