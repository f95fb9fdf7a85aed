// SPDX-License-Identifier: GPL-2.0
/* A socket's keys go to the network card on its route, and leave it. */
#include <linux/if_vlan.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <net/bonding.h>
#include <net/dst.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "assoc.h"
#include "context.h"
#include "offload.h"
#include "offload_hooks.h"
#include "offload_keys.h"
#include "offload_xmit.h"
#include "route.h"

/* How often to look for keys whose last packet is gone. */
#define RETIRE_PERIOD	HZ

/* May it go? Nobody sends with it any more, and then nothing is on its way. */
static bool is_idle(const struct dtls_offload_state *state,
		    const struct dtls_epoch *epoch)
{
	if (refcount_read(&epoch->refs) > 1)
		return false;
	/* With the last sender's dtls_epoch_put(). */
	smp_rmb();
	return !sk_wmem_alloc_get(state->sk);
}

static struct dtls_epoch *locked_epoch(const struct dtls_offload_state *state,
				       int i)
{
	return rcu_dereference_protected(state->tx[i],
					 lockdep_is_held(&state->lock));
}

static void drop_epoch(struct dtls_offload_state *state, int i)
{
	struct dtls_epoch *epoch = locked_epoch(state, i);

	RCU_INIT_POINTER(state->tx[i], NULL);
	dtls_epoch_put(epoch);
}

/* Is it a key that nobody sends with any more? Caller holds the lock. */
static bool is_old(const struct dtls_offload_state *state, int i)
{
	const struct dtls_assoc *assoc = dtls_context(state->sk)->assoc;
	const struct dtls_epoch *epoch = locked_epoch(state, i);

	return epoch && epoch != rcu_access_pointer(assoc->tx);
}

static bool keeps_any(const struct dtls_offload_state *state)
{
	int i;

	for (i = 0; i < DTLS_OFFLOAD_TX_KEYS; i++)
		if (rcu_access_pointer(state->tx[i]))
			return true;
	return false;
}

/* Return: true if one is left that isn't in use, but may be needed. */
static bool drop_idle(struct dtls_offload_state *state)
{
	bool left = false;
	int i;

	if (!keeps_any(state))
		return false;
	/* Who found one that was the sending key a moment ago has it now. */
	synchronize_rcu();
	mutex_lock(&state->lock);
	for (i = 0; i < DTLS_OFFLOAD_TX_KEYS; i++) {
		if (!is_old(state, i))
			continue;
		if (is_idle(state, locked_epoch(state, i)))
			drop_epoch(state, i);
		else
			left = true;
	}
	mutex_unlock(&state->lock);
	return left;
}

/*
 * Where all are in use: the oldest one's packets, should any be left, won't find
 * it and are dropped. Return: its place; -1 if none can go.
 */
static int drop_oldest(struct dtls_offload_state *state)
{
	int i, oldest = -1;

	for (i = 0; i < DTLS_OFFLOAD_TX_KEYS; i++)
		if (is_old(state, i) &&
		    (oldest < 0 || locked_epoch(state, i)->epoch <
				   locked_epoch(state, oldest)->epoch))
			oldest = i;
	if (oldest >= 0)
		drop_epoch(state, oldest);
	return oldest;
}

static int free_place(struct dtls_offload_state *state)
{
	int i;

	for (i = 0; i < DTLS_OFFLOAD_TX_KEYS; i++)
		if (!locked_epoch(state, i))
			return i;
	return drop_oldest(state);
}

static void retire(struct work_struct *work)
{
	struct dtls_offload_state *state =
		container_of(to_delayed_work(work), struct dtls_offload_state,
			     retire_work);
	struct sock *sk = state->sk;

	/* The next look takes over our reference. */
	if (drop_idle(state) &&
	    schedule_delayed_work(&state->retire_work, RETIRE_PERIOD))
		return;
	sock_put(sk);
}

/**
 * dtls_offload_keys_retire() - the sending key is another one from now on
 * @ctx: of the socket
 *
 * The one before leaves its card when no packet needs it any more.
 *
 * Context: process.
 */
void dtls_offload_keys_retire(struct dtls_context *ctx)
{
	struct dtls_offload_state *state = ctx->offload;

	if (!state || !keeps_any(state))
		return;
	sock_hold(state->sk);
	if (!schedule_delayed_work(&state->retire_work, RETIRE_PERIOD))
		sock_put(state->sk);
}

/**
 * dtls_offload_keys_init() - get ready for network cards, if there may be some
 * @ctx: of a socket about to be attached
 * @sk: the socket
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int dtls_offload_keys_init(struct dtls_context *ctx, struct sock *sk)
{
	struct dtls_offload_state *state;

	ctx->offload_flags = DTLS_OFFLOAD_TX | DTLS_OFFLOAD_RX;
	if (!dtls_offload_is_used())
		return 0;
	state = kzalloc(sizeof(*state), GFP_KERNEL_ACCOUNT);
	if (!state)
		return -ENOMEM;
	state->sk = sk;
	init_rwsem(&state->gate);
	mutex_init(&state->lock);
	INIT_DELAYED_WORK(&state->retire_work, retire);
	ctx->offload = state;
	return 0;
}

/**
 * dtls_offload_keys_close() - the socket is about to be closed
 * @ctx: its context
 *
 * Packets may be on their way still; their keys stay until the last one's end.
 *
 * Context: process.
 */
