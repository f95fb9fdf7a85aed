/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A network card that encrypts and decrypts DTLS records, simulated: a device
 * on top of another one, which is its wire.
 */
#ifndef _DTLS_SIM_H
#define _DTLS_SIM_H

#include <linux/atomic.h>
#include <linux/hashtable.h>
#include <linux/in6.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <net/dtls_offload.h>

#define SIM_SLOTS     16
#define SIM_HASH_BITS 6

/* What the file state shows; those of sim_counter_names. */
enum sim_counter {
	SIM_ADDED,
	SIM_DELETED,
	SIM_ADD_FAILED,
	SIM_TX_ENCRYPTED, /* records */
	SIM_TX_BYTES,     /* of these records */
	SIM_TX_PLAIN,     /* packets that nothing was to be done to */
	SIM_TX_DROPPED,   /* marked packets */
	SIM_TX_REFUSED,   /* packets left to software */
	SIM_RX_DECRYPTED, /* datagrams marked */
	SIM_RX_RECORDS,   /* in them */
	SIM_RX_BYTES,     /* of these records */
	SIM_RX_BAD,       /* datagrams with a record that failed */
	SIM_RX_UNMARKED, /* datagrams of a key's peer that went up as they came */
	SIM_RX_PASSED,   /* packets that went up as they came */
	SIM_COUNTERS,
};

/* How the card misbehaves: files in debugfs, all 0 but the first by default. */
struct sim_knobs {
	u32 slots;      /* keys that there's room for */
	u32 fail_add;   /* so many keys to come are refused */
	u32 corrupt_tx; /* each nth record encrypted is damaged */
	u32 corrupt_rx; /* each nth datagram of records received is damaged */
	u32 delay_ms;   /* what was received is held so long */
	u32 reorder;    /* each nth datagram received goes up behind the next */
	u32 mark_wrong; /* enum sim_lie */
	u32 no_keys_rx; /* nothing is decrypted */
	u32 refuse_tx;  /* nothing is encrypted */
	u32 free; /* no cryptography, at either end: what the rest costs */
};

enum sim_lie {
	SIM_HONEST,
	SIM_NOT_DECRYPTED, /* marks without having decrypted */
	SIM_WRONG_COOKIE,  /* marks what it has decrypted by another cookie */
	SIM_ANY_DATAGRAM,  /* marks UDP whether it has a key or not */
};

/* Packets received that go up later. */
struct sim_hold {
	spinlock_t lock; /* of all below */
	bool is_open;    /* the device is up */
	u32 count;
	struct sk_buff *turned; /* goes up behind the next one */
	struct sk_buff_head delayed;
	struct delayed_work work;
};

/* A device's private part. */
struct sim {
	struct net_device *dev;
	struct net_device *lower;
	netdevice_tracker lower_tracker;
	struct list_head list; /* of all; under RTNL */

	u32 directions; /* that the administrator wants; under RTNL */
	struct sim_knobs knobs;
	struct dentry *debugfs;
	char debugfs_name[IFNAMSIZ + 12];

	struct mutex keys_lock; /* who changes the keys, and their numbers */
	u32 keys_tx, keys_rx;
	DECLARE_HASHTABLE(keys, SIM_HASH_BITS); /* of RX; read by RCU */

	atomic_t corrupted_tx, corrupted_rx;
	struct sim_hold hold;
	atomic64_t counters[SIM_COUNTERS];
};

static inline void sim_add(struct sim *sim, enum sim_counter counter, u64 n)
{
	atomic64_add(n, &sim->counters[counter]);
}

static inline void sim_inc(struct sim *sim, enum sim_counter counter)
{
	sim_add(sim, counter, 1);
}

/* Is it the turn of a knob that says "each nth"? */
static inline bool sim_is_nth(atomic_t *count, u32 n)
{
	return n && !((u32)atomic_inc_return(count) % n);
}

/* A UDP datagram received, by offsets from skb->data. */
struct sim_datagram {
	struct in6_addr local, remote; /* IPv4's as ::ffff:a.b.c.d */
	__be16 local_port, remote_port;
	unsigned int offset; /* of the UDP header */
	unsigned int len;    /* with the UDP header */
	bool is_ipv4;
};

struct sim_key;

/* main.c */
extern struct list_head sims;

/* link.c */
extern struct rtnl_link_ops sim_link_ops;
int sim_lower_event(struct notifier_block *block, unsigned long event,
		    void *info);

/* control.c */
extern const struct ethtool_ops sim_ethtool_ops;
int sim_set_features(struct net_device *dev, netdev_features_t features);

/* debug.c */
void sim_debug_init(void);
void sim_debug_exit(void);
void sim_debug_add(struct sim *sim);
void sim_debug_remove(struct sim *sim);

/* key.c */
extern const struct dtls_offload_ops sim_offload_ops;
extern const struct dtls_offload_caps sim_offload_caps;
struct sim_key *sim_key_find(struct sim *sim, const struct sim_datagram *dgram,
			     struct sim_key *after);

/* transmit.c */
netdev_tx_t sim_start_xmit(struct sk_buff *skb, struct net_device *dev);

/* receive.c */
rx_handler_result_t sim_receive(struct sk_buff **pskb);

/* datagram.c */
bool sim_datagram_parse(const struct sk_buff *skb, struct sim_datagram *dgram);
bool sim_datagram_is_intact(const struct sk_buff *skb,
			    const struct sim_datagram *dgram);

/* hold.c */
void sim_hold_init(struct sim *sim);
void sim_hold_open(struct sim *sim);
void sim_hold_stop(struct sim *sim);
struct sk_buff *sim_hold_pass(struct sim *sim, struct sk_buff *skb,
			      bool is_datagram);

#endif /* _DTLS_SIM_H */
