/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_OFFLOAD_H
#define _DTLS_OFFLOAD_H

#include <linux/list.h>
#include <linux/skbuff.h>

#include <net/dtls_offload.h>

#include "epoch.h"

/**
 * struct dtls_offload_key - an epoch's key in a network card
 * @device: how the epoch knows it
 * @list: of the card's keys; under the lock of all cards
 * @dev: the card; NULL while the key isn't in one: read by RCU, written under
 *	that lock
 * @handle: the driver's
 * @direction: DTLS_OFFLOAD_TX or DTLS_OFFLOAD_RX
 * @cookie: RX: what the card's marks carry
 * @is_trusted: RX: a card has, or had, the cookie
 * @check: TX: tells its records in clear from all others
 * @batch: TX: the card takes a packet of several records
 * @fallback: TX: the key for packets that don't get to the card; never sleeps
 */
struct dtls_offload_key {
	struct dtls_epoch_device	device;
	struct list_head		list;
	struct net_device		*dev;
	void				*handle;
	u32				direction;
	u32				cookie;
	bool				is_trusted;
	u64				check;
	bool				batch;
	struct dtls_aead		*fallback;
};

/**
 * struct dtls_offload_card - what there is to tell of a card
 * @dev: the device
 * @directions: those that are switched on: DTLS_OFFLOAD_TX, DTLS_OFFLOAD_RX
 * @tx_keys: keys in it
 * @rx_keys: likewise
 * @stats: what it has done, 0 where the driver doesn't tell
 */
struct dtls_offload_card {
	const struct net_device		*dev;
	u32				directions;
	unsigned int			tx_keys;
	unsigned int			rx_keys;
	struct dtls_offload_stats	stats;
};

int dtls_offload_init(void);
void dtls_offload_exit(void);

void dtls_offload_for_each(const struct net *net,
			   void (*tell)(const struct dtls_offload_card *card,
					void *data), void *data);

bool dtls_offload_is_used(void);
bool dtls_offload_is_card(const struct net_device *dev);
struct dtls_offload_key *dtls_offload_key_alloc(u32 direction,
						struct dtls_aead *fallback);
int dtls_offload_key_add(struct dtls_offload_key *key, struct net_device *dev,
			 struct dtls_offload_conf *conf);
void dtls_offload_key_evict(struct dtls_offload_key *key);

/**
 * dtls_offload_key() - where a network card comes in for an epoch
 * @epoch: the epoch
 *
 * Context: any.
 * Return: its key, be it in a card now or not; NULL if it never was.
 */
static inline struct dtls_offload_key *
dtls_offload_key(const struct dtls_epoch *epoch)
{
	/* With make_key(): it's complete. */
	struct dtls_epoch_device *device = smp_load_acquire(&epoch->device);

	return device ? container_of(device, struct dtls_offload_key, device) :
			NULL;
}

/**
 * dtls_offload_is_in_card() - is the key in a card now?
 * @epoch: the epoch
 *
 * Context: any.
 * Return: true if it is; who is about to take it out may have begun.
 */
static inline bool dtls_offload_is_in_card(const struct dtls_epoch *epoch)
{
	const struct dtls_offload_key *key = dtls_offload_key(epoch);

	return key && READ_ONCE(key->dev);
}

/**
 * dtls_offload_is_clear() - is what was received said to be decrypted?
 * @skb: the packet
 *
 * Context: any.
 * Return: true if so; dtls_offload_is_authentic() tells by whom.
 */
static inline bool dtls_offload_is_clear(const struct sk_buff *skb)
{
#ifdef CONFIG_TLS_DEVICE
	return skb->decrypted;
#else
	return false;
#endif
}

/**
 * dtls_offload_is_authentic() - has the card that has the key opened it?
 * @epoch: an RX epoch
 * @skb: a packet that's said to be decrypted
 *
 * Also of a key that has left the card since: packets may wait for a reader.
 *
 * Context: any.
 * Return: true if its mark carries the key's cookie. Packets that the stack
 *	joined have lost what tells marked from unmarked ones.
 */
static inline bool dtls_offload_is_authentic(const struct dtls_epoch *epoch,
					     const struct sk_buff *skb)
{
	const struct dtls_offload_key *key = dtls_offload_key(epoch);

	return key && READ_ONCE(key->is_trusted) && !skb_is_gso(skb) &&
	       skb->l4_hash && skb->hash == key->cookie;
}

#endif /* _DTLS_OFFLOAD_H */
