/* SPDX-License-Identifier: BSD-3-Clause */
/* heap.c - reachability, and the numbering of objects.
 *
 * Owns: heap.h but for the steps.
 *
 * Packed form: number of objects, each as size, finalizer, doom, number of edges, and the
 * edges as field and pointer; then the weak pointers, the cleanups, and what is due.
 *
 * Every word of a state that refers to the heap is visited by visit_roots, for marking and
 * for renumbering alike: a place that one of them forgot would be forgotten by both, and
 * the programs of the corpus that hold an object by that place alone would tell.
 */
#include <string.h>

#include "model/heap.h"
#include "model/step.h"

/* ---- unpacked and packed ---- */

static void load_objects(const int64_t **at, struct heap *h)
{
    const int64_t *w = *at;
    h->nobjects = (int)*w++;
    for (int o = 0; o < h->nobjects; o++) {
        h->object[o] = (struct heap_object){w[0], w[1], w[2]};
        int64_t n = w[3];
        for (w += 4; n > 0; n--, w += 2) {
            h->edge[h->nedges++] = (struct heap_edge){o, w[0], w[1]};
        }
    }
    *at = w;
}

void heap_load(const struct state *st, struct heap *h)
{
    const int64_t *w = words(st, PART_HEAP);
    h->nobjects = h->nedges = h->nweaks = h->ncleans = h->ndues = 0;
    if (st->part[PART_HEAP].n == 0) {
        return;
    }
    load_objects(&w, h);
    h->nweaks = (int)*w++;
    for (int i = 0; i < h->nweaks; i++) {
        h->weak[i] = *w++;
    }
    h->ncleans = (int)*w++;
    for (int i = 0; i < h->ncleans; i++, w += 3) {
        h->clean[i] = (struct heap_clean){(int)w[0], w[1], w[2]};
    }
    h->ndues = (int)*w++;
    for (int i = 0; i < h->ndues; i++, w += 3) {
        h->due[i] = (struct heap_due){w[0], w[1], w[2]};
    }
}

/* Edges lie in the order of their objects and fields. */
static void store_objects(struct state *st, const struct heap *h)
{
    part_push(st, PART_HEAP, h->nobjects);
    for (int o = 0, e = 0; o < h->nobjects; o++) {
        int n = 0;
        while (e + n < h->nedges && h->edge[e + n].from == o) {
            n++;
        }
        part_push(st, PART_HEAP, h->object[o].size);
        part_push(st, PART_HEAP, h->object[o].fin);
        part_push(st, PART_HEAP, h->object[o].doom);
        part_push(st, PART_HEAP, n);
        for (; n > 0; n--, e++) {
            part_push(st, PART_HEAP, h->edge[e].field);
            part_push(st, PART_HEAP, h->edge[e].to);
        }
    }
}

void heap_store(struct state *st, const struct heap *h)
{
    touch(st, PART_HEAP);
    st->part[PART_HEAP].n = 0;
    if (h->nobjects + h->nweaks + h->ndues == 0) {
        return;
    }
    store_objects(st, h);
    part_push(st, PART_HEAP, h->nweaks);
    for (int i = 0; i < h->nweaks; i++) {
        part_push(st, PART_HEAP, h->weak[i]);
    }
    part_push(st, PART_HEAP, h->ncleans);
    for (int i = 0; i < h->ncleans; i++) {
        part_push(st, PART_HEAP, h->clean[i].object);
        part_push(st, PART_HEAP, h->clean[i].block);
        part_push(st, PART_HEAP, h->clean[i].arg);
    }
    part_push(st, PART_HEAP, h->ndues);
    for (int i = 0; i < h->ndues; i++) {
        part_push(st, PART_HEAP, h->due[i].block);
        part_push(st, PART_HEAP, h->due[i].arg);
        part_push(st, PART_HEAP, h->due[i].is_fin);
    }
}

/* ---- the words of a state that refer to the heap ---- */

/* Gives the new value of a word of this sort. */
typedef int64_t (*visit_fn)(void *arg, enum lit_sort sort, int64_t v);

struct visit {
    struct state *st;
    visit_fn fn;
    void *arg;
};

