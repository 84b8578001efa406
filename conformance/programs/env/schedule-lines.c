/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gr.h"

#define TIMES 3

static char **kinds;
static int ends[2];

/* "SCHED 20ms: gomaxprocs=2 ..." is of the kind SCHED, "  P0: ..." of the kind "  P". */
static bool is_of_kind(const char *line, const char *kind)
{
    size_t n = strlen(kind);
    return strncmp(line, kind, n) == 0 &&
           (line[n] == ' ' || isdigit((unsigned char)line[n])) && strchr(line, '=') != NULL;
}

/* Standard error is a pipe whose other end we read until we have seen enough. */
static void body(void *arg)
{
    (void)arg;
    int left[8] = {0}, open = 0;
    char line[4096];
    FILE *lines = fdopen(ends[0], "r");
    for (; kinds[open] != NULL; open++)
        left[open] = TIMES;
    while (open > 0) {
        gr_block_begin();
        char *got = fgets(line, sizeof line, lines);
        gr_block_end();
        if (got == NULL)
            return;
        for (int i = 0; kinds[i] != NULL; i++)
            if (left[i] > 0 && is_of_kind(line, kinds[i]) && --left[i] == 0)
                open--;
    }
    for (int i = 0; kinds[i] != NULL; i++)
        printf("%s %d times\n", kinds[i], TIMES);
}

int main(int argc, char **argv)
{
    (void)argc;
    kinds = argv + 1;
    if (pipe(ends) != 0 || dup2(ends[1], 2) != 2)
        return 1;
    return gr_main(body, NULL);
}
