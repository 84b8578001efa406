/* SPDX-License-Identifier: BSD-3-Clause */
/* gr.h - the reference runtime's public face: one header per chapter, in the order a user
 * meets them. */
#ifndef GR_H
#define GR_H

#include "gr/task.h"
#include "gr/thread.h"
#include "gr/chan.h"
#include "gr/select.h"
#include "gr/sync.h"
#include "gr/time.h"
#include "gr/net.h"
#include "gr/signal.h"
#include "gr/panic.h"
#include "gr/mem.h"
#include "gr/control.h"
#include "gr/debug.h"

#endif
