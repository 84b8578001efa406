/* SPDX-License-Identifier: BSD-3-Clause */
/* fault.c - which failures are armed and which mutants are on.
 *
 * Owns: the tables behind fault.def, the spelling of names, the public gr_mutant_*
 * functions. Not here: what a failure or a mutant does; that stands at its place in the
 * code.
 *
 * Idea: names are C identifiers in the list and are shown with '-' for '_'.  A second table
 * with that spelling is filled before main, so that gr_mutant_name can hand out constants.
 *
 *   I1  Both lists are sorted by identifier (unit test base: sorted).
 *   I2  Switches are turned before goroutines run, so relaxed loads see them.
 */
#include "fault.h"

#include <string.h>

#include "gr/debug.h"

#define NAME_MAX_BYTES 48

struct entry {
    char name[NAME_MAX_BYTES];
    const char *text; /* the failure's meaning, or the clause that the mutant breaks */
};

atomic_i32 failure_left[FAILURE_COUNT];
_Atomic bool mutant_is_on[MUTANT_COUNT + 1];

static struct entry failures[FAILURE_COUNT] = {
#define FAILURE_DEF(id, help) {#id, help},
#include "fault.def"
};

static struct entry mutants[MUTANT_COUNT + 1] = {
#define MUTANT_DEF(id, clause) {#id, clause},
#include "fault.def"
    {"", NULL},
};

static void hyphenate(struct entry *e, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (char *c = e[i].name; *c != '\0'; c++)
            *c = *c == '_' ? '-' : *c;
}

__attribute__((constructor)) static void names_init(void)
{
    hyphenate(failures, FAILURE_COUNT);
    hyphenate(mutants, MUTANT_COUNT);
}

/* Equal but for '-' and '_'. */
static bool is_same_name(const char *shown, const char *given, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (shown[i] != (given[i] == '_' ? '-' : given[i]))
            return false;
    return shown[n] == '\0';
}

static size_t find(const struct entry *e, size_t count, const char *name, size_t n)
{
    size_t i = 0;
    while (i < count && !is_same_name(e[i].name, name, n))
        i++;
    return i;
}

static atomic_i32 failure_spared[FAILURE_COUNT]; /* atomic: calls that succeed first */

bool failure_hit_slow(enum failure f)
{
    int32_t spared = load_relaxed(&failure_spared[f]);
    while (spared > 0)
        if (cas_relaxed(&failure_spared[f], &spared, spared - 1))
            return false;
    int32_t left = load_relaxed(&failure_left[f]);
    while (left > 0)
        if (cas_relaxed(&failure_left[f], &left, left - 1))
            return true;
    return left < 0;
}

/* The number behind this mark at *at, if it is there; *at moves on.  False: no number. */
static bool number_behind(const char **at, char mark, int32_t *out)
{
    const char *c = *at;
    if (*c != mark)
        return true;
    int32_t n = 0;
    for (c++; *c >= '0' && *c <= '9' && n <= 1000000; c++)
        n = n * 10 + (*c - '0');
    if (c == *at + 1)
        return false;
    *at = c;
    *out = n;
    return true;
}

bool failure_arm(const char *spec)
{
    size_t n = strcspn(spec, ":+");
    size_t i = find(failures, FAILURE_COUNT, spec, n);
    int32_t count = -1, spared = 0;
    const char *rest = spec + n;
    if (i == FAILURE_COUNT || !number_behind(&rest, ':', &count) ||
        !number_behind(&rest, '+', &spared) || *rest != '\0')
        return false;
    store_relaxed(&failure_spared[i], spared);
    store_relaxed(&failure_left[i], count);
    return true;
}

static const struct entry *entry_at(const struct entry *e, size_t count, size_t n)
{
    static const struct entry none;
    return n < count ? &e[n] : &none;
}

static const char *name_of(const struct entry *e)
{
    return e->text != NULL ? e->name : NULL;
}

const char *failure_name(size_t n)
{
    return name_of(entry_at(failures, FAILURE_COUNT, n));
}
const char *failure_help(size_t n)
{
    return entry_at(failures, FAILURE_COUNT, n)->text;
}

const char *gr_mutant_name(size_t n)
{
    return name_of(entry_at(mutants, MUTANT_COUNT, n));
}
const char *gr_mutant_clause(size_t n)
{
    return entry_at(mutants, MUTANT_COUNT, n)->text;
}

bool gr_mutant_enable(const char *name)
{
    size_t i = find(mutants, MUTANT_COUNT, name, strlen(name));
    if (!GR_MUTANTS || i == MUTANT_COUNT)
        return false;
    store_relaxed(&mutant_is_on[i], true);
    return true;
}
