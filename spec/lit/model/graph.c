/* SPDX-License-Identifier: BSD-3-Clause */
/* graph.c - the states that were found, and the steps between them.
 *
 * Owns: graph.h.
 *
 * States live in chunks that never move; the hash table holds 32 bits of the hash and the
 * number of the state, so that nearly all look-ups touch the bytes of a state only to
 * confirm it: two states are one when their bytes are equal, never by hash alone.
 */
#include <stdlib.h>
#include <string.h>

#include "model/graph.h"

struct chunk {
    struct chunk *next;
    size_t used, size;
    uint8_t bytes[];
};

static uint64_t mix(uint64_t a, uint64_t b)
{
    __uint128_t r = (__uint128_t)a * b;
    return (uint64_t)r ^ (uint64_t)(r >> 64);
}

static uint64_t hash_bytes(const uint8_t *p, size_t n)
{
    uint64_t h = 0x9e3779b97f4a7c15u ^ n, a, b;
    while (n >= 16) {
        memcpy(&a, p, 8);
        memcpy(&b, p + 8, 8);
        h = mix(a ^ h ^ 0xa0761d6478bd642fu, b ^ 0xe7037ed1a0b428dbu);
        p += 16;
        n -= 16;
    }
    a = b = 0;
    memcpy(&a, p, n < 8 ? n : 8);
    if (n > 8) {
        memcpy(&b, p + 8, n - 8);
    }
    return mix(a ^ h ^ 0x8ebc6af09c88c6e3u, b ^ 0x589965cc75374cc3u);
}

/* Counts memory; false: over the bound. */
static bool charge(struct graph *g, size_t bytes)
{
    g->bytes += bytes;
    g->full |= g->bytes > g->max_bytes;
    return !g->full;
}

static void *regrow(struct graph *g, void *old, size_t from, size_t to)
{
    void *p = charge(g, to - from) ? realloc(old, to) : NULL;
    g->full |= p == NULL;
    return p ? p : old;
}

bool graph_init(struct graph *g, size_t max_bytes)
{
    *g = (struct graph){.max_bytes = max_bytes, .mask = 255, .end_mask = 15};
    g->slot = calloc(g->mask + 1, sizeof *g->slot);
    g->end_slot = calloc((size_t)g->end_mask + 1, sizeof *g->end_slot);
    return g->slot && g->end_slot;
}

void graph_fini(struct graph *g)
{
    while (g->chunk) {
        struct chunk *next = g->chunk->next;
        free(g->chunk);
        g->chunk = next;
    }
    for (int i = 0; i < g->nends; i++) {
        free(g->end[i].value);
    }
    free(g->node);
    free(g->first);
    free(g->edge);
    free(g->slot);
    free(g->end);
    free(g->end_slot);
    *g = (struct graph){0};
}

static const uint8_t *keep_bytes(struct graph *g, const uint8_t *packed, size_t len)
{
    struct chunk *c = g->chunk;
    if (!c || c->size - c->used < len) {
        size_t size = c ? c->size * 2 : 4096;
        size = size > 1 << 20 ? 1 << 20 : size;
        size = size < len ? len : size;
        if (!charge(g, size) || !(c = malloc(sizeof *c + size))) {
            g->full = true;
            return NULL;
        }
        *c = (struct chunk){.next = g->chunk, .size = size};
        g->chunk = c;
    }
    uint8_t *at = c->bytes + c->used;
    memcpy(at, packed, len);
    c->used += len;
    return at;
}

static void rehash(struct graph *g)
{
    uint64_t mask = g->mask * 2 + 1;
    uint64_t *slot = charge(g, (g->mask + 1) * 8) ? calloc(mask + 1, sizeof *slot) : NULL;
    if (!slot) {
        g->full = true;
        return;
    }
    for (uint64_t i = 0; i <= g->mask; i++) {
        if (g->slot[i]) {
            uint64_t k = g->slot[i] >> 32;
            while (slot[k & mask]) {
                k++;
            }
            slot[k & mask] = g->slot[i];
        }
    }
    free(g->slot);
    g->slot = slot;
    g->mask = mask;
}

static void grow_nodes(struct graph *g)
{
    uint32_t cap = g->cap ? g->cap * 2 : 64;
    g->node = regrow(g, g->node, g->cap * sizeof *g->node, cap * sizeof *g->node);
    g->first = regrow(g, g->first, g->cap * sizeof *g->first, (cap + 1) * sizeof *g->first);
    g->cap = g->full ? g->cap : cap;
}

