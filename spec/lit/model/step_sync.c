/* SPDX-License-Identifier: BSD-3-Clause */
/* step_sync.c - mutex, rwmutex, wg, cond, atomics, plain variables.
 *
 * Owns: everything of sync but once (step_panic.c: its completion is a deferred call).
 *
 * Idea: a lock is not handed over.  Who is parked on it has a step of its own whenever the
 * lock is free, in competition with whoever comes.  Where nothing can tell "parked" from
 * "about to lock" (prog.h: parks) there is no parked state either: the lock instruction is
 * not enabled.
 *
 * RWMutex.  A writer first gets past other writers, then announces itself, then waits for
 * the readers to leave; new readers are kept out from its announcement on.  So a parked
 * writer has G_VAL 1 once announced, and at most one of them is; one that waits for a
 * writer is not, and has its own step to go on when that writer has left.  A leaving writer
 * lets all waiting readers in at once.
 *
 * Wait groups.  A woken wait whose group may be reused returns by a step of its own
 * (E_CHECK): when the counter has moved by then it may panic, or not.
 */
#include "model/step.h"

static enum lit_kind kind_of(const struct state *st, int obj)
{
    return st->prog->lit->objects[obj].kind;
}

/* The lock that a parked goroutine wants, or -1. */
static int wanted_lock(const struct state *st, int g)
{
    int64_t stat = words(st, g)[G_STAT];
    int obj = g_instr(st, g)->obj;
    return stat == G_LOCKS     ? obj
           : stat == G_RELOCKS ? st->prog->lit->objects[obj].mutex
                               : -1;
}

static bool first_for(const struct state *st, int g, int lock)
{
    for (int k = part_g0(st); st->fifo && k < st->nparts; k++) {
        if (g_alive(st, k) && words(st, k)[G_STAT] != G_RUNS &&
            wanted_lock(st, k) == lock && words(st, k)[G_SEQ] < words(st, g)[G_SEQ]) {
            return false;
        }
    }
    return true;
}

/* A parked writer of obj with this announcement, or -1. */
static int parked_writer(const struct state *st, int obj, int64_t announced)
{
    for (int k = part_g0(st); k < st->nparts && !IS_MUTANT(READERS_PASS_WRITER); k++) {
        if (g_alive(st, k) && words(st, k)[G_STAT] == G_LOCKS &&
            g_instr(st, k)->obj == obj && words(st, k)[G_VAL] == announced) {
            return k;
        }
    }
    return -1;
}

static bool locker_parked(const struct state *st, int obj, int self)
{
    for (int k = part_g0(st); k < st->nparts; k++) {
        if (k != self && g_alive(st, k) && words(st, k)[G_STAT] != G_RUNS &&
            wanted_lock(st, k) == obj) {
            return true;
        }
    }
    return false;
}

enum fate lock_fate(const struct state *st, int g)
{
    int64_t stat = words(st, g)[G_STAT];
    if (stat != G_LOCKS && stat != G_RELOCKS) {
        return FATE_OFF;
    }
    int lock = wanted_lock(st, g);
    const int64_t *m = obj_words(st, lock);
    if (kind_of(st, lock) == OBJ_RWMUTEX) {
        bool announced = words(st, g)[G_VAL] == 1;
        bool may = announced ? m[RW_READERS] == 0 : parked_writer(st, lock, 1) < 0;
        return !m[RW_WRITER] && may && first_for(st, g, lock) ? FATE_SHOWN : FATE_OFF;
    }
    return !m[M_LOCKED] && first_for(st, g, lock) ? FATE_SHOWN : FATE_OFF;
}

static void park_on(struct state *st, int g, int obj, enum g_stat why)
{
    say(st, "parks on %s", obj_name(st, obj));
    g_park(st, g, why);
}

/* ---- mutex ---- */

static void take_mutex(struct state *st, int g, int obj)
{
    int64_t *m = obj_touch(st, obj);
    m[M_LOCKED] = 1;
    knows(st, g, m[M_KNOW]);
}

