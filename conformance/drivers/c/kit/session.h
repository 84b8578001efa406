/* SPDX-License-Identifier: BSD-3-Clause */
/* session.h - the conversation with the harness, from a descriptor to stdout. */
#ifndef KIT_SESSION_H
#define KIT_SESSION_H

/* Reads commands until bye, the end of the input, or a run in mode one, which ends the
 * process. */
void session(int fd);

#endif
