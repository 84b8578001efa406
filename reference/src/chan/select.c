/* SPDX-License-Identifier: BSD-3-Clause */
/* select.c - wait for the first of several channel operations.
 *
 * Owns: gr_select.
 * Not here: the exchange itself (chan.c); selects of one case, which are the plain
 * operations.
 *
 *   1. look at all channels without locks, and note the cases that seem ready
 *   2. one of them, chosen uniformly, is done under its channel's lock: finished
 *   3. none, and there is a default: it is taken when the look was of one moment
 *   4. lock all channels, in order of id, each once, and look again: 2, or the default
 *   5. one record per case into the queues, park; the commit unlocks all
 *   6. woken by whoever won g->select_done: take the losing records out, channel by channel
 *
 * A ready case may be done at any moment between start and end, so one lock is enough for
 * it.  "Nothing is ready" must have been true at one moment, else a default could be taken
 * although some case was ready at every moment: a value may move from a channel that we
 * have not looked at to one that we have.  Hence 3: each look notes the channel's version
 * before, and when all versions are the same after the last look, nothing became ready in
 * between (chan.h, I5), so that the moment between the two rounds is the one.
 *
 * Where nobody else runs (one processor, a controlled run) every look is of one moment and
 * exact, and no lock is taken: 1, 2 or the default, 5, 6.
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
    uint32_t n;        /* cases */
    uint32_t live;     /* cases with a channel, = length of order */
    bool is_single;    /* nobody else runs from the start to the park */
    bool is_locked;    /* all channels are */
    uint32_t *ready;   /* indices of the cases that seemed ready at the last look */
    uint32_t *order;   /* of all that have a channel, by (id of channel, index) */
    uint64_t versions; /* the sum of the channels', each as of before it was looked at */
    uint32_t small[2 * SMALL_SELECT];
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

static uint32_t *large_scratch(size_t n)
{
    struct g *g = g_self();
    g->scratch = malloc(2 * n * sizeof(uint32_t));
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

/* The same for a few: by insertion. */
static void sort_small(struct selection *s)
{
    uint32_t *o = s->order;
    for (uint32_t i = 1; i < s->live; i++) {
        uint32_t moving = o[i], at = i;
        for (; at > 0 && comes_before(s, moving, o[at - 1]); at--)
            o[at] = o[at - 1];
        o[at] = moving;
    }
}

/* Fills order with the cases that have a channel; in order of locking where it matters. */
static void order_live(struct selection *s)
{
    s->live = 0;
    for (uint32_t i = 0; i < s->n; i++)
        if (s->cases[i].ch != NULL)
            s->order[s->live++] = i;
    if (s->is_single)
        return;
    if (s->live <= SMALL_SELECT)
        sort_small(s);
    else
        sort_order(s);
}

static gr_chan *chan_in_order(const struct selection *s, uint32_t i)
{
    return s->cases[s->order[i]].ch;
}

static void lock_all(struct selection *s)
{
    gr_chan *last = NULL;
    s->is_locked = true;
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

static void unlock_all(struct selection *s)
{
    s->is_locked = false;
    for (uint32_t i = s->live; i-- > 0;) {
        gr_chan *c = chan_in_order(s, i);
        if (i == 0 || chan_in_order(s, i - 1) != c)
            mutex_unlock_p(&c->lock);
    }
}

/* ---- something is ready -------------------------------------------------------------- */

/* Due timers fire first, so that their channels are as ready as they should be.  A deadline
 * that passes later is as good as one that passes after the select. */
static COLD void poll_timer(gr_chan *c)
{
    chan_lock(c);
    timer_poll_locked(c);
    chan_unlock(c);
}

static ALWAYS_INLINE bool case_is_ready(const struct gr_case *k, bool is_exact)
{
    return k->dir == GR_SEND ? chan_can_send(k->ch, is_exact)
                             : chan_can_recv(k->ch, is_exact);
}

/* How to look: where nobody else runs, with all channels locked, or with none. */
enum how { ALONE, LOCKED, UNLOCKED };

/* Notes the ready cases, in source order.  Gives: how many. */
static ALWAYS_INLINE uint32_t look(struct selection *s, enum how how)
{
    struct gr_case *cases = s->cases;
    uint32_t n = s->n, ready = 0, *out = s->ready;
    for (uint32_t i = 0; i < n; i++) {
        gr_chan *c = cases[i].ch;
        out[ready] = i;
        if (how != LOCKED && MUTANT(select_looks_apart))
            sched_yield_now();
        if (UNLIKELY(c == NULL)) {
            ready += MUTANT(select_nil_fires);
            continue;
        }
        if (how != LOCKED && UNLIKELY(c->timer != NULL))
            poll_timer(c);
        if (how == UNLOCKED) {
            /* Before the look at the channel; pairs with chan_changed_locked. */
            s->versions += load_acquire(&c->version);
            noise_point(NOISE_BEFORE_LOCK);
        }
        ready += case_is_ready(&cases[i], how != UNLOCKED);
    }
    return ready;
}

/* Whether the look without locks, just done, was of one moment.  The sum does for all
 * versions, since each only grows.  Acquire: pairs with chan_changed_locked. */
static bool was_one_moment(const struct selection *s)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < s->n; i++)
        if (s->cases[i].ch != NULL)
            sum += load_acquire(&s->cases[i].ch->version);
    return sum == s->versions || MUTANT(select_looks_apart);
}

static NORETURN void send_closed(void)
{
    drop_scratch(g_self());
    gr_panic_error(GR_ERR_SEND_CLOSED);
}

