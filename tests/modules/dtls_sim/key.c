// SPDX-License-Identifier: GPL-2.0
/* Keys in the card's slots. */
#include <crypto/aead.h>
#include <linux/err.h>
#include <linux/jhash.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <net/ipv6.h>

#include <linux/dtls.h>

#include "dtls_sim.h"
#include "key.h"

/* RFC 6655: a nonce of 12 bytes leaves 3 for the length. */
#define CCM_FLAGS 2

static const struct cipher {
	u16 type;
	u8 ccm_flags;
	const char *alg;
} ciphers[] = {
	{ TLS_CIPHER_AES_GCM_128, 0, "gcm(aes)" },
	{ TLS_CIPHER_AES_GCM_256, 0, "gcm(aes)" },
	{ TLS_CIPHER_CHACHA20_POLY1305, 0, "rfc7539(chacha20,poly1305)" },
	{ TLS_CIPHER_AES_CCM_128, CCM_FLAGS, "ccm(aes)" },
	{ DTLS_CIPHER_AES_CCM_256, CCM_FLAGS, "ccm(aes)" },
};

/* Those above. */
static const u16 cipher_types[] = {
	TLS_CIPHER_AES_GCM_128,       TLS_CIPHER_AES_GCM_256,
	TLS_CIPHER_CHACHA20_POLY1305, TLS_CIPHER_AES_CCM_128,
	DTLS_CIPHER_AES_CCM_256,      0,
};

const struct dtls_offload_caps sim_offload_caps = {
	.directions = DTLS_OFFLOAD_TX | DTLS_OFFLOAD_RX,
	.versions = DTLS_OFFLOAD_VERSION_1_2,
	.ciphers = cipher_types,
	.cid_max = SIM_CID_MAX,
	.batch = true,
};

static const struct cipher *find_cipher(u16 type)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ciphers); i++)
		if (ciphers[i].type == type)
			return &ciphers[i];
	return NULL;
}

static u32 hash(const struct in6_addr *remote, __be16 remote_port,
		__be16 local_port)
{
	u32 ports = (__force u32)remote_port << 16 | (__force u32)local_port;

	return jhash(remote, sizeof(*remote), ports);
}

static bool is_of(const struct sim_key *key, const struct sim_datagram *dgram)
{
	return key->remote_port == dgram->remote_port &&
	       key->local_port == dgram->local_port &&
	       ipv6_addr_equal(&key->remote, &dgram->remote) &&
	       ipv6_addr_equal(&key->local, &dgram->local);
}

/*
 * The keys for a datagram received, one after the other, under RCU: those of
 * several epochs, and of sockets in two VLANs that have the same addresses.
 */
struct sim_key *sim_key_find(struct sim *sim, const struct sim_datagram *dgram,
			     struct sim_key *after)
{
	u32 sum = hash(&dgram->remote, dgram->remote_port, dgram->local_port);
	struct sim_key *key;

	hash_for_each_possible_rcu(sim->keys, key, node, sum) {
		if (!after && is_of(key, dgram))
			return key;
		if (key == after)
			after = NULL;
	}
	return NULL;
}

static bool is_valid(const struct dtls_offload_conf *conf)
{
	return conf->version == DTLS_1_2_VERSION &&
	       conf->iv_len + conf->explicit_len == SIM_NONCE_LEN &&
	       conf->cid_len <= SIM_CID_MAX;
}

static int set_cipher(struct sim_protection *protection,
		      const struct cipher *cipher,
		      const struct dtls_offload_conf *conf)
{
	struct crypto_aead *tfm;
	int err;

	/* Records come in softirq, and go in it. */
	tfm = crypto_alloc_aead(cipher->alg, 0, CRYPTO_ALG_ASYNC);
	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	err = crypto_aead_setkey(tfm, conf->key, conf->key_len);
	if (!err)
		err = crypto_aead_setauthsize(tfm, conf->tag_len);
	if (err) {
		crypto_free_aead(tfm);
		return err;
	}
	protection->tfm = tfm;
	protection->ccm_flags = cipher->ccm_flags;
	return 0;
}

static struct sim_key *make_key(const struct dtls_offload_conf *conf)
{
	const struct cipher *cipher = find_cipher(conf->cipher);
	struct sim_key *key;
	int err;

