/* SPDX-License-Identifier: BSD-3-Clause */
/* witness.c - a shortest schedule for each outcome, step by step.
 *
 * Owns: walking the way to an outcome again, with names.  Not here: finding it (explore.c).
 *
 * Idea: parents and ordinals name the way; each transition on it is taken once more with
 * notes on.  States do not know which goroutine is which, so the walk does: ids[] gives
 * each part of the scratch state the number of its goroutine in order of start, and follows
 * packing, which sorts the parts and says how.
 */
#include <stdlib.h>
#include <string.h>

#include "model/explore.h"

struct walk {
    struct explorer *ex;
    struct lit_step *step;
    int n, cap;
    int *id, *block, *spare; /* by part: number, first block */
    int cap_parts, next;     /* next: number of the next goroutine to start */
    int known;               /* parts below this have an id */
    uint32_t wanted;         /* ordinal of the transition on the way */
    int g, g_block, line;    /* before the step under way */
    bool failed;
};

static bool walk_room(struct walk *w, int parts)
{
    if (parts <= w->cap_parts) {
        return true;
    }
    int cap = parts * 2 + 16;
    int *id = realloc(w->id, (size_t)cap * sizeof *id);
    w->id = id ? id : w->id;
    int *block = realloc(w->block, (size_t)cap * sizeof *block);
    w->block = block ? block : w->block;
    int *spare = realloc(w->spare, (size_t)cap * 2 * sizeof *spare);
    w->spare = spare ? spare : w->spare;
    w->cap_parts = id && block && spare ? cap : w->cap_parts;
    w->failed |= !id || !block || !spare;
    return !w->failed;
}

/* New parts are new goroutines. */
static void name_new(struct walk *w)
{
    struct state *st = &w->ex->st;
    if (!walk_room(w, st->nparts)) {
        return;
    }
    for (; w->known < st->nparts; w->known++) {
        const int64_t *p = words(st, w->known);
        w->id[w->known] = w->next++;
        w->block[w->known] = g_alive(st, w->known) ? (int)p[G_HEAD + E_BLOCK] : -1;
    }
}

/* Where a goroutine is: the topmost frame that has code. */
static void locate(struct walk *w, int g)
{
    const struct state *st = &w->ex->st;
    const int64_t *p = words(st, g);
    w->g = w->id[g];
    w->g_block = w->block[g];
    w->line = 0;
    for (int64_t at = p[G_TOP]; at; at = p[at + E_PREV]) {
        if (p[at + E_TAG] == E_RUNS && p[at + E_BLOCK] >= 0) {
            const struct lit_block *b = &st->prog->lit->blocks[p[at + E_BLOCK]];
            w->g_block = (int)p[at + E_BLOCK];
            w->line = b->code[p[at + E_PC]].line;
            return;
        }
    }
}

static void walk_before(void *arg, int g)
{
    struct walk *w = arg;
    struct state *st = &w->ex->st;
    st->note.text[0] = '\0';
    st->note.partner = -1;
    w->g = w->g_block = -1;
    w->line = 0;
    if (g >= 0 && walk_room(w, st->nparts)) {
        locate(w, g);
    }
}

static void walk_after(void *arg, bool shown)
{
    struct walk *w = arg;
    struct state *st = &w->ex->st;
    name_new(w);
    if (w->failed || !(shown || st->note.text[0])) {
        return;
    }
    if (w->n == w->cap) {
        int cap = w->cap ? w->cap * 2 : 32;
        struct lit_step *step = realloc(w->step, (size_t)cap * sizeof *step);
        w->failed |= !step;
        if (!step) {
            return;
        }
        w->step = step;
        w->cap = cap;
    }
    struct lit_step *s = &w->step[w->n++];
    *s = (struct lit_step){.g = w->g, .block = w->g_block, .line = w->line, .partner = -1};
    if (st->note.partner >= 0) {
        s->partner = w->id[st->note.partner];
    }
    memcpy(s->what, st->note.text, sizeof s->what);
}

/* Part k of the state that packing makes was part order[k]. */
static void follow_packing(struct walk *w)
{
    struct state *st = &w->ex->st;
    int g0 = part_g0(st), n = g0 + 1;
    state_pack(st);
    for (int g = g0 + 1; g < st->nparts; g++) {
        n += g_alive(st, g);
    }
    for (int k = g0; k < n; k++) {
        w->spare[2 * k] = w->id[st->order[k]];
        w->spare[2 * k + 1] = w->block[st->order[k]];
    }
    for (int k = g0; k < n; k++) {
        w->id[k] = w->spare[2 * k];
        w->block[k] = w->spare[2 * k + 1];
    }
    w->known = n;
}

static bool walk_visit(struct explorer *ex, uint32_t ordinal, void *arg)
{
    struct walk *w = arg;
    if (ordinal == w->wanted && !ex->st.ended) {
        follow_packing(w);
    }
    return ordinal != w->wanted;
}

/* Transitions before the wanted one are walked as well; what they noted is taken back. */
struct rewind {
    struct walk *w;
    int n, next, known;
};

static bool visit_or_rewind(struct explorer *ex, uint32_t ordinal, void *arg)
{
    struct rewind *r = arg;
    if (ordinal != r->w->wanted) {
        r->w->n = r->n;
        r->w->next = r->next;
        r->w->known = r->known;
    }
    return walk_visit(ex, ordinal, r->w);
}

static void walk_along(struct walk *w, const uint32_t *node, const uint32_t *ordinal,
                       int len)
{
    struct explorer *ex = w->ex;
    /* Main has its number before its first steps, which explore_start takes. */
    w->known = part_g0(&ex->st);
    w->id[w->known] = w->next++;
    w->block[w->known++] = 0;
    explore_start(ex);
    name_new(w);
    if (!w->failed) {
        follow_packing(w);
    }
    for (int i = 0; i < len && !w->failed; i++) {
        struct rewind r = {w, w->n, w->next, w->known};
        state_read(&ex->st, ex->graph.node[node[i]].at);
        w->wanted = ordinal[i];
        explore_moves(ex, visit_or_rewind, &r);
    }
}

bool witness_make(struct explorer *ex, struct lit_model *m, struct lit_outcome *o,
                  const struct end *end)
{
    int len = 1;
    for (uint32_t i = end->node; i; i = ex->graph.node[i].parent) {
        len++;
    }
    uint32_t *way = malloc((size_t)len * 2 * sizeof *way);
    struct walk w = {.ex = ex, .failed = !way};
    uint32_t node = end->node, ordinal = end->ordinal;
    for (int i = len - 1; way && i >= 0; i--) {
        way[i] = node;
        way[len + i] = ordinal;
        ordinal = ex->graph.node[node].ordinal;
        node = ex->graph.node[node].parent;
    }
    ex->st.note.on = true;
    ex->before = walk_before;
    ex->after = walk_after;
    ex->arg = &w;
    if (way && walk_room(&w, part_g0(&ex->st) + 1)) {
        walk_along(&w, way, way + len, len);
    }
    ex->before = NULL;
    ex->after = NULL;
    ex->st.note.on = false;
    o->steps = w.failed ? NULL : model_alloc(m, (size_t)(w.n + 1) * sizeof *o->steps);
    if (o->steps) {
        memcpy(o->steps, w.step, (size_t)w.n * sizeof *w.step);
        o->nsteps = w.n;
    }
    free(way);
    free(w.step);
    free(w.id);
    free(w.block);
    free(w.spare);
    return o->steps != NULL;
}
