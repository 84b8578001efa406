/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "gr.h"

static char **words;

static void body(void *arg)
{
    (void)arg;
    for (int i = 1; words[i] != NULL; i++)
        printf("%d [%s]\n", i, words[i]);
    printf("word [%s]\n", getenv("GAUNTLET_WORD"));
    printf("empty %s\n", getenv("GAUNTLET_EMPTY") ? "set" : "unset");
    printf("other %s\n", getenv("GAUNTLET_OTHER") ? "set" : "unset");
}

int main(int argc, char **argv)
{
    (void)argc;
    words = argv;
    return gr_main(body, NULL);
}
