// SPDX-License-Identifier: GPL-2.0
/* From a datagram to the content of the records in it. */
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/skbuff.h>

#include "assoc.h"
#include "offload.h"
#include "pieces.h"
#include "rx.h"
#include "trace.h"

/* Header, with the longest connection ID, and the explicit nonce. */
#define FRONT_MAX	(DTLS_RECORD_HEADER_LEN + DTLS_RECORD_CID_MAX + 8)

/**
 * struct opening - the opening of what came at once
 * @assoc: the association
 * @skb: one datagram, or as many of the same length as the stack joined
 * @skb_is_given: a block has our reference to @skb
 * @is_clear: a network card has decrypted it, as it says
 * @newest: its newest receiving key
 * @records: where records go
 * @text: where content goes: @skb, or memory of its own, or NULL until it's
 *	needed
 * @from: the pieces of @skb
 * @to: the pieces of @text, where that isn't @skb
 * @text_len: content that's already in memory of its own, bytes
 * @block: where records are kept, or NULL until one is needed
 * @op: for the cipher, or NULL likewise
 * @op_aead: the key that @op is for; only to be compared
 */
struct opening {
	struct dtls_assoc	*assoc;
	struct sk_buff		*skb;
	bool			skb_is_given;
	bool			is_clear;
	struct dtls_epoch	*newest;
	struct list_head	*records;
	struct sk_buff		*text;
	struct dtls_pieces	from;
	struct dtls_pieces	to;
	u32			text_len;
	struct dtls_rx_block	*block;
	struct dtls_aead_op	*op;
	const struct dtls_aead	*op_aead;
};

/**
 * struct arrival - a record in the datagram, unopened
 * @rec: its header
 * @offset: where it begins, bytes
 * @nonce: its explicit nonce
 */
struct arrival {
	struct dtls_record	rec;
	u32			offset;
	const u8		*nonce;
};

/*
 * What stands outside of a packet's linear part may be a file's pages, or a
 * sender's, who writes there while the cipher reads.
 */
static bool is_private(const struct sk_buff *skb)
{
	return !skb_is_nonlinear(skb);
}

/*
 * May we write into this datagram? Not where somebody else may look: a packet
 * tap would see our plaintext, and a spliced page is a file's.
 */
static bool is_ours_to_write(const struct sk_buff *skb)
{
	return is_private(skb) && !skb_cloned(skb) && !skb_shared(skb);
}

/* How many datagrams the stack has joined. */
static u16 count_datagrams(const struct sk_buff *skb)
{
	return skb_is_gso(skb) ?
		       DIV_ROUND_UP(skb->len, skb_shinfo(skb)->gso_size) : 1;
}

/* Length of each datagram but the last. */
static u32 step_of(const struct sk_buff *skb)
{
	return skb_is_gso(skb) ? skb_shinfo(skb)->gso_size : skb->len;
}

static bool is_in_place(const struct opening *o)
{
	return o->text == o->skb;
}

static void put_op(struct opening *o)
{
	if (o->op)
		dtls_aead_op_free(o->op);
	o->op = NULL;
}

/* The first block takes our reference to the packet: mostly there's one. */
static int get_block(struct opening *o)
{
	struct sk_buff *skb = o->skb_is_given ? skb_get(o->skb) : o->skb;

	o->block = dtls_rx_block_alloc(o->assoc, skb, o->text,
				       count_datagrams(skb));
	if (o->block)
		o->skb_is_given = true;
	else if (o->skb_is_given)
		kfree_skb(skb);
	return o->block ? 0 : -ENOMEM;
}

/* Memory for a record that may be one, to be opened with @epoch. */
static int get_memory(struct opening *o, struct dtls_epoch *epoch)
{
	if (!o->text) {
		o->text = dtls_rx_text_alloc(o->skb->len);
		if (!o->text)
			return -ENOMEM;
		dtls_pieces_init(&o->to, o->text);
	}
	if (o->block && o->block->n == o->block->room) {
		dtls_rx_block_put(o->block);
		o->block = NULL;
	}
	if (!o->block && get_block(o))
		return -ENOMEM;
	if (o->is_clear)
		return 0;
	if (o->op && o->op_aead == epoch->aead)
		return 0;
	put_op(o);
	o->op_aead = epoch->aead;
	o->op = dtls_aead_op_alloc(epoch->aead, is_in_place(o) ? 0 :
				   dtls_pieces_count(o->text), 0);
	return o->op ? 0 : -ENOMEM;
}

