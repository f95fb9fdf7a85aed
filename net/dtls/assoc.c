// SPDX-License-Identifier: GPL-2.0
/* One DTLS association: its keys by direction and epoch, how they're found. */
#include <linux/errno.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "assoc.h"

/**
 * DOC: locks
 *
 * From the outermost to the innermost; all but the registry's are taken in
 * process context only, as nothing of ours runs in softirq but the end of a
 * socket.
 *
 * dtls_cork.lock (mutex)
 *	Content that waits to become a record. Held while that is made and
 *	sent, and by a detach; not by senders that have nothing to do with it.
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
 *	Installing and dropping keys, and the parameters and limits that keys
 *	are made with. Neither senders nor readers take it: they find keys by
 *	RCU and hold them by reference.
 * dtls_epoch.window_lock
 *	The replay window of one receiving epoch.
 *
 * dtls_offload_state.gate (rw_semaphore)
 *	UDP's sendmsg(), of a socket that may use a network card. Within
 *	dtls_cork.lock, outside of lock_sock().
 * dtls_offload_state.lock (mutex)
 *	The sending epochs that packets on their way may need. Innermost.
 * cards_lock (mutex, of offload.c)
 *	All cards and the keys in them. Drivers' key_add() and key_del() run
 *	under it. Within RTNL, never outside of it; with none of the others.
 *
 * registry.sockets.xa_lock (bh)
 *	The sockets of a namespace. Innermost; the end of a socket takes it in
 *	softirq. Netlink's dump holds it to find the next socket only, and then,
 *	within netlink's own locks, takes key_lock: so key_lock must not be
 *	held for anything that waits for a user.
 *
 * rx_lock is held with none of the two below it.
 */

/**
 * dtls_assoc_locked_tx() - the sending key
 * @assoc: the association
 *
 * Context: process; caller holds key_lock.
 * Return: its epoch, or NULL; valid while the lock is held.
 */
struct dtls_epoch *dtls_assoc_locked_tx(const struct dtls_assoc *assoc)
{
	return rcu_dereference_protected(assoc->tx,
					 lockdep_is_held(&assoc->key_lock));
}

/**
 * dtls_assoc_locked_rx() - a receiving key
 * @assoc: the association
 * @i: which, below DTLS_RX_EPOCHS_MAX; 0: the newest
 *
 * Context: process; caller holds key_lock.
 * Return: its epoch, or NULL; valid while the lock is held.
 */
struct dtls_epoch *dtls_assoc_locked_rx(const struct dtls_assoc *assoc, int i)
{
	return rcu_dereference_protected(assoc->rx[i],
					 lockdep_is_held(&assoc->key_lock));
}

static void set_defaults(struct dtls_assoc *assoc)
{
	assoc->params = (struct dtls_params){
		.window_bits = DTLS_WINDOW_DEFAULT,
		.rx_epochs = DTLS_RX_EPOCHS_DEFAULT,
		.tx_payload_max = DTLS_MAX_PAYLOAD,
		.rx_payload_max = DTLS_MAX_PAYLOAD,
	};
	memset(&assoc->cid, 0, sizeof(assoc->cid));
	memset(&assoc->limits, 0, sizeof(assoc->limits));
	kfree(assoc->staged);
	assoc->staged = NULL;
	WRITE_ONCE(assoc->recv_flags, 0);
	assoc->has_keys = false;
	WRITE_ONCE(assoc->tx_is_frozen, false);
}

/**
 * dtls_assoc_alloc() - an association without keys
 * @net: the namespace whose counters it moves
 * @cookie: its socket's
 * @age: what drops receiving epochs that are too old: dtls_key_age()
 *
 * Context: process.
 * Return: the association, or NULL for want of memory.
 */
struct dtls_assoc *dtls_assoc_alloc(const struct net *net, u64 cookie,
				    work_func_t age)
{
	struct dtls_assoc *assoc;

	assoc = kzalloc(sizeof(*assoc), GFP_KERNEL_ACCOUNT);
	if (!assoc)
		return NULL;
	mutex_init(&assoc->key_lock);
	INIT_DELAYED_WORK(&assoc->age_work, age);
	assoc->cookie = cookie;
	assoc->may_send_plain = true;
	assoc->is_counted = true;
	set_defaults(assoc);
	dtls_stats_bind(&assoc->counters, net);
	return assoc;
}

