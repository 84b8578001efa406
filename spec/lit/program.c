/* SPDX-License-Identifier: BSD-3-Clause */
/* program.c - the arena behind a program.
 *
 * Owns: chunks and their list; the end of a program.  Not here: the parser that fills it.
 *
 * Chunks start small, because a fuzzer parses a hundred thousand tiny programs a second,
 * and double up to a size at which the cost of malloc no longer shows.  A request larger
 * than a chunk gets one of its own.
 */
#include <stdlib.h>
#include <string.h>

#include "lit.h"
#include "program.h"

enum { CHUNK_FIRST = 4096, CHUNK_LAST = 262144, ALIGN = 16, ARRAY_FIRST = 4 };

struct chunk {
    struct chunk *next;
    size_t used, size;
    _Alignas(ALIGN) char bytes[];
};

struct arena {
    struct chunk *chunks; /* the newest first; requests are served from it alone */
    size_t next_size;
};

struct arena *arena_new(void)
{
    struct arena *a = calloc(1, sizeof *a);
    if (a)
        a->next_size = CHUNK_FIRST;
    return a;
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    for (struct chunk *c = a->chunks, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    free(a);
}

static struct chunk *chunk_add(struct arena *a, size_t size)
{
    size_t bytes = size > a->next_size ? size : a->next_size;
    struct chunk *c = calloc(1, sizeof *c + bytes);
    if (!c)
        return NULL;
    c->size = bytes;
    c->next = a->chunks;
    a->chunks = c;
    if (a->next_size < CHUNK_LAST)
        a->next_size *= 2;
    return c;
}

void *arena_take(struct arena *a, size_t size)
{
    if (size > (size_t)1 << 31)
        return NULL;
    size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    struct chunk *c = a->chunks;
    if (!c || c->size - c->used < size)
        c = chunk_add(a, size);
    if (!c)
        return NULL;
    void *p = c->bytes + c->used;
    c->used += size;
    return p;
}

void *arena_more(struct arena *a, void *old, int n, size_t size)
{
    if (n > 0 && (n < ARRAY_FIRST || (n & (n - 1)) != 0))
        return old;
    size_t room = n < ARRAY_FIRST ? ARRAY_FIRST : 2 * (size_t)n;
    void *grown = arena_take(a, room * size);
    if (grown && n > 0)
        memcpy(grown, old, (size_t)n * size);
    return grown;
}

char *arena_text(struct arena *a, const char *text, size_t len)
{
    char *copy = arena_take(a, len + 1);
    if (copy && len > 0)
        memcpy(copy, text, len);
    return copy;
}

void lit_program_free(struct lit_program *p)
{
    if (p)
        arena_free(p->arena);
}
