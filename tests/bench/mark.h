/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a phase begins and ends, for the plugin that counts instructions: a
 * long no-op that no compiler makes, its displacement a word of ours. It costs
 * one instruction, with or without the plugin.
 */
#ifndef BENCH_MARK_H
#define BENCH_MARK_H

#define MARK_WORD 0x4b44544 /* the upper 28 bits */

enum {
	MARK_BEGIN, /* what was counted before is of no interest */
	MARK_TX_BEGIN,
	MARK_TX_END,
	MARK_RX_BEGIN,
	MARK_RX_END,
	MARK_END,
	MARKS,
};

/* nopl @displacement(%rax,%rax,1), of eight bytes */
#define mark(which)                                              \
	asm volatile(".byte 0x0f, 0x1f, 0x84, 0x00\n\t.long %c0" \
		     :                                           \
		     : "i"(MARK_WORD << 4 | (which))             \
		     : "memory")

#endif /* BENCH_MARK_H */
