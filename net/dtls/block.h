/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_BLOCK_H
#define _DTLS_BLOCK_H

#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/types.h>

#include <linux/dtls.h>

#include "record.h"

struct dtls_assoc;
struct dtls_rx_block;
struct sk_buff;

/* No content type of a record: a datagram as it came, before the key. */
#define DTLS_RX_RAW	0

/**
 * struct dtls_rx_record - something for a reader
 * @list: in the reader's list
 * @block: what it stands in; a reference while it's in a list, and one a reader
 *	that looks at it
 * @offset: where in the block's text the content begins, bytes
 * @len: length of the content, bytes
 * @number: epoch(16) || sequence number(48)
 * @type: content type, or DTLS_RX_RAW
 * @flags: DTLS_RECORD_*
 */
struct dtls_rx_record {
	struct list_head	list;
	struct dtls_rx_block	*block;
	u32			offset;
	u32			len;
	u64			number;
	u8			type;
	u8			flags;
};

/**
 * struct dtls_rx_block - records that came at once
 * @assoc: whose they are; lives longer
 * @skb: the datagrams as they came; one reference
 * @text: where content stands: @skb, or one of its own; one reference, if so
 * @refs: one a record in use
 * @room: how many records there may be
 * @n: how many there are
 * @records: the records
 */
struct dtls_rx_block {
	struct dtls_assoc	*assoc;
	struct sk_buff		*skb;
	struct sk_buff		*text;
	refcount_t		refs;
	u16			room;
	u16			n;
	struct dtls_rx_record	records[];
};

void dtls_block_exit(void);
struct dtls_rx_block *dtls_rx_block_alloc(struct dtls_assoc *assoc,
					  struct sk_buff *skb,
					  struct sk_buff *text, u16 room);
void dtls_rx_block_put(struct dtls_rx_block *block);
struct sk_buff *dtls_rx_text_alloc(u32 len);
void dtls_rx_record_put(struct dtls_rx_record *record);
struct dtls_rx_record *
dtls_rx_record_add_unopened(struct dtls_assoc *assoc, struct sk_buff *skb,
			    struct list_head *records);

/**
 * dtls_rx_record_next() - the next free record of a block
 * @block: the block; has room
 *
 * Context: process.
 * Return: the record, its numbers to be set; dtls_rx_record_take() makes it one.
 */
static inline struct dtls_rx_record *
dtls_rx_record_next(struct dtls_rx_block *block)
{
	struct dtls_rx_record *record = &block->records[block->n];

	record->block = block;
	record->flags = 0;
	return record;
}

/**
 * dtls_rx_record_get() - one more looks at it
 * @record: the record
 *
 * Context: any.
 */
static inline void dtls_rx_record_get(struct dtls_rx_record *record)
{
	refcount_inc(&record->block->refs);
}

/**
 * dtls_rx_record_take() - it's a record
 * @record: as of dtls_rx_record_next(); gets a reference
 *
 * Context: process.
 */
static inline void dtls_rx_record_take(struct dtls_rx_record *record)
{
	record->block->n++;
	dtls_rx_record_get(record);
}

/**
 * dtls_rx_record_is_data() - is this application data, and the peer's?
 * @record: the record
 *
 * Context: any.
 * Return: true if it may be read as such.
 */
static inline bool dtls_rx_record_is_data(const struct dtls_rx_record *record)
{
	return record->type == DTLS_RECORD_DATA &&
	       !(record->flags & DTLS_RECORD_UNAUTHENTICATED);
}

#endif /* _DTLS_BLOCK_H */
