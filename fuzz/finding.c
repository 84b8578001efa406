/* SPDX-License-Identifier: BSD-3-Clause */
/* finding.c - smaller and smaller, then three files and a command.
 *
 * Owns: finding.h.  A byte that is left out takes an instruction or a decision with it, so
 * leaving out bytes, in chunks and then one by one, shrinks program and schedule alike;
 * each try is judged anew, with whatever outcome is forbidden then.  What remains of the
 * tape is the schedule of the run that was seen, less the zeros at its end, because beyond
 * its end a tape means zero.
 *
 * The file lists the model's outcomes as `want` lines in place of those that it may have
 * had, so that it is complete, and the one that was seen as a comment.
 */
#include "finding.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_TRIES = 3000, PATH = 512, LINE = 8192 };

enum judged finding_judge(struct judge *j, struct gen *g, const uint8_t *data, size_t size)
{
    gen_decode(data, size, g);
    return judge_run(j, g->text, g->len, g->tape, g->tape_len, gen_hash(data, size));
}

/* Whether the head that each file of the corpus has is all there. */
static bool has_head(const struct lit_program *p)
{
    return p->path != NULL && p->id != NULL && p->spec.n > 0 && p->about.n > 0;
}

static bool still_forbidden(const uint8_t *data, size_t size)
{
    struct gen *g = malloc(sizeof *g);
    struct judge j;
    bool is = false;
    if (g != NULL) {
        is = finding_judge(&j, g, data, size) == JUDGED_FORBIDDEN && has_head(j.program);
        judge_fini(&j);
    }
    free(g);
    return is;
}

/* Leaves out bytes while the finding stays; gives the new size. */
static size_t shrink(uint8_t *data, size_t size)
{
    uint8_t *try = malloc(size + 1);
    int tries = 0;
    for (size_t chunk = size / 2 + 1; try != NULL && chunk > 0; chunk /= 2) {
        for (size_t at = 0; at + chunk <= size && tries < MAX_TRIES;) {
            memcpy(try, data, at);
            memcpy(try + at, data + at + chunk, size - at - chunk);
            tries++;
            if (still_forbidden(try, size - chunk)) {
                size -= chunk;
                memcpy(data, try, size);
            } else {
                at++;
            }
        }
    }
    free(try);
    return size;
}

static FILE *open_file(const struct finding_place *place, uint64_t hash, const char *end,
                       char *path)
{
    snprintf(path, PATH, "%s/%016llx%s", place->folder, (unsigned long long)hash, end);
    FILE *f = fopen(path, "w");
    if (f == NULL) {
        fprintf(stderr, "fuzz: %s: %s; is the folder writable?\n", path, strerror(errno));
    }
    return f;
}

/* The source without what it says about outcomes: a mutated program has others. */
static void write_source(const struct gen *g, FILE *out)
{
    static const char *const left_out[] = {"want", "allow", "forbid", "stat", "mode"};
    for (const char *at = g->text, *end = at + g->len; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *next = newline != NULL ? newline + 1 : end;
        bool is_out = false;
        for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++) {
            size_t n = strlen(left_out[i]);
            is_out |= (size_t)(next - at) > n && memcmp(at, left_out[i], n) == 0 &&
                      (at[n] == ' ' || at[n] == '\t');
        }
        if (!is_out) {
            fwrite(at, 1, (size_t)(next - at), out);
        }
        at = next;
    }
}

static void write_lit(const struct judge *j, const struct gen *g, FILE *out)
{
    char *line = malloc(LINE);
    bool is_listed = j->model != NULL && j->model->complete;
    write_source(g, out);
    fprintf(out, j->seen[0] != '\0' ? "\n# seen and forbidden: %s\n" : "\n%s", j->seen);
    for (int i = 0; line != NULL && is_listed && i < j->model->noutcomes; i++) {
        lit_outcome_text(j->program, &j->model->outcomes[i], line, LINE);
        fprintf(out, "want %s\n", line);
    }
    free(line);
}

static void write_tape(const struct judge *j, FILE *out)
{
    size_t n = j->tape_len;
    while (n > 1 && j->tape[n - 1] == 0) {
        n--;
    }
    for (size_t i = 0; i < n; i++) {
        fprintf(out, "%02x", j->tape[i]);
    }
    fputs(n == 0 ? "00" : "", out);
}

static void write_go(const struct judge *j, FILE *out)
{
    char why[128];
    if (!lit_export_go(j->program, out, why, sizeof why)) {
        fprintf(out, "// not expressible in Go: %s\n", why);
    }
}

/* The word for the runtime of a planted fault is the variant that has the fault. */
static void print_command(const struct finding_place *place, const struct judge *j,
                          const char *path)
{
    fprintf(stderr, "fuzz: forbidden outcome: %s\nagain: conformance/gauntlet replay",
            j->seen);
    fprintf(stderr, " --runtime reference%s %s --mode control --waiters any --tape ",
            place->mutant[0] != '\0' ? "-mutant" : "", path);
    write_tape(j, stderr);
    if (place->mutant[0] != '\0') {
        fprintf(stderr, " --mutant %s", place->mutant);
    }
    fputc('\n', stderr);
}

/* HASH.go, then HASH.lit, whose path is given. */
static void write_program(const struct finding_place *place, uint64_t hash,
                          const struct judge *j, const struct gen *g, char *path)
{
    FILE *f = open_file(place, hash, ".go", path);
    if (f != NULL) {
        write_go(j, f);
        fclose(f);
    }
    f = open_file(place, hash, ".lit", path);
    if (f != NULL) {
        write_lit(j, g, f);
        fclose(f);
    }
}

static void write_files(const struct finding_place *place, uint64_t hash,
                        const struct judge *j, const struct gen *g)
{
    char path[PATH];
    FILE *f = open_file(place, hash, ".tape", path);
    if (f != NULL) {
        write_tape(j, f);
        fputc('\n', f);
        fclose(f);
    }
    write_program(place, hash, j, g, path);
    print_command(place, j, path);
}

bool finding_write(const struct finding_place *place, const uint8_t *data, size_t size)
{
    char path[PATH];
    struct judge j;
    struct gen *g = malloc(sizeof *g);
    bool ok = false;
    if (g != NULL) {
        gen_decode(data, size, g);
        judge_explore(&j, g->text, g->len);
        ok = j.program != NULL;
        if (ok) {
            write_program(place, gen_hash(data, size), &j, g, path);
            fprintf(stderr, "fuzz: wrote %s\n", path);
        }
        judge_fini(&j);
    }
    free(g);
    return ok;
}

void finding_report(const struct finding_place *place, const uint8_t *data, size_t size,
                    struct judge *j)
{
    uint8_t *copy = malloc(size + 1);
    struct gen *g = malloc(sizeof *g);
    mkdir(place->folder, 0777);
    if (copy == NULL || g == NULL) {
        fprintf(stderr, "fuzz: out of memory while reporting: %s\n", j->seen);
    } else {
        memcpy(copy, data, size);
        size = shrink(copy, size);
        judge_fini(j);
        if (finding_judge(j, g, copy, size) == JUDGED_FORBIDDEN) {
            write_files(place, gen_hash(copy, size), j, g);
        }
    }
    free(copy);
    free(g);
}
