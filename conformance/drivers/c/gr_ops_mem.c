/* SPDX-License-Identifier: BSD-3-Clause */
/* gr_ops_mem.c - collected memory in the reference runtime's driver table.
 *
 * Owns: how objects, roots, channels of pointers, cleanups and weak pointers are said in
 * gr/mem.h.  Not here: the rest of the table (gr_ops.c).
 */
#include "gr_ops.h"

struct slot {
    void *p;
    uint64_t plain;
};

static const gr_type slot_type = GR_TYPE(struct slot, GR_AT(struct slot, p));
static const gr_type bare_type = GR_TYPE_PLAIN(struct slot);

void *ops_slots(int64_t n)
{
    return n > 0 ? gr_new_array(&slot_type, n) : gr_new(&bare_type);
}

void ops_root(void *at, size_t bytes, bool is_root)
{
    if (is_root)
        gr_root_add(at, bytes);
    else
        gr_root_remove(at);
}

void ops_field_set(void *at, void *p)
{
    gr_store(at, p);
}

void *ops_pointer_load(void *at)
{
    return gr_pointer_load(at);
}

void ops_pointer_store(void *at, void *p)
{
    gr_pointer_store(at, p);
}

void *ops_pointer_swap(void *at, void *p)
{
    return gr_pointer_swap(at, p);
}

bool ops_pointer_cas(void *at, void *old, void *p)
{
    return gr_pointer_cas(at, old, p);
}

void *ops_chan_of_pointers(int64_t cap)
{
    return gr_chan_new(&gr_type_pointer, cap);
}

void ops_cleanup_add(void *p, gl_fn fn, void *arg, uint64_t handle[2])
{
    gr_cleanup c = gr_cleanup_add(p, fn, arg);
    handle[0] = c.id;
    handle[1] = (uintptr_t)c.where;
}

void ops_cleanup_stop(const uint64_t handle[2])
{
    gr_cleanup_stop((gr_cleanup){handle[0], (void *)(uintptr_t)handle[1]});
}

void *ops_weak_new(void *p)
{
    return gr_weak_new(p);
}

void *ops_weak_get(void *w)
{
    return gr_weak_get(w);
}

int64_t ops_heap_objects(void)
{
    struct gr_mem_stats s;
    gr_mem_stats(&s);
    return (int64_t)s.heap_objects;
}
