// SPDX-License-Identifier: GPL-2.0
/* From a datagram to the content of the records in it. */
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "assoc.h"
#include "rx.h"

/*
 * May we write into this datagram? Not where somebody else may look: a packet
 * tap would see our plaintext, and a spliced page is a file's.
 */
static bool is_ours_to_write(const struct sk_buff *skb)
{
	return !skb_is_nonlinear(skb) && !skb_cloned(skb) && !skb_shared(skb);
}

/* The datagram itself, or a copy that is ours; NULL for want of memory. */
static struct sk_buff *make_writable(struct sk_buff *skb)
{
	struct sk_buff *copy;

	if (is_ours_to_write(skb))
		return skb;
	copy = skb_copy(skb, GFP_KERNEL | __GFP_NOWARN);
	/* Some drivers leave a pointer there, into what we free. */
	if (copy && !(skb_shinfo(skb)->tx_flags & SKBTX_HW_TSTAMP_NETDEV))
		*skb_hwtstamps(copy) = *skb_hwtstamps(skb);
	consume_skb(skb);
	return copy;
}

static struct dtls_rx_record *record_alloc(struct dtls_assoc *assoc,
					   struct sk_buff *skb, u32 offset,
					   u32 len)
{
	struct dtls_rx_record *record;

	record = kzalloc(sizeof(*record), GFP_KERNEL_ACCOUNT);
	if (!record)
		return NULL;
	refcount_set(&record->refs, 1);
	record->assoc = assoc;
	record->skb = skb_get(skb);
	record->offset = offset;
	record->len = len;
	return record;
}

/**
 * dtls_rx_record_put() - give a reference back
 * @record: the record; with the last reference, in no list
 *
 * Context: any.
 */
void dtls_rx_record_put(struct dtls_rx_record *record)
{
	if (!refcount_dec_and_test(&record->refs))
		return;
	if (record->flags & DTLS_RECORD_UNAUTHENTICATED)
		atomic_dec(&record->assoc->epoch0_waiting);
	consume_skb(record->skb);
	kfree(record);
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
	int len = dtls_record_strip(record->skb->data + record->offset,
				    record->len, &record->type);

	if (len < 0 || len > epoch->shape.payload_max ||
	    !dtls_record_type_is_known(record->type))
		return false;
	record->len = len;
	return true;
}

/*
 * Open one record with the key of its epoch. Nothing of the association moves
 * before it authenticated (RFC 6347, 4.1.2.6).
 */
static enum dtls_stat open_in_epoch(struct dtls_epoch *epoch,
				    const struct dtls_record *rec, u8 *fragment,
				    struct dtls_rx_record *record)
{
	u64 seq = dtls_record_seq(rec->number);
	bool newest;
	int err;

	err = dtls_epoch_check(epoch, seq);
	if (err)
		return refusal_stat(err);
	err = dtls_aead_open(epoch->aead, rec, fragment);
	if (err == -EBADMSG) {
		dtls_epoch_fail(epoch);
		return DTLS_STAT_RX_BAD_TAG;
	}
	if (err)
		return DTLS_STAT_RX_ERROR;

	record->type = rec->type;
	if (rec->type == DTLS_RECORD_CID && !unwrap(epoch, record))
		return DTLS_STAT_RX_MALFORMED;
	err = dtls_epoch_accept(epoch, seq, &newest);
	if (err)
		return refusal_stat(err);
	record->flags = newest ? DTLS_RECORD_NEWEST : 0;
	return DTLS_STAT_RX_DELIVERED;
}

/* An unprotected record, for those who asked for them. */
static enum dtls_stat keep_plain(struct dtls_assoc *assoc, struct sk_buff *skb,
				 u32 offset, const struct dtls_record *rec,
				 struct list_head *records)
{
	struct dtls_rx_record *record;

	if (!atomic_add_unless(&assoc->epoch0_waiting, 1,
			       DTLS_RECV_EPOCH0_MAX))
		return DTLS_STAT_RX_WRONG_EPOCH;
	record = record_alloc(assoc, skb, offset,
			      DTLS_RECORD_HEADER_LEN + rec->len);
	if (!record) {
		atomic_dec(&assoc->epoch0_waiting);
		return DTLS_STAT_RX_ERROR;
	}
	record->number = rec->number;
	record->type = rec->type;
	record->flags = DTLS_RECORD_UNAUTHENTICATED;
	list_add_tail(&record->list, records);
	return DTLS_STAT_RX_EPOCH0;
}

