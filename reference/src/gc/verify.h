/* SPDX-License-Identifier: BSD-3-Clause */
/* verify.h - GR_DEBUG=gcverify=1: no marked object may refer to one that is not. */
#ifndef GC_VERIFY_H
#define GC_VERIFY_H

/* The world stands still and all is marked.  Dies by naming the path to what is wrong. */
void verify_marks(void);

#endif
