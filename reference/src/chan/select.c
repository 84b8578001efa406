/* SPDX-License-Identifier: BSD-3-Clause */
/* select.c - wait for the first of several channel operations.
 *
 * Owns: gr_select.
 * Not here: the exchange itself (chan.c); selects of one case, which are the plain
 * operations.
 *
 *   1. lock all channels, in order of id, each once
 *   2. count the cases that are ready; one of them, chosen uniformly, is done: finished
 *   3. none: default, or one record per case into the queues, park; the commit unlocks all
 *   4. woken by whoever won g->select_done: lock all, take the losing records out, unlock
 *
 * All locks are held while readiness is judged: "nothing is ready" must have been true at
 * one moment, else a default could be taken although some case was ready at every moment.
 * Readiness may still shrink under our eyes, when a waiter that we counted is a select that
 * is being won elsewhere; the exchange then finds nobody and the count starts again.
 *
 * Choosing one of the ready cases by number gives the same probabilities as trying them in
 * a random order, and a controlled run needs one decision for it.
 *
 * Rejected: sorting by address (addresses differ from run to run; ids are as good).
 */
#include "chan.h"

#include <stdlib.h>

#define SMALL_SELECT 16

/* One select in progress; on its goroutine's stack, so nobody else may look at it. */
struct selection {
    struct gr_case *cases;
    uint32_t n;      /* cases */
    uint32_t live;   /* cases with a channel, = length of order */
    uint32_t *order; /* their indices, by (id of channel, index) */
    uint32_t small[SMALL_SELECT];
};

/* ---- memory for many cases: it hangs from the goroutine, since a controlled run may drop
 * it as it waits --------- */

static void drop_scratch(struct g *g)
{
    free(g->scratch);
    g->scratch = NULL;
}

__attribute__((constructor)) static void select_boot(void)
{
    sched_on_drop(drop_scratch);
}

static uint32_t *large_order(size_t n)
{
    struct g *g = g_self();
    g->scratch = malloc(n * sizeof(uint32_t));
    if (g->scratch == NULL)
        fatal(GR_FATAL_NO_MEMORY);
    return g->scratch;
}

/* ---- the order of locking ------------------------------------------------------------ */

static bool comes_before(const struct selection *s, uint32_t a, uint32_t b)
{
    uint64_t ia = s->cases[a].ch->id, ib = s->cases[b].ch->id;
    return ia != ib ? ia < ib : a < b;
}

/* Lets order[i] sink in the heap of the first n, greatest on top. */
static void sink(struct selection *s, uint32_t i, uint32_t n)
{
    uint32_t *o = s->order, moving = o[i], child;
    while ((child = 2 * i + 1) < n) {
        if (child + 1 < n && comes_before(s, o[child], o[child + 1]))
            child++;
        if (!comes_before(s, moving, o[child]))
            break;
        o[i] = o[child];
        i = child;
    }
    o[i] = moving;
}

static void sort_order(struct selection *s)
{
    uint32_t n = s->live;
    for (uint32_t i = n / 2; i-- > 0;)
        sink(s, i, n);
    while (n > 1) {
        uint32_t top = s->order[0];
        n--;
        s->order[0] = s->order[n];
        s->order[n] = top;
        sink(s, 0, n);
    }
}

static gr_chan *chan_in_order(const struct selection *s, uint32_t i)
{
    return s->cases[s->order[i]].ch;
}

static void lock_all(const struct selection *s)
{
    gr_chan *last = NULL;
    noise_point(NOISE_BEFORE_LOCK);
    for (uint32_t i = 0; i < s->live; i++) {
        gr_chan *c = chan_in_order(s, i);
        if (c == last)
            continue;
        mutex_lock_p(&c->lock);
        last = c;
        noise_point(NOISE_SELECT_LOCKS);
    }
}