static void end_opening(struct opening *o)
{
	put_op(o);
	if (o->block)
		dtls_rx_block_put(o->block);
	if (o->text && !is_in_place(o))
		consume_skb(o->text);
	if (!o->skb_is_given)
		consume_skb(o->skb);
}

static enum dtls_stat refusal_stat(int err)
{
	switch (err) {
	case -ERANGE:
		return DTLS_STAT_RX_TOO_OLD;
	case -EALREADY:
		return DTLS_STAT_RX_REPLAYED;
	default:
		return DTLS_STAT_RX_EXPIRED;
	}
}

/* RFC 9146, 3: all records of a key have it, or none. */
static bool has_known_cid(const struct dtls_epoch *epoch,
			  const struct dtls_record *rec)
{
	if (!epoch->shape.cid_len)
		return rec->type != DTLS_RECORD_CID;
	return rec->cid_len == epoch->shape.cid_len &&
	       !memcmp(rec->cid, epoch->shape.cid, rec->cid_len);
}

static bool is_well_formed(const struct dtls_epoch *epoch,
			   const struct dtls_record *rec)
{
	size_t expansion = dtls_cipher_expansion(dtls_aead_cipher(epoch->aead));

	if (rec->len < expansion)
		return false;
	/* RFC 9146, 5: with a connection ID type and padding are in it too. */
	if (rec->type == DTLS_RECORD_CID)
		return rec->len - expansion <= DTLS_RECORD_PAYLOAD_MAX;
	return dtls_record_type_is_known(rec->type) &&
	       rec->len - expansion <= epoch->shape.payload_max;
}

/* RFC 9146, 4: what was decrypted says where the content ends, and its type. */
static bool unwrap(const struct dtls_epoch *epoch,
		   struct dtls_rx_record *record)
{
	int len = dtls_pieces_strip(record->block->text, record->offset,
				    record->len, &record->type);

	if (len < 0 || len > epoch->shape.payload_max ||
	    !dtls_record_type_is_known(record->type))
		return false;
	record->len = len;
	return true;
}

/* A copy of the record, in pieces, becomes the text. */
static int decrypt_copy(struct opening *o, const struct arrival *at,
			const struct dtls_rx_record *record)
{
	u32 explicit_len = dtls_aead_cipher(o->op_aead)->explicit_len;
	u32 header_len = dtls_record_header_len(&at->rec);
	struct scatterlist *list = dtls_aead_op_list(o->op);
	u32 len = at->rec.len - explicit_len;
	int err;

	err = dtls_pieces_map(&o->to, list, record->offset, len);
	if (!err)
		err = dtls_pieces_copy(&o->from, list,
				       at->offset + header_len + explicit_len);
	return err ?: dtls_aead_open_listed(o->op, &at->rec, at->nonce);
}

static int decrypt(struct opening *o, const struct arrival *at,
		   const struct dtls_rx_record *record)
{
	u32 offset = at->offset + dtls_record_header_len(&at->rec);
	int err = 0;

	if (!is_private(o->skb))
		return decrypt_copy(o, at, record);
	if (!is_in_place(o))
		err = dtls_pieces_map(&o->to, dtls_aead_op_list(o->op),
				      record->offset, record->len);
	return err ?: dtls_aead_open(o->op, &at->rec, o->skb->data + offset);
}

/*
 * Open one record with the key of its epoch. Nothing of the association moves
 * before it authenticated (RFC 6347, 4.1.2.6).
 */
static enum dtls_stat open_in_epoch(struct opening *o, struct dtls_epoch *epoch,
				    const struct arrival *at,
				    struct dtls_rx_record *record)
{
	u64 seq = dtls_record_seq(at->rec.number);
	bool newest;
	int err;

	err = o->is_clear ? 0 : decrypt(o, at, record);
	if (err == -EBADMSG) {
		dtls_epoch_fail(epoch);
		return DTLS_STAT_RX_BAD_TAG;
	}
	if (err)
		return DTLS_STAT_RX_ERROR;

	record->type = at->rec.type;
	if (record->type == DTLS_RECORD_CID && !unwrap(epoch, record))
		return DTLS_STAT_RX_MALFORMED;
	err = dtls_epoch_accept(epoch, seq, &newest);
	if (err)
		return refusal_stat(err);
	record->flags = newest ? DTLS_RECORD_NEWEST : 0;
	return DTLS_STAT_RX_DELIVERED;
}

