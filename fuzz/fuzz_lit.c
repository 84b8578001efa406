/* SPDX-License-Identifier: BSD-3-Clause */
/* fuzz_lit.c - claim: whatever bytes the parser is fed, it ends, and what it accepts can be
 * printed in every form.
 *
 * Owns: the libFuzzer target of spec/lit without the model.  A program that parses is laid
 * out and parsed again: the second must be a program with the same plan, and its layout the
 * same text.  Plan and Go export are printed.  A refusal must name a line of the input.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct text {
    char *at;
    size_t len;
};

static void fault(const char *what, const struct text *a, const struct text *b)
{
    fprintf(stderr, "fuzz: %s\n---- first\n%.*s\n---- second\n%.*s\n", what, (int)a->len,
            a->at, (int)b->len, b->at);
    abort();
}

static FILE *begin(struct text *t)
{
    *t = (struct text){0};
    FILE *out = open_memstream(&t->at, &t->len);
    if (out == NULL) {
        fprintf(stderr, "fuzz: out of memory\n");
        exit(2);
    }
    return out;
}

static struct text plan_text(const struct lit_program *p)
{
    struct text t;
    FILE *out = begin(&t);
    lit_plan_print(p, out);
    fclose(out);
    return t;
}

static struct text layout(const struct lit_program *p, const char *text, size_t len)
{
    struct text t;
    FILE *out = begin(&t);
    lit_format(p, text, len, out);
    fclose(out);
    return t;
}

static bool is_equal(const struct text *a, const struct text *b)
{
    return a->len == b->len && memcmp(a->at, b->at, a->len) == 0;
}

static void check_export(const struct lit_program *p)
{
    char why[128] = "";
    struct text t;
    FILE *out = begin(&t);
    bool ok = lit_export_go(p, out, why, sizeof why);
    fclose(out);
    if (ok ? t.len == 0 : why[0] == '\0') {
        fault("an export that says nothing", &t, &t);
    }
    free(t.at);
}

/* Parses the layout of p; the two must agree. */
static void check_layout(const struct lit_program *p, const char *source, size_t len)
{
    struct lit_error err;
    struct text first = layout(p, source, len), input = {NULL, 0};
    struct lit_program *q = lit_parse("layout.lit", first.at, first.len, &err);
    input = (struct text){(char *)(uintptr_t)source, len};
    if (q == NULL) {
        fprintf(stderr, "fuzz: %d:%d: %s\n", err.line, err.column, err.text);
        fault("the layout does not parse", &input, &first);
    }
    struct text second = layout(q, first.at, first.len);
    struct text plan_p = plan_text(p), plan_q = plan_text(q);
    if (!is_equal(&plan_p, &plan_q)) {
        fault("the layout has another plan", &plan_p, &plan_q);
    }
    if (!is_equal(&first, &second)) {
        fault("the layout of a layout differs", &first, &second);
    }
    free(first.at);
    free(second.at);
    free(plan_p.at);
    free(plan_q.at);
    lit_program_free(q);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lit_error err = {0};
    const char *source = (const char *)data;
    struct lit_program *p = lit_parse("fuzz.lit", source, size, &err);
    if (p == NULL) {
        if (err.line < 1 || err.column < 1 || err.text[0] == '\0') {
            fprintf(stderr, "fuzz: a refusal without a place or a reason\n");
            abort();
        }
        return 0;
    }
    check_layout(p, source, size);
    check_export(p);
    lit_program_free(p);
    return 0;
}
