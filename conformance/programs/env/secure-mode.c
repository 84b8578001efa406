/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "gr.h"

static bool panics;

static void body(void *arg)
{
    (void)arg;
    int fd = open("/dev/null", O_RDWR);
    printf("next descriptor %d\n", fd);
    fflush(stdout);
    if (panics)
        gr_panic(gr_str("out of cheese"));
    gr_exit(10 + fd);
}

int main(int argc, char **argv)
{
    panics = argc > 1 && strcmp(argv[1], "panic") == 0;
    return gr_main(body, NULL);
}
