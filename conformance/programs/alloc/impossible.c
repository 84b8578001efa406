/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

static const gr_type big_type = {.size = 1 << 20, .name = "big"};
static void *kept;
GR_ROOT(kept);

static void show(void *name)
{
    gr_value v = gr_recover();
    printf("%s: %s\n", (const char *)name,
           v.kind == GR_ERROR ? gr_err_text(v.u.err) : "no error");
}

static GR_NOINLINE void try_length(const char *name, int64_t n)
{
    GR_FUNC;
    GR_DEFER(show, (void *)(uintptr_t)name);
    gr_store(&kept, gr_new_array(&big_type, n));
}

static void body(void *unused)
{
    (void)unused;
    try_length("-1", -1);
    try_length("2^40", INT64_C(1) << 40);
    try_length("2^58", INT64_C(1) << 58);
    try_length("2^62", INT64_C(1) << 62);
    try_length("2^63-1", INT64_MAX);
    churn(1000);
    collect();
    puts("goes on");
}

int main(void)
{
    return gr_main(body, NULL);
}
