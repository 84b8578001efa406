/* SPDX-License-Identifier: BSD-3-Clause */
/* fmt.h - printing without libc: no lock, no allocation, no locale, safe in signal
 * handlers.
 *
 * Knows %s %c %d %i %u %x %p %%, the lengths l, ll and z, the flag 0, '-' and a field width
 * (digits or *), and a precision for %s (digits or *).  Anything else is printed as it
 * stands.
 */
#ifndef BASE_FMT_H
#define BASE_FMT_H

#include <stdarg.h>

#include "cc.h"

/* Formats into buf, always ended by NUL when size > 0.  Gives the bytes stored, NUL not
 * counted: what does not fit is cut. */
size_t fmt_buf(char *buf, size_t size, const char *format, ...) FORMAT(3, 4);
size_t fmt_vbuf(char *buf, size_t size, const char *format, va_list args) FORMAT(3, 0);

/* Formats at most 1023 bytes and writes them to fd in one piece where the descriptor lets
 * it.  Keeps errno. */
void fmt_fd(int fd, const char *format, ...) FORMAT(2, 3);

/* Writes all bytes, going on after short writes and EINTR; gives up on other errors. */
void fmt_write(int fd, const char *bytes, size_t n);

#endif