	if (!cipher)
		return ERR_PTR(-EOPNOTSUPP);
	if (!is_valid(conf))
		return ERR_PTR(-EINVAL);
	key = kzalloc(sizeof(*key), GFP_KERNEL);
	if (!key)
		return ERR_PTR(-ENOMEM);
	key->protection.epoch = conf->epoch;
	key->protection.explicit_len = conf->explicit_len;
	key->protection.tag_len = conf->tag_len;
	key->protection.iv_len = conf->iv_len;
	key->protection.cid_len = conf->cid_len;
	memcpy(key->protection.iv, conf->iv, conf->iv_len);
	if (conf->cid_len)
		memcpy(key->protection.cid, conf->cid, conf->cid_len);
	key->direction = conf->direction;
	key->cookie = conf->cookie;
	key->local = conf->local;
	key->remote = conf->remote;
	key->local_port = conf->local_port;
	key->remote_port = conf->remote_port;
	err = set_cipher(&key->protection, cipher, conf);
	if (!err)
		return key;
	kfree_sensitive(key);
	return ERR_PTR(err);
}

static void free_key(struct sim_key *key)
{
	crypto_free_aead(key->protection.tfm);
	kfree_sensitive(key);
}

static int take_slot(struct sim *sim, struct sim_key *key)
{
	u32 fail = READ_ONCE(sim->knobs.fail_add);

	lockdep_assert_held(&sim->keys_lock);
	if (fail) {
		WRITE_ONCE(sim->knobs.fail_add, fail - 1);
		return -EIO;
	}
	if (sim->keys_tx + sim->keys_rx >= READ_ONCE(sim->knobs.slots))
		return -ENOSPC;
	if (key->direction == DTLS_OFFLOAD_TX) {
		sim->keys_tx++;
	} else {
		sim->keys_rx++;
		hash_add_rcu(sim->keys, &key->node,
			     hash(&key->remote, key->remote_port,
				  key->local_port));
	}
	return 0;
}

static int key_add(struct net_device *dev, const struct dtls_offload_conf *conf,
		   void **handle)
{
	struct sim *sim = netdev_priv(dev);
	struct sim_key *key = make_key(conf);
	int err;

	if (IS_ERR(key)) {
		sim_inc(sim, SIM_ADD_FAILED);
		return PTR_ERR(key);
	}
	mutex_lock(&sim->keys_lock);
	err = take_slot(sim, key);
	mutex_unlock(&sim->keys_lock);
	if (err) {
		sim_inc(sim, SIM_ADD_FAILED);
		free_key(key);
		return err;
	}
	sim_inc(sim, SIM_ADDED);
	*handle = key;
	return 0;
}

static void key_del(struct net_device *dev, void *handle)
{
	struct sim *sim = netdev_priv(dev);
	struct sim_key *key = handle;

	mutex_lock(&sim->keys_lock);
	if (key->direction == DTLS_OFFLOAD_TX) {
		sim->keys_tx--;
	} else {
		sim->keys_rx--;
		hash_del_rcu(&key->node);
	}
	mutex_unlock(&sim->keys_lock);
	/* Those who have found it in the table; who sends was waited for. */
	if (key->direction == DTLS_OFFLOAD_RX)
		synchronize_rcu_expedited();
	free_key(key);
	sim_inc(sim, SIM_DELETED);
}

static u64 counter(const struct sim *sim, enum sim_counter counter)
{
	return atomic64_read(&sim->counters[counter]);
}

static void get_stats(struct net_device *dev, struct dtls_offload_stats *stats)
{
	const struct sim *sim = netdev_priv(dev);

	stats->tx_records = counter(sim, SIM_TX_ENCRYPTED);
	stats->tx_bytes = counter(sim, SIM_TX_BYTES);
	stats->rx_records = counter(sim, SIM_RX_RECORDS);
	stats->rx_bytes = counter(sim, SIM_RX_BYTES);
	stats->rx_unmarked = counter(sim, SIM_RX_UNMARKED);
}

const struct dtls_offload_ops sim_offload_ops = {
	.key_add = key_add,
	.key_del = key_del,
	.get_stats = get_stats,
};
