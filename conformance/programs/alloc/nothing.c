/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

#define MANY 100000

static void *kept[2];
GR_ROOT(kept);

static void body(void *unused)
{
    (void)unused;
    for (int i = 0; i < MANY; i++) {
        gr_store(&kept[0], gr_new_array(&object_type, 0));
        gr_store(&kept[1], gr_new_bytes(0));
        need(kept[0] != NULL && kept[1] != NULL, "nil");
    }
    collect();
    churn(1000);
    collect();
    need(kept[0] != NULL && kept[1] != NULL, "nil");
    puts("objects and arrays of nothing have addresses");
}

int main(void)
{
    return gr_main(body, NULL);
}
