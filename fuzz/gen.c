/* SPDX-License-Identifier: BSD-3-Clause */
/* gen.c - the decoder: shape, channels, instructions, then everything that they use.
 *
 * Owns: gen.h.  Bodies are written first and note which objects they use and which
 * registers they set; head, objects and the show line follow from that.
 *
 * Each result gets a register of its own and is shown while there is room among the terms,
 * so that every value received is part of the outcome.  Registers of functions are not
 * shown: a function may be active several times.  A lock taken is given back at the end of
 * its block unless the program did it, since most programs would end there otherwise.
 */
#include "gen.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    MAX_TERMS = 28,
    MAX_CHANNELS = 3,
    MAX_BLOCKS = 6,
    BODY = 12288,
    SHOW = 1024,
    NAME = 16
};

enum use { USE_M = 1, USE_RW = 2, USE_G = 4, USE_CV = 8, USE_X = 16, USE_O = 32 };

struct text {
    char *at;
    size_t len, size;
};

struct decoder {
    const uint8_t *in, *end;
    unsigned nworkers, nchans, nfuncs;
    bool joins, chains;
    unsigned elem[MAX_CHANNELS];   /* index into ELEMS */
    unsigned shapes[MAX_CHANNELS]; /* the byte */
    struct text body, show;
    int left;  /* instructions */
    int value; /* last unique value */
    int terms;
    unsigned uses;
    const char *block; /* being written */
    bool is_func;
    int regs; /* given out in this block */
    int locks, wlocks, rlocks;
};

static const char *const ELEMS[8] = {"",          " elem=0", " elem=1",  " elem=200",
                                     " elem=ptr", " elem=3", " elem=64", " elem=9"};
static const char *const BLOCKS[MAX_BLOCKS] = {"main", "w1", "w2", "w3", "f", "h"};

/* How often each kind is meant by a random byte. */
static const uint8_t WEIGHTS[GEN_KINDS] = {
    [GEN_END] = 4,         [GEN_SEND] = 9,    [GEN_RECV0] = 1,       [GEN_RECV1] = 3,
    [GEN_RECV2] = 6,       [GEN_CLOSE] = 2,   [GEN_CATCH_CLOSE] = 2, [GEN_CATCH_SEND] = 2,
    [GEN_LEN] = 1,         [GEN_CAP] = 1,     [GEN_SELECT] = 8,      [GEN_RANGE] = 1,
    [GEN_RANGE_NOTE] = 1,  [GEN_NOTE] = 1,    [GEN_YIELD] = 1,       [GEN_LOCK] = 1,
    [GEN_UNLOCK] = 1,      [GEN_TRYLOCK] = 1, [GEN_RW_LOCK] = 1,     [GEN_RW_RLOCK] = 1,
    [GEN_RW_TRYRLOCK] = 1, [GEN_WG_ADD] = 1,  [GEN_WG_DONE] = 1,     [GEN_WG_WAIT] = 1,
    [GEN_COND_WAIT] = 1,   [GEN_SIGNAL] = 1,  [GEN_BROADCAST] = 1,   [GEN_ATOMIC_ADD] = 1,
    [GEN_ATOMIC_CAS] = 1,  [GEN_CALL] = 1,    [GEN_CATCH_CALL] = 1,  [GEN_DEFER] = 1,
    [GEN_DO] = 1,          [GEN_PANIC] = 1,   [GEN_RECOVER] = 1,     [GEN_GOEXIT] = 1,
};

uint64_t gen_hash(const void *data, size_t size)
{
    const uint8_t *p = data;
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++) {
        h = (h ^ p[i]) * 0x100000001b3u;
    }
    return h ^ h >> 29;
}

/* Kind of a slot; slots past the sum of the weights are sends. */
static enum gen_kind kind_of(unsigned slot)
{
    for (unsigned k = 0, sum = 0; k < GEN_KINDS; k++) {
        sum += WEIGHTS[k];
        if (slot < sum) {
            return (enum gen_kind)k;
        }
    }
    return GEN_SEND;
}

uint8_t gen_byte(enum gen_kind kind, unsigned channel)
{
    unsigned slot = 0;
    for (unsigned k = 0; k < kind; k++) {
        slot += WEIGHTS[k];
    }
    return (uint8_t)(slot | (channel & 3) << 6);
}

