// SPDX-License-Identifier: GPL-2.0
/* setsockopt() and getsockopt() of an attached socket, by tables. */
#include <linux/sockptr.h>
#include <linux/udp.h>
#include <net/sock.h>

#include <linux/dtls.h>

#include "context.h"
#include "option.h"
#include "sockopt.h"
#include "writer.h"

static const struct {
	int	optname;
	int	(*set)(struct sock *sk, int optname, sockptr_t optval,
		       unsigned int optlen);
	int	(*get)(struct sock *sk, int optname, char __user *optval,
		       int __user *optlen, int len);
} options[] = {
	{ TLS_TX,	   dtls_option_set_key,	   dtls_option_get_key },
	{ TLS_RX,	   dtls_option_set_key,	   dtls_option_get_key },
	{ DTLS_PARAMS,	   dtls_option_set_params, dtls_option_get_params },
	{ DTLS_CID,	   dtls_option_set_cid,	   dtls_option_get_cid },
	{ DTLS_LIMITS,	   dtls_option_set_limits, dtls_option_get_limits },
	{ DTLS_RECV,	   dtls_option_set_recv,   dtls_option_get_recv },
	{ DTLS_DROP_EPOCH, dtls_option_set_drop_epoch, NULL },
	{ DTLS_DETACH,	   dtls_option_set_detach, NULL },
	{ DTLS_OFFLOAD,	   dtls_option_set_offload, dtls_option_get_offload },
	{ DTLS_RX_WINDOW,  dtls_option_set_window, dtls_option_get_window },
	{ DTLS_STATE,	   NULL,		   dtls_option_get_state },
	{ DTLS_STATS,	   NULL,		   dtls_option_get_stats },
	{ DTLS_INFO,	   NULL,		   dtls_option_get_info },
};

static int set_base(struct sock *sk, int level, int optname, sockptr_t optval,
		    unsigned int optlen)
{
	const struct proto *base = dtls_context(sk)->base_prot;

	return base->setsockopt(sk, level, optname, optval, optlen);
}

static int take_int(int *val, sockptr_t optval, unsigned int optlen)
{
	if (optlen < sizeof(*val))
		return -EINVAL;
	return copy_from_sockptr(val, optval, sizeof(*val)) ? -EFAULT : 0;
}

static int refuse(struct sock *sk, int level, int optname, sockptr_t optval,
		  unsigned int optlen)
{
	return -EOPNOTSUPP;
}

/* Of content; UDP's own would count the bytes of records. */
static int set_segment(struct sock *sk, int level, int optname,
		       sockptr_t optval, unsigned int optlen)
{
	int val, err;

	err = take_int(&val, optval, optlen);
	if (err)
		return err;
	if (val < 0 || val > U16_MAX)
		return -EINVAL;
	WRITE_ONCE(dtls_context(sk)->segment, val);
	return 0;
}

static int set_cork(struct sock *sk, int level, int optname, sockptr_t optval,
		    unsigned int optlen)
{
	int val, err;

	err = take_int(&val, optval, optlen);
	return err ?: dtls_writer_cork(sk, val);
}

/*
 * UDP's and IPv6's options that would get between us and the wire: another
 * layout of datagrams, another owner of the socket, or UDP's own operations
 * back, and with them plaintext (IPV6_ADDRFORM).
 */
static const struct {
	int	level;
	int	optname;
	int	(*set)(struct sock *sk, int level, int optname,
		       sockptr_t optval, unsigned int optlen);
} own_options[] = {
	{ SOL_UDP,	UDP_CORK,	set_cork },
	{ SOL_UDP,	UDP_SEGMENT,	set_segment },
	{ SOL_UDP,	UDP_ENCAP,	refuse },
	{ SOL_IPV6,	IPV6_ADDRFORM,	refuse },
};

/* UDP takes the one for the other. */
static int udp_level(int level)
{
	return level == SOL_UDPLITE ? SOL_UDP : level;
}

/* An option that's UDP's or IP's. */
static int set_other(struct sock *sk, int level, int optname, sockptr_t optval,
		     unsigned int optlen)
{
	size_t i;

	if (level == SOL_UDP && optname == UDP_ULP)
		return -EEXIST;
	for (i = 0; i < ARRAY_SIZE(own_options); i++)
		if (own_options[i].level == udp_level(level) &&
		    own_options[i].optname == optname)
			return own_options[i].set(sk, level, optname, optval,
						  optlen);
	return set_base(sk, level, optname, optval, optlen);
}

static int get_other(struct sock *sk, int level, int optname,
		     char __user *optval, int __user *optlen)
{
	struct dtls_context *ctx = dtls_context(sk);
	int len, val;

	if (udp_level(level) == SOL_UDP && optname == UDP_CORK)
		val = READ_ONCE(ctx->cork.is_set);
	else if (udp_level(level) == SOL_UDP && optname == UDP_SEGMENT)
		val = READ_ONCE(ctx->segment);
	else
		return ctx->base_prot->getsockopt(sk, level, optname, optval,
						  optlen);
	if (get_user(len, optlen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	return dtls_option_put(optval, optlen, len, &val, sizeof(val));
}

/**
 * dtls_sockopt_set() - setsockopt() of an attached socket
 * @sk: the socket
 * @level: SOL_TLS is ours, the rest goes to UDP
 * @optname: one of the table's
 * @optval: the option's structure
 * @optlen: its length, bytes
 *
 * Context: process.
 * Return: 0; -ENOPROTOOPT for an option that we don't have; else as
 *	Documentation/networking/dtls.rst says for each. After an error nothing
 *	has changed.
 */
int dtls_sockopt_set(struct sock *sk, int level, int optname, sockptr_t optval,
		     unsigned int optlen)
{
	size_t i;

	if (level != SOL_TLS)
		return set_other(sk, level, optname, optval, optlen);
	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].optname == optname && options[i].set)
			return options[i].set(sk, optname, optval, optlen);
	return -ENOPROTOOPT;
}

/**
 * dtls_sockopt_get() - getsockopt() of an attached socket
 * @sk: the socket
 * @level: SOL_TLS is ours, the rest goes to UDP
 * @optname: one of the table's
 * @optval: where the option's structure goes
 * @optlen: room there, bytes; then the bytes filled in
 *
 * Context: process.
 * Return: 0; -ENOPROTOOPT for an option that we don't have; -ENOENT for a key
 *	that isn't there; -EINVAL; -EFAULT; -ENOMEM.
 */
int dtls_sockopt_get(struct sock *sk, int level, int optname,
		     char __user *optval, int __user *optlen)
{
	size_t i;
	int len;

	if (level != SOL_TLS)
		return get_other(sk, level, optname, optval, optlen);
	if (get_user(len, optlen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].optname == optname && options[i].get)
			return options[i].get(sk, optname, optval, optlen, len);
	return -ENOPROTOOPT;
}
