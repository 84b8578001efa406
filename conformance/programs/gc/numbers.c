/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

#define OBJECTS 1000
#define ENOUGH 990

struct mixed {
    uintptr_t number;
    void *pointer;
    uintptr_t numbers[3];
};

static const gr_type mixed_type = GR_TYPE(struct mixed, GR_AT(struct mixed, pointer));

static uintptr_t *numbers;
static struct mixed *mixed;
GR_ROOT(numbers);
GR_ROOT(mixed);
static gr_atomic gone;

static void ends(void *object, void *arg)
{
    (void)object, (void)arg;
    gr_atomic_add(&gone, 1);
}

static void make(void *unused)
{
    (void)unused;
    gr_store(&numbers, gr_new_bytes(OBJECTS * (int64_t)sizeof *numbers));
    gr_store(&mixed, gr_new_array(&mixed_type, OBJECTS));
    for (int64_t i = 0; i < OBJECTS; i++) {
        struct object *o = object_new(i);
        gr_finalizer(o, ends, NULL);
        numbers[i] = (uintptr_t)o;
        mixed[i].number = mixed[i].numbers[i % 3] = (uintptr_t)o;
    }
}

static void body(void *unused)
{
    (void)unused;
    elsewhere(make, NULL);
    need(collect_until(&gone, ENOUGH), "numbers keep objects");
    need(numbers[0] == mixed[0].number, "numbers");
    puts("nearly all are gone");
}

int main(void)
{
    return gr_main(body, NULL);
}
