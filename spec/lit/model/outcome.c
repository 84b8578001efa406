/* SPDX-License-Identifier: BSD-3-Clause */
/* outcome.c - outcomes as text, and the memory of a finished model.
 *
 * Owns: lit_outcome_text, the order of outcomes, the arena of struct lit_model.  Not here:
 * how outcomes are found (explore.c) and judged (compare.c).
 */
#include <stdlib.h>
#include <string.h>

#include "code.h"
#include "model/explore.h"
#include "model/outcome.h"

struct piece {
    struct piece *next;
    _Alignas(16) char bytes[];
};

void *model_alloc(struct lit_model *m, size_t size)
{
    struct piece *p = calloc(1, sizeof *p + size);
    if (!p) {
        return NULL;
    }
    p->next = m->arena;
    m->arena = p;
    return p->bytes;
}

void lit_model_free(struct lit_model *m)
{
    for (struct piece *p = m ? m->arena : NULL; p;) {
        struct piece *next = p->next;
        free(p);
        p = next;
    }
    free(m);
}

struct text {
    char *buf;
    size_t size, n;
};

static void add(struct text *t, const char *s)
{
    for (; *s && t->n + 1 < t->size; s++) {
        t->buf[t->n++] = *s;
    }
    if (t->size) {
        t->buf[t->n] = '\0';
    }
}

static void add_log(struct text *t, const struct lit_log *log)
{
    char number[24];
    if (log->n == 0) {
        add(t, "-");
    }
    for (int i = 0; i < log->n; i++) {
        add(t, i ? "," : "");
        add(t, code_value_text(log->v[i], number));
    }
}

void lit_outcome_text(const struct lit_program *p, const struct lit_outcome *o, char *buf,
                      size_t size)
{
    char word[40];
    struct text t = {buf, size, 0};
    add(&t, code_status_text(o->status, o->code, word));
    for (int i = 0; i < p->nterms; i++) {
        if (!p->terms[i].is_log && o->status != STATUS_OK) {
            continue;
        }
        add(&t, " ");
        add(&t, p->terms[i].text);
        add(&t, "=");
        if (p->terms[i].is_log) {
            add_log(&t, &o->log);
        } else {
            add(&t, code_value_text(o->value[i], word));
        }
    }
}

struct keyed {
    char *key;
    struct lit_outcome o;
};

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct keyed *)a)->key, ((const struct keyed *)b)->key);
}

void outcomes_sort(const struct lit_program *p, struct lit_model *m)
{
    struct keyed *list = calloc((size_t)m->noutcomes + 1, sizeof *list);
    size_t size = 64;
    for (int i = 0; i < p->nterms; i++) {
        size += strlen(p->terms[i].text) + 32;
    }
    bool ok = list != NULL;
    for (int i = 0; ok && i < m->noutcomes; i++) {
        size_t need = size + (size_t)m->outcomes[i].log.n * 24;
        list[i].o = m->outcomes[i];
        list[i].key = malloc(need);
        ok = list[i].key != NULL;
        if (ok) {
            lit_outcome_text(p, &m->outcomes[i], list[i].key, need);
        }
    }
    if (ok) {
        qsort(list, (size_t)m->noutcomes, sizeof *list, by_key);
    }
    for (int i = 0; list && i < m->noutcomes; i++) {
        if (ok) {
            m->outcomes[i] = list[i].o;
        }
        free(list[i].key);
    }
    free(list);
}
