/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

#define CHANS 200
#define CAP 4
#define LEFT (CHANS * CAP * 3 / 4) /* half of them are half full */
#define VALUES 1000

/* It has the channel, which has it. */
struct value {
    struct object *o;
    gr_chan *c;
};

static const gr_type value_type =
    GR_TYPE(struct value, GR_AT(struct value, o) | GR_AT(struct value, c));

static gr_chan *kept;
GR_ROOT(kept);
static gr_atomic gone;

static void ends(void *object, void *arg)
{
    (void)arg;
    need(is_whole(object, 7), "what a value had");
    gr_atomic_add(&gone, 1);
}

static void send_one(gr_chan *c)
{
    struct value *v = gr_new(&value_type);
    gr_store(&v->o, object_new(7));
    gr_store(&v->c, c);
    gr_finalizer(v->o, ends, NULL);
    gr_chan_send(c, &v);
}

/* Full or half full, from any slot on, closed or not. */
static void make(void *unused)
{
    (void)unused;
    for (int i = 0; i < CHANS; i++) {
        gr_chan *c = gr_chan_new(&gr_type_pointer, CAP);
        struct value *v = NULL;
        for (int n = 0; n < i % CAP; n++) {
            gr_chan_send(c, &v);
            gr_chan_recv(c, &v);
        }
        for (int n = 0; n < (i % 2 == 0 ? CAP : CAP / 2); n++)
            send_one(c);
        if (i % 3 == 0)
            gr_chan_close(c);
    }
}

static void pass(void *unused)
{
    struct value *v;
    (void)unused;
    for (int i = 0; i < VALUES; i++) {
        send_one(kept);
        gr_chan_recv(kept, &v);
        need(v->c == kept && is_whole(v->o, 7), "a value");
    }
}

static void body(void *unused)
{
    (void)unused;
    elsewhere(make, NULL);
    need(collect_until(&gone, LEFT), "channels that nobody has stay");
    puts("channels and what was in them: gone");
    gr_store(&kept, gr_chan_new(&gr_type_pointer, CAP));
    elsewhere(pass, NULL);
    need(collect_until(&gone, LEFT + VALUES), "values stay that were received");
    need(gr_chan_cap(kept) == CAP && gr_chan_len(kept) == 0, "the channel");
    puts("values that were received: gone");
}

int main(void)
{
    return gr_main(body, NULL);
}
