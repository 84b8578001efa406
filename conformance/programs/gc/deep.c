/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

#define ELEMENTS 10000000
#define DEPTH 1000000

struct element {
    struct element *next;
    int64_t number;
};
struct branch {
    struct branch *left, *right;
    int64_t number;
};

static const gr_type element_type = GR_TYPE(struct element, GR_AT(struct element, next));
static const gr_type branch_type =
    GR_TYPE(struct branch, GR_AT(struct branch, left) | GR_AT(struct branch, right));

static struct element *list;
static struct branch *tree;
GR_ROOT(list);
GR_ROOT(tree);

static void lists(void *unused)
{
    int64_t n = 0;
    (void)unused;
    for (int64_t i = 0; i < ELEMENTS; i++) {
        struct element *e = gr_new(&element_type);
        gr_init(&e->next, list);
        e->number = i;
        gr_store(&list, e);
    }
    collect();
    for (struct element *e = list; e != NULL; e = e->next)
        need(e->number == ELEMENTS - ++n, "an element");
    printf("%d elements\n", (int)n);
}

/* Each node has a leaf on the one side and all the rest on the other. */
static void trees(void *unused)
{
    int64_t n = 0;
    (void)unused;
    for (int64_t i = 0; i < DEPTH; i++) {
        struct branch *b = gr_new(&branch_type), *leaf = gr_new(&branch_type);
        b->number = i;
        leaf->number = -i;
        gr_store(i % 2 == 0 ? &b->left : &b->right, tree);
        gr_store(i % 2 == 0 ? &b->right : &b->left, leaf);
        gr_store(&tree, b);
    }
    collect();
    for (struct branch *b = tree; b != NULL; n++) {
        bool is_even = b->number % 2 == 0;
        struct branch *leaf = is_even ? b->right : b->left;
        need(b->number == DEPTH - 1 - n && leaf->number == -b->number, "a node");
        b = is_even ? b->left : b->right;
    }
    printf("a tree of depth %d\n", (int)n);
}

static void body(void *unused)
{
    (void)unused;
    elsewhere(lists, NULL);
    gr_store(&list, NULL);
    elsewhere(trees, NULL);
}

int main(void)
{
    return gr_main(body, NULL);
}
