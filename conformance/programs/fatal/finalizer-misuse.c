/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "gr.h"

static const char *way;

static void ends(void *object, void *arg)
{
    (void)object, (void)arg;
}

static void body(void *unused)
{
    int64_t **object = gr_new_array(&gr_type_pointer, 100);
    (void)unused;
    if (strcmp(way, "inside") == 0) {
        gr_finalizer(object + 50, ends, NULL);
    } else if (strcmp(way, "twice") == 0) {
        gr_finalizer(object, ends, NULL);
        gr_finalizer(object, ends, NULL);
    }
}

int main(int argc, char **argv)
{
    way = argc > 1 ? argv[1] : "";
    return gr_main(body, NULL);
}
