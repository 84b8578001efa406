/* SPDX-License-Identifier: BSD-3-Clause */
/* gen.c - minor or major, and when (gen.h).
 *
 * A minor cycle costs a look at roots, stacks and dirty cards, and the marking of what
 * survives of the young objects; however much has been allocated.  So they are few: each
 * takes half of the room that is left below the trigger of major cycles.  The other half
 * is for what the mode keeps by mistake: all that was alive at that moment counts as old
 * from then on, though much of it dies soon.  When old space has taken three quarters of
 * the room that the last major cycle has left, or there is hardly any, it is time for the
 * next.
 *
 * Where most of what is young survives, minor cycles are work for nothing: what they mark
 * the major one marks again; and where a program writes to old objects all over the heap,
 * they look at most of it.  A major cycle frees about a byte for each that it scans, if the
 * heap may double.  So after a minor one that freed less than a fifth, or less than it
 * scanned, the next cycle is major, after two in sequence two, then four, up to MOST_WAITS.
 */
#include "gen.h"

#define MOST_WAITS 16u
#define TELLS_BYTES (GEN_LEAST / 4) /* of fewer young ones the yield says nothing */

struct gen_out gen_next(const struct gen_in *in)
{
    uint64_t room = in->trigger > in->live ? in->trigger - in->live : 0;
    uint64_t first = in->trigger > in->floor ? in->trigger - in->floor : 0;
    struct gen_out major = {.trigger = in->trigger, .is_minor = false};
    if (in->trigger == PACE_OFF || in->waits > 0 || room < GEN_LEAST || room < first / 4)
        return major;
    uint64_t young = room / 2 > GEN_LEAST ? room / 2 : GEN_LEAST;
    return (struct gen_out){.trigger = in->live + young, .is_minor = true};
}

struct gen_luck gen_major(struct gen_luck l)
{
    l.waits -= l.waits > 0;
    return l;
}

struct gen_luck gen_minor(struct gen_luck l, uint64_t young, uint64_t kept,
                          uint64_t scanned)
{
    uint64_t freed = young > kept ? young - kept : 0;
    if (young < TELLS_BYTES)
        return l;
    if (freed >= young / 5 && freed >= scanned)
        return (struct gen_luck){0, 0};
    uint32_t waits = l.bad < 4 ? (uint32_t)1 << l.bad : MOST_WAITS;
    return (struct gen_luck){waits, l.bad < 4 ? l.bad + 1 : 4};
}
