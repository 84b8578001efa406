/* SPDX-License-Identifier: BSD-3-Clause */
/* step_chan.c - send, receive, range, close, len, cap, make.
 *
 * Owns: channels.  Not here: select (step_select.c), which is built of the same moves.
 *
 * Idea.  An operation first lists its ways to go on: each parked partner is one, room or a
 * value in the buffer without a partner is one, a closed channel is one.  No way: it parks.
 * A way that involves a partner ends the partner's operation in the same step.
 *
 *   I1  A receiver is parked only while the buffer is empty, a sender only while it is
 *       full.
 *
 * Knowledge (races.c).  A value in the buffer carries its sender's mask.  Behind the buffer
 * lie the masks of receives whose slots no send has filled again, oldest first; slots that
 * were never used come before them and carry nothing.  That is the rule "the k-th receive
 * comes before the (k+C)-th send"; without a buffer both sides learn from each other.
 */
#include "model/step.h"

bool obj_is_timer(const struct state *st, int obj)
{
    enum lit_kind kind = st->prog->lit->objects[obj].kind;
    return kind == OBJ_TIMER || kind == OBJ_TICKER;
}

static bool op_sends(enum lit_op op)
{
    return op == OP_SEND;
}

int chan_waiters(struct state *st, int obj, bool senders, int self, bool all,
                 struct waiter *out)
{
    int n = 0;
    int64_t first = INT64_MAX;
    for (int g = part_g0(st); g < st->nparts; g++) {
        const int64_t *w = words(st, g);
        if (g == self || !g_alive(st, g)) {
            continue;
        }
        bool plain = w[G_STAT] == (senders ? G_SENDS : G_RECEIVES);
        if (!plain && w[G_STAT] != G_SELECTS) {
            continue;
        }
        const struct lit_instr *in = g_instr(st, g);
        int found = n;
        if (plain && in->obj == obj && n < MAX_WAITERS) {
            out[n++] = (struct waiter){g, -1};
        }
        for (int k = 0; !plain && k < in->ncases && n < MAX_WAITERS; k++) {
            const struct lit_case *c = &in->cases[k];
            if (c->op != OP_COUNT && c->obj == obj && op_sends(c->op) == senders) {
                out[n++] = (struct waiter){g, k};
            }
        }
        if (n == found || !st->fifo || all || IS_MUTANT(FIFO_IGNORED)) {
            continue;
        }
        if (w[G_SEQ] < first) {
            first = w[G_SEQ];
            for (int k = found; k < n; k++) {
                out[k - found] = out[k];
            }
            n -= found;
        } else {
            n = found;
        }
    }
    st->over |= n == MAX_WAITERS;
    return n;
}

/* ---- ends of parked operations ---- */

void waiter_receives(struct state *st, struct waiter w, int64_t v, bool ok)
{
    const struct lit_instr *in = g_instr(st, w.g);
    g_unpark(st, w.g);
    if (w.case_of >= 0) {
        const struct lit_case *c = &in->cases[w.case_of];
        struct result res[] = {{&c->d, v}, {&c->e, ok}, {&in->d, w.case_of}};
        g_finish(st, w.g, res, 3, -1);
    } else if (in->op == OP_RANGE) {
        struct result res = {&in->d, v};
        g_finish(st, w.g, &res, ok, ok ? -1 : in->target);
    } else {
        struct result res[] = {{&in->d, v}, {&in->e, ok}};
        g_finish(st, w.g, res, 2, -1);
    }
}

static void waiter_sends(struct state *st, struct waiter w)
{
    const struct lit_instr *in = g_instr(st, w.g);
    g_unpark(st, w.g);
    struct result res = {&in->d, w.case_of};
    g_finish(st, w.g, &res, w.case_of >= 0, -1);
}

void waiter_fails(struct state *st, struct waiter w, int64_t code)
{
    g_unpark(st, w.g);
    g_fail(st, w.g, code);
}

static int64_t waiter_value(const struct state *st, struct waiter w)
{
    if (w.case_of < 0) {
        return words(st, w.g)[G_VAL];
    }
    return g_value(st, w.g, &g_instr(st, w.g)->cases[w.case_of].a);
}

