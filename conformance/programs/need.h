/* SPDX-License-Identifier: BSD-3-Clause */
/* need.h - what a whole program says when something went wrong, and how it ends then. */
#ifndef NEED_H
#define NEED_H

#include <stdbool.h>
#include <stdio.h>

#include "gr.h"

static inline void need(bool ok, const char *what)
{
    if (ok)
        return;
    printf("wrong: %s\n", what);
    fflush(stdout);
    gr_exit(1);
}

#endif
