/* SPDX-License-Identifier: BSD-3-Clause */
/* clock.h - pending deadlines and the order in which their time can come.
 *
 * Owns: the clock part of a state: one row per pending sleep or timer.  A row's owner keeps
 * 1 + its number (G_ROW, T_ROW); numbers move down when a row goes.  Not here: what happens
 * when a time comes (step_timer.c).
 */
#ifndef MODEL_CLOCK_H
#define MODEL_CLOCK_H

#include "model/state.h"

int clock_rows(const struct state *st);
/* A deadline d units from now, d >= 0.  Return: 1 + row. */
int clock_add(struct state *st, int64_t d);
void clock_remove(struct state *st, int row);
/* Whether the row's time can come now; idle: no goroutine can move. */
bool clock_can_fire(const struct state *st, int row, bool idle);
/* Its time comes.  period > 0: the row stays, for the next tick; else it is removed. */
void clock_fire(struct state *st, int row, int64_t period);
int64_t clock_now(const struct state *st);

/* step_timer.c: the owner's part of a firing.  Needs: clock_can_fire. */
void timer_fire(struct state *st, int row);
/* Whether a firing lets some goroutine move. */
bool timer_wakes(struct state *st, int row);

#endif
