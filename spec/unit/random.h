/* SPDX-License-Identifier: BSD-3-Clause */
/* random.h - on random programs the reduction changes nothing that is judged.
 *
 * Owns: random numbers, the text of a program in the making, and the comparison of the
 * model with and without reduction: outcomes, races, class, divergence.  Not here: the
 * generators (model_random*_test.c); whether the outcomes are right (model_*_test.c,
 * conformance/test_model*.py).
 *
 *   I1  Run r of seed s is the program of seed s + r, so a failure is repeated by
 *       `model_random_test --seed S --runs 1`.
 *   I2  A program over the bound of states is not compared; at least the number asked for
 *       is.
 */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdint.h>

/* Begins the program of this seed. */
void random_seed(uint64_t seed);
unsigned random_below(unsigned n);
/* Adds to the program's text. */
__attribute__((format(printf, 1, 2))) void random_add(const char *format, ...);

/* Compares `runs` programs, or as many as the arguments say.  Return: an exit status. */
int random_main(int argc, char **argv, long runs, void (*make_program)(uint64_t seed));

#endif
