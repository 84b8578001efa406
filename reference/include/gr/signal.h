/* SPDX-License-Identifier: BSD-3-Clause */
/* signal.h - signals of the process as values in channels.
 *
 * From gr_main on, signals that are sent to the process do what they do to a Go program:
 *
 *   SIGHUP, SIGINT, SIGTERM                            end it by that signal
 *   SIGQUIT, SIGABRT, SIGSYS, SIGSTKFLT,               end it with a dump of all goroutines
 *   and SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP       and status 2
 *   SIGTSTP, SIGTTIN, SIGTTOU                          stop it
 *   SIGHUP and SIGINT that were ignored at the start   nothing
 *   all others                                         nothing
 *
 * unless the program asks for them here.  A thread of the runtime takes them; all threads
 * that the runtime or gr_main's caller started have them blocked, so handlers of the
 * program's own (sigaction) do not run.  Threads that the program made before gr_main
 * should block all signals.  SIGKILL, SIGSTOP, SIGTTIN, SIGTTOU, SIGURG, SIGPROF and the
 * machine's faults cannot be asked for.
 *
 * While any channel is subscribed there is no deadlock verdict: a signal may come.
 * Not available under gr_control_run and with GR_DEBUG=faketime=1.
 */
#ifndef GR_SIGNAL_H
#define GR_SIGNAL_H

#include "chan.h"

/* From now on each of these signals (n == 0: all that can be had) is sent to c, a channel
 * of int, without waiting: dropped when c has no room and no receiver.  Several channels
 * get a copy each; further calls add signals.  Signals of one kind that come faster than
 * they are taken count once.  False: not available, nothing done.  Panics: c is NULL or
 * not a channel of int. */
bool gr_signal_notify(gr_chan *c, const int *sigs, size_t n);

/* No signal goes to c any more.  One that came before is in c or was dropped; one that
 * comes later does what it does by default. */
void gr_signal_stop(gr_chan *c);

/* No channel gets them any more (n == 0: all), and they do what they do by default; or
 * nothing. */
void gr_signal_reset(const int *sigs, size_t n);
void gr_signal_ignore(const int *sigs, size_t n);

/* Whether it is ignored, by gr_signal_ignore or from the start. */
bool gr_signal_ignored(int sig);

#endif
