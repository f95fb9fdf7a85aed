// SPDX-License-Identifier: GPL-2.0
/* A key of one direction with what belongs to it: next number, or window. */
#include <linux/err.h>
#include <linux/slab.h>

#include "epoch.h"
#include "trace.h"

/* Of our own, so that module unload can wait for it. */
static struct workqueue_struct *free_wq;

static void epoch_free(struct work_struct *work)
{
	struct dtls_epoch *epoch = container_of(to_rcu_work(work),
						struct dtls_epoch, free_work);

	if (epoch->device)
		epoch->device->release(epoch->device);
	if (epoch->aead)
		dtls_aead_free(epoch->aead);
	kfree(epoch->window.ring);
	kfree(epoch);
}

static struct dtls_epoch *epoch_alloc(u64 number,
				      const struct dtls_epoch_shape *shape)
{
	struct dtls_epoch *epoch;

	epoch = kzalloc(sizeof(*epoch), GFP_KERNEL_ACCOUNT);
	if (!epoch)
		return NULL;

	epoch->epoch = dtls_record_epoch(number);
	epoch->shape = *shape;
	refcount_set(&epoch->refs, 1);
	spin_lock_init(&epoch->window_lock);
	INIT_RCU_WORK(&epoch->free_work, epoch_free);
	return epoch;
}

/**
 * dtls_epoch_alloc_tx() - a sending epoch, its key and limits still to come
 * @number: epoch(16) || number of the first record(48)
 * @shape: what its records look like
 *
 * Context: process.
 * Return: the epoch, with one reference; NULL for want of memory.
 */
struct dtls_epoch *dtls_epoch_alloc_tx(u64 number,
				       const struct dtls_epoch_shape *shape)
{
	struct dtls_epoch *epoch = epoch_alloc(number, shape);

	if (!epoch)
		return NULL;
	epoch->first_seq = dtls_record_seq(number);
	atomic64_set(&epoch->next_seq, epoch->first_seq);
	return epoch;
}

/**
 * dtls_epoch_alloc_rx() - a receiving epoch, its key and limits still to come
 * @number: epoch(16) || the first number that counts as new(48)
 * @shape: what its records look like
 *
 * Context: process.
 * Return: the epoch, with one reference; NULL for want of memory.
 */
