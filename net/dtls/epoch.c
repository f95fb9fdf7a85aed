// SPDX-License-Identifier: GPL-2.0
/* A key of one direction with what belongs to it: next number, or window. */
#include <linux/err.h>
#include <linux/slab.h>

#include "epoch.h"

/* Of our own, so that module unload can wait for it. */
static struct workqueue_struct *free_wq;

static void epoch_free(struct work_struct *work)
{
	struct dtls_epoch *epoch = container_of(to_rcu_work(work),
						struct dtls_epoch, free_work);

	if (epoch->aead)
		dtls_aead_free(epoch->aead);
	kfree(epoch->window);
	kfree(epoch);
}

static struct dtls_epoch *epoch_alloc(u64 number)
{
	struct dtls_epoch *epoch;

	epoch = kzalloc(sizeof(*epoch), GFP_KERNEL_ACCOUNT);
	if (!epoch)
		return NULL;

	epoch->epoch = dtls_record_epoch(number);
	refcount_set(&epoch->refs, 1);
	spin_lock_init(&epoch->window_lock);
	INIT_RCU_WORK(&epoch->free_work, epoch_free);
	return epoch;
}

/**
 * dtls_epoch_alloc_tx() - a sending epoch, its key still to come
 * @number: epoch(16) || number of the first record(48)
 *
 * Context: process.
 * Return: the epoch, with one reference; NULL for want of memory.
 */
struct dtls_epoch *dtls_epoch_alloc_tx(u64 number)
{
	struct dtls_epoch *epoch = epoch_alloc(number);

	if (epoch)
		atomic64_set(&epoch->next_seq, dtls_record_seq(number));
	return epoch;
}

/**
 * dtls_epoch_alloc_rx() - a receiving epoch, its key still to come
 * @number: epoch(16) || the first number that counts as new(48)
 * @window_bits: width of the replay window, valid
 *
 * Context: process.
 * Return: the epoch, with one reference; NULL for want of memory.
 */
struct dtls_epoch *dtls_epoch_alloc_rx(u64 number, u32 window_bits)
{
	struct dtls_epoch *epoch = epoch_alloc(number);

	if (!epoch)
		return NULL;
	epoch->window = kmalloc(dtls_replay_size(window_bits),
				GFP_KERNEL_ACCOUNT);
	if (!epoch->window) {
		kfree(epoch);
		return NULL;
	}
	dtls_replay_init(epoch->window, window_bits, dtls_record_seq(number));
	return epoch;
}

/**
 * dtls_epoch_get() - hold an epoch found under rcu_read_lock()
 * @epoch: the epoch
 *
 * Context: RCU read side.
 * Return: false if its last reference is already gone.
 */
bool dtls_epoch_get(struct dtls_epoch *epoch)
{
	return refcount_inc_not_zero(&epoch->refs);
}

/**
 * dtls_epoch_put() - give a reference back
 * @epoch: the epoch; with the last reference its key is wiped, later
 *
 * Context: any.
 */
void dtls_epoch_put(struct dtls_epoch *epoch)
{
	/* Later, as freeing a cipher may sleep, and readers may still look. */
	if (refcount_dec_and_test(&epoch->refs))
		queue_rcu_work(free_wq, &epoch->free_work);
}

/**
 * dtls_epoch_reserve() - take the next number for a record
 * @epoch: a TX epoch
 * @number: where epoch(16) || sequence number(48) goes
 *
 * A number once taken is never given back: a gap is harmless, the same nonce
 * twice is not.
 *
 * Context: any; senders may run in parallel.
 * Return: 0; -EKEYEXPIRED if number 2^48 - 1 is used up.
 * Source: RFC 6347, 4.1: numbers never wrap.
 */
int dtls_epoch_reserve(struct dtls_epoch *epoch, u64 *number)
{
	/* No wrap: at a record a nanosecond, 2^63 is 292 years away. */
	u64 seq = atomic64_fetch_inc(&epoch->next_seq);

	if (seq > DTLS_RECORD_SEQ_MAX)
		return -EKEYEXPIRED;
	*number = dtls_record_number(epoch->epoch, seq);
	return 0;
}

/**
 * dtls_epoch_next_seq() - how far an epoch is
 * @epoch: the epoch
 *
 * Context: process.
 * Return: TX: number of the next record; RX: highest number received plus one;
 *	2^48 at the end.
 */
u64 dtls_epoch_next_seq(struct dtls_epoch *epoch)
{
	u64 seq;

	if (!epoch->window)
		return min_t(u64, atomic64_read(&epoch->next_seq),
			     DTLS_RECORD_SEQ_MAX + 1);

	spin_lock(&epoch->window_lock);
	seq = epoch->window->next;
	spin_unlock(&epoch->window_lock);
	return seq;
}

/**
 * dtls_epoch_check() - would a number be accepted now?
 * @epoch: an RX epoch
 * @seq: sequence number, may be forged
 *
 * A hint that saves the cipher's work; dtls_epoch_accept() decides.
 *
 * Context: process.
 * Return: 0; -EALREADY if already seen; -ERANGE if left of the window.
 */
int dtls_epoch_check(struct dtls_epoch *epoch, u64 seq)
{
	int err;

	spin_lock(&epoch->window_lock);
	err = dtls_replay_check(epoch->window, seq);
	spin_unlock(&epoch->window_lock);
	return err;
}

/**
 * dtls_epoch_accept() - record the number of an authenticated record
 * @epoch: an RX epoch
 * @seq: sequence number, authenticated
 *
 * Another reader may have passed dtls_epoch_check() with the same record: only
 * one of the two gets 0 here.
 *
 * Context: process.
 * Return: 0; -EALREADY if already seen; -ERANGE if left of the window.
 */
int dtls_epoch_accept(struct dtls_epoch *epoch, u64 seq)
{
	int err;

	spin_lock(&epoch->window_lock);
	err = dtls_replay_accept(epoch->window, seq);
	spin_unlock(&epoch->window_lock);
	return err;
}

/**
 * dtls_epoch_init() - make the queue that frees epochs
 *
 * Context: process, module load.
 * Return: 0 or -ENOMEM.
 */
int dtls_epoch_init(void)
{
	free_wq = alloc_workqueue("dtls_epoch", 0, 0);
	return free_wq ? 0 : -ENOMEM;
}

/**
 * dtls_epoch_exit() - wait until every key is wiped
 *
 * Context: process, module unload; no epoch is in use.
 */
void dtls_epoch_exit(void)
{
	/* An epoch may still wait for its grace period before it's queued. */
	rcu_barrier();
	destroy_workqueue(free_wq);
}
