/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_OPTION_H
#define _DTLS_OPTION_H

#include <linux/sockptr.h>
#include <linux/uaccess.h>

struct sock;

/*
 * The options of level SOL_TLS; sockopt.c has the table. Each errno is told in
 * Documentation/networking/dtls.rst.
 */
#define DTLS_OPTION_SET(name)                                           \
	int dtls_option_set_##name(struct sock *sk, int optname,        \
				   sockptr_t optval, unsigned int optlen)
#define DTLS_OPTION_GET(name)                                           \
	int dtls_option_get_##name(struct sock *sk, int optname,        \
				   char __user *optval, int __user *optlen, \
				   int len)

DTLS_OPTION_SET(key);
DTLS_OPTION_GET(key);
DTLS_OPTION_SET(drop_epoch);
DTLS_OPTION_SET(detach);
DTLS_OPTION_SET(offload);
DTLS_OPTION_GET(offload);

DTLS_OPTION_SET(params);
DTLS_OPTION_GET(params);
DTLS_OPTION_SET(cid);
DTLS_OPTION_GET(cid);
DTLS_OPTION_SET(limits);
DTLS_OPTION_GET(limits);
DTLS_OPTION_SET(recv);
DTLS_OPTION_GET(recv);

DTLS_OPTION_SET(window);
DTLS_OPTION_GET(window);
DTLS_OPTION_GET(state);
DTLS_OPTION_GET(stats);
DTLS_OPTION_GET(info);
void dtls_option_fill_info(const struct sock *sk, size_t room,
			   struct dtls_info *info);

/* Give as much of a structure as the caller knows. */
static inline int dtls_option_put(char __user *optval, int __user *optlen,
				  int len, const void *from, int size)
{
	len = min(len, size);
	if (copy_to_user(optval, from, len))
		return -EFAULT;
	return put_user(len, optlen) ? -EFAULT : 0;
}

/* Take a structure that must be passed whole. */
static inline int dtls_option_take(void *to, size_t size, sockptr_t optval,
				   unsigned int optlen)
{
	if (optlen != size)
		return -EINVAL;
	return copy_from_sockptr(to, optval, size) ? -EFAULT : 0;
}

#endif /* _DTLS_OPTION_H */