static void __attribute__((format(printf, 2, 3)))
put(struct text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(t->at + t->len, t->size - t->len, format, args);
    va_end(args);
    if (n > 0 && (size_t)n < t->size - t->len) {
        t->len += (size_t)n;
    }
}

static unsigned next_byte(struct decoder *d)
{
    return d->in < d->end ? *d->in++ : 0;
}

/* The next register's name, shown when there is room; `_` when it could not be seen. */
static const char *fresh(struct decoder *d, char *name)
{
    if (d->is_func || d->terms == MAX_TERMS) {
        return strcpy(name, "_");
    }
    snprintf(name, NAME, "r%d", ++d->regs);
    put(&d->show, " %s.%s", d->block, name);
    d->terms++;
    return name;
}

static int fresh_value(struct decoder *d, unsigned c)
{
    return d->elem[c] == 1 ? 0 : ++d->value;
}

static void put_case(struct decoder *d)
{
    char v[NAME], ok[NAME];
    unsigned b = next_byte(d), c = (b & 3) % d->nchans;
    switch (b >> 2 & 3) {
    case 0:
        put(&d->body, "    c%u <- %d\n", c, fresh_value(d, c));
        break;
    case 1:
        put(&d->body, "    %s = <-c%u\n", fresh(d, v), c);
        break;
    case 2:
        fresh(d, v);
        put(&d->body, "    %s, %s = <-c%u\n", v, fresh(d, ok), c);
        break;
    default:
        put(&d->body, "    <-c%u\n", c);
        break;
    }
}

/* Byte: bits 0-1 cases less one, bits 2-3 both set: with default; bits 4-7 all set: no
 * case. */
static void put_select(struct decoder *d)
{
    char k[NAME];
    unsigned b = next_byte(d), n = b >> 4 == 15 ? 0 : 1 + (b & 3);
    bool has_default = (b >> 2 & 3) == 3;
    if (n == 0 && !has_default) {
        put(&d->body, "  select\n  end\n");
        return;
    }
    fresh(d, k);
    put(&d->body, k[0] == '_' ? "  select\n" : "  %s = select\n", k);
    for (unsigned i = 0; i < n; i++) {
        put_case(d);
    }
    put(&d->body, "%s  end\n", has_default ? "    default\n" : "");
    d->left -= (int)n;
}

static void put_chan(struct decoder *d, enum gen_kind kind, unsigned c)
{
    char v[NAME], ok[NAME];
    struct text *t = &d->body;
    switch (kind) {
    case GEN_SEND:
        put(t, "  c%u <- %d\n", c, fresh_value(d, c));
        break;
    case GEN_RECV0:
        put(t, "  <-c%u\n", c);
        break;
    case GEN_RECV1:
        put(t, "  %s = <-c%u\n", fresh(d, v), c);
        break;
    case GEN_RECV2:
        fresh(d, v);
        put(t, "  %s, %s = <-c%u\n", v, fresh(d, ok), c);
        break;
    case GEN_CLOSE:
        put(t, "  close c%u\n", c);
        break;
    case GEN_CATCH_CLOSE:
        put(t, "  %s = catch close c%u\n", fresh(d, v), c);
        break;
    case GEN_CATCH_SEND:
        put(t, "  %s = catch c%u <- %d\n", fresh(d, v), c, fresh_value(d, c));
        break;
    case GEN_LEN:
        put(t, "  %s = len c%u\n", fresh(d, v), c);
        break;
    case GEN_CAP:
        put(t, "  %s = cap c%u\n", fresh(d, v), c);
        break;
    case GEN_RANGE:
        put(t, "  for %s = range c%u\n  end\n", fresh(d, v), c);
        break;
    default:
        put(t, "  for v = range c%u\n    note v\n  end\n", c);
        break;
    }
}

static void put_lock(struct decoder *d, enum gen_kind kind)
{
    char v[NAME];
    struct text *t = &d->body;
    d->uses |= kind <= GEN_TRYLOCK ? USE_M : USE_RW;
    switch (kind) {
    case GEN_LOCK:
        d->locks++;
        put(t, "  lock m\n");
        break;
    case GEN_UNLOCK:
        d->locks -= d->locks > 0;
        put(t, "  unlock m\n");
        break;
    case GEN_TRYLOCK:
        put(t, "  %s = trylock m\n", fresh(d, v));
        break;
    case GEN_RW_LOCK:
        d->wlocks++;
        put(t, "  lock rw\n");
        break;
    case GEN_RW_RLOCK:
        d->rlocks++;
        put(t, "  rlock rw\n");
        break;
    default:
        put(t, "  %s = tryrlock rw\n", fresh(d, v));
        break;
    }
}

