// SPDX-License-Identifier: GPL-2.0
/* The keys of an association come and go: installed, pushed out, too old. */
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include "assoc.h"
#include "key.h"
#include "params.h"
#include "state.h"
#include "trace.h"

/* May this key follow the newest one of its direction? */
static int check_key(const struct dtls_assoc *assoc,
		     const struct dtls_aead *aead,
		     const struct dtls_epoch *newest, u64 number)
{
	lockdep_assert_held(&assoc->key_lock);
	if (dtls_cipher_has_short_tag(dtls_aead_cipher(aead)) &&
	    !(assoc->params.flags & DTLS_PARAM_CCM_8))
		return -EPERM;
	if (newest && dtls_record_epoch(number) <= newest->epoch)
		return -EBUSY;
	return 0;
}

static struct dtls_epoch_shape tx_shape(const struct dtls_assoc *assoc)
{
	struct dtls_epoch_shape shape = {
		.payload_max = assoc->params.tx_payload_max,
		.pad = assoc->params.tx_pad,
		.cid_len = assoc->cid.tx_len,
	};

	memcpy(shape.cid, assoc->cid.tx, sizeof(shape.cid));
	return shape;
}

static struct dtls_epoch_shape rx_shape(const struct dtls_assoc *assoc)
{
	struct dtls_epoch_shape shape = {
		.payload_max = assoc->params.rx_payload_max,
		.window_bits = assoc->params.window_bits,
		.cid_len = assoc->cid.rx_len,
	};

	memcpy(shape.cid, assoc->cid.rx, sizeof(shape.cid));
	return shape;
}

/* It's complete, and may be found by whoever sends. */
static void replace_tx(struct dtls_assoc *assoc, struct dtls_epoch *old,
		       struct dtls_epoch *epoch)
{
	rcu_assign_pointer(assoc->tx, epoch);
	assoc->has_keys = true;
	if (old)
		dtls_epoch_put(old);
	else
		dtls_stats_gauge_add(&assoc->counters, DTLS_GAUGE_TX, 1);
}

/**
 * dtls_key_install_tx() - send with this key from now on
 * @assoc: the association
 * @aead: the key; on success it belongs to the association
 * @number: epoch(16), not 0 || number of the first record(48)
 *
 * Context: process.
 * Return: 0; -EPERM for a cipher with a short tag that isn't allowed; -EBUSY if
 *	the epoch isn't greater than the last one; -EKEYREVOKED if another
 *	socket goes on sending; -ENOMEM.
 * Source: RFC 6347, 4.1: an epoch isn't used again.
 */
int dtls_key_install_tx(struct dtls_assoc *assoc, struct dtls_aead *aead,
			u64 number)
{
	struct dtls_epoch_shape shape;
	struct dtls_epoch *old, *epoch;
	int err;

	mutex_lock(&assoc->key_lock);
	err = -EKEYREVOKED;
	if (assoc->tx_is_frozen)
		goto unlock;
	old = dtls_assoc_locked_tx(assoc);
	err = check_key(assoc, aead, old, number);
	if (err)
		goto unlock;
	shape = tx_shape(assoc);
	epoch = dtls_epoch_alloc_tx(number, &shape);
	if (!epoch) {
		err = -ENOMEM;
		goto unlock;
	}
	epoch->cookie = assoc->cookie;
	epoch->aead = aead;
	dtls_params_apply_tx_limits(assoc, epoch);
	trace_dtls_rekey(epoch, true);
	replace_tx(assoc, old, epoch);
unlock:
	mutex_unlock(&assoc->key_lock);
	return err;
}

static void drop_slot(struct dtls_assoc *assoc, int i)
{
	struct dtls_epoch *epoch;

	epoch = rcu_replace_pointer(assoc->rx[i], NULL,
				    lockdep_is_held(&assoc->key_lock));
	dtls_epoch_put(epoch);
	/* The namespace is gone after a socket that wasn't closed properly. */
	rcu_read_lock();
	if (READ_ONCE(assoc->is_counted))
		dtls_stats_gauge_add(&assoc->counters, DTLS_GAUGE_RX, -1);
	rcu_read_unlock();
}

/* The slot of the oldest epoch but the newest, and how many there are in all. */
static int count_epochs(const struct dtls_assoc *assoc, int *oldest)
{
	const struct dtls_epoch *epoch, *found = NULL;
	int i, n = 0;

	for (i = 0; i < DTLS_RX_EPOCHS_MAX; i++) {
		epoch = dtls_assoc_locked_rx(assoc, i);
		if (!epoch)
			continue;
		n++;
		if (i && (!found || epoch->epoch < found->epoch)) {
			found = epoch;
			*oldest = i;
		}
	}
	return n;
}

static int free_slot(const struct dtls_assoc *assoc)
{
	int i = 1;

	while (dtls_assoc_locked_rx(assoc, i))
		i++;
	return i;
}

