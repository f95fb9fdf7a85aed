// SPDX-License-Identifier: GPL-2.0
/* The AEADs of DTLS 1.2: lengths, nonces, and where linux/tls.h keeps them. */
#include <linux/kernel.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/unaligned.h>

#include <linux/dtls.h>

#include "cipher.h"

/* RFC 5288, 3; RFC 6655, 3: of those that have one. */
#define EXPLICIT_LEN	8

/* RFC 6655, 3: a nonce of 12 bytes leaves 3 for the length. */
#define CCM_FLAGS	2

/*
 * Records that a key may seal, and forgeries that it may see. RFC 9325, 4.4 and
 * RFC 9147, 4.5.3 and B: 2^24.5 and 2^28, none and 2^36, 2^23 and 2^23.5. The
 * shorter tag has CCM's limits: it's for those who chose it knowingly.
 */
#define GCM_TX_LIMIT	23726566
#define GCM_RX_LIMIT	0x10000000ULL
#define CHACHA_TX_LIMIT	0x1000000000000ULL
#define CHACHA_RX_LIMIT	0x1000000000ULL
#define CCM_TX_LIMIT	0x800000
#define CCM_RX_LIMIT	11863283

static const struct dtls_cipher ciphers[] = {
	{
		.name = "AES-128-GCM", .alg = "gcm(aes)",
		.type = TLS_CIPHER_AES_GCM_128,
		.key_len = 16, .fixed_iv_len = 4,
		.explicit_len = EXPLICIT_LEN, .tag_len = 16,
		.tx_limit = GCM_TX_LIMIT, .rx_limit = GCM_RX_LIMIT,
		.info_len = sizeof(struct tls12_crypto_info_aes_gcm_128),
		.key_offset = offsetof(struct tls12_crypto_info_aes_gcm_128, key),
		.fixed_iv_offset = offsetof(struct tls12_crypto_info_aes_gcm_128, salt),
		.rec_seq_offset = offsetof(struct tls12_crypto_info_aes_gcm_128, rec_seq),
	},
	{
		.name = "AES-256-GCM", .alg = "gcm(aes)",
		.type = TLS_CIPHER_AES_GCM_256,
		.key_len = 32, .fixed_iv_len = 4,
		.explicit_len = EXPLICIT_LEN, .tag_len = 16,
		.tx_limit = GCM_TX_LIMIT, .rx_limit = GCM_RX_LIMIT,
		.info_len = sizeof(struct tls12_crypto_info_aes_gcm_256),
		.key_offset = offsetof(struct tls12_crypto_info_aes_gcm_256, key),
		.fixed_iv_offset = offsetof(struct tls12_crypto_info_aes_gcm_256, salt),
		.rec_seq_offset = offsetof(struct tls12_crypto_info_aes_gcm_256, rec_seq),
	},
	{
		.name = "ChaCha20-Poly1305", .alg = "rfc7539(chacha20,poly1305)",
		.type = TLS_CIPHER_CHACHA20_POLY1305,
		.key_len = 32, .fixed_iv_len = 12,
		.explicit_len = 0, .tag_len = 16,
		.leaves_key = true,
		.tx_limit = CHACHA_TX_LIMIT, .rx_limit = CHACHA_RX_LIMIT,
		.info_len = sizeof(struct tls12_crypto_info_chacha20_poly1305),
		.key_offset = offsetof(struct tls12_crypto_info_chacha20_poly1305, key),
		.fixed_iv_offset = offsetof(struct tls12_crypto_info_chacha20_poly1305, iv),
		.rec_seq_offset = offsetof(struct tls12_crypto_info_chacha20_poly1305, rec_seq),
	},
	{
		.name = "AES-128-CCM", .alg = "ccm(aes)",
		.type = TLS_CIPHER_AES_CCM_128,
		.key_len = 16, .fixed_iv_len = 4,
		.explicit_len = EXPLICIT_LEN, .tag_len = 16, .ccm_flags = CCM_FLAGS,
		.tx_limit = CCM_TX_LIMIT, .rx_limit = CCM_RX_LIMIT,
		.info_len = sizeof(struct tls12_crypto_info_aes_ccm_128),
		.key_offset = offsetof(struct tls12_crypto_info_aes_ccm_128, key),
		.fixed_iv_offset = offsetof(struct tls12_crypto_info_aes_ccm_128, salt),
		.rec_seq_offset = offsetof(struct tls12_crypto_info_aes_ccm_128, rec_seq),
	},
	{
		.name = "AES-256-CCM", .alg = "ccm(aes)",
		.type = DTLS_CIPHER_AES_CCM_256,
		.key_len = 32, .fixed_iv_len = 4,
		.explicit_len = EXPLICIT_LEN, .tag_len = 16, .ccm_flags = CCM_FLAGS,
		.tx_limit = CCM_TX_LIMIT, .rx_limit = CCM_RX_LIMIT,
		.info_len = sizeof(struct dtls12_crypto_info_aes_ccm_256),
		.key_offset = offsetof(struct dtls12_crypto_info_aes_ccm_256, key),
		.fixed_iv_offset = offsetof(struct dtls12_crypto_info_aes_ccm_256, salt),
		.rec_seq_offset = offsetof(struct dtls12_crypto_info_aes_ccm_256, rec_seq),
	},
	{
		.name = "AES-128-CCM-8", .alg = "ccm(aes)",
		.type = DTLS_CIPHER_AES_CCM_8_128,
		.key_len = 16, .fixed_iv_len = 4,
		.explicit_len = EXPLICIT_LEN, .tag_len = 8, .ccm_flags = CCM_FLAGS,
		.tx_limit = CCM_TX_LIMIT, .rx_limit = CCM_RX_LIMIT,
		.info_len = sizeof(struct dtls12_crypto_info_aes_ccm_8_128),
		.key_offset = offsetof(struct dtls12_crypto_info_aes_ccm_8_128, key),
		.fixed_iv_offset = offsetof(struct dtls12_crypto_info_aes_ccm_8_128, salt),
		.rec_seq_offset = offsetof(struct dtls12_crypto_info_aes_ccm_8_128, rec_seq),
	},
	{
		.name = "AES-256-CCM-8", .alg = "ccm(aes)",
		.type = DTLS_CIPHER_AES_CCM_8_256,
		.key_len = 32, .fixed_iv_len = 4,
		.explicit_len = EXPLICIT_LEN, .tag_len = 8, .ccm_flags = CCM_FLAGS,
		.tx_limit = CCM_TX_LIMIT, .rx_limit = CCM_RX_LIMIT,
		.info_len = sizeof(struct dtls12_crypto_info_aes_ccm_8_256),
		.key_offset = offsetof(struct dtls12_crypto_info_aes_ccm_8_256, key),
		.fixed_iv_offset = offsetof(struct dtls12_crypto_info_aes_ccm_8_256, salt),
		.rec_seq_offset = offsetof(struct dtls12_crypto_info_aes_ccm_8_256, rec_seq),
	},
};

