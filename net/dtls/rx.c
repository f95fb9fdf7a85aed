// SPDX-License-Identifier: GPL-2.0
/* From a datagram to the content of the records in it. */
#include <linux/skbuff.h>
#include <linux/slab.h>

#include <linux/dtls.h>

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

static struct dtls_rx_record *record_alloc(struct sk_buff *skb, u32 offset,
					   u32 len, u8 type)
{
	struct dtls_rx_record *record;

	record = kmalloc(sizeof(*record), GFP_KERNEL);
	if (!record)
		return NULL;
	refcount_set(&record->refs, 1);
	record->skb = skb_get(skb);
	record->offset = offset;
	record->len = len;
	record->type = type;
	return record;
}

/**
 * dtls_rx_record_put() - give a reference back
 * @record: the record; with the last reference, in no list
 *
 * Context: process.
 */
void dtls_rx_record_put(struct dtls_rx_record *record)
{
	if (!refcount_dec_and_test(&record->refs))
		return;
	consume_skb(record->skb);
	kfree(record);
}

static enum dtls_stat window_stat(int err)
{
	return err == -ERANGE ? DTLS_STAT_RX_TOO_OLD : DTLS_STAT_RX_REPLAYED;
}

static bool is_well_formed(const struct dtls_record *rec,
			   const struct dtls_cipher *cipher)
{
	size_t expansion = dtls_cipher_expansion(cipher);

	return dtls_record_type_is_known(rec->type) && rec->len >= expansion &&
	       rec->len - expansion <= DTLS_RECORD_PAYLOAD_MAX;
}

/*
 * Open one record with the key of its epoch. Nothing of the association moves
 * before it authenticated (RFC 6347, 4.1.2.6).
 */
static enum dtls_stat open_in_epoch(struct dtls_epoch *epoch,
				    const struct dtls_record *rec, u8 *fragment)
{
	u64 seq = dtls_record_seq(rec->number);
	int err;

	err = dtls_epoch_check(epoch, seq);
	if (err)
		return window_stat(err);
	err = dtls_aead_open(epoch->aead, rec, fragment);
	if (err)
		return err == -EBADMSG ? DTLS_STAT_RX_BAD_TAG :
					 DTLS_STAT_RX_ERROR;
	err = dtls_epoch_accept(epoch, seq);
	return err ? window_stat(err) : DTLS_STAT_RX_DELIVERED;
}

/* Open the record at @offset; queue it if it's good. Says what became of it. */
static enum dtls_stat open_record(struct dtls_assoc *assoc, struct sk_buff *skb,
				  u32 offset, const struct dtls_record *rec,
				  struct list_head *records)
{
	const struct dtls_cipher *cipher;
	struct dtls_rx_record *record;
	struct dtls_epoch *epoch;
	enum dtls_stat stat;
	int err;

	if (rec->version != DTLS_1_2_VERSION)
		return DTLS_STAT_RX_MALFORMED;
	err = dtls_assoc_get_rx(assoc, dtls_record_epoch(rec->number), &epoch);
	if (err)
		return err == -ENOKEY ? DTLS_STAT_RX_NO_KEY :
					DTLS_STAT_RX_WRONG_EPOCH;

	offset += DTLS_RECORD_HEADER_LEN;
	cipher = dtls_aead_cipher(epoch->aead);
	stat = DTLS_STAT_RX_MALFORMED;
	if (!is_well_formed(rec, cipher))
		goto put_epoch;

	/* Before the window moves: a record accepted must not be lost. */
	record = record_alloc(skb, offset + cipher->explicit_len,
			      rec->len - dtls_cipher_expansion(cipher),
			      rec->type);
	stat = DTLS_STAT_RX_ERROR;
	if (!record)
		goto put_epoch;
	stat = open_in_epoch(epoch, rec, skb->data + offset);
	if (stat == DTLS_STAT_RX_DELIVERED)
		list_add_tail(&record->list, records);
	else
		dtls_rx_record_put(record);
put_epoch:
	dtls_epoch_put(epoch);
	return stat;
}

/* RFC 6347, 4.1.1: a datagram may carry several records, each for itself. */
static void open_all(struct dtls_assoc *assoc, struct sk_buff *skb,
		     struct list_head *records)
{
	bool malformed = !skb->len;
	struct dtls_record rec;
	u32 offset = 0;

	while (offset < skb->len) {
		enum dtls_stat stat;

		if (dtls_record_parse(&rec, skb->data + offset,
				      skb->len - offset)) {
			malformed = true;
			break;
		}
		stat = open_record(assoc, skb, offset, &rec, records);
		if (stat == DTLS_STAT_RX_MALFORMED)
			malformed = true;
		else
			dtls_stats_inc(&assoc->counters, stat);
		offset += DTLS_RECORD_HEADER_LEN + rec.len;
	}
	/* Noise may look like many records: it counts once a datagram. */
	if (malformed)
		dtls_stats_inc(&assoc->counters, DTLS_STAT_RX_MALFORMED);
}

static void pass_raw(struct dtls_assoc *assoc, struct sk_buff *skb,
		     struct list_head *records)
{
	struct dtls_rx_record *record;

	record = record_alloc(skb, 0, skb->len, DTLS_RX_RAW);
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
	if (!dtls_assoc_has_rx(assoc)) {
		pass_raw(assoc, skb, records);
		consume_skb(skb);
		return;
	}
	skb = make_writable(skb);
	if (!skb) {
		dtls_stats_inc(&assoc->counters, DTLS_STAT_RX_ERROR);
		return;
	}
	open_all(assoc, skb, records);
	consume_skb(skb);
}
