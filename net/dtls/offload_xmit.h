/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_OFFLOAD_XMIT_H
#define _DTLS_OFFLOAD_XMIT_H

#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct dtls_epoch;
struct net_device;
struct sk_buff;
struct sock;

/* Sending keys of a socket that packets on their way may need. */
#define DTLS_OFFLOAD_TX_KEYS	4

/**
 * struct dtls_offload_state - what a socket has that may use a card
 * @gate: UDP's sendmsg() runs for one sender alone if what he sends is in clear
 *	(write), as it waits in UDP's queue to be marked; for others side by
 *	side (read)
 * @tx: the epochs of which packets in clear may be on their way, each with a
 *	reference; NULL where there is none; written under @lock
 * @lock: protects @tx
 * @retire_work: drops those of @tx that nobody needs any more
 * @sk: the socket; @retire_work has a reference to it while it waits
 */
struct dtls_offload_state {
	struct rw_semaphore	gate;
	struct dtls_epoch __rcu	*tx[DTLS_OFFLOAD_TX_KEYS];
	struct mutex		lock;
	struct delayed_work	retire_work;
	struct sock		*sk;
};

bool dtls_offload_leads_to(struct net_device *dev, struct net_device *card);
struct sk_buff *dtls_offload_validate(struct sock *sk, struct net_device *dev,
				      struct sk_buff *skb);
bool dtls_offload_post_routing(struct sk_buff *skb, struct net_device *dev,
			       bool is_cut);

#endif /* _DTLS_OFFLOAD_XMIT_H */