static enum exchange do_case(struct gr_case *k, struct waiter **wake)
{
    enum exchange x;
    if (k->dir == GR_SEND)
        return chan_send_locked(k->ch, k->elem, wake);
    x = chan_recv_locked(k->ch, k->elem, wake);
    k->ok = x == EXCHANGE_DONE;
    return x;
}

/* Does one of the cases that were noted.  Gives: false when it was ready no longer.  All is
 * unlocked when it was done.  Panics: GR_ERR_SEND_CLOSED, nothing locked. */
static bool do_ready(struct selection *s, uint32_t i)
{
    struct gr_case *k = &s->cases[i];
    struct waiter *wake = NULL;
    enum exchange x;
    if (k->ch == NULL) /* a mutant's */
        x = EXCHANGE_DONE;
    else if (s->is_single || s->is_locked)
        x = do_case(k, &wake);
    else {
        chan_lock(k->ch);
        x = do_case(k, &wake);
        chan_unlock(k->ch);
    }
    if (x == EXCHANGE_NONE)
        return false;
    if (s->is_locked)
        unlock_all(s);
    if (UNLIKELY(x == EXCHANGE_CLOSED) && k->dir == GR_SEND)
        send_closed();
    waiter_ready(wake);
    return true;
}

/* Does one of the cases that were noted, chosen uniformly.  Gives its index, or -1. */
static int choose_ready(struct selection *s, uint32_t ready)
{
    uint32_t nth = 0;
    if (ready > 1 && !MUTANT(select_first_case))
        nth = choose(CHOICE_SELECT, ready);
    nth = s->ready[nth];
    return do_ready(s, nth) ? (int)nth : -1;
}

/* Does one ready case.  Gives its index, or -1: none is ready.  With all locked readiness
 * may still shrink, when a waiter that counted is a select that is being won elsewhere; it
 * can not grow. */
static ALWAYS_INLINE int select_ready(struct selection *s, enum how how)
{
    for (;;) {
        uint32_t ready = look(s, how);
        int i = ready > 0 ? choose_ready(s, ready) : -1;
        if (i >= 0 || ready == 0)
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
        if (UNLIKELY(g->no_escape) && sched_on_stack(g, k->elem))
            g->is_pinned = true;
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

/* Unlocks all channels.  As long as one is locked the records stay: the goroutine, should
 * it be woken already, was served by way of a channel that is not locked any more, and
 * needs the locks of all others before it gives its records back.  After the last unlock
 * they may be gone. */
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

static void dequeue(struct gr_case *k, struct waiter *w)
{
    if (w->c->timer != NULL)
        timer_unblock_locked(w->c);
    if (!keep_ghost(w))
        waitq_remove(k->dir == GR_SEND ? &w->c->sendq : &w->c->recvq, w);
}

/* Takes the losers out.  The winner is out already: whoever served it did that. */
static void dequeue_all(const struct selection *s, struct g *g)
{
    for (struct waiter *w = g->waiting; w != NULL; w = w->more) {
        if (w == g->param && w->c->timer == NULL)
            continue;
        chan_lock(w->c);
        dequeue(&s->cases[w->index], w);
        chan_unlock(w->c);
    }
}

/* The mutant of the index: the first case of that channel, whatever its direction. */
static int first_of_channel(const struct selection *s, const gr_chan *c)
{
    for (uint32_t i = 0; i < s->n; i++)
        if (s->cases[i].ch == c)
            return (int)i;
    return 0;
}

/* Needs: all locked, or nobody else runs; none is locked afterwards. */
static NOINLINE int select_wait(struct selection *s)
{
    struct g *g = g_self();
    struct waiter *w;
    int index;
    bool success;
    enqueue_all(s, g);
    noise_point(NOISE_BEFORE_PARK);
    s->is_locked = false;
    sched_park(s->is_single ? NULL : commit_unlock_all, NULL,
               s->live == 0 ? PARK_SELECT_EMPTY : PARK_SELECT);
    if (UNLIKELY(g->no_escape))
        g->is_pinned = false;
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

/* Nobody else runs: what is seen is so. */
static int select_single(struct selection *s, bool has_default)
{
    int i = select_ready(s, ALONE);
    if (i >= 0 || has_default)
        return i;
    order_live(s);
    return select_wait(s);
}

/* Gives: -1 when nothing could be done without all locks. */
static int select_quick(struct selection *s, bool has_default, bool *is_default)
{
    uint32_t ready;
    s->versions = 0;
    ready = look(s, UNLOCKED);
    if (ready > 0)
        return choose_ready(s, ready);
    *is_default = has_default && was_one_moment(s);
    return -1;
}

static NOINLINE int select_shared(struct selection *s, bool has_default)
{
    bool is_default = false;
    int i = select_quick(s, has_default, &is_default);
    if (i >= 0)
        return i;
    if (is_default)
        return GR_SELECT_DEFAULT;
    order_live(s);
    lock_all(s);
    i = select_ready(s, LOCKED);
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
    if (has_default && MUTANT(select_default_eager))
        return GR_SELECT_DEFAULT;
    s.cases = cases;
    s.n = (uint32_t)n;
    s.is_single = lock_is_alone() || sched_controlled();
    s.is_locked = false;
    s.ready = n <= SMALL_SELECT ? s.small : large_scratch((size_t)n);
    s.order = s.ready + n;
    i = s.is_single ? select_single(&s, has_default) : select_shared(&s, has_default);
    if (n > SMALL_SELECT)
        drop_scratch(g_self());
    return i;
}
