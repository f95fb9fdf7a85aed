// SPDX-License-Identifier: GPL-2.0
/* The network cards that encrypt or decrypt records, and the keys in them. */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "offload.h"
#include "trace.h"

/**
 * struct card - a network device that a driver has registered
 * @list: of all cards
 * @dev: the device; it's there as long as the card
 * @ops: the driver's
 * @caps: likewise
 * @directions: which of them are switched on
 * @keys: struct dtls_offload_key, those in it
 */
struct card {
	struct list_head		list;
	struct net_device		*dev;
	const struct dtls_offload_ops	*ops;
	struct dtls_offload_caps	caps;
	u32				directions;
	struct list_head		keys;
};

static LIST_HEAD(cards);
/* Protects all of the above. Within RTNL, which those who hold it don't take. */
static DEFINE_MUTEX(cards_lock);

/* A card was registered once. */
static bool is_used __read_mostly;

static struct card *find_card(const struct net_device *dev)
{
	struct card *card;

	lockdep_assert_held(&cards_lock);
	list_for_each_entry(card, &cards, list)
		if (card->dev == dev)
			return card;
	return NULL;
}

/* No further packet goes to the card with it; those on their way may. */
static void take_out(struct dtls_offload_key *key, struct list_head *out)
{
	lockdep_assert_held(&cards_lock);
	WRITE_ONCE(key->dev, NULL);
	list_move(&key->list, out);
}

static void delete_key(const struct card *card, struct dtls_offload_key *key)
{
	trace_dtls_offload(card->dev->name, false,
			   key->direction == DTLS_OFFLOAD_TX, 0);
	card->ops->key_del(card->dev, key->handle);
}

/* Of keys taken out just now. */
static void forget(const struct card *card, struct list_head *out)
{
	struct dtls_offload_key *key, *next;

	if (list_empty(out))
		return;
	/* Until the driver has finished with packets that it looked keys up for. */
	synchronize_net();
	list_for_each_entry_safe(key, next, out, list) {
		list_del_init(&key->list);
		delete_key(card, key);
	}
}

static void evict(struct card *card, u32 directions)
{
	struct dtls_offload_key *key, *next;
	LIST_HEAD(out);

	list_for_each_entry_safe(key, next, &card->keys, list)
		if (key->direction & directions)
			take_out(key, &out);
	forget(card, &out);
}

/**
 * dtls_offload_is_used() - may there be cards?
 *
 * Context: any.
 * Return: true since one was registered.
 */
bool dtls_offload_is_used(void)
{
	return READ_ONCE(is_used);
}

/**
 * dtls_offload_is_card() - has a driver registered this device?
 * @dev: the device
 *
 * Context: process.
 * Return: true if so; it may be gone by now.
 */
bool dtls_offload_is_card(const struct net_device *dev)
{
	bool is_card;

	mutex_lock(&cards_lock);
	is_card = find_card(dev);
	mutex_unlock(&cards_lock);
	return is_card;
}

static void key_release(struct dtls_epoch_device *device)
{
	struct dtls_offload_key *key = container_of(device,
						    struct dtls_offload_key,
						    device);
	struct net_device *dev;

	mutex_lock(&cards_lock);
	dev = key->dev;
	if (dev) {
		list_del(&key->list);
		delete_key(find_card(dev), key);
	}
	mutex_unlock(&cards_lock);
	if (key->fallback)
		dtls_aead_free(key->fallback);
	kfree(key);
}

/**
 * dtls_offload_key_alloc() - make what an epoch keeps of its key in a card
 * @direction: DTLS_OFFLOAD_TX or DTLS_OFFLOAD_RX
 * @fallback: TX: the key as of dtls_aead_alloc_sync(); it's the result's
 *
 * Context: process.
 * Return: it, in no card yet; NULL for want of memory.
 */
struct dtls_offload_key *dtls_offload_key_alloc(u32 direction,
						struct dtls_aead *fallback)
{
	struct dtls_offload_key *key;

	key = kzalloc(sizeof(*key), GFP_KERNEL_ACCOUNT);
	if (!key)
		return NULL;
	key->device.release = key_release;
	INIT_LIST_HEAD(&key->list);
	key->direction = direction;
	key->cookie = get_random_u32();
	key->check = get_random_u64();
	key->fallback = fallback;
	return key;
}

