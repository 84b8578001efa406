/* SPDX-License-Identifier: BSD-3-Clause */
/* fmt.c - the printer: one pass over the format, one cursor into the caller's buffer.
 *
 * Owns: conversion of numbers and strings, padding, cutting, and the write(2) loop.
 * Not here: floating point, locales, positional arguments.
 *
 * Idea: everything is formatted into a caller's (or a stack) buffer first, so that a line
 * leaves in one write and lines of several threads do not mix.
 *
 *   I1  cursor.at <= cursor.end; what would go past the end is dropped, not an error.
 *   I2  No function called from here may lock or allocate: these run in signal handlers.
 */
#include "fmt.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct cursor {
    char *at, *end;
};

/* One conversion as written in the format: %[-][0][width][.precision][length]letter */
struct conv {
    bool is_left, is_zero;
    int width, precision; /* -1: not given */
    int longs;            /* how many l; 2 for z as well */
};

static void put(struct cursor *c, char ch)
{
    if (c->at < c->end)
        *c->at++ = ch;
}

static void put_padded(struct cursor *c, const struct conv *v, const char *s, size_t n)
{
    size_t width = v->width > 0 ? (size_t)v->width : 0;
    size_t pad = width > n ? width - n : 0;
    if (v->is_zero && n > 0 && s[0] == '-') {
        put(c, '-');
        s++, n--;
    }
    for (; !v->is_left && pad > 0; pad--)
        put(c, v->is_zero ? '0' : ' ');
    for (size_t i = 0; i < n; i++)
        put(c, s[i]);
    for (; pad > 0; pad--)
        put(c, ' ');
}

static void put_number(struct cursor *c, const struct conv *v, uint64_t x, unsigned base,
                       bool is_negative)
{
    char digits[24];
    size_t n = sizeof digits;
    do
        digits[--n] = "0123456789abcdef"[x % base];
    while ((x /= base) != 0);
    if (is_negative)
        digits[--n] = '-';
    put_padded(c, v, digits + n, sizeof digits - n);
}

static void put_string(struct cursor *c, const struct conv *v, const char *s)
{
    size_t n = 0;
    if (s == NULL)
        s = "(null)";
    while (s[n] != '\0' && (v->precision < 0 || n < (size_t)v->precision))
        n++;
    put_padded(c, v, s, n);
}

/* A decimal number or a star; moves *p behind it. */
static int scan_count(const char **p, va_list *args)
{
    int n = 0;
    if (**p == '*') {
        ++*p;
        return va_arg(*args, int);
    }
    for (; **p >= '0' && **p <= '9'; ++*p)
        n = n * 10 + (**p - '0');
    return n;
}

static struct conv scan_conv(const char **p, va_list *args)
{
    struct conv v = {.width = -1, .precision = -1};
    for (; **p == '-' || **p == '0'; ++*p) {
        v.is_left |= **p == '-';
        v.is_zero |= **p == '0';
    }
    v.is_zero = v.is_zero && !v.is_left;
    v.width = scan_count(p, args);
    if (**p == '.') {
        ++*p;
        v.precision = scan_count(p, args);
    }
    for (; **p == 'l' || **p == 'z'; ++*p)
        v.longs += **p == 'z' ? 2 : 1;
    return v;
}

static void put_conv(struct cursor *c, const char **p, va_list *args)
{
    struct conv v = scan_conv(p, args);
    int64_t d;
    char ch;
    switch (*(*p)++) {
    case 'd':
    case 'i':
        d = v.longs > 0 ? va_arg(*args, long) : va_arg(*args, int);
        put_number(c, &v, d < 0 ? 0 - (uint64_t)d : (uint64_t)d, 10, d < 0);
        break;
    case 'u':
    case 'x':
        put_number(c, &v,
                   v.longs > 0 ? va_arg(*args, unsigned long) : va_arg(*args, unsigned),
                   (*p)[-1] == 'x' ? 16 : 10, false);
        break;
    case 'p':
        put(c, '0');
        put(c, 'x');
        put_number(c, &v, (uintptr_t)va_arg(*args, void *), 16, false);
        break;
    case 's':
        put_string(c, &v, va_arg(*args, const char *));
        break;
    case 'c':
        ch = (char)va_arg(*args, int);
        put_padded(c, &v, &ch, 1);
        break;
    case '\0':
        --*p;
        break;
    default:
        put(c, (*p)[-1]);
    }
}

size_t fmt_vbuf(char *buf, size_t size, const char *format, va_list args)
{
    va_list mine;
    if (size == 0)
        return 0;
    struct cursor c = {buf, buf + size - 1};
    va_copy(mine, args);
    while (*format != '\0') {
        if (*format != '%') {
            put(&c, *format++);
            continue;
        }
        format++;
        put_conv(&c, &format, &mine);
    }
    va_end(mine);
    *c.at = '\0';
    return (size_t)(c.at - buf);
}

size_t fmt_buf(char *buf, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t n = fmt_vbuf(buf, size, format, args);
    va_end(args);
    return n;
}

void fmt_write(int fd, const char *bytes, size_t n)
{
    int saved = errno;
    while (n > 0) {
        ssize_t w = write(fd, bytes, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            break;
        bytes += w;
        n -= (size_t)w;
    }
    errno = saved;
}

void fmt_fd(int fd, const char *format, ...)
{
    char buf[1024];
    va_list args;
    va_start(args, format);
    size_t n = fmt_vbuf(buf, sizeof buf, format, args);
    va_end(args);
    fmt_write(fd, buf, n);
}
