/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "collect.h"
#include "resident.h"

#define PEAK_MB 128
#define KEPT 5000 /* each so many-th object is kept */

static struct object *list, *kept; /* collected */
GR_ROOT(list);
GR_ROOT(kept);

static int64_t resident_mb(void)
{
    return resident_kb() >> 10;
}

static void peak(void *unused)
{
    (void)unused;
    for (int64_t i = 0; i < ((int64_t)PEAK_MB << 20) / (int64_t)sizeof *list; i++) {
        struct object *o = object_new(i);
        struct object **at = i % KEPT == 0 ? &kept : &list;
        gr_store(&o->next, *at);
        gr_store(at, o);
    }
}

static void look(void)
{
    for (struct object *o = kept; o != NULL; o = o->next)
        need(o->stamp % KEPT == 0 && is_whole(o, o->stamp) &&
                 (o->next == NULL ? o->stamp == 0 : o->next->stamp == o->stamp - KEPT),
             "an object that is kept");
    puts("what is kept is whole");
}

static void body(void *is_asked)
{
    int64_t before = resident_mb();
    elsewhere(peak, NULL);
    need(resident_mb() - before >= PEAK_MB, "it is not resident");
    puts("the peak is resident");
    gr_store(&list, NULL);
    collect();
    if (is_asked != NULL) {
        gr_mem_trim();
        need(resident_mb() - before < PEAK_MB / 4, "most of it is resident still");
        puts("most of it is not any more");
        look();
        return;
    }
    collect(); /* what is to be kept is reckoned from the last collections */
    while (resident_mb() - before > PEAK_MB - PEAK_MB / 16)
        gr_sleep_ns(1000000);
    puts("some of it is not any more");
    look();
}

int main(int argc, char **argv)
{
    return gr_main(body, argc > 1 && strcmp(argv[1], "asked") == 0 ? argv : NULL);
}