static void take_write(struct state *st, int g, int obj)
{
    int64_t *m = obj_touch(st, obj);
    m[RW_WRITER] = 1;
    knows(st, g, m[RW_KNOW] | m[RW_RKNOW]);
}

void step_wake(struct state *st, int g)
{
    int lock = wanted_lock(st, g);
    if (kind_of(st, lock) == OBJ_RWMUTEX && obj_words(st, lock)[RW_READERS] > 0) {
        say(st, "keeps new readers out of %s", obj_name(st, lock));
        touch(st, g)[G_VAL] = 1;
        return;
    }
    say(st, "wakes and locks %s", obj_name(st, lock));
    g_unpark(st, g);
    if (kind_of(st, lock) == OBJ_RWMUTEX) {
        take_write(st, g, lock);
    } else {
        take_mutex(st, g, lock);
    }
    g_done(st, g);
}

static void step_lock(struct state *st, int g, int obj)
{
    const int64_t *m = obj_words(st, obj);
    bool rw = kind_of(st, obj) == OBJ_RWMUTEX;
    bool announced = rw && parked_writer(st, obj, 1) >= 0;
    if (rw && (m[RW_WRITER] || m[RW_READERS] || announced)) {
        park_on(st, g, obj, G_LOCKS);
        touch(st, g)[G_VAL] = !m[RW_WRITER] && !announced;
    } else if (!rw && m[M_LOCKED]) {
        park_on(st, g, obj, G_LOCKS);
    } else {
        say(st, "locks %s", obj_name(st, obj));
        if (rw) {
            take_write(st, g, obj);
        } else {
            take_mutex(st, g, obj);
        }
        g_done(st, g);
    }
}

static void let_readers_in(struct state *st, int obj)
{
    for (int k = part_g0(st); k < st->nparts; k++) {
        if (g_alive(st, k) && words(st, k)[G_STAT] == G_RLOCKS &&
            g_instr(st, k)->obj == obj) {
            obj_touch(st, obj)[RW_READERS]++;
            knows(st, k, obj_words(st, obj)[RW_KNOW]);
            g_unpark(st, k);
            g_done(st, k);
        }
    }
}

static void step_unlock(struct state *st, int g, int obj)
{
    bool rw = kind_of(st, obj) == OBJ_RWMUTEX;
    say(st, "unlocks %s", obj_name(st, obj));
    if (!obj_words(st, obj)[rw ? (int)RW_WRITER : (int)M_LOCKED] &&
        !IS_MUTANT(UNLOCK_ANYTHING)) {
        state_die(st, STATUS_FATAL, rw ? FATAL_RW_UNLOCK : FATAL_UNLOCK);
        return;
    }
    int64_t *m = obj_touch(st, obj);
    m[rw ? (int)RW_WRITER : (int)M_LOCKED] = 0;
    m[rw ? (int)RW_KNOW : (int)M_KNOW] |= words(st, g)[G_KNOW];
    if (rw) {
        let_readers_in(st, obj);
    }
    g_done(st, g);
}

static void step_rlock(struct state *st, int g, int obj)
{
    if (obj_words(st, obj)[RW_WRITER] || parked_writer(st, obj, 1) >= 0) {
        park_on(st, g, obj, G_RLOCKS);
        return;
    }
    say(st, "locks %s for reading", obj_name(st, obj));
    obj_touch(st, obj)[RW_READERS]++;
    knows(st, g, obj_words(st, obj)[RW_KNOW]);
    g_done(st, g);
}

static void step_runlock(struct state *st, int g, int obj)
{
    say(st, "unlocks %s for reading", obj_name(st, obj));
    if (obj_words(st, obj)[RW_READERS] == 0) {
        state_die(st, STATUS_FATAL, FATAL_RUNLOCK);
        return;
    }
    int64_t *m = obj_touch(st, obj);
    m[RW_READERS]--;
    m[RW_RKNOW] |= words(st, g)[G_KNOW];
    g_done(st, g);
}

