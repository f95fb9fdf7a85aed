/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_CONTEXT_H
#define _DTLS_CONTEXT_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <net/sock.h>

#include "cork.h"

struct dtls_assoc;
struct dtls_offload_state;

/**
 * struct dtls_context - what an attached socket has beside UDP's own
 * @base_prot: the operations it had before
 * @base_ops: likewise
 * @base_destruct: likewise
 * @assoc: its association
 * @segment: UDP_SEGMENT: how much content each datagram gets, bytes; 0: all; read
 *	and written without a lock
 * @number: its place in the registry
 * @cork: content that waits for more
 * @offload: for network cards that encrypt; NULL if there was none at the attach
 * @offload_flags: DTLS_OFFLOAD_*, what may be left to one; read and written
 *	without a lock
 * @is_closed: sock_close() ran, as it does unless somebody took our operations
 *	from the socket
 * @rx_ready: records that are open and not yet read, struct dtls_rx_record
 * @rx_lock: protects @rx_ready; process context only
 * @poll_lock: one poll() at a time opens datagrams; outside of @rx_lock
 * @free_work: frees all this after the socket is gone
 *
 * It stands in sk_user_data from the attach to the end of the socket, so
 * whoever runs one of our operations finds it there.
 */
struct dtls_context {
	const struct proto	*base_prot;
	const struct proto_ops	*base_ops;
	void			(*base_destruct)(struct sock *sk);
	struct dtls_assoc	*assoc;
	u16			segment;
	bool			is_closed;
	u32			number;
	u32			offload_flags;
	struct dtls_offload_state *offload;
	struct dtls_cork	cork;
	struct list_head	rx_ready ____cacheline_aligned_in_smp;
	spinlock_t		rx_lock;
	struct mutex		poll_lock;
	struct work_struct	free_work;
};

static inline struct dtls_context *dtls_context(const struct sock *sk)
{
	/* Written once, before the operations that come here. */
	return rcu_dereference_protected(__sk_user_data(sk), true);
}

#endif /* _DTLS_CONTEXT_H */
