/* SPDX-License-Identifier: BSD-3-Clause */
/* net.h - the door of floor net: descriptors for goroutines.
 *
 * Everything that higher floors may use is public (gr/net.h).  Inside: desc.h, the
 * descriptor and its lock; poller.c, who turns events of the system into runnable
 * goroutines.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include "gr/net.h"

#endif
