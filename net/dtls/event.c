// SPDX-License-Identifier: GPL-2.0
/* A key nears its limit: the socket's error queue says so. */
#include <linux/errqueue.h>
#include <linux/skbuff.h>
#include <net/sock.h>

#include "assoc.h"
#include "event.h"

static int queue(struct sock *sk, const struct dtls_assoc_event *event)
{
	struct sk_buff *skb;
	int err;

	skb = alloc_skb(0, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	SKB_EXT_ERR(skb)->ee = (struct sock_extended_err){
		.ee_errno = EKEYEXPIRED,
		.ee_origin = SO_EE_ORIGIN_DTLS,
		.ee_type = event->direction,
		.ee_code = event->code,
		.ee_info = event->epoch,
	};
	err = sock_queue_err_skb(sk, skb);
	if (err)
		kfree_skb(skb);
	return err;
}

static void tell(struct sock *sk, struct dtls_assoc *assoc)
{
	struct dtls_assoc_event event;

	/* Once, also where others send and read at the same time. */
	if (!xchg(&assoc->has_news, 0))
		return;
	while (dtls_assoc_next_event(assoc, &event)) {
		if (!queue(sk, &event))
			continue;
		/* A flood may have filled the buffers: another time. */
		dtls_assoc_untell(assoc, &event);
		WRITE_ONCE(assoc->has_news, 1);
		break;
	}
}

/**
 * dtls_event_tell_news() - say which limits were reached, if somebody wants to know
 * @sk: the socket
 * @assoc: its association
 *
 * Context: process.
 */
void dtls_event_tell_news(struct sock *sk, struct dtls_assoc *assoc)
{
	if (READ_ONCE(assoc->recv_flags) & DTLS_RECV_EVENTS)
		tell(sk, assoc);
}