static void put_sync(struct decoder *d, enum gen_kind kind)
{
    char v[NAME];
    struct text *t = &d->body;
    d->uses |= kind <= GEN_WG_WAIT ? USE_G : kind <= GEN_BROADCAST ? USE_M | USE_CV : USE_X;
    switch (kind) {
    case GEN_WG_ADD:
        put(t, "  add g 1\n");
        break;
    case GEN_WG_DONE:
        put(t, "  %s = catch done g\n", fresh(d, v));
        break;
    case GEN_WG_WAIT:
        put(t, "  wait g\n");
        break;
    case GEN_COND_WAIT:
        put(t, "  lock m\n  wait cv\n  unlock m\n");
        break;
    case GEN_SIGNAL:
        put(t, "  signal cv\n");
        break;
    case GEN_BROADCAST:
        put(t, "  broadcast cv\n");
        break;
    case GEN_ATOMIC_ADD:
        put(t, "  %s = add x 1\n", fresh(d, v));
        break;
    default:
        put(t, "  %s = cas x 0 %d\n", fresh(d, v), ++d->value);
        break;
    }
}

static void put_call(struct decoder *d, enum gen_kind kind, unsigned which)
{
    char v[NAME];
    struct text *t = &d->body;
    const char *f = BLOCKS[4 + which % 2];
    if (d->nfuncs == 0 || d->is_func) { /* no recursion */
        put(t, kind == GEN_DEFER ? "  defer recover\n" : "  yield\n");
    } else if (kind == GEN_CALL) {
        put(t, "  call %s\n", f);
    } else if (kind == GEN_CATCH_CALL) {
        put(t, "  %s = catch call %s\n", fresh(d, v), f);
    } else if (kind == GEN_DEFER) {
        put(t, "  defer %s\n", f);
    } else {
        d->uses |= USE_O;
        put(t, "  do o %s\n", f);
    }
}

static void put_other(struct decoder *d, enum gen_kind kind)
{
    struct text *t = &d->body;
    switch (kind) {
    case GEN_NOTE:
        put(t, "  note %d\n", ++d->value);
        break;
    case GEN_PANIC:
        put(t, "  panic %d\n", ++d->value);
        break;
    case GEN_RECOVER:
        put(t, "  r = recover\n  note r\n");
        break;
    case GEN_GOEXIT:
        put(t, "  goexit\n");
        break;
    case GEN_SELECT:
        put_select(d);
        break;
    default:
        put(t, "  yield\n");
        break;
    }
}

/* One instruction; false at the end of the block. */
static bool put_instruction(struct decoder *d)
{
    unsigned b = next_byte(d), which = b >> 6;
    enum gen_kind kind = kind_of(b % GEN_SLOTS);
    if (kind == GEN_END || d->left <= 0) {
        return false;
    }
    d->left--;
    if (kind >= GEN_SEND && kind <= GEN_RANGE_NOTE && kind != GEN_SELECT) {
        put_chan(d, kind, which % d->nchans);
    } else if (kind >= GEN_LOCK && kind <= GEN_RW_TRYRLOCK) {
        put_lock(d, kind);
    } else if (kind >= GEN_WG_ADD && kind <= GEN_ATOMIC_CAS) {
        put_sync(d, kind);
    } else if (kind >= GEN_CALL && kind <= GEN_DO) {
        put_call(d, kind, which);
    } else {
        put_other(d, kind);
    }
    return true;
}

static void put_start(struct decoder *d, unsigned index)
{
    unsigned first = d->chains ? index + 1 : 1, last = d->chains ? index + 1 : d->nworkers;
    if (index == 0 && d->joins) {
        put(&d->body, "  add all %u\n", d->nworkers);
    }
    for (unsigned w = first; w <= last && w <= d->nworkers; w++) {
        put(&d->body, "  go %s\n", BLOCKS[w]);
    }
}

