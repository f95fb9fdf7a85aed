/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_OFFLOAD_KEYS_H
#define _DTLS_OFFLOAD_KEYS_H

#include <linux/types.h>

struct dtls_cipher;
struct dtls_context;
struct sock;

int dtls_offload_keys_init(struct dtls_context *ctx, struct sock *sk);
void dtls_offload_keys_retire(struct dtls_context *ctx);
void dtls_offload_keys_close(struct dtls_context *ctx);
void dtls_offload_keys_destroy(struct dtls_context *ctx);

void dtls_offload_keys_add(struct sock *sk, u32 direction,
			   const struct dtls_cipher *cipher, const u8 *key,
			   const u8 *iv, u64 number);
void dtls_offload_keys_evict(struct dtls_context *ctx, u32 directions);

#endif /* _DTLS_OFFLOAD_KEYS_H */
