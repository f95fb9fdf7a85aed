/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_SOCKOPT_H
#define _DTLS_SOCKOPT_H

#include <linux/sockptr.h>

struct sock;

int dtls_sockopt_set(struct sock *sk, int level, int optname, sockptr_t optval,
		     unsigned int optlen);
int dtls_sockopt_get(struct sock *sk, int level, int optname,
		     char __user *optval, int __user *optlen);

#endif /* _DTLS_SOCKOPT_H */
