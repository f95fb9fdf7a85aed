/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_ASSOC_H
#define _DTLS_ASSOC_H

#include <linux/cache.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include <linux/dtls.h>

#include "epoch.h"
#include "stats.h"

/**
 * struct dtls_assoc - one DTLS association
 * @tx: the sending key, or NULL; written under @key_lock
 * @rx: the receiving keys: the newest one, then others in no order, NULL where
 *	there is none; written under @key_lock
 * @may_send_plain: without a sending key, datagrams go out as they are; read
 *	without a lock, written under @key_lock
 * @recv_flags: DTLS_RECV_*; read and written without a lock
 * @has_news: 1: an epoch may have reached a limit that nobody was told of; no
 *	lock; of a width that every processor can exchange
 * @epoch0_waiting: unprotected records that wait for a reader
 * @params: what keys to come are used with; under @key_lock
 * @cid: likewise
 * @limits: what was set, 0 where nothing was; under @key_lock
 * @is_counted: its keys may be taken off the namespace's count; written as the
 *	socket ends
 * @has_keys: a key was installed once: parameters stand; under @key_lock
 * @tx_is_frozen: the sending key's state went elsewhere; read without a lock,
 *	written under @key_lock
 * @staged: the window that the next receiving key begins with, or NULL; under
 *	@key_lock
 * @staged_words: words of @staged's bitmap that are valid; under @key_lock
 * @key_lock: serialises the installing of keys and parameters
 * @age_work: drops receiving epochs that are too old
 * @counters: what happened to its records
 * @cookie: its socket's, which tells it apart where it's observed
 */
struct dtls_assoc {
	struct dtls_epoch __rcu	*tx;
	struct dtls_epoch __rcu	*rx[DTLS_RX_EPOCHS_MAX];
	bool			may_send_plain;
	u32			recv_flags;
	u32			has_news;
	atomic_t		epoch0_waiting;
	struct dtls_params	params;
	struct dtls_cid		cid;
	struct dtls_limits	limits;
	bool			is_counted;
	bool			has_keys;
	bool			tx_is_frozen;
	struct dtls_window	*staged;
	u32			staged_words;
	struct mutex		key_lock;
	struct delayed_work	age_work;
	struct dtls_counters	counters ____cacheline_aligned_in_smp;
	u64			cookie;
};

/* What becomes of a datagram that is to be sent. */
enum dtls_assoc_tx_mode {
	DTLS_ASSOC_TX_SEALED,
	DTLS_ASSOC_TX_PLAIN,
	DTLS_ASSOC_TX_REFUSED,
};

/**
 * struct dtls_assoc_event - a limit reached
 * @source: whose; only to be compared
 * @direction: TLS_TX or TLS_RX
 * @epoch: the key's epoch
 * @code: DTLS_EVENT_*
 */
struct dtls_assoc_event {
	const void *source;
	u8	direction;
	u16	epoch;
	u8	code;
};

struct dtls_assoc *dtls_assoc_alloc(const struct net *net, u64 cookie,
				    work_func_t age);
void dtls_assoc_free(struct dtls_assoc *assoc);
void dtls_assoc_uncount(struct dtls_assoc *assoc);
void dtls_assoc_close(struct dtls_assoc *assoc);
void dtls_assoc_drop_keys(struct dtls_assoc *assoc);
void dtls_assoc_detach(struct dtls_assoc *assoc, bool may_send_plain);

/* Under key_lock. */
struct dtls_epoch *dtls_assoc_locked_tx(const struct dtls_assoc *assoc);
struct dtls_epoch *dtls_assoc_locked_rx(const struct dtls_assoc *assoc, int i);

enum dtls_assoc_tx_mode dtls_assoc_tx_mode(const struct dtls_assoc *assoc);
bool dtls_assoc_tx_is_frozen(const struct dtls_assoc *assoc);
bool dtls_assoc_has_rx(const struct dtls_assoc *assoc);
int dtls_assoc_rx_status(struct dtls_assoc *assoc);
bool dtls_assoc_rx_just_ended(struct dtls_assoc *assoc);
struct dtls_epoch *dtls_assoc_get_tx(struct dtls_assoc *assoc);
struct dtls_epoch *dtls_assoc_get_newest_rx(struct dtls_assoc *assoc);
struct dtls_epoch *dtls_assoc_get_rx_at(struct dtls_assoc *assoc, int i);
int dtls_assoc_get_rx(struct dtls_assoc *assoc, u16 number,
		      struct dtls_epoch **found);
bool dtls_assoc_next_event(struct dtls_assoc *assoc,
			   struct dtls_assoc_event *event);
void dtls_assoc_untell(struct dtls_assoc *assoc,
		       const struct dtls_assoc_event *event);

#endif /* _DTLS_ASSOC_H */
