/* SPDX-License-Identifier: BSD-3-Clause */
/* explore.c - every execution of a program.
 *
 * Owns: the search, its bounds, and lit_explore.  Not here: which moves there are and which
 * are left out (moves.c), what a step does.
 *
 * Idea.  Breadth first over interned states: from each every move is taken (moves.c), in
 * place, and undone.
 *
 *   I1  Over a bound nothing is judged: complete is false.
 *   I2  The second pass (tracks) walks the same steps on states that carry masks; its
 *       outcomes are not used.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/explore.h"
#include "model/heap.h"
#include "model/outcome.h"

/* ---- ends ---- */

/* Counts who is left when main has returned; who would end by itself at once is not. */
static void count_left(struct explorer *ex)
{
    struct state *st = &ex->st;
    int left = 0;
    st->ended = false;
    st->counting = true;
    for (int g = part_g0(st) + 1; g < st->nparts; g++) {
        explore_run_local(ex, g);
    }
    for (int g = part_g0(st) + 1; g < st->nparts; g++) {
        bool ends = g_alive(st, g) && words(st, g)[G_END]; /* drivers see to those */
        left += g_alive(st, g) && !ends;
        if (heap_waits(st, g)) {
            state_unmodelled(st, "main may return while a finalizer or cleanup waits", "");
        }
    }
    st->counting = false;
    ex->can_leak |= left > 0;
    ex->max_leaked = left > ex->max_leaked ? left : ex->max_leaked;
}

/* The number of the outcome that the scratch state is in. */
static int record_end(struct explorer *ex, enum lit_status status, int64_t code)
{
    struct state *st = &ex->st;
    const struct lit_program *lit = st->prog->lit;
    const struct part *shared = &st->part[PART_SHARED];
    int from = S_GLOBALS + lit->nglobals, nlog = shared->n - from;
    size_t need = (size_t)(lit->nterms + nlog + 1);
    if (need > ex->cap_words) {
        int64_t *w = realloc(ex->words, need * 2 * sizeof *w);
        if (!w) {
            st->over = true;
            return 0;
        }
        ex->words = w;
        ex->cap_words = need * 2;
    }
    bool shows_log = false;
    for (int i = 0; i < lit->nterms; i++) {
        const struct lit_term *t = &lit->terms[i];
        shows_log |= t->is_log;
        ex->words[i] =
            t->is_log || status != STATUS_OK ? 0 : shared->w[S_GLOBALS + t->global];
    }
    nlog = shows_log ? nlog : 0;
    for (int i = 0; i < nlog; i++) {
        ex->words[lit->nterms + i] = shared->w[from + i];
    }
    int end = graph_end(&ex->graph, status, code, ex->words, lit->nterms + nlog, nlog);
    if (status == STATUS_OK && !ex->graph.full) {
        count_left(ex);
    }
    return end;
}

static bool link_end(struct explorer *ex, uint32_t from, uint32_t ordinal,
                     enum lit_status status, int64_t code)
{
    struct graph *g = &ex->graph;
    int end = record_end(ex, status, code);
    if (g->full) {
        return false;
    }
    if (g->end[end].node == UINT32_MAX) {
        g->end[end].node = from;
        g->end[end].ordinal = ordinal;
    }
    graph_edge(g, TO_OUTCOME | (uint32_t)end);
    return !g->full;
}

/* ---- search ---- */

static bool number_state(struct explorer *ex, uint32_t from, uint32_t ordinal, uint32_t *to)
{
    struct graph *g = &ex->graph;
    bool found;
    int live = ex->st.nparts - part_g0(&ex->st);
    size_t len = state_pack(&ex->st);
    *to = graph_state(g, ex->st.buf, len, &found);
    if (g->full || ex->st.over) {
        return false;
    }
    if (!found) {
        g->node[*to].parent = from;
        g->node[*to].ordinal = ordinal;
        ex->max_goroutines = live > ex->max_goroutines ? live : ex->max_goroutines;
    }
    return g->n <= ex->max_states;
}

static bool visit_edge(struct explorer *ex, uint32_t ordinal, void *arg)
{
    uint32_t from = *(const uint32_t *)arg, to;
    struct state *st = &ex->st;
    if (st->over || st->unmodelled[0]) {
        return false;
    }
    if (st->ended) {
        return link_end(ex, from, ordinal, st->status, st->code);
    }
    if (!number_state(ex, from, ordinal, &to)) {
        return false;
    }
    graph_edge(&ex->graph, to);
    return !ex->graph.full;
}

/* Nothing can move: all are asleep, or nobody is left. */
static bool stand_still(struct explorer *ex, uint32_t from)
{
    struct state *st = &ex->st;
    bool anyone = false;
    for (int g = part_g0(st); g < st->nparts; g++) {
        anyone |= g_alive(st, g);
    }
    return link_end(ex, from, UINT32_MAX, anyone ? STATUS_DEADLOCK : STATUS_FATAL,
                    anyone ? 0 : FATAL_NO_GOROUTINES);
}

/* True: all states were visited. */
static bool search(struct explorer *ex)
{
    struct graph *g = &ex->graph;
    uint32_t start;
    explore_start(ex);
    if (ex->st.over || !number_state(ex, 0, 0, &start)) {
        return false;
    }
    for (uint32_t i = 0; i < g->n; i++) {
        g->first[i] = g->nedges;
        state_read(&ex->st, g->node[i].at);
        explore_moves(ex, visit_edge, &i);
        if (ex->st.over || g->full || g->n > ex->max_states || ex->st.unmodelled[0]) {
            return false;
        }
        if (ex->at_rest && !stand_still(ex, i)) {
            return false;
        }
    }
    g->first[g->n] = g->nedges;
    return true;
}

