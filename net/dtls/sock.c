// SPDX-License-Identifier: GPL-2.0
/* The attach: a UDP socket gets our operations in front of its own. */
#include <linux/module.h>
#include <linux/netfilter.h>
#include <linux/slab.h>
#include <linux/sock_diag.h>
#include <linux/udp.h>
#include <net/sock.h>
#include <net/tcp_states.h>
#include <net/udp.h>

#include <linux/dtls.h>

#include "assoc.h"
#include "context.h"
#include "key.h"
#include "offload_keys.h"
#include "reader.h"
#include "ready.h"
#include "registry.h"
#include "sock.h"
#include "sockopt.h"
#include "trace.h"
#include "writer.h"

/* As for TCP_ULP. */
#define ULP_NAME_MAX	16

/**
 * struct operations - what the sockets of one address family run
 * @base_prot: UDP's operations, as the first socket to attach had them: they
 *	aren't exported
 * @base_ops: likewise
 * @prot: theirs with ours in front; never freed while the module is there
 * @ops: likewise
 */
struct operations {
	const struct proto	*base_prot;
	const struct proto_ops	*base_ops;
	struct proto		prot;
	struct proto_ops	ops;
};

static struct operations operations_ipv4, operations_ipv6;
/* Protects the making of both; within lock_sock(). */
static DEFINE_MUTEX(operations_lock);

/* Of our own, so that module unload can wait for it. */
static struct workqueue_struct *free_wq;

static void context_destroy(struct dtls_context *ctx)
{
	dtls_offload_keys_destroy(ctx);
	dtls_assoc_free(ctx->assoc);
	dtls_cork_destroy(&ctx->cork);
	mutex_destroy(&ctx->poll_lock);
}

static void context_free(struct work_struct *work)
{
	struct dtls_context *ctx = container_of(work, struct dtls_context,
						free_work);

	if (!ctx->is_closed)
		dtls_assoc_drop_keys(ctx->assoc);
	context_destroy(ctx);
	/*
	 * Core put the owner of the operations that it found at the end: ours,
	 * so that UDP's own is left to us; or what stood in their place.
	 */
	module_put(ctx->is_closed ? ctx->base_ops->owner : THIS_MODULE);
	kfree(ctx);
	module_put(THIS_MODULE);
}

/* As SO_COOKIE has it; what makes it is exported in this form only. */
static u64 cookie_of(struct sock *sk)
{
	u32 cookie[2];

	sock_diag_save_cookie(sk, cookie);
	return (u64)cookie[1] << 32 | cookie[0];
}

static struct dtls_context *context_alloc(struct sock *sk)
{
	struct dtls_context *ctx;

	ctx = kzalloc(sizeof(*ctx), GFP_KERNEL_ACCOUNT);
	if (!ctx)
		return NULL;
	ctx->assoc = dtls_assoc_alloc(sock_net(sk), cookie_of(sk),
				      dtls_key_age);
	if (!ctx->assoc)
		goto free_ctx;
	if (dtls_offload_keys_init(ctx, sk))
		goto free_assoc;
	if (dtls_registry_reserve(ctx, sk))
		goto destroy_offload_keys;
	INIT_LIST_HEAD(&ctx->rx_ready);
	spin_lock_init(&ctx->rx_lock);
	mutex_init(&ctx->poll_lock);
	dtls_cork_init(&ctx->cork);
	INIT_WORK(&ctx->free_work, context_free);
	return ctx;

destroy_offload_keys:
	dtls_offload_keys_destroy(ctx);
free_assoc:
	dtls_assoc_free(ctx->assoc);
free_ctx:
	kfree(ctx);
	return NULL;
}

/* The last descriptor is gone, and with it every reader and sender. */
static void sock_close(struct sock *sk, long timeout)
{
	struct dtls_context *ctx = dtls_context(sk);
	const struct proto *base = ctx->base_prot;

	trace_dtls_detach(ctx->assoc->cookie, sk);
	dtls_registry_remove(ctx, sk);
	dtls_ready_put_all(&ctx->rx_ready);
	dtls_offload_keys_close(ctx);
	dtls_assoc_close(ctx->assoc);
	dtls_stats_gauge_add(&ctx->assoc->counters, DTLS_GAUGE_ATTACHED, -1);
	ctx->is_closed = true;
	base->close(sk, timeout);
}

/*
 * The last reference is gone. Softirq or RCU callback: the rest is for later.
 *
 * An IPV6_ADDRFORM that had begun before the attach, and finished after it, put
 * IPv4's operations in place of ours: then sock_close() never ran.
 */