static void step_trylock(struct state *st, int g, const struct lit_instr *in)
{
    int obj = in->obj;
    const int64_t *m = obj_words(st, obj);
    bool rw = kind_of(st, obj) == OBJ_RWMUTEX, reads = in->op == OP_TRYRLOCK;
    bool can =
        rw ? !m[RW_WRITER] && (reads || !m[RW_READERS]) && parked_writer(st, obj, 1) < 0
           : !m[M_LOCKED];
    if (can && locker_parked(st, obj, g)) {
        can = choose(st, 2) == 0;
    }
    if (can && reads) {
        obj_touch(st, obj)[RW_READERS]++;
        knows(st, g, obj_words(st, obj)[RW_KNOW]);
    } else if (can && rw) {
        take_write(st, g, obj);
    } else if (can) {
        take_mutex(st, g, obj);
    }
    struct result res = {&in->d, can};
    say(st, can ? "try locks %s" : "try does not lock %s", obj_name(st, obj));
    g_finish(st, g, &res, 1, -1);
}

/* ---- wait groups ---- */

static void wake_waits(struct state *st, int obj, int64_t know)
{
    bool one = false;
    for (int k = part_g0(st); k < st->nparts && !one; k++) {
        if (!g_alive(st, k) || words(st, k)[G_STAT] != G_WAITS ||
            g_instr(st, k)->obj != obj) {
            continue;
        }
        g_unpark(st, k);
        one = IS_MUTANT(WAIT_WAKES_ONE);
        knows(st, k, know);
        /* It looks at the counter once more, and panics when that is in use again. */
        int64_t below = words(st, k)[G_TOP];
        touch(st, k)[G_TOP] = st->part[k].n;
        part_push(st, k, below);
        part_push(st, k, E_CHECK);
        part_push(st, k, obj);
    }
}

void step_check(struct state *st, int g)
{
    int64_t *w = touch(st, g);
    int64_t top = w[G_TOP];
    int obj = (int)w[top + K_OBJECT];
    w[G_TOP] = w[top + E_PREV];
    st->part[g].n = (int)top;
    say(st, "wait returns");
    if (obj_words(st, obj)[V_VALUE] != 0 && choose(st, 2) == 1) {
        say(st, "wait panics: %s is in use again", obj_name(st, obj));
        g_fail(st, g, CODE_WG_MISUSE);
        return;
    }
    g_done(st, g);
}

static void step_wgadd(struct state *st, int g, int obj, int64_t delta)
{
    int64_t *w = obj_touch(st, obj);
    say(st, "add %s %lld", obj_name(st, obj), (long long)delta);
    w[V_VALUE] = (int64_t)((uint64_t)w[V_VALUE] + (uint64_t)delta);
    if (delta < 0) {
        w[V_KNOW] |= words(st, g)[G_KNOW];
    }
    if (w[V_VALUE] < 0) {
        g_fail(st, g, CODE_WG_NEGATIVE);
        return;
    }
    if (w[V_VALUE] == 0) {
        wake_waits(st, obj, w[V_KNOW]);
    }
    g_done(st, g);
}

static void step_wgwait(struct state *st, int g, int obj)
{
    if (obj_words(st, obj)[V_VALUE] != 0) {
        park_on(st, g, obj, G_WAITS);
        return;
    }
    say(st, "waits for nothing");
    knows(st, g, obj_words(st, obj)[V_KNOW]);
    g_done(st, g);
}

/* ---- cond ---- */

static void step_cwait(struct state *st, int g, int obj)
{
    int64_t *m = obj_touch(st, st->prog->lit->objects[obj].mutex);
    if (!m[M_LOCKED]) {
        state_unmodelled(st, "waited on without its lock", obj_name(st, obj));
        return;
    }
    m[M_LOCKED] = 0;
    m[M_KNOW] |= words(st, g)[G_KNOW];
    park_on(st, g, obj, G_CONDS);
}

static void notify(struct state *st, int g, int waiter)
{
    knows(st, waiter, words(st, g)[G_KNOW]);
    g_unpark(st, waiter);
    g_park(st, waiter, G_RELOCKS);
}