static void uncount(struct dtls_assoc *assoc)
{
	int i;

	if (rcu_access_pointer(assoc->tx))
		dtls_stats_gauge_add(&assoc->counters, DTLS_GAUGE_TX, -1);
	for (i = 0; i < DTLS_RX_EPOCHS_MAX; i++)
		if (rcu_access_pointer(assoc->rx[i]))
			dtls_stats_gauge_add(&assoc->counters, DTLS_GAUGE_RX,
					     -1);
}

/**
 * dtls_assoc_uncount() - the keys are no longer there for their namespace
 * @assoc: the association; nobody sends, reads or installs keys any more, but
 *	somebody may be looking on
 *
 * Context: any; the namespace is still alive.
 */
void dtls_assoc_uncount(struct dtls_assoc *assoc)
{
	WRITE_ONCE(assoc->is_counted, false);
	uncount(assoc);
}

static void put_keys(struct dtls_assoc *assoc)
{
	struct dtls_epoch *epoch;
	int i;

	epoch = rcu_replace_pointer(assoc->tx, NULL,
				    lockdep_is_held(&assoc->key_lock));
	if (epoch)
		dtls_epoch_put(epoch);
	/* From the back: who finds the newest one gone finds none. */
	for (i = DTLS_RX_EPOCHS_MAX; i--;) {
		epoch = rcu_replace_pointer(assoc->rx[i], NULL,
					    lockdep_is_held(&assoc->key_lock));
		if (epoch)
			dtls_epoch_put(epoch);
	}
}

/**
 * dtls_assoc_close() - its socket is closed: uncount and wipe the keys
 * @assoc: the association; nobody sends, reads or installs keys any more, but
 *	somebody may be looking on
 *
 * Context: process; the namespace is still alive.
 */
void dtls_assoc_close(struct dtls_assoc *assoc)
{
	/* First: what it drops at the same time would be counted twice. */
	cancel_delayed_work_sync(&assoc->age_work);
	dtls_assoc_uncount(assoc);
	dtls_assoc_drop_keys(assoc);
}

/**
 * dtls_assoc_drop_keys() - wipe the keys
 * @assoc: the association, uncounted; nobody sends or reads any more
 *
 * Context: process.
 */
void dtls_assoc_drop_keys(struct dtls_assoc *assoc)
{
	cancel_delayed_work_sync(&assoc->age_work);
	mutex_lock(&assoc->key_lock);
	put_keys(assoc);
	mutex_unlock(&assoc->key_lock);
}

/**
 * dtls_assoc_detach() - wipe the keys and begin anew
 * @assoc: the association; others may send and read
 * @may_send_plain: whether datagrams may go out as they are from now on
 *
 * Context: process.
 */
