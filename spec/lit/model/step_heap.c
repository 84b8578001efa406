/* SPDX-License-Identifier: BSD-3-Clause */
/* step_heap.c - objects and their fields, finalizers, cleanups, weak pointers, collections.
 *
 * Owns: what heap operations and the collector do.  Not here: reachability and numbering
 * (heap.c).
 *
 * Idea.  A collection finds dead some of the objects that are not live: their weak pointers
 * become nil; those with a finalizer are due for it and live on, the others are gone, and
 * their cleanups are due.  A runtime may collect at any moment, and keep what it likes
 * (conservative roots, objects that died after it began), so such a move finds any set dead
 * whose complement leads to none of it.  An explicit collection must find dead what was not
 * live when it began, where the program needs gc.precise; that is what doom remembers.
 *
 *   I1  A collection is two steps, begin and end; G_VAL of who waits for it has its bit of
 *       doom, and above it the rounds of a `gc until`.
 *   I2  Finalizers and cleanups run in goroutines of their own, at any time after they are
 *       due, one after another or side by side.
 */
#include "model/heap.h"
#include "model/step.h"

enum { MAX_CANDIDATES = 6, BITS = 8, ROUND = 1 << BITS };

/* ---- fields ---- */

/* The field that p[imm] is, or -1 when the operation has failed with a panic. */
static int64_t field_of(struct state *st, int g, const struct heap *h, int64_t p,
                        int64_t index)
{
    if (!p) {
        g_fail(st, g, CODE_NIL_DEREF);
        return -1;
    }
    int64_t field = heap_field_of(p) + index;
    if (field >= h->object[heap_object_of(p)].size) {
        g_fail(st, g, CODE_INDEX);
        return -1;
    }
    return field;
}

/* Where the edge of a field is, or would be. */
static int find_edge(const struct heap *h, int object, int64_t field, bool *found)
{
    int e = 0;
    while (e < h->nedges && (h->edge[e].from < object ||
                             (h->edge[e].from == object && h->edge[e].field < field))) {
        e++;
    }
    *found = e < h->nedges && h->edge[e].from == object && h->edge[e].field == field;
    return e;
}

static void set_field(struct state *st, struct heap *h, int object, int64_t field,
                      int64_t v)
{
    bool found;
    int e = find_edge(h, object, field, &found);
    if (found && v) {
        h->edge[e].to = v;
    } else if (found) {
        h->nedges--;
        for (; e < h->nedges; e++) {
            h->edge[e] = h->edge[e + 1];
        }
    } else if (v && h->nedges == HEAP_EDGES) {
        st->over = true;
    } else if (v) {
        for (int k = h->nedges++; k > e; k--) {
            h->edge[k] = h->edge[k - 1];
        }
        h->edge[e] = (struct heap_edge){object, field, v};
    }
}

static void step_new(struct state *st, int g, struct heap *h)
{
    const struct lit_instr *in = g_instr(st, g);
    int64_t size = g_value(st, g, &in->a);
    if (size < 0 || size > 1000000) {
        state_unmodelled(st, "an object of that many fields", "new");
        return;
    }
    if (h->nobjects == HEAP_OBJECTS) {
        st->over = true;
        return;
    }
    h->object[h->nobjects++] = (struct heap_object){.size = size};
    heap_store(st, h);
    say(st, "new %lld", (long long)size);
    struct result res = {&in->d, heap_pointer(h->nobjects - 1, 0)};
    g_finish(st, g, &res, 1, -1);
}

static void step_field(struct state *st, int g, struct heap *h)
{
    const struct lit_instr *in = g_instr(st, g);
    int64_t p = g_value(st, g, &in->a), field = field_of(st, g, h, p, in->imm), v = 0;
    if (field < 0) {
        return;
    }
    int object = heap_object_of(p);
    if (in->op == OP_HADDR) {
        v = heap_pointer(object, field);
    } else if (st->tracks) {
        race_field(st, g, heap_pointer(object, field), in->op == OP_HSET);
    }
    if (in->op == OP_HSET) {
        set_field(st, h, object, field, g_value(st, g, &in->b));
        heap_store(st, h);
        say(st, "sets field %lld", (long long)field);
        g_done(st, g);
        return;
    }
    if (in->op == OP_HGET) {
        bool found;
        int e = find_edge(h, object, field, &found);
        v = found ? h->edge[e].to : 0;
        say(st, "gets field %lld%s", (long long)field, v ? "" : ", nil");
    }
    struct result res = {&in->d, v};
    g_finish(st, g, &res, 1, -1);
}

