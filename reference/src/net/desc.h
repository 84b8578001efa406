/* SPDX-License-Identifier: BSD-3-Clause */
/* desc.h - the descriptor: a cell for ever, a lock with a count of users, two halves to
 * wait on.
 *
 * Owns: struct desc, handles (gr_fd), the lock, waiting for readiness, deadlines.
 * Not here: what is read and written (stream.c, socket.c, file.c), events (poller.c).
 *
 * Idea.  A handle is an index and a generation.  Generation, "is closed", the locks of both
 * halves and the count of users share one word, so one CAS checks that the handle is still
 * good, counts the user in and takes a half.  The last user of a closed descriptor gives
 * the number back to the system and moves the generation on: later uses of the handle fail
 * that CAS for ever, and events with its cookie are recognised as stale.
 *
 * Readiness of a half is one word: nothing is known (WORD_NIL), something has changed since
 * the last try (WORD_READY), or the goroutine that waits for a change.  Who waits:
 *
 *   reader                                poller, deadline, close
 *     try; would block                      make the change
 *     word: NIL -> me                       word: me -> NIL: make me runnable
 *     look at the flags again                     NIL -> READY (changes of readiness only)
 *
 * Both sides write, then look at what the other one wrote (sequentially consistent), so no
 * change is missed: neither an edge, nor a close, nor a deadline.
 *
 * reference/model/readiness.pml is this for the model checker.
 *
 *   I1  Cells are never unmapped and stay cells; word and flags of a stale handle's cell
 *       may be looked at.
 *   I2  The fields marked "half" belong to whoever holds the lock of that half; so at most
 *       one goroutine waits in a word.
 *   I3  Whoever takes a goroutine out of a word by CAS, and nobody else, makes it runnable.
 *   I4  seq of a deadline never goes back, so a timer that fires late, even after the cell
 *       was given to another descriptor, finds that it is not meant.
 *   I5  desc_waiting() counts goroutines from before they park until they run again: while
 *       one of them waits it is never 0, however it is woken.
 *
 * Locks: lock (rank net) -> timer heap.
 */
#ifndef NET_DESC_H
#define NET_DESC_H

#include "net.h"
#include "os/os.h"
#include "sched/sched.h"

enum half { HALF_READ, HALF_WRITE, HALVES };

enum { WORD_NIL, WORD_READY }; /* or the struct g that waits */

/* Bits of flags. */
enum {
    FLAG_EXPIRED_READ = 1, /* shifted by enum half */
    FLAG_EXPIRED_WRITE = 2,
    FLAG_CLOSING = 4,
    FLAG_ODD = 8, /* the poller saw more than plain readiness: always try first */
};

struct half_state {
    _Atomic uintptr_t word; /* atomic: the table above */
    struct g *first, *last; /* guarded by lock: who wants the half, linked by g->link */
    struct timer timer;     /* the deadline; owner's lock: lock */
    uint64_t seq;           /* guarded by lock (I4) */
};

struct desc {
    atomic_u64 state;       /* atomic: generation, users, locks (desc.c) */
    atomic_u32 flags;       /* atomic; EXPIRED and CLOSING under lock */
    int fd;                 /* const while open: the system's number */
    bool is_socket;         /* const while open */
    bool is_tcp;            /* const while open: of our own making */
    bool has_file;          /* const while open: a unix listener's */
    bool is_registered;     /* const while open: the poller knows it */
    _Atomic bool is_polled; /* atomic; false: its calls block the thread, in brackets */
    bool is_drained;        /* half read: the last read took all there was (stream.c) */
    uint32_t index;         /* const */
    struct half_state half[HALVES];
    struct mutex lock;
    struct g *closer;  /* guarded by lock: waits for the last user */
    struct desc *next; /* guarded by the table's lock: the free list */
} CACHE_ALIGNED;

/* ---- opening and closing (desc.c) ---- */

enum desc_kind {
    DESC_FILE,
    DESC_STREAM,
    DESC_SOCKET,
    DESC_TCP, /* we made it: a connection, or a listener for some */
    DESC_UNIX_LISTENER,
};

/* A handle for fd, or an error; then fd stays the caller's.  DESC_FILE: calls block the
 * thread; others are registered with the poller. */
gr_fd desc_open(int fd, enum desc_kind kind);

/* The descriptor, counted as used, until desc_leave; NULL: closed. */
struct desc *desc_enter(gr_fd fd);
void desc_leave(struct desc *d);

/* The same, alone in this half.  Blocks: G. */
struct desc *desc_lock(gr_fd fd, enum half half);
void desc_unlock(struct desc *d, enum half half);

/* The cell of a handle, if that is still open; for events. */
struct desc *desc_find(uint64_t handle);

/* ---- waiting (wait.c) ---- */

/* 0, or why calls of this half fail now. */
static inline int desc_error(struct desc *d, enum half half)
{
    /* Relaxed: the look that decides is the one after the word is set (wait_commit). */
    uint32_t flags = load_relaxed(&d->flags);
    if (LIKELY((flags & (FLAG_CLOSING | (FLAG_EXPIRED_READ << half))) == 0))
        return 0;
    bool is_closing = (flags & FLAG_CLOSING) != 0 && !MUTANT(net_close_as_timeout);
    return is_closing ? GR_IO_CLOSED : GR_IO_TIMEOUT;
}

/* Forgets changes up to now: a try comes next, which sees what they were about. */
static inline void desc_try_next(struct desc *d, enum half half)
{
    /* Seq: before the try, in every order; pairs with half_take. */
    if (load_relaxed(&d->half[half].word) == WORD_READY)
        store_seq(&d->half[half].word, WORD_NIL);
}

/* Waits for a change of this half; may come back without one.  Needs: the half. */
void desc_wait(struct desc *d, enum half half);

/* The goroutine to make runnable after a change of the half: of readiness (is_edge), or of
 * flags; NULL: none. */
struct g *desc_take(struct desc *d, enum half half, bool is_edge);

/* Deadlines: wait.c; needs: a counted user. */
int desc_deadline(struct desc *d, unsigned halves, int64_t when);

/* For closing: ends both deadlines.  Needs: d->lock. */
void desc_deadlines_end_locked(struct desc *d);
void desc_timers_init(struct desc *d);

uint32_t desc_waiting(void);

/* ---- the poller (poller.c) ---- */

/* Boots the poller if nobody has: 0 or an error. */
int poller_boot(void);
int poller_add(struct desc *d, gr_fd handle);
void poller_remove(struct desc *d);

/* GR_IO_UNAVAILABLE where there is no outside world, else 0. */
int net_check(void);

/* Reads and writes of what is not polled (file.c). */
int64_t file_read(struct desc *d, void *buf, size_t size);
int64_t file_write(struct desc *d, const void *buf, size_t size);

#endif
