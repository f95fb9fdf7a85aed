/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_AEAD_H
#define _DTLS_AEAD_H

#include "cipher.h"
#include "record.h"

struct dtls_aead;

struct dtls_aead *dtls_aead_alloc(const struct dtls_cipher *cipher,
				  const u8 *key, const u8 *fixed_iv);
void dtls_aead_free(struct dtls_aead *aead);
const struct dtls_cipher *dtls_aead_cipher(const struct dtls_aead *aead);
int dtls_aead_seal(const struct dtls_aead *aead, const struct dtls_record *rec,
		   u8 *fragment);
int dtls_aead_open(const struct dtls_aead *aead, const struct dtls_record *rec,
		   u8 *fragment);

#endif /* _DTLS_AEAD_H */
