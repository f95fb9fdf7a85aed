// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin for QEMU that counts the instructions of the guest by address, in
 * each of the phases between the marks of mark.h, and writes at its end a line
 * for each block: address, instructions while sending, while receiving. The
 * first line has the number of rounds.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../mark.h"
#include "qemu-plugin.h"

#define BUCKETS (1 << 16)

/* What QEMU translates in one piece: instructions without a jump. */
struct block {
	struct block *next;
	uint64_t address, length;
	uint64_t count; /* instructions so far */
	uint64_t phase; /* of these, before the phase began */
	uint64_t tx, rx;
};

QEMU_PLUGIN_EXPORT int qemu_plugin_version = 1;

static struct block *blocks[BUCKETS];
static unsigned long rounds;
static char *output;

/* What is translated again goes on counting. */
static struct block *block_get(uint64_t address, uint64_t length)
{
	struct block **at = &blocks[(address ^ address >> 16) % BUCKETS];
	struct block *block;

	for (; *at; at = &(*at)->next)
		if ((*at)->address == address && (*at)->length == length)
			return *at;
	block = calloc(1, sizeof(*block));
	if (!block)
		abort();
	block->address = address;
	block->length = length;
	*at = block;
	return block;
}

static void each_block(void (*call)(struct block *block))
{
	for (int i = 0; i < BUCKETS; i++)
		for (struct block *block = blocks[i]; block; block = block->next)
			call(block);
}

static void forget(struct block *block)
{
	block->tx = 0;
	block->rx = 0;
}

static void begin(struct block *block)
{
	block->phase = block->count;
}

static void end_tx(struct block *block)
{
	block->tx += block->count - block->phase;
}

static void end_rx(struct block *block)
{
	block->rx += block->count - block->phase;
}

static void marked(unsigned int vcpu, void *which)
{
	static void (*const calls[MARKS])(struct block * block) = {
		[MARK_BEGIN] = forget,  [MARK_TX_BEGIN] = begin,
		[MARK_TX_END] = end_tx, [MARK_RX_BEGIN] = begin,
		[MARK_RX_END] = end_rx,
	};
	uintptr_t mark = (uintptr_t)which;

	if (mark == MARK_BEGIN)
		rounds = 0;
	if (mark == MARK_RX_END)
		rounds++;
	if (mark < MARKS && calls[mark])
		each_block(calls[mark]);
}

/* Return: which mark the instruction is; MARKS: none. */
static uintptr_t mark_of(const struct qemu_plugin_insn *insn)
{
	static const uint8_t begins[] = { 0x0f, 0x1f, 0x84, 0x00 };
	const uint8_t *bytes = qemu_plugin_insn_data(insn);
	uint32_t word;

	if (qemu_plugin_insn_size(insn) != 8 || memcmp(bytes, begins, 4) != 0)
		return MARKS;
	memcpy(&word, bytes + 4, sizeof(word));
	return word >> 4 == MARK_WORD ? (word & 15) : MARKS;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t length = qemu_plugin_tb_n_insns(tb);
	struct block *block = block_get(qemu_plugin_tb_vaddr(tb), length);

	qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64,
						 &block->count, length);
	for (size_t i = 0; i < length; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uintptr_t mark = mark_of(insn);

		if (mark < MARKS)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, marked,
							       QEMU_PLUGIN_CB_NO_REGS,
							       (void *)mark);
	}
}

static void write_all(qemu_plugin_id_t id, void *unused)
{
	FILE *file = fopen(output, "w");

	if (!file)
		return;
	fprintf(file, "%lu\n", rounds);
	for (int i = 0; i < BUCKETS; i++)
		for (struct block *block = blocks[i]; block; block = block->next)
			if (block->tx || block->rx)
				fprintf(file,
					"%" PRIx64 " %" PRIu64 " %" PRIu64 "\n",
					block->address, block->tx, block->rx);
	fclose(file);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
					   const struct qemu_info_t *info,
					   int argc, char **argv)
{
	static const char key[] = "output=";

	if (argc != 1 || strncmp(argv[0], key, strlen(key)) != 0)
		return -1;
	output = strdup(argv[0] + strlen(key));
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, write_all, NULL);
	return 0;
}
