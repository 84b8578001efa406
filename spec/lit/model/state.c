/* SPDX-License-Identifier: BSD-3-Clause */
/* state.c - one state of a litmus execution: parts, packing, and what every step is made
 * of.
 *
 * Owns: state.h.  Not here: the meaning of operations.
 *
 * Packed form: number of goroutine parts, then each part as its word count and its words,
 * all zigzag varints.  Reading remembers where each part's bytes lie, so that undoing a
 * step reads only what the step touched, and packing copies what it did not.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "model/state.h"

static const uint8_t *get(const uint8_t *p, int64_t *v)
{
    uint64_t z = *p++;
    if (z >= 128) {
        uint64_t byte;
        int shift = 7;
        z &= 127;
        do {
            byte = *p++;
            z |= (byte & 127) << shift;
            shift += 7;
        } while (byte >= 128);
    }
    *v = (int64_t)(z >> 1) ^ -(int64_t)(z & 1);
    return p;
}

static uint8_t *put(uint8_t *p, int64_t v)
{
    uint64_t z = ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
    while (z >= 128) {
        *p++ = (uint8_t)(z | 128);
        z >>= 7;
    }
    *p++ = (uint8_t)z;
    return p;
}

void part_touch_slow(struct state *st, int i)
{
    st->part[i].dirty = true;
    st->dirty[st->ndirty++] = i;
}

/* Makes room for `by` more words.  A part at its limit sets st->over and keeps its size:
 * the caller then writes over its last words, and the state is thrown away. */
void part_grow(struct state *st, int i, int by)
{
    struct part *p = &st->part[i];
    if (p->n + by <= p->cap) {
        return;
    }
    int cap = p->cap ? p->cap : 32;
    while (cap < p->n + by) {
        cap *= 2;
    }
    int64_t *w = cap <= MAX_WORDS ? realloc(p->w, (size_t)cap * sizeof *w) : NULL;
    if (!w) {
        st->over = true;
        p->n = p->cap - by;
        return;
    }
    p->w = w;
    p->cap = cap;
}

void part_push(struct state *st, int i, int64_t v)
{
    touch(st, i);
    part_grow(st, i, 1);
    st->part[i].w[st->part[i].n++] = v;
}

void part_cut(struct state *st, int i, int from, int count)
{
    int64_t *w = touch(st, i);
    struct part *p = &st->part[i];
    memmove(w + from, w + from + count, (size_t)(p->n - from - count) * sizeof *w);
    p->n -= count;
}

static bool reserve_parts(struct state *st, int n)
{
    if (n <= st->cap_parts) {
        return true;
    }
    int cap = st->cap_parts ? st->cap_parts * 2 : 16;
    while (cap < n) {
        cap *= 2;
    }
    struct part *part = realloc(st->part, (size_t)cap * sizeof *part);
    if (part) {
        st->part = part;
        memset(part + st->cap_parts, 0, (size_t)(cap - st->cap_parts) * sizeof *part);
    }
    int *dirty = realloc(st->dirty, (size_t)cap * sizeof *dirty);
    st->dirty = dirty ? dirty : st->dirty;
    int *order = realloc(st->order, (size_t)cap * sizeof *order);
    st->order = order ? order : st->order;
    if (!part || !dirty || !order) {
        return false;
    }
    st->cap_parts = cap;
    return true;
}

int part_new(struct state *st)
{
    if (st->nparts >= MAX_PARTS || !reserve_parts(st, st->nparts + 1)) {
        st->over = true;
        return -1;
    }
    int i = st->nparts++;
    st->part[i].n = 0;
    st->part[i].dirty = false;
    touch(st, i);
    part_grow(st, i, 16);
    return i;
}

bool state_init(struct state *st, const struct prog *prog)
{
    st->prog = prog;
    return reserve_parts(st, part_g0(st) + 4);
}

void state_fini(struct state *st)
{
    for (int i = 0; i < st->cap_parts; i++) {
        free(st->part[i].w);
    }
    free(st->part);
    free(st->dirty);
    free(st->order);
    free(st->buf);
}

static void start_object(struct state *st, int obj)
{
    const struct lit_object *o = &st->prog->lit->objects[obj];
    int i = obj_part(obj);
    int words = o->kind == OBJ_CHAN                             ? C_BUF
                : o->kind == OBJ_MUTEX                          ? M_WORDS
                : o->kind == OBJ_RWMUTEX                        ? RW_WORDS
                : o->kind == OBJ_TIMER || o->kind == OBJ_TICKER ? T_WORDS
                : o->kind == OBJ_NILCHAN || o->kind == OBJ_COND ? 0
                                                                : V_WORDS;
    for (int k = 0; k < words; k++) {
        part_push(st, i, 0);
    }
    if (o->kind == OBJ_CHAN) {
        st->part[i].w[C_CAP] = o->cap;
    } else if (o->kind == OBJ_ATOMIC || o->kind == OBJ_VAR) {
        st->part[i].w[V_VALUE] = o->init;
    }
}

void state_start(struct state *st)
{
    const struct lit_program *lit = st->prog->lit;
    for (int i = 0; i < st->nparts; i++) {
        st->part[i].n = 0;
        st->part[i].dirty = false;
    }
    st->nparts = part_g0(st);
    st->base_parts = 0;
    st->base = NULL;
    st->ndirty = 0;
    st->ended = false;
    for (int i = 0; i < st->nparts; i++) {
        touch(st, i);
    }
    for (int i = 0; i < S_GLOBALS + lit->nglobals; i++) {
        part_push(st, PART_SHARED, 0);
    }
    part_push(st, PART_CLOCK, 0);
    for (int i = 0; i < lit->nobjects; i++) {
        start_object(st, i);
    }
}

