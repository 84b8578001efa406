/* SPDX-License-Identifier: BSD-3-Clause */
/* clock.c - pending deadlines and the order in which their time can come.
 *
 * Owns: clock.h.
 *
 * With `needs faketime` the clock stands still while any goroutine can move.  The part is
 * the time (kept only when the program reads it) and what is left of each row; a row fires
 * at any moment once nothing is left, and when all is idle the clock jumps to the nearest.
 *
 * Without it any amount of time may pass between two steps, and a row may fire late; only
 * the order of deadlines is kept.  Which orders are possible follows from what is known
 * about differences: the part is the number of rows and a matrix of bounds, entry (i, j)
 * the upper bound of x_i - x_j, where x_0 is the present and x_i the deadline of row i - 1.
 * It is a zone of a timed automaton: adding a row fixes its deadline against the present,
 * letting time pass lifts the bounds of the present, firing row i demands that x_i is
 * least.  A tick that was due long ago skips the periods that have passed.
 *
 *   I1  The matrix is closed (no bound can be tightened), so that equal zones are equal
 *       words.
 *   I2  Time has passed: entries (0, j) are without bound.
 *
 * Rejected: one concrete clock that moves only when timers fire; it loses the executions in
 * which a goroutine is slow to set its timer.
 */
#include "model/clock.h"

static const int64_t FAR = (int64_t)1 << 50;    /* no bound */
static const int64_t LATEST = (int64_t)1 << 40; /* longer waits are taken as this */

int clock_rows(const struct state *st)
{
    const struct part *p = &st->part[PART_CLOCK];
    return st->prog->faketime ? p->n - 1 : (int)p->w[0];
}

int64_t clock_now(const struct state *st)
{
    return words(st, PART_CLOCK)[0];
}

static int64_t plus(int64_t a, int64_t b)
{
    return a >= FAR || b >= FAR ? FAR : a + b;
}

/* Tightens every bound; n: rows and the present. */
static void close_zone(int64_t *m, int n)
{
    for (int k = 0; k < n; k++) {
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                int64_t via = plus(m[i * n + k], m[k * n + j]);
                if (via < m[i * n + j]) {
                    m[i * n + j] = via;
                }
            }
        }
    }
}

static void pass_time(int64_t *m, int n)
{
    for (int j = 1; j < n; j++) {
        m[j] = FAR;
    }
}

/* Makes the matrix one row and column larger, all without bound. */
static int64_t *zone_widen(struct state *st)
{
    int n = clock_rows(st) + 1;
    for (int k = 0; k < 2 * n + 1; k++) {
        part_push(st, PART_CLOCK, 0);
    }
    int64_t *m = touch(st, PART_CLOCK) + 1;
    if (st->over) {
        return NULL;
    }
    for (int i = n - 1; i >= 0; i--) {
        for (int j = n - 1; j >= 0; j--) {
            m[i * (n + 1) + j] = m[i * n + j];
        }
        m[i * (n + 1) + n] = FAR;
    }
    for (int j = 0; j < n; j++) {
        m[n * (n + 1) + j] = FAR;
    }
    m[n * (n + 1) + n] = 0;
    m[-1] = n;
    return m;
}

static void zone_drop(struct state *st, int i)
{
    int n = clock_rows(st) + 1, to = 0;
    int64_t *m = touch(st, PART_CLOCK) + 1;
    for (int a = 0; a < n; a++) {
        for (int b = 0; b < n; b++) {
            if (a != i && b != i) {
                m[to++] = m[a * n + b];
            }
        }
    }
    m[-1] = n - 2;
    st->part[PART_CLOCK].n = 1 + to;
}

