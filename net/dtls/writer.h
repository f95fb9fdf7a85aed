/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_WRITER_H
#define _DTLS_WRITER_H

#include <linux/types.h>

struct msghdr;
struct sock;
struct socket;

int dtls_writer_cork(struct sock *sk, bool is_set);
void dtls_writer_splice_eof(struct socket *sock);
int dtls_writer_sendmsg(struct sock *sk, struct msghdr *msg, size_t len);

#endif /* _DTLS_WRITER_H */
