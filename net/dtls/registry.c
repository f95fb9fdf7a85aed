// SPDX-License-Identifier: GPL-2.0
/* The attached sockets of each network namespace. */
#include <linux/xarray.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/sock.h>

#include "context.h"
#include "registry.h"

/**
 * struct registry - the attached sockets of a network namespace
 * @sockets: by number; NULL where one is about to attach; sockets leave it in
 *	softirq too
 * @next: the number to try next: whoever lists sockets in pieces sees none of
 *	them twice
 */
struct registry {
	struct xarray	sockets;
	u32		next;
};

static unsigned int net_id __read_mostly;

static struct registry *registry_of(const struct net *net)
{
	return net_generic(net, net_id);
}

/**
 * dtls_registry_reserve() - make room for a socket, which then can't fail
 * @ctx: gets its number
 * @sk: the socket
 *
 * dtls_registry_remove() takes the room away, too.
 *
 * Context: process.
 * Return: 0; -ENOMEM; -EBUSY if all numbers are taken.
 */
int dtls_registry_reserve(struct dtls_context *ctx, const struct sock *sk)
{
	struct registry *registry = registry_of(sock_net(sk));
	int err;

	err = xa_alloc_cyclic_bh(&registry->sockets, &ctx->number, NULL,
				 XA_LIMIT(1, INT_MAX), &registry->next,
				 GFP_KERNEL);
	return err < 0 ? err : 0;
}

/**
 * dtls_registry_add() - a socket can be found from now on
 * @ctx: its context, which has a number
 * @sk: the socket
 *
 * Context: process.
 */
void dtls_registry_add(const struct dtls_context *ctx, struct sock *sk)
{
	/* In the room reserved: nothing is allocated. */
	xa_store_bh(&registry_of(sock_net(sk))->sockets, ctx->number, sk,
		    GFP_ATOMIC);
}

/**
 * dtls_registry_remove() - a socket is found no more
 * @ctx: its context
 * @sk: the socket
 *
 * Context: process, softirq.
 */
void dtls_registry_remove(const struct dtls_context *ctx,
			  const struct sock *sk)
{
	xa_erase_bh(&registry_of(sock_net(sk))->sockets, ctx->number);
}

/**
 * dtls_registry_next() - go through the sockets of a namespace
 * @net: the namespace
 * @number: the lowest number to look for; set to that of the one found
 *
 * Context: process.
 * Return: the socket with a reference, or NULL if no further one is there.
 */
struct sock *dtls_registry_next(const struct net *net, unsigned long *number)
{
	struct xarray *sockets = &registry_of(net)->sockets;
	struct sock *sk;

	/* Whoever frees a socket takes this lock before. */
	xa_lock_bh(sockets);
	xa_for_each_start(sockets, *number, sk, *number)
		if (refcount_inc_not_zero(&sk->sk_refcnt))
			break;
	xa_unlock_bh(sockets);
	return sk;
}

static int __net_init registry_net_init(struct net *net)
{
	xa_init_flags(&registry_of(net)->sockets,
		      XA_FLAGS_ALLOC | XA_FLAGS_LOCK_BH |
		      XA_FLAGS_ACCOUNT);
	return 0;
}

/* Sockets hold their namespace: none is left. */
static void __net_exit registry_net_exit(struct net *net)
{
	WARN_ON_ONCE(!xa_empty(&registry_of(net)->sockets));
	xa_destroy(&registry_of(net)->sockets);
}

static struct pernet_operations net_ops = {
	.init	= registry_net_init,
	.exit	= registry_net_exit,
	.id	= &net_id,
	.size	= sizeof(struct registry),
};

/**
 * dtls_registry_init() - a registry for every namespace
 *
 * Context: process, module load.
 * Return: 0 or -ENOMEM.
 */
int dtls_registry_init(void)
{
	return register_pernet_subsys(&net_ops);
}

/**
 * dtls_registry_exit() - undo dtls_registry_init()
 *
 * Context: process, module unload; no socket is attached.
 */
void dtls_registry_exit(void)
{
	unregister_pernet_subsys(&net_ops);
}