static void step_drop(struct state *st, int g)
{
    const struct lit_instr *in = g_instr(st, g);
    say(st, "drops");
    g_store(st, g, &in->a, 0);
    g_done(st, g);
}

/* ---- weak pointers, finalizers, cleanups ---- */

static void step_weak(struct state *st, int g, struct heap *h)
{
    const struct lit_instr *in = g_instr(st, g);
    int64_t p = g_value(st, g, &in->a), v = 0;
    for (int i = 0; p && i < h->nweaks && !v; i++) {
        v = h->weak[i] == p ? i + 1 : 0;
    }
    if (p && !v && h->nweaks == HEAP_WEAKS) {
        st->over = true;
    } else if (p && !v) {
        h->weak[h->nweaks++] = p;
        v = h->nweaks;
        heap_store(st, h);
    }
    struct result res = {&in->d, v};
    g_finish(st, g, &res, 1, -1);
}

static void step_get(struct state *st, int g, const struct heap *h)
{
    const struct lit_instr *in = g_instr(st, g);
    int64_t w = g_value(st, g, &in->a), v = w ? h->weak[w - 1] : 0;
    say(st, v ? "gets the object" : "gets nil");
    struct result res = {&in->d, v};
    g_finish(st, g, &res, 1, -1);
}

static void step_finalizer(struct state *st, int g, struct heap *h)
{
    const struct lit_instr *in = g_instr(st, g);
    int64_t p = g_value(st, g, &in->a);
    if (!p || heap_field_of(p)) {
        state_unmodelled(st, "a finalizer of nil, or of a field", "finalizer");
        return;
    }
    struct heap_object *o = &h->object[heap_object_of(p)];
    if (o->fin && in->blk >= 0) {
        state_unmodelled(st, "the object has a finalizer already", "finalizer");
        return;
    }
    o->fin = in->blk + 1;
    heap_store(st, h);
    say(st, in->blk < 0 ? "clears the finalizer" : "sets a finalizer");
    g_done(st, g);
}

static void step_cleanup(struct state *st, int g, struct heap *h)
{
    const struct lit_instr *in = g_instr(st, g);
    int64_t p = g_value(st, g, &in->a);
    int64_t arg = in->op == OP_CLEANUP1 ? g_value(st, g, &in->b) : 0;
    if (!p || (arg && heap_object_of(arg) == heap_object_of(p))) {
        state_unmodelled(st, "a cleanup of nil, or one that gets its object", "cleanup");
        return;
    }
    if (h->ncleans == HEAP_ENDS) {
        st->over = true;
        return;
    }
    h->clean[h->ncleans++] = (struct heap_clean){heap_object_of(p), in->blk, arg};
    heap_store(st, h);
    say(st, "adds a cleanup");
    struct result res = {&in->d, h->ncleans};
    g_finish(st, g, &res, 1, -1);
}

static void step_stop(struct state *st, int g, struct heap *h)
{
    int64_t c = g_value(st, g, &g_instr(st, g)->a);
    say(st, c ? "stops the cleanup" : "stops nothing");
    if (c) {
        h->clean[c - 1].object = -1;
        heap_store(st, h);
    }
    g_done(st, g);
}

/* ---- collections ---- */

/* What is not live now is found dead. */
static void bury(struct state *st, struct heap *h, const bool *live)
{
    for (int i = 0; i < h->nweaks; i++) {
        if (h->weak[i] && !live[heap_object_of(h->weak[i])] && !IS_MUTANT(WEAK_OUTLIVES)) {
            h->weak[i] = 0;
        }
    }
    for (int i = 0; i < h->ncleans; i++) {
        struct heap_clean *c = &h->clean[i];
        bool spared =
            c->object >= 0 && h->object[c->object].fin && !IS_MUTANT(CLEANUP_EARLY);
        if (c->object < 0 || live[c->object] || spared) {
            continue;
        }
        if (h->ndues < HEAP_ENDS) {
            h->due[h->ndues++] = (struct heap_due){c->block, c->arg, 0};
        }
        c->object = -1;
    }
    for (int o = 0; o < h->nobjects; o++) {
        struct heap_object *object = &h->object[o];
        if (live[o] || !object->fin) {
            continue;
        }
        for (int i = 0; i < 1 + IS_MUTANT(FINALIZER_TWICE) && h->ndues < HEAP_ENDS; i++) {
            h->due[h->ndues++] = (struct heap_due){object->fin - 1, heap_pointer(o, 0), 1};
        }
        object->fin = 0;
    }
    st->over |= h->ndues == HEAP_ENDS;
}