static void visit_word(const struct visit *v, int part, int i, enum lit_sort sort)
{
    int64_t old = words(v->st, part)[i], now = v->fn(v->arg, sort, old);
    if (now != old) {
        touch(v->st, part)[i] = now;
    }
}

/* A block with an argument (heap_call); what is negative is built in. */
static void visit_call(const struct visit *v, int part, int i)
{
    int64_t old = words(v->st, part)[i];
    if (old < 64) {
        return;
    }
    int64_t now = old % 64 + 64 * v->fn(v->arg, SORT_POINTER, old / 64);
    if (now != old) {
        touch(v->st, part)[i] = now;
    }
}

static void visit_frame(const struct visit *v, int g, int at, int end)
{
    const int64_t *e = words(v->st, g) + at;
    int nregs = 0;
    if (e[E_TAG] != E_RUNS && e[E_TAG] != E_RETURNS) {
        return;
    }
    if (e[E_BLOCK] >= 0) {
        const struct lit_block *b = &v->st->prog->lit->blocks[e[E_BLOCK]];
        nregs = b->nregs;
        for (int r = 0; r < nregs; r++) {
            if (b->sorts[r] > SORT_INT) {
                visit_word(v, g, at + E_REGS + r, (enum lit_sort)b->sorts[r]);
            }
        }
    }
    for (int i = at + E_REGS + nregs; i < end; i++) {
        visit_call(v, g, i);
    }
}

static void visit_goroutine(const struct visit *v, int g)
{
    struct state *st = v->st;
    int end = st->part[g].n;
    if (words(st, g)[G_STAT] == G_SENDS &&
        lit_carries_pointers(&st->prog->lit->objects[g_instr(st, g)->obj])) {
        visit_word(v, g, G_VAL, SORT_POINTER);
    }
    if (words(st, g)[G_END]) {
        int64_t old = words(st, g)[G_END], now = 1 + v->fn(v->arg, SORT_POINTER, old - 1);
        if (now != old) {
            touch(st, g)[G_END] = now;
        }
    }
    for (int at = (int)words(st, g)[G_TOP]; at; at = (int)words(st, g)[at + E_PREV]) {
        visit_frame(v, g, at, end);
        end = at;
    }
}

static void visit_object(const struct visit *v, int obj)
{
    const struct lit_object *o = &v->st->prog->lit->objects[obj];
    const int64_t *w = obj_words(v->st, obj);
    if (o->kind == OBJ_PTR || o->kind == OBJ_APTR) {
        visit_word(v, obj_part(obj), V_VALUE, SORT_POINTER);
    } else if (o->kind == OBJ_CHAN && o->elem == LIT_ELEM_OBJ) {
        for (int i = 0, n = (int)w[C_LEN]; i < n; i++) {
            visit_word(v, obj_part(obj), C_BUF + 2 * i, SORT_POINTER);
        }
    } else if (o->kind == OBJ_TIMER && w[T_MODE] == TIMER_FUNC) {
        visit_call(v, obj_part(obj), T_BLOCK);
    }
}

static void visit_roots(struct state *st, visit_fn fn, void *arg)
{
    struct visit v = {st, fn, arg};
    for (int g = part_g0(st); g < st->nparts; g++) {
        if (g_alive(st, g)) {
            visit_goroutine(&v, g);
        }
    }
    for (int o = 0; o < st->prog->lit->nobjects; o++) {
        visit_object(&v, o);
    }
}

/* ---- marking ---- */

