/* SPDX-License-Identifier: BSD-3-Clause */
/* gr_ops.h - what the files of the reference runtime's driver table share.
 *
 * Owns: the members for collected memory (gr_ops_mem.c), as ops.h wants them.
 */
#ifndef GR_OPS_H
#define GR_OPS_H

#include <gr.h>

#include "ops.h"

void *ops_slots(int64_t n);
void ops_root(void *at, size_t bytes, bool is_root);
void ops_field_set(void *at, void *p);
void *ops_pointer_load(void *at);
void ops_pointer_store(void *at, void *p);
void *ops_pointer_swap(void *at, void *p);
bool ops_pointer_cas(void *at, void *old, void *p);
void *ops_chan_of_pointers(int64_t cap);
void ops_cleanup_add(void *p, gl_fn fn, void *arg, uint64_t handle[2]);
void ops_cleanup_stop(const uint64_t handle[2]);
void *ops_weak_new(void *p);
void *ops_weak_get(void *w);
int64_t ops_heap_objects(void);

#endif
