/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_COMPAT_NET_SOCK_H
#define _DTLS_COMPAT_NET_SOCK_H

#include <linux/version.h>

#include_next <net/sock.h>
#include <net/inet_common.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#include <linux/uaccess.h>

/*
 * A sendpage() of UDP's own would put the page on the wire. More may be waited
 * for only where it's there already: these kernels don't tell the end of a file.
 */
static inline int dtls_compat_sendpage(struct sock *sk, struct page *page,
				       int offset, size_t size, int flags)
{
	bool more = flags & MSG_SENDPAGE_NOTLAST;

	flags &= ~(MSG_MORE | MSG_SENDPAGE_NOTLAST);
	flags |= MSG_SPLICE_PAGES | (more ? MSG_MORE : 0);
	return sock_no_sendpage(sk->sk_socket, page, offset, size, flags);
}

static inline void dtls_compat_own_splice(struct proto *prot,
					  struct proto_ops *ops,
					  void (*eof)(struct socket *sock))
{
	prot->sendpage = dtls_compat_sendpage;
	/* IPv6's would go past it. */
	ops->sendpage = inet_sendpage;
}

#define dtls_compat_ioctl_arg_t	unsigned long

static inline int dtls_compat_ioctl_answer(dtls_compat_ioctl_arg_t arg, int n)
{
	return put_user(n, (int __user *)arg);
}
#else
static inline void dtls_compat_own_splice(struct proto *prot,
					  struct proto_ops *ops,
					  void (*eof)(struct socket *sock))
{
	prot->splice_eof = eof;
	/* IPv6's lacks it. */
	ops->splice_eof = inet_splice_eof;
}

#define dtls_compat_ioctl_arg_t	int *

static inline int dtls_compat_ioctl_answer(dtls_compat_ioctl_arg_t arg, int n)
{
	*arg = n;
	return 0;
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
static inline void sk_drops_inc(struct sock *sk)
{
	atomic_inc(&sk->sk_drops);
}
#endif

#endif /* _DTLS_COMPAT_NET_SOCK_H */
