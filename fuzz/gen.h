/* SPDX-License-Identifier: BSD-3-Clause */
/* gen.h - any bytes to a small litmus program and a tape.
 *
 * Owns: the meaning of the bytes of a fuzz_chan input.  Not here: judging (judge.h).
 *
 * The product is litmus source, so that what is found is the file that is handed on.
 * Bytes that begin with "litmus" are source themselves, up to the first zero byte: that is
 * how the corpus gets in.  All others are read like this, and bytes that are missing are 0:
 *
 *   shape            bits 0-1 goroutines besides main (1..3)   bits 2-3 channels (1..3)
 *                    bit 4 main does not wait for the others   bit 5 each starts the next
 *                    bit 6 two functions follow the goroutines
 *   one per channel  bits 0-1 capacity   bits 2-4 element   bits 5-7 all set: nil channel
 *   each block       instructions up to one of kind GEN_END; main first
 *   the rest         the tape
 *
 * An instruction is a byte: bits 0-5 its kind (by a table with weights), bits 6-7 its
 * channel or function.  A select reads a byte more, and one for each case.
 *
 *   I1  Every byte string gives a program that parses.
 *   I2  Each value that is sent is unique where the element has room for it.
 *   I3  At most GEN_INSTRUCTIONS instructions; a shorter input never gives a longer
 *       program than its bytes allow.
 */
#ifndef FUZZ_GEN_H
#define FUZZ_GEN_H

#include <stddef.h>
#include <stdint.h>

enum { GEN_INSTRUCTIONS = 24, GEN_TEXT = 16384, GEN_SLOTS = 64 };

enum gen_kind {
    GEN_END,
    GEN_SEND,
    GEN_RECV0,
    GEN_RECV1,
    GEN_RECV2,
    GEN_CLOSE,
    GEN_CATCH_CLOSE,
    GEN_CATCH_SEND,
    GEN_LEN,
    GEN_CAP,
    GEN_SELECT,
    GEN_RANGE,
    GEN_RANGE_NOTE,
    GEN_NOTE,
    GEN_YIELD,
    GEN_LOCK,
    GEN_UNLOCK,
    GEN_TRYLOCK,
    GEN_RW_LOCK,
    GEN_RW_RLOCK,
    GEN_RW_TRYRLOCK,
    GEN_WG_ADD,
    GEN_WG_DONE,
    GEN_WG_WAIT,
    GEN_COND_WAIT,
    GEN_SIGNAL,
    GEN_BROADCAST,
    GEN_ATOMIC_ADD,
    GEN_ATOMIC_CAS,
    GEN_CALL,
    GEN_CATCH_CALL,
    GEN_DEFER,
    GEN_DO,
    GEN_PANIC,
    GEN_RECOVER,
    GEN_GOEXIT,
    GEN_KINDS
};

struct gen {
    char text[GEN_TEXT]; /* terminated */
    size_t len;
    const uint8_t *tape; /* within the input */
    size_t tape_len;
};

/* Decodes an input; never fails.  data must live as long as out is used. */
void gen_decode(const uint8_t *data, size_t size, struct gen *out);

/* The byte of an instruction. */
uint8_t gen_byte(enum gen_kind kind, unsigned channel);

/* 64 bits of a hash, for names. */
uint64_t gen_hash(const void *data, size_t size);

#endif
