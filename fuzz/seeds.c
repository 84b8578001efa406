/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds.c - the table of seeds, in kinds of instructions rather than in bytes.
 *
 * Owns: seeds.h.  A seed is a shape, the channels' bytes and a word of instructions; a
 * letter stands for a kind, the digit behind it for the channel or function.  Written as
 * bytes by gen_byte, so that a change of the decoder's weights changes no seed.
 *
 *   letters   s send  r v=  R v,ok=  x drop  c close  C catch close  S catch send  l len
 *             g range  n note  y yield  L lock  U unlock  T trylock  W rw lock  D rw rlock
 *             a wg add  d wg done  w wg wait  k cond wait  K signal  B broadcast
 *             A atomic add  f call  F catch call  q defer  o do  p panic  v recover
 *             e goexit
 *   ?N        select with N cases, ?Nd with default as well; its cases follow as send
 *             (>0), receive (<0) with the channel's digit
 *   .         end of the block
 */
#include "seeds.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "gen.h"

struct seed {
    const char *name;
    uint8_t shape;
    uint8_t channels[3];
    const char *code;
};

enum { TWO = 1, THREE = 2, CHANS_2 = 4, CHANS_3 = 8, ALONE = 16, CHAIN = 32, FUNCS = 64 };
enum { ELEM_0 = 1 << 2, ELEM_200 = 3 << 2, ELEM_PTR = 4 << 2, NIL_CHAN = 7 << 5 };

static const struct seed SEEDS[] = {
    {"fifo", 0, {3}, "R0R0R0.s0s0s0."},
    {"unbuffered", 0, {0}, "s0r0.r0s0."},
    {"fan-in", TWO, {1}, "r0r0r0r0.s0s0.s0s0."},
    {"fan-out", TWO, {0}, "s0s0.R0.R0."},
    {"close-drains", 0, {2}, "s0s0c0.R0R0R0."},
    {"close-wakes", THREE, {0}, "c0.R0.R0.R0."},
    {"close-race", TWO, {1}, "S0R0.C0.C0."},
    {"close-blocked-sender", 0, {0}, "yC0.S0."},
    {"zero-size", 0, {1 | ELEM_0}, "s0s0.R0R0."},
    {"wide", 0, {0 | ELEM_200}, "c0.R0."},
    {"wide-buffer", 0, {2 | ELEM_200}, "s0s0c0.R0R0R0."},
    {"pointer", TWO, {1 | ELEM_PTR}, "s0s0.r0.r0."},
    {"nil-select", CHANS_2, {NIL_CHAN, 0}, "?2<0<1.s1."},
    {"select-two", CHANS_2 | TWO, {0, 0}, "?2<0<1?2<0<1.s0.s1."},
    {"select-loser", CHANS_2 | TWO, {0, 0}, "?2<0<1r0.s1s0.s0."},
    {"select-both", CHANS_2 | TWO, {0, 0}, "?2>0<1.?2<0>1.y."},
    {"select-send", CHANS_2 | TWO, {0, 0}, "?2>0>1?2>0>1.R0.R1."},
    {"select-default", 0, {1}, "?1d<0?1d<0.s0."},
    {"select-closed", CHANS_2, {0, 0}, "?2<0<1.c1."},
    {"select-self", CHANS_2 | TWO, {0, 0}, "?2>0<0.?2>0<0.R0."},
    {"range", 0, {1}, "g0.s0s0c0."},
    {"len", 0, {2}, "s0l0s0l0.yr0l0."},
    {"lock", TWO, {1}, "LA0U.LA0.LT."},
    {"reader-writer", TWO, {1}, "DA0.WA0.DA0."},
    {"group", TWO, {1}, "aw.d.d."},
    {"cond", TWO, {1}, "yyKB.k.k."},
    {"defer", FUNCS, {1}, "F0.F1.v.p."},
    {"once", FUNCS | TWO, {1}, "o0.o0.o0.A.y."},
    {"panic-alone", ALONE, {1}, "yy.p."},
    {"chain", CHAIN | TWO, {0}, "r0r0.s0.s0."},
};

static const struct letter {
    char letter;
    enum gen_kind kind;
} LETTERS[] = {
    {'.', GEN_END},         {'s', GEN_SEND},       {'x', GEN_RECV0},
    {'r', GEN_RECV1},       {'R', GEN_RECV2},      {'c', GEN_CLOSE},
    {'C', GEN_CATCH_CLOSE}, {'S', GEN_CATCH_SEND}, {'l', GEN_LEN},
    {'g', GEN_RANGE_NOTE},  {'n', GEN_NOTE},       {'y', GEN_YIELD},
    {'L', GEN_LOCK},        {'U', GEN_UNLOCK},     {'T', GEN_TRYLOCK},
    {'W', GEN_RW_LOCK},     {'D', GEN_RW_RLOCK},   {'a', GEN_WG_ADD},
    {'d', GEN_WG_DONE},     {'w', GEN_WG_WAIT},    {'k', GEN_COND_WAIT},
    {'K', GEN_SIGNAL},      {'B', GEN_BROADCAST},  {'A', GEN_ATOMIC_ADD},
    {'f', GEN_CALL},        {'F', GEN_CATCH_CALL}, {'q', GEN_DEFER},
    {'o', GEN_DO},          {'p', GEN_PANIC},      {'v', GEN_RECOVER},
    {'e', GEN_GOEXIT},
};

static unsigned digit(const char **at)
{
    unsigned n = (unsigned)(**at - '0');
    if (n > 9) {
        return 0;
    }
    ++*at;
    return n;
}

/* "?2d<0>1": the select's byte and its cases' bytes. */
static size_t put_select(const char **at, uint8_t *out)
{
    size_t n = 0;
    out[n++] = gen_byte(GEN_SELECT, 0);
    unsigned cases = digit(at);
    out[n++] = (uint8_t)(cases - 1);
    if (**at == 'd') {
        out[n - 1] |= 12;
        ++*at;
    }
    for (; cases > 0; cases--) {
        unsigned form = *(*at)++ == '>' ? 0 : 1;
        out[n++] = (uint8_t)(form << 2 | digit(at));
    }
    return n;
}

static size_t encode(const struct seed *s, uint8_t *out)
{
    size_t n = 0, nchans = 1 + (size_t)(s->shape >> 2 & 3);
    out[n++] = s->shape;
    for (size_t c = 0; c < nchans; c++) {
        out[n++] = s->channels[c];
    }
    for (const char *at = s->code; *at != '\0';) {
        char letter = *at++;
        if (letter == '?') {
            n += put_select(&at, out + n);
            continue;
        }
        for (size_t i = 0; i < sizeof LETTERS / sizeof *LETTERS; i++) {
            if (LETTERS[i].letter == letter) {
                out[n++] = gen_byte(LETTERS[i].kind, digit(&at));
            }
        }
    }
    return n;
}

bool seeds_write(const char *folder)
{
    uint8_t bytes[256];
    char path[512];
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "fuzz: %s: %s\n", folder, strerror(errno));
        return false;
    }
    for (size_t i = 0; i < sizeof SEEDS / sizeof *SEEDS; i++) {
        size_t n = encode(&SEEDS[i], bytes);
        snprintf(path, sizeof path, "%s/%s", folder, SEEDS[i].name);
        FILE *f = fopen(path, "wb");
        if (f == NULL || fwrite(bytes, 1, n, f) != n || fclose(f) != 0) {
            fprintf(stderr, "fuzz: %s: %s\n", path, strerror(errno));
            return false;
        }
    }
    return true;
}