static void unlock_all(const struct selection *s)
{
    for (uint32_t i = s->live; i-- > 0;) {
        gr_chan *c = chan_in_order(s, i);
        if (i == 0 || chan_in_order(s, i - 1) != c)
            mutex_unlock_p(&c->lock);
    }
}

/* ---- something is ready -------------------------------------------------------------- */

static bool case_is_ready(const struct gr_case *k)
{
    if (k->ch == NULL)
        return MUTANT(select_nil_fires);
    return k->dir == GR_SEND ? chan_can_send(k->ch) : chan_can_recv(k->ch);
}

/* The nth ready case in source order; -1 when readiness shrank meanwhile. */
static int nth_ready(const struct selection *s, uint32_t nth)
{
    for (uint32_t i = 0; i < s->n; i++)
        if (case_is_ready(&s->cases[i]) && nth-- == 0)
            return (int)i;
    return -1;
}

static uint32_t count_ready(const struct selection *s)
{
    uint32_t ready = 0;
    for (uint32_t i = 0; i < s->n; i++)
        ready += case_is_ready(&s->cases[i]);
    return ready;
}

static NORETURN void send_closed(void)
{
    drop_scratch(g_self());
    gr_panic_error(GR_ERR_SEND_CLOSED);
}

static enum exchange do_case(struct gr_case *k, struct waiter **wake)
{
    enum exchange x;
    *wake = NULL;
    if (k->ch == NULL)
        return EXCHANGE_DONE;
    if (k->dir == GR_SEND)
        return chan_send_locked(k->ch, k->elem, wake);
    x = chan_recv_locked(k->ch, k->elem, wake);
    k->ok = x == EXCHANGE_DONE;
    return x;
}

/* Does one ready case.  Gives its index, or -1: none is ready.  Needs: all locked; all are
 * unlocked when a case was done.  Panics: GR_ERR_SEND_CLOSED, nothing locked. */
static int select_ready(struct selection *s)
{
    for (;;) {
        uint32_t ready = count_ready(s), nth = 0;
        struct waiter *wake;
        enum exchange x;
        int i;
        if (ready == 0)
            return -1;
        if (ready > 1 && !MUTANT(select_first_case))
            nth = choose(CHOICE_SELECT, ready);
        i = nth_ready(s, nth);
        if (i < 0)
            continue;
        x = do_case(&s->cases[i], &wake);
        if (x == EXCHANGE_NONE)
            continue;
        unlock_all(s);
        if (x == EXCHANGE_CLOSED && s->cases[i].dir == GR_SEND)
            send_closed();
        waiter_ready(wake);
        return i;
    }
}

/* ---- nothing is ready ---------------------------------------------------------------- */

static void enqueue_all(struct selection *s, struct g *g)
{
    struct waiter *first = NULL, **end = &first;
    store_relaxed(&g->select_done, 0); /* published by the channels' locks */
    for (uint32_t i = 0; i < s->live; i++) {
        struct gr_case *k = &s->cases[s->order[i]];
        struct waiter *w =
            i == 0 && !MUTANT(select_loser_kept) ? waiter_in_cell(g) : waiter_acquire();
        waiter_fill(w, g, k->elem, true);
        w->c = k->ch;
        w->more = NULL;
        w->index = (int32_t)s->order[i];
        waitq_push(k->dir == GR_SEND ? &k->ch->sendq : &k->ch->recvq, w);
        if (k->ch->timer != NULL)
            timer_block_locked(k->ch);
        *end = w;
        end = &w->more;
    }
    g->waiting = first;
}

/* Unlocks all channels.  As long as one is locked the records stay, since the goroutine,
 * should it be woken already, needs all locks before it gives them back.  After the last
 * unlock they may be gone. */
static bool commit_unlock_all(struct g *g, void *arg)
{
    struct waiter *w = g->waiting;
    (void)arg;
    while (w != NULL) {
        struct waiter *next = w->more;
        gr_chan *c = w->c;
        if (next == NULL || next->c != c)
            mutex_unlock_p(&c->lock);
        w = next;
    }
    return true;
}

