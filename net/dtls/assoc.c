// SPDX-License-Identifier: GPL-2.0
/* One DTLS association: its keys by direction and epoch, its parameters. */
#include <linux/errno.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <linux/dtls.h>

#include "assoc.h"

/**
 * DOC: locks
 *
 * From the outermost to the innermost; all are taken in process context only,
 * as nothing of ours runs in softirq but the end of a socket.
 *
 * lock_sock(sk)
 *	The attach holds it against connect(), UDP's corking and another attach.
 * sk->sk_callback_lock (write, bh)
 *	The attach holds it to claim sk_user_data. Nothing of ours is taken
 *	below it.
 * dtls_context.poll_lock (mutex)
 *	Opening datagrams in poll(), so that a second poller sees what the
 *	first one finds. Held while the cipher works.
 * dtls_context.rx_lock
 *	The list of records that are open and not yet read. Held for list
 *	operations only: cipher and copies run outside.
 * dtls_assoc.key_lock (mutex)
 *	Installing a key, and the parameters that keys are made with. Neither
 *	senders nor readers take it: they find keys by RCU and hold them by
 *	reference.
 * dtls_epoch.window_lock
 *	The replay window of one receiving epoch.
 *
 * rx_lock, key_lock and window_lock are never held together.
 */

static struct dtls_epoch *locked_tx(struct dtls_assoc *assoc)
{
	return rcu_dereference_protected(assoc->tx,
					 lockdep_is_held(&assoc->key_lock));
}

static struct dtls_epoch *locked_rx(struct dtls_assoc *assoc, int i)
{
	return rcu_dereference_protected(assoc->rx[i],
					 lockdep_is_held(&assoc->key_lock));
}

/**
 * dtls_assoc_alloc() - an association without keys
 * @net: the namespace whose counters it moves
 *
 * Context: process.
 * Return: the association, or NULL for want of memory.
 */
struct dtls_assoc *dtls_assoc_alloc(const struct net *net)
{
	struct dtls_assoc *assoc;

	assoc = kzalloc(sizeof(*assoc), GFP_KERNEL_ACCOUNT);
	if (!assoc)
		return NULL;
	mutex_init(&assoc->key_lock);
	assoc->window_bits = DTLS_WINDOW_DEFAULT;
	dtls_stats_bind(&assoc->counters, net);
	return assoc;
}

/**
 * dtls_assoc_uncount() - the keys are no longer there for their namespace
 * @assoc: the association; nobody sends, reads or installs keys any more
 *
 * Context: any; the namespace is still alive.
 */
void dtls_assoc_uncount(struct dtls_assoc *assoc)
{
	int i;

	if (rcu_access_pointer(assoc->tx))
		dtls_stats_gauge_add(&assoc->counters, DTLS_GAUGE_TX, -1);
	for (i = 0; i < DTLS_ASSOC_RX_EPOCHS; i++)
		if (rcu_access_pointer(assoc->rx[i]))
			dtls_stats_gauge_add(&assoc->counters, DTLS_GAUGE_RX,
					     -1);
}

/**
 * dtls_assoc_drop_keys() - wipe the keys
 * @assoc: the association, uncounted; nobody sends or reads any more
 *
 * Context: process.
 */
void dtls_assoc_drop_keys(struct dtls_assoc *assoc)
{
	struct dtls_epoch *epoch;
	int i;

	mutex_lock(&assoc->key_lock);
	epoch = rcu_replace_pointer(assoc->tx, NULL,
				    lockdep_is_held(&assoc->key_lock));
	if (epoch)
		dtls_epoch_put(epoch);
	for (i = 0; i < DTLS_ASSOC_RX_EPOCHS; i++) {
		epoch = rcu_replace_pointer(assoc->rx[i], NULL,
					    lockdep_is_held(&assoc->key_lock));
		if (epoch)
			dtls_epoch_put(epoch);
	}
	mutex_unlock(&assoc->key_lock);
}

/**
 * dtls_assoc_free() - the end of an association
 * @assoc: the association, its keys dropped
 *
 * Context: process.
 */
void dtls_assoc_free(struct dtls_assoc *assoc)
{
	mutex_destroy(&assoc->key_lock);
	kfree(assoc->staged);
	kfree(assoc);
}

/**
 * dtls_assoc_set_params() - settle what the keys to come are used with
 * @assoc: the association
 * @window_bits: width of the replay windows, sequence numbers
 * @flags: DTLS_PARAM_*
 *
 * Context: process.
 * Return: 0; -EINVAL for a width that a window can't have, or an unknown flag;
 *	-EBUSY once a key was installed.
 */
int dtls_assoc_set_params(struct dtls_assoc *assoc, u32 window_bits, u32 flags)
{
	int err = 0;

	if (!dtls_replay_bits_are_valid(window_bits) ||
	    flags & ~DTLS_PARAM_CCM_8)
		return -EINVAL;
	mutex_lock(&assoc->key_lock);
	if (assoc->has_keys) {
		err = -EBUSY;
	} else {
		WRITE_ONCE(assoc->window_bits, window_bits);
		WRITE_ONCE(assoc->flags, flags);
	}
	mutex_unlock(&assoc->key_lock);
	return err;
}

