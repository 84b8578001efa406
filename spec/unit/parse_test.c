/* SPDX-License-Identifier: BSD-3-Clause */
/* parse_test.c - the parser as a library: shapes of loops and branches, limits of numbers,
 * arena.
 *
 * Claim: flow becomes the jumps that parse_block.c draws; a text needs no terminator;
 * numbers and codes are read at their edges; arrays in the arena keep their elements while
 * they grow. The errors of the `lit` command are tested where its users are
 * (conformance/test_lit.py).
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "code.h"
#include "lex.h"
#include "lit.h"
#include "program.h"

static int failures;

__attribute__((format(printf, 2, 3))) static void expect(bool good, const char *format, ...)
{
    va_list ap;
    if (good)
        return;
    va_start(ap, format);
    fputs("parse_test: ", stderr);
    vfprintf(stderr, format, ap);
    fputc('\n', stderr);
    va_end(ap);
    failures++;
}

/* The instructions of main, joined by '|'. */
static void plan_of_main(const struct lit_program *p, char *out, size_t size)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    if (!f)
        abort();
    lit_plan_print(p, f);
    fclose(f);
    size_t n = 0;
    char *line = strstr(text, "\nblk 0");
    for (line = line ? strchr(line + 1, '\n') : NULL; line && line[1] == ' ';) {
        char *end = strchr(line + 1, '\n');
        for (char *s = line + 2; s < end && n + 2 < size; s++)
            out[n++] = *s;
        if (n + 2 < size)
            out[n++] = '|';
        line = end;
    }
    out[n] = 0;
    free(text);
}

static void expect_plan(const char *body, const char *plan)
{
    char source[1024], got[1024] = "";
    struct lit_error err;
    int n = snprintf(source, sizeof source, "litmus a/b\nchan c 0\nmain:\n%s", body);
    char *exact = malloc((size_t)n); /* no byte behind the text, for the sanitizer to see */
    memcpy(exact, source, (size_t)n);
    struct lit_program *p = lit_parse("t", exact, (size_t)n, &err);
    expect(p != NULL, "%s: %d:%d: %s", body, err.line, err.column, err.text);
    if (p)
        plan_of_main(p, got, sizeof got);
    expect(strcmp(got, plan) == 0, "%s\n  got      %s\n  expected %s", body, got, plan);
    lit_program_free(p);
    free(exact);
}

static void test_flow(void)
{
    expect_plan("", "ret|");
    expect_plan("  return\n", "ret|ret|");
    expect_plan("  if 1 == 2\n  end\n", "unless #1 == #2 1|ret|");
    expect_plan("  if 1 < 2\n    yield\n  end\n", "unless #1 < #2 2|yield|ret|");
    expect_plan("  if 1 == 2\n    yield\n  else\n    close c\n  end\n",
                "unless #1 == #2 3|yield|jmp 4|close 0|ret|");
    expect_plan("  if 1 == 2\n    yield\n  else\n  end\n", "unless #1 == #2 2|yield|ret|");
    expect_plan("  if 1 == 2\n  else\n    yield\n  end\n",
                "unless #1 == #2 2|jmp 3|yield|ret|");
    expect_plan("  if 1 == 2\n    if 3 == 4\n      yield\n    end\n  else\n  end\n",
                "unless #1 == #2 3|unless #3 == #4 3|yield|ret|");
    expect_plan("  while 1 != 2\n    yield\n  end\n", "unless #1 != #2 3|yield|jmp 0|ret|");
    expect_plan(
        "  repeat 3 as i\n    note i\n  end\n",
        "set >r0 #0|unless r0 < #3 6|set >r1 r0|note r1|calc >r0 + r0 #1|jmp 1|ret|");
    expect_plan(
        "  repeat 2\n    repeat 2\n    end\n  end\n  repeat 1\n  end\n",
        "set >r0 #0|unless r0 < #2 8|set >r1 #0|unless r1 < #2 6|calc >r1 + r1 #1|jmp 3|"
        "calc >r0 + r0 #1|jmp 1|set >r0 #0|unless r0 < #1 12|calc >r0 + r0 #1|jmp 9|ret|");
    expect_plan("  for v = range c\n    note v\n  end\n",
                "range 0 >r0 3|note r0|jmp 0|ret|");
    expect_plan("  for range c\n  end\n", "range 0 >_ 2|jmp 0|ret|");
    expect_plan("  select\n  end\n", "select 0 >_|ret|");
    expect_plan("  k = select\n    c <- 1\n    <-c\n    default\n  end\n  note k\n",
                "select 3 >r0|case send 0 #1|case recv0 0|case default|note r0|ret|");
}

static void test_signs(void)
{
    expect_plan("  x = 1\n  y = x-1\n", "set >r0 #1|calc >r1 - r0 #1|ret|");
    expect_plan("  x = 1\n  y = x - -1\n", "set >r0 #1|calc >r1 - r0 #-1|ret|");
    expect_plan("  note -1\n", "note #-1|ret|");
    expect_plan("  c <- -7\n", "send 0 #-7|ret|");
    expect_plan("  c<-7\n", "send 0 #7|ret|");
    expect_plan("  c <- send-closed", "send 0 #-1001|ret|");
    expect_plan("\tyield\r\n", "yield|ret|");
    expect_plan("  x, _ = <-c\n", "recv2 0 >r0 >_|ret|");
    expect_plan("  e = catch <-c # why\n", "catch >r0 recv0 0|ret|");
}

static void test_numbers(void)
{
    int64_t v = 0;
    expect(lex_int("9223372036854775807", 19, &v) && v == INT64_MAX, "the largest");
    expect(!lex_int("9223372036854775808", 19, &v), "one more than the largest");
    expect(lex_int("-9223372036854775808", 20, &v) && v == INT64_MIN, "the smallest");
    expect(!lex_int("-9223372036854775809", 20, &v), "one less than the smallest");
    expect(!lex_int("", 0, &v) && !lex_int("-", 1, &v) && !lex_int("1x", 2, &v),
           "no numbers");
    expect(lit_code_name(INT64_MIN) == NULL && lit_code_name(INT64_MAX) == NULL,
           "far codes");
    expect(lit_code_name(CODE_NIL + 1) == NULL, "the number before the codes");
    expect(lit_code_name(CODE_ERROR_OTHER - 1) == NULL, "the number behind the codes");
    for (int64_t code = CODE_NIL; code >= CODE_ERROR_OTHER; code--) {
        const char *name = lit_code_name(code);
        expect(name && lit_code_value(name, strlen(name), &v) && v == code, "code %d",
               (int)code);
    }
    expect(code_fatal_value("go-nil", 6, &v) && v == FATAL_GO_NIL, "a fatal error's name");
}

static void test_arena(void)
{
    struct arena *a = arena_new();
    int *array = NULL;
    for (int i = 0; i < 5000; i++) {
        array = arena_more(a, array, i, sizeof *array);
        expect(array != NULL, "no memory");
        array[i] = i ^ 0x5a5a5a5a;
    }
    for (int i = 0; i < 5000; i++)
        expect(array[i] == (i ^ 0x5a5a5a5a), "element %d", i);
    char *big = arena_take(a, 1 << 20);
    expect(big && big[0] == 0 && big[(1 << 20) - 1] == 0, "a large request is zeroed");
    expect(arena_take(a, (size_t)-1) == NULL, "a request that cannot be had");
    arena_free(a);
    arena_free(NULL);
    lit_program_free(NULL);
}

int main(void)
{
    test_flow();
    test_signs();
    test_numbers();
    test_arena();
    printf("parse_test: %d failures\n", failures);
    return failures > 0;
}