struct dtls_epoch *dtls_epoch_alloc_rx(u64 number,
				       const struct dtls_epoch_shape *shape)
{
	struct dtls_epoch *epoch = epoch_alloc(number, shape);
	u64 *ring;

	if (!epoch)
		return NULL;
	ring = kmalloc(dtls_replay_size(shape->window_bits), GFP_KERNEL_ACCOUNT);
	if (!ring) {
		kfree(epoch);
		return NULL;
	}
	dtls_replay_init(&epoch->window, ring, shape->window_bits,
			 dtls_record_seq(number));
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

/* Beyond all numbers, and too far from 2^63 for senders to get there. */
#define FROZEN_SEQ	BIT_ULL(62)

/* The first to get so far marks it; whoever looks then tells. */
static void mark_uses(struct dtls_epoch *epoch, u64 uses)
{
	if (uses >= READ_ONCE(epoch->limits.limit) &&
	    !test_and_set_bit(DTLS_EPOCH_END, &epoch->marks))
		trace_dtls_limit(epoch, uses, true);
	if (!test_and_set_bit(DTLS_EPOCH_NEAR, &epoch->marks))
		trace_dtls_limit(epoch, uses, false);
}

/**
 * dtls_epoch_reserve() - take the next numbers for records
 * @epoch: a TX epoch
 * @n: how many, one after the other
 * @number: where epoch(16) || sequence number(48) of the first goes
 *
 * A number once taken is never given back: a gap is harmless, the same nonce
 * twice is not.
 *
 * Context: any; senders may run in parallel.
 * Return: 0; -EKEYEXPIRED if the key's limit, or number 2^48 - 1, doesn't
 *	leave so many; -EKEYREVOKED if its state went elsewhere.
 * Source: RFC 6347, 4.1: numbers never wrap; RFC 9325, 4.4.
 */
int dtls_epoch_reserve(struct dtls_epoch *epoch, unsigned int n, u64 *number)
{
	/* No wrap: at a record a nanosecond, 2^62 is 146 years away. */
	u64 seq = atomic64_fetch_add(n, &epoch->next_seq);

	if (unlikely(seq >= FROZEN_SEQ))
		return -EKEYREVOKED;
	if (unlikely(seq + n >= READ_ONCE(epoch->limits.warn)))
		mark_uses(epoch, seq + n);
	if (unlikely(seq + n > READ_ONCE(epoch->limits.end))) {
		atomic64_add(n, &epoch->failures);
		return -EKEYEXPIRED;
	}
	*number = dtls_record_number(epoch->epoch, seq);
	return 0;
}

/**
 * dtls_epoch_freeze() - give out no further number, accept no further record
 * @epoch: the epoch
 *
 * Context: process; caller holds the association's key_lock. Senders and
 *	readers may run in parallel: after this none of them gets through.
 */
void dtls_epoch_freeze(struct dtls_epoch *epoch)
{
	s64 seq = atomic64_read(&epoch->next_seq);

	if (test_bit(DTLS_EPOCH_FROZEN, &epoch->marks))
		return;
	spin_lock(&epoch->window_lock);
	set_bit(DTLS_EPOCH_FROZEN, &epoch->marks);
	spin_unlock(&epoch->window_lock);
	do {
		WRITE_ONCE(epoch->frozen_seq, seq);
	} while (!atomic64_try_cmpxchg(&epoch->next_seq, &seq, FROZEN_SEQ));
}

/* Of a TX epoch; also past the last valid number. */
static u64 next_tx_seq(struct dtls_epoch *epoch)
{
	u64 seq = atomic64_read_acquire(&epoch->next_seq);

	return seq >= FROZEN_SEQ ? READ_ONCE(epoch->frozen_seq) : seq;
}

/**
 * dtls_epoch_reserved() - how many numbers were given to records
 * @epoch: a TX epoch
 *
 * Context: process; what senders are about to take may count, or not.
 * Return: how many.
 */
u64 dtls_epoch_reserved(struct dtls_epoch *epoch)
{
	/* In this order: none is taken away that isn't counted. */
	u64 failures = atomic64_read_acquire(&epoch->failures);

	return next_tx_seq(epoch) - epoch->first_seq - failures;
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

	if (!epoch->window.ring)
		return min(next_tx_seq(epoch), DTLS_RECORD_SEQ_MAX + 1);

	spin_lock(&epoch->window_lock);
	seq = epoch->window.next;
	spin_unlock(&epoch->window_lock);
	return seq;
}

/**
 * dtls_epoch_rx_status() - may records be opened with this key?
 * @epoch: an RX epoch
 *
 * Context: any.
 * Return: 0; -EKEYEXPIRED if too many records failed to authenticate;
 *	-EKEYREVOKED if its state went elsewhere.
 * Source: RFC 9325, 4.4; RFC 9147, 4.5.3.
 */
int dtls_epoch_rx_status(struct dtls_epoch *epoch)
{
	if (test_bit(DTLS_EPOCH_FROZEN, &epoch->marks))
		return -EKEYREVOKED;
	if (atomic64_read(&epoch->failures) >= READ_ONCE(epoch->limits.end))
		return -EKEYEXPIRED;
	return 0;
}

/**
 * dtls_epoch_rx_just_ended() - must those who sleep be told of the end?
 * @epoch: an RX epoch
 *
 * Context: any.
 * Return: true once, when too many records failed to authenticate.
 */
bool dtls_epoch_rx_just_ended(struct dtls_epoch *epoch)
{
	return dtls_epoch_rx_status(epoch) == -EKEYEXPIRED &&
	       !test_and_set_bit(DTLS_EPOCH_END_WOKEN, &epoch->marks);
}

/**
 * dtls_epoch_check() - would a number be accepted now?
 * @epoch: an RX epoch
 * @seq: sequence number, may be forged
 *
 * A hint that saves the cipher's work; dtls_epoch_accept() decides.
 *
 * Context: process.
 * Return: 0; -EALREADY if already seen; -ERANGE if left of the window;
 *	-EKEYEXPIRED and -EKEYREVOKED as of dtls_epoch_rx_status().
 */
int dtls_epoch_check(struct dtls_epoch *epoch, u64 seq)
{
	int err;

	spin_lock(&epoch->window_lock);
	trace_dtls_window(epoch, seq);
	err = dtls_epoch_rx_status(epoch);
	if (!err)
		err = dtls_replay_check(&epoch->window, seq);
	spin_unlock(&epoch->window_lock);
	return err;
}

/**
 * dtls_epoch_accept() - record the number of an authenticated record
 * @epoch: an RX epoch
 * @seq: sequence number, authenticated
 * @newest: whether it's the highest so far
 *
 * Another reader may have passed dtls_epoch_check() with the same record: only
 * one of the two gets 0 here.
 *
 * Context: process.
 * Return: 0; -EALREADY if already seen; -ERANGE if left of the window;
 *	-EKEYREVOKED if its state went elsewhere meanwhile.
 */
int dtls_epoch_accept(struct dtls_epoch *epoch, u64 seq, bool *newest)
{
	int err = -EKEYREVOKED;

	spin_lock(&epoch->window_lock);
	*newest = seq >= epoch->window.next;
	if (!test_bit(DTLS_EPOCH_FROZEN, &epoch->marks))
		err = dtls_replay_accept(&epoch->window, seq);
	if (!err)
		epoch->delivered++;
	spin_unlock(&epoch->window_lock);
	return err;
}

/**
 * dtls_epoch_fail() - count a record that didn't authenticate
 * @epoch: an RX epoch
 *
 * Context: any.
 * Source: RFC 9147, 4.5.3.
 */
void dtls_epoch_fail(struct dtls_epoch *epoch)
{
	u64 failures = atomic64_inc_return(&epoch->failures);

	if (unlikely(failures >= READ_ONCE(epoch->limits.warn)))
		mark_uses(epoch, failures);
}

static u64 uses(struct dtls_epoch *epoch)
{
	return epoch->window.ring ? atomic64_read(&epoch->failures) :
			       dtls_epoch_next_seq(epoch);
}

/**
 * dtls_epoch_set_limits() - from now on; what they say of the past is told too
 * @epoch: the epoch
 * @limits: the limits
 *
 * Context: process; caller holds the association's key_lock, or is the only
 *	one to know @epoch.
 */
void dtls_epoch_set_limits(struct dtls_epoch *epoch,
			   const struct dtls_epoch_limits *limits)
{
	WRITE_ONCE(epoch->limits.limit, limits->limit);
	WRITE_ONCE(epoch->limits.warn, limits->warn);
	WRITE_ONCE(epoch->limits.end, limits->end);

	clear_bit(DTLS_EPOCH_NEAR, &epoch->marks);
	clear_bit(DTLS_EPOCH_END, &epoch->marks);
	clear_bit(DTLS_EPOCH_NEAR_TOLD, &epoch->marks);
	clear_bit(DTLS_EPOCH_END_TOLD, &epoch->marks);
	clear_bit(DTLS_EPOCH_END_WOKEN, &epoch->marks);
	if (uses(epoch) >= limits->warn)
		mark_uses(epoch, uses(epoch));
}

/* The bit that says of another bit that it was told. */
static enum dtls_epoch_mark told(enum dtls_epoch_mark mark)
{
	return mark == DTLS_EPOCH_NEAR ? DTLS_EPOCH_NEAR_TOLD :
					 DTLS_EPOCH_END_TOLD;
}

static bool is_news(const struct dtls_epoch *epoch, enum dtls_epoch_mark mark)
{
	return test_bit(mark, &epoch->marks) &&
	       !test_bit(told(mark), &epoch->marks);
}

/**
 * dtls_epoch_has_news() - was a limit reached that nobody was told of?
 * @epoch: the epoch
 *
 * Context: any.
 * Return: true if dtls_epoch_tell() has something to tell.
 */
bool dtls_epoch_has_news(const struct dtls_epoch *epoch)
{
	return unlikely(is_news(epoch, DTLS_EPOCH_NEAR) ||
			is_news(epoch, DTLS_EPOCH_END));
}

/**
 * dtls_epoch_tell() - is this to be told, and by the caller?
 * @epoch: the epoch
 * @mark: DTLS_EPOCH_NEAR or DTLS_EPOCH_END
 *
 * Context: any.
 * Return: true once for each.
 */
bool dtls_epoch_tell(struct dtls_epoch *epoch, enum dtls_epoch_mark mark)
{
	return test_bit(mark, &epoch->marks) &&
	       !test_and_set_bit(told(mark), &epoch->marks);
}

/**
 * dtls_epoch_untell() - it couldn't be told: another time
 * @epoch: the epoch
 * @mark: what dtls_epoch_tell() was asked
 *
 * Context: any.
 */
void dtls_epoch_untell(struct dtls_epoch *epoch, enum dtls_epoch_mark mark)
{
	clear_bit(told(mark), &epoch->marks);
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