static bool is_behind(struct dtls_epoch *newest, u16 epoch)
{
	return newest && epoch <= newest->epoch;
}

/**
 * dtls_assoc_stage_window() - what was received before the key comes
 * @assoc: the association
 * @window: the map of numbers received, checked; replaces one staged before
 * @words: words of its bitmap that are valid
 *
 * Context: process.
 * Return: 0; -EBUSY if the epoch, or a later one, has its key; -ENOMEM.
 */
int dtls_assoc_stage_window(struct dtls_assoc *assoc,
			    const struct dtls_window *window, u32 words)
{
	struct dtls_window *staged;

	staged = kmemdup(window, sizeof(*window), GFP_KERNEL_ACCOUNT);
	if (!staged)
		return -ENOMEM;

	mutex_lock(&assoc->key_lock);
	if (is_behind(locked_rx(assoc, 0), window->epoch)) {
		mutex_unlock(&assoc->key_lock);
		kfree(staged);
		return -EBUSY;
	}
	swap(assoc->staged, staged);
	assoc->staged_words = words;
	mutex_unlock(&assoc->key_lock);
	kfree(staged);
	return 0;
}

/**
 * dtls_assoc_store_window() - what an epoch has received
 * @assoc: the association
 * @window: its @epoch says which; the rest is filled in
 * @words: words of its bitmap to fill in
 *
 * Context: process.
 * Return: 0; -ENOENT if there's no key of that epoch.
 */
int dtls_assoc_store_window(struct dtls_assoc *assoc,
			    struct dtls_window *window, u32 words)
{
	struct dtls_epoch *epoch;

	if (dtls_assoc_get_rx(assoc, window->epoch, &epoch))
		return -ENOENT;
	spin_lock(&epoch->window_lock);
	window->window_bits = epoch->window->bits;
	window->next = epoch->window->next;
	dtls_replay_store(epoch->window, window->bitmap, words);
	spin_unlock(&epoch->window_lock);
	dtls_epoch_put(epoch);
	return 0;
}

/* May this key follow the newest one of its direction? */
static int check_key(const struct dtls_assoc *assoc,
		     const struct dtls_aead *aead, struct dtls_epoch *newest,
		     u64 number)
{
	lockdep_assert_held(&assoc->key_lock);
	if (dtls_cipher_has_short_tag(dtls_aead_cipher(aead)) &&
	    !(assoc->flags & DTLS_PARAM_CCM_8))
		return -EPERM;
	return is_behind(newest, dtls_record_epoch(number)) ? -EBUSY : 0;
}

/**
 * dtls_assoc_install_tx() - send with this key from now on
 * @assoc: the association
 * @aead: the key; on success it belongs to the association
 * @number: epoch(16), not 0 || number of the first record(48)
 *
 * Context: process.
 * Return: 0; -EPERM for a cipher with a short tag that isn't allowed; -EBUSY if
 *	the epoch isn't greater than the last one; -ENOMEM.
 * Source: RFC 6347, 4.1: an epoch isn't used again.
 */
int dtls_assoc_install_tx(struct dtls_assoc *assoc, struct dtls_aead *aead,
			  u64 number)
{
	struct dtls_epoch *old, *epoch;
	int err;

	mutex_lock(&assoc->key_lock);
	old = locked_tx(assoc);
	err = check_key(assoc, aead, old, number);
	if (err)
		goto unlock;
	epoch = dtls_epoch_alloc_tx(number);
	if (!epoch) {
		err = -ENOMEM;
		goto unlock;
	}
	epoch->aead = aead;
	rcu_assign_pointer(assoc->tx, epoch);
	assoc->has_keys = true;
	if (old)
		dtls_epoch_put(old);
	else
		dtls_stats_gauge_add(&assoc->counters, DTLS_GAUGE_TX, 1);
unlock:
	mutex_unlock(&assoc->key_lock);
	return err;
}

/* Put a receiving epoch in front, and drop the oldest. */
static void push_rx(struct dtls_assoc *assoc, struct dtls_epoch *epoch)
{
	struct dtls_epoch *oldest = locked_rx(assoc, DTLS_ASSOC_RX_EPOCHS - 1);
	int i;

	/* From the back: a reader that goes from the front misses none. */
	for (i = DTLS_ASSOC_RX_EPOCHS - 1; i > 0; i--)
		rcu_assign_pointer(assoc->rx[i], locked_rx(assoc, i - 1));
	rcu_assign_pointer(assoc->rx[0], epoch);

	if (oldest)
		dtls_epoch_put(oldest);
	else
		dtls_stats_gauge_add(&assoc->counters, DTLS_GAUGE_RX, 1);
}

/* Give a new epoch the staged window, if one is meant for it. */
static int apply_staged(struct dtls_assoc *assoc, u64 number,
			struct dtls_epoch *epoch)
{
	struct dtls_window *staged = assoc->staged;