void dtls_offload_keys_close(struct dtls_context *ctx)
{
	struct dtls_offload_state *state = ctx->offload;

	if (!state)
		return;
	if (cancel_delayed_work_sync(&state->retire_work))
		sock_put(state->sk);
	/* What comes up in clear from here on would be another socket's. */
	dtls_offload_keys_evict(ctx, DTLS_OFFLOAD_RX);
}

/**
 * dtls_offload_keys_destroy() - the socket is gone, and all of its packets
 * @ctx: its context, or one that never was a socket's
 *
 * Context: process.
 */
void dtls_offload_keys_destroy(struct dtls_context *ctx)
{
	struct dtls_offload_state *state = ctx->offload;
	int i;

	if (!state)
		return;
	/* What let the socket go may be about to end only now. */
	cancel_delayed_work_sync(&state->retire_work);
	mutex_lock(&state->lock);
	for (i = 0; i < DTLS_OFFLOAD_TX_KEYS; i++)
		if (locked_epoch(state, i))
			drop_epoch(state, i);
	mutex_unlock(&state->lock);
	mutex_destroy(&state->lock);
	kfree(state);
}

/* What a VLAN or a bond hands this socket's packets to. */
static struct net_device *next_below(struct net_device *dev, struct sock *sk)
{
	struct net_device *below = NULL;

	if (is_vlan_dev(dev))
		return vlan_dev_real_dev(dev);
	if (!netif_is_bond_master(dev))
		return NULL;
	below = bond_option_active_slave_get_rcu(netdev_priv(dev));
	if (below)
		return below;
	below = netdev_sk_get_lowest_dev(dev, sk);
	return below == dev ? NULL : below;
}

/* The card where the socket's packets leave, held; NULL if it's none. */
static struct net_device *get_card(struct sock *sk)
{
	struct dst_entry *dst = dtls_route_get(sk);
	struct net_device *dev, *below;

	if (!dst)
		return NULL;
	rcu_read_lock();
	dev = dst->dev;
	while ((below = next_below(dev, sk)))
		dev = below;
	dev_hold(dev);
	rcu_read_unlock();
	dst_release(dst);
	if (dtls_offload_is_card(dev))
		return dev;
	dev_put(dev);
	return NULL;
}

static void fill_addresses(const struct sock *sk,
			   struct dtls_offload_conf *conf)
{
	const struct inet_sock *inet = inet_sk(sk);

	conf->local_port = inet->inet_sport;
	conf->remote_port = inet->inet_dport;
	conf->family = AF_INET;
	ipv6_addr_set_v4mapped(inet->inet_saddr, &conf->local);
	ipv6_addr_set_v4mapped(inet->inet_daddr, &conf->remote);
	if (sk->sk_family == AF_INET || ipv6_addr_v4mapped(&sk->sk_v6_daddr))
		return;
	conf->family = AF_INET6;
	conf->local = inet6_sk(sk)->saddr;
	conf->remote = sk->sk_v6_daddr;
}

static struct dtls_epoch *get_epoch(struct dtls_assoc *assoc, u32 direction,
				    u64 number)
{
	struct dtls_epoch *epoch;

	epoch = direction == DTLS_OFFLOAD_TX ? dtls_assoc_get_tx(assoc) :
					       dtls_assoc_get_newest_rx(assoc);
	if (!epoch || epoch->epoch == dtls_record_epoch(number))
		return epoch;
	/* Another one was installed since. */
	dtls_epoch_put(epoch);
	return NULL;
}

/* What a packet in clear finds its key by, until its end. */
static int keep_epoch(struct dtls_offload_state *state,
		      struct dtls_epoch *epoch)
{
	int i, err = -ENOSPC;

	mutex_lock(&state->lock);
	i = free_place(state);
	if (i >= 0 && dtls_epoch_get(epoch)) {
		rcu_assign_pointer(state->tx[i], epoch);
		err = 0;
	}
	mutex_unlock(&state->lock);
	return err;
}

/* No packet in clear has ever been sent with it. */
static void forget_epoch(struct dtls_offload_state *state,
			 const struct dtls_epoch *epoch)
{
	int i;

	mutex_lock(&state->lock);
	for (i = 0; i < DTLS_OFFLOAD_TX_KEYS; i++)
		if (locked_epoch(state, i) == epoch)
			drop_epoch(state, i);
	mutex_unlock(&state->lock);
}

static void validate_packets(struct sock *sk)
{
#ifdef CONFIG_SOCK_VALIDATE_XMIT
	/* Before the first packet in clear, which goes under lock_sock(). */
	WRITE_ONCE(sk->sk_validate_xmit_skb, dtls_offload_validate);
#endif
}