/* Put the key that was the newest one aside. */
static void retire(struct dtls_assoc *assoc, struct dtls_epoch *epoch)
{
	u32 age_ms = assoc->params.rx_epoch_ms;

	epoch->retired = jiffies;
	rcu_assign_pointer(assoc->rx[free_slot(assoc)], epoch);
	/* Those before it are due before it, and start it again for it. */
	if (age_ms)
		schedule_delayed_work(&assoc->age_work,
				      msecs_to_jiffies(age_ms));
}

/* @epoch is the newest from now on; one too many goes. */
static void push_rx(struct dtls_assoc *assoc, struct dtls_epoch *epoch)
{
	struct dtls_epoch *front = dtls_assoc_locked_rx(assoc, 0);
	bool keep = assoc->params.rx_epochs > 1;
	int oldest;

	if (front && keep) {
		if (count_epochs(assoc, &oldest) == assoc->params.rx_epochs)
			drop_slot(assoc, oldest);
		retire(assoc, front);
	}
	/* With dtls_assoc_get_rx(): after its predecessor went aside. */
	rcu_assign_pointer(assoc->rx[0], epoch);
	if (!front || keep)
		dtls_stats_gauge_add(&assoc->counters, DTLS_GAUGE_RX, 1);
	else
		dtls_epoch_put(front);
}

/**
 * dtls_key_install_rx() - open records of a new epoch from now on
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
int dtls_key_install_rx(struct dtls_assoc *assoc, struct dtls_aead *aead,
			u64 number)
{
	struct dtls_epoch_shape shape;
	struct dtls_epoch *epoch;
	int err;

	mutex_lock(&assoc->key_lock);
	err = check_key(assoc, aead, dtls_assoc_locked_rx(assoc, 0), number);
	if (err)
		goto unlock;
	shape = rx_shape(assoc);
	epoch = dtls_epoch_alloc_rx(number, &shape);
	if (!epoch) {
		err = -ENOMEM;
		goto unlock;
	}
	err = dtls_state_apply_staged(assoc, number, epoch);
	if (err) {
		dtls_epoch_put(epoch);
		goto unlock;
	}
	epoch->cookie = assoc->cookie;
	epoch->aead = aead;
	dtls_params_apply_rx_limits(assoc, epoch);
	trace_dtls_rekey(epoch, false);
	push_rx(assoc, epoch);
	assoc->has_keys = true;
	dtls_state_drop_staged(assoc, dtls_record_epoch(number));
unlock:
	mutex_unlock(&assoc->key_lock);
	return err;
}

/**
 * dtls_key_drop_rx() - wipe the key of an epoch that is over
 * @assoc: the association
 * @number: the epoch
 *
 * Context: process.
 * Return: 0; -ENOENT if it's not held; -EBUSY if it's the newest one.
 * Source: RFC 6347, 4.1: the epoch before may be kept for a while.
 */
int dtls_key_drop_rx(struct dtls_assoc *assoc, u16 number)
{
	const struct dtls_epoch *epoch;
	int i, err = -ENOENT;

	mutex_lock(&assoc->key_lock);
	for (i = 0; i < DTLS_RX_EPOCHS_MAX && err == -ENOENT; i++) {
		epoch = dtls_assoc_locked_rx(assoc, i);
		if (epoch && epoch->epoch == number)
			err = i ? 0 : -EBUSY;
		if (!err)
			drop_slot(assoc, i);
	}
	mutex_unlock(&assoc->key_lock);
	return err;
}

/* Drop what is too old. Return: jiffies until the next one is; 0: none waits. */
static unsigned long drop_aged(struct dtls_assoc *assoc)
{
	unsigned long age = msecs_to_jiffies(assoc->params.rx_epoch_ms);
	const struct dtls_epoch *epoch;
	unsigned long next = 0;
	int i;

	/* Detached meanwhile, and anew without an age. */
	if (!age)
		return 0;
	for (i = 1; i < DTLS_RX_EPOCHS_MAX; i++) {
		long left;

		epoch = dtls_assoc_locked_rx(assoc, i);
		if (!epoch)
			continue;
		left = epoch->retired + age - jiffies;
		if (left <= 0)
			drop_slot(assoc, i);
		else if (!next || left < next)
			next = left;
	}
	return next;
}

/**
 * dtls_key_age() - wipe the keys of epochs that are over for long
 * @work: struct dtls_assoc's @age_work
 *
 * Context: process.
 */
void dtls_key_age(struct work_struct *work)
{
	struct dtls_assoc *assoc = container_of(to_delayed_work(work),
						struct dtls_assoc, age_work);
	unsigned long next;

	mutex_lock(&assoc->key_lock);
	next = drop_aged(assoc);
	/* Under the lock: a key that comes just now asks for a later time. */
	if (next)
		mod_delayed_work(system_wq, &assoc->age_work, next);
	mutex_unlock(&assoc->key_lock);
}