static bool explorer_init(struct explorer *ex, const struct prog *prog, bool *racy,
                          char *unmodelled, const struct lit_explore_options *opt)
{
    *ex = (struct explorer){.reduced = !opt->no_reduction, .local_left = 32u << 20};
    ex->max_states = opt->max_states ? opt->max_states : 1000000;
    ex->st.fifo = opt->fifo_waiters;
    ex->st.racy = racy;
    ex->st.unmodelled = unmodelled;
    return graph_init(&ex->graph, opt->max_bytes ? opt->max_bytes : (size_t)1 << 30) &&
           state_init(&ex->st, prog);
}

static void explorer_fini(struct explorer *ex)
{
    state_fini(&ex->st);
    graph_fini(&ex->graph);
    free(ex->words);
}

/* ---- results ---- */

static bool copy_outcome(struct explorer *ex, struct lit_model *m, int i, bool witness)
{
    const struct lit_program *lit = ex->st.prog->lit;
    struct end *end = &ex->graph.end[i];
    struct lit_outcome *o = &m->outcomes[i];
    size_t n = (size_t)lit->nterms, nlog = (size_t)end->nlog;
    o->status = end->status;
    o->code = end->code;
    o->paths = end->paths;
    o->weight = end->weight;
    o->value = model_alloc(m, (n + 1) * sizeof *o->value);
    o->log.v = model_alloc(m, (nlog + 1) * sizeof *o->log.v);
    if (!o->value || !o->log.v) {
        return false;
    }
    o->log.n = end->nlog;
    memcpy(o->value, end->value, n * sizeof *o->value);
    memcpy(o->log.v, end->value + n, nlog * sizeof *o->log.v);
    m->can_die |= end->status == STATUS_PANIC || end->status == STATUS_FATAL ||
                  end->status == STATUS_EXIT;
    m->can_hang |= end->status == STATUS_DEADLOCK;
    return !witness || witness_make(ex, m, o, end);
}

static bool fill(struct explorer *ex, struct lit_model *m, const struct prog *prog,
                 bool witnesses)
{
    struct weights w = graph_weigh(&ex->graph);
    m->diverges = w.diverges;
    m->max_depth = w.depth;
    m->states = ex->graph.n;
    m->transitions = ex->graph.nedges;
    m->max_goroutines = ex->max_goroutines;
    m->max_leaked = ex->max_leaked;
    m->can_leak = ex->can_leak;
    m->noutcomes = ex->graph.nends;
    size_t n = (size_t)m->noutcomes;
    m->outcomes = model_alloc(m, (n + 1) * sizeof *m->outcomes);
    bool ok = w.ok && m->outcomes;
    for (int i = 0; ok && i < m->noutcomes; i++) {
        ok = copy_outcome(ex, m, i, witnesses);
    }
    if (!ok) {
        m->noutcomes = 0;
        return false;
    }
    m->class = m->can_die    ? CLASS_DYING
               : m->can_hang ? CLASS_HANGING
               : m->can_leak ? CLASS_LEAKY
                             : CLASS_BATCH;
    outcomes_sort(prog->lit, m);
    return true;
}

/* The second pass, for the verdict on races. */
static bool look_for_races(const struct prog *prog, struct lit_model *m,
                           const struct lit_explore_options *opt)
{
    struct explorer ex;
    bool ok = explorer_init(&ex, prog, m->racy, m->unmodelled, opt);
    ex.st.tracks = true;
    ok = ok && search(&ex);
    explorer_fini(&ex);
    return ok;
}

static void explore_into(struct lit_model *m, const struct prog *prog,
                         const struct lit_explore_options *opt)
{
    struct explorer ex;
    bool ok = explorer_init(&ex, prog, m->racy, m->unmodelled, opt);
    ok = ok && search(&ex);
    m->states = ex.graph.n;
    m->transitions = ex.graph.nedges;
    m->complete = ok && fill(&ex, m, prog, opt->witnesses);
    explorer_fini(&ex);
    if (m->complete && prog->shares_vars) {
        m->complete = look_for_races(prog, m, opt);
        m->noutcomes = m->unmodelled[0] ? 0 : m->noutcomes;
    }
    m->complete |= m->unmodelled[0] != '\0';
}

struct lit_model *lit_explore(const struct lit_program *p,
                              const struct lit_explore_options *opt)
{
    struct lit_explore_options plain = {0};
    struct timespec from, to;
    struct prog prog;
    struct lit_model *m = calloc(1, sizeof *m);
    if (!m) {
        return NULL;
    }
    opt = opt ? opt : &plain;
    clock_gettime(CLOCK_MONOTONIC, &from);
    m->racy = model_alloc(m, (size_t)p->nobjects + 1);
    if (prog_init(&prog, p, opt->fifo_waiters) && m->racy) {
        memcpy(m->unmodelled, prog.unmodelled, sizeof m->unmodelled);
        m->complete = prog.unmodelled[0] != '\0';
        if (!m->complete) {
            explore_into(m, &prog, opt);
        }
    }
    prog_fini(&prog);
    clock_gettime(CLOCK_MONOTONIC, &to);
    m->seconds =
        (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
    return m;
}