static void sock_destruct(struct sock *sk)
{
	struct dtls_context *ctx = dtls_context(sk);

	if (!ctx->is_closed) {
		trace_dtls_detach(ctx->assoc->cookie, sk);
		dtls_registry_remove(ctx, sk);
		/* They take room in the socket's buffer, which must be empty. */
		dtls_ready_put_all(&ctx->rx_ready);
		dtls_assoc_uncount(ctx->assoc);
		dtls_stats_gauge_add(&ctx->assoc->counters,
				     DTLS_GAUGE_ATTACHED, -1);
	}
	ctx->base_destruct(sk);
	queue_work(free_wq, &ctx->free_work);
}

static void operations_make(struct operations *op, const struct sock *sk)
{
	op->prot = *sk->sk_prot;
	op->prot.close = sock_close;
	op->prot.sendmsg = dtls_writer_sendmsg;
	op->prot.recvmsg = dtls_reader_recvmsg;
	op->prot.setsockopt = dtls_sockopt_set;
	op->prot.getsockopt = dtls_sockopt_get;
	op->prot.ioctl = dtls_reader_ioctl;
#ifdef CONFIG_BPF_SYSCALL
	/* A sockmap would put its operations in place of ours. */
	op->prot.psock_update_sk_prot = NULL;
#endif
	op->ops = *sk->sk_socket->ops;
	op->ops.owner = THIS_MODULE;
	op->ops.poll = dtls_reader_poll;
	op->ops.read_skb = NULL;
	op->ops.set_peek_off = NULL;
	dtls_compat_own_splice(&op->prot, &op->ops, dtls_writer_splice_eof);

	op->base_prot = sk->sk_prot;
	op->base_ops = sk->sk_socket->ops;
}

/*
 * Does the socket run what UDP gave it? udp_prot is exported; udpv6_prot isn't,
 * but whoever replaces it leaves the creator and takes sk_user_data.
 */
static bool has_udp_operations(const struct sock *sk)
{
	if (sk->sk_family == AF_INET)
		return sk->sk_prot == &udp_prot;
	return sk->sk_prot == sk->sk_prot_creator && !sk->sk_user_data;
}

/* NULL if the socket's operations are no longer UDP's own. */
static struct operations *operations_get(const struct sock *sk)
{
	struct operations *op = sk->sk_family == AF_INET ? &operations_ipv4 :
							   &operations_ipv6;

	mutex_lock(&operations_lock);
	if (!op->base_prot && has_udp_operations(sk))
		operations_make(op, sk);
	mutex_unlock(&operations_lock);

	if (sk->sk_prot != op->base_prot || sk->sk_socket->ops != op->base_ops)
		return NULL;
	return op;
}

static bool is_attached(const struct sock *sk)
{
	return sk->sk_prot == &operations_ipv4.prot ||
	       sk->sk_prot == &operations_ipv6.prot;
}

static bool has_xmit_validation(const struct sock *sk)
{
#ifdef CONFIG_SOCK_VALIDATE_XMIT
	return sk->sk_validate_xmit_skb;
#else
	return false;
#endif
}

static int check_attach(const struct sock *sk)
{
	const struct udp_sock *up = udp_sk(sk);

	if (is_attached(sk))
		return -EEXIST;
	if (sk->sk_state != TCP_ESTABLISHED)
		return -ENOTCONN;
	if (READ_ONCE(up->encap_type))
		return -EOPNOTSUPP;
	if (up->pending || has_xmit_validation(sk))
		return -EBUSY;
	return 0;
}

/* Claim sk_user_data: whoever else wants the socket looks there too. */
static int claim(struct sock *sk, struct dtls_context *ctx)
{
	int err = -EBUSY;

	write_lock_bh(&sk->sk_callback_lock);
	if (!sk->sk_user_data) {
		rcu_assign_sk_user_data(sk, ctx);
		ctx->base_destruct = sk->sk_destruct;
		sk->sk_destruct = sock_destruct;
		err = 0;
	}
	write_unlock_bh(&sk->sk_callback_lock);
	return err;
}

