/* SPDX-License-Identifier: BSD-3-Clause */
/* races.c - the happens-before order, for the question whether a plain variable is raced
 * on.
 *
 * Owns: the records of accesses and who knows of them.  Not here: the edges, which each
 * operation draws where it acts (words named KNOW, knows()).
 *
 * Idea.  Vector clocks answer "does this access come before that one" with counters that
 * never repeat, which would make every path a state of its own.  The question only ever
 * concerns the latest write and the reads since, so each of those is a record with one bit,
 * and a mask says which records happened before what its owner does next: a goroutine, a
 * lock, a value in a buffer.  An edge ors a mask into another.  An access that meets a
 * conflicting record which it does not know is a race.  The words are part of the state,
 * bits are reused: the second pass over a program stays finite and merges states, and its
 * verdict is exact.
 *
 *   I1  The records of a variable are one write at most and reads no two of which are
 *       ordered.
 *   I2  A bit that no record has is in no mask.
 */
#include "model/heap.h"
#include "model/step.h"

/* R_VAR: the object, or FIELDS + the pointer to a field. */
enum { R_VAR, R_WRITES, R_BIT, R_WORDS };
enum { FIELDS = 1 << 10 };

/* Number of words with masks at the end of an object's part, and where they start; channels
 * have a mask in every second word of the buffer as well. */
static void forget_object(struct state *st, int obj, int64_t keep)
{
    const struct part *p = &st->part[obj_part(obj)];
    bool is_mask[C_BUF + 1] = {false};
    int masks_from = p->n, pairs_to = 0;
    switch (st->prog->lit->objects[obj].kind) {
    case OBJ_CHAN:
        is_mask[C_KNOW] = true;
        pairs_to = masks_from = C_BUF + 2 * (int)p->w[C_LEN];
        break;
    case OBJ_RWMUTEX:
        masks_from = RW_KNOW;
        break;
    case OBJ_TIMER:
    case OBJ_TICKER:
        masks_from = T_KNOW;
        break;
    case OBJ_MUTEX:
    case OBJ_WG:
    case OBJ_ONCE:
    case OBJ_ATOMIC:
    case OBJ_VAR:
    case OBJ_PTR:
    case OBJ_APTR:
        masks_from = V_KNOW;
        break;
    default:
        break;
    }
    for (int k = 0; k < p->n; k++) {
        bool in_pair = k >= C_BUF && k < pairs_to && (k - C_BUF) % 2 == 1;
        bool mask = k >= masks_from || in_pair || (k < C_BUF && is_mask[k]);
        if (mask && (p->w[k] & ~keep)) {
            obj_touch(st, obj)[k] &= keep;
        }
    }
}

static void forget(struct state *st, int64_t bits)
{
    for (int g = part_g0(st); g < st->nparts; g++) {
        if (g_alive(st, g) && (words(st, g)[G_KNOW] & bits)) {
            touch(st, g)[G_KNOW] &= ~bits;
        }
    }
    for (int o = 0; o < st->prog->lit->nobjects; o++) {
        forget_object(st, o, ~bits);
    }
}

/* Drops the records of a variable: all, or the reads that g knows of. */
static void drop_records(struct state *st, int g, int64_t var, bool all)
{
    int64_t bits = 0, know = g_alive(st, g) ? words(st, g)[G_KNOW] : 0;
    for (int k = 0; k < st->part[PART_RACES].n;) {
        const int64_t *r = words(st, PART_RACES) + k;
        if (r[R_VAR] == var && (all || (!r[R_WRITES] && (know & r[R_BIT])))) {
            bits |= r[R_BIT];
            part_cut(st, PART_RACES, k, R_WORDS);
        } else {
            k += R_WORDS;
        }
    }
    if (bits) {
        forget(st, bits);
    }
}

static int64_t free_bit(const struct state *st)
{
    int64_t used = 0;
    for (int k = 0; k < st->part[PART_RACES].n; k += R_WORDS) {
        used |= words(st, PART_RACES)[k + R_BIT];
    }
    for (int b = 0; b < 62; b++) {
        if (!(used >> b & 1)) {
            return (int64_t)1 << b;
        }
    }
    return 0;
}

/* False: it races with an access before. */
static bool access(struct state *st, int g, int64_t var, bool writes)
{
    for (int k = 0; k < st->part[PART_RACES].n; k += R_WORDS) {
        const int64_t *r = words(st, PART_RACES) + k;
        if (r[R_VAR] == var && (writes || r[R_WRITES]) &&
            !(words(st, g)[G_KNOW] & r[R_BIT])) {
            return false;
        }
    }
    drop_records(st, g, var, writes);
    int64_t bit = free_bit(st);
    st->over |= bit == 0;
    part_push(st, PART_RACES, var);
    part_push(st, PART_RACES, writes);
    part_push(st, PART_RACES, bit);
    touch(st, g)[G_KNOW] |= bit;
    return true;
}

void race_access(struct state *st, int g, int obj, bool writes)
{
    if (!st->racy[obj] && !access(st, g, obj, writes)) {
        st->racy[obj] = true;
        drop_records(st, g, obj, true);
    }
}

void race_field(struct state *st, int g, int64_t pointer, bool writes)
{
    if (!access(st, g, FIELDS + pointer, writes)) {
        state_unmodelled(st, "a field is accessed by goroutines that nothing orders", "");
    }
}

void race_renumber(struct state *st, const int *object)
{
    for (int k = 0; k < st->part[PART_RACES].n;) {
        int64_t var = words(st, PART_RACES)[k + R_VAR], p = var - FIELDS;
        int now = var > FIELDS ? object[heap_object_of(p)] : 0;
        if (now < 0) {
            drop_records(st, part_g0(st), var, true);
            k = 0;
            continue;
        }
        if (var > FIELDS && now != heap_object_of(p)) {
            touch(st, PART_RACES)[k + R_VAR] = FIELDS + heap_pointer(now, heap_field_of(p));
        }
        k += R_WORDS;
    }
}