static void put_unlocks(struct decoder *d)
{
    for (; d->locks > 0; d->locks--) {
        put(&d->body, "  unlock m\n");
    }
    for (; d->wlocks > 0; d->wlocks--) {
        put(&d->body, "  unlock rw\n");
    }
    for (; d->rlocks > 0; d->rlocks--) {
        put(&d->body, "  runlock rw\n");
    }
}

static void put_block(struct decoder *d, unsigned index)
{
    d->block = BLOCKS[index];
    d->is_func = index >= 4;
    d->regs = 0;
    put(&d->body, "\n%s%s:\n", d->is_func ? "func " : "", d->block);
    if (index == 0 || (d->chains && !d->is_func)) {
        put_start(d, index);
    }
    size_t before = d->body.len;
    while (put_instruction(d)) {
    }
    put_unlocks(d);
    if (d->joins && !d->is_func) {
        put(&d->body, index == 0 ? "  wait all\n" : "  done all\n");
    } else if (before == d->body.len) {
        put(&d->body, "  yield\n");
    }
}

static void put_objects(const struct decoder *d, struct text *t)
{
    static const struct {
        unsigned use;
        const char *line;
    } lines[] = {{USE_M, "mutex m\n"},    {USE_RW, "rwmutex rw\n"},  {USE_G, "wg g\n"},
                 {USE_CV, "cond cv m\n"}, {USE_X, "atomic x = 0\n"}, {USE_O, "once o\n"}};
    for (unsigned c = 0; c < d->nchans; c++) {
        if (d->shapes[c] >> 5 == 7) {
            put(t, "nilchan c%u\n", c);
        } else {
            put(t, "chan c%u %u%s\n", c, d->shapes[c] & 3, ELEMS[d->elem[c]]);
        }
    }
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        put(t, "%s", d->uses & lines[i].use ? lines[i].line : "");
    }
    put(t, "%s", d->joins ? "wg all\n" : "");
}

static void read_shape(struct decoder *d)
{
    unsigned shape = next_byte(d);
    d->nworkers = 1 + (shape & 3) % 3;
    d->nchans = 1 + (shape >> 2 & 3) % 3;
    d->joins = !(shape & 16);
    d->chains = shape & 32;
    d->nfuncs = shape & 64 ? 2 : 0;
    for (unsigned c = 0; c < d->nchans; c++) {
        d->shapes[c] = next_byte(d);
        d->elem[c] = d->shapes[c] >> 5 == 7 ? 0 : d->shapes[c] >> 2 & 7;
    }
}

static bool take_source(const uint8_t *data, size_t size, struct gen *out)
{
    if (size < 6 || memcmp(data, "litmus", 6) != 0) {
        return false;
    }
    const uint8_t *zero = memchr(data, 0, size);
    size_t len = zero ? (size_t)(zero - data) : size;
    out->len = len < GEN_TEXT ? len : GEN_TEXT - 1;
    memcpy(out->text, data, out->len);
    out->text[out->len] = '\0';
    out->tape = zero ? zero + 1 : data + size;
    out->tape_len = (size_t)(data + size - out->tape);
    return true;
}

void gen_decode(const uint8_t *data, size_t size, struct gen *out)
{
    static char body[BODY], show[SHOW];
    struct decoder d = {.in = data, .end = data + size, .left = GEN_INSTRUCTIONS};
    struct text t = {out->text, 0, sizeof out->text};
    if (take_source(data, size, out)) {
        return;
    }
    d.body = (struct text){body, 0, sizeof body};
    d.show = (struct text){show, 0, sizeof show};
    show[0] = '\0';
    read_shape(&d);
    for (unsigned b = 0; b < 4 + d.nfuncs; b++) {
        if (b <= d.nworkers || b >= 4) {
            put_block(&d, b);
        }
    }
    uint64_t hash = gen_hash(data, (size_t)(d.in - data));
    put(&t,
        "litmus fuzz/%016llx\nid fuzz-%016llx\nspec chan.recv.each-value-once\n"
        "about A program that a fuzzer made.\n\n",
        (unsigned long long)hash, (unsigned long long)hash);
    put_objects(&d, &t);
    put(&t, "%s\nshow log%s\n", body, show);
    out->len = t.len;
    out->tape = d.in;
    out->tape_len = (size_t)(d.end - d.in);
}
