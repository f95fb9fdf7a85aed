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
 * struct dtls_epoch - a key of one direction, alive while somebody uses it
 * @aead: the key; NULL until the epoch is installed
 * @epoch: its epoch
 * @refs: the association's reference, and one an operation under way
 * @next_seq: TX: number of the next record; only ever grows, also past the
 *	last valid one
 * @window_lock: RX: protects @window; innermost, process context only
 * @window: RX: the numbers received; NULL for TX
 * @free_work: wipes and frees all this, a grace period after the last use
 */
struct dtls_epoch {
	struct dtls_aead	*aead;
	u16			epoch;
	refcount_t		refs;
	atomic64_t		next_seq ____cacheline_aligned_in_smp;
	spinlock_t		window_lock ____cacheline_aligned_in_smp;
	struct dtls_replay	*window;
	struct rcu_work		free_work;
};

int dtls_epoch_init(void);
void dtls_epoch_exit(void);

struct dtls_epoch *dtls_epoch_alloc_tx(u64 number);
struct dtls_epoch *dtls_epoch_alloc_rx(u64 number, u32 window_bits);
bool dtls_epoch_get(struct dtls_epoch *epoch);
void dtls_epoch_put(struct dtls_epoch *epoch);

int dtls_epoch_reserve(struct dtls_epoch *epoch, u64 *number);
u64 dtls_epoch_next_seq(struct dtls_epoch *epoch);
int dtls_epoch_check(struct dtls_epoch *epoch, u64 seq);
int dtls_epoch_accept(struct dtls_epoch *epoch, u64 seq);

#endif /* _DTLS_EPOCH_H */
