/* SPDX-License-Identifier: BSD-3-Clause */
/* Goroutines that wait to send out of objects.  Nobody has those objects but the record of
 * who waits: their addresses were in a table that was cleared since, and the cases of the
 * selects lie in memory that is not collected.
 */
#include <string.h>

#include "collect.h"

#define WAITERS 100
#define MARK 4711

struct parcel {
    int64_t value, pad[5];
};
static const gr_type parcel_type = GR_TYPE_PLAIN(struct parcel);

static struct parcel *table[WAITERS];
GR_ROOT(table);
static gr_chan *market, *never;
static struct gr_case cases[WAITERS][2];
static gr_wg over;

static void fill(void *unused)
{
    (void)unused;
    for (int i = 0; i < WAITERS; i++) {
        gr_store(&table[i], gr_new(&parcel_type));
        table[i]->value = MARK;
    }
}

static GR_NOINLINE void send_from(intptr_t i)
{
    gr_chan_send(market, &table[i]->value);
}

static GR_NOINLINE void select_from(intptr_t i)
{
    cases[i][0] = (struct gr_case)GR_CASE_SEND(market, &table[i]->value);
    cases[i][1] = (struct gr_case)GR_CASE_RECV(never, NULL);
    gr_select(cases[i], 2, false);
}

static void waiter(void *arg)
{
    if ((intptr_t)arg % 2 == 0)
        send_from((intptr_t)arg);
    else
        select_from((intptr_t)arg);
    gr_wg_done(&over);
}

/* How many wait for a channel, by a dump of all goroutines. */
static int waiting(void)
{
    int n = 0;
    char line[1000];
    FILE *dump = tmpfile();
    need(dump != NULL, "a temporary file");
    gr_dump(fileno(dump));
    rewind(dump);
    while (fgets(line, sizeof line, dump) != NULL)
        n += strstr(line, " [chan send") != NULL || strstr(line, " [select") != NULL;
    fclose(dump);
    return n;
}

static void drop(void *unused)
{
    (void)unused;
    gr_clear(&gr_type_pointer, table, WAITERS);
}

static void overwrite(void *unused)
{
    (void)unused;
    for (int i = 0; i < 20 * WAITERS; i++)
        ((struct parcel *)gr_new(&parcel_type))->value = -1;
}

static void body(void *unused)
{
    (void)unused;
    market = gr_chan_make(sizeof(int64_t), 0);
    never = gr_chan_make(sizeof(int64_t), 0);
    elsewhere(fill, NULL);
    gr_wg_add(&over, WAITERS);
    for (intptr_t i = 0; i < WAITERS; i++)
        gr_go(waiter, (void *)i);
    while (waiting() < WAITERS)
        gr_yield();
    elsewhere(drop, NULL);
    for (int i = 0; i < 3; i++)
        collect();
    elsewhere(overwrite, NULL);
    for (int i = 0; i < WAITERS; i++) {
        int64_t value = 0;
        gr_chan_recv(market, &value);
        need(value == MARK, "what was to be sent");
    }
    gr_wg_wait(&over);
    printf("%d who wait to send: whole\n", WAITERS);
}

int main(void)
{
    return gr_main(body, NULL);
}
