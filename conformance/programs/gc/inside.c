/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "collect.h"

#define SIZES 16
#define EACH 10
#define TOTAL (SIZES * EACH)
#define ELEMENTS 60 /* of the longest array */

static const int64_t sizes[SIZES] = {24,   33,   64,   100,   512,   513,   1024,  2000,
                                     4096, 8192, 9000, 20000, 32768, 32769, 70000, 1 << 20};

static char *in_global[TOTAL];
static char **in_object; /* collected */
static struct object **middles[ELEMENTS + 1];
GR_ROOT(in_global);
GR_ROOT(in_object);
GR_ROOT(middles);
static gr_atomic gone;

static void ends(void *object, void *arg)
{
    (void)object, (void)arg;
    gr_atomic_add(&gone, 1);
}

static int64_t size_of(int i)
{
    return sizes[i / EACH];
}

/* The first byte, the last one, and some between. */
static int64_t offset_of(int i)
{
    return (size_of(i) - 1) * (i % EACH) / (EACH - 1);
}

/* An object, known by the address of one of its bytes. */
static GR_NOINLINE char *inside_new(int i)
{
    char *p = gr_new_bytes(size_of(i));
    memset(p, i + 1, (size_t)size_of(i));
    gr_finalizer(p, ends, NULL);
    return p + offset_of(i);
}

static void look(const char *inside, int i)
{
    const char *p = inside - offset_of(i);
    need(p[0] == (char)(i + 1) && memcmp(p, p + 1, (size_t)size_of(i) - 1) == 0,
         "a byte of an object that is kept");
}

static void junk(void *unused)
{
    (void)unused;
    for (int i = 0; i < 3 * TOTAL; i++)
        memset(gr_new_bytes(size_of(i % TOTAL)), 0, (size_t)size_of(i % TOTAL));
}

static void make(void *unused)
{
    (void)unused;
    gr_store(&in_object, gr_new_array(&gr_type_pointer, TOTAL));
    for (int i = 0; i < TOTAL; i++)
        gr_store(i % 2 == 0 ? &in_global[i] : &in_object[i], inside_new(i));
}

static void look_all(void *unused)
{
    (void)unused;
    for (int i = 0; i < TOTAL; i++)
        look(i % 2 == 0 ? in_global[i] : in_object[i], i);
}

/* The same with nothing but a stack that knows it. */
static void on_stack(void *unused)
{
    char *mine[TOTAL];
    (void)unused;
    for (int i = 0; i < TOTAL; i++)
        mine[i] = inside_new(i);
    collect();
    elsewhere(junk, NULL);
    for (int i = 0; i < TOTAL; i++)
        look(mine[i], i);
}

/* Of each array only the address of a middle element is kept, and of its elements nothing
 * but the array. */
static void arrays(void *unused)
{
    (void)unused;
    for (int64_t n = 2; n <= ELEMENTS; n++) {
        struct object **a = gr_new_array(&gr_type_pointer, n);
        for (int64_t i = 0; i < n; i++) {
            struct object *o = object_new(n * 100 + i);
            gr_finalizer(o, ends, NULL);
            gr_store(&a[i], o);
        }
        gr_store(&middles[n], &a[n / 2]);
    }
}

static void look_arrays(void *unused)
{
    (void)unused;
    for (int64_t n = 2; n <= ELEMENTS; n++)
        for (int64_t i = 0; i < n; i++)
            need(is_whole(middles[n][i - n / 2], n * 100 + i), "an element of an array");
}

static void body(void *unused)
{
    (void)unused;
    elsewhere(arrays, NULL);
    elsewhere(make, NULL);
    elsewhere(on_stack, NULL);
    need(gr_atomic_load(&gone) == 0, "an object is gone of which a byte was known");
    settle(1);
    elsewhere(junk, NULL);
    elsewhere(look_all, NULL);
    printf("%d objects of %d sizes: whole\n", TOTAL, SIZES);
    elsewhere(look_arrays, NULL);
    printf("arrays of 2 to %d pointers: whole\n", ELEMENTS);
    gr_clear(&gr_type_pointer, middles, ELEMENTS + 1);
    gr_clear(&gr_type_pointer, in_global, TOTAL);
    gr_store(&in_object, NULL);
    need(collect_until(&gone, 2 * TOTAL + ELEMENTS * (ELEMENTS + 1) / 2 - 1),
         "what was dropped stays");
    puts("gone when they are dropped");
}

int main(void)
{
    return gr_main(body, NULL);
}