static bool has_cipher(const struct dtls_offload_caps *caps, u16 type)
{
	const u16 *cipher;

	for (cipher = caps->ciphers; *cipher; cipher++)
		if (*cipher == type)
			return true;
	return false;
}

static int check_conf(const struct card *card,
		      const struct dtls_offload_conf *conf)
{
	if (!card || !(card->directions & conf->direction) ||
	    !has_cipher(&card->caps, conf->cipher) ||
	    conf->cid_len > card->caps.cid_max)
		return -EOPNOTSUPP;
	/* Whoever takes it down looks for keys before, or has to wait for us. */
	return netif_running(card->dev) ? 0 : -ENETDOWN;
}

/**
 * dtls_offload_key_add() - put a key into a card
 * @key: as of dtls_offload_key_alloc(); its epoch knows it already
 * @dev: where; held by the caller
 * @conf: the key; gets its cookie
 *
 * Context: process, without RTNL.
 * Return: 0; -EOPNOTSUPP if it's no card, or one that lacks something;
 *	-ENETDOWN; what the driver says.
 */
int dtls_offload_key_add(struct dtls_offload_key *key, struct net_device *dev,
			 struct dtls_offload_conf *conf)
{
	struct card *card;
	int err;

	conf->cookie = key->cookie;
	mutex_lock(&cards_lock);
	card = find_card(dev);
	err = check_conf(card, conf);
	if (!err) {
		/* Before the card has it: what it marks is trusted. */
		WRITE_ONCE(key->is_trusted, true);
		err = card->ops->key_add(dev, conf, &key->handle);
		trace_dtls_offload(dev->name, true,
				   conf->direction == DTLS_OFFLOAD_TX, err);
	}
	if (err)
		WRITE_ONCE(key->is_trusted, false);
	if (!err) {
		key->batch = card->caps.batch;
		list_add_tail(&key->list, &card->keys);
		/* Who finds the device finds the handle. */
		smp_store_release(&key->dev, dev);
	}
	mutex_unlock(&cards_lock);
	return err;
}

/**
 * dtls_offload_key_evict() - take a key out of its card
 * @key: the key; its epoch is held by the caller
 *
 * Context: process.
 */
void dtls_offload_key_evict(struct dtls_offload_key *key)
{
	LIST_HEAD(out);

	mutex_lock(&cards_lock);
	if (key->dev) {
		const struct card *card = find_card(key->dev);

		take_out(key, &out);
		forget(card, &out);
	}
	mutex_unlock(&cards_lock);
}

static bool are_valid(const struct dtls_offload_ops *ops,
		      const struct dtls_offload_caps *caps)
{
	const u32 directions = DTLS_OFFLOAD_TX | DTLS_OFFLOAD_RX;

	return ops->key_add && ops->key_del && caps->ciphers &&
	       caps->directions && !(caps->directions & ~directions) &&
	       caps->versions & DTLS_OFFLOAD_VERSION_1_2;
}

/**
 * dtls_offload_register() - a device can encrypt or decrypt records
 * @dev: the device; before the end of its ndo_uninit() it must be unregistered
 * @ops: what the driver does for us; stays
 * @caps: what the device can do; copied, but for the list of ciphers
 *
 * Both directions that it can are switched on. Keys are added while it's up.
 *
 * Context: process; with or without RTNL.
 * Return: 0; -EINVAL if something is missing; -EEXIST; -ENOMEM; -EOPNOTSUPP if
 *	this kernel can't mark packets (CONFIG_TLS_DEVICE).
 */
int dtls_offload_register(struct net_device *dev,
			  const struct dtls_offload_ops *ops,
			  const struct dtls_offload_caps *caps)
{
	struct card *card;
	int err = -EEXIST;

	if (!IS_ENABLED(CONFIG_TLS_DEVICE))
		return -EOPNOTSUPP;
	if (!are_valid(ops, caps))
		return -EINVAL;
	card = kzalloc(sizeof(*card), GFP_KERNEL);
	if (!card)
		return -ENOMEM;
	card->dev = dev;
	card->ops = ops;
	card->caps = *caps;
	card->directions = caps->directions;
	INIT_LIST_HEAD(&card->keys);

	mutex_lock(&cards_lock);
	if (!find_card(dev)) {
		list_add_tail(&card->list, &cards);
		WRITE_ONCE(is_used, true);
		err = 0;
	}
	mutex_unlock(&cards_lock);
	if (err)
		kfree(card);
	return err;
}
EXPORT_SYMBOL_GPL(dtls_offload_register);

