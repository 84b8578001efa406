/* SPDX-License-Identifier: BSD-3-Clause */
/* wire.c - bounded reading of lines, by read() alone.
 *
 * Owns: the input buffer.  Not here: what lines mean (session.c), output (stdio does it).
 *
 * The buffer grows to LINE_MAX_BYTES and no further: a longer line is dropped as a whole,
 * so that the session stays in step.  stdio is not used, because what it has read ahead
 * would be lost to nobody's notice when a process is forked.
 */
#include "wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_BYTES = 1 << 16, LINE_MAX_BYTES = 1 << 20 };

void wire_init(struct wire *w, int fd)
{
    *w = (struct wire){.fd = fd};
}

void wire_fini(struct wire *w)
{
    free(w->buf);
    w->buf = NULL;
}

/* Makes room behind what is unread; false when the line is as long as it may be. */
static bool make_room(struct wire *w)
{
    if (w->start > 0) {
        memmove(w->buf, w->buf + w->start, w->end - w->start);
        w->end -= w->start;
        w->start = 0;
    }
    if (w->end + 1 < w->room)
        return true;
    size_t room = w->room > 0 ? w->room * 2 : FIRST_BYTES;
    char *buf = room <= LINE_MAX_BYTES ? realloc(w->buf, room) : NULL;
    if (buf == NULL)
        return false;
    w->buf = buf;
    w->room = room;
    return true;
}

static void fill(struct wire *w)
{
    ssize_t n;
    do
        n = read(w->fd, w->buf + w->end, w->room - w->end - 1);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        w->at_end = true;
    else
        w->end += (size_t)n;
}

long wire_line(struct wire *w, char **line)
{
    bool dropping = false;
    size_t seen = 0; /* bytes behind start that hold no newline */
    for (;;) {
        if (w->buf == NULL && !make_room(w))
            return WIRE_END;
        char *from = w->buf + w->start;
        size_t len = w->end - w->start;
        char *newline = len > seen ? memchr(from + seen, '\n', len - seen) : NULL;
        if (newline != NULL || (w->at_end && len > 0)) {
            size_t n = newline != NULL ? (size_t)(newline - from) : len;
            w->start += n + (newline != NULL);
            from[n] = '\0';
            *line = from;
            return dropping ? WIRE_TOO_LONG : (long)n;
        }
        if (w->at_end)
            return dropping ? WIRE_TOO_LONG : WIRE_END;
        seen = len;
        if (!make_room(w)) {
            w->start = w->end = seen = 0;
            dropping = true;
        }
        fill(w);
    }
}
