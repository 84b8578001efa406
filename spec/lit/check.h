/* SPDX-License-Identifier: BSD-3-Clause */
/* check.h - rules that need the whole program, called by the parser when all is read. */
#ifndef LIT_CHECK_H
#define LIT_CHECK_H

#include "parse.h"

/* Loops that pause, goroutines with shown registers, needs.  Fails on the first breach. */
void check_program(struct parser *p);

/* Integers, pointers and weak pointers are kept apart (check_heap.c). */
void check_heap(struct parser *p);

#endif