/* ---- the buffer ---- */

/* A send takes the slot that has been free for the longest time. */
static void slot_take(struct state *st, int obj, int g)
{
    const int64_t *c = obj_words(st, obj);
    int masks = C_BUF + 2 * (int)c[C_LEN], n = st->part[obj_part(obj)].n;
    if (!st->tracks || c[C_CAP] - c[C_LEN] > n - masks || n == masks) {
        return;
    }
    knows(st, g, c[masks]);
    part_cut(st, obj_part(obj), masks, 1);
}

static void slot_free(struct state *st, int obj, int g)
{
    if (st->tracks && obj_words(st, obj)[C_CAP] > 0 && !IS_MUTANT(NO_SLOT_EDGE)) {
        part_push(st, obj_part(obj), words(st, g)[G_KNOW]);
    }
}

static void buffer_push(struct state *st, int obj, int64_t v, int64_t know)
{
    int i = obj_part(obj), at = C_BUF + 2 * (int)obj_words(st, obj)[C_LEN];
    part_push(st, i, 0);
    part_push(st, i, 0);
    int64_t *c = touch(st, i);
    for (int k = st->part[i].n - 1; k > at + 1; k--) {
        c[k] = c[k - 2];
    }
    c[at] = v;
    c[at + 1] = know;
    c[C_LEN]++;
}

static void both_learn(struct state *st, int a, int b)
{
    int64_t mask = words(st, a)[G_KNOW] | words(st, b)[G_KNOW];
    knows(st, a, mask);
    knows(st, b, mask);
}

bool chan_put(struct state *st, int obj, int g, int64_t v, struct waiter with)
{
    if (obj_words(st, obj)[C_CLOSED] && !IS_MUTANT(SEND_INTO_CLOSED)) {
        return false;
    }
    slot_take(st, obj, g);
    if (with.g < 0) {
        buffer_push(st, obj, v, words(st, g)[G_KNOW]);
        return true;
    }
    st->note.partner = with.g;
    if (obj_words(st, obj)[C_CAP] > 0) {
        knows(st, with.g, words(st, g)[G_KNOW]);
        slot_free(st, obj, with.g);
    } else {
        both_learn(st, g, with.g);
    }
    waiter_receives(st, with, v, true);
    return true;
}

/* The oldest value leaves the buffer; a parked sender's value is put at its end. */
static int64_t buffer_take(struct state *st, int obj, int g, struct waiter with)
{
    int i = obj_part(obj);
    int at = IS_MUTANT(LIFO_BUFFER) ? C_BUF + 2 * (int)words(st, i)[C_LEN] - 2 : (int)C_BUF;
    int64_t v = words(st, i)[at];
    knows(st, g, words(st, i)[at + 1]);
    part_cut(st, i, at, 2);
    touch(st, i)[C_LEN]--;
    slot_free(st, obj, g);
    if (with.g >= 0) {
        int64_t sent = waiter_value(st, with);
        slot_take(st, obj, with.g);
        buffer_push(st, obj, sent, words(st, with.g)[G_KNOW]);
        waiter_sends(st, with);
    }
    return v;
}

bool chan_take(struct state *st, int obj, int g, struct waiter with, int64_t *v)
{
    if (obj_is_timer(st, obj)) {
        int64_t *t = obj_touch(st, obj);
        t[T_FULL] = 0;
        knows(st, g, t[T_KNOW]);
        *v = 1;
        return true;
    }
    st->note.partner = with.g;
    if (obj_words(st, obj)[C_LEN] > 0) {
        *v = buffer_take(st, obj, g, with);
        return true;
    }
    if (with.g >= 0) {
        *v = waiter_value(st, with);
        both_learn(st, g, with.g);
        waiter_sends(st, with);
        return true;
    }
    knows(st, g, obj_words(st, obj)[C_KNOW]);
    *v = 0;
    return false;
}

/* ---- ways to go on ---- */

