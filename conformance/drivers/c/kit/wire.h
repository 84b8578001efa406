/* SPDX-License-Identifier: BSD-3-Clause */
/* wire.h - lines from a descriptor. */
#ifndef KIT_WIRE_H
#define KIT_WIRE_H

#include <stdbool.h>
#include <stddef.h>

enum {
    WIRE_END = -1,     /* no more lines */
    WIRE_TOO_LONG = -2 /* the line was dropped; the next call gives the one after it */
};

struct wire {
    int fd;
    bool at_end;
    char *buf;
    size_t start, end, room;
};

/* Ownership: buf is freed by wire_fini. */
void wire_init(struct wire *w, int fd);
void wire_fini(struct wire *w);

/* The next line without its newline, terminated by a 0 and writable until the next call;
 * its length, or one of the above.  A last line without a newline counts.  Blocks: the
 * thread. */
long wire_line(struct wire *w, char **line);

#endif
