/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_AEAD_H
#define _DTLS_AEAD_H

#include "cipher.h"
#include "record.h"

struct crypto_aead;
struct dtls_aead_op;
struct scatterlist;

/**
 * struct dtls_aead - a key, immutable once made
 * @tfm: the cipher with its key
 * @cipher: its lengths
 * @is_sync: its operations never sleep
 * @fixed_iv: the write IV from the key block
 */
struct dtls_aead {
	struct crypto_aead		*tfm;
	const struct dtls_cipher	*cipher;
	bool				is_sync;
	u8				fixed_iv[DTLS_CIPHER_NONCE_LEN];
};

/**
 * dtls_aead_cipher() - which cipher a key is for
 * @aead: the key
 *
 * Context: any.
 * Return: the cipher's row.
 */
static inline const struct dtls_cipher *
dtls_aead_cipher(const struct dtls_aead *aead)
{
	return aead->cipher;
}

struct dtls_aead *dtls_aead_alloc(const struct dtls_cipher *cipher,
				  const u8 *key, const u8 *fixed_iv);
struct dtls_aead *dtls_aead_alloc_sync(const struct dtls_cipher *cipher,
				       const u8 *key, const u8 *fixed_iv);
void dtls_aead_free(struct dtls_aead *aead);
int dtls_aead_driver(const struct dtls_cipher *cipher, char *name, size_t len);

void dtls_aead_exit(void);

struct dtls_aead_op *dtls_aead_op_alloc(const struct dtls_aead *aead,
					unsigned int nents, size_t room);
void dtls_aead_op_free(struct dtls_aead_op *op);
u8 *dtls_aead_op_room(const struct dtls_aead_op *op);
struct scatterlist *dtls_aead_op_list(const struct dtls_aead_op *op);

int dtls_aead_seal(struct dtls_aead_op *op, const struct dtls_record *rec,
		   u8 *fragment);
int dtls_aead_seal_listed(struct dtls_aead_op *op,
			  const struct dtls_record *rec, const u8 *explicit);
int dtls_aead_open(struct dtls_aead_op *op, const struct dtls_record *rec,
		   u8 *fragment);
int dtls_aead_open_listed(struct dtls_aead_op *op,
			  const struct dtls_record *rec, const u8 *explicit);

#endif /* _DTLS_AEAD_H */
