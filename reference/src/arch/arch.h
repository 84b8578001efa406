/* SPDX-License-Identifier: BSD-3-Clause */
/* arch.h - the door of floor arch: the processor and the sanitizers that watch it.
 *
 * Owns: switching stacks (ctx.h), fibers, which are contexts that the sanitizers know of
 * (san.h), saving and leaving frames for panics (ctx.h), walking frames (frame.h).
 * Use fibers, not bare contexts, wherever C code runs on the other stack.
 */
#ifndef ARCH_ARCH_H
#define ARCH_ARCH_H

#include "ctx.h"
#include "frame.h"
#include "san.h"

#endif