static const uint8_t *read_part(struct state *st, int i, const uint8_t *p)
{
    struct part *part = &st->part[i];
    int64_t n;
    p = get(p, &n);
    part->n = 0;
    part_grow(st, i, (int)n);
    part->n = (int)n;
    for (int k = 0; k < (int)n; k++) {
        p = get(p, &part->w[k]);
    }
    part->dirty = false;
    return p;
}

void state_read(struct state *st, const uint8_t *packed)
{
    int64_t goroutines;
    const uint8_t *p = get(packed, &goroutines);
    int n = part_g0(st) + (int)goroutines;
    if (!reserve_parts(st, n)) {
        st->over = true;
        return;
    }
    st->base = packed;
    st->nparts = st->base_parts = n;
    st->ndirty = 0;
    for (int i = 0; i < n; i++) {
        const uint8_t *from = p;
        p = read_part(st, i, p);
        st->part[i].at = (uint32_t)(from - packed);
        st->part[i].len = (uint32_t)(p - from);
    }
}

void state_undo(struct state *st)
{
    for (int k = 0; k < st->ndirty; k++) {
        int i = st->dirty[k];
        st->part[i].dirty = false;
        if (i < st->base_parts) {
            read_part(st, i, st->base + st->part[i].at);
        }
    }
    st->ndirty = 0;
    st->nparts = st->base_parts;
}

/* Where the bytes of a part are for packing. */
static const uint8_t *bytes_of(const struct state *st, const struct part *p, uint32_t *len)
{
    const uint8_t *scratch = st->buf + st->buf_cap / 2;
    *len = p->dirty ? p->put_len : p->len;
    return p->dirty ? scratch + p->put_at : st->base + p->at;
}

static int compare_bytes(const struct state *st, const struct part *a, const struct part *b)
{
    uint32_t m, n;
    const uint8_t *x = bytes_of(st, a, &m), *y = bytes_of(st, b, &n);
    int diff = memcmp(x, y, m < n ? m : n);
    return diff ? diff : (int)m - (int)n;
}

static bool reserve_buf(struct state *st)
{
    size_t need = 32;
    for (int i = 0; i < st->nparts; i++) {
        need += st->part[i].dirty ? ((size_t)st->part[i].n + 1) * 10 : st->part[i].len;
    }
    if (2 * need <= st->buf_cap) {
        return true;
    }
    uint8_t *buf = realloc(st->buf, 4 * need);
    if (!buf) {
        st->over = true;
        return false;
    }
    st->buf = buf;
    st->buf_cap = 4 * need;
    return true;
}

/* Encodes the touched parts into the upper half of buf. */
static void encode_touched(struct state *st)
{
    uint8_t *scratch = st->buf + st->buf_cap / 2, *p = scratch;
    for (int k = 0; k < st->ndirty; k++) {
        struct part *part = &st->part[st->dirty[k]];
        uint8_t *from = p;
        p = put(p, part->n);
        for (int j = 0; j < part->n; j++) {
            p = put(p, part->w[j]);
        }
        part->put_at = (uint32_t)(from - scratch);
        part->put_len = (uint32_t)(p - from);
    }
}

/* Sorts the living goroutines behind main; returns how many parts stay (I1 of state.h). */
static int sort_goroutines(struct state *st)
{
    int g0 = part_g0(st), n = g0 + 1;
    for (int i = 0; i <= g0; i++) {
        st->order[i] = i;
    }
    for (int g = g0 + 1; g < st->nparts; g++) {
        if (!g_alive(st, g)) {
            continue;
        }
        int place = n++;
        while (place > g0 + 1 &&
               compare_bytes(st, &st->part[g], &st->part[st->order[place - 1]]) < 0) {
            st->order[place] = st->order[place - 1];
            place--;
        }
        st->order[place] = g;
    }
    return n;
}

size_t state_pack(struct state *st)
{
    if (!reserve_buf(st)) {
        return 0;
    }
    encode_touched(st);
    int n = sort_goroutines(st);
    uint8_t *p = put(st->buf, n - part_g0(st));
    for (int k = 0; k < n; k++) {
        uint32_t len;
        const uint8_t *from = bytes_of(st, &st->part[st->order[k]], &len);
        memcpy(p, from, len);
        p += len;
    }
    return (size_t)(p - st->buf);
}

int choose(struct state *st, int n)
{
    if (n > MAX_CHOICES) {
        st->over = true;
        n = MAX_CHOICES;
    }
    if (n > 1) {
        st->nchoices = n;
        return st->choice;
    }
    return 0;
}

void state_die(struct state *st, enum lit_status status, int64_t code)
{
    st->ended = true;
    st->status = status;
    st->code = code;
}

void state_unmodelled(struct state *st, const char *why, const char *name)
{
    if (!st->unmodelled[0]) {
        snprintf(st->unmodelled, 96, "%s%s%s", name, name[0] ? ": " : "", why);
    }
}

void say(struct state *st, const char *format, ...)
{
    if (!st->note.on) {
        return;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(st->note.text, sizeof st->note.text, format, args);
    va_end(args);
}
