/* SPDX-License-Identifier: BSD-3-Clause */
/* rank.c - which ranked locks this thread holds, and whether the next one may follow.
 *
 * Owns: the per-thread list of held locks.  Empty in builds without checks.
 *
 * Idea: a thread-local array is safe here although goroutines change threads: whoever holds
 * a runtime lock stays on its thread (lock.h, I1).  All access is from functions that never
 * switch, in a file of their own, so that no compiler keeps the address across a switch.
 *
 *   I1  held[0..count) are distinct locks with a rank, in the order they were taken.
 */
#include "rank.h"

#if GR_DEBUG_CHECKS

#define HELD_MAX 256

struct held {
    size_t count;
    const struct mutex *lock[HELD_MAX];
};

static _Thread_local struct held held;

static const struct {
    const char *name;
    bool is_many;
} ranks[] = {
    {"none", true},
#define RANK_DEF(name, is_many) {#name, is_many},
#include "rank.def"
};

void rank_check(const struct mutex *m)
{
    char text[160];
    if (m->rank == RANK_NONE)
        return;
    for (size_t i = 0; i < held.count; i++) {
        uint32_t outer = held.lock[i]->rank;
        if (outer < m->rank || (outer == m->rank && ranks[outer].is_many))
            continue;
        fmt_buf(text, sizeof text, "lock order: %s is taken while %s is held",
                ranks[m->rank].name, ranks[outer].name);
        throw(text);
    }
}

void rank_push(const struct mutex *m)
{
    if (m->rank == RANK_NONE || held.count == HELD_MAX)
        return;
    held.lock[held.count++] = m;
}

void rank_pop(const struct mutex *m)
{
    for (size_t i = held.count; i-- > 0;) {
        if (held.lock[i] != m)
            continue;
        for (held.count--; i < held.count; i++)
            held.lock[i] = held.lock[i + 1];
        return;
    }
}

void lock_check_none_held(void)
{
    char text[160];
    if (held.count == 0)
        return;
    fmt_buf(text, sizeof text, "lock %s is held where none may be",
            ranks[held.lock[0]->rank].name);
    throw(text);
}

#else

void lock_check_none_held(void) {}

#endif
