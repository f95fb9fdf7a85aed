/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_REGISTRY_H
#define _DTLS_REGISTRY_H

struct dtls_context;
struct net;
struct sock;

int dtls_registry_reserve(struct dtls_context *ctx, const struct sock *sk);
void dtls_registry_add(const struct dtls_context *ctx, struct sock *sk);
void dtls_registry_remove(const struct dtls_context *ctx,
			  const struct sock *sk);
struct sock *dtls_registry_next(const struct net *net, unsigned long *number);

int dtls_registry_init(void);
void dtls_registry_exit(void);

#endif /* _DTLS_REGISTRY_H */
