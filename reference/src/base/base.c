/* SPDX-License-Identifier: BSD-3-Clause */
/* base.c - boot of floor 0: the environment is read once, before anything else runs. */
#include "base.h"

#include <stdlib.h>
#include <sys/auxv.h>

struct base_hooks base_hooks;
struct sched_hooks sched_hooks;
struct gc_hooks gc_hooks;
_Atomic bool gc_is_marking;
_Atomic bool gc_has_cards;

static void boot_mutant(void)
{
    const char *name = getenv("GR_MUTANT");
    if (name == NULL || name[0] == '\0')
        return;
    if (!GR_MUTANTS)
        die("GR_MUTANT=%s: this build has no mutants; build with FLAVOR=mutant", name);
    if (!gr_mutant_enable(name))
        die("GR_MUTANT=%s: no such mutant; their names are in base/fault.def", name);
}

void base_boot(void)
{
    static bool was_booted;
    char err[256];
    if (was_booted)
        return;
    was_booted = true;
    bool is_trusted = getauxval(AT_SECURE) == 0;
    const char *debug = getenv("GR_DEBUG");
    if (is_trusted && debug != NULL && __builtin_strcmp(debug, "help") == 0) {
        env_help(1);
        exit(0);
    }
    if (!env_read(is_trusted, err, sizeof err))
        die("%s", err);
    if (is_trusted)
        boot_mutant();
}
