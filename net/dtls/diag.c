// SPDX-License-Identifier: GPL-2.0
/* Generic netlink: which sockets are attached. */
#include <linux/dtls.h>
#include <linux/dtls_netlink.h>
#include <linux/ipv6.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/inet_sock.h>
#include <net/sock.h>

#include "assoc.h"
#include "context.h"
#include "diag.h"
#include "option.h"
#include "registry.h"
#include "route.h"
#include "state.h"

static struct genl_family family;

static const struct nla_policy socket_policy[DTLS_A_SOCKET_COOKIE + 1] = {
	[DTLS_A_SOCKET_COOKIE] = { .type = NLA_U64 },
};

static void *begin(struct sk_buff *skb, const struct netlink_callback *cb,
		   u8 cmd)
{
	return genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			   &family, NLM_F_MULTI, cmd);
}

/* What has room stays, for this message; the rest is for the next. */
static int end(struct sk_buff *skb, void *message, int err)
{
	if (err)
		genlmsg_cancel(skb, message);
	else
		genlmsg_end(skb, message);
	return err;
}

static bool is_owner(const struct netlink_callback *cb, const struct sock *sk)
{
	return uid_eq(READ_ONCE(NETLINK_CB(cb->skb).sk->sk_uid),
		      READ_ONCE(sk->sk_uid));
}

static bool is_wanted(const struct netlink_callback *cb,
		      const struct sock *sk)
{
	const struct nlattr *cookie = nlmsg_find_attr(cb->nlh, GENL_HDRLEN,
						      DTLS_A_SOCKET_COOKIE);

	return !cookie || nla_get_u64(cookie) == dtls_context(sk)->assoc->cookie;
}

static int put_ipv4(struct sk_buff *skb, const struct sock *sk)
{
	if (nla_put_u16(skb, DTLS_A_SOCKET_FAMILY, AF_INET) ||
	    nla_put_in_addr(skb, DTLS_A_SOCKET_LOCAL_ADDR,
			    READ_ONCE(inet_sk(sk)->inet_saddr)) ||
	    nla_put_in_addr(skb, DTLS_A_SOCKET_PEER_ADDR,
			    READ_ONCE(inet_sk(sk)->inet_daddr)))
		return -EMSGSIZE;
	return 0;
}

#if IS_ENABLED(CONFIG_IPV6)
static int put_ipv6(struct sk_buff *skb, const struct sock *sk)
{
	if (nla_put_u16(skb, DTLS_A_SOCKET_FAMILY, AF_INET6) ||
	    nla_put_in6_addr(skb, DTLS_A_SOCKET_LOCAL_ADDR,
			     &inet6_sk(sk)->saddr) ||
	    nla_put_in6_addr(skb, DTLS_A_SOCKET_PEER_ADDR, &sk->sk_v6_daddr))
		return -EMSGSIZE;
	return 0;
}
#else
static int put_ipv6(struct sk_buff *skb, const struct sock *sk)
{
	return 0;
}
#endif

static int put_addresses(struct sk_buff *skb, const struct sock *sk)
{
	int device = READ_ONCE(sk->sk_bound_dev_if);

	if (READ_ONCE(sk->sk_family) == AF_INET6 ? put_ipv6(skb, sk) :
						   put_ipv4(skb, sk))
		return -EMSGSIZE;
	if (nla_put_be16(skb, DTLS_A_SOCKET_LOCAL_PORT,
			 READ_ONCE(inet_sk(sk)->inet_sport)) ||
	    nla_put_be16(skb, DTLS_A_SOCKET_PEER_PORT,
			 READ_ONCE(inet_sk(sk)->inet_dport)) ||
	    (device && nla_put_u32(skb, DTLS_A_SOCKET_DEVICE, device)))
		return -EMSGSIZE;
	return 0;
}

static int put_owner(struct sk_buff *skb, const struct netlink_callback *cb,
		     struct sock *sk)
{
	struct user_namespace *ns = sk_user_ns(NETLINK_CB(cb->skb).sk);

	if (nla_put_u64_64bit(skb, DTLS_A_SOCKET_COOKIE,
			      dtls_context(sk)->assoc->cookie, DTLS_A_SOCKET_PAD) ||
	    nla_put_u32(skb, DTLS_A_SOCKET_INODE, sock_i_ino(sk)) ||
	    nla_put_u32(skb, DTLS_A_SOCKET_UID,
			from_kuid_munged(ns, READ_ONCE(sk->sk_uid))))
		return -EMSGSIZE;
	return 0;
}

