/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

#define LIVE 20000
#define STEPS 300000
#define ROUNDS 50
#define FEW 1000

static char **all; /* collected */
GR_ROOT(all);
static unsigned char sizes[LIVE], stamps[LIVE];

static const gr_type tiny_types[] = {
    GR_TYPE_PLAIN(char[1]),    GR_TYPE_PLAIN(int16_t),    GR_TYPE_PLAIN(char[3]),
    GR_TYPE_PLAIN(int32_t),    GR_TYPE_PLAIN(char[5]),    GR_TYPE_PLAIN(int16_t[3]),
    GR_TYPE_PLAIN(char[7]),    GR_TYPE_PLAIN(int64_t),    GR_TYPE_PLAIN(char[9]),
    GR_TYPE_PLAIN(int16_t[5]), GR_TYPE_PLAIN(int32_t[3]), GR_TYPE_PLAIN(char[13]),
    GR_TYPE_PLAIN(char[15]),   GR_TYPE_PLAIN(int64_t[2]),
};
static const unsigned char alignments[] = {1, 2, 1, 4, 1, 2, 1, 8, 1, 2, 4, 1, 1, 8};
#define NTYPES ((int64_t)sizeof alignments)

static void make(int i, uint64_t *random)
{
    int64_t t = pick(random, NTYPES);
    char *p = gr_new(&tiny_types[t]);
    need((uintptr_t)p % alignments[t] == 0, "it is not aligned");
    sizes[i] = (unsigned char)tiny_types[t].size;
    stamps[i] = (unsigned char)pick(random, 256);
    for (int k = 0; k < sizes[i]; k++) {
        need(p[k] == 0, "it is not zero");
        p[k] = (char)stamps[i];
    }
    gr_store(&all[i], p);
}

static void look(int i)
{
    for (int k = 0; k < sizes[i]; k++)
        need(all[i][k] == (char)stamps[i], "another owner's stamp");
}

static void drop(void *unused)
{
    (void)unused;
    *(char *)gr_new(&tiny_types[0]) = 1;
}

/* One that is smaller than what it was cut from dies in each collection: nobody may be
 * given the rest afterwards. */
static void rests(uint64_t *random)
{
    for (int n = 0; n < ROUNDS; n++) {
        elsewhere(drop, NULL);
        collect();
        for (int i = 0; i < FEW; i++)
            make(i, random);
        for (int i = 0; i < FEW; i++)
            look(i);
    }
}

static void body(void *unused)
{
    uint64_t random = 1;
    (void)unused;
    gr_store(&all, gr_new_array(&gr_type_pointer, LIVE));
    rests(&random);
    for (int i = 0; i < LIVE; i++)
        make(i, &random);
    for (int n = 0; n < STEPS; n++) {
        int i = (int)pick(&random, LIVE);
        look(i);
        make(i, &random);
    }
    collect();
    for (int i = 0; i < LIVE; i++)
        look(i);
    puts("all are whole and aligned");
}

int main(void)
{
    return gr_main(body, NULL);
}
