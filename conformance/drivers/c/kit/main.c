/* SPDX-License-Identifier: BSD-3-Clause */
/* main.c - the driver as a program: a session on standard input.
 *
 * Left out with GAUNTLET_NO_MAIN, for fuzzers that enter through kit.h.
 */
#include "session.h"

#ifndef GAUNTLET_NO_MAIN
int main(void)
{
    session(0);
    return 0;
}
#endif