/* The mutant of the ghosts: a loser stays in its queue, and swallows what it is served. */
static bool keep_ghost(struct waiter *w)
{
    if (!MUTANT(select_loser_kept) || !w->is_queued)
        return false;
    w->is_select = false;
    w->elem = NULL;
    w->g = NULL;
    return true;
}

static void dequeue_all(const struct selection *s, struct g *g)
{
    lock_all(s);
    for (struct waiter *w = g->waiting; w != NULL; w = w->more) {
        bool is_send = s->cases[w->index].dir == GR_SEND;
        if (w->c->timer != NULL)
            timer_unblock_locked(w->c);
        if (!keep_ghost(w))
            waitq_remove(is_send ? &w->c->sendq : &w->c->recvq, w);
    }
    unlock_all(s);
}

/* The mutant of the index: the first case of that channel, whatever its direction. */
static int first_of_channel(const struct selection *s, const gr_chan *c)
{
    for (uint32_t i = 0; i < s->n; i++)
        if (s->cases[i].ch == c)
            return (int)i;
    return 0;
}

/* Needs: all locked; none is afterwards. */
static int select_wait(struct selection *s)
{
    struct g *g = g_self();
    struct waiter *w;
    int index;
    bool success;
    enqueue_all(s, g);
    noise_point(NOISE_BEFORE_PARK);
    sched_park(commit_unlock_all, NULL, s->live == 0 ? PARK_SELECT_EMPTY : PARK_SELECT);
    w = g->param;
    dequeue_all(s, g);
    index = w->index;
    success = w->success;
    if (MUTANT(select_loser_kept))
        g->waiting = NULL;
    waiters_release(g);
    if (s->cases[index].dir == GR_SEND && !success)
        send_closed();
    s->cases[index].ok = success;
    return MUTANT(select_wrong_index) ? first_of_channel(s, s->cases[index].ch) : index;
}

/* ---- public -------------------------------------------------------------------------- */

static int select_one(struct gr_case *k, bool has_default)
{
    if (!has_default && k->dir == GR_SEND)
        gr_chan_send(k->ch, k->elem);
    else if (!has_default)
        k->ok = gr_chan_recv(k->ch, k->elem);
    else if (k->dir == GR_SEND)
        return gr_chan_try_send(k->ch, k->elem) ? 0 : GR_SELECT_DEFAULT;
    else
        return gr_chan_try_recv(k->ch, k->elem, &k->ok) ? 0 : GR_SELECT_DEFAULT;
    return 0;
}

/* Locks, and lets due timers fire, so that their channels are as ready as they should
 * be. */
static void select_begin(struct selection *s)
{
    s->live = 0;
    for (uint32_t i = 0; i < s->n; i++)
        if (s->cases[i].ch != NULL)
            s->order[s->live++] = i;
    sort_order(s);
    lock_all(s);
    for (uint32_t i = 0; i < s->live; i++)
        if (chan_in_order(s, i)->timer != NULL)
            timer_poll_locked(chan_in_order(s, i));
}

static int select_run(struct selection *s, bool has_default)
{
    int i;
    select_begin(s);
    if (has_default && MUTANT(select_default_eager)) {
        unlock_all(s);
        return GR_SELECT_DEFAULT;
    }
    i = select_ready(s);
    if (i >= 0)
        return i;
    if (!has_default)
        return select_wait(s);
    unlock_all(s);
    return GR_SELECT_DEFAULT;
}

int gr_select(struct gr_case *cases, int n, bool has_default)
{
    struct selection s;
    int i;
    if (n == 1 && cases[0].ch != NULL)
        return select_one(cases, has_default);
    sched_point();
    s.cases = cases;
    s.n = (uint32_t)n;
    s.order = n <= SMALL_SELECT ? s.small : large_order((size_t)n);
    i = select_run(&s, has_default);
    if (n > SMALL_SELECT)
        drop_scratch(g_self());
    return i;
}