/* The first edge of an object; its others follow. */
static int first_edge(const struct heap *h, int object)
{
    int low = 0, high = h->nedges;
    while (low < high) {
        int middle = (low + high) / 2;
        if (h->edge[middle].from < object) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct marker {
    const struct heap *h;
    bool *live;
};

static void mark_object(const struct marker *m, int o)
{
    int stack[HEAP_OBJECTS], n = 0;
    if (m->live[o]) {
        return;
    }
    m->live[o] = true;
    stack[n++] = o;
    while (n > 0) {
        int from = stack[--n];
        for (int e = first_edge(m->h, from); e < m->h->nedges && m->h->edge[e].from == from;
             e++) {
            int to = heap_object_of(m->h->edge[e].to);
            if (!m->live[to]) {
                m->live[to] = true;
                stack[n++] = to;
            }
        }
    }
}

static int64_t mark_word(void *arg, enum lit_sort sort, int64_t v)
{
    if (sort == SORT_POINTER && v) {
        mark_object(arg, heap_object_of(v));
    }
    return v;
}

/* The fields of an object, not the object. */
static void mark_fields(const struct marker *m, int o)
{
    for (int e = first_edge(m->h, o); e < m->h->nedges && m->h->edge[e].from == o; e++) {
        mark_object(m, heap_object_of(m->h->edge[e].to));
    }
}

void heap_mark(const struct state *st, const struct heap *h, const bool *extra, bool *live)
{
    struct marker m = {h, live};
    memset(live, 0, HEAP_OBJECTS * sizeof *live);
    /* Nothing is changed: mark_word gives back what it gets. */
    if (!IS_MUTANT(NO_ROOTS_BUT_STACKS)) {
        visit_roots((struct state *)st, mark_word, &m);
    } else {
        struct visit v = {(struct state *)st, mark_word, &m};
        for (int g = part_g0(st); g < st->nparts; g++) {
            if (g_alive(st, g)) {
                visit_goroutine(&v, g);
            }
        }
    }
    for (int i = 0; i < h->ndues; i++) {
        mark_word(&m, SORT_POINTER, IS_MUTANT(DUE_KEEPS_NONE) ? 0 : h->due[i].arg);
    }
    for (int i = 0; i < h->ncleans; i++) {
        mark_word(&m, SORT_POINTER, h->clean[i].object < 0 ? 0 : h->clean[i].arg);
    }
    for (int o = 0; o < h->nobjects; o++) {
        if (h->object[o].fin && !IS_MUTANT(FINALIZER_KEEPS_NONE)) {
            mark_fields(&m, o);
        }
        if (extra && extra[o]) {
            mark_object(&m, o);
        }
    }
}

int heap_candidates(const struct state *st, const struct heap *h, const bool *live,
                    int *out)
{
    int n = 0;
    (void)st;
    for (int o = 0; o < h->nobjects; o++) {
        bool is_told = h->object[o].fin != 0;
        for (int i = 0; i < h->nweaks; i++) {
            is_told |= h->weak[i] && heap_object_of(h->weak[i]) == o;
        }
        for (int i = 0; i < h->ncleans; i++) {
            is_told |= h->clean[i].object == o;
        }
        if (is_told && !live[o]) {
            out[n++] = o;
        }
    }
    return n;
}

/* ---- numbering ---- */

struct numbers {
    struct heap *h;
    int object[HEAP_OBJECTS], weak[HEAP_WEAKS], clean[HEAP_ENDS]; /* old to new; -1: none */
    int order[HEAP_OBJECTS];                                      /* new to old */
    int nobjects, nweaks;
};

/* Gives a number to this object and to all it leads to, in the order of fields. */
static void number_object(struct numbers *n, int o)
{
    if (n->object[o] >= 0) {
        return;
    }
    int at = n->nobjects;
    n->object[o] = at;
    n->order[n->nobjects++] = o;
    for (; at < n->nobjects; at++) {
        int from = n->order[at];
        for (int e = first_edge(n->h, from); e < n->h->nedges && n->h->edge[e].from == from;
             e++) {
            int to = heap_object_of(n->h->edge[e].to);
            if (n->object[to] < 0) {
                n->object[to] = n->nobjects;
                n->order[n->nobjects++] = to;
            }
        }
    }
}

static int64_t number_word(void *arg, enum lit_sort sort, int64_t v)
{
    struct numbers *n = arg;
    if (v && sort == SORT_POINTER) {
        number_object(n, heap_object_of(v));
    } else if (v && sort == SORT_WEAK && n->weak[v - 1] < 0) {
        n->weak[v - 1] = n->nweaks++;
    }
    return v;
}

static int64_t new_pointer(const struct numbers *n, int64_t v)
{
    return v ? heap_pointer(n->object[heap_object_of(v)], heap_field_of(v)) : 0;
}

static int64_t renumber_word(void *arg, enum lit_sort sort, int64_t v)
{
    const struct numbers *n = arg;
    if (!v) {
        return 0;
    }
    return sort == SORT_POINTER ? new_pointer(n, v)
           : sort == SORT_WEAK  ? n->weak[v - 1] + 1
                                : n->clean[v - 1] + 1;
}

/* Weak pointers that no register has any more tell nobody anything. */
static void drop_weaks(struct numbers *n)
{
    for (int i = 0; i < n->h->nweaks; i++) {
        if (n->weak[i] < 0) {
            n->h->weak[i] = 0;
        }
    }
}

static int compare_cleans(const struct heap_clean *a, const struct heap_clean *b)
{
    if (a->object != b->object) {
        return a->object < b->object ? -1 : 1;
    }
    if (a->block != b->block) {
        return a->block < b->block ? -1 : 1;
    }
    return a->arg < b->arg ? -1 : a->arg > b->arg;
}

static void put_cleans(struct numbers *n, struct heap *to)
{
    int old[HEAP_ENDS];
    for (int i = 0; i < n->h->ncleans; i++) {
        struct heap_clean c = n->h->clean[i];
        n->clean[i] = -1;
        if (c.object < 0) {
            continue;
        }
        c.object = n->object[c.object];
        c.arg = new_pointer(n, c.arg);
        int at = to->ncleans++;
        for (; at > 0 && compare_cleans(&c, &to->clean[at - 1]) < 0; at--) {
            to->clean[at] = to->clean[at - 1];
            old[at] = old[at - 1];
        }
        to->clean[at] = c;
        old[at] = i;
    }
    for (int i = 0; i < to->ncleans; i++) {
        n->clean[old[i]] = i;
    }
}

static void put_dues(const struct numbers *n, struct heap *to)
{
    for (int i = 0; i < n->h->ndues; i++) {
        struct heap_due d = n->h->due[i];
        d.arg = new_pointer(n, d.arg);
        int at = to->ndues++;
        for (;
             at > 0 && (to->due[at - 1].block > d.block ||
                        (to->due[at - 1].block == d.block && to->due[at - 1].arg > d.arg));
             at--) {
            to->due[at] = to->due[at - 1];
        }
        to->due[at] = d;
    }
}

/* The heap by the new numbers; doom ends for what is live. */
static void put_heap(struct numbers *n, const bool *live, struct heap *to)
{
    to->nobjects = n->nobjects;
    to->nedges = to->ncleans = to->ndues = 0;
    to->nweaks = n->nweaks;
    for (int o = 0; o < n->nobjects; o++) {
        int from = n->order[o];
        to->object[o] = n->h->object[from];
        to->object[o].doom = live[from] ? 0 : n->h->object[from].doom;
        for (int e = first_edge(n->h, from); e < n->h->nedges && n->h->edge[e].from == from;
             e++) {
            const struct heap_edge *edge = &n->h->edge[e];
            to->edge[to->nedges++] =
                (struct heap_edge){o, edge->field, new_pointer(n, edge->to)};
        }
    }
    for (int i = 0; i < n->h->nweaks; i++) {
        if (n->weak[i] >= 0) {
            to->weak[n->weak[i]] = new_pointer(n, n->h->weak[i]);
        }
    }
    put_cleans(n, to);
    put_dues(n, to);
}

void heap_settle(struct state *st)
{
    struct heap h, to;
    struct numbers n = {.h = &h};
    bool live[HEAP_OBJECTS];
    int candidate[HEAP_OBJECTS];
    if (st->over || st->part[PART_HEAP].n == 0) {
        return;
    }
    heap_load(st, &h);
    memset(n.object, -1, sizeof n.object);
    memset(n.weak, -1, sizeof n.weak);
    visit_roots(st, number_word, &n);
    drop_weaks(&n);
    heap_mark(st, &h, NULL, live);
    for (int i = 0; i < h.ndues; i++) {
        number_word(&n, SORT_POINTER, h.due[i].arg);
    }
    /* In the order in which they came into being: that is as canonical as can be had. */
    int k = heap_candidates(st, &h, live, candidate);
    for (int o = 0; o < h.nobjects; o++) {
        if (live[o]) {
            number_object(&n, o);
        }
    }
    for (int i = 0; i < k; i++) {
        number_object(&n, candidate[i]);
    }
    put_heap(&n, live, &to);
    visit_roots(st, renumber_word, &n);
    race_renumber(st, n.object);
    heap_store(st, &to);
}