uint32_t graph_state(struct graph *g, const uint8_t *packed, size_t len, bool *found)
{
    uint64_t hash = hash_bytes(packed, len) >> 32, k = hash;
    for (; g->slot[k & g->mask]; k++) {
        uint64_t s = g->slot[k & g->mask];
        const struct node *n = &g->node[(uint32_t)s - 1];
        if (s >> 32 == hash && n->len == len && memcmp(n->at, packed, len) == 0) {
            *found = true;
            return (uint32_t)s - 1;
        }
    }
    *found = false;
    if (g->n == g->cap) {
        grow_nodes(g);
    }
    const uint8_t *at = g->full ? NULL : keep_bytes(g, packed, len);
    if (g->full || g->n >= TO_OUTCOME - 2) {
        g->full = true;
        return 0;
    }
    g->node[g->n] = (struct node){.at = at, .len = (uint32_t)len};
    g->slot[k & g->mask] = hash << 32 | (g->n + 1);
    if (++g->n * 2ull > g->mask) {
        rehash(g);
    }
    return g->n - 1;
}

void graph_edge(struct graph *g, uint32_t to)
{
    if (g->nedges == g->cap_edges) {
        uint64_t cap = g->cap_edges ? g->cap_edges * 2 : 256;
        g->edge = regrow(g, g->edge, g->cap_edges * 4, cap * 4);
        if (g->full) {
            return;
        }
        g->cap_edges = cap;
    }
    g->edge[g->nedges++] = to;
}

static bool same_end(const struct end *e, enum lit_status status, int64_t code,
                     const int64_t *w, int nwords, int nlog)
{
    return e->status == status && e->code == code && e->nlog == nlog &&
           memcmp(e->value, w, (size_t)nwords * sizeof *w) == 0;
}

static uint64_t end_hash(enum lit_status status, int64_t code, const int64_t *w, int nwords)
{
    uint64_t h = hash_bytes((const uint8_t *)w, (size_t)nwords * sizeof *w);
    return mix(h ^ (uint64_t)status, (uint64_t)code ^ 0x9e3779b97f4a7c15u);
}

static void rehash_ends(struct graph *g, int nterms)
{
    int mask = g->end_mask * 2 + 1;
    int *slot = calloc((size_t)mask + 1, sizeof *slot);
    if (!slot) {
        g->full = true;
        return;
    }
    for (int i = 0; i < g->nends; i++) {
        const struct end *e = &g->end[i];
        uint64_t k = end_hash(e->status, e->code, e->value, nterms + e->nlog);
        while (slot[k & (uint64_t)mask]) {
            k++;
        }
        slot[k & (uint64_t)mask] = i + 1;
    }
    free(g->end_slot);
    g->end_slot = slot;
    g->end_mask = mask;
}

int graph_end(struct graph *g, enum lit_status status, int64_t code, const int64_t *words,
              int nwords, int nlog)
{
    uint64_t k = end_hash(status, code, words, nwords);
    for (; g->end_slot[k & (uint64_t)g->end_mask]; k++) {
        int i = g->end_slot[k & (uint64_t)g->end_mask] - 1;
        if (same_end(&g->end[i], status, code, words, nwords, nlog)) {
            return i;
        }
    }
    if (g->nends == g->cap_ends) {
        size_t from = (size_t)g->cap_ends * sizeof *g->end;
        size_t to = from ? from * 2 : 8 * sizeof *g->end;
        g->end = regrow(g, g->end, from, to);
        g->cap_ends = g->full ? g->cap_ends : (int)(to / sizeof *g->end);
    }
    int64_t *value = g->full ? NULL : malloc((size_t)(nwords + 1) * sizeof *value);
    if (!value) {
        g->full = true;
        return 0;
    }
    memcpy(value, words, (size_t)nwords * sizeof *value);
    g->end[g->nends] = (struct end){
        .status = status, .code = code, .value = value, .nlog = nlog, .node = UINT32_MAX};
    g->end_slot[k & (uint64_t)g->end_mask] = ++g->nends;
    charge(g, (size_t)nwords * sizeof *value);
    int i = g->nends - 1;
    if (g->nends * 2 > g->end_mask) {
        rehash_ends(g, nwords - nlog);
    }
    return i;
}