static int timer_ways(struct state *st, int obj, struct way *out, int n)
{
    const int64_t *t = obj_words(st, obj);
    if (t[T_MODE] == TIMER_UNSET) {
        state_unmodelled(st, "the timer is used before it is set", obj_name(st, obj));
    }
    if (t[T_FULL]) {
        out[n++] = (struct way){-1, {-1, -1}};
    }
    return n;
}

int chan_ways(struct state *st, int obj, bool sends, int self, struct way *out, int n)
{
    if (st->prog->lit->objects[obj].kind == OBJ_NILCHAN) {
        return n;
    }
    if (obj_is_timer(st, obj)) {
        return timer_ways(st, obj, out, n);
    }
    const int64_t *c = obj_words(st, obj);
    struct waiter with[MAX_WAITERS];
    int partners = 0;
    if (!c[C_CLOSED]) {
        partners = chan_waiters(st, obj, !sends, self, false, with);
    }
    for (int k = 0; k < partners; k++) {
        out[n++] = (struct way){-1, with[k]};
    }
    bool room = sends ? c[C_LEN] < c[C_CAP] : c[C_LEN] > 0;
    if (!partners && (c[C_CLOSED] || room)) {
        out[n++] = (struct way){-1, {-1, -1}};
    }
    return n;
}

/* ---- operations ---- */

/* A nil channel, and the channel of a timer that calls a function, are never ready. */
static bool never(const struct state *st, int obj)
{
    return st->prog->lit->objects[obj].kind == OBJ_NILCHAN ||
           (obj_is_timer(st, obj) && obj_words(st, obj)[T_MODE] == TIMER_FUNC);
}

static void park(struct state *st, int g, int obj, enum g_stat why)
{
    say(st, "parks on %s", obj_name(st, obj));
    g_park(st, g, never(st, obj) ? G_STUCK : why);
}

void chan_check_value(struct state *st, int obj, int64_t v)
{
    if (!lit_value_fits(&st->prog->lit->objects[obj], v)) {
        state_unmodelled(st, "a value does not fit its element", obj_name(st, obj));
    }
}

void step_send(struct state *st, int g)
{
    const struct lit_instr *in = g_instr(st, g);
    struct way way[MAX_WAITERS + 1];
    int64_t v = g_value(st, g, &in->a);
    chan_check_value(st, in->obj, v);
    int n = chan_ways(st, in->obj, true, g, way, 0);
    if (n == 0) {
        park(st, g, in->obj, G_SENDS);
        if (words(st, g)[G_STAT] == G_SENDS) {
            touch(st, g)[G_VAL] = v;
        }
        return;
    }
    say(st, "%s <- %lld", obj_name(st, in->obj), (long long)v);
    if (chan_put(st, in->obj, g, v, way[choose(st, n)].with)) {
        g_done(st, g);
    } else {
        say(st, "%s <- %lld: closed", obj_name(st, in->obj), (long long)v);
        g_fail(st, g, CODE_SEND_CLOSED);
    }
}

void step_receive(struct state *st, int g)
{
    const struct lit_instr *in = g_instr(st, g);
    struct way way[MAX_WAITERS + 1];
    int n = chan_ways(st, in->obj, false, g, way, 0);
    if (n == 0) {
        park(st, g, in->obj, G_RECEIVES);
        return;
    }
    int64_t v;
    bool ok = chan_take(st, in->obj, g, way[choose(st, n)].with, &v);
    say(st, ok ? "gets %lld from %s" : "gets %lld, closed, from %s", (long long)v,
        obj_name(st, in->obj));
    waiter_receives(st, (struct waiter){g, -1}, v, ok);
}

/* Wakes whoever waits on a channel that closes: a select with several cases on it goes
 * by any one of them.  *pick: the choice, of which each such select takes its part. */
