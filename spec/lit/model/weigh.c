/* SPDX-License-Identifier: BSD-3-Clause */
/* weigh.c - how many schedules lead to each outcome, and how likely a random one does.
 *
 * Owns: sums over the finished graph.  Not here: the graph (graph.c).
 *
 * Idea: remove states in topological order and pass on what they have: the number of paths
 * whole, the probability in equal shares.  If a cycle remains, paths are without bound
 * (given as 0), probabilities come from repeated sweeps, and divergence is asked: a state
 * from which no outcome can be reached, by walking the edges backwards from those that end.
 */
#include <stdlib.h>
#include <string.h>

#include "model/graph.h"

struct sums {
    struct graph *g;
    uint32_t *degree, *queue, *depth;
    double *paths, *share;
    uint32_t done;
};

static bool sums_init(struct sums *s, struct graph *g)
{
    size_t n = (size_t)g->n + 1;
    *s = (struct sums){.g = g};
    s->degree = calloc(3 * n, sizeof(uint32_t));
    s->paths = calloc(2 * n, sizeof(double));
    if (!s->degree || !s->paths) {
        return false;
    }
    s->queue = s->degree + n;
    s->depth = s->queue + n;
    s->share = s->paths + n;
    for (uint64_t e = 0; e < g->nedges; e++) {
        if (!(g->edge[e] & TO_OUTCOME)) {
            s->degree[g->edge[e]]++;
        }
    }
    return true;
}

static void pass_on(struct sums *s, uint32_t i, uint32_t *tail, int *depth)
{
    struct graph *g = s->g;
    double share = s->share[i] / (double)(g->first[i + 1] - g->first[i]);
    for (uint64_t e = g->first[i]; e < g->first[i + 1]; e++) {
        uint32_t to = g->edge[e];
        if (to & TO_OUTCOME) {
            g->end[to & ~TO_OUTCOME].paths += s->paths[i];
            g->end[to & ~TO_OUTCOME].weight += share;
            *depth = (int)s->depth[i] + 1 > *depth ? (int)s->depth[i] + 1 : *depth;
            continue;
        }
        s->paths[to] += s->paths[i];
        s->share[to] += share;
        if (s->depth[i] + 1 > s->depth[to]) {
            s->depth[to] = s->depth[i] + 1;
        }
        if (--s->degree[to] == 0) {
            s->queue[(*tail)++] = to;
        }
    }
}

/* Returns the longest path; s->done counts the states that lie on no cycle. */
static int topological(struct sums *s)
{
    uint32_t tail = 0;
    int depth = 0;
    s->paths[0] = s->share[0] = 1;
    if (s->degree[0] == 0) {
        s->queue[tail++] = 0;
    }
    for (s->done = 0; s->done < tail; s->done++) {
        pass_on(s, s->queue[s->done], &tail, &depth);
    }
    return depth;
}

/* Probabilities in a graph with cycles: sweeps until hardly anything is under way. */
static int sweep(struct sums *s)
{
    struct graph *g = s->g;
    uint64_t budget = 50000000;
    double under_way = 1;
    int rounds = 0;
    for (int i = 0; i < g->nends; i++) {
        g->end[i].paths = g->end[i].weight = 0;
    }
    memset(s->paths, 0, 2 * ((size_t)g->n + 1) * sizeof(double));
    s->paths[0] = 1;
    while (under_way > 1e-9 && budget > g->nedges + g->n) {
        budget -= g->nedges + g->n;
        rounds++;
        memset(s->share, 0, ((size_t)g->n + 1) * sizeof(double));
        for (uint32_t i = 0; i < g->n; i++) {
            double part = s->paths[i] / (double)(g->first[i + 1] - g->first[i]);
            for (uint64_t e = g->first[i]; part > 0 && e < g->first[i + 1]; e++) {
                uint32_t to = g->edge[e];
                double *at =
                    to & TO_OUTCOME ? &g->end[to & ~TO_OUTCOME].weight : &s->share[to];
                *at += part;
            }
        }
        under_way = 0;
        for (uint32_t i = 0; i < g->n; i++) {
            s->paths[i] = s->share[i];
            under_way += s->share[i];
        }
    }
    return rounds;
}

/* Whether some state reaches no outcome: edges are walked against their direction. */
static bool find_divergence(struct sums *s, bool *diverges)
{
    struct graph *g = s->g;
    uint64_t *start = calloc((size_t)g->n + 2, sizeof *start);
    uint32_t *from = malloc((g->nedges + 1) * sizeof *from);
    bool *ends = calloc((size_t)g->n + 1, 1);
    if (!start || !from || !ends) {
        free(start);
        free(from);
        free(ends);
        return false;
    }
    for (uint64_t e = 0; e < g->nedges; e++) {
        start[(g->edge[e] & TO_OUTCOME ? g->n : g->edge[e]) + 1]++;
    }
    for (uint32_t i = 0; i <= g->n; i++) {
        start[i + 1] += start[i];
    }
    uint32_t tail = 0;
    for (uint32_t i = 0; i < g->n; i++) {
        for (uint64_t e = g->first[i]; e < g->first[i + 1]; e++) {
            if (!(g->edge[e] & TO_OUTCOME)) {
                from[start[g->edge[e]]++] = i;
            } else if (!ends[i]) {
                ends[i] = true;
                s->queue[tail++] = i;
            }
        }
    }
    for (uint32_t k = 0; k < tail; k++) {
        uint32_t i = s->queue[k];
        for (uint64_t e = i ? start[i - 1] : 0; e < start[i]; e++) {
            if (!ends[from[e]]) {
                ends[from[e]] = true;
                s->queue[tail++] = from[e];
            }
        }
    }
    *diverges = tail < g->n;
    free(start);
    free(from);
    free(ends);
    return true;
}

struct weights graph_weigh(struct graph *g)
{
    struct sums s;
    struct weights w = {.ok = sums_init(&s, g)};
    if (w.ok) {
        w.depth = topological(&s);
        if (s.done < g->n) {
            w.depth = sweep(&s);
            w.ok = find_divergence(&s, &w.diverges);
        }
    }
    free(s.degree);
    free(s.paths);
    return w;
}
