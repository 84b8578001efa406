/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds.h - small inputs to start from, one for each pattern that a fault likes. */
#ifndef FUZZ_SEEDS_H
#define FUZZ_SEEDS_H

#include <stdbool.h>

/* Writes each seed to a file of its name in the folder, which is made if it is missing.
 * False, with a message on stderr: it could not be written. */
bool seeds_write(const char *folder);

#endif