/* Buries what is not live, but for those of the n objects whose bit is in kept. */
static void collect(struct state *st, struct heap *h, const int *object, int n, int kept)
{
    bool extra[HEAP_OBJECTS] = {false}, live[HEAP_OBJECTS];
    for (int i = 0; i < n; i++) {
        extra[object[i]] = kept >> i & 1;
    }
    heap_mark(st, h, extra, live);
    bury(st, h, live);
    heap_store(st, h);
}

bool heap_may_collect(const struct state *st)
{
    struct heap h;
    bool live[HEAP_OBJECTS];
    int object[HEAP_OBJECTS];
    heap_load(st, &h);
    heap_mark(st, &h, NULL, live);
    return heap_candidates(st, &h, live, object) > 0;
}

void heap_collect(struct state *st)
{
    struct heap h;
    bool live[HEAP_OBJECTS];
    int object[HEAP_OBJECTS];
    heap_load(st, &h);
    heap_mark(st, &h, NULL, live);
    int n = heap_candidates(st, &h, live, object);
    if (n > MAX_CANDIDATES) {
        st->over = true;
        return;
    }
    say(st, "the runtime collects");
    collect(st, &h, object, n, choose(st, (1 << n) - 1)); /* all kept: no move */
}

/* A collection that this goroutine asked for begins; rounds of a `gc until` before it. */
static void begin(struct state *st, int g, struct heap *h, int64_t rounds)
{
    bool live[HEAP_OBJECTS];
    int64_t used = 0, bit = 1;
    for (int k = part_g0(st); k < st->nparts; k++) {
        if (g_alive(st, k) && words(st, k)[G_STAT] == G_COLLECTS) {
            used |= words(st, k)[G_VAL] % ROUND;
        }
    }
    while (used & bit) {
        bit <<= 1;
    }
    st->over |= bit >= ROUND;
    heap_mark(st, h, NULL, live);
    for (int o = 0; o < h->nobjects; o++) {
        h->object[o].doom |= live[o] ? 0 : bit;
    }
    heap_store(st, h);
    int64_t *w = touch(st, g);
    w[G_STAT] = G_COLLECTS;
    w[G_VAL] = bit + ROUND * rounds;
    say(st, "begins to collect");
}

/* `ok = heap max B`: half of B is room for what the driver has of its own. */
static void count_heap(struct state *st, int g, const struct heap *h)
{
    const struct lit_instr *in = g_instr(st, g);
    if (!st->prog->precise || h->nobjects > g_value(st, g, &in->a) / 2) {
        state_unmodelled(st, "needs gc.precise, and twice as many objects as are kept",
                         "heap max");
    }
    struct result res = {&in->d, 1};
    g_finish(st, g, &res, 1, -1);
}

/* The collection that g waits for is over. */
static void finish(struct state *st, int g, struct heap *h)
{
    bool live[HEAP_OBJECTS];
    int object[HEAP_OBJECTS], optional[HEAP_OBJECTS], n = 0;
    int64_t bit = words(st, g)[G_VAL] % ROUND, rounds = words(st, g)[G_VAL] / ROUND;
    heap_mark(st, h, NULL, live);
    int all = heap_candidates(st, h, live, object);
    for (int i = 0; i < all; i++) {
        bool must = st->prog->precise && !IS_MUTANT(GC_IS_NOTHING) &&
                    (h->object[object[i]].doom & bit);
        if (!must) {
            optional[n++] = object[i];
        }
    }
    if (n > MAX_CANDIDATES) {
        st->over = true;
        return;
    }
    for (int o = 0; o < h->nobjects; o++) {
        h->object[o].doom &= ~bit;
    }
    say(st, "the collection is over");
    collect(st, h, optional, n, choose(st, 1 << n));
    int64_t *w = touch(st, g);
    w[G_STAT] = G_RUNS;
    w[G_VAL] = 0;
    if (g_instr(st, g)->op == OP_GC) {
        g_done(st, g);
    } else if (g_instr(st, g)->op == OP_HEAP) {
        count_heap(st, g, h);
    } else {
        w[G_STAT] = G_SETTLES;
        w[G_VAL] = ROUND * (rounds + 1);
    }
}