static int put_key(struct sk_buff *skb, struct dtls_assoc *assoc, int attr,
		   u8 direction, struct dtls_epoch *epoch)
{
	struct dtls_state *state = kzalloc(sizeof(*state), GFP_KERNEL);
	int err = 0;

	if (state) {
		state->direction = direction;
		state->epoch = epoch->epoch;
	}
	dtls_epoch_put(epoch);
	if (!state)
		return -ENOMEM;
	/* Else it's gone by now, as another one came. */
	if (!dtls_state_store(assoc, state, 0))
		err = nla_put_64bit(skb, attr,
				    offsetof(struct dtls_state, bitmap), state,
				    DTLS_A_SOCKET_PAD);
	kfree(state);
	return err;
}

static int put_keys(struct sk_buff *skb, struct dtls_assoc *assoc)
{
	struct dtls_epoch *epoch;
	int i, err = 0;

	epoch = dtls_assoc_get_tx(assoc);
	if (epoch)
		err = put_key(skb, assoc, DTLS_A_SOCKET_TX, TLS_TX, epoch);
	for (i = 0; !err && i < DTLS_RX_EPOCHS_MAX; i++) {
		epoch = dtls_assoc_get_rx_at(assoc, i);
		if (epoch)
			err = put_key(skb, assoc, DTLS_A_SOCKET_RX, TLS_RX,
				      epoch);
	}
	return err;
}

static int put_association(struct sk_buff *skb, struct sock *sk)
{
	struct dtls_assoc *assoc = dtls_context(sk)->assoc;
	struct dtls_stats stats;
	struct dtls_info info;

	/* The socket's lock would make all of netlink wait for its owner. */
	dtls_option_fill_info(sk, dtls_route_room_cached(sk), &info);
	dtls_stats_fill(&assoc->counters, &stats);
	if (nla_put_64bit(skb, DTLS_A_SOCKET_INFO, sizeof(info), &info,
			  DTLS_A_SOCKET_PAD) ||
	    nla_put_64bit(skb, DTLS_A_SOCKET_STATS, sizeof(stats), &stats,
			  DTLS_A_SOCKET_PAD))
		return -EMSGSIZE;
	return put_keys(skb, assoc);
}

static int put_socket(struct sk_buff *skb, const struct netlink_callback *cb,
		      struct sock *sk)
{
	void *message = begin(skb, cb, DTLS_CMD_SOCKET_GET);
	int err;

	if (!message)
		return -EMSGSIZE;
	err = put_owner(skb, cb, sk);
	if (!err)
		err = put_addresses(skb, sk);
	if (!err)
		err = put_association(skb, sk);
	return end(skb, message, err);
}

static int dump_sockets(struct sk_buff *skb, struct netlink_callback *cb)
{
	/*
	 * Of who opened the netlink socket, and of who asks, too: a privileged
	 * program may have been given it by somebody else.
	 */
	bool is_admin = netlink_net_capable(cb->skb, CAP_NET_ADMIN);
	unsigned long number = cb->args[0];
	struct sock *sk;
	int err = 0;

	while (!err) {
		sk = dtls_registry_next(sock_net(cb->skb->sk), &number);
		if (!sk)
			break;
		if (is_wanted(cb, sk) && (is_admin || is_owner(cb, sk)))
			err = put_socket(skb, cb, sk);
		sock_put(sk);
		/* It comes first in the next message. */
		if (!err)
			number++;
		cond_resched();
	}
	cb->args[0] = number;
	return skb->len ?: err;
}

static const struct genl_ops ops[] = {
	{
		.cmd		= DTLS_CMD_SOCKET_GET,
		.dumpit		= dump_sockets,
		.policy		= socket_policy,
		.maxattr	= ARRAY_SIZE(socket_policy) - 1,
	},
};

static struct genl_family family __ro_after_init = {
	.name		= DTLS_GENL_NAME,
	.version	= DTLS_GENL_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.ops		= ops,
	.n_ops		= ARRAY_SIZE(ops),
};

/**
 * dtls_diag_init() - answer questions
 *
 * Context: process, module load; all that's told of is there.
 * Return: 0 or -ENOMEM.
 */
int dtls_diag_init(void)
{
	return genl_register_family(&family);
}

/**
 * dtls_diag_exit() - undo dtls_diag_init()
 *
 * Context: process, module unload.
 */
void dtls_diag_exit(void)
{
	genl_unregister_family(&family);
}
