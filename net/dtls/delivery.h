/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_DELIVERY_H
#define _DTLS_DELIVERY_H

#include <linux/types.h>

struct dtls_run;
struct msghdr;
struct sock;

int dtls_delivery_put(struct sock *sk, const struct dtls_run *run,
		      struct msghdr *msg, size_t len, int flags, int *addr_len);
bool dtls_delivery_has_path_mtu(const struct sock *sk);
int dtls_delivery_put_path_mtu(struct sock *sk, struct msghdr *msg,
			       int *addr_len);

#endif /* _DTLS_DELIVERY_H */