static int attach_locked(struct sock *sk, struct dtls_context *ctx)
{
	const struct operations *op;
	int err;

	sock_owned_by_me(sk);
	err = check_attach(sk);
	if (err)
		return err;
	op = operations_get(sk);
	if (!op)
		return -EBUSY;

	ctx->base_prot = op->base_prot;
	ctx->base_ops = op->base_ops;
	err = claim(sk, ctx);
	if (err)
		return err;
	/* Set and idle: it would hold back records, and join them. */
	udp_clear_bit(CORK, sk);
	/* Of content from now on. */
	ctx->segment = READ_ONCE(udp_sk(sk)->gso_size);
	WRITE_ONCE(udp_sk(sk)->gso_size, 0);

	/* One reference core drops with ops->owner, one context_free(). */
	__module_get(THIS_MODULE);
	__module_get(THIS_MODULE);
	dtls_stats_gauge_add(&ctx->assoc->counters, DTLS_GAUGE_ATTACHED, 1);
	trace_dtls_attach(ctx->assoc->cookie, sk);

	/* Who runs our operations sees the context: it depends on these. */
	smp_store_release(&sk->sk_prot, (struct proto *)&op->prot);
	/* Likewise; and poll() never sees ours over UDP's recvmsg(). */
	smp_store_release(&sk->sk_socket->ops, &op->ops);
	dtls_registry_add(ctx, sk);
	return 0;
}

static int attach(struct sock *sk)
{
	struct dtls_context *ctx;
	int err;

	ctx = context_alloc(sk);
	if (!ctx)
		return -ENOMEM;
	lock_sock(sk);
	err = attach_locked(sk, ctx);
	release_sock(sk);
	if (err) {
		dtls_registry_remove(ctx, sk);
		context_destroy(ctx);
		kfree(ctx);
	}
	return err;
}

static int check_name(sockptr_t optval, unsigned int optlen)
{
	char name[ULP_NAME_MAX];
	long len;

	if (!optlen)
		return -EINVAL;
	len = strncpy_from_sockptr(name, optval,
				   min_t(size_t, sizeof(name), optlen));
	if (len < 0)
		return -EFAULT;
	if (!len || len == sizeof(name))
		return -EINVAL;
	name[len] = '\0';
	return strcmp(name, DTLS_ULP_NAME) ? -ENOENT : 0;
}

/* setsockopt(SOL_IP or SOL_IPV6, DTLS_SO_ULP): any socket may come here. */
static int set_ulp(struct sock *sk, int optname, sockptr_t optval,
		   unsigned int optlen)
{
	int err;

	err = check_name(optval, optlen);
	if (err)
		return err;
	if (sk->sk_type != SOCK_DGRAM || sk->sk_protocol != IPPROTO_UDP ||
	    (sk->sk_family != AF_INET && sk->sk_family != AF_INET6))
		return -EOPNOTSUPP;
	return attach(sk);
}

/* Netfilter has options that modules own; UDP has none. */
static struct nf_sockopt_ops ulp_ipv4 = {
	.pf		= PF_INET,
	.set_optmin	= DTLS_SO_ULP,
	.set_optmax	= DTLS_SO_ULP + 1,
	.set		= set_ulp,
	.owner		= THIS_MODULE,
};

static struct nf_sockopt_ops ulp_ipv6 = {
	.pf		= PF_INET6,
	.set_optmin	= DTLS_SO_ULP,
	.set_optmax	= DTLS_SO_ULP + 1,
	.set		= set_ulp,
	.owner		= THIS_MODULE,
};

/**
 * dtls_sock_init() - let sockets attach
 *
 * Context: process, module load.
 * Return: 0; -ENOMEM; -EBUSY if another module owns the option's number.
 */
int dtls_sock_init(void)
{
	int err;

	free_wq = alloc_workqueue("dtls_sock", 0, 0);
	if (!free_wq)
		return -ENOMEM;
	err = nf_register_sockopt(&ulp_ipv4);
	if (err)
		goto destroy_wq;
	err = nf_register_sockopt(&ulp_ipv6);
	if (err)
		goto unregister_ipv4;
	return 0;

unregister_ipv4:
	nf_unregister_sockopt(&ulp_ipv4);
destroy_wq:
	destroy_workqueue(free_wq);
	return err;
}

/**
 * dtls_sock_exit() - undo dtls_sock_init()
 *
 * Context: process, module unload; the last context gave its reference back,
 *	so none is left but those whose freeing is about to end.
 */
void dtls_sock_exit(void)
{
	nf_unregister_sockopt(&ulp_ipv6);
	nf_unregister_sockopt(&ulp_ipv4);
	/* sock_destruct() may still be on its way out of an RCU callback. */
	synchronize_rcu();
	rcu_barrier();
	destroy_workqueue(free_wq);
}