	if (!staged || staged->epoch != dtls_record_epoch(number))
		return 0;
	if (staged->next != dtls_record_seq(number))
		return -EINVAL;
	dtls_replay_load(epoch->window, staged->next, staged->bitmap,
			 assoc->staged_words);
	return 0;
}

/* What was staged for an epoch that has its key now, or never gets one. */
static void drop_staged(struct dtls_assoc *assoc, u16 epoch)
{
	if (!assoc->staged || assoc->staged->epoch > epoch)
		return;
	kfree(assoc->staged);
	assoc->staged = NULL;
}

/**
 * dtls_assoc_install_rx() - open records of a new epoch from now on
 * @assoc: the association
 * @aead: the key; on success it belongs to the association
 * @number: epoch(16), not 0 || the first number that counts as new(48)
 *
 * Context: process.
 * Return: 0; -EPERM for a cipher with a short tag that isn't allowed; -EBUSY if
 *	the epoch isn't greater than the last one; -EINVAL if the staged window
 *	of this epoch has another number; -ENOMEM.
 * Source: RFC 6347, 4.1.
 */
int dtls_assoc_install_rx(struct dtls_assoc *assoc, struct dtls_aead *aead,
			  u64 number)
{
	struct dtls_epoch *epoch;
	int err;

	mutex_lock(&assoc->key_lock);
	err = check_key(assoc, aead, locked_rx(assoc, 0), number);
	if (err)
		goto unlock;
	epoch = dtls_epoch_alloc_rx(number, assoc->window_bits);
	if (!epoch) {
		err = -ENOMEM;
		goto unlock;
	}
	err = apply_staged(assoc, number, epoch);
	if (err) {
		dtls_epoch_put(epoch);
		goto unlock;
	}
	epoch->aead = aead;
	push_rx(assoc, epoch);
	assoc->has_keys = true;
	drop_staged(assoc, dtls_record_epoch(number));
unlock:
	mutex_unlock(&assoc->key_lock);
	return err;
}

/**
 * dtls_assoc_has_tx() - are sent datagrams records?
 * @assoc: the association
 *
 * Context: any.
 * Return: true once a sending key is installed.
 */
bool dtls_assoc_has_tx(const struct dtls_assoc *assoc)
{
	return rcu_access_pointer(assoc->tx);
}

/**
 * dtls_assoc_has_rx() - are received datagrams records?
 * @assoc: the association
 *
 * Context: any.
 * Return: true once a receiving key is installed.
 */
bool dtls_assoc_has_rx(const struct dtls_assoc *assoc)
{
	return rcu_access_pointer(assoc->rx[0]);
}

static struct dtls_epoch *get_epoch(struct dtls_epoch __rcu **slot)
{
	struct dtls_epoch *epoch;

	rcu_read_lock();
	do {
		/* Replaced and put just now: the next look finds its heir. */
		epoch = rcu_dereference(*slot);
	} while (epoch && !dtls_epoch_get(epoch));
	rcu_read_unlock();
	return epoch;
}

/**
 * dtls_assoc_get_tx() - hold the sending key
 * @assoc: the association
 *
 * Context: any.
 * Return: its epoch, to be put by the caller; NULL if there's none.
 */
struct dtls_epoch *dtls_assoc_get_tx(struct dtls_assoc *assoc)
{
	return get_epoch(&assoc->tx);
}

/**
 * dtls_assoc_get_newest_rx() - hold the newest receiving key
 * @assoc: the association
 *
 * Context: any.
 * Return: its epoch, to be put by the caller; NULL if there's none.
 */
struct dtls_epoch *dtls_assoc_get_newest_rx(struct dtls_assoc *assoc)
{
	return get_epoch(&assoc->rx[0]);
}

/**
 * dtls_assoc_get_rx() - hold the receiving key of an epoch
 * @assoc: the association
 * @number: the epoch, as a record claims it
 * @found: where it goes, to be put by the caller
 *
 * Context: any.
 * Return: 0; -ENOKEY if the epoch is above all that have a key; -ENOENT if
 *	it's not, or no longer, held.
 * Source: RFC 6347, 4.1: records of other epochs are dropped.
 */
int dtls_assoc_get_rx(struct dtls_assoc *assoc, u16 number,
		      struct dtls_epoch **found)
{
	struct dtls_epoch *epoch;
	int i, err = -ENOKEY;

	rcu_read_lock();
	for (i = 0; i < DTLS_ASSOC_RX_EPOCHS; i++) {
		epoch = rcu_dereference(assoc->rx[i]);
		/* With push_rx(): whoever sees the new front sees the shift. */
		smp_rmb();
		if (!epoch || number > epoch->epoch)
			break;
		err = -ENOENT;
		if (number == epoch->epoch && dtls_epoch_get(epoch)) {
			*found = epoch;
			err = 0;
			break;
		}
	}
	rcu_read_unlock();
	return err;
}
