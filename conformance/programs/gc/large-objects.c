/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "collect.h"

#define POINTERS 300000
#define FAR (1 << 20)
#define WIDE 201 /* words */
#define MANY 300

/* Three words, so that words of a bitmap begin with each of them; `fake` looks like what
 * is no pointer. */
struct pattern {
    int64_t fake;
    struct object *o;
    int64_t number;
};
struct far {
    struct object *head;
    char between[FAR];
    struct object *tail;
};
struct wide {
    struct object *o[WIDE];
};

static const gr_type pattern_type = GR_TYPE(struct pattern, GR_AT(struct pattern, o));

#define FAR_WORDS (sizeof(struct far) / sizeof(void *))
static uint64_t far_bits[FAR_WORDS / 64 + 1];
static const gr_type far_type = {.size = sizeof(struct far),
                                 .nwords = FAR_WORDS,
                                 .ptrs = far_bits,
                                 .name = "struct far"};
static uint64_t wide_bits[WIDE / 64 + 1];
static const gr_type wide_type = {
    .size = sizeof(struct wide), .nwords = WIDE, .ptrs = wide_bits, .name = "struct wide"};

static struct object **array;
static struct pattern *patterns;
static struct far *far;
static struct wide *wide[MANY];
GR_ROOT(array);
GR_ROOT(patterns);
GR_ROOT(far);
GR_ROOT(wide);

static bool has_pointer(int word)
{
    return word % 3 == 0 || word > WIDE - 3;
}

static void descriptors(void)
{
    far_bits[0] = 1;
    far_bits[(FAR_WORDS - 1) / 64] |= (uint64_t)1 << (FAR_WORDS - 1) % 64;
    for (int i = 0; i < WIDE; i++)
        if (has_pointer(i))
            wide_bits[i / 64] |= (uint64_t)1 << i % 64;
}

static void make(void *unused)
{
    (void)unused;
    gr_store(&array, gr_new_array(&gr_type_pointer, POINTERS));
    for (int64_t i = 0; i < POINTERS; i++)
        gr_store(&array[i], object_new(i));
    gr_store(&patterns, gr_new_array(&pattern_type, POINTERS));
    for (int64_t i = 0; i < POINTERS; i++) {
        patterns[i].fake = i * 8;
        patterns[i].number = -1;
        gr_store(&patterns[i].o, object_new(i));
    }
    gr_store(&far, gr_new(&far_type));
    memset(far->between, 0xff, FAR);
    gr_store(&far->head, object_new(1));
    gr_store(&far->tail, object_new(2));
    for (int64_t k = 0; k < MANY; k++) {
        gr_store(&wide[k], gr_new(&wide_type));
        for (int i = 0; i < WIDE; i++)
            if (has_pointer(i))
                gr_store(&wide[k]->o[i], object_new(k * WIDE + i));
    }
}

static void look(void *unused)
{
    (void)unused;
    for (int64_t i = 0; i < POINTERS; i++)
        need(is_whole(array[i], i), "an array");
    printf("an array of %d pointers: whole\n", POINTERS);
    for (int64_t i = 0; i < POINTERS; i++)
        need(is_whole(patterns[i].o, i) && patterns[i].number == -1, "a pattern");
    printf("%d elements with a pattern: whole\n", POINTERS);
    need(is_whole(far->head, 1) && is_whole(far->tail, 2), "before and behind");
    puts("a pointer before and behind 1 MB: whole");
    for (int64_t k = 0; k < MANY; k++)
        for (int i = 0; i < WIDE; i++)
            if (has_pointer(i))
                need(is_whole(wide[k]->o[i], k * WIDE + i), "a wide type");
    puts("types of more than 64 words: whole");
}

static void body(void *unused)
{
    (void)unused;
    descriptors();
    elsewhere(make, NULL);
    collect();
    churn(POINTERS);
    collect();
    elsewhere(look, NULL);
}

int main(void)
{
    return gr_main(body, NULL);
}