/* An unprotected record, for those who asked for them. */
static enum dtls_stat keep_plain(struct opening *o, const struct arrival *at)
{
	struct dtls_assoc *assoc = o->assoc;
	struct dtls_rx_record *record;

	if (!atomic_add_unless(&assoc->epoch0_waiting, 1,
			       DTLS_RECV_EPOCH0_MAX))
		return DTLS_STAT_RX_WRONG_EPOCH;
	record = dtls_rx_record_add_unopened(assoc, skb_get(o->skb), o->records);
	if (!record) {
		kfree_skb(o->skb);
		atomic_dec(&assoc->epoch0_waiting);
		return DTLS_STAT_RX_ERROR;
	}
	record->offset = at->offset;
	record->len = DTLS_RECORD_HEADER_LEN + at->rec.len;
	record->number = at->rec.number;
	record->type = at->rec.type;
	record->flags = DTLS_RECORD_UNAUTHENTICATED;
	return DTLS_STAT_RX_EPOCH0;
}

/* Where content goes; memory of its own fills without gaps. */
static u32 content_offset(const struct opening *o, const struct dtls_epoch *epoch,
			  const struct arrival *at)
{
	if (!is_in_place(o))
		return o->text_len;
	return at->offset + dtls_record_header_len(&at->rec) +
	       dtls_aead_cipher(epoch->aead)->explicit_len;
}

/* Open a record with @epoch; queue it if it's good. */
static enum dtls_stat open_with(struct opening *o, struct dtls_epoch *epoch,
				const struct arrival *at)
{
	const struct dtls_cipher *cipher = dtls_aead_cipher(epoch->aead);
	struct dtls_rx_record *record;
	enum dtls_stat stat;
	int err;

	if (!has_known_cid(epoch, &at->rec))
		return DTLS_STAT_RX_WRONG_CID;
	if (!is_well_formed(epoch, &at->rec))
		return DTLS_STAT_RX_MALFORMED;
	if (o->is_clear && !dtls_offload_is_authentic(epoch, o->skb))
		return DTLS_STAT_RX_WRONG_MARK;
	/* Refusing is cheap: before there's any memory. */
	err = dtls_epoch_check(epoch, dtls_record_seq(at->rec.number));
	if (err)
		return refusal_stat(err);

	/* Before the window moves: a record accepted must not be lost. */
	if (get_memory(o, epoch))
		return DTLS_STAT_RX_ERROR;
	record = dtls_rx_record_next(o->block);
	record->offset = content_offset(o, epoch, at);
	record->len = at->rec.len - dtls_cipher_expansion(cipher);
	record->number = at->rec.number;
	stat = open_in_epoch(o, epoch, at, record);
	if (stat == DTLS_STAT_RX_DELIVERED) {
		o->text_len += record->len;
		dtls_rx_record_take(record);
		list_add_tail(&record->list, o->records);
		if (o->is_clear)
			dtls_stats_inc(&o->assoc->counters,
				       DTLS_STAT_RX_DEVICE);
	}
	if (dtls_epoch_has_news(epoch))
		WRITE_ONCE(o->assoc->has_news, 1);
	return stat;
}

/* What becomes of a record. */
static enum dtls_stat open_record(struct opening *o, const struct arrival *at)
{
	u16 number = dtls_record_epoch(at->rec.number);
	struct dtls_epoch *epoch;
	enum dtls_stat stat;
	int err;

	if (READ_ONCE(o->assoc->recv_flags) & DTLS_RECV_EPOCH0 &&
	    dtls_record_is_plain(&at->rec))
		return keep_plain(o, at);
	if (at->rec.version != DTLS_RECORD_VERSION_1_2)
		return DTLS_STAT_RX_MALFORMED;
	if (number == o->newest->epoch)
		return open_with(o, o->newest, at);
	err = dtls_assoc_get_rx(o->assoc, number, &epoch);
	if (err)
		return err == -ENOKEY ? DTLS_STAT_RX_NO_KEY :
					DTLS_STAT_RX_WRONG_EPOCH;
	stat = open_with(o, epoch, at);
	/* Its key may go with the epoch. */
	put_op(o);
	dtls_epoch_put(epoch);
	return stat;
}

/* Read the header at @offset of a datagram that ends at @end. */
static int arrive(struct opening *o, u32 offset, u32 end, u8 *front,
		  struct arrival *at)
{
	u32 len = end - offset;
	const u8 *header;
	int err;

