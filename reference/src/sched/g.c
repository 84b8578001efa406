/* SPDX-License-Identifier: BSD-3-Clause */
/* g.c - goroutine cells: acquiring, releasing, listing; words for park reasons.
 *
 * Owns: the pool of cells, the list of all cells that were ever made.
 * Not here: what a cell goes through in its life (spawn.c, park.c).
 *
 *   I1  A cell enters the list once, when it is made, and stays: dumps walk the list
 *       without locks and skip cells that are idle or dead.
 *   I2  A P's cache holds only cells that are G_IDLE or G_DEAD and belong to nobody else.
 */
#include "sched/proc.h"

static struct fixpool cells = FIXPOOL_INIT(sizeof(struct g));
static struct g *_Atomic all;

const char *park_reason_text(enum park_reason why)
{
    static const char *const text[PARK_REASONS] = {
#define PARK_DEF(name, words) words,
#include "sched/reason.def"
#undef PARK_DEF
    };
    return why < PARK_REASONS ? text[why] : "unknown";
}

static void cell_sleep_fire(const struct timer_shot *shot, int64_t now)
{
    (void)now;
    sched_ready(CONTAINER_OF(shot->t, struct g, sleep));
}

static struct g *cell_fresh(struct g *g)
{
    if (g->is_listed)
        return g;
    g->is_listed = true;
    timer_init(&g->sleep, cell_sleep_fire);
    struct g *head = load_relaxed(&all);
    do
        g->all_next = head;
    while (!cas_release(&all, &head, g)); /* pairs with the acquire in g_first */
    return g;
}

struct g *g_first(void)
{
    return load_acquire(&all); /* pairs with the release in cell_fresh */
}

struct g *g_acquire(struct p *p)
{
    if (p == NULL)
        return cell_fresh(fixpool_acquire(&cells));
    if (p->ncells == 0) {
        void *got[P_CELLS / 2];
        fixpool_acquire_many(&cells, got, P_CELLS / 2);
        for (uint32_t i = 0; i < P_CELLS / 2; i++)
            p->cells[p->ncells++] = cell_fresh(got[i]);
    }
    return p->cells[--p->ncells];
}

void g_release(struct p *p, struct g *g)
{
    if (p == NULL) {
        fixpool_release(&cells, g);
        return;
    }
    if (p->ncells == P_CELLS) {
        p->ncells /= 2;
        fixpool_release_many(&cells, (void *const *)&p->cells[p->ncells], P_CELLS / 2);
    }
    p->cells[p->ncells++] = g;
}