static void close_wakes(struct state *st, const struct waiter *w, int nreceivers, int n,
                        int pick, int64_t know)
{
    bool woken[MAX_PARTS] = {false};
    for (int k = 0; k < n; k++) {
        if (woken[w[k].g]) {
            continue;
        }
        int mine[MAX_WAITERS], cases = 0;
        for (int j = k; j < n; j++) {
            if (w[j].g == w[k].g) {
                mine[cases++] = j;
            }
        }
        int j = mine[pick % cases];
        pick /= cases;
        woken[w[k].g] = true;
        if (j < nreceivers) {
            knows(st, w[j].g, know);
            waiter_receives(st, w[j], 0, IS_MUTANT(CLOSE_SAYS_OK));
        } else {
            waiter_fails(st, w[j], CODE_SEND_CLOSED);
        }
    }
}

static int close_choices(const struct waiter *w, int n)
{
    int total = 1;
    for (int k = 0; k < n && total <= MAX_CHOICES; k++) {
        int cases = 0;
        bool first = true;
        for (int j = 0; j < n; j++) {
            cases += w[j].g == w[k].g;
            first &= w[j].g != w[k].g || j >= k;
        }
        total *= first ? cases : 1;
    }
    return total;
}

void step_close(struct state *st, int g)
{
    const struct lit_instr *in = g_instr(st, g);
    struct waiter w[2 * MAX_WAITERS];
    say(st, "close %s", obj_name(st, in->obj));
    if (st->prog->lit->objects[in->obj].kind == OBJ_NILCHAN) {
        g_fail(st, g, CODE_CLOSE_NIL);
        return;
    }
    if (obj_words(st, in->obj)[C_CLOSED]) {
        g_fail(st, g, CODE_CLOSE_CLOSED);
        return;
    }
    int receivers = chan_waiters(st, in->obj, false, g, true, w);
    int n = receivers + chan_waiters(st, in->obj, true, g, true, w + receivers);
    int pick = choose(st, close_choices(w, n));
    int64_t *c = obj_touch(st, in->obj);
    c[C_CLOSED] = 1;
    c[C_KNOW] = words(st, g)[G_KNOW];
    close_wakes(st, w, receivers, n, pick, words(st, g)[G_KNOW]);
    g_done(st, g);
}

void step_len(struct state *st, int g)
{
    const struct lit_instr *in = g_instr(st, g);
    int64_t v = 0;
    if (st->prog->lit->objects[in->obj].kind == OBJ_CHAN) {
        v = obj_words(st, in->obj)[in->op == OP_LEN ? C_LEN : C_CAP];
    }
    struct result res = {&in->d, v};
    say(st, "%s is %lld", in->op == OP_LEN ? "len" : "cap", (long long)v);
    g_finish(st, g, &res, 1, -1);
}

/* Largest buffer that a runtime of 48-bit addresses may be asked for, in bytes. */
static const int64_t MAX_BUFFER_BYTES = ((int64_t)1 << 48) - 96;

void step_make(struct state *st, int g)
{
    const struct lit_instr *in = g_instr(st, g);
    int elem = st->prog->lit->objects[in->obj].elem;
    int64_t bytes = elem == LIT_ELEM_PTR ? 8 : elem, cap = g_value(st, g, &in->a);
    say(st, "make %s %lld", obj_name(st, in->obj), (long long)cap);
    if (cap < 0 || (bytes > 0 && cap > MAX_BUFFER_BYTES / bytes)) {
        g_fail(st, g, CODE_MAKECHAN_SIZE);
        return;
    }
    if (bytes > 0 && cap > 1048576) {
        state_unmodelled(st, "a buffer this large may not be had", obj_name(st, in->obj));
    }
    for (int sends = 0; sends < 2; sends++) {
        struct waiter w[MAX_WAITERS];
        int n = chan_waiters(st, in->obj, sends, g, true, w);
        for (int k = 0; k < n; k++) {
            if (w[k].case_of >= 0) {
                state_unmodelled(st, "replaced while a select waits on it",
                                 obj_name(st, in->obj));
                return;
            }
            g_unpark(st, w[k].g);
            g_park(st, w[k].g, G_STUCK);
        }
    }
    int64_t *c = obj_touch(st, in->obj);
    st->part[obj_part(in->obj)].n = C_BUF;
    c[C_CAP] = cap;
    c[C_CLOSED] = c[C_KNOW] = c[C_LEN] = 0;
    g_done(st, g);
}
