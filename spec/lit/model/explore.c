/* SPDX-License-Identifier: BSD-3-Clause */
/* explore.c - every execution of a program.
 *
 * Owns: the search, its reduction and bounds, and lit_explore.  Not here: what a step does.
 *
 * Idea.  Breadth first over interned states.  From each state every enabled step of every
 * goroutine and every timer that may fire is taken, in place, and undone.  Reduction: a
 * LOCAL step commutes with all that others can do, so after each step the goroutines that
 * it touched run their local steps at once, and only where none is left does a state get a
 * number.  This is the ample set { that local step } applied until no longer possible; the
 * end of main and of the process are never local, so no outcome is lost.
 *
 * A chain of local steps that comes back to where it was (a loop that does nothing) is left
 * as it is: the state is then expanded in full, so that no goroutine is ignored for ever.
 *
 * Without reduction only the moves of unwinding, which are part of an instruction, run at
 * once.
 *
 *   I1  Over a bound nothing is judged: complete is false.
 *   I2  The second pass (tracks) walks the same steps on states that carry masks; its
 *       outcomes are not used.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/clock.h"
#include "model/explore.h"
#include "model/outcome.h"

/* ---- local steps ---- */

static bool is_control(const struct state *st, int g)
{
    const int64_t *e = g_top(st, g);
    bool code = e[E_TAG] == E_RUNS && e[E_BLOCK] >= 0;
    return !code && e[E_TAG] != E_PEND && e[E_TAG] != E_CHECK;
}

static void one_step(struct explorer *ex, int g, bool shown)
{
    if (ex->before) {
        ex->before(ex->arg, g);
    }
    step_goroutine(&ex->st, g);
    if (ex->after) {
        ex->after(ex->arg, shown);
    }
}

/* Runs the local steps of one goroutine.  Snapshots at powers of two find a loop. */
static void run_local(struct explorer *ex, int g, bool all)
{
    struct state *st = &ex->st;
    int64_t snapshot[64];
    int snap_n = -1;
    for (uint64_t k = 1; fate_of(st, g) == FATE_LOCAL && !st->over; k++) {
        if (!all && !is_control(st, g)) {
            return;
        }
        if (ex->local_left-- == 0) {
            st->over = true;
            return;
        }
        one_step(ex, g, false);
        int n = st->part[g].n;
        if (n == snap_n &&
            memcmp(snapshot, words(st, g), (size_t)n * sizeof *snapshot) == 0) {
            return;
        }
        if (k >= 64 && (k & (k - 1)) == 0) {
            snap_n = n <= 64 ? n : -1;
            memcpy(snapshot, words(st, g), (size_t)(snap_n > 0 ? n : 0) * sizeof *snapshot);
        }
    }
}

static void settle(struct explorer *ex, bool all)
{
    struct state *st = &ex->st;
    int g0 = part_g0(st);
    for (int k = 0; k < st->ndirty && !st->over && !st->ended && !st->unmodelled[0]; k++) {
        if (st->dirty[k] >= g0) {
            run_local(ex, st->dirty[k], all);
        }
    }
}

void explore_settle(struct explorer *ex)
{
    settle(ex, ex->reduced);
}

void explore_start(struct explorer *ex)
{
    state_start(&ex->st);
    g_new(&ex->st, 0);
    explore_settle(ex);
}

/* ---- transitions ---- */

static void take(struct explorer *ex, const struct move *move)
{
    struct state *st = &ex->st;
    st->ended = false;
    st->choice = move->choice;
    st->nchoices = 1;
    if (move->g >= 0) {
        one_step(ex, move->g, true);
    } else {
        if (ex->before) {
            ex->before(ex->arg, -1);
        }
        timer_fire(st, move->row);
        if (ex->after) {
            ex->after(ex->arg, true);
        }
    }
    st->choice = 0;
    if (!st->ended) {
        explore_settle(ex);
    }
}

struct visitor {
    bool (*visit)(struct explorer *ex, uint32_t ordinal, void *arg);
    void *arg;
    uint32_t ordinal;
};

/* All choices of one step; false: stop. */
static bool all_choices(struct explorer *ex, struct move move, struct visitor *v)
{
    int n = 1;
    for (; move.choice < n; move.choice++) {
        take(ex, &move);
        n = ex->st.nchoices;
        bool more = v->visit(ex, v->ordinal++, v->arg);
        state_undo(&ex->st);
        if (!more) {
            return false;
        }
    }
    return true;
}

static bool some_timer_wakes(struct state *st, int rows)
{
    for (int r = 0; r < rows; r++) {
        if (timer_wakes(st, r)) {
            return true;
        }
    }
    return false;
}

uint32_t explore_moves(struct explorer *ex,
                       bool (*visit)(struct explorer *ex, uint32_t ordinal, void *arg),
                       void *arg)
{
    struct state *st = &ex->st;
    struct visitor v = {visit, arg, 0};
    bool idle = true;
    for (int g = part_g0(st), n = st->nparts; g < n; g++) {
        if (fate_of(st, g) != FATE_OFF) {
            idle = false;
            if (!all_choices(ex, (struct move){g, -1, 0}, &v)) {
                return v.ordinal;
            }
        }
    }
    int rows = clock_rows(st);
    if (rows > 0 && (!idle || some_timer_wakes(st, rows))) {
        for (int r = 0; r < rows; r++) {
            if (clock_can_fire(st, r, idle) &&
                !all_choices(ex, (struct move){-1, r, 0}, &v)) {
                return v.ordinal;
            }
        }
    }
    return v.ordinal;
}

/* ---- ends ---- */

/* Counts who is left when main has returned; who would end by itself at once is not. */
static void count_left(struct explorer *ex)
{
    struct state *st = &ex->st;
    int left = 0;
    st->ended = false;
    for (int g = part_g0(st) + 1; g < st->nparts; g++) {
        run_local(ex, g, true);
    }
    for (int g = part_g0(st) + 1; g < st->nparts; g++) {
        left += g_alive(st, g);
    }
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
    return link_end(ex, from, 0, anyone ? STATUS_DEADLOCK : STATUS_FATAL,
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
        uint32_t moves = explore_moves(ex, visit_edge, &i);
        if (ex->st.over || g->full || g->n > ex->max_states || ex->st.unmodelled[0]) {
            return false;
        }
        if (moves == 0 && !stand_still(ex, i)) {
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
