/* SPDX-License-Identifier: BSD-3-Clause */
/* fuzz_chan.c - claim: no schedule of a small program on the reference ends in an outcome
 * that the model forbids.
 *
 * Owns: the libFuzzer target and its environment.  An input is a program and a tape
 * (gen.h); it is explored, run under control and compared (judge.h).  A violation leaves
 * its files (finding.h) and then aborts, so that libFuzzer keeps the input as well.
 *
 *   GR_MUTANT=NAME        with a planted fault, to see it found (read by the runtime)
 *   FUZZ_FINDINGS=FOLDER  where findings go; build/fuzz/findings
 *   FUZZ_CROSS=N          each N-th input is explored without reduction as well
 *   FUZZ_WRITE=FOLDER     writes each input's program there, and runs none
 *   FUZZ_SEEDS=FOLDER     writes the seeds (seeds.h) there and ends
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "finding.h"
#include "gr.h"
#include "seeds.h"

static struct finding_place place = {"build/fuzz/findings", ""};
static unsigned long cross;
static const char *writes; /* folder, or NULL */

const char *__asan_default_options(void);
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Goroutines that a run leaves behind are dropped with what they hold: no leak. */
const char *__asan_default_options(void)
{
    return "detect_leaks=0:detect_stack_use_after_return=0";
}

static const char *setting(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : otherwise;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    place.folder = setting("FUZZ_FINDINGS", place.folder);
    place.mutant = setting("GR_MUTANT", "");
    cross = strtoul(setting("FUZZ_CROSS", "0"), NULL, 10);
    writes = setting("FUZZ_WRITE", NULL);
    if (place.mutant[0] != '\0' && !gr_mutant_enable(place.mutant)) {
        fprintf(stderr, "fuzz: no mutant %s; see conformance/gauntlet mutants --list\n",
                place.mutant);
        exit(2);
    }
    const char *seeds = setting("FUZZ_SEEDS", NULL);
    if (seeds != NULL) {
        exit(seeds_write(seeds) ? 0 : 2);
    }
    return 0;
}

static bool is_source(const uint8_t *data, size_t size)
{
    return size >= 6 && memcmp(data, "litmus", 6) == 0;
}

/* A source that is no program is the mutator's doing; one of ours is a fault. */
static void judge_input(const uint8_t *data, size_t size, struct gen *g)
{
    static unsigned long count;
    struct judge j;
    enum judged judged = finding_judge(&j, g, data, size);
    if (judged == JUDGED_FORBIDDEN) {
        finding_report(&place, data, size, &j);
        abort();
    }
    if (judged == JUDGED_BROKEN && !is_source(data, size)) {
        fprintf(stderr, "fuzz: %s\n%s", j.why, g->text);
        abort();
    }
    if (judged == JUDGED_FINE && cross > 0 && ++count % cross == 0 && !judge_cross(&j)) {
        fprintf(stderr, "fuzz: the reduction changes the outcomes: %s\n%s", j.why, g->text);
        abort();
    }
    judge_fini(&j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct gen g;
    if (writes != NULL) {
        struct finding_place there = {writes, ""};
        if (!finding_write(&there, data, size) && !is_source(data, size)) {
            abort();
        }
        return 0;
    }
    judge_input(data, size, &g);
    return 0;
}
