/* SPDX-License-Identifier: BSD-3-Clause */
/* toy_ops_chan.c - the toy's channels: every operation is a select.
 *
 * Owns: channels and their queues of waiting cases.  Not here: parking (toy_ops.c).
 *
 * Idea: send and receive are selects of one case, so there is one piece of code that
 * looks whether a case can be done, one that does it, and one that waits.
 *
 *   I1  Senders wait only while the buffer is full, receivers only while it is empty,
 *       nobody on a closed channel.
 */
#include <stdlib.h>
#include <string.h>

#include "toy.h"

static uint64_t dice = 88172645463325252u; /* guarded by toy_lock */

struct chan {
    size_t size;
    int64_t cap, len, head;
    bool closed;
    struct wait *waits[2]; /* [1] senders, [0] receivers; first come first served */
    unsigned char buf[];
};

void *toy_chan_make(size_t size, int64_t cap)
{
    size_t bytes;
    struct chan *c = NULL;
    if (cap >= 0 && !__builtin_mul_overflow(size, (size_t)cap, &bytes) && bytes < 1u << 30)
        c = calloc(1, sizeof *c + bytes);
    if (c == NULL)
        toy_panic(GL_MAKECHAN_SIZE);
    c->size = size;
    c->cap = cap;
    return c;
}

static void copy(const struct chan *c, void *to, const void *from)
{
    if (to != NULL)
        memcpy(to, from, c->size);
}

static unsigned char *cell(struct chan *c, int64_t i)
{
    return c->buf + (size_t)((c->head + i) % c->cap) * c->size;
}

/* Takes a waiter out of all its queues and readies it. */
static void serve(struct wait *w, bool ok, bool refused)
{
    struct g *g = w->g;
    w->c->ok = ok;
    g->refused = refused;
    g->fired = w->index;
    for (int i = 0; i < g->nwaits; i++) {
        const struct gl_case *c = g->waits[i].c;
        if (c->ch == NULL)
            continue;
        struct wait **p = &((struct chan *)c->ch)->waits[c->send];
        while (*p != &g->waits[i])
            p = &(*p)->next;
        *p = g->waits[i].next;
    }
    toy_ready(g);
}

static bool can(const struct gl_case *k)
{
    const struct chan *c = k->ch;
    if (c == NULL)
        return false;
    return c->closed || c->waits[!k->send] != NULL ||
           (k->send ? c->len < c->cap : c->len > 0);
}

/* Does a case that can be done; false: it must panic, the channel is closed. */
static bool do_case(struct gl_case *k)
{
    struct chan *c = k->ch;
    struct wait *other = c->waits[!k->send];
    if (k->send && c->closed)
        return false;
    k->ok = true;
    if (k->send && other != NULL) {
        copy(c, other->c->elem, k->elem);
        serve(other, true, false);
    } else if (k->send) {
        copy(c, cell(c, c->len++), k->elem);
    } else if (c->len > 0) {
        copy(c, k->elem, cell(c, 0));
        c->head = (c->head + 1) % c->cap;
        c->len--;
        if (other != NULL) {
            copy(c, cell(c, c->len++), other->c->elem);
            serve(other, true, false);
        }
    } else if (other != NULL) {
        copy(c, k->elem, other->c->elem);
        serve(other, true, false);
    } else {
        k->ok = false;
        if (k->elem != NULL)
            memset(k->elem, 0, c->size);
    }
    return true;
}

/* Stands in the queues of all cases until served. Gives the case. */
static int wait_for(struct gl_case *cases, int n)
{
    struct wait waits[64];
    toy_self->waits = waits;
    toy_self->nwaits = n;
    for (int i = 0; i < n; i++) {
        waits[i] = (struct wait){.g = toy_self, .c = &cases[i], .index = i};
        if (cases[i].ch == NULL)
            continue;
        struct wait **p = &((struct chan *)cases[i].ch)->waits[cases[i].send];
        while (*p != NULL)
            p = &(*p)->next;
        *p = &waits[i];
    }
    toy_self->refused = false;
    toy_park();
    return toy_self->fired;
}

int toy_select(struct gl_case *cases, int n, bool has_default)
{
    int able = 0, at = -1;
    bool good = true;
    toy_disturb();
    pthread_mutex_lock(&toy_lock);
    for (int i = 0; i < n; i++) {
        dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17;
        if (can(&cases[i]) && dice % (uint64_t)++able == 0)
            at = i;
    }
    if (at >= 0) {
        good = do_case(&cases[at]);
    } else if (!has_default) {
        at = wait_for(cases, n);
        good = !toy_self->refused;
    }
    pthread_mutex_unlock(&toy_lock);
    if (!good)
        toy_panic(GL_SEND_CLOSED);
    return at;
}

void toy_send(void *ch, const void *elem)
{
    struct gl_case k = {.send = true, .ch = ch, .elem = (void *)elem};
    toy_select(&k, 1, false);
}

bool toy_recv(void *ch, void *elem)
{
    struct gl_case k = {.ch = ch, .elem = elem};
    toy_select(&k, 1, false);
    return k.ok;
}

void toy_close(void *ch)
{
    struct chan *c = ch;
    if (c == NULL)
        toy_panic(GL_CLOSE_NIL);
    pthread_mutex_lock(&toy_lock);
    bool twice = c->closed;
    c->closed = true;
    while (!twice && c->waits[1] != NULL)
        serve(c->waits[1], false, true);
    for (struct wait *w; !twice && (w = c->waits[0]) != NULL; serve(w, false, false))
        if (w->c->elem != NULL)
            memset(w->c->elem, 0, c->size);
    pthread_mutex_unlock(&toy_lock);
    if (twice)
        toy_panic(GL_CLOSE_CLOSED);
}

int64_t toy_len(void *ch)
{
    pthread_mutex_lock(&toy_lock);
    int64_t n = ch == NULL ? 0 : ((struct chan *)ch)->len;
    pthread_mutex_unlock(&toy_lock);
    return n;
}

int64_t toy_cap(void *ch)
{
    return ch == NULL ? 0 : ((struct chan *)ch)->cap;
}
