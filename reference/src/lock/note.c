/* SPDX-License-Identifier: BSD-3-Clause */
/* note.c - one-shot events between threads.
 *
 *     0 cleared --sleep--> 2 asleep --wake--> 1 woken
 *         '--------------wake-----------------^
 *
 * Idea: the waker enters the kernel only when somebody sleeps.
 *
 *   I1  One sleeper at a time.
 *   I2  After the swap in note_wake the note may be reused or freed by the sleeper; the
 *       waker then touches its address only through the kernel, which does not mind.
 */
#include "lock.h"
#include "os/os.h"

#define RELAXES_PER_LOOK 10

enum { CLEARED = 0, WOKEN = 1, ASLEEP = 2 };

void note_clear(struct note *n)
{
    store_relaxed(&n->state, CLEARED);
}

void note_wake(struct note *n)
{
    /* Pairs with the acquires in note_sleep_ns. */
    uint32_t was = swap_release(&n->state, WOKEN);
    ASSERT(was != WOKEN);
    if (was == ASLEEP)
        os_futex_wake(&n->state, 1);
}

void note_sleep(struct note *n)
{
    note_sleep_ns(n, -1);
}

bool note_look_ns(struct note *n, int64_t ns)
{
    int64_t end = os_now_ns() + ns;
    do {
        for (int i = 0; i < RELAXES_PER_LOOK; i++)
            cpu_relax();
        if (load_acquire(&n->state) == WOKEN) /* pairs with the release in note_wake */
            return true;
    } while (os_now_ns() < end);
    return false;
}

bool note_sleep_ns(struct note *n, int64_t timeout_ns)
{
    uint32_t expected = CLEARED;
    int64_t end;
    /* The longest deadlines came from an earlier look at the clock: the sum may not fit. */
    if (__builtin_add_overflow(os_now_ns(), timeout_ns, &end))
        end = INT64_MAX;
    /* Pairs with the release in note_wake, as does the next load. */
    if (!cas_acquire(&n->state, &expected, ASLEEP))
        return true;
    while (load_acquire(&n->state) == ASLEEP) {
        int64_t left = timeout_ns < 0 ? -1 : end - os_now_ns();
        if (timeout_ns >= 0 && left <= 0)
            break;
        os_futex_wait(&n->state, ASLEEP, left);
    }
    expected = ASLEEP;
    /* On failure it was woken: pairs with the release in note_wake. */
    return !cas_acquire(&n->state, &expected, CLEARED);
}
