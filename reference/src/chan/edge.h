/* SPDX-License-Identifier: BSD-3-Clause */
/* edge.h - the happens-before edges of channels, for flavour racecheck; nothing in others.
 *
 * Owns: what chan.c tells the thread sanitizer about an exchange.
 *
 * In that flavour the runtime is not instrumented and switches order nothing, so the
 * language's own edges are all there is:
 *   - each slot of a buffer is acquired and released by whoever puts or takes there, so a
 *     send comes before its receive, and the k-th receive before the (k+C)-th send
 *     finishes;
 *   - without a buffer sender and receiver each come after what the other did before;
 *   - closing comes before every receive that sees the channel closed.
 * A waiter is served while it does not run, so its half is done on behalf of its fiber.
 * What one goroutine releases for another goes through an address of its own (its cell):
 * the sanitizer's public interface only adds to what an address carries, and a channel's
 * address would pass on the history of earlier pairs, which the language does not order.
 */
#ifndef CHAN_EDGE_H
#define CHAN_EDGE_H

#include "chan.h"

#if GR_RACECHECK

#define RACE_SELF g_self()
#define RACE_PAD_BYTES 64 /* elements of no size still need different addresses */

/* g uses slot x, as its receiver or sender: it comes after whoever used it before.  g may
 * be parked; NULL: the runtime itself puts there the time of a timer. */
static inline void slot_race(const gr_chan *c, uint64_t x, const struct g *g)
{
    const char *slot =
        c->elem_size > 0 ? c->buf + x * c->elem_size : c->buf + x % RACE_PAD_BYTES;
    if (c->timer != NULL || g == NULL)
        return;
    san_race_acquire_as(&g->fiber, slot);
    san_race_release_as(&g->fiber, slot);
}

/* The caller serves w directly.  Without a buffer each comes after what the other did
 * before; with one it is as if the value went through the next slot. */
static inline void served_race(gr_chan *c, const struct waiter *w, bool is_send)
{
    const struct g *g = g_self();
    if (c->timer != NULL)
        return;
    if (c->slots > 0 && is_send) {
        slot_race(c, c->sendx, g);
        slot_race(c, c->recvx, w->g);
        c->sendx = c->recvx = c->recvx + 1 == c->slots ? 0 : c->recvx + 1;
    } else if (c->slots == 0) {
        RACE_RELEASE(g->cell);
        san_race_acquire_as(&w->g->fiber, g->cell);
        san_race_release_as(&w->g->fiber, w->g->cell);
        RACE_ACQUIRE(w->g->cell);
    }
}

static inline void closed_race(const gr_chan *c, const struct waiter *w)
{
    if (w->g != NULL)
        san_race_acquire_as(&w->g->fiber, c);
}

#else

#define RACE_SELF NULL
#define RACE_PAD_BYTES 0
#define slot_race(c, x, g) ((void)(g))
#define served_race(c, w, is_send) ((void)0)
#define closed_race(c, w) ((void)0)

#endif

#endif
