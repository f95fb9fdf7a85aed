// SPDX-License-Identifier: GPL-2.0
/* The memory of records received: those that came at once share it. */
#include <linux/percpu.h>
#include <linux/skbuff.h>
#include <linux/slab.h>

#include "assoc.h"
#include "block.h"

/*
 * Each processor keeps one, of a single record: mostly it's free again before
 * the next one comes.
 */
static DEFINE_PER_CPU(struct dtls_rx_block *, spare_block);

static struct dtls_rx_block *block_get(u16 room)
{
	struct dtls_rx_block *block = NULL;

	if (room == 1)
		block = this_cpu_xchg(spare_block, NULL);
	return block ?: kmalloc(struct_size(block, records, room), GFP_KERNEL);
}

static void block_put(struct dtls_rx_block *block)
{
	if (block->room != 1 || this_cpu_cmpxchg(spare_block, NULL, block))
		kfree(block);
}

/**
 * dtls_block_exit() - forget what processors keep
 *
 * Context: process, module unload; no socket is attached.
 */
void dtls_block_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		kfree(per_cpu(spare_block, cpu));
}

/**
 * dtls_rx_block_alloc() - memory for records
 * @assoc: whose they will be
 * @skb: the datagrams as they came; the caller's reference becomes the block's
 * @text: where content will stand, be it @skb
 * @room: how many records there may be
 *
 * Context: process.
 * Return: the block, with one reference, and with one of its own to @text unless
 *	that's @skb; NULL for want of memory, and the caller keeps his reference.
 */
struct dtls_rx_block *dtls_rx_block_alloc(struct dtls_assoc *assoc,
					  struct sk_buff *skb,
					  struct sk_buff *text, u16 room)
{
	struct dtls_rx_block *block;

	block = block_get(room);
	if (!block)
		return NULL;
	block->assoc = assoc;
	block->skb = skb;
	block->text = text == skb ? skb : skb_get(text);
	refcount_set(&block->refs, 1);
	block->room = room;
	block->n = 0;
	return block;
}

/**
 * dtls_rx_block_put() - give a reference back
 * @block: the block; with the last reference none of its records is in a list
 *
 * Context: any.
 */
void dtls_rx_block_put(struct dtls_rx_block *block)
{
	if (!refcount_dec_and_test(&block->refs))
		return;
	/* Such a record has a block of its own. */
	if (block->n && block->records[0].flags & DTLS_RECORD_UNAUTHENTICATED)
		atomic_dec(&block->assoc->epoch0_waiting);
	if (block->text != block->skb)
		consume_skb(block->text);
	consume_skb(block->skb);
	block_put(block);
}

/**
 * dtls_rx_text_alloc() - memory for content
 * @len: its length, bytes, at most 64 KiB
 *
 * Context: process.
 * Return: a buffer of @len bytes, with one reference; NULL for want of memory.
 */
struct sk_buff *dtls_rx_text_alloc(u32 len)
{
	struct sk_buff *text;
	int err;

	/* What is longer may be hard to get in one piece. */
	if (len <= SKB_MAX_ALLOC) {
		text = alloc_skb(len, GFP_KERNEL | __GFP_NOWARN);
		if (text)
			skb_put(text, len);
		return text;
	}
	text = alloc_skb_with_frags(0, len, PAGE_ALLOC_COSTLY_ORDER, &err,
				    GFP_KERNEL | __GFP_NOWARN);
	if (text) {
		text->len = len;
		text->data_len = len;
	}
	return text;
}

/**
 * dtls_rx_record_put() - give a reference back
 * @record: the record; with the last reference, in no list
 *
 * Context: any.
 */
void dtls_rx_record_put(struct dtls_rx_record *record)
{
	dtls_rx_block_put(record->block);
}

/**
 * dtls_rx_record_add_unopened() - add a record that isn't opened, and alone
 * @assoc: whose it is
 * @skb: what it stands in; the caller's reference becomes the record's
 * @records: where it goes
 *
 * Context: process.
 * Return: the record, to be filled in; NULL for want of memory, and the caller
 *	keeps his reference.
 */
struct dtls_rx_record *
dtls_rx_record_add_unopened(struct dtls_assoc *assoc, struct sk_buff *skb,
			    struct list_head *records)
{
	struct dtls_rx_record *record;
	struct dtls_rx_block *block;

	block = dtls_rx_block_alloc(assoc, skb, skb, 1);
	if (!block)
		return NULL;
	record = dtls_rx_record_next(block);
	dtls_rx_record_take(record);
	list_add_tail(&record->list, records);
	dtls_rx_block_put(block);
	return record;
}
