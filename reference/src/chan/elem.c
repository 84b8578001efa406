/* SPDX-License-Identifier: BSD-3-Clause */
/* elem.c - elements of channels that are not single plain words, and collected channels.
 *
 * Owns: how elements of any size move, what the collector is told of it, gr_chan_new.
 * Not here: when they move (chan.c).
 *
 * A channel of gr_chan_new is an object, and its buffer another one, of elements of the
 * type: what lies there is kept, because it can be reached.  A slot is cleared as soon as
 * it is empty, so it keeps nothing longer than it should.
 *
 * While a cycle marks, an element may go from a buffer that has not been looked at to a
 * stack that has: so what leaves a slot is shaded, and so is what it overwrites, for a
 * receive may aim at a field of an object.  What comes out of the memory of a sender needs
 * nothing: it stays there until the sender has run again, which it does not before it was
 * shown (gc.h I3); a sender that runs has been.  Nor does what goes into a slot: the slot
 * was empty.
 *
 *   I1  Empty slots of typed channels are zero.
 */
#include "chan.h"

#include <string.h>

/* More bytes than this are refused without asking the allocator. */
#define BUFFER_BYTES_MAX ((uint64_t)1 << 38)

uint64_t elem_buffer_bytes(size_t elem_size, int64_t cap)
{
    uint64_t bytes;
    if (cap < 0 || elem_size > GR_ELEM_MAX)
        gr_panic_error(GR_ERR_MAKECHAN_SIZE);
    if (__builtin_mul_overflow((uint64_t)cap, elem_size, &bytes) ||
        bytes > BUFFER_BYTES_MAX)
        gr_panic_error(GR_ERR_MAKECHAN_SIZE);
    return bytes;
}

static void copy(const gr_chan *c, void *to, const void *from)
{
    if (c->elem_size != 0)
        memcpy(to, from, c->elem_size);
}

/* Something else will be at `to`, which may lie in an object. */
static void lose(const gr_chan *c, void *to)
{
    if (c->type != NULL && !MUTANT(gc_chan_dest_unshaded))
        gc_shade_many(c->type, to, 1);
}

static void wrote(const gr_chan *c, void *to)
{
    if (c->type != NULL && !MUTANT(gc_card_chan_lost))
        gc_wrote(to, c->elem_size);
}

void elem_put_slow(gr_chan *c, void *slot, const void *from)
{
    copy(c, slot, from);
    wrote(c, slot);
}

void elem_give_slow(gr_chan *c, void *to, const void *from)
{
    lose(c, to);
    copy(c, to, from);
    wrote(c, to);
}

void elem_take_slow(gr_chan *c, void *to, void *slot)
{
    if (c->type != NULL && !MUTANT(gc_chan_slot_unshaded))
        gc_shade_many(c->type, slot, 1);
    if (to != NULL)
        elem_give_slow(c, to, slot);
    if (c->type != NULL && !MUTANT(gc_chan_slot_kept))
        memset(slot, 0, c->elem_size);
}

void elem_clear_slow(gr_chan *c, void *to)
{
    lose(c, to);
    memset(to, 0, c->elem_size);
}

/* ---- collected channels -------------------------------------------------------------- */

static const gr_type chan_type = GR_TYPE(gr_chan, GR_AT(gr_chan, buf));

/* The mutant keeps what it says from the collector. */
static const gr_type *type_of_buffer(const gr_type *elem)
{
    static const gr_type blind = GR_TYPE_PLAIN(void *);
    return MUTANT(gc_root_chan_buffer) && elem->size == blind.size ? &blind : elem;
}

gr_chan *gr_chan_new(const gr_type *elem, int64_t cap)
{
    elem_buffer_bytes(elem->size, cap);
    if (MUTANT(chan_cap_off_by_one) && cap > 1)
        cap--;
    char *buf = cap > 0 ? gr_new_array(type_of_buffer(elem), cap) : NULL;
    gr_chan *c = gr_new(&chan_type);
    chan_init(c, elem->size, (uint64_t)cap, buf);
    c->is_collected = true;
    if (elem->nwords > 0) {
        c->type = elem;
        c->is_word = false;
    }
    return c;
}