int clock_add(struct state *st, int64_t d)
{
    d = d > LATEST ? LATEST : d;
    if (st->prog->faketime) {
        part_push(st, PART_CLOCK, d);
        return clock_rows(st);
    }
    if (st->part[PART_CLOCK].n == 1) {
        part_push(st, PART_CLOCK, 0);
    }
    int64_t *m = zone_widen(st);
    if (!m) {
        return 1;
    }
    int row = clock_rows(st), n = row + 1;
    m[row * n] = d;
    m[row] = -d;
    close_zone(m, n);
    pass_time(m, n);
    return row;
}

/* Owners of later rows follow them down. */
static void renumber(struct state *st, int row)
{
    for (int g = part_g0(st); g < st->nparts; g++) {
        if (g_alive(st, g) && words(st, g)[G_ROW] > row + 1) {
            touch(st, g)[G_ROW]--;
        }
    }
    for (int o = 0; o < st->prog->lit->nobjects; o++) {
        enum lit_kind kind = st->prog->lit->objects[o].kind;
        bool timer = kind == OBJ_TIMER || kind == OBJ_TICKER;
        if (timer && obj_words(st, o)[T_ROW] > row + 1) {
            obj_touch(st, o)[T_ROW]--;
        }
    }
}

void clock_remove(struct state *st, int row)
{
    if (st->prog->faketime) {
        part_cut(st, PART_CLOCK, 1 + row, 1);
    } else {
        zone_drop(st, row + 1);
    }
    renumber(st, row);
}

bool clock_can_fire(const struct state *st, int row, bool idle)
{
    const int64_t *c = words(st, PART_CLOCK) + 1;
    int rows = clock_rows(st), n = rows + 1;
    if (!st->prog->faketime) {
        for (int j = 1; j < n && !IS_MUTANT(ANY_DEADLINE); j++) {
            if (c[j * n + row + 1] < 0) {
                return false;
            }
        }
        return true;
    }
    for (int j = 0; idle && j < rows; j++) {
        idle = c[j] >= c[row];
    }
    return idle || c[row] == 0;
}

/* The row's deadline is the least and has passed. */
static void zone_reach(int64_t *m, int n, int i)
{
    for (int j = 0; j < n; j++) {
        if (m[i * n + j] > 0) {
            m[i * n + j] = 0;
        }
    }
    close_zone(m, n);
}

static void zone_fire(struct state *st, int row, int64_t period)
{
    int n = clock_rows(st) + 1;
    zone_reach(touch(st, PART_CLOCK) + 1, n, row + 1);
    if (period > 0) {
        int64_t *m = zone_widen(st);
        if (!m) {
            return;
        }
        n++;
        m[(n - 1) * n] = period;            /* next - present <= period */
        m[n - 1] = 0;                       /* present <= next */
        m[(row + 1) * n + n - 1] = -period; /* this + period <= next */
        close_zone(m, n);
        for (int j = 0; j < n; j++) {
            int64_t a = m[(row + 1) * n + j];
            m[(row + 1) * n + j] = m[(n - 1) * n + j];
            m[(n - 1) * n + j] = a;
        }
        for (int j = 0; j < n; j++) {
            int64_t a = m[j * n + row + 1];
            m[j * n + row + 1] = m[j * n + n - 1];
            m[j * n + n - 1] = a;
        }
        zone_drop(st, n - 1);
    } else {
        zone_drop(st, row + 1);
        renumber(st, row);
    }
    pass_time(touch(st, PART_CLOCK) + 1, clock_rows(st) + 1);
}

void clock_fire(struct state *st, int row, int64_t period)
{
    period = period > LATEST ? LATEST : period;
    if (!st->prog->faketime) {
        zone_fire(st, row, period);
        return;
    }
    int64_t *c = touch(st, PART_CLOCK);
    int64_t left = c[1 + row];
    for (int j = 0; j < clock_rows(st); j++) {
        c[1 + j] -= left;
    }
    c[0] += st->prog->uses_clock ? left : 0;
    if (period > 0) {
        c[1 + row] = period;
    } else {
        clock_remove(st, row);
    }
}
