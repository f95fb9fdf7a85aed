/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_READER_H
#define _DTLS_READER_H

#include <linux/poll.h>
#include <net/sock.h>

struct file;
struct msghdr;
struct socket;

int dtls_reader_recvmsg(struct sock *sk, struct msghdr *msg, size_t len,
			int flags, int *addr_len);
__poll_t dtls_reader_poll(struct file *file, struct socket *sock,
			  poll_table *wait);
int dtls_reader_ioctl(struct sock *sk, int cmd, dtls_compat_ioctl_arg_t arg);

#endif /* _DTLS_READER_H */
