/* SPDX-License-Identifier: BSD-3-Clause */
/* env.c - parsing the knobs, with errors that name the culprit and the remedy.
 *
 * Owns: the grammar GR_DEBUG = key "=" value { "," key "=" value }, the bounds, the help
 * text. Not here: getenv and dying (base.c), what a knob does (whoever reads its field).
 *
 *   I1  env_knobs changes only for items that parsed; the first bad item ends the parse.
 */
#include "env.h"

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
    .procs = 0,
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
    if (parse_int(text, 1, ENV_PROCS_MAX, &env_knobs.procs))
        return true;
    fmt_buf(err, err_size, "GR_PROCS=%s: give a number from 1 to %d", text, ENV_PROCS_MAX);
    return false;
}

static bool parse_fail(const char *value, char *err, size_t err_size)
{
    if (failure_arm(value))
        return true;
    size_t n =
        fmt_buf(err, err_size, "GR_DEBUG: fail=%s: give name or name:count; names:", value);
    for (size_t i = 0; failure_name(i) != NULL; i++)
        n += fmt_buf(err + n, err_size - n, " %s", failure_name(i));
    return false;
}

/* item is "key=value", NUL-terminated and writable. */
static bool parse_item(char *item, char *err, size_t err_size)
{
    char *value = strchr(item, '=');
    if (value == NULL) {
        fmt_buf(err, err_size, "GR_DEBUG: %s: no value; write key=value,...", item);
        return false;
    }
    *value++ = '\0';
    if (strcmp(item, "fail") == 0)
        return parse_fail(value, err, err_size);
    for (const struct key *k = keys; k < keys + ARRAY_LEN(keys); k++) {
        if (strcmp(item, k->name) != 0)
            continue;
        if (parse_int(value, k->low, k->high, k->at))
            return true;
        fmt_buf(err, err_size, "GR_DEBUG: %s=%s: give a number from %d to %d", item, value,
                k->low, k->high);
        return false;
    }
    fmt_buf(err, err_size, "GR_DEBUG: unknown key %s; GR_DEBUG=help lists the keys", item);
    return false;
}

bool env_parse_debug(const char *text, char *err, size_t err_size)
{
    char item[256];
    while (text != NULL && *text != '\0') {
        size_t n = strcspn(text, ",");
        if (n >= sizeof item) {
            fmt_buf(err, err_size, "GR_DEBUG: %.40s...: longer than %zu bytes", text,
                    sizeof item - 1);
            return false;
        }
        memcpy(item, text, n);
        item[n] = '\0';
        if (n > 0 && !parse_item(item, err, err_size))
            return false;
        text += n + (text[n] == ',');
    }
    return true;
}

void env_help(int fd)
{
    fmt_fd(fd,
           "GR_PROCS=n            processors, 1 to %d (default: those allowed)\n"
           "GR_DEBUG=key=n,...\n",
           ENV_PROCS_MAX);
    for (const struct key *k = keys; k < keys + ARRAY_LEN(keys); k++)
        fmt_fd(fd, "  %-18s  %s (%d to %d, default %d)\n", k->name, k->help, k->low,
               k->high, k->initial);
    fmt_fd(fd, "  %-18s  takes a failure for granted, n times or always:\n",
           "fail=name[:n]");
    for (size_t i = 0; failure_name(i) != NULL; i++)
        fmt_fd(fd, "    %-18s  %s\n", failure_name(i), failure_help(i));
    fmt_fd(fd, "GR_MUTANT=name        a planted bug (builds with FLAVOR=mutant)\n");
}