/* Open the record at @offset with @epoch; queue it if it's good. */
static enum dtls_stat open_with(struct dtls_assoc *assoc,
				struct dtls_epoch *epoch, struct sk_buff *skb,
				u32 offset, const struct dtls_record *rec,
				struct list_head *records)
{
	const struct dtls_cipher *cipher = dtls_aead_cipher(epoch->aead);
	struct dtls_rx_record *record;
	enum dtls_stat stat;

	if (!has_known_cid(epoch, rec))
		return DTLS_STAT_RX_WRONG_CID;
	if (!is_well_formed(epoch, rec))
		return DTLS_STAT_RX_MALFORMED;

	/* Before the window moves: a record accepted must not be lost. */
	offset += dtls_record_header_len(rec);
	record = record_alloc(assoc, skb, offset + cipher->explicit_len,
			      rec->len - dtls_cipher_expansion(cipher));
	if (!record)
		return DTLS_STAT_RX_ERROR;
	record->number = rec->number;
	stat = open_in_epoch(epoch, rec, skb->data + offset, record);
	if (stat == DTLS_STAT_RX_DELIVERED)
		list_add_tail(&record->list, records);
	else
		dtls_rx_record_put(record);
	if (dtls_epoch_has_news(epoch))
		WRITE_ONCE(assoc->has_news, 1);
	return stat;
}

/* What becomes of the record at @offset. */
static enum dtls_stat open_record(struct dtls_assoc *assoc, struct sk_buff *skb,
				  u32 offset, const struct dtls_record *rec,
				  struct list_head *records)
{
	struct dtls_epoch *epoch;
	enum dtls_stat stat;
	int err;

	if (READ_ONCE(assoc->recv_flags) & DTLS_RECV_EPOCH0 &&
	    dtls_record_is_plain(rec))
		return keep_plain(assoc, skb, offset, rec, records);
	if (rec->version != DTLS_RECORD_VERSION_1_2)
		return DTLS_STAT_RX_MALFORMED;
	err = dtls_assoc_get_rx(assoc, dtls_record_epoch(rec->number), &epoch);
	if (err)
		return err == -ENOKEY ? DTLS_STAT_RX_NO_KEY :
					DTLS_STAT_RX_WRONG_EPOCH;
	stat = open_with(assoc, epoch, skb, offset, rec, records);
	dtls_epoch_put(epoch);
	return stat;
}

/*
 * RFC 6347, 4.1.1: a datagram may carry several records, each for itself. All
 * keys of an association have connection IDs of the same length.
 */
static void open_all(struct dtls_assoc *assoc, struct sk_buff *skb, u8 cid_len,
		     struct list_head *records)
{
	bool malformed = !skb->len;
	struct dtls_record rec;
	u32 offset = 0;

	while (offset < skb->len) {
		enum dtls_stat stat;

		if (dtls_record_parse(&rec, skb->data + offset,
				      skb->len - offset, cid_len)) {
			malformed = true;
			break;
		}
		stat = open_record(assoc, skb, offset, &rec, records);
		if (stat == DTLS_STAT_RX_MALFORMED)
			malformed = true;
		else
			dtls_stats_inc(&assoc->counters, stat);
		offset += dtls_record_header_len(&rec) + rec.len;
	}
	/* Noise may look like many records: it counts once a datagram. */
	if (malformed)
		dtls_stats_inc(&assoc->counters, DTLS_STAT_RX_MALFORMED);
}

static void pass_raw(struct dtls_assoc *assoc, struct sk_buff *skb,
		     struct list_head *records)
{
	struct dtls_rx_record *record;

	record = record_alloc(assoc, skb, 0, skb->len);
	if (record)
		list_add_tail(&record->list, records);
	else
		dtls_stats_inc(&assoc->counters, DTLS_STAT_RX_ERROR);
}

/**
 * dtls_rx_open() - open every record of a datagram
 * @assoc: the association; before it has a receiving key the datagram passes
 *	as it is
 * @skb: the datagram's payload; consumed
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

	if (!newest) {
		pass_raw(assoc, skb, records);
		consume_skb(skb);
		return;
	}
	skb = make_writable(skb);
	if (skb) {
		open_all(assoc, skb, newest->shape.cid_len, records);
		consume_skb(skb);
	} else {
		dtls_stats_inc(&assoc->counters, DTLS_STAT_RX_ERROR);
	}
	dtls_epoch_put(newest);
}
