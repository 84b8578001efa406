/* SPDX-License-Identifier: BSD-3-Clause */
/* kit.c - the in-process entry: plans from memory, one controlled execution each.
 *
 * Owns: gl_plan_parse and gl_plan_run.  Not here: the session with a harness (session.c).
 *
 * What a fuzzer runs is what a driver runs: the same parser, the same interpreter, the
 * same table.  A time unit is a millisecond of virtual time, as in mode control.
 */
#include "kit.h"

#include <stdlib.h>
#include <string.h>

#include "run.h"

static const int64_t UNIT_NS = 1000000;

static void read_lines(struct plan *p, const char *text, size_t len)
{
    const char *end = text + len;
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t n = (size_t)((newline != NULL ? newline : end) - text);
        if (n == 3 && memcmp(text, "end", 3) == 0)
            return;
        plan_line(p, text, n);
        text += n + 1;
    }
}

struct plan *gl_plan_parse(const char *text, size_t len, char *why, size_t why_size)
{
    struct plan *p = plan_new();
    if (p == NULL) {
        snprintf(why, why_size, "out of memory");
        return NULL;
    }
    read_lines(p, text, len);
    if (plan_finish(p))
        return p;
    if (p->skip[0] != '\0')
        snprintf(why, why_size, "skip %s", p->skip);
    else
        snprintf(why, why_size, "%s", p->error);
    plan_free(p);
    return NULL;
}

void gl_plan_free(struct plan *p)
{
    plan_free(p);
}

bool gl_plan_run(const struct plan *p, const struct gl_control *how,
                 struct gl_result *result)
{
    struct exec *x = exec_new(p, UNIT_NS);
    memset(result, 0, sizeof *result);
    if (x == NULL)
        return false;
    run_control_once(how, x, &result->verdict);
    FILE *out = fmemopen(result->text, sizeof result->text - 1, "w");
    if (out != NULL) {
        report_write(x, &result->verdict, out);
        fclose(out);
    }
    exec_free(x);
    return out != NULL;
}

void gl_result_fini(struct gl_result *result)
{
    free(result->verdict.tape);
    result->verdict.tape = NULL;
}
