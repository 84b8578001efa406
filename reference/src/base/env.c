/* SPDX-License-Identifier: BSD-3-Clause */
/* env.c - parsing the knobs, with errors that name the culprit and the remedy.
 *
 * Owns: the grammar GR_DEBUG = key "=" value { "," key "=" value }, the bounds, the help
 * text. Not here: dying of a mistake (base.c), what a knob does (whoever reads its field).
 *
 *   I1  env_knobs changes only for items that parsed; the first bad item ends the parse.
 */
#include "env.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "fmt.h"

struct key {
    const char *name;
    int *at;
    int initial, low, high;
    const char *help;
};

struct env_knobs env_knobs = {
    .traceback = 1,
    .gc_percent = 100,
    .mem_limit = INT64_MAX,
#define ENV_DEF(key, initial, low, high, help) .key = initial,
#include "env.def"
};

static const struct key keys[] = {
#define ENV_DEF(key, initial, low, high, help)                                             \
    {#key, &env_knobs.key, initial, low, high, help},
#include "env.def"
};

/* A whole decimal number within bounds. */
static bool parse_int(const char *s, int low, int high, int *out)
{
    char *end;
    long n = strtol(s, &end, 10);
    if (end == s || *end != '\0' || n < low || n > high)
        return false;
    *out = (int)n;
    return true;
}

bool env_parse_procs(const char *text, char *err, size_t err_size)
{
    if (text == NULL || text[0] == '\0')
        return true;
    if (!parse_int(text, 1, INT_MAX, &env_knobs.procs)) {
        fmt_buf(err, err_size, "GR_PROCS=%s: give a number from 1 to %d", text,
                ENV_PROCS_MAX);
        return false;
    }
    if (env_knobs.procs > ENV_PROCS_MAX)
        env_knobs.procs = ENV_PROCS_MAX;
    return true;
}

void env_parse_gc(const char *text)
{
    int n;
    if (text != NULL && strcmp(text, "off") == 0)
        env_knobs.gc_percent = -1;
    else if (text != NULL && parse_int(text, 0, INT_MAX, &n))
        env_knobs.gc_percent = n;
}

bool env_parse_memlimit(const char *text, char *err, size_t err_size)
{
    static const struct {
        const char *name;
        int shift;
    } units[] = {{"", 0}, {"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
    char *end;
    if (text == NULL || text[0] == '\0' || strcmp(text, "off") == 0)
        return true;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (text[0] < '0' || text[0] > '9' || errno != 0 ||
            strcmp(end, units[i].name) != 0 || n > INT64_MAX >> units[i].shift)
            continue;
        env_knobs.mem_limit = (int64_t)n << units[i].shift;
        return true;
    }
    fmt_buf(err, err_size,
            "malformed GR_MEMLIMIT=%s: give a number of bytes, or of KiB, MiB, GiB or TiB, "
            "as in 100MiB; or off",
            text);
    return false;
}

bool env_parse_generational(const char *text, char *err, size_t err_size)
{
    if (text == NULL || text[0] == '\0' || parse_int(text, 0, 1, &env_knobs.generational))
        return true;
    fmt_buf(
        err, err_size,
        "malformed GR_GC_GENERATIONAL=%s: give 1 for collections of young objects, or 0",
        text);
    return false;
}

static bool parse_fail(const char *value, char *err, size_t err_size)
{
    if (failure_arm(value))
        return true;
    size_t n = fmt_buf(err, err_size,
                       "GR_DEBUG: fail=%s: give name[:count][+spared]; names:", value);
    for (size_t i = 0; failure_name(i) != NULL; i++)
        n += fmt_buf(err + n, err_size - n, " %s", failure_name(i));
    return false;
}

static const struct key *key_find(const char *name)
{
    for (const struct key *k = keys; k < keys + ARRAY_LEN(keys); k++)
        if (strcmp(name, k->name) == 0)
            return k;
    return NULL;
}

/* item is "key=value", NUL-terminated and writable. */
static bool parse_item(char *item, bool is_strict, char *err, size_t err_size)
{
    char *value = strchr(item, '=');
    if (value != NULL)
        *value++ = '\0';
    bool is_fail = strcmp(item, "fail") == 0;
    const struct key *k = key_find(item);
    if (k == NULL && !is_fail) {
        if (is_strict)
            fmt_buf(err, err_size, "GR_DEBUG: unknown key %s; GR_DEBUG=help lists the keys",
                    item);
        return !is_strict;
    }
    if (value == NULL) {
        fmt_buf(err, err_size, "GR_DEBUG: %s: no value; write key=value,...", item);
        return false;
    }
    if (is_fail)
        return parse_fail(value, err, err_size);
    if (parse_int(value, k->low, k->high, k->at))
        return true;
    fmt_buf(err, err_size, "GR_DEBUG: %s=%s: give a number from %d to %d", item, value,
            k->low, k->high);
    return false;
}

static bool parse_items(const char *text, bool is_strict, char *err, size_t err_size)
{
    char item[256];
    while (*text != '\0') {
        size_t n = strcspn(text, ",");
        if (n >= sizeof item) {
            fmt_buf(err, err_size, "GR_DEBUG: %.40s...: longer than %zu bytes", text,
                    sizeof item - 1);
            return false;
        }
        memcpy(item, text, n);
        item[n] = '\0';
        if (n > 0 && !parse_item(item, is_strict, err, err_size))
            return false;
        text += n + (text[n] == ',');
    }
    return true;
}

/* Read again when it turns out to be strict: strict=1 may stand anywhere. */
bool env_parse_debug(const char *text, char *err, size_t err_size)
{
    if (text == NULL)
        return true;
    int was_strict = env_knobs.strict;
    if (!parse_items(text, was_strict != 0, err, err_size))
        return false;
    return env_knobs.strict == was_strict ||
           parse_items(text, env_knobs.strict != 0, err, err_size);
}

bool env_parse_traceback(const char *text, char *err, size_t err_size)
{
    static const struct level {
        const char *name, *number;
        int traceback;
        bool is_all, is_crash;
    } levels[] = {
        {"none", "0", 0, false, false},    {"single", "", 1, false, false},
        {"all", "1", 1, true, false},      {"system", "2", 2, true, false},
        {"crash", "crash", 2, true, true},
    };
    for (const struct level *l = levels; text != NULL && l < levels + ARRAY_LEN(levels);
         l++) {
        if (strcmp(text, l->name) != 0 && strcmp(text, l->number) != 0)
            continue;
        env_knobs.traceback = l->traceback;
        env_knobs.is_traceback_all = l->is_all;
        env_knobs.is_crash = l->is_crash;
        return true;
    }
    if (text != NULL)
        fmt_buf(err, err_size,
                "GR_TRACEBACK=%s: give none, single, all, system, crash, 0, 1 or 2", text);
    return text == NULL;
}

bool env_read(bool is_trusted, char *err, size_t err_size)
{
    const char *level = is_trusted ? getenv("GR_TRACEBACK") : "none";
    if (!env_parse_traceback(level, err, err_size) ||
        (is_trusted && !env_parse_debug(getenv("GR_DEBUG"), err, err_size)) ||
        (is_trusted && !env_parse_memlimit(getenv("GR_MEMLIMIT"), err, err_size)) ||
        (is_trusted &&
         !env_parse_generational(getenv("GR_GC_GENERATIONAL"), err, err_size)))
        return false;
    env_parse_gc(is_trusted ? getenv("GR_GC") : NULL);
    /* As GOMAXPROCS: what is no number above 0 is ignored. */
    return env_parse_procs(getenv("GR_PROCS"), err, err_size) || env_knobs.strict == 0;
}

void env_help(int fd)
{
#define ENV_VAR(name, form, help) fmt_fd(fd, "%-18s %-14s  %s\n", #name, form, help);
#include "env.def"
    fmt_fd(fd, "keys of GR_DEBUG:\n");
    for (const struct key *k = keys; k < keys + ARRAY_LEN(keys); k++)
        fmt_fd(fd, "  %-20s  %s (%d to %d, default %d)\n", k->name, k->help, k->low,
               k->high, k->initial);
    fmt_fd(fd, "  %-20s  takes a failure for granted, n times or always, after k:\n",
           "fail=name[:n][+k]");
    for (size_t i = 0; failure_name(i) != NULL; i++)
        fmt_fd(fd, "    %-18s  %s\n", failure_name(i), failure_help(i));
}