	header = dtls_pieces_peek(&o->from, offset, min_t(u32, len, FRONT_MAX),
				  front);
	/* All keys of an association have connection IDs of the same length. */
	err = header ? dtls_record_parse(&at->rec, header, len,
					 o->newest->shape.cid_len) : -EBADMSG;
	if (err)
		return err;
	at->offset = offset;
	at->nonce = header + dtls_record_header_len(&at->rec);
	return 0;
}

/* RFC 6347, 4.1.1: a datagram may carry several records, each for itself. */
static void open_datagram(struct opening *o, u32 offset, u32 end)
{
	bool malformed = offset == end, wrong_mark = false;
	struct arrival at;
	u8 front[FRONT_MAX];

	if (malformed)
		trace_dtls_drop(o->assoc->cookie, DTLS_STAT_RX_MALFORMED, 0, 0);

	while (offset < end) {
		enum dtls_stat stat;

		if (arrive(o, offset, end, front, &at)) {
			trace_dtls_drop(o->assoc->cookie, DTLS_STAT_RX_MALFORMED, 0,
					end - offset);
			malformed = true;
			break;
		}
		stat = open_record(o, &at);
		if (stat != DTLS_STAT_RX_DELIVERED &&
		    stat != DTLS_STAT_RX_EPOCH0)
			trace_dtls_drop(o->assoc->cookie, stat, at.rec.number,
					at.rec.len);
		if (stat == DTLS_STAT_RX_MALFORMED)
			malformed = true;
		else if (stat == DTLS_STAT_RX_WRONG_MARK)
			wrong_mark = true;
		else
			dtls_stats_inc(&o->assoc->counters, stat);
		offset += dtls_record_header_len(&at.rec) + at.rec.len;
	}
	/* Noise may look like many records: it counts once a datagram. */
	if (malformed)
		dtls_stats_inc(&o->assoc->counters, DTLS_STAT_RX_MALFORMED);
	if (wrong_mark)
		dtls_stats_inc(&o->assoc->counters, DTLS_STAT_RX_WRONG_MARK);
}

static void open_all(struct dtls_assoc *assoc, struct dtls_epoch *newest,
		     struct sk_buff *skb, struct list_head *records)
{
	bool is_clear = dtls_offload_is_clear(skb);
	u32 step = step_of(skb), offset = 0;
	struct opening o = {
		.assoc = assoc,
		.skb = skb,
		.newest = newest,
		.records = records,
		.is_clear = is_clear,
		/* What is only read may be others' too. */
		.text = is_clear || is_ours_to_write(skb) ? skb : NULL,
	};

	dtls_pieces_init(&o.from, skb);
	do {
		u32 end = min(offset + step, skb->len);

		open_datagram(&o, offset, end);
		offset = end;
	} while (offset < skb->len);
	end_opening(&o);
}

static void pass_raw(struct dtls_assoc *assoc, struct sk_buff *skb,
		     struct list_head *records)
{
	bool is_clear = dtls_offload_is_clear(skb);
	struct dtls_rx_record *record = NULL;

	/* What a card has opened is no datagram as it came. */
	if (!is_clear)
		record = dtls_rx_record_add_unopened(assoc, skb, records);
	if (!record) {
		enum dtls_stat stat = is_clear ? DTLS_STAT_RX_WRONG_MARK :
						 DTLS_STAT_RX_ERROR;

		dtls_stats_inc(&assoc->counters, stat);
		trace_dtls_drop(assoc->cookie, stat, 0, skb->len);
		kfree_skb(skb);
		return;
	}
	record->offset = 0;
	record->len = skb->len;
	record->number = 0;
	record->type = DTLS_RX_RAW;
}

/**
 * dtls_rx_open() - open every record of a datagram
 * @assoc: the association; before it has a receiving key the datagram passes
 *	as it is
 * @skb: the datagram's payload, or what the stack joined of several; consumed
 * @records: list of struct dtls_rx_record, grows at its tail by those that
 *	authenticated and are fresh; each other one moves a counter
 *
 * Context: process; readers may run in parallel.
 * Source: RFC 6347, 4.1.2.7: what is invalid is dropped silently.
 */
void dtls_rx_open(struct dtls_assoc *assoc, struct sk_buff *skb,
		  struct list_head *records)
{
	struct dtls_epoch *newest = dtls_assoc_get_newest_rx(assoc);

	if (newest) {
		open_all(assoc, newest, skb, records);
		dtls_epoch_put(newest);
	} else {
		pass_raw(assoc, skb, records);
	}
}
