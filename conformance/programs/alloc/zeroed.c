/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "collect.h"

#define ROUNDS 3
#define EACH 50000 /* bytes of each size, and two objects at least */

struct element {
    int64_t number;
    void *pointer;
    char text[24];
};

static const gr_type element_type = GR_TYPE(struct element, GR_AT(struct element, pointer));

static int64_t asked;

static bool is_zero(const void *at, int64_t bytes)
{
    const char *p = at;
    return bytes == 0 || (p[0] == 0 && memcmp(p, p + 1, (size_t)bytes - 1) == 0);
}

static void dirty_bytes(int64_t size)
{
    char *p = gr_new_bytes(size);
    need(is_zero(p, size), "bytes are not zero");
    memset(p, 0xff, (size_t)size);
}

static void dirty_pointers(int64_t size)
{
    void **p = gr_new_array(&gr_type_pointer, size / 8);
    need(is_zero(p, size / 8 * 8), "pointers are not nil");
    for (int64_t i = 0; i < size / 8; i++)
        gr_store(&p[i], p);
}

static void dirty_elements(int64_t size)
{
    int64_t n = size / (int64_t)sizeof(struct element);
    struct element *e = gr_new_array(&element_type, n);
    need(is_zero(e, n * (int64_t)sizeof *e), "elements are not zero");
    for (int64_t i = 0; i < n; i++) {
        e[i].number = -1;
        gr_store(&e[i].pointer, e);
        memset(e[i].text, 0xff, sizeof e[i].text);
    }
}

static void all_of(void (*dirty)(int64_t), int64_t size)
{
    for (int64_t bytes = 0; bytes < EACH || bytes < 2 * size; bytes += size) {
        dirty(size);
        asked += size;
    }
}

/* All small sizes, those around every eighth of a power of two, and large ones. */
static void round_of(void *dirty)
{
    void (*fn)(int64_t) = *(void (**)(int64_t))dirty;
    for (int64_t size = 1; size < 128; size++)
        all_of(fn, size);
    for (int64_t size = 128; size < 80000; size += size / 8)
        for (int k = -1; k <= 1; k++)
            all_of(fn, size + k);
    all_of(fn, 1 << 20);
}

static void rounds(void (*dirty)(int64_t), const char *name)
{
    for (int i = 0; i < ROUNDS; i++) {
        elsewhere(round_of, &dirty);
        collect();
    }
    printf("%s: zero\n", name);
}

static void body(void *unused)
{
    static struct gr_mem_stats s;
    (void)unused;
    rounds(dirty_bytes, "bytes");
    rounds(dirty_pointers, "pointers");
    rounds(dirty_elements, "elements");
    gr_mem_stats(&s);
    if ((int64_t)s.heap_sys < asked / 2)
        puts("the memory was used again");
    else
        printf("%d MB for %d\n", (int)(s.heap_sys >> 20), (int)(asked >> 20));
}

int main(void)
{
    return gr_main(body, NULL);
}
