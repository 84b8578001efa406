/* SPDX-License-Identifier: BSD-3-Clause */
/* toy.h - what the files of the toy runtime share: goroutines, queues, frames. */
#ifndef TOY_H
#define TOY_H

#include <pthread.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "ops.h"

struct wait { /* a case of somebody's select, in the queue of its channel */
    struct g *g;
    struct gl_case *c;
    int index;
    struct wait *next;
};

struct g {
    pthread_cond_t wake;
    bool ready, refused; /* refused: woken because the channel of a send was closed */
    struct g *next;      /* in one queue of a lock */
    struct wait *waits;
    int nwaits, fired;
    struct frame *top;
    struct frame *deferring; /* frame whose deferred call is about to start */
    gl_fn fn;
    void *arg;
};

struct queue {
    struct g *head, **tail;
};

struct defer {
    gl_fn fn;
    void *arg;
    struct defer *next;
};

struct frame {
    jmp_buf jmp;
    struct frame *up, *by;
    struct defer *defers;
    bool panicking, goexit;
    int64_t value;
};

extern pthread_mutex_t toy_lock; /* guards everything that goroutines share */
extern __thread struct g *toy_self;

/* Gives way now and then, when the run asks for noise. */
void toy_disturb(void);

_Noreturn void toy_die(const char *what, const char *text);
void toy_panic(int64_t value);
int64_t toy_attempt(void (*fn)(void *, void *), void *arg);

/* Needs: toy_lock. */
void toy_park(void);
void toy_ready(struct g *g);
void toy_wait(struct queue *q);
bool toy_wake(struct queue *q); /* false: nobody waits */

void *toy_chan_make(size_t size, int64_t cap);
void toy_send(void *ch, const void *elem);
bool toy_recv(void *ch, void *elem);
void toy_close(void *ch);
int64_t toy_len(void *ch);
int64_t toy_cap(void *ch);
int toy_select(struct gl_case *cases, int n, bool has_default);

void *toy_create(enum gl_kind kind, void *other);
void toy_destroy(enum gl_kind kind, void *object);
void toy_mutex_lock(void *m);
void toy_mutex_unlock(void *m);
bool toy_mutex_trylock(void *m);
void toy_rw_lock(void *m);
void toy_rw_unlock(void *m);
bool toy_rw_trylock(void *m);
void toy_rlock(void *m);
void toy_runlock(void *m);
bool toy_tryrlock(void *m);
void toy_cond_wait(void *c);
void toy_cond_signal(void *c);
void toy_cond_broadcast(void *c);
void toy_wg_add(void *w, int64_t delta);
void toy_wg_done(void *w);
void toy_wg_wait(void *w);
void toy_once_do(void *o, gl_fn fn, void *arg);
int64_t toy_load(void *a);
void toy_store(void *a, int64_t v);
int64_t toy_add(void *a, int64_t delta);
bool toy_cas(void *a, int64_t old, int64_t v);
int64_t toy_swap(void *a, int64_t v);

#endif