void dtls_assoc_detach(struct dtls_assoc *assoc, bool may_send_plain)
{
	mutex_lock(&assoc->key_lock);
	WRITE_ONCE(assoc->may_send_plain, may_send_plain);
	/* With dtls_assoc_tx_mode(): who finds the key gone finds this. */
	smp_wmb();
	uncount(assoc);
	put_keys(assoc);
	set_defaults(assoc);
	/* Its time was that of the old keys: the next ones have theirs. */
	cancel_delayed_work(&assoc->age_work);
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
 * dtls_assoc_tx_mode() - what becomes of a datagram that is to be sent?
 * @assoc: the association
 *
 * Context: any.
 * Return: sealed once a sending key is installed; before, and after a detach,
 *	as the application wants it.
 */
enum dtls_assoc_tx_mode dtls_assoc_tx_mode(const struct dtls_assoc *assoc)
{
	if (rcu_access_pointer(assoc->tx))
		return DTLS_ASSOC_TX_SEALED;
	/* With dtls_assoc_detach(). */
	smp_rmb();
	return READ_ONCE(assoc->may_send_plain) ? DTLS_ASSOC_TX_PLAIN :
						  DTLS_ASSOC_TX_REFUSED;
}

/**
 * dtls_assoc_tx_is_frozen() - does another socket go on sending?
 * @assoc: the association
 *
 * Context: any.
 * Return: true once the sending key's state was taken.
 */
bool dtls_assoc_tx_is_frozen(const struct dtls_assoc *assoc)
{
	return READ_ONCE(assoc->tx_is_frozen);
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
 * dtls_assoc_get_rx_at() - hold one of the receiving keys
 * @assoc: the association
 * @i: which, below DTLS_RX_EPOCHS_MAX; 0: the newest
 *
 * Context: any.
 * Return: its epoch, to be put by the caller; NULL if there's none.
 */
struct dtls_epoch *dtls_assoc_get_rx_at(struct dtls_assoc *assoc, int i)
{
	return get_epoch(&assoc->rx[i]);
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
	int i, err = -ENOENT;

	rcu_read_lock();
	epoch = rcu_dereference(assoc->rx[0]);
	/* With dtls_key_install_rx(): who sees the new front sees the old one. */
	smp_rmb();
	if (!epoch || number > epoch->epoch)
		err = -ENOKEY;
	for (i = 1; err == -ENOENT; i++) {
		if (epoch && epoch->epoch == number && dtls_epoch_get(epoch)) {
			*found = epoch;
			err = 0;
		}
		if (i == DTLS_RX_EPOCHS_MAX)
			break;
		epoch = rcu_dereference(assoc->rx[i]);
	}
	rcu_read_unlock();
	return err;
}

/**
 * dtls_assoc_rx_status() - may a reader hope for a record?
 * @assoc: the association
 *
 * Context: any.
 * Return: 0, also without a key; -EKEYEXPIRED or -EKEYREVOKED if the newest
 *	receiving key is at its end.
 */
int dtls_assoc_rx_status(struct dtls_assoc *assoc)
{
	struct dtls_epoch *epoch;
	int err = 0;

	rcu_read_lock();
	epoch = rcu_dereference(assoc->rx[0]);
	if (epoch)
		err = dtls_epoch_rx_status(epoch);
	rcu_read_unlock();
	return err;
}

/**
 * dtls_assoc_rx_just_ended() - must those who sleep be told of the end?
 * @assoc: the association
 *
 * Context: any.
 * Return: true once, when the newest receiving key is at its end.
 */
bool dtls_assoc_rx_just_ended(struct dtls_assoc *assoc)
{
	struct dtls_epoch *epoch;
	bool ended;

	rcu_read_lock();
	epoch = rcu_dereference(assoc->rx[0]);
	ended = epoch && dtls_epoch_rx_just_ended(epoch);
	rcu_read_unlock();
	return ended;
}

static const struct {
	enum dtls_epoch_mark	mark;
	u8			code;
} events[] = {
	{ DTLS_EPOCH_NEAR, DTLS_EVENT_NEAR },
	{ DTLS_EPOCH_END, DTLS_EVENT_END },
};

/* What @epoch has to tell, once. */
static bool next_event(struct dtls_epoch *epoch, u8 direction,
		       struct dtls_assoc_event *event)
{
	size_t i;

	for (i = 0; epoch && i < ARRAY_SIZE(events); i++) {
		if (!dtls_epoch_tell(epoch, events[i].mark))
			continue;
		event->source = epoch;
		event->direction = direction;
		event->epoch = epoch->epoch;
		event->code = events[i].code;
		return true;
	}
	return false;
}

/**
 * dtls_assoc_next_event() - a limit that was reached and nobody was told of
 * @assoc: the association
 * @event: where it goes
 *
 * Context: any.
 * Return: false if there's none.
 */
bool dtls_assoc_next_event(struct dtls_assoc *assoc,
			   struct dtls_assoc_event *event)
{
	bool found;
	int i;

	rcu_read_lock();
	found = next_event(rcu_dereference(assoc->tx), TLS_TX, event);
	for (i = 0; i < DTLS_RX_EPOCHS_MAX && !found; i++)
		found = next_event(rcu_dereference(assoc->rx[i]), TLS_RX,
				   event);
	rcu_read_unlock();
	return found;
}

static void untell(struct dtls_epoch *epoch,
		   const struct dtls_assoc_event *event)
{
	size_t i;

	if (!epoch || epoch != event->source)
		return;
	for (i = 0; i < ARRAY_SIZE(events); i++)
		if (events[i].code == event->code)
			dtls_epoch_untell(epoch, events[i].mark);
}

/**
 * dtls_assoc_untell() - an event couldn't be told: another time
 * @assoc: the association
 * @event: of dtls_assoc_next_event()
 *
 * Context: any.
 */
void dtls_assoc_untell(struct dtls_assoc *assoc,
		       const struct dtls_assoc_event *event)
{
	int i;

	rcu_read_lock();
	untell(rcu_dereference(assoc->tx), event);
	for (i = 0; i < DTLS_RX_EPOCHS_MAX; i++)
		untell(rcu_dereference(assoc->rx[i]), event);
	rcu_read_unlock();
}