/**
 * dtls_cipher_find() - the cipher that a crypto_info names
 * @type: TLS_CIPHER_* of linux/tls.h
 *
 * Context: any.
 * Return: the cipher, or NULL if we don't have it.
 */
const struct dtls_cipher *dtls_cipher_find(u16 type)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ciphers); i++)
		if (ciphers[i].type == type)
			return &ciphers[i];
	return NULL;
}

/**
 * dtls_cipher_at() - the ciphers, one after the other
 * @i: from 0
 *
 * Context: any.
 * Return: the cipher, or NULL where there are no more.
 */
const struct dtls_cipher *dtls_cipher_at(size_t i)
{
	return i < ARRAY_SIZE(ciphers) ? &ciphers[i] : NULL;
}

/**
 * dtls_cipher_has_short_tag() - is this one only for those who ask for it?
 * @cipher: the cipher
 *
 * Context: any.
 * Return: true for the CCM_8 suites.
 * Source: RFC 9147, 4.5.3.
 */
bool dtls_cipher_has_short_tag(const struct dtls_cipher *cipher)
{
	return cipher->tag_len < DTLS_CIPHER_TAG_LEN;
}

/**
 * dtls_cipher_put_explicit() - write the nonce that a record carries
 * @cipher: the cipher
 * @fragment: what follows the header, @cipher->explicit_len bytes of it
 * @number: epoch(16) || sequence number(48)
 *
 * The record's own number, so that no two records of a key can share one.
 *
 * Context: any.
 * Source: RFC 9325, 7.2.1; RFC 5288, 3.
 */
void dtls_cipher_put_explicit(const struct dtls_cipher *cipher, u8 *fragment,
			      u64 number)
{
	if (cipher->explicit_len)
		put_unaligned_be64(number, fragment);
}

/**
 * dtls_cipher_put_nonce() - write the nonce of one record
 * @cipher: the cipher
 * @nonce: DTLS_CIPHER_NONCE_LEN bytes
 * @fixed_iv: the write IV, in DTLS_CIPHER_NONCE_LEN bytes
 * @fragment: what follows the header, beginning with the explicit nonce; a
 *	receiver takes it as it came, whatever its value
 * @number: epoch(16) || sequence number(48)
 *
 * Context: any.
 * Source: RFC 5288, 3 and RFC 6655, 3: salt || explicit; RFC 7905, 2: IV xor number.
 */
void dtls_cipher_put_nonce(const struct dtls_cipher *cipher, u8 *nonce,
			   const u8 *fixed_iv, const u8 *fragment, u64 number)
{
	u64 tail;

	memcpy(nonce, fixed_iv, DTLS_CIPHER_NONCE_LEN);
	if (cipher->explicit_len) {
		memcpy(nonce + cipher->fixed_iv_len, fragment, EXPLICIT_LEN);
		return;
	}
	tail = get_unaligned_be64(nonce + DTLS_CIPHER_NONCE_LEN - 8);
	put_unaligned_be64(tail ^ number, nonce + DTLS_CIPHER_NONCE_LEN - 8);
}