/* `n = gc until x != V max K` looks at x: it is over, or begins another collection. */
static void look(struct state *st, int g, struct heap *h)
{
    const struct lit_instr *in = g_instr(st, g);
    int64_t rounds = words(st, g)[G_VAL] / ROUND, x = obj_words(st, in->obj)[V_VALUE];
    if (x == g_value(st, g, &in->a) && rounds < in->b.v) {
        begin(st, g, h, rounds);
        return;
    }
    int64_t *w = touch(st, g);
    w[G_STAT] = G_RUNS;
    w[G_VAL] = 0;
    say(st, "finds %lld after %lld collections", (long long)x, (long long)rounds);
    knows(st, g, obj_words(st, in->obj)[V_KNOW]);
    struct result res = {&in->d, x};
    g_finish(st, g, &res, 1, -1);
}

/* A lock that is held has no parked state of its own. */
bool heap_waits(const struct state *st, int g)
{
    return g_alive(st, g) && words(st, g)[G_END] &&
           (words(st, g)[G_STAT] != G_RUNS ||
            (fate_of(st, g) == FATE_OFF && !IS_MUTANT(LOCK_IS_NO_WAIT)));
}

/* Whoever settles waits until what is due has run as far as it can. */
enum fate heap_fate(const struct state *st, int g)
{
    if (words(st, g)[G_STAT] == G_COLLECTS) {
        return FATE_SHOWN;
    }
    if (heap_ndues(st)) {
        return FATE_OFF;
    }
    for (int k = part_g0(st); k < st->nparts; k++) {
        bool is_other = k != g && g_alive(st, k) && words(st, k)[G_STAT] != G_SETTLES;
        if (is_other && words(st, k)[G_END] && fate_of(st, k) != FATE_OFF) {
            return FATE_OFF;
        }
    }
    return FATE_SHOWN;
}

void step_collects(struct state *st, int g)
{
    struct heap h;
    heap_load(st, &h);
    if (words(st, g)[G_STAT] == G_COLLECTS) {
        finish(st, g, &h);
    } else {
        look(st, g, &h);
    }
}

/* ---- what is due ---- */

int heap_ndues(const struct state *st)
{
    struct heap h;
    heap_load(st, &h);
    return h.ndues;
}

/* The collector has seen all goroutines stand still: a finalizer knows what they did. */
void heap_start(struct state *st, int due)
{
    struct heap h;
    int64_t know = 0;
    heap_load(st, &h);
    struct heap_due d = h.due[due];
    for (int i = due + 1; i < h.ndues; i++) {
        h.due[i - 1] = h.due[i];
    }
    h.ndues--;
    heap_store(st, &h);
    for (int k = part_g0(st); k < st->nparts; k++) {
        know |= g_alive(st, k) ? words(st, k)[G_KNOW] : 0;
    }
    int child = g_new(st, (int)d.block, d.arg);
    say(st, "the runtime runs %s", st->prog->lit->blocks[d.block].name);
    if (child >= 0) {
        touch(st, child)[G_END] = 1 + (d.is_fin ? d.arg : 0);
        knows(st, child, know);
        st->note.partner = child;
    }
}

void step_heap(struct state *st, int g)
{
    struct heap h;
    heap_load(st, &h);
    switch (g_instr(st, g)->op) {
    case OP_NEW:
        step_new(st, g, &h);
        break;
    case OP_HSET:
    case OP_HGET:
    case OP_HADDR:
        step_field(st, g, &h);
        break;
    case OP_DROP:
        step_drop(st, g);
        break;
    case OP_KEEP:
        g_done(st, g);
        break;
    case OP_FINALIZER:
        step_finalizer(st, g, &h);
        break;
    case OP_CLEANUP:
    case OP_CLEANUP1:
        step_cleanup(st, g, &h);
        break;
    case OP_CSTOP:
        step_stop(st, g, &h);
        break;
    case OP_WEAK:
        step_weak(st, g, &h);
        break;
    case OP_WGET:
        step_get(st, g, &h);
        break;
    case OP_GCUNTIL:
        look(st, g, &h);
        break;
    default: /* OP_GC, OP_HEAP */
        begin(st, g, &h, 0);
        break;
    }
}
