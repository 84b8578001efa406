/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

#include "gr.h"

static void catch (void *arg)
{
    (void)arg;
    gr_recover();
    fputs("recovered\n", stderr);
}

static void body(void *arg)
{
    (void)arg;
    volatile int64_t *page =
        mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    GR_FUNC;
    GR_DEFER(catch, NULL);
    puts("touches it");
    fflush(stdout);
    *page = 1;
}

int main(void)
{
    return gr_main(body, NULL);
}
