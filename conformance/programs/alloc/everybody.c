/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "collect.h"

#define MAKERS 8
#define EACH 50000
#define ROOM 1000

/* What is handed over: a block of any size, with its maker and number. */
struct parcel {
    struct parcel *self;
    unsigned char *bytes;
    int64_t size, stamp;
};

static const gr_type parcel_type =
    GR_TYPE(struct parcel, GR_AT(struct parcel, self) | GR_AT(struct parcel, bytes));

static gr_chan *ring[MAKERS];
GR_ROOT(ring);
static gr_atomic whole;
static gr_wg all;

static void make(void *arg)
{
    uintptr_t number = (uintptr_t)arg;
    uint64_t random = number;
    for (int i = 0; i < EACH; i++) {
        struct parcel *p = gr_new(&parcel_type);
        gr_init(&p->self, p);
        p->size = 1 + pick(&random, (int64_t)16 << pick(&random, 6));
        p->stamp = pick(&random, 256);
        gr_store(&p->bytes, gr_new_bytes(p->size));
        memset(p->bytes, (int)p->stamp, (size_t)p->size);
        gr_chan_send(ring[number], &p);
    }
    gr_wg_done(&all);
}

static bool is_right(const struct parcel *p)
{
    return p->self == p && p->bytes[0] == p->stamp &&
           memcmp(p->bytes, p->bytes + 1, (size_t)p->size - 1) == 0;
}

static void take(void *arg)
{
    int64_t n = 0;
    for (int i = 0; i < EACH; i++) {
        struct parcel *p;
        gr_chan_recv(ring[(uintptr_t)arg], &p);
        n += is_right(p);
    }
    gr_atomic_add(&whole, n);
    gr_wg_done(&all);
}

static void body(void *unused)
{
    (void)unused;
    for (int i = 0; i < MAKERS; i++)
        gr_store(&ring[i], gr_chan_new(&gr_type_pointer, ROOM));
    gr_wg_add(&all, 2 * MAKERS);
    for (uintptr_t i = 0; i < MAKERS; i++) {
        gr_go(make, (void *)i);
        gr_go(take, (void *)i);
    }
    gr_wg_wait(&all);
    printf("%d objects came whole\n", (int)gr_atomic_load(&whole));
}

int main(void)
{
    return gr_main(body, NULL);
}