/* What the epoch needs, whether or not the card takes the key. */
static struct dtls_offload_key *
make_key(struct dtls_epoch *epoch, const struct dtls_offload_conf *conf,
	 const struct dtls_cipher *cipher)
{
	struct dtls_aead *fallback = NULL;
	struct dtls_offload_key *key;

	if (conf->direction == DTLS_OFFLOAD_TX) {
		fallback = dtls_aead_alloc_sync(cipher, conf->key, conf->iv);
		if (IS_ERR(fallback))
			return NULL;
	}
	key = dtls_offload_key_alloc(conf->direction, fallback);
	if (!key && fallback)
		dtls_aead_free(fallback);
	if (!key)
		return NULL;
	/* Before the card has it: what it marks finds the cookie. */
	smp_store_release(&epoch->device, &key->device);
	return key;
}

static void add_key(struct sock *sk, struct net_device *dev,
		    struct dtls_epoch *epoch, struct dtls_offload_conf *conf,
		    const struct dtls_cipher *cipher)
{
	struct dtls_context *ctx = dtls_context(sk);
	struct dtls_offload_state *state = ctx->offload;
	bool is_tx = conf->direction == DTLS_OFFLOAD_TX;
	struct dtls_offload_key *key;

	key = make_key(epoch, conf, cipher);
	if (!key)
		return;
	if (is_tx) {
		drop_idle(state);
		if (keep_epoch(state, epoch))
			return;
		validate_packets(sk);
	}
	if (dtls_offload_key_add(key, dev, conf) && is_tx)
		forget_epoch(state, epoch);
	/* It may have been switched off meanwhile. */
	if (!(READ_ONCE(ctx->offload_flags) & conf->direction))
		dtls_offload_key_evict(key);
}

/**
 * dtls_offload_keys_add() - a key was installed: let a card have it too
 * @sk: the socket
 * @direction: DTLS_OFFLOAD_TX or DTLS_OFFLOAD_RX
 * @cipher: which AEAD
 * @key: its key
 * @iv: the write IV
 * @number: epoch(16) || first number(48)
 *
 * Where that's not possible, software does it, and nobody is told.
 *
 * Context: process.
 */
void dtls_offload_keys_add(struct sock *sk, u32 direction,
			   const struct dtls_cipher *cipher, const u8 *key,
			   const u8 *iv, u64 number)
{
	struct dtls_context *ctx = dtls_context(sk);
	struct dtls_offload_conf conf = {
		.direction = direction,
		.version = DTLS_1_2_VERSION,
		.cipher = cipher->type,
		.epoch = dtls_record_epoch(number),
		.next_seq = dtls_record_seq(number),
		.key_len = cipher->key_len,
		.iv_len = cipher->fixed_iv_len,
		.explicit_len = cipher->explicit_len,
		.tag_len = cipher->tag_len,
		.key = key,
		.iv = iv,
	};
	struct dtls_epoch *epoch;
	struct net_device *dev;

	if (!ctx->offload)
		return;
	if (direction == DTLS_OFFLOAD_TX)
		dtls_offload_keys_retire(ctx);
	if (!(READ_ONCE(ctx->offload_flags) & direction))
		return;
	dev = get_card(sk);
	if (!dev)
		return;
	epoch = get_epoch(ctx->assoc, direction, number);
	if (epoch && !dtls_offload_hooks_add(sock_net(sk))) {
		conf.cid = epoch->shape.cid;
		conf.cid_len = epoch->shape.cid_len;
		fill_addresses(sk, &conf);
		add_key(sk, dev, epoch, &conf, cipher);
	}
	if (epoch)
		dtls_epoch_put(epoch);
	dev_put(dev);
}

static void evict(struct dtls_epoch *epoch)
{
	struct dtls_offload_key *key;

	if (!epoch)
		return;
	key = dtls_offload_key(epoch);
	if (key)
		dtls_offload_key_evict(key);
	dtls_epoch_put(epoch);
}

static struct dtls_epoch *get_kept(struct dtls_offload_state *state, int i)
{
	struct dtls_epoch *epoch;

	mutex_lock(&state->lock);
	epoch = locked_epoch(state, i);
	if (epoch && !dtls_epoch_get(epoch))
		epoch = NULL;
	mutex_unlock(&state->lock);
	return epoch;
}

/**
 * dtls_offload_keys_evict() - take the keys out of their cards
 * @ctx: of the socket
 * @directions: which: DTLS_OFFLOAD_TX, DTLS_OFFLOAD_RX
 *
 * Packets on their way to a card are encrypted in software.
 *
 * Context: process.
 */
void dtls_offload_keys_evict(struct dtls_context *ctx, u32 directions)
{
	int i;

	if (!ctx->offload)
		return;
	for (i = 0; i < DTLS_OFFLOAD_TX_KEYS && directions & DTLS_OFFLOAD_TX;
	     i++)
		evict(get_kept(ctx->offload, i));
	for (i = 0; i < DTLS_RX_EPOCHS_MAX && directions & DTLS_OFFLOAD_RX; i++)
		evict(dtls_assoc_get_rx_at(ctx->assoc, i));
}
