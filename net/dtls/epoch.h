/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_EPOCH_H
#define _DTLS_EPOCH_H

#include <linux/atomic.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "aead.h"
#include "replay.h"

/**
 * struct dtls_epoch_shape - what an epoch's records look like
 * @payload_max: longest content, bytes
 * @pad: TX: content and type are padded to a multiple of this, if over 1
 * @window_bits: RX: width of the replay window, valid
 * @cid_len: length of @cid, bytes; 0: the records have none
 * @cid: the connection ID that each record carries
 */
struct dtls_epoch_shape {
	u16	payload_max;
	u16	pad;
	u16	window_bits;
	u8	cid_len;
	u8	cid[DTLS_RECORD_CID_MAX];
};

/**
 * struct dtls_epoch_limits - how much a key may be used
 * @limit: uses after which it's told to be at its end
 * @warn: uses after which the end is told to be near
 * @end: uses after which it's refused
 *
 * A use is a number taken (TX), or a record that fails to authenticate (RX).
 */
struct dtls_epoch_limits {
	u64	limit;
	u64	warn;
	u64	end;
};

/* Bits of struct dtls_epoch's @marks. */
enum dtls_epoch_mark {
	DTLS_EPOCH_NEAR,	/* the warning is reached */
	DTLS_EPOCH_END,		/* the limit is reached */
	DTLS_EPOCH_NEAR_TOLD,	/* and somebody was told */
	DTLS_EPOCH_END_TOLD,
	DTLS_EPOCH_END_WOKEN,	/* and those who slept were woken */
	DTLS_EPOCH_FROZEN,	/* its state went elsewhere; for good */
};

/**
 * struct dtls_epoch_device - a key's place in a network card
 * @release: takes it out of there, and frees this; process context, the epoch is
 *	freed
 */
struct dtls_epoch_device {
	void	(*release)(struct dtls_epoch_device *device);
};

/**
 * struct dtls_epoch - a key of one direction, alive while somebody uses it
 * @aead: the key; NULL until the epoch is installed
 * @epoch: its epoch
 * @shape: what its records look like; immutable
 * @cookie: its socket's, for tracepoints
 * @limits: read without a lock; written under the association's key_lock
 * @marks: bits of enum dtls_epoch_mark
 * @device: where a network card comes in, or NULL; set once, and read without a
 *	lock
 * @retired: RX: when the key of the next epoch came, jiffies; under key_lock
 * @first_seq: TX: number of the first record
 * @frozen_seq: TX: number of the next record, when it was frozen
 * @free_work: wipes and frees all this, a grace period after the last use
 * @refs: the association's reference, and one an operation under way
 * @window_lock: RX: protects @window and @delivered, and the mark of being
 *	frozen; innermost, process context only
 * @next_seq: TX: number of the next record; only ever grows, also past the
 *	last valid one
 * @window: RX: the numbers received; without a ring for TX
 * @delivered: RX: records accepted
 * @failures: RX: records that didn't authenticate; TX: numbers asked for past
 *	the limit, and not given
 */
struct dtls_epoch {
	struct dtls_aead		*aead;
	u16				epoch;
	struct dtls_epoch_shape		shape;
	u64				cookie;
	struct dtls_epoch_limits	limits;
	unsigned long			marks;
	struct dtls_epoch_device	*device;
	unsigned long			retired;
	u64				first_seq;
	u64				frozen_seq;
	struct rcu_work			free_work;

	/* What each record writes; of one direction. */
	refcount_t			refs ____cacheline_aligned_in_smp;
	spinlock_t			window_lock;
	atomic64_t			next_seq;
	struct dtls_replay		window;
	u64				delivered;
	atomic64_t			failures;
};

int dtls_epoch_init(void);
void dtls_epoch_exit(void);

struct dtls_epoch *dtls_epoch_alloc_tx(u64 number,
				       const struct dtls_epoch_shape *shape);
struct dtls_epoch *dtls_epoch_alloc_rx(u64 number,
				       const struct dtls_epoch_shape *shape);
bool dtls_epoch_get(struct dtls_epoch *epoch);
void dtls_epoch_put(struct dtls_epoch *epoch);

int dtls_epoch_reserve(struct dtls_epoch *epoch, unsigned int n, u64 *number);
u64 dtls_epoch_next_seq(struct dtls_epoch *epoch);
u64 dtls_epoch_reserved(struct dtls_epoch *epoch);
void dtls_epoch_freeze(struct dtls_epoch *epoch);

int dtls_epoch_check(struct dtls_epoch *epoch, u64 seq);
int dtls_epoch_accept(struct dtls_epoch *epoch, u64 seq, bool *newest);
void dtls_epoch_fail(struct dtls_epoch *epoch);
int dtls_epoch_rx_status(struct dtls_epoch *epoch);
bool dtls_epoch_rx_just_ended(struct dtls_epoch *epoch);

void dtls_epoch_set_limits(struct dtls_epoch *epoch,
			   const struct dtls_epoch_limits *limits);
bool dtls_epoch_has_news(const struct dtls_epoch *epoch);
bool dtls_epoch_tell(struct dtls_epoch *epoch, enum dtls_epoch_mark mark);
void dtls_epoch_untell(struct dtls_epoch *epoch, enum dtls_epoch_mark mark);

#endif /* _DTLS_EPOCH_H */
