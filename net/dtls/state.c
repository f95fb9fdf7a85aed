// SPDX-License-Identifier: GPL-2.0
/* How far keys are, for a key that goes on from there: taken in, given out. */
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "assoc.h"
#include "state.h"

/**
 * dtls_state_stage() - what was received before the key comes
 * @assoc: the association
 * @window: the map of numbers received, checked; replaces one staged before
 * @words: words of its bitmap that are valid
 *
 * Context: process.
 * Return: 0; -EBUSY if the epoch, or a later one, has its key; -ENOMEM.
 */
int dtls_state_stage(struct dtls_assoc *assoc, const struct dtls_window *window,
		     u32 words)
{
	const struct dtls_epoch *newest;
	struct dtls_window *staged;

	staged = kmemdup(window, sizeof(*window), GFP_KERNEL_ACCOUNT);
	if (!staged)
		return -ENOMEM;

	mutex_lock(&assoc->key_lock);
	newest = dtls_assoc_locked_rx(assoc, 0);
	if (newest && window->epoch <= newest->epoch) {
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
 * dtls_state_apply_staged() - give a new key the staged window, if it's for it
 * @assoc: the association, its key_lock held
 * @number: epoch(16) || the first number that counts as new(48)
 * @epoch: the key's, not yet to be found by readers
 *
 * Context: process.
 * Return: 0; -EINVAL if the window has another number.
 */
int dtls_state_apply_staged(const struct dtls_assoc *assoc, u64 number,
			    struct dtls_epoch *epoch)
{
	const struct dtls_window *staged = assoc->staged;

	if (!staged || staged->epoch != dtls_record_epoch(number))
		return 0;
	if (staged->next != dtls_record_seq(number))
		return -EINVAL;
	dtls_replay_load(&epoch->window, staged->next, staged->bitmap,
			 assoc->staged_words);
	return 0;
}

/**
 * dtls_state_drop_staged() - the window's epoch has its key, or never gets one
 * @assoc: the association, its key_lock held
 * @epoch: the newest epoch
 *
 * Context: process.
 */
void dtls_state_drop_staged(struct dtls_assoc *assoc, u16 epoch)
{
	if (!assoc->staged || assoc->staged->epoch > epoch)
		return;
	kfree(assoc->staged);
	assoc->staged = NULL;
}

/**
 * dtls_state_store_window() - what an epoch has received
 * @assoc: the association
 * @window: its @epoch says which; the rest is filled in
 * @words: words of its bitmap to fill in
 *
 * Context: process.
 * Return: 0; -ENOENT if there's no key of that epoch.
 */
int dtls_state_store_window(struct dtls_assoc *assoc,
			    struct dtls_window *window, u32 words)
{
	struct dtls_epoch *epoch;

	if (dtls_assoc_get_rx(assoc, window->epoch, &epoch))
		return -ENOENT;
	spin_lock(&epoch->window_lock);
	window->window_bits = epoch->window.bits;
	window->next = epoch->window.next;
	dtls_replay_store(&epoch->window, window->bitmap, words);
	spin_unlock(&epoch->window_lock);
	dtls_epoch_put(epoch);
	return 0;
}

static struct dtls_epoch *find(const struct dtls_assoc *assoc, u8 direction,
			       u16 number)
{
	struct dtls_epoch *epoch = NULL;
	int i;

	if (direction == TLS_TX) {
		epoch = dtls_assoc_locked_tx(assoc);
		return epoch && epoch->epoch == number ? epoch : NULL;
	}
	for (i = 0; i < DTLS_RX_EPOCHS_MAX; i++) {
		epoch = dtls_assoc_locked_rx(assoc, i);
		if (epoch && epoch->epoch == number)
			return epoch;
	}
	return NULL;
}

static void store_tx(struct dtls_epoch *epoch, struct dtls_state *state)
{
	state->next = dtls_epoch_next_seq(epoch);
	state->records = dtls_epoch_reserved(epoch);
}

static void store_rx(struct dtls_epoch *epoch, struct dtls_state *state,
		     u32 words)
{
	spin_lock(&epoch->window_lock);
	state->window_bits = epoch->window.bits;
	state->next = epoch->window.next;
	state->records = epoch->delivered;
	dtls_replay_store(&epoch->window, state->bitmap, words);
	spin_unlock(&epoch->window_lock);
	state->failures = atomic64_read(&epoch->failures);
}

/**
 * dtls_state_store() - how far a key is
 * @assoc: the association
 * @state: its @epoch, @direction and @flags say which and what for; the rest,
 *	zero, is filled in
 * @words: words of its bitmap to fill in
 *
 * Context: process.
 * Return: 0; -ENOENT if there's no such key.
 */
int dtls_state_store(struct dtls_assoc *assoc, struct dtls_state *state,
		     u32 words)
{
	struct dtls_epoch *epoch;

	mutex_lock(&assoc->key_lock);
	epoch = find(assoc, state->direction, state->epoch);
	if (!epoch) {
		mutex_unlock(&assoc->key_lock);
		return -ENOENT;
	}
	if (state->flags & DTLS_STATE_FREEZE) {
		dtls_epoch_freeze(epoch);
		if (state->direction == TLS_TX)
			WRITE_ONCE(assoc->tx_is_frozen, true);
	}
	state->limit = epoch->limits.limit;
	state->warn = epoch->limits.warn;
	if (state->direction == TLS_TX)
		store_tx(epoch, state);
	else
		store_rx(epoch, state, words);
	mutex_unlock(&assoc->key_lock);
	return 0;
}