static void drop_card(struct card *card)
{
	evict(card, DTLS_OFFLOAD_TX | DTLS_OFFLOAD_RX);
	list_del(&card->list);
	kfree(card);
}

/**
 * dtls_offload_unregister() - a device takes no further keys
 * @dev: the device, registered or not
 *
 * Its keys are deleted before this returns; their sockets go on in software.
 *
 * Context: process; with or without RTNL.
 */
void dtls_offload_unregister(struct net_device *dev)
{
	struct card *card;

	mutex_lock(&cards_lock);
	card = find_card(dev);
	if (card)
		drop_card(card);
	mutex_unlock(&cards_lock);
}
EXPORT_SYMBOL_GPL(dtls_offload_unregister);

/**
 * dtls_offload_set_directions() - switch directions of a device on and off
 * @dev: a registered device
 * @directions: DTLS_OFFLOAD_TX, DTLS_OFFLOAD_RX: those that are on from now;
 *	others than its capabilities are ignored
 *
 * Keys of a direction that's switched off are deleted before this returns. One
 * that's switched on is for keys to come.
 *
 * Context: process; with or without RTNL.
 */
void dtls_offload_set_directions(struct net_device *dev, u32 directions)
{
	struct card *card;

	mutex_lock(&cards_lock);
	card = find_card(dev);
	if (card) {
		card->directions = directions & card->caps.directions;
		evict(card, ~card->directions);
	}
	mutex_unlock(&cards_lock);
}
EXPORT_SYMBOL_GPL(dtls_offload_set_directions);

static void describe(const struct card *card, struct dtls_offload_card *told)
{
	const struct dtls_offload_key *key;

	*told = (struct dtls_offload_card){
		.dev = card->dev,
		.directions = card->directions,
	};
	list_for_each_entry(key, &card->keys, list) {
		if (key->direction == DTLS_OFFLOAD_TX)
			told->tx_keys++;
		else
			told->rx_keys++;
	}
	if (card->ops->get_stats)
		card->ops->get_stats(card->dev, &told->stats);
}

/**
 * dtls_offload_for_each() - tell of each card of a network namespace
 * @net: the namespace
 * @tell: called for each
 * @data: passed to it
 *
 * Context: process.
 */
void dtls_offload_for_each(const struct net *net,
			   void (*tell)(const struct dtls_offload_card *card,
					void *data), void *data)
{
	struct dtls_offload_card told;
	const struct card *card;

	mutex_lock(&cards_lock);
	list_for_each_entry(card, &cards, list) {
		if (!net_eq(dev_net(card->dev), net))
			continue;
		describe(card, &told);
		tell(&told, data);
	}
	mutex_unlock(&cards_lock);
}

/*
 * A device that's down forgets its keys. One that goes to another namespace is
 * unregistered there too, but stays a card.
 */
static int device_event(struct notifier_block *block, unsigned long event,
			void *info)
{
	struct net_device *dev = netdev_notifier_info_to_dev(info);
	struct card *card;

	if (event != NETDEV_DOWN && event != NETDEV_UNREGISTER)
		return NOTIFY_DONE;
	mutex_lock(&cards_lock);
	card = find_card(dev);
	if (card && dev->reg_state == NETREG_UNREGISTERING)
		drop_card(card);
	else if (card)
		evict(card, DTLS_OFFLOAD_TX | DTLS_OFFLOAD_RX);
	mutex_unlock(&cards_lock);
	return NOTIFY_DONE;
}

static struct notifier_block device_notifier = {
	.notifier_call = device_event,
};

/**
 * dtls_offload_init() - listen to what becomes of devices
 *
 * Context: process, module load.
 * Return: 0 or -ENOMEM.
 */
int dtls_offload_init(void)
{
	return register_netdevice_notifier(&device_notifier);
}

/**
 * dtls_offload_exit() - undo dtls_offload_init()
 *
 * Context: process, module unload; no driver is left, as they need us.
 */
void dtls_offload_exit(void)
{
	unregister_netdevice_notifier(&device_notifier);
}
