/* SPDX-License-Identifier: BSD-3-Clause */
/* poison.c - filling free memory, and looking whether it is as it was left. */
#include "heap/poison.h"

#include <string.h>

static char *span_base(const struct heap_meta *m)
{
    return heap_page_at(heap_page_no(m));
}

static void fill(const struct heap_meta *m, char *at, size_t bytes)
{
    if (!m->is_zero && poison_is_on()) {
        san_unpoison(at, at + bytes);
        memset(at, POISON_BYTE, bytes);
    }
    san_poison(at, at + bytes);
}

static NORETURN void written(const char *at)
{
    fmt_fd(
        2,
        "gr: free memory at %p was written to: a pointer to the object that was there is "
        "kept where the collector does not look, or was put there without gr_store; try "
        "GR_DEBUG=gcverify=1\n",
        (const void *)at);
    throw("heap: memory of an object was written to after its end");
}

/* Pages were filled when their span died, unless the system had them since. */
static void pages_check(const char *at, size_t npages)
{
    for (; npages > 0; npages--, at += HEAP_PAGE_BYTES)
        for (size_t i = 0; i < HEAP_PAGE_BYTES; i++)
            if (at[i] != at[0] || (at[0] != 0 && (unsigned char)at[0] != POISON_BYTE))
                written(at + i);
}

void poison_made_slow(struct heap_meta *m)
{
    size_t bytes = (size_t)m->npages << HEAP_PAGE_SHIFT;
    if (poison_is_on())
        pages_check(span_base(m), m->npages);
    if (m->class == CLASS_LARGE)
        return; /* its object is made at once */
    fill(m, span_base(m), bytes);
}

/* When the first objects of a span die that was zero, all its free slots are filled (I1).
 */
void poison_dying_slow(struct heap_meta *m)
{
    size_t slot_bytes = span_slot_bytes(m);
    bool was_zero = m->is_zero, is_any = false;
    for (uint32_t i = 0; i < m->nslots; i++)
        is_any = is_any || (heap_bit(m->alloc, i) && !heap_bit(m->marks, i));
    if (!is_any)
        return;
    m->is_zero = false;
    for (uint32_t i = 0; i < m->nslots; i++) {
        bool is_used = heap_bit(m->alloc, i);
        if (is_used ? !heap_bit(m->marks, i) : was_zero)
            fill(m, span_base(m) + i * slot_bytes, slot_bytes);
    }
    size_t end = m->nslots * slot_bytes;
    if (was_zero)
        fill(m, span_base(m) + end, ((size_t)m->npages << HEAP_PAGE_SHIFT) - end);
}

void poison_reuse_slow(const struct heap_meta *m, char *at, size_t bytes)
{
    unsigned char want = m->is_zero ? 0 : POISON_BYTE;
    san_unpoison(at, at + bytes);
    for (size_t i = 0; poison_is_on() && i < bytes; i++)
        if ((unsigned char)at[i] != want)
            written(at + i);
}

void poison_unused_slow(const struct heap_meta *m, char *at, size_t bytes)
{
    fill(m, at, bytes);
}