static void step_signal(struct state *st, int g, int obj, bool all)
{
    int waiter[MAX_WAITERS], n = 0;
    for (int k = part_g0(st); k < st->nparts; k++) {
        if (g_alive(st, k) && words(st, k)[G_STAT] == G_CONDS &&
            g_instr(st, k)->obj == obj) {
            if (n == MAX_WAITERS) {
                st->over = true;
                break;
            }
            bool sooner = n && words(st, k)[G_SEQ] < words(st, waiter[0])[G_SEQ];
            waiter[n++] = k;
            if (sooner) {
                waiter[n - 1] = waiter[0];
                waiter[0] = k;
            }
        }
    }
    say(st, "%s %s", all ? "broadcast" : "signal", obj_name(st, obj));
    if (!all && n > 0) {
        st->note.partner = waiter[choose(st, st->fifo ? 1 : n)];
        notify(st, g, st->note.partner);
    }
    for (int k = 0; all && k < n; k++) {
        notify(st, g, waiter[k]);
    }
    g_done(st, g);
}

/* ---- atomics and variables ---- */

static void step_atomic(struct state *st, int g, const struct lit_instr *in)
{
    int64_t *x = obj_touch(st, in->obj);
    int64_t old = x[V_VALUE], a = g_value(st, g, &in->a), v = old;
    bool swapped = in->op == OP_CAS && old == a;
    if (in->op != OP_STORE) {
        knows(st, g, x[V_KNOW]);
    }
    if (in->op == OP_STORE || in->op == OP_SWAP) {
        x[V_VALUE] = a;
    } else if (in->op == OP_ADD) {
        x[V_VALUE] = v = (int64_t)((uint64_t)old + (uint64_t)a);
    } else if (swapped) {
        x[V_VALUE] = g_value(st, g, &in->b);
    }
    if (in->op != OP_LOAD && (in->op != OP_CAS || swapped)) {
        x[V_KNOW] = words(st, g)[G_KNOW];
    }
    say(st, "%s %s: %lld, now %lld", lit_op_wire(in->op), obj_name(st, in->obj),
        (long long)old, (long long)x[V_VALUE]);
    struct result res = {&in->d, in->op == OP_CAS ? swapped : v};
    g_finish(st, g, &res, in->op != OP_STORE, -1);
}

static void step_var(struct state *st, int g, const struct lit_instr *in)
{
    bool writes = in->op == OP_WRITE;
    if (st->tracks) {
        race_access(st, g, in->obj, writes);
    }
    int64_t v = writes ? g_value(st, g, &in->a) : obj_words(st, in->obj)[V_VALUE];
    if (writes) {
        obj_touch(st, in->obj)[V_VALUE] = v;
    }
    say(st, writes ? "writes %lld to %s" : "reads %lld from %s", (long long)v,
        obj_name(st, in->obj));
    struct result res = {&in->d, v};
    g_finish(st, g, &res, !writes, -1);
}

void step_sync(struct state *st, int g)
{
    const struct lit_instr *in = g_instr(st, g);
    switch (in->op) {
    case OP_LOCK:
        step_lock(st, g, in->obj);
        break;
    case OP_UNLOCK:
        step_unlock(st, g, in->obj);
        break;
    case OP_RLOCK:
        step_rlock(st, g, in->obj);
        break;
    case OP_RUNLOCK:
        step_runlock(st, g, in->obj);
        break;
    case OP_TRYLOCK:
    case OP_TRYRLOCK:
        step_trylock(st, g, in);
        break;
    case OP_WGADD:
        step_wgadd(st, g, in->obj, g_value(st, g, &in->a));
        break;
    case OP_WGDONE:
        step_wgadd(st, g, in->obj, -1);
        break;
    case OP_WGWAIT:
        step_wgwait(st, g, in->obj);
        break;
    case OP_CWAIT:
        step_cwait(st, g, in->obj);
        break;
    case OP_SIGNAL:
    case OP_BROADCAST:
        step_signal(st, g, in->obj, in->op == OP_BROADCAST || IS_MUTANT(SIGNAL_WAKES_ALL));
        break;
    case OP_READ:
    case OP_WRITE:
        step_var(st, g, in);
        break;
    default:
        step_atomic(st, g, in);
        break;
    }
}
